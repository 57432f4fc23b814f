#include "cli/shell/progress.h"

#include "cli/launch/beside.h"
#include "cli/shell/ranks.h"
#include "ntkit/ntkit.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const double PATIENCE = 2.0; /* seconds before the line appears */
static const double REDRAW = 0.1;   /* seconds between two drawings */

static volatile sig_atomic_t interrupted;

/* Whose line tells how the run ended: nobody's yet, the handler's, its own. */
enum { IDLE, BUSY, TOLD, OVER };
static _Atomic int stage;

/* One line on one terminal: the state is the process's, not a job's. */
static struct {
  bool wanted;
  int screen; /* the terminal's descriptor */
  double start, phase_start, drawn;
  char phase[64];
  char reached[64]; /* ": ..." of the phase; "": no more than its fraction is known */
  bool told;        /* progress_line tells of training; its phase would take turns with that */
  int length;       /* of the line on the screen; 0: none */
} line;

/* What is to come, by the plan; names are the library's own. */
enum { MOST_EXPECTED = 32 };
static struct {
  size_t count, at;
  double start; /* of the first of them; 0: not begun */
  ntk_plan_phase phase[MOST_EXPECTED];
} expected;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* What the handler says: where there is a file to go on from, the second. */
static struct {
  const char *path;
  char line[4608];
  size_t length;
} kept;
static const char why[] = "\nntkit: stopped by SIGTERM, which mpirun sends where it is interrupted "
                          "or another rank has died\n";

static atomic_bool owed; /* the line, which waits for that file */

/* Async-signal-safe, like all that a handler calls. */
static bool can_go_on(void) {
  return kept.length > 0 && access(kept.path, F_OK) == 0;
}

static void say_owed(void) {
  if (!atomic_exchange(&owed, false))
    return;
  const size_t from = line.length == 0; /* below a line of progress, a new one */
  const bool goes_on = can_go_on();
  const char *text = goes_on ? kept.line : why;
  const size_t length = goes_on ? kept.length : sizeof why - 1;
  while (write(STDERR_FILENO, text + from, length - from) < 0 && errno == EINTR) {
  }
}

/* The file that a stopped training is about to write is waited for, but not so long that mpirun's
 * SIGKILL, a second after this, comes first: this one may be waiting for the dead. */
static void on_signal(int number) {
  static const struct itimerval patience = {.it_value = {.tv_usec = 600000}};
  const int before = errno;
  int busy = BUSY;
  interrupted = 1;
  if (number == SIGTERM && ranks_count() > 1 && (ranks_speaks() || ntk_launched_lowest()) &&
      !beside_said() && atomic_compare_exchange_strong(&stage, &busy, TOLD)) {
    owed = true;
    if (kept.length == 0 || can_go_on() || setitimer(ITIMER_REAL, &patience, NULL) != 0)
      say_owed();
  }
  errno = before;
}

static void on_alarm(int number) {
  (void)number;
  const int before = errno;
  say_owed();
  errno = before;
}

void progress_keep(const char *path) {
  kept.length = 0;
  kept.path = path;
  if (path == NULL)
    return;
  char name[4096];
  snprintf(name, sizeof name, "%s", path);
  ntk_text_clean(name);
  const int length = snprintf(kept.line, sizeof kept.line, "%.*s; the same command goes on by %s\n",
                              (int)sizeof why - 2, why, name);
  kept.length = length > 0 && (size_t)length < sizeof kept.line ? (size_t)length : 0;
}

void progress_begin(void) {
  int idle = IDLE;
  (void)atomic_compare_exchange_strong(&stage, &idle, BUSY);
}

bool progress_settle(void) {
  int busy = BUSY;
  (void)atomic_compare_exchange_strong(&stage, &busy, OVER);
  return !progress_told();
}

void progress_over(void) {
  (void)progress_settle();
}

bool progress_told(void) {
  say_owed(); /* who asks has come to an end, and its file is there or will not be */
  return stage == TOLD;
}

