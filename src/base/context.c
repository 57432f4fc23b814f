#include "base/context.h"

#include "base/text.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double POLL_EVERY = 0.05; /* seconds */

ntk_status ntk_progress_report(ntk_context *context, const char *phase, double fraction) {
  if (context->progress == NULL)
    return NTK_OK;
  if (context->phase.name != NULL && strcmp(phase, context->phase.name) == 0)
    context->phase.fraction = fraction;
  context->asked = INFINITY; /* what the callback itself computes polls nobody */
  const bool go_on = context->progress(phase, fraction, context->progress_user);
  context->asked = ntk_clock();
  if (go_on)
    return NTK_OK;
  if (context->ranks == NULL)
    return ntk_fail(NTK_ERR_CANCELLED, "interrupted while computing: %s", phase);
  (void)ntk_format(context->stopped, sizeof context->stopped, "%s", phase);
  return NTK_OK;
}

ntk_status ntk_progress_poll(ntk_context *context, const char *phase, double fraction) {
  if (context->progress == NULL || ntk_clock() - context->asked < POLL_EVERY)
    return NTK_OK;
  const ntk_phase entered = context->phase;
  return entered.name != NULL ? ntk_progress_report(context, entered.name, entered.fraction)
                              : ntk_progress_report(context, phase, fraction);
}

ntk_phase ntk_phase_enter(ntk_context *context, const char *name) {
  const ntk_phase before = context->phase;
  context->phase = (ntk_phase){.name = name};
  return before;
}

void ntk_phase_leave(ntk_context *context, ntk_phase before) {
  context->phase = before;
}

typedef ntk_status ask_fn(ntk_context *context, const char *phase, double fraction);

static bool ask(ntk_watch *w, ask_fn *callback, double fraction) {
  if (omp_get_thread_num() == 0 && w->status == NTK_OK) {
    w->status = callback(w->context, w->phase, fraction);
    if (w->status != NTK_OK)
      atomic_store(&w->stopped, true);
  }
  return !atomic_load(&w->stopped);
}

bool ntk_watch_on(ntk_watch *watch, double fraction) {
  return ask(watch, ntk_progress_poll, fraction);
}

bool ntk_watch_tell(ntk_watch *watch, double fraction) {
  return ask(watch, ntk_progress_report, fraction);
}

int ntk_team(const ntk_context *context) {
  static _Thread_local pid_t home; /* where this thread had its first team; 0: it had none */
  if (context->threads == 1)
    return 1;
  const pid_t here = getpid();
  if (home == 0)
    home = here;
  return home == here ? context->threads : 1;
}

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double ntk_clock(void) {
  return seconds_of(CLOCK_MONOTONIC);
}

/* Whether this thread had to share its processor lately: looked at from time to time, and forgotten
 * where nobody asked for a while, as when one long region ran, or the caller did something else. */
static bool crowded(void) {
  static const double LOOK_EVERY = 0.03, FORGET = 0.2, SHARE = 0.7;
  static _Thread_local struct {
    double wall, processor;
    bool crowded;
  } last;
  const double wall = ntk_clock(), passed = wall - last.wall;
  if (passed < LOOK_EVERY)
    return last.crowded;
  const double processor = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  last.crowded = passed < FORGET && processor - last.processor < SHARE * passed;
  last.wall = wall;
  last.processor = processor;
  return last.crowded;
}

int ntk_team_for(const ntk_context *context, double flops) {
  static const double SMALL = 1e9; /* some ten milliseconds: what a wait may take */
  const int team = ntk_team(context);
  return team > 1 && flops < SMALL && crowded() ? 1 : team;
}

int ntk_threads_for(const ntk_context *context, double flops) {
  static const double WORTH_WAKING = 1e7; /* a few tenths of a millisecond */
  return flops < WORTH_WAKING ? 1 : ntk_team_for(context, flops);
}
