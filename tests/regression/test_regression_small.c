/* Kernel regression with small ridges, of a K that is singular without them.
 * Property: norms are right where a, which grows as 1 / R along vectors of K's null space, has
 * nothing but rounding to do with them; the residual is what is left of the system with the stored
 * K, no more than rounding a makes of it; and predictions that rounding in K can move are said to
 * be so. */
#include "one_context.h"

#include "plain_regression.h"

static ntk_regression_result fit(const problem *p, double ridge) {
  const ntk_regression_options options = {.ridge = ridge};
  ntk_regression_result r = {0};
  assert_ok(ntk_regression(one, p->network, p->data, p->Y, p->test, &options, &r));
  return r;
}

/* R = 1e-10 of a K whose largest eigenvalue is some hundred: the ridge's own part is below 1e-9. */
static void test_norms(void **state) {
  (void)state;
  static const double ridges[] = {1e-8, 1e-9, 1e-10};
  problem p = make_problem(one, 1, 9);
  make_twins(one, &p);
  const twins m = merge_twins(&p);
  const double norm = (double)sqrtl(m.norm), apart = p.Y[0] - p.Y[1];
  for (size_t k = 0; k < COUNT(ridges); k++) {
    ntk_regression_result r = fit(&p, ridges[k]);
    const double near = 1e-14 / ridges[k] + 10.0 * ridges[k];
    assert_near(r.chosen.norm, norm, near * norm, "norm");
    assert_near(r.chosen.train_loss, apart * apart / 4.0, 1e-3 * apart * apart, "loss");
    assert_near(r.coefficient[0] * ridges[k], apart / 2.0, 1e-3, "a along the null space");
    ntk_regression_clear(&r);
  }
  drop_problem(&p);
}

/* (K + R I) a - r by the plain kernel, over ||r||. */
static double plain_residual(const problem *p, const ntk_regression_result *r) {
  long double K[MOST_ROWS * MOST_ROWS], off = 0.0L, all = 0.0L;
  plain_kernel(p, K);
  for (size_t i = 0; i < p->rows; i++) {
    const long double wanted = p->Y[i] - p->f0[i];
    long double e = r->ridge * r->coefficient[i] - wanted;
    for (size_t j = 0; j < p->rows; j++)
      e += K[i * p->rows + j] * r->coefficient[j];
    off += e * e;
    all += wanted * wanted;
  }
  return (double)sqrtl(off / all);
}

static void test_residual(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 9);
  make_twins(one, &p);
  ntk_regression_result r = fit(&p, 1e-3);
  const double least = r.resolution;
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_true(r.residual > 0.0 && r.residual < 1e-9);
  ntk_regression_clear(&r);
  for (double ridge = 1.1 * least; ridge < 1000.0 * least; ridge *= 3.0) {
    r = fit(&p, ridge);
    double a = 0.0, y = 0.0, trace = 0.0;
    long double K[MOST_ROWS * MOST_ROWS];
    plain_kernel(&p, K);
    for (size_t i = 0; i < p.rows; i++) {
      a += r.coefficient[i] * r.coefficient[i];
      y += (p.Y[i] - p.f0[i]) * (p.Y[i] - p.f0[i]);
      trace += (double)K[i * p.rows + i];
    }
    /* a is rounded, K is, and the plain kernel is another: each 2^-53 ||K|| ||a||, or less. */
    const double rounding = 0x1p-53 * trace * sqrt(a / y), plain = plain_residual(&p, &r);
    assert_true(r.residual > 1e-3 * rounding && r.residual < rounding);
    assert_true(plain < 4.0 * rounding);
    assert_int_equal(r.verdict, rounding > 1e-3 ? NTK_VERDICT_INACCURATE : NTK_VERDICT_OK);
    assert_true((r.reason[0] != '\0') == (r.verdict != NTK_VERDICT_OK));
    ntk_regression_clear(&r);
  }
  r = fit(&p, 1.1 * least);
  assert_int_equal(r.verdict, NTK_VERDICT_INACCURATE);
  assert_non_null(strstr(r.reason, "with a larger ridge it does less"));
  ntk_regression_clear(&r);
  drop_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_norms),
      cmocka_unit_test(test_residual),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
