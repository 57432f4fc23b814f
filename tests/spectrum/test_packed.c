/* Packed storage, its Cholesky factorisation and triangular solves.
 * Property: entry (i, j) is where LAPACK's dtrttf puts it; products, factor and solutions are those
 * of plain loops, exactly where every intermediate number is a whole one. */
#include "matrices.h"

#include "base/simd.h"
#include "spectrum/panel.h"

#include <lapack.h>

static ntk_context *one, *two, *five; /* contexts of that many threads */

/* A symmetric matrix of distinct entries, n x n. */
static double *distinct(size_t n) {
  double *A = make_array(n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      A[i * n + j] = i > j ? (double)(i * n + j) : (double)(j * n + i);
  return A;
}

/* Storage equals dtrttf(TRANSR = 'N', UPLO = 'L') of the same matrix, entry by entry. */
static void check_index_map(size_t n) {
  double *A = distinct(n), *expected = make_array(n * (n + 1) / 2);
  const int order = (int)n;
  int info;
  LAPACK_dtrttf("N", "L", &order, A, &order, expected, &info);
  assert_int_equal(info, 0);
  ntk_packed packed = packed_from(two, n, A);
  assert_memory_equal(packed.storage, expected, n * (n + 1) / 2 * sizeof(double));
  ntk_packed_destroy(&packed);
  assert_null(packed.storage);
  free(expected);
  free(A);
}

static void test_index_map(void **state) {
  (void)state;
  for (size_t n = 1; n <= 33; n++)
    check_index_map(n);
  for (size_t n = 126; n <= 129; n++)
    check_index_map(n);
  check_index_map(300);
  check_index_map(301);
}

/* Rows, trace, smallest diagonal entry, copy and A v are exact on whole numbers; ||A||_F is within
 * gamma_{n^2}, any order of its sum. The entry that is the smallest stands in either half. */
static void check_content(size_t n) {
  double *A = make_array(n * n), *v = make_array(3 * n), *u = make_array(3 * n);
  double trace = 0.0, smallest = INFINITY, squares = 0.0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      A[i * n + j] = A[j * n + i] = small_integer(i, j);
  A[n / 3 * (n + 1)] = -9.0;
  A[2 * n / 3 * (n + 1)] = n % 2 ? -10.0 : 9.0;
  for (size_t i = 0; i < n; i++) {
    trace += A[i * n + i];
    smallest = fmin(smallest, A[i * n + i]);
    for (size_t j = 0; j < n; j++)
      squares += A[i * n + j] * A[i * n + j];
  }
  ntk_packed from = packed_from(two, n, A), copy;
  assert_int_equal(ntk_packed_create(two, n, &copy), NTK_OK);
  assert_ok(ntk_packed_copy(&from, &copy));
  ntk_packed_destroy(&from);
  assert_true(ntk_packed_trace(&copy) == trace);
  assert_true(ntk_packed_diagonal_min(&copy) == smallest);
  const double error = ntk_packed_frobenius(&copy) - sqrt(squares);
  assert_true(fabs(error) <= (double)(n * n + 2) * DBL_EPSILON * sqrt(squares));
  for (size_t c = 0; c < 3; c++)
    for (size_t i = 0; i < n; i++)
      v[c * n + i] = small_integer(c + 5, i);
  ntk_packed_multiply(&copy, v, 3, u);
  for (size_t i = 0; i < n; i++) {
    double row[512];
    ntk_packed_row(&copy, i, row);
    assert_memory_equal(row, A + i * n, n * sizeof *row);
    for (size_t c = 0; c < 3; c++) {
      double sum = 0.0;
      for (size_t j = 0; j < n; j++)
        sum += A[i * n + j] * v[c * n + j];
      assert_true(u[c * n + i] == sum);
    }
  }
  ntk_packed_destroy(&copy);
  free(u);
  free(v);
  free(A);
}

static void test_content(void **state) {
  (void)state;
  for (size_t n = 1; n <= 33; n++)
    check_content(n);
  check_content(511);
  check_content(512);
}

/* A = L L^T + shift I, L of whole eighths with a diagonal of powers of two: every number on the way
 * is a multiple of 1/64 below 2^47, so that any order of operations gives L itself. */
static void check_factor(size_t n, double shift, ntk_context *context) {
  double *L = make_array(n * n), *A = make_array(n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      L[i * n + j] = i == j ? (i % 3 ? 4.0 : 0.5) : small_integer(i, j) / 8.0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      for (size_t k = 0; k <= j; k++)
        A[i * n + j] += L[i * n + k] * L[j * n + k];
      A[i * n + j] += i == j ? shift : 0.0;
    }
  ntk_packed packed = packed_from(context, n, A);
  assert_int_equal(ntk_packed_factor(&packed, shift), NTK_OK);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      assert_true(*ntk_packed_at(&packed, i, j) == L[i * n + j]);
  ntk_packed_destroy(&packed);
  free(A);
  free(L);
}

static void test_factor(void **state) {
  (void)state;
  for (size_t n = 1; n <= 33; n++)
    check_factor(n, (double)(n % 3) - 1.0, one);
  for (size_t n = 254; n <= 257; n++)
    check_factor(n, 3.0, two);
}

/* x = A^{-1} b has a small residual, LAPACK's ratio: ||b - A x||_1 / (eps n ||A||_1 ||x||_1) <= 30,
 * and the same bits with 1, 2 and 5 threads. A_ij = 0.9^|i-j| + s_i s_j, positive definite. */
static void check_solve(size_t n) {
  enum { VECTORS = 9 };
  uint64_t seed = n;
  double *A = make_array(n * n), *s = make_array(n), *b = make_array(VECTORS * n);
  double *x = make_array(VECTORS * n), *again = make_array(VECTORS * n), norm = 0.0;
  for (size_t i = 0; i < n; i++)
    s[i] = next_uniform(&seed);
  for (size_t i = 0; i < n; i++) {
    double power = 1.0, sum = 0.0;
    for (size_t j = i + 1; j-- > 0; power *= 0.9)
      A[i * n + j] = A[j * n + i] = power + s[i] * s[j];
    for (size_t j = 0; j <= i; j++)
      sum += fabs(A[i * n + j]);
    norm = fmax(norm, sum); /* half a row: at most ||A||_1 */
  }
  for (size_t i = 0; i < VECTORS * n; i++)
    b[i] = next_uniform(&seed);
  ntk_packed L = packed_from(two, n, A);
  assert_int_equal(ntk_packed_factor(&L, 0.0), NTK_OK);
  ntk_context *const contexts[] = {one, two, five};
  for (size_t m = 1; m <= VECTORS; m++) {
    for (size_t t = 0; t < 3; t++) {
      L.context = contexts[t];
      memcpy(t ? again : x, b, VECTORS * n * sizeof *b);
      ntk_packed_solve(&L, t ? again : x, m);
      assert_true(t == 0 || memcmp(x, again, VECTORS * n * sizeof *x) == 0);
    }
    assert_memory_equal(x + m * n, b + m * n, (VECTORS - m) * n * sizeof *x);
    for (size_t c = m > 4 ? 4 : 0; c < m; c++) { /* vectors 0..3 have been seen with m = 4 */
      double rest = 0.0, size = 0.0;
      for (size_t i = 0; i < n; i++) {
        double sum = b[c * n + i];
        for (size_t j = 0; j < n; j++)
          sum -= A[i * n + j] * x[c * n + j];
        rest += fabs(sum);
        size += fabs(x[c * n + i]);
      }
      assert_true(rest <= 30 * DBL_EPSILON * (double)n * norm * size);
    }
  }
  L.context = two;
  ntk_packed_destroy(&L);
  free(again);
  free(x);
  free(b);
  free(s);
  free(A);
}

static void test_solve(void **state) {
  (void)state;
  const size_t orders[] = {1, 2, 3, 63, 64, 65, 127, 128, 129, 130, 767, 768, 769, 1000, 1500};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
    check_solve(orders[i]);
}

/* Orders at which the work is cut differently or shared among threads: factor and solution have the
 * same bits with the first `counts` of 1, 2 and 5 threads, and A x = L (L^T x) for A = I / 4 + s
 * s^T / n: LAPACK's ratio,
 * ||A x - L L^T x||_1 / (eps n ||A||_1 ||x||_1) <= 30. */
static void check_large(size_t n, size_t counts) {
  ntk_context *const contexts[] = {one, two, five};
  const size_t count = n * (n + 1) / 2;
  uint64_t seed = n;
  ntk_packed L[3];
  double *s = make_array(n), *x[3], *y = make_array(n), *Ax = make_array(n);
  for (size_t i = 0; i < n; i++)
    s[i] = next_uniform(&seed);
  for (size_t t = 0; t < counts; t++) {
    x[t] = make_array(5 * n);
    assert_ok(ntk_packed_create(contexts[t], n, &L[t]));
    for (size_t j = 0; j < n; j++)
      for (size_t i = j; i < n; i++)
        *ntk_packed_at(&L[t], i, j) = s[i] * s[j] / (double)n + (i == j ? 0.25 : 0.0);
    if (t == 0)
      ntk_packed_multiply(&L[t], s, 1, Ax);
    assert_ok(ntk_packed_factor(&L[t], 0.0));
    assert_memory_equal(L[0].storage, L[t].storage, count * sizeof(double));
    for (size_t i = 0; i < 5 * n; i++)
      x[t][i] = s[i % n];
    ntk_packed_solve(&L[t], x[t], 5);
    assert_memory_equal(x[0], x[t], 5 * n * sizeof(double));
  }
  for (size_t j = 0; j < n; j++) /* y = L^T s, then Ax -= L y */
    for (size_t i = j; i < n; i++)
      y[j] += *ntk_packed_at(&L[0], i, j) * s[i];
  double rest = 0.0, size = 0.0, off = 0.0, solved = 0.0, dot = 0.0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++)
      Ax[i] -= *ntk_packed_at(&L[0], i, j) * y[j];
  for (size_t i = 0; i < n; i++)
    dot += s[i] * x[0][4 * n + i];
  for (size_t i = 0; i < n; i++) { /* and A x = s */
    rest += fabs(Ax[i]);
    size += fabs(s[i]);
    off += fabs(x[0][4 * n + i] / 4 + s[i] * dot / (double)n - s[i]);
    solved += fabs(x[0][4 * n + i]);
  }
  const double norm = 0.25 + size / (double)n; /* at least ||A||_1 */
  assert_near(rest, 0.0, 30 * DBL_EPSILON * (double)n * norm * size, "A x - L L^T x");
  assert_near(off, 0.0, 30 * DBL_EPSILON * (double)n * norm * solved, "A x - s");
  for (size_t t = 0; t < counts; t++) {
    free(x[t]);
    ntk_packed_destroy(&L[t]);
  }
  free(Ax);
  free(y);
  free(s);
}

