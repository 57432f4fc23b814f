/* Random numbers.
 * Property: Philox-4x64-10 is Random123's; uniform and normal numbers have their distributions,
 * streams are independent, and a row's first n numbers do not depend on n. */
#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1000000, SIGMAS = 5 };
static double x[N], y[N];

/* 64 x 64 -> 128 bits by schoolbook multiplication of 32-bit halves. */
static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low) {
  const uint64_t mask = 0xffffffff;
  const uint64_t ll = (a & mask) * (b & mask), lh = (a & mask) * (b >> 32);
  const uint64_t hl = (a >> 32) * (b & mask), hh = (a >> 32) * (b >> 32);
  const uint64_t middle = (ll >> 32) + (lh & mask) + (hl & mask);
  *low = a * b;
  *high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

/* Philox-4x64-10 written from the paper (Salmon et al., SC 2011, section 3.3). */
static void plain_philox(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]) {
  uint64_t c[4], k[2] = {key[0], key[1]};
  memcpy(c, counter, sizeof c);
  for (int round = 0; round < 10; round++) {
    uint64_t high0, low0, high1, low1;
    multiply(0xD2E7470EE14C6C93, c[0], &high0, &low0);
    multiply(0xCA5A826395121157, c[2], &high1, &low1);
    const uint64_t next[4] = {high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0};
    memcpy(c, next, sizeof c);
    k[0] += 0x9E3779B97F4A7C15;
    k[1] += 0xBB67AE8584CAA73B;
  }
  memcpy(out, c, sizeof c);
}

