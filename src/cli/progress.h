/* The progress line on a terminal, and interruption by SIGINT or SIGTERM. */
#ifndef NTK_CLI_PROGRESS_H
#define NTK_CLI_PROGRESS_H

#include <stdbool.h>

/* Takes SIGINT and SIGTERM: the first asks the computation to stop, a second one kills. SIGPIPE is
 * ignored, so that a closed pipe is an error to report instead of a silent death. */
void progress_catch_signals(void);
bool progress_interrupted(void);

/* Starts the clock; draws nothing before two seconds, when quiet, or where standard error is not a
 * terminal. */
void progress_start(bool quiet);

/* An ntk_progress_fn: draws the line, false after an interruption. */
bool progress_report(const char *phase, double fraction, void *user);

/* Takes the line off the screen, for something else to be printed. */
void progress_clear(void);

#endif
