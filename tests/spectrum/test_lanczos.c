/* Extreme eigenpairs by Lanczos, and whole spectra by LAPACK, of operators with known eigenvalues.
 * Property: |value - lambda| and ||A v - value v|| are at most tolerance |value|, plus the rounding
 * error of a product, LAPACK's 30 n eps ||A||; ||v|| = 1. */
#include "matrices.h"

#include "base/blas.h"
#include "spectrum/full.h"
#include "spectrum/lanczos.h"

static ntk_context *context;

typedef enum spectrum {
  EVEN,         /* 1, 2, ..., n */
  CLUSTER_2,    /* 2 at 1, 1e-10 wide; the rest 2, 3, ... */
  CLUSTER_5,    /* 5 there */
  CLUSTER_20,   /* 20 there */
  IDENTITY,     /* 1, ..., 1 */
  RANK_ONE_UP,  /* 1, ..., 1, 3 */
  RANK_ONE_LOW, /* 1/4, 1, ..., 1 */
  NEARLY_ONE,   /* 1/4, then 1 ... 1 + 1e-12: a block of vectors becomes dependent but for 1e-12 */
  NEARLY_EQUAL, /* 1e-12, then 1 ... 2: a kernel of two nearly equal rows */
  GRADED,       /* 1e-14 ... 1, geometric */
  SPECTRA
} spectrum;

static void fill_spectrum(spectrum kind, size_t n, double *lambda) {
  const size_t clusters[] = {[CLUSTER_2] = 2, [CLUSTER_5] = 5, [CLUSTER_20] = 20};
  for (size_t i = 0; i < n; i++)
    switch (kind) {
    case EVEN:
      lambda[i] = 1.0 + (double)i;
      break;
    case CLUSTER_2:
    case CLUSTER_5:
    case CLUSTER_20:
      lambda[i] = i < clusters[kind] ? 1.0 + 1e-10 * (double)i / (double)clusters[kind]
                                     : 2.0 + (double)(i - clusters[kind]);
      break;
    case GRADED:
      lambda[i] = n == 1 ? 1.0 : pow(10.0, -14.0 * (double)(n - 1 - i) / (double)(n - 1));
      break;
    case RANK_ONE_LOW:
      lambda[i] = i == 0 ? 0.25 : 1.0;
      break;
    case NEARLY_ONE:
      lambda[i] = i == 0 ? 0.25 : 1.0 + 1e-12 * (double)i / (double)n;
      break;
    case NEARLY_EQUAL:
      lambda[i] = i == 0 ? 1e-12 : 1.0 + (double)i / (double)n;
      break;
    default:
      lambda[i] = kind == RANK_ONE_UP && i == n - 1 ? 3.0 : 1.0;
    }
}

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
          assert_true(*ntk_packed_at(&A, i, j) == full[i * n + j]);
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

/* Refused, with pair and vector as they were. */
static void test_arguments(void **state) {
  (void)state;
  known_operator known = known_create(4, 1);
  fill_spectrum(EVEN, 4, known.lambda);
  ntk_operator A = known_as_operator(&known);
  double v[4] = {7, 7, 7, 7};
  ntk_eigenpair pair = {.value = 7};
  const double tolerances[] = {0.0, -1e-6, 1.0, INFINITY, NAN};
  for (size_t t = 0; t < COUNT(tolerances); t++) {
    assert_refused(ntk_eigen_largest(context, &A, tolerances[t], 1, &pair, v), NTK_ERR_ARGUMENT,
                   "tolerance");
    assert_refused(ntk_eigen_smallest(context, &A, tolerances[t], 1, &pair, v), NTK_ERR_ARGUMENT,
                   "tolerance");
  }
  A.n = 0;
  assert_refused(ntk_eigen_largest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "order");
  assert_refused(ntk_eigen_smallest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "order");
  A = (ntk_operator){.n = 4, .user = &known};
  assert_refused(ntk_eigen_largest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "apply");
  assert_refused(ntk_eigen_smallest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "solve");
  assert_true(pair.value == 7 && v[0] == 7 && v[3] == 7 && known.calls == 0);
  known_destroy(&known);
}

/* A solve that errs: A + E, E diagonal in A's eigenvectors and new at each call, ||E|| <= 1e-9. */
static ntk_status noisy_solve(void *user, double *V, size_t m) {
  known_operator *A = user;
  uint64_t seed = (uint64_t)++A->calls;
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * A->n;
    known_rotate(A, true, v);
    for (size_t i = 0; i < A->n; i++)
      v[i] /= A->lambda[i] + 1e-9 * next_uniform(&seed);
    known_rotate(A, false, v);
  }
  return NTK_OK;
}

/* The noise that an operator tells is where the residual may stop, and the eigenvalue is within it,
 * though the tolerance, 5e-15, asks for more. */
static void test_noise(void **state) {
  (void)state;
  const size_t n = 200;
  known_operator known = known_create(n, 5);
  for (size_t i = 0; i < n; i++)
    known.lambda[i] = (double)(i + 1) / (double)n;
  ntk_operator A = {.n = n, .solve = noisy_solve, .user = &known, .noise = 1e-9};
  double v[200], r[200];
  ntk_eigenpair pair;
  assert_ok(ntk_eigen_smallest(context, &A, 1e-12, 1, &pair, v));
  assert_near(pair.value, 1.0 / (double)n, 2e-9, "eigenvalue"); /* Weyl, and the residual */
  assert_true(pair.residual <= 1e-9 * (1 + 1e-6));
  assert_ok(known_apply(&known, v, 1, r));
  for (size_t i = 0; i < n; i++)
    r[i] -= pair.value * v[i];
  assert_near(norm2(n, r), 0.0, 4e-9, "residual"); /* of A + E, and E, in both products */
  known_destroy(&known);
}

