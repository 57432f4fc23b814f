/* Tables made by hand, for summaries and fits. */
#ifndef TESTS_STUDY_TABLE_H
#define TESTS_STUDY_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntkit/study.h"
#include "support.h"

/* ---- A table made by hand: variables N, d and phi -------------------------------------------- */

enum { MOST = 8000, VARIABLES = 3 };

typedef struct trial {
  double N, d;
  const char *phi;
  size_t trial;
  double value, lower, upper;
  const char *quantity; /* NULL: lambda_min */
} trial;

static double variables[MOST][VARIABLES];

static const char *texts[MOST][VARIABLES];

static ntk_study_row rows[MOST];

static const char *const names[VARIABLES] = {"N", "d", "phi"};

static const bool is_text[VARIABLES] = {false, false, true};

static const char *const quantities[] = {"lambda_min", "condition"};

static ntk_study_table table;

static inline int start(void **state) {
  (void)state;
  table = (ntk_study_table){.variables = VARIABLES,
                            .variable = names,
                            .is_text = is_text,
                            .quantities = COUNT(quantities),
                            .quantity = quantities,
                            .row = rows};
  return 0;
}

static inline void add(trial t) {
  const size_t i = table.rows++;
  assert_true(i < MOST);
  const double numbers[VARIABLES] = {t.N, t.d, NAN};
  const char *const words[VARIABLES] = {"", "", t.phi != NULL ? t.phi : "tanh"};
  memcpy(variables[i], numbers, sizeof numbers);
  memcpy(texts[i], words, sizeof words);
  rows[i] = (ntk_study_row){.variable = variables[i],
                            .text = texts[i],
                            .lower_scale = t.lower,
                            .upper_scale = t.upper,
                            .point = (size_t)(1000 * t.N + t.d + 100),
                            .trial = t.trial,
                            .quantity = t.quantity != NULL ? t.quantity : "lambda_min",
                            .value = t.value,
                            .verdict = isnan(t.value) ? "failed" : "ok",
                            .error = ""};
}

static const ntk_summary_options by_d = {.x = "d", .seed = 5};

static const ntk_summary_options by_d_for_each_N = {.x = "d", .group = "N", .seed = 5};

static inline ntk_summary summarise(const ntk_summary_options *options) {
  ntk_summary summary = {0};
  assert_ok(ntk_study_summarise(&table, options, &summary));
  return summary;
}

/* ---- Bootstrap ------------------------------------------------------------------------------- */

static inline int compare(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Share of the sorted values that are <= v, rounding aside. */
static inline double distribution(const double *sorted, size_t n, double v) {
  size_t below = 0;
  while (below < n && sorted[below] <= v + 1e-12 * fabs(v))
    below++;
  return (double)below / (double)n;
}

/* Mean over n draws from value, the code's digits in base n being the draws. */
static inline double mean_of_draws(size_t code, size_t n, const double *value) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++, code /= n)
    sum += value[code % n];
  return sum / (double)n;
}

enum { CURVES = 100 };

/* low and high have the probabilities 0.025 and 0.975 in the exact distribution, on average over
 * CURVES intervals: one has the standard error sqrt(0.025 0.975 / 2000) = 0.0035, and the exact
 * distribution steps of up to 0.004. */
static inline void check_levels(const double *exact, size_t n, const double low[CURVES],
                                const double high[CURVES]) {
  double below = 0.0, above = 0.0;
  for (size_t k = 0; k < CURVES; k++) {
    below += distribution(exact, n, low[k]) / CURVES;
    above += distribution(exact, n, high[k]) / CURVES;
  }
  assert_near(below, 0.025, 0.006, "level of the lower end");
  assert_near(above, 0.975, 0.006, "level of the upper end");
}

#endif
