/* The calibration's parts: measuring, judging whether the machine was busy, keeping. */
#ifndef NTK_PLAN_CALIBRATE_H
#define NTK_PLAN_CALIBRATE_H

#include "base/context.h"

#include "ntkit/plan.h"

/* What tells a busy machine from an idle one. */
typedef struct ntk_load {
  int threads;
  double wall, processor; /* seconds of bursts, and of all threads' processor time in them */
  double first, last;     /* the best burst before and after everything else: flops a second */
} ntk_load;
/* Whether it was busy; then one line of why into note. */
bool ntk_load_busy(const ntk_load *load, size_t size, char *note);

/* Flops a second above the peak, which only noise makes, become the peak, bytes a second above the
 * bandwidth that; a peak in float below that in double becomes twice that. Whether that was so, or
 * flops were far above their peak; then one line of that into note. */
bool ntk_rates_cap(ntk_machine *machine, size_t size, char *note);

/* Everything but kept and note. */
ntk_status ntk_machine_measure(ntk_context *context, ntk_machine *machine, ntk_load *load);

/* The file of a context's machine. NTK_ERR_FILE: there is none, or nowhere for it; NTK_ERR_FORMAT:
 * it is damaged, or not of this library. */
ntk_status ntk_machine_read(const ntk_context *context, ntk_machine *machine);
/* Whole or not at all. NTK_ERR_FILE. */
ntk_status ntk_machine_write(const ntk_context *context, const ntk_machine *machine);

#endif