/* Known answers of Random123's kat_vectors: counter and key zero; all ones; digits of pi. */
static void test_known_answers(void **state) {
  (void)state;
  const uint64_t ones = UINT64_MAX;
  const struct {
    uint64_t counter[4], key[2], answer[4];
  } kat[] = {
      {{0}, {0}, {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
      {{ones, ones, ones, ones},
       {ones, ones},
       {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
      {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
       {0x452821e638d01377, 0xbe5466cf34e90c6c},
       {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
  };
  for (size_t k = 0; k < sizeof kat / sizeof kat[0]; k++) {
    philox4x64_ctr_t counter;
    philox4x64_key_t key;
    memcpy(counter.v, kat[k].counter, sizeof counter.v);
    memcpy(key.v, kat[k].key, sizeof key.v);
    const philox4x64_ctr_t library = philox4x64_R(10, counter, key);
    uint64_t plain[4];
    plain_philox(kat[k].counter, kat[k].key, plain);
    assert_memory_equal(library.v, kat[k].answer, sizeof plain);
    assert_memory_equal(plain, kat[k].answer, sizeof plain);
  }
}

/* Words of (seed, stream, sub, row, block) = Philox(counter (block, row, sub, 0), key (seed,
 * stream)). */
static void test_words(void **state) {
  (void)state;
  for (uint64_t k = 0; k < 1000; k++) {
    const ntk_random source = {k * 0x9E3779B97F4A7C15, (ntk_stream)(1 + k % 5), k * k << 40};
    const uint64_t row = k << (k % 60), block = 7 * k;
    const uint64_t counter[4] = {block, row, source.sub, 0};
    const uint64_t key[2] = {source.seed, (uint64_t)source.stream};
    uint64_t words[4], plain[4];
    ntk_random_words(source, row, block, words);
    plain_philox(counter, key, plain);
    assert_memory_equal(words, plain, sizeof plain);
  }
}

/* Mean of (v - shift)^power within SIGMAS standard errors sigma / sqrt N of expected. */
static void check_moment(const double *v, double shift, int power, double expected, double sigma) {
  double sum = 0.0;
  for (size_t i = 0; i < N; i++)
    sum += pow(v[i] - shift, power);
  const double error = sum / N - expected;
  assert_true(fabs(error) <= SIGMAS * sigma / sqrt(N));
}

/* U uniform on (0, 1), word / 2^64 up to 2^-53: E(U - 1/2)^k = 1 / ((k + 1) 2^k) for even k. */
static void test_uniform(void **state) {
  (void)state;
  const ntk_random source = {.seed = 11, .stream = NTK_STREAM_DATA};
  ntk_random_uniform(source, 5, N, x);
  for (size_t i = 0; i < N; i++) {
    uint64_t words[4];
    if (i % 997 == 0) {
      ntk_random_words(source, 5, i / 4, words);
      assert_true(fabs(x[i] - ldexp((double)words[i % 4], -64)) <= 0x1p-53);
    }
    assert_true(x[i] > 0.0 && x[i] < 1.0);
  }
  for (int k = 1; k <= 6; k++) {
    const double mean = k % 2 == 0 ? ldexp(1.0 / (k + 1), -k) : 0.0;
    const double square = ldexp(1.0 / (2 * k + 1), -2 * k);
    check_moment(x, 0.5, k, mean, sqrt(square - mean * mean));
  }
}

/* Z ~ N(0, 1): E Z^k = (k-1)!! for even k, 0 for odd; Var Z^k = (2k-1)!! - (E Z^k)^2. */
static void test_normal_moments(void **state) {
  (void)state;
  const double even[] = {1, 1, 3, 15, 105, 945, 10395}; /* E Z^{2m} = (2m-1)!! */
  ntk_random_normal((ntk_random){.seed = 12, .stream = NTK_STREAM_WEIGHTS}, 0, N, x);
  for (int k = 1; k <= 6; k++) {
    const double mean = k % 2 == 0 ? even[k / 2] : 0.0;
    check_moment(x, 0.0, k, mean, sqrt(even[k] - mean * mean));
  }
}

/* P(|Z| > t) = erfc(t / sqrt 2), counts binomial; both signs alike. */
static void test_normal_tails(void **state) {
  (void)state;
  ntk_random_normal((ntk_random){.seed = 13, .stream = NTK_STREAM_PROBES}, 9, N, x);
  for (double t = 0.25; t < 4.3; t += 0.25) {
    double above = 0.0, below = 0.0;
    for (size_t i = 0; i < N; i++) {
      above += x[i] > t;
      below += x[i] < -t;
    }
    const double p = erfc(t / sqrt(2.0)) / 2.0;
    assert_true(fabs(above - N * p) <= SIGMAS * sqrt(N * p));
    assert_true(fabs(below - N * p) <= SIGMAS * sqrt(N * p));
  }
}

/* Box-Muller: (Z_2p, Z_2p+1) = sqrt(-2 log U_2p) (cos, sin)(2 pi U_2p+1), in long double. */
static void test_box_muller(void **state) {
  (void)state;
  const ntk_random source = {.seed = 14, .stream = NTK_STREAM_DATA, .sub = 3};
  ntk_random_uniform(source, 2, 10000, x);
  ntk_random_normal(source, 2, 10000, y);
  for (size_t i = 0; i < 10000; i += 2) {
    const long double radius = sqrtl(-2.0L * logl(x[i])), angle = 8.0L * atanl(1.0L) * x[i + 1];
    const long double error0 = y[i] - radius * cosl(angle);
    const long double error1 = y[i + 1] - radius * sinl(angle);
    assert_true(fabsl(error0) <= 2e-15L * radius && fabsl(error1) <= 2e-15L * radius);
  }
}

/* Uncorrelated, and their squares too: |correlation| <= SIGMAS / sqrt n for independent numbers. */
static void check_independent(const double *a, const double *b, size_t n) {
  double first = 0.0, second = 0.0;
  for (size_t i = 0; i < n; i++) {
    first += a[i] * b[i];
    second += (a[i] * a[i] - 1.0) * (b[i] * b[i] - 1.0) / 2.0;
  }
  const double bound = SIGMAS * sqrt((double)n);
  assert_true(fabs(first) <= bound && fabs(second) <= bound);
}

/* Numbers that differ in seed, stream, sub, row or position are independent. */
static void test_independence(void **state) {
  (void)state;
  enum { LENGTH = 200000 };
  const ntk_random base = {.seed = 15, .stream = NTK_STREAM_DATA, .sub = 0};
  const struct {
    ntk_random source;
    uint64_t row;
  } others[] = {
      {{15, NTK_STREAM_LABELS, 0}, 0}, {{15, NTK_STREAM_WEIGHTS, 0}, 0},
      {{16, NTK_STREAM_DATA, 0}, 0},   {{15 + (1ULL << 63), NTK_STREAM_DATA, 0}, 0},
      {{15, NTK_STREAM_DATA, 1}, 0},   {{15, NTK_STREAM_DATA, 1ULL << 63}, 0},
      {{15, NTK_STREAM_DATA, 0}, 1},   {{15, NTK_STREAM_DATA, 0}, 1ULL << 40},
      {{1, (ntk_stream)15, 0}, 0}, /* key words exchanged */
  };
  ntk_random_normal(base, 0, LENGTH, x);
  for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
    ntk_random_normal(others[k].source, others[k].row, LENGTH, y);
    check_independent(x, y, LENGTH);
  }
  const size_t lags[] = {1, 2, 3, 4, 8, 16, 512, 1024};
  for (size_t k = 0; k < sizeof lags / sizeof lags[0]; k++)
    check_independent(x, x + lags[k], LENGTH - lags[k]);
}

/* n numbers are the first n of a longer row, bit for bit, and no more than n are written. */
static void test_prefix(void **state) {
  (void)state;
  enum { LONG = 1100 };
  const ntk_random source = {.seed = 17, .stream = NTK_STREAM_WEIGHTS, .sub = 2};
  void (*const make[])(ntk_random, uint64_t, size_t, double *) = {ntk_random_uniform,
                                                                  ntk_random_normal};
  for (size_t k = 0; k < 2; k++) {
    make[k](source, 4, LONG, x);
    for (size_t n = 1; n <= LONG; n++) {
      y[n] = 1234.5;
      make[k](source, 4, n, y);
      assert_memory_equal(x, y, n * sizeof *x);
      assert_true(y[n] == 1234.5);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_answers), cmocka_unit_test(test_words),
      cmocka_unit_test(test_uniform),       cmocka_unit_test(test_normal_moments),
      cmocka_unit_test(test_normal_tails),  cmocka_unit_test(test_box_muller),
      cmocka_unit_test(test_independence),  cmocka_unit_test(test_prefix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
