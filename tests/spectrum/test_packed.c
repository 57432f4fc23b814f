/* Packed storage, its Cholesky factorisation and triangular solves, in double and in single.
 * Property: panels lie one after the other, each by columns; products, factor and solutions are
 * those of plain loops, exactly where every intermediate number is a whole one. */
#include "matrices.h"

static ntk_context *one, *two, *five; /* contexts of that many threads */

static const ntk_precision precisions[] = {NTK_PRECISION_DOUBLE, NTK_PRECISION_FLOAT};

static double stored(const ntk_packed *A, size_t at) {
  return A->precision == NTK_PRECISION_FLOAT ? (double)((float *)A->storage)[at]
                                             : ((double *)A->storage)[at];
}

/* Going through the storage from its beginning, panel by panel, column by column, every entry of
 * the lower triangle comes once, and all else is 0. */
static void check_order(ntk_precision precision, size_t n) {
  double *A = make_array(n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      A[i * n + j] = (double)(i * n + j + 1);
  ntk_packed packed = packed_in(precision, two, n, A);
  const size_t rows = precision == NTK_PRECISION_FLOAT ? 48 : 24;
  size_t at = 0, bytes = 0;
  for (size_t first = 0; first < n; first += rows)
    for (size_t j = 0; j < first + rows; j++)
      for (size_t i = first; i < first + rows; i++)
        assert_true(stored(&packed, at++) == (i < n && j <= i ? A[i * n + j] : 0.0));
  assert_ok(ntk_packed_bytes(n, precision, &bytes));
  assert_int_equal(bytes, at * (precision == NTK_PRECISION_FLOAT ? 4 : 8));
  ntk_packed_destroy(&packed);
  assert_null(packed.storage);
  free(A);
}

static void test_order(void **state) {
  (void)state;
  for (size_t p = 0; p < 2; p++)
    for (size_t n = 1; n <= 150; n += n < 50 ? 1 : 7)
      check_order(precisions[p], n);
}

/* In single an entry is the nearest float of the one in double. */
static void test_rounded(void **state) {
  (void)state;
  const size_t orders[] = {1, 23, 24, 25, 47, 48, 49, 72, 73, 200};
  for (size_t k = 0; k < COUNT(orders); k++) {
    const size_t n = orders[k];
    uint64_t seed = n;
    double *A = make_array(n * n);
    for (size_t i = 0; i < n * n; i++)
      A[i] = next_uniform(&seed);
    ntk_packed from = packed_from(two, n, A), to;
    assert_ok(ntk_packed_create(two, n, NTK_PRECISION_FLOAT, NULL, &to));
    assert_ok(ntk_packed_copy(&from, 1.0, &to));
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++)
        assert_true(ntk_packed_get(&to, i, j) == (double)(float)A[i * n + j]);
    ntk_packed_destroy(&from);
    ntk_packed_destroy(&to);
    free(A);
  }
}

/* Rows, trace, smallest diagonal entry, copy and A v are exact on whole numbers; ||A||_F is within
 * gamma_{n^2}, any order of its sum. The entry that is the smallest stands in either half. */
static void check_content(ntk_precision precision, size_t n) {
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
  ntk_packed from = packed_in(precision, two, n, A), copy;
  assert_ok(ntk_packed_create(two, n, precision, NULL, &copy));
  assert_ok(ntk_packed_copy(&from, 1.0, &copy));
  ntk_packed_destroy(&from);
  assert_true(ntk_packed_trace(&copy) == trace);
  assert_true(ntk_packed_diagonal_min(&copy) == smallest);
  const double error = ntk_packed_frobenius(&copy) - sqrt(squares);
  assert_true(fabs(error) <= (double)(n * n + 2) * DBL_EPSILON * sqrt(squares));
  for (size_t c = 0; c < 3; c++)
    for (size_t i = 0; i < n; i++)
      v[c * n + i] = small_integer(c + 5, i);
  assert_ok(ntk_packed_multiply(&copy, v, 3, u));
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
  for (size_t p = 0; p < 2; p++) {
    for (size_t n = 1; n <= 50; n++)
      check_content(precisions[p], n);
    check_content(precisions[p], 511);
    check_content(precisions[p], 512);
  }
}

/* A = L L^T + shift I, L of whole eighths with a diagonal of powers of two: every number on the way
 * is a multiple of 1/64 below 2^17, so that any order of operations gives L itself, in single too.
 */
