/* Maps over a plane, and the boundary N = c x between their two phases.
 * Property: with log a cell's mean is the geometric one, and what has no logarithm is counted; the
 * boundary of made-up cells with a known c is found again, crossings are those of their definition,
 * and the bootstrap interval covers c as often as it should; the order of rows does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntkit/study.h"
#include "support.h"

/* ---- A table made by hand: variables N and x ------------------------------------------------- */

enum { MOST = 20000 };

static double variables[MOST][2];
static const char *texts[MOST][2];
static ntk_study_row rows[MOST];
static const char *const names[] = {"N", "x"};
static const bool is_text[] = {false, false};
static const char *const quantities[] = {"rate", "final_loss"};
static ntk_study_table table;

static int start(void **state) {
  (void)state;
  table = (ntk_study_table){.variables = 2,
                            .variable = names,
                            .is_text = is_text,
                            .quantities = 2,
                            .quantity = quantities,
                            .row = rows};
  return 0;
}

static void add(double x, double N, size_t trial, double value) {
  const size_t i = table.rows++;
  assert_true(i < MOST);
  variables[i][0] = N;
  variables[i][1] = x;
  rows[i] = (ntk_study_row){.variable = variables[i],
                            .text = texts[i],
                            .point = (size_t)(1e5 * x + 1e4 - N), /* not in the order of N */
                            .trial = trial,
                            .quantity = "final_loss",
                            .value = value,
                            .verdict = isnan(value) ? "diverged" : "ok",
                            .error = ""};
}

static const ntk_map_options plain = {.quantity = "final_loss", .x = "x", .y = "N", .seed = 3};
static const ntk_map_options logarithmic = {
    .quantity = "final_loss", .x = "x", .y = "N", .log = true, .seed = 3};

/* ---- Maps ------------------------------------------------------------------------------------ */

/* 10^-3.2, 10^-3.7, 10^-12.5, 10^-3.2 of the authors' setting have the mean 10^-5.65; a zero and a
 * missing value are left out of it and counted. */
static void test_geometric_mean(void **state) {
  (void)state;
  const double logs[] = {-3.2, -3.7, -12.5, -3.2};
  for (size_t i = 0; i < 4; i++)
    add(5, 7, i, pow(10.0, logs[i]));
  add(5, 7, 4, 0.0);
  add(5, 7, 5, NAN);
  add(4, 9, 0, 0.0);
  add(5, 6, 0, 2.0);
  ntk_map map;
  assert_ok(ntk_study_map(&table, &logarithmic, &map));
  assert_int_equal(map.cells, 3); /* by x, then y */
  assert_near(map.cell[0].x, 4.0, 0.0, "x");
  assert_true(map.cell[0].left_out == 1 && map.cell[0].count == 0 && isnan(map.cell[0].mean));
  assert_near(map.cell[1].y, 6.0, 0.0, "y");
  assert_near(map.cell[1].mean, 2.0, 1e-15, "mean of one");
  assert_true(isnan(map.cell[1].deviation));
  const ntk_map_cell *cell = &map.cell[2];
  assert_true(cell->count == 4 && cell->left_out == 1 && cell->missing == 1);
  assert_near(log10(cell->mean), -22.6 / 4.0, 1e-14, "log10 of the geometric mean");
  double squares = 0.0;
  for (size_t i = 0; i < 4; i++)
    squares += (logs[i] + 5.65) * (logs[i] + 5.65);
  assert_near(cell->deviation, sqrt(squares / 3.0), 1e-13, "deviation of log10");
  ntk_map_clear(&map);
  assert_ok(ntk_study_map(&table, &plain, &map)); /* the plain mean takes the zero */
  double sum = 0.0;
  for (size_t i = 0; i < 4; i++)
    sum += pow(10.0, logs[i]);
  assert_near(map.cell[2].mean, sum / 5.0, 1e-18, "mean");
  assert_int_equal(map.cell[2].count, 5);
  assert_near(map.cell[0].mean, 0.0, 0.0, "mean of a zero");
  ntk_map_clear(&map);
}

static void test_refusals(void **state) {
  (void)state;
  add(5, 7, 0, 1.0);
  ntk_map map;
  ntk_boundary boundary;
  ntk_map_options options = plain;
  options.y = "M";
  assert_refused(ntk_study_map(&table, &options, &map), NTK_ERR_ARGUMENT, "'M' is not known");
  options.y = NULL;
  assert_refused(ntk_study_map(&table, &options, &map), NTK_ERR_ARGUMENT, "options.y is NULL");
  options = plain;
  options.quantity = "loss";
  assert_refused(ntk_study_map(&table, &options, &map), NTK_ERR_ARGUMENT, "unknown quantity");
  assert_refused(ntk_study_boundary(&table, &plain, 0.0, &boundary), NTK_ERR_NUMERIC,
                 "no x has values on both sides of the level 1");
  options = plain;
  options.x = "x-5";
  assert_refused(ntk_study_boundary(&table, &options, 0.0, &boundary), NTK_ERR_ARGUMENT,
                 "x is 0 at a cell; accepted for a boundary: above 0");
}

/* ---- Crossings ------------------------------------------------------------------------------- */

