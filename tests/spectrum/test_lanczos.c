/* Extreme eigenpairs by Lanczos, and whole spectra by LAPACK, of operators with known eigenvalues.
 * Property: |value - lambda| and ||A v - value v|| are at most tolerance |value|, plus the rounding
 * error of a product, LAPACK's 30 n eps ||A||; ||v|| = 1. */
#include "known_spectrum.h"

/* The pair is eigenvalue `expected` of A, whose norm is `norm`. */
static void check_pair(const ntk_operator *A, double expected, double norm, double tolerance,
                       const ntk_eigenpair *pair, const double *v) {
  const double n = (double)A->n, rounding = 30 * n * DBL_EPSILON;
  double *r = make_array(A->n);
  assert_near(norm2(A->n, v), 1.0, (n + 4) * DBL_EPSILON, "||v||");
  assert_near(pair->value, expected, (tolerance + rounding) * fabs(expected), "eigenvalue");
  assert_ok(A->apply(A->user, v, 1, r));
  for (size_t i = 0; i < A->n; i++)
    r[i] -= pair->value * v[i];
  assert_near(norm2(A->n, r), 0.0, tolerance * fabs(pair->value) * (1 + 1e-3) + rounding * norm,
              "||A v - lambda v||");
  assert_true(pair->residual <= tolerance * fabs(pair->value) * (1 + 1e-12));
  assert_true(pair->applications >= 1 && pair->applications <= 4000 + 160);
  free(r);
}

/* Both ends; the largest of A^{-1} and the smallest of A are the same thing seen twice. */
static void check_both_ends(size_t n, spectrum kind, double tolerance) {
  known_operator known = known_create(n, 100 * n + kind);
  fill_spectrum(kind, n, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  double smallest = known.lambda[0], largest = known.lambda[0], *v = make_array(n);
  for (size_t i = 0; i < n; i++) {
    smallest = fmin(smallest, known.lambda[i]);
    largest = fmax(largest, known.lambda[i]);
  }
  ntk_eigenpair pair;
  assert_ok(ntk_eigen_largest(context, &A, tolerance, 1, &pair, v));
  check_pair(&A, largest, largest, tolerance, &pair, v);
  assert_ok(ntk_eigen_smallest(context, &A, tolerance, 2, &pair, v));
  check_pair(&A, smallest, largest, tolerance, &pair, v);
  free(v);
  known_destroy(&known);
}

static const size_t orders[] = {1, 2, 3, 5, 10, 33, 160, 161, 400, 1535, 1600};

static void test_known_spectra(void **state) {
  (void)state;
  for (size_t o = 0; o < COUNT(orders); o++)
    for (spectrum kind = 0; kind < SPECTRA; kind++)
      for (int digits = 6; digits <= 10; digits += 4)
        check_both_ends(orders[o], kind, pow(10.0, -digits));
}

static ntk_status inverse_product(void *user, const double *V, size_t m, double *Y) {
  known_operator *A = user;
  memcpy(Y, V, A->n * m * sizeof(double));
  return known_solve(A, Y, m);
}

/* Whatever the block, up to the whole space and beyond the basis: the largest eigenvalue of A^{-1}
 * and a vector with ||A^{-1} v - theta v|| <= tolerance theta. */
static void test_blocks(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 3, 7, 33, 161, 400};
  const double tolerance = 1e-8;
  for (size_t o = 0; o < COUNT(sizes); o++)
    for (spectrum kind = 0; kind < SPECTRA; kind++)
      for (size_t block = 1; block <= 5; block++) {
        const size_t n = sizes[o];
        known_operator known = known_create(n, 1000 * n + kind);
        fill_spectrum(kind, n, known.lambda);
        double smallest = known.lambda[0];
        for (size_t i = 0; i < n; i++)
          smallest = fmin(smallest, known.lambda[i]);
        const ntk_lanczos_options options = {.block = block,
                                             .tolerance = tolerance,
                                             .max_products = 4000,
                                             .seed = block,
                                             .phase = "test"};
        double *v = make_array(n), *r = make_array(n);
        ntk_eigenpair pair;
        assert_ok(ntk_lanczos_largest(context, n, inverse_product, &known, &options, &pair, v));
        const double rounding = 30 * (double)n * DBL_EPSILON / smallest;
        assert_near(pair.value, 1 / smallest, tolerance / smallest + rounding, "theta");
        assert_ok(inverse_product(&known, v, 1, r));
        for (size_t i = 0; i < n; i++)
          r[i] -= pair.value * v[i];
        assert_near(norm2(n, r), 0.0, 1.001 * tolerance / smallest + rounding, "residual");
        free(v);
        free(r);
        known_destroy(&known);
      }
}

