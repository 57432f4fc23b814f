/* Columns, summaries and power-law fits of a study's table.
 * Property: means, deviations and fits are those of their definitions; bootstrap intervals have the
 * quantiles of the exact bootstrap distribution and cover what they should; the order of rows does
 * not matter. */
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

static int start(void **state) {
  (void)state;
  table = (ntk_study_table){.variables = VARIABLES,
                            .variable = names,
                            .is_text = is_text,
                            .quantities = COUNT(quantities),
                            .quantity = quantities,
                            .row = rows};
  return 0;
}

static void add(trial t) {
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
                            .status = isnan(t.value) ? "failed" : "ok",
                            .error = ""};
}

static const ntk_summary_options by_d = {.x = "d", .seed = 5};
static const ntk_summary_options by_d_for_each_N = {.x = "d", .group = "N", .seed = 5};

static ntk_summary summarise(const ntk_summary_options *options) {
  ntk_summary summary = {0};
  assert_ok(ntk_study_summarise(&table, options, &summary));
  return summary;
}

/* Into fits, which has room; labels are not kept. */
static void fit(const ntk_summary_options *options, ntk_fit *fits) {
  ntk_summary summary = summarise(options);
  assert_ok(ntk_study_fit(&table, options, &summary, fits));
  for (size_t i = 0; i < summary.curves; i++) {
    assert_ptr_equal(fits[i].label, summary.label[i]);
    fits[i].label = NULL;
  }
  ntk_summary_clear(&summary);
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* N/(d*d) - 1 of each row; nothing is written when one row, or the expression, is refused. */
static void test_column(void **state) {
  (void)state;
  for (size_t i = 0; i < 5; i++)
    add((trial){.N = 100.0 * (double)i, .d = 3.0 + (double)i});
  double column[5];
  assert_ok(ntk_study_table_column(&table, "N/(d*d) - 1", column));
  for (size_t i = 0; i < 5; i++) {
    const double d = 3.0 + (double)i;
    assert_near(column[i], 100.0 * (double)i / (d * d) - 1.0, 4 * U * 20, "column");
  }
  double kept[5];
  memcpy(kept, column, sizeof kept);
  const struct {
    const char *expression, *says;
  } refused[] = {{"phi", "'phi' is not a number"},
                 {"width", "known here: N, d, phi"},
                 {"1/(d - 7)", "a finite number"}, /* the last row alone */
                 {"", "a number or a name"},
                 {NULL, "NULL"}};
  for (size_t k = 0; k < COUNT(refused); k++) {
    assert_refused(ntk_study_table_column(&table, refused[k].expression, column), NTK_ERR_ARGUMENT,
                   refused[k].says);
    assert_memory_equal(column, kept, sizeof kept);
  }
}

/* ---- Summaries ------------------------------------------------------------------------------- */

/* Of 1 .. n: mean (n+1)/2, variance n(n+1)/12. Of n equal values: the value, 0, and no interval. */
static void test_mean_and_deviation(void **state) {
  (void)state;
  enum { n = 11 };
  for (size_t i = 0; i < n; i++)
    add((trial){.d = 2, .trial = i, .value = (double)(i + 1), .lower = 4, .upper = 5});
  for (size_t i = 0; i < n; i++) /* 0.1 n is not n times 0.1 in double precision */
    add((trial){.d = 3, .trial = i, .value = 0.1});
  ntk_summary s = summarise(&by_d);
  assert_int_equal(s.curves, 1);
  assert_string_equal(s.label[0], "");
  assert_int_equal(s.points, 2);
  assert_int_equal(s.point[0].count, n);
  assert_int_equal(s.point[0].missing, 0);
  assert_near(s.point[0].x, 2.0, 0.0, "x");
  assert_near(s.point[0].mean, (n + 1) / 2.0, 20 * U, "mean");
  assert_near(s.point[0].deviation, sqrt(n * (n + 1) / 12.0), 20 * U, "deviation");
  assert_near(s.point[0].lower_scale, 4.0, 0.0, "lower scale");
  assert_near(s.point[0].upper_scale, 5.0, 0.0, "upper scale");
  assert_true(s.point[0].low < s.point[0].mean && s.point[0].mean < s.point[0].high);
  assert_near(s.point[1].mean, 0.1, 0.0, "mean of equal values");
  assert_near(s.point[1].deviation, 0.0, 0.0, "deviation of equal values");
  assert_near(s.point[1].low, 0.1, 0.0, "low of equal values");
  assert_near(s.point[1].high, 0.1, 0.0, "high of equal values");
  ntk_summary_clear(&s);
  assert_null(s.point);
  ntk_summary_clear(&s);
}

/* Curves in order of first appearance, points by ascending x; one x of two grid points is one
 * point, whose scales are means; rows of the other quantity do not count. */
static void test_curves_and_points(void **state) {
  (void)state;
  const double N[] = {3000, 1000}, d[] = {5, -2, 2};
  for (size_t i = 0; i < COUNT(N); i++)
    for (size_t j = 0; j < COUNT(d); j++)
      for (size_t t = 0; t < 2; t++) {
        const double value = N[i] + d[j] + (double)t;
        const char *phi = N[i] > 2000 ? "relu" : "erf";
        add((trial){N[i], d[j], phi, t, value, d[j], 2 * d[j], NULL});
        add((trial){N[i], d[j], phi, t, -7, 1, 1, "condition"});
      }
  const struct {
    const char *group, *labels[2];
  } cases[] = {{"N", {"N = 3000", "N = 1000"}}, {"phi", {"phi = relu", "phi = erf"}}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_summary_options options = {.x = "d^2", .group = cases[k].group};
    ntk_summary s = summarise(&options);
    assert_int_equal(s.curves, 2);
    assert_int_equal(s.points, 4);
    for (size_t i = 0; i < 2; i++) {
      const ntk_summary_point *p = &s.point[2 * i];
      assert_string_equal(s.label[i], cases[k].labels[i]);
      assert_true(p[0].curve == i && p[1].curve == i);
      assert_true(p[0].x == 4.0 && p[1].x == 25.0);
      assert_true(p[0].count == 4 && p[1].count == 2);
      assert_near(p[0].mean, N[i] + 0.5, 0.0, "mean of d = -2 and 2");
      assert_near(p[1].mean, N[i] + 5.5, 0.0, "mean of d = 5");
      assert_near(p[0].upper_scale, 0.0, 0.0, "mean scale of d = -2 and 2");
      assert_near(p[1].lower_scale, 5.0, 0.0, "mean scale of d = 5");
    }
    ntk_summary_clear(&s);
  }
  ntk_summary s = summarise(&(ntk_summary_options){.quantity = "condition", .x = "d"});
  assert_int_equal(s.curves, 1);
  assert_near(s.point[0].mean, -7.0, 0.0, "the other quantity");
  ntk_summary_clear(&s);
}

/* NaN is left out and counted; what fewer than two values do not tell is NaN. */
static void test_missing(void **state) {
  (void)state;
  const double values[3][4] = {{1, NAN, 4, NAN}, {NAN, NAN, 6, NAN}, {NAN, NAN, NAN, NAN}};
  for (size_t j = 0; j < 3; j++)
    for (size_t t = 0; t < 4; t++)
      add((trial){.d = (double)j, .trial = t, .value = values[j][t], .lower = 3});
  ntk_summary s = summarise(&by_d);
  assert_int_equal(s.points, 3);
  for (size_t j = 0; j < 3; j++) {
    assert_int_equal(s.point[j].count, 2 - j);
    assert_int_equal(s.point[j].missing, 2 + j);
    assert_near(s.point[j].lower_scale, 3.0, 0.0, "scale where values are missing");
    assert_int_equal(isnan(s.point[j].deviation), j > 0);
    assert_int_equal(isnan(s.point[j].low) && isnan(s.point[j].high), j > 0);
  }
  assert_near(s.point[0].mean, 2.5, 0.0, "mean of two of four");
  assert_near(s.point[0].deviation, sqrt(4.5), 4 * U, "deviation of two of four");
  /* The smaller one twice has probability 1/4 > 2.5 %: the interval is the range. */
  assert_near(s.point[0].low, 1.0, 0.0, "low of two");
  assert_near(s.point[0].high, 4.0, 0.0, "high of two");
  assert_near(s.point[1].mean, 6.0, 0.0, "mean of one");
  assert_true(isnan(s.point[2].mean));
  ntk_summary_clear(&s);
}

/* An infinite value, such as a condition number, counts as one, wherever it stands. */
static void test_infinite(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++)
    add((trial){.d = (double)(i / 2), .trial = i, .value = i == 0 || i == 3 ? INFINITY : 2.0});
  ntk_summary s = summarise(&by_d);
  for (size_t j = 0; j < 2; j++) {
    assert_true(s.point[j].count == 2 && s.point[j].mean == INFINITY);
    assert_true(s.point[j].low == 2.0 && s.point[j].high == INFINITY);
  }
  ntk_summary_clear(&s);
}

