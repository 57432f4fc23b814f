/* The progress line on a terminal, and interruption by SIGINT or SIGTERM. */
#ifndef NTK_CLI_PROGRESS_H
#define NTK_CLI_PROGRESS_H

#include "ntkit/plan.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes SIGINT and SIGTERM: the first asks the computation to stop, a second one kills. SIGPIPE is
 * ignored, so that a closed pipe is an error to report instead of a silent death. */
void progress_catch_signals(void);
bool progress_interrupted(void);
/* Whether an interruption has had its line already; and that a failure has, so that mpirun, which
 * ends what is left, needs none. */
bool progress_told(void);
void progress_failed(void);
/* For a while in which nothing asks whether to stop, and nothing is written: any signal kills. */
void progress_let_signals_kill(bool kill);

/* Starts the clock; draws nothing before two seconds, when quiet, or where standard error is not a
 * terminal. */
void progress_start(bool quiet);

/* Seconds since then. */
double progress_seconds(void);

/* The phases that are to come, for the time that is left in all of them; 0: not known. */
void progress_expect(const ntk_plan_phase *phase, size_t count);

/* An ntk_progress_fn: draws the line, false after an interruption. */
bool progress_report(const char *phase, double fraction, void *user);

/* Draws text as the line instead, under the same conditions. */
void progress_line(const char *text);
/* Whether there may be a line: standard error is a terminal, and quiet was not asked for. */
bool progress_wanted(void);

/* "42 s", "3 min 20 s", "1 h 05 min" into text; "?" for NaN. */
void progress_duration(double seconds, size_t size, char *text);

/* Takes the line off the screen, for something else to be printed. */
void progress_clear(void);

#endif