/* Further pairs: eigenvalues in descending order once the basis is the whole space, and 0 after its
 * last. Once more: v and A v in the same direction, found with no product more. */
static void test_further(void **state) {
  (void)state;
  enum { ORDER = 21, FURTHER = 30 };
  known_operator known = known_create(ORDER, 5);
  fill_spectrum(EVEN, ORDER, known.lambda);
  ntk_lanczos_options options = {
      .block = 2, .tolerance = 1e-14, .max_products = 4000, .seed = 3, .further = FURTHER};
  ntk_eigenpair pair[1 + FURTHER];
  double *V = make_array((1 + FURTHER) * ORDER), v[ORDER];
  options.phase = "test";
  assert_ok(ntk_lanczos_largest(context, ORDER, inverse_product, &known, &options, pair, V));
  for (size_t p = 0; p < 1 + FURTHER; p++)
    assert_near(pair[p].value, p < ORDER ? 1.0 / (double)(p + 1) : 0.0, 1e-12, "further");
  options.tolerance = 0.05;
  options.further = 2;
  assert_ok(ntk_lanczos_largest(context, ORDER, inverse_product, &known, &options, pair, V));
  options.once_more = true;
  double *W = make_array(3 * ORDER);
  assert_ok(ntk_lanczos_largest(context, ORDER, inverse_product, &known, &options, pair, W));
  assert_true(pair[0].residual > 1e-6 && pair[2].residual > 1e-6 && pair[0].applications < ORDER);
  for (size_t p = 0; p < 3; p++) {
    assert_ok(inverse_product(&known, V + p * ORDER, 1, v));
    const double norm = norm2(ORDER, v);
    for (size_t i = 0; i < ORDER; i++)
      assert_near(W[p * ORDER + i], v[i] / norm, 1e-12, "once more");
  }
  free(W);
  free(V);
  known_destroy(&known);
}

/* Scaling A scales its eigenvalues, down to where squares underflow and up to where they overflow.
 */
static void test_scales(void **state) {
  (void)state;
  enum { ORDER = 200 };
  const double scales[] = {0x1p-1000, 0x1p-520, 1.0, 0x1p520, 0x1p990};
  for (size_t s = 0; s < COUNT(scales); s++) {
    known_operator known = known_create(ORDER, 77);
    fill_spectrum(EVEN, ORDER, known.lambda);
    for (size_t i = 0; i < ORDER; i++)
      known.lambda[i] *= scales[s];
    const ntk_operator A = known_as_operator(&known);
    double v[ORDER];
    ntk_eigenpair pair;
    assert_ok(ntk_eigen_largest(context, &A, 1e-8, 1, &pair, v));
    assert_near(pair.value / scales[s], ORDER, 1e-8 * ORDER, "largest");
    assert_ok(ntk_eigen_smallest(context, &A, 1e-8, 1, &pair, v));
    assert_near(pair.value / scales[s], 1.0, 1e-8, "smallest");
    known_destroy(&known);
  }
}

/* The second difference: A = tridiag(-1, 2, -1) has eigenvalues 2 - 2 cos(k pi / (n + 1)). */
typedef struct difference {
  size_t n;
  double *pivots;
} difference;

static ntk_status difference_apply(void *user, const double *V, size_t m, double *Y) {
  const difference *d = user;
  for (size_t i = 0; i < d->n * m; i++) {
    const size_t row = i % d->n;
    Y[i] = 2.0 * V[i] - (row > 0 ? V[i - 1] : 0.0) - (row + 1 < d->n ? V[i + 1] : 0.0);
  }
  return NTK_OK;
}