/* ---- Bootstrap ------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Share of the sorted values that are <= v, rounding aside. */
static double distribution(const double *sorted, size_t n, double v) {
  size_t below = 0;
  while (below < n && sorted[below] <= v + 1e-12 * fabs(v))
    below++;
  return (double)below / (double)n;
}

/* Mean over n draws from value, the code's digits in base n being the draws. */
static double mean_of_draws(size_t code, size_t n, const double *value) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++, code /= n)
    sum += value[code % n];
  return sum / (double)n;
}

enum { CURVES = 100 };

/* low and high have the probabilities 0.025 and 0.975 in the exact distribution, on average over
 * CURVES intervals: one has the standard error sqrt(0.025 0.975 / 2000) = 0.0035, and the exact
 * distribution steps of up to 0.004. */
static void check_levels(const double *exact, size_t n, const double low[CURVES],
                         const double high[CURVES]) {
  double below = 0.0, above = 0.0;
  for (size_t k = 0; k < CURVES; k++) {
    below += distribution(exact, n, low[k]) / CURVES;
    above += distribution(exact, n, high[k]) / CURVES;
  }
  assert_near(below, 0.025, 0.006, "level of the lower end");
  assert_near(above, 0.975, 0.006, "level of the upper end");
}

/* Against all 6^6 resamples of six values. */
static void test_interval_exact(void **state) {
  (void)state;
  enum { n = 6, ALL = 6 * 6 * 6 * 6 * 6 * 6 };
  const double value[n] = {1.0, 2.3, 2.9, 4.1, 7.7, 12.6};
  static double exact[ALL];
  for (size_t code = 0; code < ALL; code++)
    exact[code] = mean_of_draws(code, n, value);
  qsort(exact, ALL, sizeof *exact, compare);
  for (size_t k = 0; k < CURVES; k++)
    for (size_t t = 0; t < n; t++)
      add((trial){.N = (double)k, .d = 1, .trial = t, .value = value[t]});
  ntk_summary s = summarise(&by_d_for_each_N);
  double low[CURVES], high[CURVES];
  for (size_t k = 0; k < CURVES; k++) {
    low[k] = s.point[k].low;
    high[k] = s.point[k].high;
  }
  check_levels(exact, ALL, low, high);
  ntk_summary_clear(&s);
}