/* A failure of the k-th product, for every k, ends the call with its status and holds no memory. */
static void test_failures_propagate(void **state) {
  (void)state;
  known_operator known = known_create(200, 5);
  fill_spectrum(EVEN, 200, known.lambda);
  known.failure = NTK_ERR_FILE; /* one that the library itself would not give here */
  const ntk_operator A = known_as_operator(&known);
  double v[200];
  ntk_eigenpair pair;
  for (int end = 0; end < 2; end++) {
    ntk_status (*find)(ntk_context *, const ntk_operator *, double, uint64_t, ntk_eigenpair *,
                       double *) = end ? ntk_eigen_smallest : ntk_eigen_largest;
    known.calls = known.fail_at = 0;
    assert_ok(find(context, &A, 1e-8, 1, &pair, v));
    for (int last = known.calls, k = 1; k <= last; k++) {
      known.calls = 0;
      known.fail_at = k;
      for (size_t i = 0; i < 200; i++)
        v[i] = 7;
      pair.value = 7;
      assert_int_equal(find(context, &A, 1e-8, 1, &pair, v), NTK_ERR_FILE);
      assert_int_equal(ntk_memory_in_use(context), 0);
      assert_true(pair.value == 7);
      for (size_t i = 0; i < 200; i++)
        assert_true(v[i] == 7); /* ntkit.h: outputs are untouched on failure */
    }
  }
  known_destroy(&known);
}

typedef struct bad_entry {
  size_t n;
  double entry; /* of every product, its first */
} bad_entry;

static ntk_status not_finite(void *user, const double *V, size_t m, double *Y) {
  const bad_entry *bad = user;
  for (size_t i = 0; i < bad->n * m; i++)
    Y[i] = i % bad->n ? (double)(i % bad->n) * V[i] : bad->entry;
  return NTK_OK;
}

/* A product that is infinite or NaN is no basis for an eigenvalue, and is found out at once. */
static void test_not_finite(void **state) {
  (void)state;
  const double entries[] = {INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < COUNT(entries); i++)
    for (size_t n = 12; n <= 300; n += 288) {
      bad_entry bad = {n, entries[i]};
      const ntk_operator A = {.n = n, .apply = not_finite, .user = &bad};
      ntk_eigenpair pair;
      double v[300];
      assert_refused(ntk_eigen_largest(context, &A, 1e-6, 1, &pair, v), NTK_ERR_NUMERIC,
                     "not finite");
      assert_int_equal(ntk_memory_in_use(context), 0);
    }
}

static bool stop_at_zero(const char *phase, double fraction, void *user) {
  assert_non_null(strstr(phase, "eigenvalue"));
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return --*(int *)user != 0;
}

/* The callback stops it at its k-th call. */
static void test_cancel(void **state) {
  (void)state;
  int left = -1;
  const ntk_context_options options = {.progress = stop_at_zero, .progress_user = &left};
  ntk_context *stoppable = NULL;
  assert_ok(ntk_context_create(&options, &stoppable));
  known_operator known = known_create(400, 5);
  fill_spectrum(EVEN, 400, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  double v[400];
  ntk_eigenpair pair;
  assert_ok(ntk_eigen_largest(stoppable, &A, 1e-8, 1, &pair, v));
  const int calls = -1 - left;
  assert_true(calls > 3);
  for (int k = 1; k <= calls; k++) {
    left = k;
    assert_int_equal(ntk_eigen_largest(stoppable, &A, 1e-8, 1, &pair, v), NTK_ERR_CANCELLED);
    assert_int_equal(ntk_memory_in_use(stoppable), 0);
  }
  known_destroy(&known);
  ntk_context_destroy(stoppable);
}

/* The same seed gives the same bits; another seed another vector and the same eigenvalue. */
static void test_repeatable(void **state) {
  (void)state;
  const size_t n = 1600;
  known_operator known = known_create(n, 5);
  fill_spectrum(CLUSTER_2, n, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  ntk_eigenpair pair[3];
  double *v = make_array(3 * n);
  const uint64_t seeds[] = {9, 9, 10};
  for (size_t i = 0; i < 3; i++)
    assert_ok(ntk_eigen_smallest(context, &A, 1e-6, seeds[i], &pair[i], v + i * n));
  assert_memory_equal(v, v + n, n * sizeof *v);
  assert_true(pair[0].value == pair[1].value && pair[0].residual == pair[1].residual);
  assert_int_not_equal(memcmp(v, v + 2 * n, n * sizeof *v), 0);
  free(v);
  known_destroy(&known);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_spectra),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_scales),
      cmocka_unit_test(test_second_difference),
      cmocka_unit_test(test_whole_spectra),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_failures_propagate),
      cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_noise),
      cmocka_unit_test(test_repeatable),
  };
  context = make_context(1);
  const int previous = ntk_blas_enter(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  ntk_context_destroy(context);
  return failed;
}
