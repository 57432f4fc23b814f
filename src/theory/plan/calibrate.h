/* The calibration's parts: measuring, making rates of it and judging whether the machine was busy,
 * keeping. */
#ifndef NTK_PLAN_CALIBRATE_H
#define NTK_PLAN_CALIBRATE_H

#include "base/context.h"
#include "theory/plan/work.h"

#include "ntkit/plan.h"

/* What tells a busy machine from an idle one. */
typedef struct ntk_load {
  int threads;
  double wall, processor; /* seconds of bursts, and of all threads' processor time in them */
  double first, last;     /* the best burst before and after everything else: flops a second */
} ntk_load;
/* Whether it was busy; then one line of why into note. */
bool ntk_load_busy(const ntk_load *load, size_t size, char *note);

/* One computation: its flops, the numbers that it made (work.h: entries), and the seconds. */
typedef struct ntk_sample {
  double units, entries, seconds;
} ntk_sample;
/* All that is measured; of kinds of work by flops a small size and a large one. */
typedef struct ntk_measured {
  ntk_load load;
  ntk_sample small[NTK_WORK_KINDS], large[NTK_WORK_KINDS];
} ntk_measured;

/* Rate and overhead from two sizes of one kind of work, of which the peak is the most. Whatever
 * noise did to either, a unit takes no less than at the peak and no more than in the large size, or
 * the small one, all of whose seconds its units had. */
ntk_rate ntk_rate_of(ntk_sample small, ntk_sample large, double peak);

/* Rates by flops, from what was measured. What a kernel was seen to do, the units can: the peak is
 * no less, and in float no less than in double (then it becomes twice that); bytes a second above
 * the bandwidth become that. Whether the peak in float was so low, or the peak far below what a
 * kernel did; then one line of that into note. */
bool ntk_rates_judge(const ntk_measured *found, ntk_machine *machine, size_t size, char *note);

/* Everything but kept, note and the rates by flops. */
ntk_status ntk_machine_measure(ntk_context *context, ntk_machine *machine, ntk_measured *found);

/* The file of a context's machine. NTK_ERR_FILE: there is none, or nowhere for it; NTK_ERR_FORMAT:
 * it is damaged, or not of this library. */
ntk_status ntk_machine_read(const ntk_context *context, ntk_machine *machine);
/* Whole or not at all. NTK_ERR_FILE. */
ntk_status ntk_machine_write(const ntk_context *context, const ntk_machine *machine);

#endif