/* 300 sets of 10 normal numbers: percentile intervals cover the mean in about 90 % (95 % for large
 * n), +- 0.017. Large n: the half width is 1.96 sd sqrt((n-1)/n) / sqrt n, +- 2 % by resampling. */
static void test_coverage(void **state) {
  (void)state;
  enum { SETS = 300, TRIALS = 10, LARGE = 4000 };
  double *z = make_normal(21, SETS * TRIALS + LARGE);
  for (size_t i = 0; i < SETS * TRIALS; i++)
    add((trial){.d = (double)(i / TRIALS), .trial = i % TRIALS, .value = 3.0 + 2.0 * z[i]});
  for (size_t t = 0; t < LARGE; t++)
    add((trial){.d = SETS, .trial = t, .value = 3.0 + 2.0 * z[SETS * TRIALS + t]});
  ntk_summary s = summarise(&by_d);
  assert_int_equal(s.points, SETS + 1);
  double below = 0.0, above = 0.0;
  for (size_t k = 0; k < SETS; k++) {
    below += s.point[k].high < 3.0;
    above += s.point[k].low > 3.0;
  }
  const double covered = 1.0 - (below + above) / SETS;
  if (covered < 0.82 || covered > 0.97)
    fail_msg("coverage %g", covered);
  assert_true(below > 0.01 * SETS && above > 0.01 * SETS); /* both ends miss */
  const ntk_summary_point *p = &s.point[SETS];
  const double width = 2 * 1.96 * p->deviation * sqrt((LARGE - 1.0) / LARGE / LARGE);
  assert_near(p->high - p->low, width, 0.08 * width, "width");
  assert_near((p->high + p->low) / 2, p->mean, 0.08 * width, "middle");
  ntk_summary_clear(&s);
  free(z);
}

