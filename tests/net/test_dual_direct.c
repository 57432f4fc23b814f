/* Pairs of samples that are integrated one by one (net/dual/direct.c).
 * Property: they are what tables and series say of the same pairs; at deviations for which there is
 * neither, of an activation that has a closed form, what that says; samples far from the others do
 * not change what the others' pairs go by, unless a series for all is less work. */
#include "one_context.h"

#include "net/dual/dual.h"

enum { ROWS = 24, SAMPLES = 40 };

typedef struct numbers {
  double z[ROWS], same[ROWS], slopes[ROWS], sizes[ROWS], slope[ROWS];
} numbers;

/* Of variances a (ROWS) with b, from the angles below. */
static numbers evaluate(const ntk_dual *dual, const double *a, double b) {
  const size_t terms = ntk_dual_terms(dual);
  double *basis = make_array(terms * ROWS + 1), *own = make_array(terms + 1);
  double *column = make_array(ntk_dual_column_size(dual) + 1);
  double many[3][ROWS];
  numbers found;
  const ntk_dual_one v = ntk_dual_one_of(dual, b);
  ntk_dual_basis(dual, &v, 1, own);
  ntk_dual_column(dual, own, column);
  for (size_t i = 0; i < ROWS; i++) {
    const ntk_dual_one u = ntk_dual_one_of(dual, a[i]);
    const double t = 3.1 * ((double)i + 0.01) / ROWS; /* 1e-3 to nearly pi */
    ntk_dual_basis(dual, &u, ROWS, basis + i);
    many[0][i] = u.root;
    many[1][i] = u.size;
    many[2][i] = u.slope;
    found.sizes[i] = u.size * v.size;
    found.slope[i] = u.slope * v.slope;
    found.z[i] =
        cos(t) >= 0.0 ? 2.0 * sin(t / 2.0) * sin(t / 2.0) : -2.0 * cos(t / 2.0) * cos(t / 2.0);
  }
  const ntk_dual_pairs pairs = {.dual = dual,
                                .n = ROWS,
                                .variance = a,
                                .root = many[0],
                                .size = many[1],
                                .slope = many[2],
                                .basis = basis,
                                .v = v,
                                .column = column};
  ntk_dual_evaluate(&pairs, found.z, found.same, found.slopes);
  free(basis);
  free(own);
  free(column);
  return found;
}

static void compare(const ntk_dual *one_by_one, const ntk_dual *other, const double *a, double b,
                    const char *what) {
  const numbers x = evaluate(one_by_one, a, b), y = evaluate(other, a, b);
  for (size_t i = 0; i < ROWS; i++) {
    assert_near(x.same[i], y.same[i], 1e-13 * x.sizes[i], what);
    assert_near(x.slopes[i], y.slopes[i], 1e-13 * x.slope[i], what);
    assert_near(x.z[i], y.z[i], 2e-13, what);
  }
}

/* One sample of SAMPLES has 20 times the variance of the others: its pairs are integrated, with a
 * few pairs all are. */
static void test_one_of_many(void **state) {
  (void)state;
  static const char *const names[] = {"tanh", "selu"};
  double variance[SAMPLES];
  for (size_t i = 0; i < SAMPLES; i++)
    variance[i] = i == 7 ? 20.0 : 0.8 + 0.01 * (double)i;
  for (size_t n = 0; n < COUNT(names); n++) {
    ntk_activation phi;
    ntk_dual whole = {0}, split = {0};
    assert_ok(ntk_activation_parse(names[n], 1, &phi));
    assert_ok(ntk_dual_create(one, &phi, 0.8, 20.0, &whole));
    assert_int_equal(whole.radius.count, 0);
    assert_ok(ntk_dual_create_for(one, &phi, SAMPLES, variance, 2000.0, &split));
    assert_true(split.radius.count > 0 && split.from == 0.8 && split.to < 2.0);
    for (size_t i = 6; i < 9; i++)
      compare(&split, &whole, variance, variance[i], names[n]);
    ntk_dual_destroy(&whole);
    ntk_dual_destroy(&split);
  }
}

/* The same one of 600, whose pairs are so many that gelu's series for all is less. */
static void test_one_in_the_series(void **state) {
  (void)state;
  enum { MANY = 600 };
  double variance[MANY];
  ntk_activation phi;
  ntk_dual dual = {0};
  for (size_t i = 0; i < MANY; i++)
    variance[i] = i == 7 ? 20.0 : 0.8 + 0.001 * (double)i;
  assert_ok(ntk_activation_parse("gelu", 1, &phi));
  assert_ok(ntk_dual_create_for(one, &phi, MANY, variance, MANY * (MANY + 24.0), &dual));
  assert_int_equal(dual.kind, NTK_DUAL_SERIES);
  assert_int_equal(dual.radius.count, 0);
  assert_true(dual.from == 0.8 && dual.to == 20.0);
  ntk_dual_destroy(&dual);
}

/* erf by quadrature, as if it had no closed form, at deviations of 1 to 2000. */
static void test_steep(void **state) {
  (void)state;
  static const double roots[] = {1.0, 20.0, 255.0, 2000.0};
  ntk_activation phi;
  assert_ok(ntk_activation_parse("erf", 1, &phi));
  for (size_t n = 0; n < COUNT(roots); n++) {
    const double a = roots[n] * roots[n], b = 0.3 * a;
    double variance[ROWS];
    ntk_dual closed = {0};
    assert_ok(ntk_dual_create(one, &phi, b, a, &closed));
    ntk_dual plain = {.context = one, .phi = phi, .kind = NTK_DUAL_TABLE, .from = INFINITY};
    assert_ok(ntk_rule_line(one, 384, &plain.line));
    assert_ok(ntk_table_rules(&plain, sqrt(b), sqrt(a), &plain.radius, &plain.sector));
    for (size_t i = 0; i < ROWS; i++)
      variance[i] = i % 2 == 0 ? a : b;
    compare(&plain, &closed, variance, a, "erf");
    compare(&plain, &closed, variance, b, "erf");
    ntk_dual_destroy(&plain);
    ntk_dual_destroy(&closed);
  }
}

/* What raw pixels need: few samples at any deviation of these. */
static void test_accepted(void **state) {
  (void)state;
  static const char *const names[] = {"tanh", "gelu", "gelu_tanh", "sigmoid", "silu",
                                      "atan", "selu", "softsign",  "softplus"};
  const double variance[] = {1e4, 4e4};
  for (size_t n = 0; n < COUNT(names); n++) {
    ntk_activation phi;
    ntk_dual dual = {0};
    assert_ok(ntk_activation_parse(names[n], 1, &phi));
    assert_ok(ntk_dual_create_for(one, &phi, COUNT(variance), variance, 40.0, &dual));
    ntk_dual_destroy(&dual);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_of_many),
                                     cmocka_unit_test(test_one_in_the_series),
                                     cmocka_unit_test(test_steep), cmocka_unit_test(test_accepted)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