static void test_large(void **state) {
  (void)state;
  check_large(1535, 3);
  check_large(1536, 3);
  check_large(3075, 2); /* five threads on few cores would mostly wait */
}

/* The callback's refusal ends a factorisation, with nothing held. */
static bool refuse(const char *phase, double fraction, void *user) {
  (void)user;
  assert_string_equal(phase, "factorisation");
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return false;
}

static void test_cancel(void **state) {
  (void)state;
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .progress = refuse}, &context));
  ntk_packed A;
  assert_ok(ntk_packed_create(context, 500, &A));
  for (size_t i = 0; i < 500; i++)
    for (size_t j = 0; j <= i; j++)
      *ntk_packed_at(&A, i, j) = i == j ? 2.0 : 0.0;
  const size_t held = ntk_memory_in_use(context);
  assert_refused(ntk_packed_factor(&A, 0.0), NTK_ERR_CANCELLED, "factorisation");
  assert_int_equal(ntk_memory_in_use(context), held);
  ntk_packed_destroy(&A);
  ntk_context_destroy(context);
}

typedef void panel_fn(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                      const double *X, size_t ldx, double *Y, size_t ldy);
panel_fn ntk_panel_subtract_base, ntk_panel_subtract_transposed_base;
panel_fn ntk_panel_subtract_avx2, ntk_panel_subtract_transposed_avx2;
panel_fn ntk_panel_subtract_avx512, ntk_panel_subtract_transposed_avx512;