/* Columns of cells at N = 10, 20, ...; what the level 1/2 has below it is worked out by hand. */
static void test_crossings(void **state) {
  (void)state;
  const struct {
    double x, value[5], crossing; /* NaN: it does not cross, and is not fitted */
  } columns[] = {
      {1.0, {0, 0, 1, 1, 1}, 25.0},
      {2.0, {0, 0.25, 0.75, 1, 1}, 25.0},
      {3.0, {0, 1, 0, 1, 1}, 10.0 + 5.0 + 5.0 + 5.0}, /* below on three pieces of 5 */
      {4.0, {0, 0, 0, 0, 2}, 42.5},
      {5.0, {0, 0, 0, 0, 0}, NAN},
      {6.0, {1, 0, 0, 0, 1}, NAN},
      {7.0, {0.4, 0.4, 0.4, 0.4, 0.6}, 45.0},
      {8.0, {0, 1, 0.2, 1, 1}, 10.0 + 5.0 + 3.75 + 3.75},
      {9.0, {0, 0, 0, 0, 0.5}, 50.0},
  };
  double xx = 0.0, xy = 0.0;
  for (size_t k = 0; k < COUNT(columns); k++) {
    for (size_t j = 0; j < 5; j++)
      add(columns[k].x, 10.0 * (double)(j + 1), 0, columns[k].value[j]);
    if (!isnan(columns[k].crossing)) {
      xx += columns[k].x * columns[k].x;
      xy += columns[k].x * columns[k].crossing;
    }
  }
  ntk_boundary boundary;
  assert_ok(ntk_study_boundary(&table, &plain, 0.5, &boundary));
  assert_near(boundary.constant, xy / xx, 1e-14 * xy / xx, "constant");
  assert_int_equal(boundary.columns, 9);
  assert_int_equal(boundary.crossed, 7);
  assert_int_equal(boundary.cells, 45);
  assert_int_equal(boundary.trials, 45);
  assert_true(isnan(boundary.low) && isnan(boundary.high)); /* of one trial nothing is known */
  double squares = 0.0;
  for (size_t k = 0; k < COUNT(columns); k++)
    if (!isnan(columns[k].crossing)) {
      const double off = columns[k].crossing / (xy / xx * columns[k].x) - 1.0;
      squares += off * off;
    }
  assert_near(boundary.scatter, sqrt(squares / 7.0), 1e-13, "scatter");
  assert_ok(ntk_study_boundary(&table, &plain, 0.0, &boundary));
  assert_near(boundary.level, 1.0, 0.0, "half way between 0 and 2");
}

/* ---- A known constant ------------------------------------------------------------------------ */

static const double C = 0.8, FLOOR = -13.0;

/* log10 of the loss: from FLOOR below N = C x to 0 above it, half way on it; trials differ by
 * normal noise in log N, as if each had a boundary of its own. */
static void make_cells(uint64_t seed, size_t trials, double steepness, double noise) {
  const double *z = make_normal(seed, MOST);
  start(NULL);
  for (size_t i = 1; i <= 12; i++)
    for (size_t j = 1; j <= 30; j++)
      for (size_t t = 0; t < trials; t++) {
        const double x = 500.0 * (double)i, N = 200.0 * (double)j;
        const double u = log(N / (C * x)) + noise * z[table.rows];
        add(x, N, t, pow(10.0, FLOOR / (1.0 + exp(steepness * u))));
      }
  free((void *)z);
}

static void test_known_constant(void **state) {
  (void)state;
  ntk_boundary boundary;
  make_cells(1, 2, 20.0, 0.0);
  assert_ok(ntk_study_boundary(&table, &logarithmic, 0.0, &boundary));
  assert_near(log10(boundary.level), 0.5 * FLOOR, 1e-6, "level half way");
  assert_near(boundary.constant, C, 0.005 * C, "constant without noise");
  assert_near(boundary.high - boundary.low, 0.0, 1e-12, "interval without noise");
  assert_int_equal(boundary.crossed, 12);
  assert_true(boundary.scatter < 0.1);
  make_cells(2, 10, 20.0, 0.2);
  assert_ok(ntk_study_boundary(&table, &logarithmic, pow(10.0, 0.5 * FLOOR), &boundary));
  assert_near(boundary.constant, C, 0.03 * C, "constant with noise");
  assert_true(boundary.low < boundary.constant && boundary.constant < boundary.high);
  const ntk_boundary first = boundary;
  for (size_t i = 0; i < table.rows / 2; i++) { /* backwards */
    const ntk_study_row kept = rows[i];
    rows[i] = rows[table.rows - 1 - i];
    rows[table.rows - 1 - i] = kept;
  }
  assert_ok(ntk_study_boundary(&table, &logarithmic, pow(10.0, 0.5 * FLOOR), &boundary));
  assert_memory_equal(&boundary, &first, sizeof first);
}

/* Of 60 made-up data sets the 95 % interval covers C in all but a few, and is as wide as the
 * constants' own scatter says. With 4 trials percentiles are narrow by sqrt(3/4): 91 % are
 * expected, fewer than 48 once in 200 times. */
static void test_coverage(void **state) {
  (void)state;
  enum { SETS = 60 };
  size_t covered = 0;
  double squares = 0.0, width = 0.0;
  for (uint64_t seed = 1; seed <= SETS; seed++) {
    ntk_boundary boundary;
    make_cells(100 + seed, 4, 8.0, 0.15);
    assert_ok(ntk_study_boundary(&table, &logarithmic, pow(10.0, 0.5 * FLOOR), &boundary));
    covered += boundary.low <= C && C <= boundary.high;
    squares += (boundary.constant - C) * (boundary.constant - C);
    width += (boundary.high - boundary.low) / SETS;
  }
  if (covered < 48)
    fail_msg("%zu of %d intervals cover the constant", covered, SETS);
  const double expected = 2.0 * 1.96 * sqrt(0.75) * sqrt(squares / SETS);
  assert_near(width, expected, 0.3 * expected, "width of the interval");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_geometric_mean, start),
      cmocka_unit_test_setup(test_refusals, start),
      cmocka_unit_test_setup(test_crossings, start),
      cmocka_unit_test_setup(test_known_constant, start),
      cmocka_unit_test_setup(test_coverage, start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