static ntk_status difference_solve(void *user, double *V, size_t m) {
  const difference *d = user;
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * d->n;
    for (size_t i = 1; i < d->n; i++)
      v[i] += v[i - 1] / d->pivots[i - 1];
    v[d->n - 1] /= d->pivots[d->n - 1];
    for (size_t i = d->n - 1; i-- > 0;)
      v[i] = (v[i] + v[i + 1]) / d->pivots[i];
  }
  return NTK_OK;
}

static void test_second_difference(void **state) {
  (void)state;
  const double pi = acos(-1.0);
  for (size_t o = 0; o < COUNT(orders); o++) {
    difference d = {.n = orders[o], .pivots = make_array(orders[o])};
    for (size_t i = 0; i < d.n; i++) /* of elimination: (i + 2) / (i + 1) */
      d.pivots[i] = (double)(i + 2) / (double)(i + 1);
    const ntk_operator A = {
        .n = d.n, .apply = difference_apply, .solve = difference_solve, .user = &d};
    const double half = pi / (2.0 * (double)(d.n + 1)); /* 2 - 2 cos t = 4 sin^2(t / 2) */
    double *v = make_array(d.n);
    ntk_eigenpair pair;
    assert_ok(ntk_eigen_smallest(context, &A, 1e-8, 3, &pair, v));
    /* The solve errs by a few u of the condition number, 1 / sin^2 half. */
    check_pair(&A, 4.0 * pow(sin(half), 2), 4.0, 1e-8 + DBL_EPSILON / pow(sin(half), 2), &pair, v);
    if (d.n <= 161) { /* the upper end is dense: 4 sin^2(n half), beyond what Lanczos resolves */
      assert_ok(ntk_eigen_largest(context, &A, 1e-8, 3, &pair, v));
      check_pair(&A, 4.0 * pow(cos(half), 2), 4.0, 1e-8, &pair, v);
    }
    free(v);
    free(d.pivots);
  }
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Whole spectra: |lambda_i - expected| <= 30 n eps ||A||, and of dsyevd's vectors
 * ||A V - V Lambda||_max too. */
static void test_whole_spectra(void **state) {
  (void)state;
  for (size_t o = 0; o < COUNT(orders) && orders[o] <= 161; o++)
    for (spectrum kind = 0; kind < SPECTRA; kind++) {
      const size_t n = orders[o];
      known_operator known = known_create(n, n + kind);
      fill_spectrum(kind, n, known.lambda);
      double *full = known_matrix(&known), *values = make_array(n), *Av = make_array(n);
      double *vectors = make_array(n * n);
      memcpy(vectors, full, n * n * sizeof *full);
      qsort(known.lambda, n, sizeof *values, ascending);
      const double allowed = 30 * (double)n * DBL_EPSILON * known.lambda[n - 1];
      const size_t before = ntk_memory_in_use(context);
      ntk_packed A = packed_from(context, n, full);
      assert_ok(ntk_spectrum_full(&A, values));
      for (size_t i = 0; i < n; i++)
        assert_near(values[i], known.lambda[i], allowed, "eigenvalue of the packed matrix");
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) /* A is kept */
          assert_true(ntk_packed_get(&A, i, j) == full[i * n + j]);
      ntk_packed_destroy(&A);
      assert_ok(ntk_dsyevd(context, 'V', n, vectors, values));
      assert_int_equal(ntk_memory_in_use(context), before);
      for (size_t c = 0; c < n; c++) {
        assert_near(values[c], known.lambda[c], allowed, "eigenvalue by dsyevd");
        plain_product(n, full, vectors + c * n, Av);
        for (size_t i = 0; i < n; i++)
          assert_near(Av[i], values[c] * vectors[c * n + i], allowed, "A V - V Lambda");
      }
      free(vectors);
      free(Av);
      free(values);
      free(full);
      known_destroy(&known);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_spectra),     cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_further),           cmocka_unit_test(test_scales),
      cmocka_unit_test(test_second_difference), cmocka_unit_test(test_whole_spectra),
  };
  context = make_context(1);
  const int previous = ntk_blas_enter(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  ntk_context_destroy(context);
  return failed;
}
