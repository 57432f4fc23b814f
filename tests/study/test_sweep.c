/* Scaling sweeps.
 * Property: exponents that are known are found, and what is predicted of them; a sweep has the same
 * bits in memory, in a database and read from one; its means are those of the trials; verdicts are
 * what the claims mean for the ends of an interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study/sweep/judge.h"
#include "study_support.h"

#include <math.h>

static const ntk_sweep_spec small = {.variable = "d",
                                     .values = "8,12,18",
                                     .samples = "floor(d^2/8)",
                                     .widths = "3*d,d^2",
                                     .population = NTK_LEAST_POPULATION,
                                     .trials = 2};

static const ntk_sweep_row *find(const ntk_sweep *sweep, const char *key) {
  for (size_t i = 0; i < sweep->rows; i++)
    if (strcmp(sweep->row[i].ledger.key, key) == 0)
      return &sweep->row[i];
  fail_msg("no row %s", key);
  return NULL;
}

static ntk_sweep run(const char *database) {
  ntk_sweep sweep;
  assert_ok(ntk_sweep_run(&small, database, NULL, &sweep));
  return sweep;
}

/* n_1 = 3 d is of the order of d, n_2 = d^2 not of that of n_1. */
static void test_exponents(void **state) {
  (void)state;
  ntk_sweep sweep = run(NULL);
  const ntk_sweep_row *first = find(&sweep, "n_1"), *second = find(&sweep, "n_2");
  assert_int_equal(sweep.status.total, 6);
  assert_int_equal(sweep.status.done, 6);
  assert_near(first->exponent, 1.0, 1e-12, "n_1");
  assert_near(first->constant, 3.0, 1e-10, "n_1 / d");
  assert_near(first->predicted, 1.0, 1e-12, "n_0");
  assert_int_equal(first->ledger.verdict, NTK_LEDGER_CONSISTENT);
  assert_near(second->exponent, 2.0, 1e-12, "n_2");
  assert_near(second->predicted, 1.0, 1e-12, "n_1");
  assert_int_equal(second->ledger.verdict, NTK_LEDGER_OUTSIDE);
  assert_int_equal(first->means.points, 3);
  assert_true(first->means.point[2].x == 18.0 && first->means.point[2].mean == 54.0);
  assert_int_equal(sweep.assumptions[2].outside, 3); /* n_2 > n_1, by a factor that grows */
  ntk_sweep_clear(&sweep);
}

static void expect_same(const ntk_sweep *a, const ntk_sweep *b) {
  assert_int_equal(a->rows, b->rows);
  for (size_t i = 0; i < a->rows; i++) {
    const ntk_sweep_row *x = &a->row[i], *y = &b->row[i];
    assert_string_equal(x->ledger.key, y->ledger.key);
    assert_string_equal(x->ledger.note, y->ledger.note);
    assert_int_equal(x->ledger.verdict, y->ledger.verdict);
    assert_memory_equal(&x->exponent, &y->exponent, sizeof x->exponent);
    assert_memory_equal(&x->low, &y->low, sizeof x->low);
    assert_memory_equal(&x->predicted, &y->predicted, sizeof x->predicted);
    assert_int_equal(x->means.points, y->means.points);
    for (size_t k = 0; k < x->means.points; k++)
      assert_true(x->means.point[k].mean == y->means.point[k].mean);
  }
}

static void test_database(void **state) {
  (void)state;
  const char *database = fresh("sweep.db");
  ntk_sweep held = run(NULL), kept = run(database), again = run(database);
  expect_same(&held, &kept);
  expect_same(&held, &again);
  ntk_study_table table = read_table(database);
  const ntk_sweep_row *lowest = find(&held, "lambda_min_K");
  double sum = 0.0;
  for (size_t i = 0; i < table.rows; i++)
    if (strcmp(table.row[i].quantity, "lambda_min_K") == 0 && table.row[i].point == 1)
      sum += table.row[i].value;
  assert_int_equal(lowest->means.point[1].count, 2);
  assert_near(lowest->means.point[1].mean, sum / 2.0, 1e-12 * sum, "mean");
  assert_int_equal(find(&held, "lambda_min_K")->trials, 6);
  ntk_study_table_clear(&table);
  ntk_sweep_clear(&held);
  ntk_sweep_clear(&kept);
  ntk_sweep_clear(&again);
  unlink(database);
}

