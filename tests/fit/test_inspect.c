/* ntk_data_inspect: what is in a file of data.
 * Property: every number is the one that plain loops in long double give of the same rows; known
 * covariances have the effective rank of theory; whatever the threads and the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit/inspect/inspect.h"
#include "ntkit/data.h"
#include "support.h"

#include "npy_file.h" /* its names would hide parameters above */

static void save(const double *X, size_t N, size_t d) {
  const size_t shape[2] = {N, d};
  assert_ok(ntk_npy_save(path, X, 2, shape));
}

static ntk_inspect_result look(const ntk_inspect_options *options) {
  static const ntk_inspect_options none = {0};
  ntk_inspect_result result;
  assert_ok(ntk_data_inspect(context, path, options != NULL ? options : &none, &result));
  return result;
}

static void assert_close(double actual, long double expected, const char *what) {
  assert_near(actual, (double)expected, 1e-13 * fabs((double)expected), what);
}

/* Moments, rank and nearest rows in long double. */
static void expect(const double *X, size_t N, size_t d, const ntk_inspect_result *r) {
  long double norm = 0, square = 0, spread = 0, trace = 0, frobenius = 0, least = INFINITY;
  long double *mean = calloc(d, sizeof *mean);
  size_t first = 0, second = 0;
  assert_non_null(mean);
  for (size_t k = 0; k < N * d; k++)
    mean[k % d] += X[k] / (long double)N;
  for (size_t i = 0; i < N; i++) {
    long double own = 0;
    for (size_t j = 0; j < d; j++) {
      own += (long double)X[i * d + j] * X[i * d + j];
      spread += (X[i * d + j] - mean[j]) * (X[i * d + j] - mean[j]);
    }
    square += own;
    norm += sqrtl(own);
    for (size_t k = 0; k < i; k++) {
      long double distance = 0;
      for (size_t j = 0; j < d; j++)
        distance += powl((long double)X[i * d + j] - X[k * d + j], 2);
      if (distance > 0 && distance < least) {
        least = distance;
        first = k;
        second = i;
      }
    }
  }
  for (size_t a = 0; a < d; a++)
    for (size_t b = 0; b < d; b++) {
      long double c = 0;
      for (size_t i = 0; i < N; i++)
        c += (X[i * d + a] - mean[a]) * (X[i * d + b] - mean[b]);
      trace += a == b ? c : 0;
      frobenius += c * c;
    }
  free(mean);
  const long double n = N, size = d;
  assert_close(r->moments.norm, norm / n / sqrtl(size), "norm");
  assert_close(r->moments.square, square / n / size, "square");
  assert_near(r->moments.spread, (double)(spread / n / size), 1e-13 * r->moments.square, "spread");
  assert_near(r->effective_rank, (double)(trace * trace / frobenius), 1e-11 * (double)size, "rank");
  assert_int_equal(r->nearest.found, 1);
  assert_int_equal(r->nearest.first, first);
  assert_int_equal(r->nearest.second, second);
  assert_close(r->nearest.value, sqrtl(least), "distance");
}

/* More rows than columns and fewer, more than a tile and a piece, one column; means far from 0. */
static void test_numbers(void **state) {
  (void)state;
  const size_t shapes[][2] = {{23, 7}, {5, 40}, {150, 33}, {2, 1}, {9, 300}, {3000, 60}};
  for (size_t s = 0; s < COUNT(shapes); s++) {
    const size_t N = shapes[s][0], d = shapes[s][1];
    double *X = calloc(N * d, sizeof *X);
    assert_non_null(X);
    ntk_random_normal((ntk_random){s, NTK_STREAM_DATA, 0}, 0, N * d, X);
    for (size_t k = 0; k < N * d; k++)
      X[k] = X[k] * (1.0 + (double)(k % d)) + 3.0;
    save(X, N, d);
    ntk_inspect_result r = look(NULL);
    assert_true(r.file_rows == N && r.samples == N && r.dim == d && r.nearest.searched == N);
    assert_string_equal(r.format, "npy");
    assert_string_equal(r.type, "float64");
    expect(X, N, d, &r);
    assert_true(isnan(r.scaled.norm));
    assert_true(r.equal.found == 0 && r.remarks == 0 && r.label_columns == 0);
    ntk_inspect_clear(&r);
    free(X);
  }
}

/* Vertices of a cube have C = I, rank d; points of a line 1; one point none. */
static void test_known_ranks(void **state) {
  (void)state;
  enum { D = 6, N = 1 << D };
  double X[N * D];
  for (size_t k = 0; k < N * D; k++)
    X[k] = (k / D >> k % D & 1) != 0 ? 5.0 : 3.0;
  save(X, N, D);
  ntk_inspect_result r = look(NULL);
  assert_near(r.effective_rank, D, 1e-13, "cube");
  assert_near(r.nearest.value, 2.0, 0.0, "edge");
  ntk_inspect_clear(&r);
  for (size_t k = 0; k < N * D; k++)
    X[k] = (double)(k / D) * (1.0 + (double)(k % D));
  save(X, N, D);
  r = look(NULL);
  assert_near(r.effective_rank, 1.0, 1e-13, "line");
  ntk_inspect_clear(&r);
  for (size_t k = 0; k < N * D; k++)
    X[k] = 0.1 * (double)(k % D);
  save(X, N, D);
  r = look(NULL);
  assert_true(isnan(r.effective_rank) && r.nearest.found == 0 && isnan(r.nearest.value));
  assert_true(r.constant_columns == D && r.equal.found == N - 1);
  assert_string_equal(r.moments.danger, "3");
  ntk_inspect_clear(&r);
}

