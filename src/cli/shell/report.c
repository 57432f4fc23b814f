#include "cli/shell/report.h"

#include "cli/launch/beside.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "ntkit/data.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 8192 };

static char fault[LINE]; /* the error's line */

/* A path may hold any byte; the line must stay one line, and leave the terminal as it was. */
static void write_line(char line[LINE], const char *format, va_list arguments) {
  vsnprintf(line, LINE, format, arguments);
  ntk_text_clean(line);
}

static void print_line(const char *prefix, const char *line) {
  progress_clear();
  fprintf(stderr, "%s%s\n", prefix, line);
}

static void print_aside(const char *prefix, const char *format, va_list arguments) {
  char line[LINE];
  write_line(line, format, arguments);
  if (ranks_speaks())
    print_line(prefix, line);
}

/* Of one that mpirun ends because of another's line, there is none. */
static bool is_to_say(const char *line) {
  return !(progress_interrupted() && beside_said()) && ranks_says(line);
}

exit_status report_error(exit_status status, const char *format, ...) {
  va_list arguments;
  if (progress_told()) /* and what fails now does so as it ends */
    return status;
  if (fault[0] != '\0') /* one line says what is wrong: what failed first, not what that led to */
    return status;
  va_start(arguments, format);
  progress_over();
  write_line(fault, format, arguments);
  va_end(arguments);
  if (is_to_say(fault))
    print_line("ntkit: ", fault);
  return status;
}

bool report_failed(void) {
  return fault[0] != '\0';
}

void report_warning(const cli_settings *settings, const char *format, ...) {
  if (settings->quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  print_aside("ntkit: warning: ", format, arguments);
  va_end(arguments);
}

void report_note(const cli_settings *settings, const char *format, ...) {
  if (settings->quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  print_aside("ntkit: ", format, arguments);
  va_end(arguments);
}

static exit_status exit_of(ntk_status status) {
  switch (status) {
  case NTK_OK:
    return EXIT_DONE;
  case NTK_ERR_ARGUMENT:
  case NTK_ERR_SHAPE:
  case NTK_ERR_LIMIT:
  case NTK_ERR_MEMORY:
  case NTK_ERR_FILE:
  case NTK_ERR_FORMAT:
  case NTK_ERR_NOT_FINITE:
  case NTK_ERR_RANKS:
    return EXIT_INPUT;
  case NTK_ERR_CANCELLED:
    return EXIT_INTERRUPTED;
  case NTK_ERR_NUMERIC:
  case NTK_ERR_BLAS:
    break;
  }
  return EXIT_FAILED;
}

exit_status report_library(ntk_status status, const char *option) {
  if (status == NTK_OK)
    return EXIT_DONE;
  if (option != NULL && status != NTK_ERR_CANCELLED)
    return report_error(exit_of(status), "--%s: %s", option, ntk_error_message());
  return report_error(exit_of(status), "%s", ntk_error_message());
}

exit_status report_agreed(ntk_context *context, exit_status status) {
  static const struct {
    exit_status exit;
    ntk_status status;
  } own[] = {{EXIT_INPUT, NTK_ERR_ARGUMENT},
             {EXIT_INTERRUPTED, NTK_ERR_CANCELLED},
             {EXIT_FAILED, NTK_ERR_NUMERIC},
             {EXIT_DONE, NTK_OK}};
  size_t i = 0;
  if (ranks_count() == 1 || context == NULL)
    return status;
  while (own[i].exit != status && own[i].exit != EXIT_DONE)
    i++;
  const ntk_status agreed =
      ntk_context_agree(context, own[i].status, own[i].status != NTK_OK ? fault : NULL);
  return status == EXIT_DONE ? report_library(agreed, NULL) : status;
}

exit_status report_fault(ntk_status status, const char *option) {
  const char *at = ntk_error_last().option;
  return report_library(status, at != NULL ? at : option);
}

typedef const char *name_of(size_t i);

static const char *name_at(size_t i, const void *user) {
  name_of *const *name = user;
  return (*name)(i);
}

const char *report_nearest(const char *word, const char *(*name)(size_t i)) {
  return ntk_text_nearest(word, name_at, &name);
}

void report_names(const char *(*name)(size_t i), size_t size, char *text) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; name(i) != NULL && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", name(i));
}

int report_why(FILE *stream) {
  return write(fileno(stream), "\n", 1) < 0 ? errno : 0;
}

exit_status report_output(exit_status status) {
  /* The buffer is emptied early when it fills: then the reason is gone, the fact is not. */
  const bool failed = ferror(stdout) != 0;
  int why = failed ? report_why(stdout) : 0;
  if (fclose(stdout) == 0 && !failed)
    return status == EXIT_DONE && report_failed() ? EXIT_FAILED : status;
  why = failed ? why : errno;
  return report_error(EXIT_FAILED, "standard output: %s",
                      why != 0 ? strerror(why) : "could not be written");
}

void report_bytes(double bytes, size_t size, char *text) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  while (bytes >= 1000.0 && unit + 1 < sizeof units / sizeof units[0]) {
    bytes /= 1000.0;
    unit++;
  }
  snprintf(text, size,
           unit == 0     ? "%.0f %s"
           : bytes < 1e4 ? "%.2f %s"
                         : "%.3g %s",
           bytes, units[unit]);
}
