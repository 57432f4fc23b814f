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
/* mpirun ends all of several ranks by SIGTERM where one has died or it was interrupted itself, and
 * kills them a second later, when this one may be waiting for the dead: the handler itself says so,
 * between _begin and _over, by which the run has told how it ended. _settle: that its result is
 * going to be told, and no such line any more; false: there has been one, and no result may be. */
void progress_begin(void);
bool progress_settle(void);
void progress_over(void);
bool progress_told(void); /* whether there has been one */
/* The file by which the same command goes on, for that line, which waits 0.6 s at most for it to be
 * there; borrowed; NULL: none. */
void progress_keep(const char *path);
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