/* The exponent's interval, its order's being 1, against what a claim means. */
static void test_verdicts(void **state) {
  (void)state;
  static const struct {
    ntk_ledger_claim claim;
    double low, high;
    ntk_ledger_verdict verdict;
  } cases[] = {
      {NTK_CLAIM_THETA, 0.9, 1.1, NTK_LEDGER_CONSISTENT},
      {NTK_CLAIM_THETA, 0.8, 0.94, NTK_LEDGER_SUSPECT},
      {NTK_CLAIM_THETA, 0.8, 0.96, NTK_LEDGER_CONSISTENT}, /* 0.05 is a drifting constant */
      {NTK_CLAIM_THETA, 1.06, 1.2, NTK_LEDGER_SUSPECT},
      {NTK_CLAIM_OMEGA, 1.06, 1.2, NTK_LEDGER_CONSISTENT},
      {NTK_CLAIM_OMEGA, 0.8, 0.94, NTK_LEDGER_SUSPECT},
      {NTK_CLAIM_BIG_O, 1.06, 1.2, NTK_LEDGER_SUSPECT},
      {NTK_CLAIM_BIG_O, 0.2, 0.3, NTK_LEDGER_CONSISTENT},
      {NTK_CLAIM_LITTLE_O, 0.2, 0.99, NTK_LEDGER_CONSISTENT},
      {NTK_CLAIM_LITTLE_O, 0.9, 1.01, NTK_LEDGER_UNRESOLVED},
      {NTK_CLAIM_LITTLE_O, 1.01, 1.2, NTK_LEDGER_SUSPECT},
      {NTK_CLAIM_NONE, 0.9, 1.1, NTK_LEDGER_MEASURED},
      {NTK_CLAIM_THETA, NAN, NAN, NTK_LEDGER_UNRESOLVED},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_sweep_row row = {.ledger = {.claim = cases[i].claim},
                         .trials = 6,
                         .exponent = 1.0,
                         .low = cases[i].low,
                         .high = cases[i].high,
                         .predicted = 1.0};
    ntk_sweep_judge(&row);
    if (row.ledger.verdict != cases[i].verdict)
      fail_msg("case %zu: %s", i, ntk_ledger_verdict_name(row.ledger.verdict));
  }
}

/* What decides where there is no exponent: inequalities, and zeros. */
static void test_counts(void **state) {
  (void)state;
  ntk_sweep_row row = {.ledger = {.claim = NTK_CLAIM_AT_LEAST}, .trials = 4, .held = 4};
  ntk_sweep_judge(&row);
  assert_int_equal(row.ledger.verdict, NTK_LEDGER_HOLDS);
  row.held = 3;
  ntk_sweep_judge(&row);
  assert_int_equal(row.ledger.verdict, NTK_LEDGER_FAILS);
  row.trials = 0;
  ntk_sweep_judge(&row);
  assert_int_equal(row.ledger.verdict, NTK_LEDGER_UNRESOLVED);
  row = (ntk_sweep_row){.ledger = {.claim = NTK_CLAIM_BIG_O}, .trials = 4, .zero = 4};
  ntk_sweep_judge(&row);
  assert_int_equal(row.ledger.verdict, NTK_LEDGER_CONSISTENT);
  row.ledger.claim = NTK_CLAIM_OMEGA;
  ntk_sweep_judge(&row);
  assert_int_equal(row.ledger.verdict, NTK_LEDGER_SUSPECT);
}

/* A linear network's K has rank d = 2 at most, of 304 parameters: a 0 is not said to be of these.
 */
static void test_known_zeros(void **state) {
  (void)state;
  ntk_sweep_spec spec = small;
  spec.variable = "N";
  spec.values = "4,8";
  spec.dim = "2";
  spec.samples = NULL;
  spec.widths = "16,16";
  spec.activation = "identity";
  ntk_sweep sweep;
  assert_ok(ntk_sweep_run(&spec, NULL, NULL, &sweep));
  const ntk_sweep_row *lowest = find(&sweep, "lambda_min_K");
  assert_int_equal(lowest->zero, 4);
  assert_int_equal(lowest->ledger.verdict, NTK_LEDGER_OUTSIDE);
  assert_string_equal(lowest->ledger.note, "0 in 4 of 4 trials, known without computing: verify at "
                                           "one size says why");
  ntk_sweep_clear(&sweep);
}

static void refuse(ntk_sweep_spec spec, ntk_status expected, const char *says) {
  ntk_sweep sweep;
  assert_refused(ntk_sweep_run(&spec, NULL, NULL, &sweep), expected, says);
}

static void test_refusals(void **state) {
  (void)state;
  ntk_sweep_spec spec = small;
  spec.dim = "8";
  refuse(spec, NTK_ERR_ARGUMENT, "grid.d: it is the variable");
  spec = small;
  spec.widths = NULL;
  refuse(spec, NTK_ERR_ARGUMENT, "needs a variable");
  spec = small;
  spec.widths = "d,,d";
  refuse(spec, NTK_ERR_ARGUMENT, "network.widths: a value is empty");
  spec = small;
  spec.samples = NULL;
  refuse(spec, NTK_ERR_FORMAT, "grid.N is missing");
  spec = small;
  spec.samples = "d/5";
  refuse(spec, NTK_ERR_ARGUMENT, "a whole number");
  spec = small;
  spec.population = 5;
  refuse(spec, NTK_ERR_ARGUMENT, "ledger.population");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exponents), cmocka_unit_test(test_database),
      cmocka_unit_test(test_verdicts),  cmocka_unit_test(test_counts),
      cmocka_unit_test(test_refusals),  cmocka_unit_test(test_known_zeros),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
