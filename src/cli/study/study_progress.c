/* Progress of a study: one line on a terminal, a line now and then elsewhere, or JSON. */
#include "cli/shell/progress.h"
#include "cli/study/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Seconds between lines that stay: the first comes soon, so that a log shows signs of life. */
static const double FIRST_LINE = 5.0, EVERY_LINE = 30.0, EVERY_OBJECT = 1.0;

static void text_of(const ntk_study_progress *p, size_t size, char *text) {
  char left[32], elapsed[32], rate[32] = "", failed[32] = "";
  progress_duration(p->left, sizeof left, left);
  progress_duration(p->elapsed, sizeof elapsed, elapsed);
  if (p->failed > 0)
    snprintf(failed, sizeof failed, ", %zu failed", p->failed);
  if (!isnan(p->rate))
    snprintf(rate, sizeof rate, p->rate < 10.0 ? ", %.2g/s" : ", %.0f/s", p->rate);
  snprintf(text, size, "%zu of %zu trials%s, %zu in flight%s, %.0f %%, %s left, %s so far", p->done,
           p->total, failed, p->in_flight, rate, 100.0 * p->fraction, left, elapsed);
}

/* null for what is not known. */
static void print_number(const char *key, double value) {
  if (isnan(value))
    fprintf(stderr, ", \"%s\": null", key);
  else
    fprintf(stderr, ", \"%s\": %.6g", key, value);
}

static void print_object(const ntk_study_progress *p) {
  fprintf(stderr,
          "{\"event\": \"progress\", \"total\": %zu, \"done\": %zu, \"failed\": %zu, "
          "\"in_flight\": %zu, \"finished\": %zu",
          p->total, p->done, p->failed, p->in_flight, p->finished);
  print_number("fraction", p->fraction);
  print_number("elapsed", p->elapsed);
  print_number("rate", p->rate);
  print_number("left", p->left);
  fputs("}\n", stderr);
}

/* Whether a line that stays is due; the last one of a run is, once, if there was another. */
static bool due(study_reporter *r, const ntk_study_progress *p, double first, double every) {
  const bool last = p->in_flight == 0 && p->finished > 0 && (r->printed >= 0.0 || first == 0.0);
  if (!(last && r->printed < INFINITY) &&
      p->elapsed < (r->printed < 0.0 ? first : r->printed + every))
    return false;
  r->printed = last ? INFINITY : p->elapsed;
  return true;
}

/* Once, where something was there before: what is new. */
static void tell_new(study_reporter *r, const ntk_study_progress *p) {
  if (r->told)
    return;
  r->told = true;
  if (r->settings->common.quiet || p->tasks == 0 || p->before + p->partial == 0)
    return;
  char partial[80] = "";
  if (p->partial > 0)
    snprintf(partial, sizeof partial, ", %zu of them for a quantity that they lack", p->partial);
  progress_clear();
  fprintf(stderr, "ntkit: %zu of %zu trials are there, %zu to compute%s\n", p->before, p->total,
          p->tasks, partial);
}

bool study_report(const ntk_study_progress *progress, void *user) {
  study_reporter *r = user;
  if (progress_interrupted())
    return false;
  if (strcmp(r->settings->progress, "ndjson") == 0) {
    if (due(r, progress, 0.0, EVERY_OBJECT))
      print_object(progress);
    return true;
  }
  tell_new(r, progress);
  char text[200];
  text_of(progress, sizeof text, text);
  if (progress_wanted()) {
    progress_line(text);
  } else if (!r->settings->common.quiet && due(r, progress, FIRST_LINE, EVERY_LINE)) {
    fprintf(stderr, "ntkit: %s\n", text);
  }
  return true;
}