static void check_factor(ntk_precision precision, size_t n, double shift, ntk_context *context) {
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
  ntk_packed packed = packed_in(precision, context, n, A);
  assert_ok(ntk_packed_factor(&packed, shift));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      assert_true(ntk_packed_get(&packed, i, j) == L[i * n + j]);
  ntk_packed_destroy(&packed);
  free(A);
  free(L);
}

static void test_factor(void **state) {
  (void)state;
  for (size_t p = 0; p < 2; p++) {
    for (size_t n = 1; n <= 50; n++)
      check_factor(precisions[p], n, (double)(n % 3) - 1.0, one);
    for (size_t n = 143; n <= 145; n++)
      check_factor(precisions[p], n, 3.0, two);
    for (size_t n = 286; n <= 290; n++)
      check_factor(precisions[p], n, 3.0, two);
  }
}

/* x = A^{-1} b has a small residual, LAPACK's ratio: ||b - A x||_1 / (eps n ||A||_1 ||x||_1) <= 30,
 * and the same bits with 1, 2 and 5 threads. A_ij = 0.9^|i-j| + s_i s_j, positive definite. */
static void check_solve(size_t n) {
  enum { VECTORS = 9 };
  uint64_t seed = n;
  const size_t all = VECTORS * n + 1;
  double *A = make_array(n * n), *s = make_array(n), *b = make_array(all), norm = 0.0;
  double *x = make_array(all), *again = make_array(all);
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
  for (size_t m = VECTORS; m > 0; m--) {
    b[m * n] = __builtin_nans(""); /* arithmetic of any kind changes it */
    for (size_t t = 0; t < 3; t++) {
      L.context = contexts[t];
      memcpy(t ? again : x, b, all * sizeof *b);
      ntk_packed_solve(&L, t ? again : x, m);
      assert_true(t == 0 || memcmp(x, again, all * sizeof *x) == 0);
    }
    assert_memory_equal(x + m * n, b + m * n, (all - m * n) * sizeof *x);
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
  const size_t orders[] = {1, 2, 3, 23, 24, 25, 47, 48, 49, 191, 192, 193, 383, 384, 385, 1000};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
    check_solve(orders[i]);
}

/* Orders at which the work is cut differently or shared among threads: factor and solution have the
 * same bits with the first `counts` of 1, 2 and 5 threads, and A x = L (L^T x) for A = I / 4 + s
 * s^T / n: LAPACK's ratio,
 * ||A x - L L^T x||_1 / (eps n ||A||_1 ||x||_1) <= 30. */
static void check_large(size_t n, size_t counts) {
  ntk_context *const contexts[] = {one, two, five};
  size_t bytes = 0;
  assert_ok(ntk_packed_bytes(n, NTK_PRECISION_DOUBLE, &bytes));
  uint64_t seed = n;
  ntk_packed L[3];
  double *s = make_array(n), *x[3], *y = make_array(n), *Ax = make_array(n);
  for (size_t i = 0; i < n; i++)
    s[i] = next_uniform(&seed);
  for (size_t t = 0; t < counts; t++) {
    x[t] = make_array(5 * n);
    assert_ok(ntk_packed_create(contexts[t], n, NTK_PRECISION_DOUBLE, NULL, &L[t]));
    for (size_t j = 0; j < n; j++)
      for (size_t i = j; i < n; i++)
        ntk_packed_set(&L[t], i, j, s[i] * s[j] / (double)n + (i == j ? 0.25 : 0.0));
    if (t == 0)
      ntk_packed_multiply(&L[t], s, 1, Ax);
    assert_ok(ntk_packed_factor(&L[t], 0.0));
    assert_memory_equal(L[0].storage, L[t].storage, bytes);
    for (size_t i = 0; i < 5 * n; i++)
      x[t][i] = s[i % n];
    ntk_packed_solve(&L[t], x[t], 5);
    assert_memory_equal(x[0], x[t], 5 * n * sizeof(double));
  }
  for (size_t j = 0; j < n; j++) /* y = L^T s, then Ax -= L y */
    for (size_t i = j; i < n; i++)
      y[j] += ntk_packed_get(&L[0], i, j) * s[i];
  double rest = 0.0, size = 0.0, off = 0.0, solved = 0.0, dot = 0.0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++)
      Ax[i] -= ntk_packed_get(&L[0], i, j) * y[j];
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
  assert_ok(ntk_packed_create(context, 500, NTK_PRECISION_DOUBLE, NULL, &A));
  for (size_t i = 0; i < 500; i++)
    for (size_t j = 0; j <= i; j++)
      ntk_packed_set(&A, i, j, i == j ? 2.0 : 0.0);
  const size_t held = ntk_memory_in_use(context);
  assert_refused(ntk_packed_factor(&A, 0.0), NTK_ERR_CANCELLED, "factorisation");
  assert_int_equal(ntk_memory_in_use(context), held);
  ntk_packed_destroy(&A);
  ntk_context_destroy(context);
}