/* Y - A X, or Y - A^T X, exact on whole numbers; nothing outside Y's m columns is written. */
static void check_panel(panel_fn *subtract, bool transposed, size_t rows, size_t columns,
                        size_t m) {
  const size_t in = transposed ? rows : columns, out = transposed ? columns : rows;
  const size_t lda = rows + 3, ldx = in + 1, ldy = out + 2;
  double *A = make_array(lda * columns), *X = make_array(ldx * m), *Y = make_array(ldy * 5);
  for (size_t i = 0; i < lda * columns; i++)
    A[i] = i % lda < rows ? small_integer(i % lda, i / lda) : NAN;
  for (size_t i = 0; i < ldx * m; i++)
    X[i] = i % ldx < in ? small_integer(i % ldx + 2, i / ldx) : NAN;
  for (size_t i = 0; i < ldy * 5; i++)
    Y[i] = (double)(i % 31);
  subtract(rows, columns, A, lda, m, X, ldx, Y, ldy);
  for (size_t i = 0; i < ldy * 5; i++) {
    const size_t r = i % ldy, c = i / ldy;
    double expected = (double)(i % 31);
    for (size_t k = 0; k < in && r < out && c < m; k++)
      expected -= (transposed ? A[k + r * lda] : A[r + k * lda]) * X[k + c * ldx];
    assert_true(Y[i] == expected);
  }
  free(Y);
  free(X);
  free(A);
}

