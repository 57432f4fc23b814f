#include "base/context.h"

#include <time.h>

ntk_status ntk_progress_report(const ntk_context *context, const char *phase, double fraction) {
  if (context->progress == NULL || context->progress(phase, fraction, context->progress_user))
    return NTK_OK;
  return ntk_fail(NTK_ERR_CANCELLED, "interrupted while computing: %s", phase);
}

int ntk_threads_for(const ntk_context *context, double flops) {
  static const double WORTH_WAKING = 1e7; /* a few tenths of a millisecond */
  return flops < WORTH_WAKING ? 1 : context->threads;
}

double ntk_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