/* Resamples differ from point to point, curve to curve and seed to seed, and not otherwise. */
static void test_streams(void **state) {
  (void)state;
  enum { TRIALS = 20, POINTS = 4 };
  double *z = make_normal(22, TRIALS);
  for (size_t k = 0; k < POINTS; k++)
    for (size_t t = 0; t < TRIALS; t++)
      add((trial){.N = (double)(k / 2), .d = (double)(k % 2), .trial = t, .value = z[t]});
  ntk_summary_options options = by_d_for_each_N;
  ntk_summary s = summarise(&options), again = summarise(&options);
  options.seed++;
  ntk_summary other = summarise(&options);
  assert_int_equal(s.points, POINTS);
  assert_memory_equal(s.point, again.point, POINTS * sizeof *s.point);
  for (size_t i = 0; i < POINTS; i++) {
    for (size_t j = 0; j < i; j++)
      assert_true(s.point[i].low != s.point[j].low);
    assert_true(s.point[i].low != other.point[i].low);
    assert_true(s.point[i].mean == other.point[i].mean);
  }
  ntk_summary_clear(&s);
  ntk_summary_clear(&again);
  ntk_summary_clear(&other);
  free(z);
}

/* ---- Fits ------------------------------------------------------------------------------------ */

/* y = c x^s exactly, x = d^2: s and c to rounding, an interval without width, r2 = 1, and the
 * exponents of the scales; for two curves. */
static void test_power_law(void **state) {
  (void)state;
  const double s[] = {0.9, -1.7}, c[] = {0.02, 5e7};
  for (size_t k = 0; k < 2; k++)
    for (size_t j = 0; j < 5; j++)
      for (size_t t = 0; t <= j; t++) {
        const double d = 10.0 + 7.0 * (double)j, x = d * d;
        add((trial){.N = (double)k,
                    .d = d,
                    .trial = t,
                    .value = c[k] * pow(x, s[k]),
                    .lower = 3 * x,
                    .upper = 0.5 * d});
      }
  ntk_fit fits[2];
  fit(&(ntk_summary_options){.x = "d^2", .group = "N"}, fits);
  for (size_t k = 0; k < 2; k++) {
    assert_true(fits[k].points == 5 && fits[k].trials == 15 && fits[k].left_out == 0);
    assert_near(fits[k].slope, s[k], 1e-13, "slope");
    assert_near(fits[k].constant / c[k], 1.0, 1e-12, "constant");
    assert_near(fits[k].slope_low, s[k], 1e-13, "lower end");
    assert_near(fits[k].slope_high, s[k], 1e-13, "upper end");
    assert_near(fits[k].r2, 1.0, 1e-13, "r2");
    assert_near(fits[k].theory_lower, 1.0, 1e-13, "slope of 3 x");
    assert_near(fits[k].theory_upper, 0.5, 1e-13, "slope of sqrt(x) / 2");
  }
}

