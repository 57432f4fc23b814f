/* How many eigenvalues a mean share along them tells of.
 * Property: the incomplete beta function has its closed forms; of k of n directions the interval
 * from the squares of normal vectors has k in 95 of 100 draws and hardly more, whatever k, n and
 * the number of vectors are; a share that is known between two numbers alone has an interval that
 * contains both of theirs. */
#include "matrices.h"
#include "spectrum/density/counts.h"

/* Of whole a and b: P(a or more of a + b - 1 tosses). */
static double by_tosses(int a, int b, double x) {
  const int n = a + b - 1;
  long double sum = 0.0L;
  for (int k = a; k <= n; k++)
    sum += expl(lgammal(n + 1.0L) - lgammal(k + 1.0L) - lgammal(n - k + 1.0L) + k * logl(x) +
                (n - k) * log1pl(-(long double)x));
  return (double)sum;
}

static void test_beta(void **state) {
  (void)state;
  const int whole[] = {1, 2, 7, 40, 900, 4000};
  const double places[] = {1e-6, 0.003, 0.1, 0.2, 0.5, 0.77, 0.999};
  for (size_t p = 0; p < COUNT(places); p++) {
    const double x = places[p];
    assert_near(ntk_beta_cdf(0.5, 0.5, x), 2.0 / acos(-1.0) * asin(sqrt(x)), 1e-13, "arcsine law");
    assert_near(ntk_beta_cdf(1.0, 3.5, x), -expm1(3.5 * log1p(-x)), 1e-13, "a = 1");
    assert_near(ntk_beta_cdf(2.5, 1.0, x), pow(x, 2.5), 1e-13, "b = 1");
    for (size_t i = 0; i < COUNT(whole); i++)
      for (size_t j = 0; j < COUNT(whole); j++)
        assert_near(ntk_beta_cdf(whole[i], whole[j], x), by_tosses(whole[i], whole[j], x), 1e-9,
                    "whole a and b");
  }
  assert_true(ntk_beta_cdf(3.0, 4.0, 0.0) == 0.0 && ntk_beta_cdf(3.0, 4.0, 1.0) == 1.0);
  assert_near(ntk_beta_cdf(2e6, 2e6, 0.5), 0.5, 1e-8, "large and even");
}

static double share_of(uint64_t seed, size_t n, size_t k, size_t probes, double *z) {
  double part = 0.0, total = 0.0;
  for (size_t p = 0; p < probes; p++) {
    ntk_random_normal((ntk_random){.seed = seed, .stream = NTK_STREAM_POPULATION}, p, n, z);
    part += dot(z, z, k);
    total += dot(z, z, n);
  }
  return part / total;
}

static void test_coverage(void **state) {
  (void)state;
  enum { DRAWS = 2000 };
  const size_t cases[][3] = {{400, 160, 3}, {300, 290, 2}, {200, 20, 8}, {50, 25, 1}};
  for (size_t c = 0; c < COUNT(cases); c++) {
    const size_t n = cases[c][0], k = cases[c][1], probes = cases[c][2];
    double *z = make_array(n);
    size_t missed[2] = {0, 0}, least, most;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
      const double share = share_of(draw, n, k, probes, z);
      ntk_count_interval(n, probes, share, share, 0.025, &least, &most);
      missed[0] += least > k;
      missed[1] += most < k;
    }
    /* 2.5 of 100 at most on each side, and four deviations of that; nor far fewer. */
    for (size_t side = 0; side < 2; side++)
      assert_in_range(missed[side], 12, 78);
    free(z);
  }
}

static void test_edges(void **state) {
  (void)state;
  size_t least = 9, most = 9;
  ntk_count_interval(1, 1, 0.0, 0.0, 0.025, &least, &most);
  assert_true(least == 0 && most == 0);
  ntk_count_interval(1, 1, 1.0, 1.0, 0.025, &least, &most);
  assert_true(least == 1 && most == 1);
  ntk_count_interval(1, 1, 0.0, 1.0, 0.025, &least, &most);
  assert_true(least == 0 && most == 1);
  ntk_count_interval(500, 4, 0.0, 0.0, 0.025, &least, &most);
  assert_true(least == 0 && most == 0);
  ntk_count_interval(500, 4, 1.0, 1.0, 0.025, &least, &most);
  assert_true(least == 500 && most == 500);
  ntk_count_interval(500, 4, 0.0, 1.0, 0.025, &least, &most);
  assert_true(least == 0 && most == 500);
  ntk_count_interval(240, 3, 1e-9, 1e-9, 0.025, &least, &most); /* not 0, and hardly 1 */
  assert_true(least == 0 && most == 1);
  for (double low = 0.1; low < 0.9; low += 0.1) { /* ends outwards */
    size_t inner[2], other[2];
    ntk_count_interval(500, 4, low, low + 0.05, 0.025, &least, &most);
    ntk_count_interval(500, 4, low, low, 0.025, &inner[0], &inner[1]);
    ntk_count_interval(500, 4, low + 0.05, low + 0.05, 0.025, &other[0], &other[1]);
    assert_true(least == inner[0] && most == other[1] && inner[1] < most && other[0] > least);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_beta),
      cmocka_unit_test(test_coverage),
      cmocka_unit_test(test_edges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
