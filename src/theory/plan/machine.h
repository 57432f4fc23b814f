/* The machine that a plan is for: this one, or one described by its options. */
#ifndef NTK_PLAN_MACHINE_H
#define NTK_PLAN_MACHINE_H

#include "base/context.h"

#include "ntkit/plan.h"

/* NTK_ERR_ARGUMENT for numbers that are no machine's; ranks: taken, from 1. */
ntk_status ntk_plan_machine_check(const ntk_plan_options *options, int ranks);
ntk_status ntk_plan_machine(ntk_context *context, const ntk_plan_options *options, int ranks,
                            ntk_machine *machine);

#endif