/* The normal equations, solved in long double: slope = (n S_uv - S_u S_v) / (n S_uu - S_u^2) and
 * r2 = 1 - sum of squared residuals / sum of squares. */
static void plain_fit(size_t n, const double *x, const double *y, double *slope, double *constant,
                      double *r2) {
  long double u = 0, v = 0, uu = 0, uv = 0, residuals = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    u += logl(x[i]);
    v += logl(y[i]);
    uu += logl(x[i]) * logl(x[i]);
    uv += logl(x[i]) * logl(y[i]);
  }
  const long double m = (long double)n, b = (m * uv - u * v) / (m * uu - u * u);
  const long double a = (v - b * u) / m;
  for (size_t i = 0; i < n; i++) {
    residuals += powl(logl(y[i]) - a - b * logl(x[i]), 2);
    squares += powl(logl(y[i]) - v / m, 2);
  }
  *slope = (double)b;
  *constant = (double)expl(a);
  *r2 = (double)(1 - residuals / squares);
}

/* Noisy values, unequal numbers of trials, scales that differ at one x: every trial counts once.
 * What has no logarithm, or is infinite, is left out, and its scales with it. */
static void test_every_trial_counts_once(void **state) {
  (void)state;
  enum { TRIALS = 40 };
  double *z = make_normal(23, 3 * TRIALS), x[TRIALS], y[3][TRIALS];
  for (size_t i = 0; i < TRIALS; i++) {
    x[i] = (double)(1 + (size_t)sqrt((double)i)); /* 1 to 7, most trials at the largest */
    for (size_t q = 0; q < 3; q++)
      y[q][i] = exp(z[3 * i + q]) * x[i];
    add((trial){.N = (double)(i % 3),
                .d = x[i],
                .trial = i,
                .value = y[0][i],
                .lower = y[1][i],
                .upper = y[2][i]});
  }
  const double unusable[] = {0.0, -1.0, NAN, INFINITY};
  for (size_t i = 0; i < COUNT(unusable); i++)
    add((trial){.d = 1, .trial = TRIALS + i, .value = unusable[i], .lower = 1e9, .upper = 1e9});
  add((trial){.d = 1000, .value = NAN, .lower = 1e9, .upper = 1e9}); /* all of a point */
  ntk_fit found;
  fit(&by_d, &found);
  assert_true(found.points == 7 && found.trials == TRIALS && found.left_out == 5);
  double slope[3], constant[3], r2[3];
  for (size_t q = 0; q < 3; q++)
    plain_fit(TRIALS, x, y[q], &slope[q], &constant[q], &r2[q]);
  assert_near(found.slope, slope[0], 1e-13, "slope");
  assert_near(found.constant, constant[0], 1e-13, "constant");
  assert_near(found.r2, r2[0], 1e-13, "r2");
  assert_near(found.theory_lower, slope[1], 1e-13, "slope of the lower scale");
  assert_near(found.theory_upper, slope[2], 1e-13, "slope of the upper scale");
  assert_true(found.slope_low < found.slope && found.slope < found.slope_high);
  free(z);
}

/* Two x with three and four trials: slope = (mean log y_2 - mean log y_1) / log(x_2 / x_1), for all
 * 3^3 4^4 resamples within each x. */
static void test_slope_interval_exact(void **state) {
  (void)state;
  enum { A = 3, B = 4, ALL_A = 27, ALL_B = 256 };
  const double a[A] = {0.3, 0.9, 2.2}, b[B] = {1.1, 3.0, 3.7, 5.2}; /* log y */
  static double exact[ALL_A * ALL_B];
  for (size_t i = 0; i < ALL_A; i++)
    for (size_t j = 0; j < ALL_B; j++)
      exact[i * ALL_B + j] = (mean_of_draws(j, B, b) - mean_of_draws(i, A, a)) / log(8.0 / 2.0);
  qsort(exact, COUNT(exact), sizeof *exact, compare);
  for (size_t k = 0; k < CURVES; k++) {
    for (size_t t = 0; t < A; t++)
      add((trial){.N = (double)k, .d = 2, .trial = t, .value = exp(a[t])});
    for (size_t t = 0; t < B; t++)
      add((trial){.N = (double)k, .d = 8, .trial = t, .value = exp(b[t])});
  }
  static ntk_fit fits[CURVES];
  fit(&by_d_for_each_N, fits);
  double low[CURVES], high[CURVES];
  for (size_t k = 0; k < CURVES; k++) {
    low[k] = fits[k].slope_low;
    high[k] = fits[k].slope_high;
  }
  check_levels(exact, COUNT(exact), low, high);
}

