/* The pulse: the library reports progress for every tile, and to ask Python each time would cost a
 * lock each. Here a clock is looked at, and Python asked a few times a second. */
#include "host.h"

#include <stddef.h>
#include <time.h>

/* Made by cffi, of a Python function: false to stop. */
bool ntk_pulse_ask(const char *phase, double fraction);

static double now(void) {
  struct timespec t = {0};
  return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

bool ntk_pulse_beat(const char *phase, double fraction, void *user) {
  ntk_pulse *pulse = user;
  if (pulse->stop)
    return false;
  const double t = now();
  if (t - pulse->asked < pulse->interval)
    return true;
  pulse->asked = t;
  if (!ntk_pulse_ask(phase, fraction))
    pulse->stop = true;
  return !pulse->stop; /* another thread may have set it while this one waited for Python */
}
