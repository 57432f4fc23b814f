/* A clock that the test turns: the library's seconds come from clock_gettime, and this is the one
 * that its static build finds. Every look at it takes `clock_tick` seconds; nothing else does. */
#ifndef NTK_TESTS_FAKE_CLOCK_H
#define NTK_TESTS_FAKE_CLOCK_H

#include <time.h>

static double clock_now = 1.0, clock_tick = 1e-6;

int clock_gettime(clockid_t id, struct timespec *t) {
  (void)id;
  clock_now += clock_tick;
  t->tv_sec = (time_t)clock_now;
  t->tv_nsec = (long)(1e9 * (clock_now - (double)t->tv_sec));
  return 0;
}

#endif