static void assert_no_slope(const ntk_fit *f) {
  const double numbers[] = {f->slope, f->constant,     f->slope_low,   f->slope_high,
                            f->r2,    f->theory_lower, f->theory_upper};
  for (size_t i = 0; i < COUNT(numbers); i++)
    assert_true(isnan(numbers[i]));
}

/* One x, or no usable value: no slope. One trial at each x: a slope and no interval. Constant y:
 * slope 0, and nothing for r2 to explain. Scales that are not known: no slope of theirs. */
static void test_too_little(void **state) {
  (void)state;
  const double values[4][3] = {{2, NAN, NAN}, {NAN, 0, -1}, {1, 2, 3}, {0.3, 0.3, 0.3}};
  for (size_t k = 0; k < 4; k++)
    for (size_t j = 0; j < 3; j++)
      add((trial){.N = (double)k,
                  .d = (double)(j + 1),
                  .value = values[k][j],
                  .lower = (double)(j + 1),
                  .upper = k == 3 ? NAN : 1.0});
  ntk_fit fits[4];
  fit(&by_d_for_each_N, fits);
  assert_true(fits[0].points == 1 && fits[0].trials == 1 && fits[0].left_out == 2);
  assert_true(fits[1].points == 0 && fits[1].trials == 0 && fits[1].left_out == 3);
  assert_no_slope(&fits[0]);
  assert_no_slope(&fits[1]);
  assert_near(fits[2].slope, 1.0, 1e-14, "slope of y = x");
  assert_true(isnan(fits[2].slope_low) && isnan(fits[2].slope_high));
  assert_near(fits[2].theory_upper, 0.0, 0.0, "slope of a constant scale");
  assert_near(fits[3].slope, 0.0, 0.0, "slope of constant y");
  assert_true(isnan(fits[3].r2) && isnan(fits[3].theory_upper));
  assert_near(fits[3].theory_lower, 1.0, 1e-14, "slope of the known scale");
}

/* ---- Order and refusals ---------------------------------------------------------------------- */

/* Every number has the same bits when the table's rows come in another order. */
static void test_order(void **state) {
  (void)state;
  enum { TRIALS = 10, POINTS = 3, ALL = 2 * POINTS * TRIALS, STRIDE = 7 }; /* STRIDE: no divisor */
  double *z = make_normal(24, ALL);
  for (size_t i = 0; i < ALL; i++) /* two grid points are one point of the summary */
    add((trial){.N = (double)(i / (POINTS * TRIALS)),
                .d = (double)(i / TRIALS % POINTS) - 1.0,
                .trial = i % TRIALS,
                .value = exp(z[i]),
                .lower = exp(-z[i]),
                .upper = 1.0 + z[i] * z[i]});
  const ntk_summary_options options = {.x = "1 + d^2", .group = "N", .seed = 6};
  ntk_summary s = summarise(&options);
  ntk_fit fits[2], shuffled_fits[2];
  fit(&options, fits);
  ntk_study_row shuffled[ALL];
  for (size_t i = 0; i < ALL; i++)
    shuffled[i] = rows[i * STRIDE % ALL]; /* begins with row 0: the first curve stays the first */
  table.row = shuffled;
  ntk_summary shuffled_s = summarise(&options);
  fit(&options, shuffled_fits);
  assert_int_equal(s.points, 4);
  assert_int_equal(shuffled_s.points, 4);
  assert_memory_equal(s.point, shuffled_s.point, 4 * sizeof *s.point);
  assert_memory_equal(fits, shuffled_fits, sizeof fits);
  ntk_summary_clear(&s);
  ntk_summary_clear(&shuffled_s);
  free(z);
}

