/* What the module has beside the library's functions: calls back into Python, seldom. */
#ifndef NTK_PYTHON_HOST_H
#define NTK_PYTHON_HOST_H

#include <stdbool.h>

/* A context's pulse: the library calls often, Python is asked only every so many seconds. */
typedef struct ntk_pulse {
  double interval; /* seconds between two questions; infinite: none */
  double asked;    /* when the last one was, by a clock of its own */
  bool stop;       /* no more questions: stop at the next call */
} ntk_pulse;

/* The ntk_progress_fn of every context; user is an ntk_pulse. */
bool ntk_pulse_beat(const char *phase, double fraction, void *user);

/* The program's main. */
int ntkit_program_main(int argc, char **argv);

#endif