/* The leading m x m block is a view, and its factor one of the factor: solution and product have
 * the bits of a matrix of that order alone; also where the factorisation of the whole breaks down
 * at the next pivot. */
static void check_view(ntk_precision precision, size_t n, size_t m, bool broken) {
  uint64_t seed = n;
  double *A = make_array(n * n), *B = make_array(m * m), *s = make_array(n);
  double *x = make_array(2 * m), *y = make_array(2 * m);
  for (size_t i = 0; i < n; i++)
    s[i] = next_uniform(&seed);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      A[i * n + j] = s[i] * s[j] + (i == j ? 2.0 : 0.0);
  for (size_t i = 0; i < m; i++)
    memcpy(B + i * m, A + i * n, m * sizeof *B);
  ntk_packed whole = packed_in(precision, two, n, A), alone = packed_in(precision, two, m, B);
  ntk_packed view = whole;
  view.n = m;
  assert_ok(ntk_packed_multiply(&view, s, 1, x));
  assert_ok(ntk_packed_multiply(&alone, s, 1, y));
  assert_memory_equal(x, y, m * sizeof *x);
  if (broken)
    ntk_packed_set(&whole, m, m, -1.0);
  assert_int_equal(ntk_packed_factor(&whole, 0.0), broken ? NTK_ERR_NUMERIC : NTK_OK);
  assert_int_equal(whole.leading, broken ? m : n);
  assert_ok(ntk_packed_factor(&alone, 0.0));
  for (size_t i = 0; i < 2 * m; i++)
    x[i] = y[i] = s[i % m];
  assert_ok(ntk_packed_solve(&view, x, 2));
  assert_ok(ntk_packed_solve(&alone, y, 2));
  assert_memory_equal(x, y, 2 * m * sizeof *x);
  ntk_packed_destroy(&whole);
  ntk_packed_destroy(&alone);
  free(A);
  free(B);
  free(s);
  free(x);
  free(y);
}

static void test_views(void **state) {
  (void)state;
  for (size_t p = 0; p < 4; p++) {
    for (size_t m = 1; m < 100; m += 11)
      check_view(precisions[p / 2], 100, m, p % 2 == 1);
    check_view(precisions[p / 2], 500, 250, p % 2 == 1);
    check_view(precisions[p / 2], 500, 384, p % 2 == 1);
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
        assert_ok(ntk_packed_create(two, n, precisions[b % 2], NULL, &A));
        for (size_t k = 0; k < n; k++)
          for (size_t l = 0; l <= k; l++)
            ntk_packed_set(&A, k, l, k == l ? 2.0 : 0.0);
        ntk_packed_set(&A, i, j, bad[b]);
        assert_refused(ntk_packed_factor(&A, 0.0), NTK_ERR_NUMERIC, "not positive definite");
        ntk_packed_destroy(&A);
      }
}

/* Refused past 2^30, where it would be 2^62 bytes, and nothing below it. */
static void test_limit(void **state) {
  (void)state;
  size_t bytes = 0;
  assert_ok(ntk_packed_bytes(1073741824, NTK_PRECISION_DOUBLE, &bytes));
  assert_true(bytes == (size_t)44739243 * 44739244 / 2 * 576 * 8);
  assert_refused(ntk_packed_bytes(1073741825, NTK_PRECISION_DOUBLE, &bytes), NTK_ERR_LIMIT,
                 "up to 1073741824");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),     cmocka_unit_test(test_content),
      cmocka_unit_test(test_rounded),   cmocka_unit_test(test_factor),
      cmocka_unit_test(test_solve),     cmocka_unit_test(test_large),
      cmocka_unit_test(test_cancel),    cmocka_unit_test(test_views),
      cmocka_unit_test(test_breakdown), cmocka_unit_test(test_limit),
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