static void refuse_summary(const ntk_summary_options *options, const char *says) {
  ntk_summary summary, kept;
  memset(&summary, 0x5a, sizeof summary);
  memcpy(&kept, &summary, sizeof kept);
  assert_refused(ntk_study_summarise(&table, options, &summary), NTK_ERR_ARGUMENT, says);
  assert_memory_equal(&summary, &kept, sizeof kept);
}

/* The message names what there is; outputs stay. */
static void test_refusals(void **state) {
  (void)state;
  refuse_summary(&by_d, "no rows");
  for (size_t i = 0; i < 4; i++)
    add((trial){.N = 1, .d = (double)i - 1.5, .value = 1});
  refuse_summary(NULL, "NULL");
  refuse_summary(&(ntk_summary_options){.group = "N"}, "NULL");
  refuse_summary(&(ntk_summary_options){.x = "d", .quantity = "lambda"},
                 "unknown quantity 'lambda'; accepted: lambda_min, condition");
  refuse_summary(&(ntk_summary_options){.x = "d", .quantity = "condition"}, "no row of condition");
  refuse_summary(&(ntk_summary_options){.x = "d", .group = "n"}, "'n'; accepted: N, d, phi");
  refuse_summary(&(ntk_summary_options){.x = "phi"}, "'phi' is not a number");
  refuse_summary(&(ntk_summary_options){.x = "d + e"}, "known here: N, d, phi");
}

/* x has to have a logarithm, and the summary to be of this table and these options; outputs stay.
 */
static void test_fit_refusals(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++)
    add((trial){.N = 1, .d = (double)i - 1.5, .value = 1});
  const ntk_summary_options shifted = {.x = "d + 1.5"}, each_d = {.x = "d + 9", .group = "d"};
  const ntk_summary_options each_N = {.x = "d + 9", .group = "N"}, all = {.x = "d + 9"};
  const struct {
    const ntk_summary_options *made, *asked; /* the summary's options, and the fit's */
    size_t rows;                             /* of the table fitted */
    const char *says;
  } refused[] = {{&by_d, &by_d, 4, "x is -1.5 at a point"},
                 {&all, &shifted, 4, "x is 0 at a point"},
                 {&all, &each_N, 4, "other curves"},
                 {&each_d, &each_d, 2, "other curves"}};
  ntk_fit fits[4], kept[4];
  memset(fits, 0x5a, sizeof fits);
  memcpy(kept, fits, sizeof kept);
  for (size_t k = 0; k < COUNT(refused); k++) {
    table.rows = 4;
    ntk_summary made = summarise(refused[k].made);
    table.rows = refused[k].rows;
    assert_refused(ntk_study_fit(&table, refused[k].asked, &made, fits), NTK_ERR_ARGUMENT,
                   refused[k].says);
    assert_memory_equal(fits, kept, sizeof kept);
    ntk_summary_clear(&made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_column, start),
      cmocka_unit_test_setup(test_mean_and_deviation, start),
      cmocka_unit_test_setup(test_curves_and_points, start),
      cmocka_unit_test_setup(test_missing, start),
      cmocka_unit_test_setup(test_infinite, start),
      cmocka_unit_test_setup(test_interval_exact, start),
      cmocka_unit_test_setup(test_coverage, start),
      cmocka_unit_test_setup(test_streams, start),
      cmocka_unit_test_setup(test_power_law, start),
      cmocka_unit_test_setup(test_every_trial_counts_once, start),
      cmocka_unit_test_setup(test_slope_interval_exact, start),
      cmocka_unit_test_setup(test_too_little, start),
      cmocka_unit_test_setup(test_order, start),
      cmocka_unit_test_setup(test_refusals, start),
      cmocka_unit_test_setup(test_fit_refusals, start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
