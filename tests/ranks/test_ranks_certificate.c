/* Certificates for a matrix that is spread over ranks.
 * Property: for s s^T + c I in whole numbers, whose smallest eigenvalue is c, the interval holds c;
 * its lower end is one process's to the bit, and what is no bound is not proved. */
#include "packed_pair.h"

#include "spectrum/certificate.h"

static const double C = 24.0;

static double known_entry(size_t n, size_t i, size_t j) {
  (void)n;
  return (small_integer(i, 1) + 9.0) * (small_integer(j, 1) + 9.0) + (i == j ? C : 0.0);
}

/* At a shift of c - margin. */
static void check_lower(ntk_share share, double margin, bool wanted) {
  packed_pair p = make_pair(share, NTK_PRECISION_DOUBLE, known_entry);
  bool alone = false, proved = false;
  double at_one = NAN, lower = NAN;
  assert_ok(ntk_certify_lower(&p.whole, C - margin, &alone, &at_one));
  assert_ok(ntk_certify_lower(&p.spread, C - margin, &proved, &lower));
  assert_int_equal(alone, wanted);
  assert_int_equal(proved, wanted);
  if (wanted) {
    assert_true(lower == at_one);
    assert_true(lower <= C && lower >= C - 2 * margin);
  }
  destroy_pair(&p);
}

/* By a vector of c: s_2 e_1 - s_1 e_2, of which the product is exact. */
static void check_upper(ntk_share share) {
  packed_pair p = make_pair(share, NTK_PRECISION_DOUBLE, known_entry);
  double *v = make_array(share.N), *Av = make_array(share.N), alone = NAN, upper = NAN;
  const size_t last = share.N - 1;
  v[0] = small_integer(last, 1) + 9.0;
  v[last] = -(small_integer(0, 1) + 9.0);
  assert_ok(ntk_certify_upper(&p.whole, v, Av, &alone));
  assert_ok(ntk_certify_upper(&p.spread, v, Av, &upper));
  assert_same_on_all(all, &upper, sizeof upper);
  for (size_t i = 0; i < share.N; i++)
    assert_true(Av[i] == C * v[i]);
  assert_true(upper >= C);
  assert_near(upper, alone, 1e-3 * (alone - C), "upper end");
  destroy_pair(&p);
  free(v);
  free(Av);
}

static void test_interval(void **state) {
  (void)state;
  static const size_t orders[] = {2, 48, 49, 100, 241, 500, 700};
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int kind = 0; kind < SHARES; kind++) {
      check_lower(share_of(orders[k], kind), 1e-6, true);
      check_lower(share_of(orders[k], kind), -1e-6, false);
      check_upper(share_of(orders[k], kind));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_interval)};
  return run_on_ranks(tests, COUNT(tests), setup_both, teardown_both);
}