/* Every level the processor has; tails of rows (8 lanes, chunks of 2048) and columns (4 a time). */
static void test_panels(void **state) {
  (void)state;
  panel_fn *const levels[][2] = {
      {ntk_panel_subtract, ntk_panel_subtract_transposed},
      {ntk_panel_subtract_base, ntk_panel_subtract_transposed_base},
#ifdef __x86_64__
      {ntk_panel_subtract_avx2, ntk_panel_subtract_transposed_avx2},
      {ntk_panel_subtract_avx512, ntk_panel_subtract_transposed_avx512},
#endif
  };
  const size_t rows[] = {1, 2, 3, 7, 8, 9, 15, 17, 64, 513, 2047, 2049};
  const size_t columns[] = {1, 2, 3, 4, 5, 8, 11, 64, 67};
  for (size_t level = 0; level < 2 + (size_t)ntk_simd_best(); level++)
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
      for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++)
        for (size_t m = 1; m <= NTK_PANEL_VECTORS; m++) {
          check_panel(levels[level][0], false, rows[i], columns[j], m);
          check_panel(levels[level][1], true, rows[i], columns[j], m);
        }
}

/* A pivot that is 0, negative or not a number is refused wherever it stands, and so is an infinite
 * or NaN entry off the diagonal, which ends in a pivot. */
static void test_breakdown(void **state) {
  (void)state;
  const double bad[] = {0.0, -1.0, NAN, INFINITY, -INFINITY};
  const size_t orders[] = {1, 2, 3, 8, 131};
  for (size_t o = 0; o < 5; o++)
    for (size_t b = 0; b < 5; b++)
      for (size_t place = 0; place < 25; place++) {
        const size_t n = orders[o], i = place / 5 * n / 5, j = place % 5 * n / 5;
        if (j > i || (i != j && b < 2))
          continue;
        ntk_packed A;
        assert_int_equal(ntk_packed_create(two, n, &A), NTK_OK);
        for (size_t k = 0; k < n * (n + 1) / 2; k++)
          A.storage[k] = 0.0;
        for (size_t k = 0; k < n; k++)
          *ntk_packed_at(&A, k, k) = 2.0;
        *ntk_packed_at(&A, i, j) = bad[b];
        assert_int_equal(ntk_packed_factor(&A, 0.0), NTK_ERR_NUMERIC);
        ntk_packed_destroy(&A);
      }
}

/* The limit is the BLAS integer of the leading dimension n + 1, 2^31 - 1, and nothing below it. */
static void test_limit(void **state) {
  (void)state;
  size_t bytes = 0;
  assert_int_equal(ntk_packed_bytes(2147483646, &bytes), NTK_OK);
  assert_true(bytes == (size_t)2147483646 / 2 * 2147483647 * 8);
  assert_int_equal(ntk_packed_bytes(2147483647, &bytes), NTK_ERR_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_index_map), cmocka_unit_test(test_content),
      cmocka_unit_test(test_factor),    cmocka_unit_test(test_solve),
      cmocka_unit_test(test_large),     cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_panels),    cmocka_unit_test(test_breakdown),
      cmocka_unit_test(test_limit),
  };
  one = make_context(1);
  two = make_context(2);
  five = make_context(5);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(five);
  ntk_context_destroy(two);
  ntk_context_destroy(one);
  return failed;
}
