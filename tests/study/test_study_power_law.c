/* Power-law fits of a study's table.
 * Property: fits are those of their definition; the interval of a slope has the quantiles of the
 * exact bootstrap distribution; the order of rows does not count; what cannot be fitted is refused.
 */
#include "study_table.h"

/* Into fits, which has room; labels are not kept. */
static void fit(const ntk_summary_options *options, ntk_power_law *fits) {
  ntk_summary summary = summarise(options);
  assert_ok(ntk_study_fit(&table, options, &summary, fits));
  for (size_t i = 0; i < summary.curves; i++) {
    assert_ptr_equal(fits[i].label, summary.label[i]);
    fits[i].label = NULL;
  }
  ntk_summary_clear(&summary);
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
  ntk_power_law fits[2];
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
  ntk_power_law found;
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
  static ntk_power_law fits[CURVES];
  fit(&by_d_for_each_N, fits);
  double low[CURVES], high[CURVES];
  for (size_t k = 0; k < CURVES; k++) {
    low[k] = fits[k].slope_low;
    high[k] = fits[k].slope_high;
  }
  check_levels(exact, COUNT(exact), low, high);
}

static void assert_no_slope(const ntk_power_law *f) {
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
  ntk_power_law fits[4];
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
  ntk_power_law fits[2], shuffled_fits[2];
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
  ntk_power_law fits[4], kept[4];
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
      cmocka_unit_test_setup(test_power_law, start),
      cmocka_unit_test_setup(test_every_trial_counts_once, start),
      cmocka_unit_test_setup(test_slope_interval_exact, start),
      cmocka_unit_test_setup(test_too_little, start),
      cmocka_unit_test_setup(test_order, start),
      cmocka_unit_test_setup(test_fit_refusals, start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
