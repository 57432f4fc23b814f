/* How wide equal hidden layers must be for N samples. */
#ifndef NTK_PLAN_WIDTHS_H
#define NTK_PLAN_WIDTHS_H

#include "base/status.h"

#include "ntkit/plan.h"

/* least_width and least_last, of plan->order rows of K, and width: 0 unless the hidden ones of spec
 * all are, then least_width, or what ntk_memorize needs. spec: its depth is checked. *width: d and
 * those, from the context; NULL where spec's own do. */
ntk_status ntk_plan_widths(ntk_context *context, const ntk_network_spec *spec, bool memorize,
                           ntk_plan *plan, size_t **width);

/* Samples that ntk_memorize has parameters for: n_{L-2} (+ 1) times half of n_{L-1}, of each
 * output.
 */
size_t ntk_plan_memorized(const ntk_network_spec *spec);

#endif