/* Rows 2 and 5 equal, 1 and 4 opposite, 3 and 6 by 2.5; column 1 constant, a quarter of 0. */
static void test_alike(void **state) {
  (void)state;
  enum { N = 8, D = 4 };
  double X[N * D];
  ntk_random_normal((ntk_random){1, NTK_STREAM_DATA, 0}, 0, N * D, X);
  for (size_t i = 0; i < N; i++)
    X[i * D + 3] = 0.0;
  for (size_t j = 0; j < D; j++) {
    X[5 * D + j] = X[2 * D + j];
    X[4 * D + j] = -X[1 * D + j];
    X[6 * D + j] = 2.5 * (X[3 * D + j] = floor(8.0 * X[3 * D + j]));
  }
  save(X, N, D);
  ntk_inspect_result r = look(NULL);
  assert_true(r.equal.found == 1 && r.equal.first == 2 && r.equal.second == 5);
  assert_true(r.multiples.found == 2 && r.multiples.first == 1 && r.multiples.second == 4);
  assert_true(r.multiples.value == -1.0 && r.constant_columns == 1 && !r.whole);
  assert_near(r.zeros, 0.25, 0.0, "zeros");
  ntk_inspect_clear(&r);
  r = look(&(ntk_inspect_options){.rows = {.skip = 2}}); /* numbers are still the file's */
  assert_true(r.equal.first == 2 && r.equal.second == 5 && r.samples == N - 2);
  assert_true(r.multiples.found == 1 && r.multiples.first == 3 && r.multiples.value == 2.5);
  expect(X + 2 * D, N - 2, D,
         &(ntk_inspect_result){.moments = r.moments,
                               .effective_rank = r.effective_rank,
                               .nearest = {.found = 1,
                                           .first = r.nearest.first - 2,
                                           .second = r.nearest.second - 2,
                                           .value = r.nearest.value}});
  ntk_inspect_clear(&r);
  r = look(&(ntk_inspect_options){.rows = {.subsample = N - 1, .seed = 2, .shuffle = true}});
  size_t row[N];
  assert_ok(ntk_rows_choose(context, &(ntk_rows){.subsample = N - 1, .seed = 2}, N, row));
  bool both[N] = {false};
  for (size_t k = 0; k < N - 1; k++)
    both[row[k]] = true;
  assert_int_equal(r.equal.found, both[2] && both[5]);
  assert_true(both[r.nearest.first] && both[r.nearest.second]);
  ntk_inspect_clear(&r);
}

/* After standardizing, items 2 and 3 are (d - c) / d; on the sphere 1 and 2 are 1; centring leaves
 * item 3. Numbers of the rows stay those before. */
static void test_scaling(void **state) {
  (void)state;
  enum { N = 50, D = 5 };
  double X[N * D];
  ntk_random_normal((ntk_random){1, NTK_STREAM_DATA, 0}, 0, N * D, X);
  for (size_t k = 0; k < N * D; k++)
    X[k] = k % D == 2 ? 7.0 : 1000.0 + 3.0 * X[k];
  save(X, N, D);
  ntk_inspect_result r = look(&(ntk_inspect_options){.scaling = NTK_SCALE_STANDARDIZE});
  assert_near(r.scaled.square, 0.8, 1e-13, "standardize");
  assert_near(r.scaled.spread, 0.8, 1e-13, "standardize");
  assert_string_equal(r.moments.danger, "1, 2, 3"); /* 9 of 10^6 */
  assert_string_equal(r.scaled.danger, "");
  expect(X, N, D, &r);
  const double spread = r.moments.spread;
  ntk_inspect_clear(&r);
  r = look(&(ntk_inspect_options){.scaling = NTK_SCALE_SPHERE});
  assert_near(r.scaled.norm, 1.0, 1e-14, "sphere");
  assert_near(r.scaled.square, 1.0, 1e-14, "sphere");
  assert_string_equal(r.scaled.danger, "3");
  ntk_inspect_clear(&r);
  r = look(&(ntk_inspect_options){.scaling = NTK_SCALE_CENTER});
  assert_near(r.scaled.spread, spread, 1e-9 * spread, "center");
  assert_near(r.scaled.square, spread, 1e-9 * spread, "center");
  ntk_inspect_clear(&r);
}

/* Squares of 1e200 overflow and of 1e-200 vanish; distances and ranks do not. */
static void test_extreme_sizes(void **state) {
  (void)state;
  enum { N = 12, D = 3 };
  double X[N * D], Z[N * D];
  ntk_random_normal((ntk_random){4, NTK_STREAM_DATA, 0}, 0, N * D, X);
  save(X, N, D);
  ntk_inspect_result plain = look(NULL);
  const double sizes[] = {0x1p660, 0x1p-660};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    for (size_t k = 0; k < N * D; k++)
      Z[k] = X[k] * sizes[s];
    save(Z, N, D);
    ntk_inspect_result r = look(NULL);
    assert_true(r.moments.norm == plain.moments.norm * sizes[s]);
    assert_true(r.nearest.value == plain.nearest.value * sizes[s]);
    assert_true(r.nearest.first == plain.nearest.first && r.nearest.second == plain.nearest.second);
    assert_true(r.effective_rank == plain.effective_rank);
    assert_true(s == 0 ? isinf(r.moments.square) : r.moments.square == 0.0);
    assert_int_equal(r.remarks, s); /* all below what a float has */
    ntk_inspect_clear(&r);
  }
  ntk_inspect_clear(&plain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),       cmocka_unit_test(test_known_ranks),
      cmocka_unit_test(test_alike),         cmocka_unit_test(test_scaling),
      cmocka_unit_test(test_extreme_sizes),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
