/* Cover's count of dichotomies, and what ntk_memorize finds to be separable.
 * Properties: the count is the sum of binomials, obeys Cover's recursion and is 1/2 at N = 2 P;
 * random labels of points in general position are found separable as often as it says, on both
 * sides of N = 2 P, within the binomial law's error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memorize_support.h"

static double probability(size_t N, size_t P) {
  return exp(ntk_cover_log_probability(N, P));
}

/* 2^{1-N} sum_{k < P} C(N-1, k), all numbers below 2^64 and exact. */
static void test_binomials(void **state) {
  (void)state;
  for (size_t N = 1; N <= 60; N++) {
    long double sum = 0.0L, binomial = 1.0L;
    for (size_t P = 1; P <= N + 2; P++) {
      if (P <= N) {
        sum += binomial;
        binomial = binomial * (long double)(N - P) / (long double)P;
      }
      const long double exact = ldexpl(sum, 1 - (int)N);
      assert_near((double)(probability(N, P) / exact), 1.0, 1e-13, "the sum of binomials");
    }
  }
  assert_true(ntk_cover_log_probability(5, 0) == -INFINITY);
  assert_true(ntk_cover_log_probability(7, 7) == 0.0 && ntk_cover_log_probability(0, 3) == 0.0);
}

/* C(N + 1, P) = C(N, P) + C(N, P - 1): of probabilities the mean; and symmetry about N = 2 P. */
static void test_large(void **state) {
  (void)state;
  static const size_t sizes[] = {100, 999, 30000, 1000000};
  for (size_t k = 0; k < COUNT(sizes); k++) {
    const size_t N = sizes[k];
    const double deviation = sqrt((double)N) / 2;
    for (int s = -6; s <= 6; s++) {
      const size_t P = (size_t)((double)N / 2 + s * deviation);
      const double mean = 0.5 * (probability(N, P) + probability(N, P - 1));
      assert_near(probability(N + 1, P) / mean, 1.0, 1e-11, "Cover's recursion");
      assert_near(probability(N, P) + probability(N, N - P), 1.0, 1e-12, "symmetry");
    }
    assert_near(probability(2 * N, N), 0.5, 1e-13, "N = 2 P");
  }
  assert_near(ntk_cover_log_probability(1000000, 1) / (999999 * log(2)), -1.0, 1e-15, "P = 1");
  const double two = log(1.0 + 999999.0) - 999999 * log(2);
  assert_near(ntk_cover_log_probability(1000000, 2) / two, 1.0, 1e-14, "P = 2");
}

/* L = 2 with one pair of identity units: the rows of J_{L-2} are the samples, P = d. */
static bool separable(ntk_context *context, size_t N, size_t d, uint64_t seed) {
  const size_t width[] = {d, 2};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity", .seed = 1};
  const ntk_memorize_options options = {.margin = 1.0};
  double *X = make_normal(2 * seed, N * d), *Y = make_normal(2 * seed + 1, N);
  for (size_t i = 0; i < N; i++)
    Y[i] = Y[i] < 0.0 ? -1.0 : 1.0;
  ntk_dataset *data = make_data(context, X, N, d);
  ntk_network *network = NULL;
  ntk_memorize_result result;
  assert_ok(ntk_memorize(context, &spec, data, Y, 1, &options, &network, &result));
  /* It is told either way, and what is told is so. */
  assert_true(result.separation > 0.0 || result.combination <= 1e-13);
  assert_true(result.reached == (result.separation > 0.0));
  double least = INFINITY;
  for (size_t i = 0; i < N; i++)
    least = fmin(least, Y[i] * (double)network_output(network, "identity", X + i * d));
  assert_true(least >= 1.0 || !result.reached);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(X);
  free(Y);
  return result.reached;
}

static void test_draws(void **state) {
  (void)state;
  enum { DRAWS = 400, DIM = 12 };
  static const size_t samples[] = {16, 20, 22, 24, 26, 28, 32};
  ntk_context *context = make_context(1);
  for (size_t k = 0; k < COUNT(samples); k++) {
    size_t found = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++)
      found += separable(context, samples[k], DIM, 1000 * (k + 1) + draw);
    const double p = probability(samples[k], DIM);
    const double error = 3.0 * sqrt(p * (1.0 - p) * DRAWS);
    assert_near((double)found, p * DRAWS, fmax(error, 2.0), "separable draws");
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_binomials),
      cmocka_unit_test(test_large),
      cmocka_unit_test(test_draws),
  };
  return cmocka_run_group_tests_name("cover", tests, NULL, NULL);
}
