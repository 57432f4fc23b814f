/* How many dimensions rows span.
 * Property: of whole numbers times powers of two, from 2^-1074 to 2^1000, and of drawn numbers the
 * rank is that of an elimination in whole numbers, whatever the limit; one ulp makes it one more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/span.h"
#include "support.h"

static ntk_context *context;

static size_t span_of(const double *X, size_t N, size_t d, size_t most) {
  const ntk_held held = {ntk_share_whole(N), d, X};
  size_t rank = 999;
  assert_ok(ntk_span(context, &held, most, &rank));
  return rank;
}

/* Every limit: the rank itself up to it, or one more than the limit. */
static void check_span(const double *X, size_t N, size_t d, size_t rank, const char *what) {
  for (size_t most = 0; most <= d + 1; most++) {
    const size_t found = span_of(X, N, d, most), limit = most < d ? most : d;
    const size_t expected = rank <= limit ? rank : limit + 1;
    if (found != expected)
      fail_msg("%s: rank %zu of %zu x %zu, up to %zu, instead of %zu", what, found, N, d, most,
               expected);
  }
}

/* X = [I; A] [I, B] has rank r, for A and B of small whole numbers; rows and columns are then
 * mixed. */
static void fill(double *X, size_t N, size_t d, size_t r, uint64_t seed) {
  double *left = make_normal(seed, N * r), *right = make_normal(seed + 1, r * d);
  memset(X, 0, N * d * sizeof *X);
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < r; k++) {
      const double a = i < r ? (i == k ? 1.0 : 0.0) : rint(3.0 * left[i * r + k]);
      const size_t row = (7 * i + 3) % N; /* N has no factor 7 */
      for (size_t j = 0; j < d; j++)
        X[row * d + d - 1 - j] += a * (j < r ? (j == k ? 1.0 : 0.0) : rint(3.0 * right[k * d + j]));
    }
  free(left);
  free(right);
}

static void test_products(void **state) {
  (void)state;
  const size_t N[] = {1, 2, 5, 9, 16, 40}, d[] = {1, 3, 8, 13};
  for (size_t i = 0; i < COUNT(N); i++)
    for (size_t j = 0; j < COUNT(d); j++)
      for (size_t r = 0; r <= N[i] && r <= d[j]; r++) {
        double *X = make_array(N[i] * d[j]);
        fill(X, N[i], d[j], r, 10 * r + i);
        check_span(X, N[i], d[j], r, "whole numbers");
        for (size_t e = 0; e < N[i] * d[j]; e++) /* rows and columns times powers of two */
          X[e] = ldexp(X[e], (int)(e / d[j] % 3) * 900 - 900 + (int)(e % d[j] % 5));
        check_span(X, N[i], d[j], r, "powers of two");
        free(X);
      }
}

static void test_smallest(void **state) {
  (void)state;
  double X[20];
  fill(X, 5, 4, 2, 3);
  for (size_t e = 0; e < 20; e++)
    X[e] *= 0x1p-1074;
  check_span(X, 5, 4, 2, "the smallest numbers");
  X[7] = nextafter(X[7], 1.0);
  assert_true(span_of(X, 5, 4, 4) > 2);
}

/* 2^62 + 1 and such, which some primes divide, are no 0. */
static void test_determinants(void **state) {
  (void)state;
  for (int k = 1; k < 1000; k++) {
    const double X[] = {1.0, ldexp(1.0, k), 1.0, (double)(k % 40) + 3.0};
    check_span(X, 2, 2, X[1] == X[3] ? 1 : 2, "a power of two");
  }
}

static void test_drawn(void **state) {
  (void)state;
  enum { N = 30, D = 12 };
  double *X = make_normal(1, N * D);
  check_span(X, N, D, D, "drawn");
  check_span(X, 7, D, 7, "fewer rows");
  for (size_t i = 0; i < N; i++) /* one-hot columns sum to the constant one */
    for (size_t j = 0; j < D; j++)
      X[i * D + j] = j == 0 || j == 1 + i % 5 || j == 6 + i % 6 ? 1.0 : 0.0;
  check_span(X, N, D, D - 2, "one-hot");
  X[3] = 1.0 + 0x1p-52;
  check_span(X, N, D, D - 1, "one ulp");
  free(X);
}

int main(void) {
  context = make_context(1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_products),
      cmocka_unit_test(test_smallest),
      cmocka_unit_test(test_determinants),
      cmocka_unit_test(test_drawn),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
