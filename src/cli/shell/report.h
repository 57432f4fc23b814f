/* What goes to standard error: one line an error, the same form everywhere. And the check, at the
 * end, that standard output took everything. */
#ifndef NTK_CLI_REPORT_H
#define NTK_CLI_REPORT_H

#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

#include <stdbool.h>
#include <stdio.h>

/* Prints "ntkit: " and the formatted text as one line (control characters become '?'), and returns
 * status, so that a failure reads `return report_error(EXIT_INPUT, "...")`. The first one of a
 * process alone is printed. */
exit_status report_error(exit_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Whether there was an error: what is written meanwhile lacks what that was about. */
bool report_failed(void);

/* "ntkit: warning: ..." unless settings ask for quiet. */
void report_warning(const cli_settings *settings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "ntkit: ..." on what is no cause for worry, unless settings ask for quiet. */
void report_note(const cli_settings *settings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the library's own line on what failed, after the option at fault where it is known (else
 * NULL), and gives the exit status that belongs to it; NTK_OK: no line, EXIT_DONE. */
exit_status report_library(ntk_status status, const char *option);

/* The same, after the option that the library says is at fault, or else this one. */
exit_status report_fault(ntk_status status, const char *option);

/* At the end of a computation: of several ranks (ranks.h) all learn here how each of them fared,
 * and end alike. A rank that comes here early, with what was wrong, ends the others wherever they
 * are: rank 0 says its line. context: of the computation; NULL: none was made. */
exit_status report_agreed(ntk_context *context, exit_status status);

/* Name nearest to word among names (by edit distance), or NULL when none is near. Called with
 * i = 0, 1, ... until name(i) is NULL. */
const char *report_nearest(const char *word, const char *(*name)(size_t i));

/* Writes "a, b, c" into text. */
void report_names(const char *(*name)(size_t i), size_t size, char *text);

/* Why a stream that has failed took no more: its own failure, whose errno is gone, meets the byte
 * after it too. An error number; 0: it would be taken now. */
int report_why(FILE *stream);

/* The last call: closes standard output; an error line and EXIT_FAILED when it did not take
 * everything, EXIT_FAILED too where an error was said and nobody heard, else status. */
exit_status report_output(exit_status status);

/* "1.23 GB" into text, in the units of the library's lines. */
void report_bytes(double bytes, size_t size, char *text);

#endif