static void handle_interruptions(void (*handler)(int)) {
  struct sigaction action = {.sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  static const int numbers[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    struct sigaction before;
    /* A shell that starts us in the background has SIGINT ignored: keep it so. */
    if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(numbers[i], &action, NULL);
  }
}

void progress_let_signals_kill(bool kill) {
  handle_interruptions(kill ? SIG_DFL : on_signal);
  if (kill && interrupted != 0)
    raise(SIGINT);
}

void progress_catch_signals(void) {
  struct sigaction alarm = {.sa_flags = SA_RESTART};
  alarm.sa_handler = on_alarm;
  sigemptyset(&alarm.sa_mask);
  sigaction(SIGALRM, &alarm, NULL);
  handle_interruptions(on_signal);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* writing then fails, and is told: "File too large" */
  signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how workers and gnuplot ended */
}

bool progress_interrupted(void) {
  return interrupted != 0;
}

void progress_start(bool quiet) {
  line.screen = isatty(STDERR_FILENO) ? STDERR_FILENO : ranks_terminal();
  line.wanted = !quiet && ranks_speaks() && line.screen != -1;
  progress_begin();
  line.start = now();
  line.phase_start = line.start;
  line.drawn = 0;
  line.phase[0] = '\0';
}

double progress_seconds(void) {
  return now() - line.start;
}

void progress_duration(double seconds, size_t size, char *text) {
  if (isnan(seconds)) {
    snprintf(text, size, "?");
    return;
  }
  if (!(seconds < 1e6 * 3600)) {
    snprintf(text, size, "long");
    return;
  }
  const long whole = (long)(seconds + 0.5);
  if (whole < 60)
    snprintf(text, size, "%ld s", whole);
  else if (whole < 3600)
    snprintf(text, size, "%ld min %02ld s", whole / 60, whole % 60);
  else
    snprintf(text, size, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
}

/* A line of more than 79 characters would wrap, and \r not reach its start. */
static void draw(const char *text) {
  const int length = (int)strlen(text) < 79 ? (int)strlen(text) : 79;
  (void)dprintf(line.screen, "\r%.*s%*s", length, text,
                line.length > length ? line.length - length : 0, "");
  line.length = length;
}

void progress_expect(const ntk_plan_phase *phase, size_t count) {
  expected.count = count < MOST_EXPECTED ? count : MOST_EXPECTED;
  expected.at = 0;
  expected.start = 0;
  for (size_t i = 0; i < expected.count; i++)
    expected.phase[i] = phase[i];
}

/* They come in their order: a phase of another name belongs to the one that is under way. */
static void enter_expected(const char *phase, double time) {
  for (size_t i = expected.at; i < expected.count; i++)
    if (strcmp(phase, expected.phase[i].name) == 0) {
      expected.start = expected.start > 0 ? expected.start : time;
      expected.at = i;
      return;
    }
}

/* Of this phase by what has been done of it, of those after it by the plan, times what those before
 * took beyond their own. */
static double seconds_left(double fraction, double time) {
  double before = 0, after = 0, pace = 1;
  for (size_t i = 0; i < expected.count; i++)
    *(i < expected.at   ? &before
      : i > expected.at ? &after
                        : &(double){0}) += expected.phase[i].seconds;
  if (before > 1 && expected.start > 0)
    pace = (line.phase_start - expected.start) / before;
  pace = pace < 0.25 ? 0.25 : pace > 8 ? 8 : pace;
  const double here = time - line.phase_start;
  double rest = fraction > 0 ? here * (1 - fraction) / fraction : NAN;
  if (!(fraction > 0.02) && expected.count > 0)
    rest = fmax(0, pace * expected.phase[expected.at].seconds - here);
  return rest + pace * after;
}

static void draw_phase(double fraction, double time) {
  char left[32], elapsed[32], text[256];
  progress_duration(seconds_left(fraction, time), sizeof left, left);
  progress_duration(time - line.start, sizeof elapsed, elapsed);
  if (line.reached[0] != '\0')
    snprintf(text, sizeof text, "%s%s, %s left, %s so far", line.phase, line.reached, left,
             elapsed);
  else
    snprintf(text, sizeof text, "%.30s %3.0f %%, %s left%s, %s so far", line.phase, 100 * fraction,
             left, expected.count > 0 ? "" : " in this phase", elapsed);
  draw(text);
}

/* Whether it is time to draw the line again. */
static bool due(double time) {
  if (time - line.start < PATIENCE || time - line.drawn < REDRAW)
    return false;
  line.drawn = time;
  return true;
}

void progress_line(const char *text) {
  line.told = true;
  if (line.wanted && due(now()))
    draw(text);
}

bool progress_wanted(void) {
  return line.wanted;
}

bool progress_report(const char *phase, double fraction, void *user) {
  (void)user;
  if (interrupted != 0)
    return false;
  if (!line.wanted || (line.told && strcmp(phase, "training") == 0))
    return true;
  const double time = now();
  const int name = (int)strcspn(phase, ":"); /* behind it: what has been reached */
  snprintf(line.reached, sizeof line.reached, "%s", phase + name);
  if ((int)strlen(line.phase) != name || strncmp(phase, line.phase, (size_t)name) != 0) {
    snprintf(line.phase, sizeof line.phase, "%.*s", name, phase);
    line.phase_start = time;
    enter_expected(line.phase, time);
  }
  if (due(time))
    draw_phase(fraction, time);
  return true;
}

void progress_clear(void) {
  if (line.length == 0)
    return;
  (void)dprintf(line.screen, "\r%*s\r", line.length, "");
  line.length = 0;
}
