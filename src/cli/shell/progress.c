#include "cli/shell/progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double PATIENCE = 2.0; /* seconds before the line appears */
static const double REDRAW = 0.1;   /* seconds between two drawings */

static volatile sig_atomic_t interrupted;

/* One line on one terminal: the state is the process's, not a job's. */
static struct {
  bool wanted;
  double start, phase_start, drawn;
  char phase[64];
  bool told;  /* progress_line tells of training; its phase would take turns with that */
  int length; /* of the line on the screen; 0: none */
} line;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
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
  handle_interruptions(on_signal);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* writing then fails, and is told: "File too large" */
  signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how workers and gnuplot ended */
}

bool progress_interrupted(void) {
  return interrupted != 0;
}

void progress_start(bool quiet) {
  line.wanted = !quiet && isatty(STDERR_FILENO);
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
  fprintf(stderr, "\r%.*s%*s", length, text, line.length > length ? line.length - length : 0, "");
  fflush(stderr);
  line.length = length;
}

static void draw_phase(double fraction, double time) {
  char left[32] = "?", elapsed[32], text[160];
  if (fraction > 0)
    progress_duration((time - line.phase_start) * (1 - fraction) / fraction, sizeof left, left);
  progress_duration(time - line.start, sizeof elapsed, elapsed);
  snprintf(text, sizeof text, "%.30s %3.0f %%, %s left in this phase, %s so far", line.phase,
           100 * fraction, left, elapsed);
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
  if (strncmp(phase, line.phase, sizeof line.phase - 1) != 0) {
    snprintf(line.phase, sizeof line.phase, "%s", phase);
    line.phase_start = time;
  }
  if (due(time))
    draw_phase(fraction, time);
  return true;
}

void progress_clear(void) {
  if (line.length == 0)
    return;
  fprintf(stderr, "\r%*s\r", line.length, "");
  fflush(stderr);
  line.length = 0;
}
