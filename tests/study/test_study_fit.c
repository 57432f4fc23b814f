/* Columns, summaries and power-law fits of a study's table.
 * Property: means, deviations and fits are those of their definitions; bootstrap intervals have the
 * quantiles of the exact bootstrap distribution and cover what they should; the order of rows does
 * not matter. */
#include "study_table.h"

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

/* A quantity in an expression is its mean over the point's trials that have one, in every row of
 * the point, wherever it stands; a variable of its name comes before it; a point without is
 * refused. */
static void test_column_of_quantity(void **state) {
  (void)state;
  const double value[2][3] = {{2.0, 5.0, 11.0}, {9.0, NAN, 16.0}}, mean[] = {6.0, 12.5};
  for (size_t t = 0; t < 3; t++)
    for (size_t k = 0; k < 2; k++) { /* points take turns */
      const trial one = {.N = 10.0 * (double)(k + 1), .d = 3.0, .trial = t};
      add((trial){.N = one.N, .d = one.d, .trial = t, .value = 0.5});
      add((trial){
          .N = one.N, .d = one.d, .trial = t, .value = value[k][t], .quantity = "condition"});
    }
  double column[12];
  assert_ok(ntk_study_table_column(&table, "sqrt(condition) + N*d", column));
  for (size_t i = 0; i < 12; i++) {
    const size_t k = i / 2 % 2;
    assert_near(column[i], sqrt(mean[k]) + 30.0 * (double)(k + 1), 1e-14 * 70, "of a quantity");
  }
  const ntk_summary_options by_condition = {.quantity = "lambda_min", .x = "condition"};
  ntk_summary s = summarise(&by_condition);
  assert_true(s.points == 2 && s.point[0].x == 6.0 && s.point[1].x == 12.5);
  assert_int_equal(s.point[1].count, 3);
  ntk_summary_clear(&s);
  table.quantity = (const char *const[]){"d", "condition"};
  assert_ok(ntk_study_table_column(&table, "d", column));
  assert_near(column[7], 3.0, 0.0, "the variable's");
  table.quantity = quantities;
  for (size_t t = 0; t < 3; t++)
    rows[4 * t + 3].value = NAN; /* all of the second point */
  assert_refused(ntk_study_table_column(&table, "2*condition", column), NTK_ERR_ARGUMENT,
                 "condition has no value at some point");
  assert_near(column[7], 3.0, 0.0, "untouched");
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
                 "unknown quantity 'lambda'; known: lambda_min, condition");
  refuse_summary(&(ntk_summary_options){.x = "d", .quantity = "condition"}, "no row of condition");
  refuse_summary(&(ntk_summary_options){.x = "d", .group = "n"},
                 "'n'; did you mean 'N'? known: N, d, phi");
  refuse_summary(&(ntk_summary_options){.x = "phi"}, "'phi' is not a number");
  refuse_summary(&(ntk_summary_options){.x = "d + e"}, "known here: N, d, phi");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_column, start),
      cmocka_unit_test_setup(test_column_of_quantity, start),
      cmocka_unit_test_setup(test_mean_and_deviation, start),
      cmocka_unit_test_setup(test_curves_and_points, start),
      cmocka_unit_test_setup(test_missing, start),
      cmocka_unit_test_setup(test_infinite, start),
      cmocka_unit_test_setup(test_interval_exact, start),
      cmocka_unit_test_setup(test_coverage, start),
      cmocka_unit_test_setup(test_streams, start),
      cmocka_unit_test_setup(test_refusals, start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
