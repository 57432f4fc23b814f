/* The smallest eigenpairs by generalised Davidson, of operators whose spectrum is known and of
 * matrices that LAPACK's dsyevd has taken apart, with the inverse of something near them.
 * Property: value and residual ||A v - value v|| are as asked for, products as few as the quality
 * of the solve allows, memory as foretold. */
#include "base/memory.h"
#include "fake_clock.h"
#include "known_spectrum.h"
#include "spectrum/davidson.h"

/* A known operator with the solve M^{-1} = A^{-1/2} (I + E) A^{-1/2}, -spread <= E <= spread, whose
 * eigenvectors are others than A's: as of a factor in a lower precision. */
typedef struct nearby {
  known_operator A, E;
  double spread;
  size_t products;
} nearby;

static nearby nearby_create(size_t n, uint64_t seed, double spread) {
  nearby s = {.A = known_create(n, seed), .E = known_create(n, seed + 1), .spread = spread};
  for (size_t i = 0; i < n; i++)
    s.E.lambda[i] = 1.0 + spread * next_uniform(&seed);
  return s;
}

static void nearby_destroy(nearby *s) {
  known_destroy(&s->A);
  known_destroy(&s->E);
}

static ntk_status nearby_apply(void *user, const double *V, size_t m, double *Y) {
  nearby *s = user;
  s->products += m;
  return known_apply(&s->A, V, m, Y);
}

static void half_solve(const nearby *s, double *v) {
  known_rotate(&s->A, true, v);
  for (size_t i = 0; i < s->A.n; i++)
    v[i] /= sqrt(s->A.lambda[i]);
  known_rotate(&s->A, false, v);
}

static ntk_status nearby_solve(void *user, double *V, size_t m) {
  nearby *s = user;
  for (size_t c = 0; c < m; c++) {
    half_solve(s, V + c * s->A.n);
    (void)known_map(&s->E, false, V + c * s->A.n, 1);
    half_solve(s, V + c * s->A.n);
  }
  return NTK_OK;
}

static ntk_operator nearby_operator(nearby *s, bool solve) {
  return (ntk_operator){
      .n = s->A.n, .apply = nearby_apply, .solve = solve ? nearby_solve : NULL, .user = s};
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The pairs against A's own eigenvalues, and their residuals in long double. A residual r leaves
 * the value within r of an eigenvalue. */
static void check_pairs(nearby *s, const ntk_lanczos_options *options, const ntk_eigenpair *pair,
                        const double *V) {
  const size_t n = s->A.n, count = options->count > 0 ? options->count : 1;
  double *sorted = make_array(n), *r = make_array(n);
  memcpy(sorted, s->A.lambda, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, ascending);
  const double rounding = 60 * DBL_EPSILON * sorted[n - 1];
  for (size_t p = 0; p < count; p++) {
    const double *v = V + p * n;
    const double allowed = fmax(options->tolerance * sorted[p], options->noise) + rounding;
    assert_near(pair[p].value, sorted[p], allowed, "eigenvalue");
    assert_ok(known_apply(&s->A, v, 1, r));
    for (size_t i = 0; i < n; i++)
      r[i] -= pair[p].value * v[i];
    assert_near(norm2(n, r), 0.0, 1.001 * allowed, "||A v - value v||");
    assert_near(norm2(n, r), pair[p].residual, rounding, "the residual told");
    for (size_t q = 0; q <= p; q++)
      assert_near(dot(v, V + q * n, n), q == p ? 1.0 : 0.0, 1e-9, "V^T V");
    assert_int_equal(pair[p].applications, s->products);
  }
  free(sorted);
  free(r);
}

/* Runs and checks it, memory too; the products. */
static size_t find(nearby *s, bool solve, ntk_lanczos_options options, const double *start,
                   size_t starts) {
  const size_t n = s->A.n, count = options.count > 0 ? options.count : 1;
  ntk_eigenpair pair[NTK_LANCZOS_PAIRS];
  double *V = make_array(count * n);
  const ntk_operator A = nearby_operator(s, solve);
  const size_t before = ntk_memory_in_use(context), peak = ntk_memory_peak_enter(context);
  options.seed = 3;
  options.phase = "test";
  s->products = 0;
  assert_ok(ntk_davidson_smallest(context, &A, &options, start, starts, pair, V));
  assert_true(ntk_memory_peak_leave(context, peak) - before <= ntk_davidson_bytes(n, &options));
  assert_int_equal(ntk_memory_in_use(context), before);
  check_pairs(s, &options, pair, V);
  free(V);
  return s->products;
}

/* Every kind of spectrum, good and bad solves and none, one vector a product and several. Double
 * tells lambda_min of 1e-12 and 1e-14 from nothing to the noise of a product alone. */
static void test_known_spectra(void **state) {
  (void)state;
  const size_t orders[] = {1, 2, 3, 10, 37, 160, 400};
  const double spreads[] = {0.0, 0.05, 0.9};
  for (size_t o = 0; o < COUNT(orders); o++)
    for (spectrum kind = 0; kind < SPECTRA; kind++)
      for (size_t q = 0; q < COUNT(spreads); q++)
        for (size_t block = 1; block <= 4; block += 3) {
          nearby s = nearby_create(orders[o], 10 * o + kind, spreads[q]);
          fill_spectrum(kind, orders[o], s.A.lambda);
          const double noise = 64 * DBL_EPSILON * (kind == EVEN ? (double)orders[o] : 3.0);
          const ntk_lanczos_options options = {
              .block = block, .tolerance = 1e-8, .noise = noise, .max_products = 4000};
          (void)find(&s, true, options, NULL, 0);
          ntk_lanczos_options inner = options;
          inner.inner = 12;
          (void)find(&s, true, inner, NULL, 0);
          if (kind != GRADED) /* of which more below */
            (void)find(&s, false, options, NULL, 0);
          nearby_destroy(&s);
        }
}

/* lambda_i = cond^{-(i/n)}: preconditioned to 5 %, in a few products whatever the condition. The
 * value's error is that of the residual squared over the gap, or the product's rounding. */
static void test_graded(void **state) {
  (void)state;
  enum { ORDER = 300 };
  for (int digits = 2; digits <= 13; digits++) {
    nearby s = nearby_create(ORDER, 40 + (uint64_t)digits, 0.05);
    for (size_t i = 0; i < ORDER; i++)
      s.A.lambda[i] = pow(10.0, -digits * (double)(ORDER - 1 - i) / (double)(ORDER - 1));
    const double smallest = s.A.lambda[0], gap = s.A.lambda[1] / smallest - 1.0;
    const ntk_lanczos_options options = {.block = 1,
                                         .tolerance = 1e-6,
                                         .noise = 32 * DBL_EPSILON,
                                         .max_products = 200,
                                         .seed = 5,
                                         .phase = "test"};
    const size_t products = find(&s, true, options, NULL, 0);
    assert_in_range(products, 2, 70);
    double v[ORDER];
    ntk_eigenpair pair;
    const ntk_operator A = nearby_operator(&s, true);
    assert_ok(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v));
    const double residual = pair.residual / smallest;
    assert_near(pair.value / smallest, 1.0,
                residual * residual / gap * 1.1 + 16 * DBL_EPSILON / smallest, "lambda_min");
    nearby_destroy(&s);
  }
}

/* From an eigenvector that is right to 1e-3, its residual 0.2: a step of inverse iteration in a
 * Krylov space divides it by 3 + 2 sqrt 2 where the next eigenvalue is twice the first, so that
 * eight make 1e-6 of it; fewer are needed as directions of large eigenvalues go at once. An inner
 * iteration is to divide it by a hundred. */
static void test_start(void **state) {
  (void)state;
  enum { ORDER = 400 };
  const struct {
    double spread;
    size_t most, inner; /* products without and with an inner iteration */
  } cases[] = {{1e-5, 8, 4}, {1e-2, 8, 5}, {0.2, 12, 8}};
  for (size_t c = 0; c < COUNT(cases); c++) {
    nearby s = nearby_create(ORDER, 60 + c, cases[c].spread);
    fill_spectrum(EVEN, ORDER, s.A.lambda);
    double v[2 * ORDER] = {0};
    uint64_t seed = 1;
    for (size_t i = 0; i < ORDER; i++)
      v[i] = (i == 0 ? 1.0 : 0.0) + 1e-3 / sqrt(ORDER) * next_uniform(&seed);
    known_rotate(&s.A, false, v);
    memcpy(v + ORDER, v, ORDER * sizeof(double)); /* and once more, which brings nothing */
    const ntk_lanczos_options options = {.block = 1, .tolerance = 1e-6, .max_products = 50};
    assert_in_range(find(&s, true, options, v, 1), 1, cases[c].most);
    assert_in_range(find(&s, true, options, v, 2), 1, cases[c].most);
    ntk_lanczos_options inner = options;
    inner.inner = 20;
    assert_in_range(find(&s, true, inner, v, 1), 1, cases[c].inner);
    memset(v, 0, sizeof v); /* the eigenvector itself: nothing is left to do */
    v[0] = 1.0;
    known_rotate(&s.A, false, v);
    assert_int_equal(find(&s, true, options, v, 1), 1);
    nearby_destroy(&s);
  }
}

/* From the second eigenvector, which has converged before there is a first. */
static void test_order(void **state) {
  (void)state;
  enum { ORDER = 300 };
  nearby s = nearby_create(ORDER, 64, 0.9);
  fill_spectrum(EVEN, ORDER, s.A.lambda);
  double v[ORDER] = {[1] = 1.0};
  known_rotate(&s.A, false, v);
  const ntk_lanczos_options options = {
      .block = 1, .count = 2, .tolerance = 1e-8, .max_products = 900};
  (void)find(&s, false, options, v, 1);
  nearby_destroy(&s);
}

/* Without a solve, of values 1 + i / 400: the bound for Lanczos that never restarts, a gap of
 * 1/3000 of the spread and six digits from a residual of 2, is 14.5 / (2 sqrt(1/3000)) = 397
 * products. The vectors of the step before keep it near that search, which takes 257; without them
 * it is 273. */
static void test_without_solve(void **state) {
  (void)state;
  enum { ORDER = 3000 };
  nearby s = nearby_create(ORDER, 65, 0.0);
  for (size_t i = 0; i < ORDER; i++)
    s.A.lambda[i] = 1.0 + (double)i / 400.0;
  const ntk_lanczos_options options = {.block = 1, .tolerance = 1e-6, .max_products = 2000};
  const size_t products = find(&s, false, options, NULL, 0);
  assert_in_range(products, 60, 262);
  /* A value that is small enough ends it. */
  ntk_lanczos_options enough = options;
  enough.enough = 1.01;
  enough.phase = "test";
  const ntk_operator A = nearby_operator(&s, false);
  double v[ORDER];
  ntk_eigenpair pair;
  assert_ok(ntk_davidson_smallest(context, &A, &enough, NULL, 0, &pair, v));
  assert_true(pair.value <= 1.01 && pair.residual > 1e-6 && pair.applications < 200);
  nearby_destroy(&s);
}

/* Several pairs, of values that occur more than once too. */
static void test_pairs(void **state) {
  (void)state;
  const spectrum kinds[] = {EVEN, CLUSTER_2, CLUSTER_5, RANK_ONE_LOW};
  const size_t counts[] = {2, 5, 16, 64}, orders[] = {64, 161, 400};
  for (size_t o = 0; o < COUNT(orders); o++)
    for (size_t k = 0; k < COUNT(kinds); k++)
      for (size_t c = 0; c < COUNT(counts); c++) {
        nearby s = nearby_create(orders[o], 80 + k, 0.1);
        fill_spectrum(kinds[k], orders[o], s.A.lambda);
        (void)find(&s, true,
                   (ntk_lanczos_options){.block = counts[c] < 6 ? 5 : 8,
                                         .count = counts[c],
                                         .inner = 4 * (k % 2),
                                         .tolerance = 1e-8,
                                         .max_products = 4000},
                   NULL, 0);
        nearby_destroy(&s);
      }
}

/* A full matrix and the Cholesky factor of its rounding to single precision. */
typedef struct rounded {
  size_t n;
  double *A;
  ntk_packed L;
} rounded;

static ntk_status rounded_apply(void *user, const double *V, size_t m, double *Y) {
  const rounded *s = user;
  for (size_t c = 0; c < m; c++)
    plain_product(s->n, s->A, V + c * s->n, Y + c * s->n);
  return NTK_OK;
}

static ntk_status rounded_solve(void *user, double *V, size_t m) {
  const rounded *s = user;
  return ntk_packed_solve(&s->L, V, m);
}

/* Against dsyevd: K_ij = exp(-(x_i - x_j)^2 / 2 h^2) + ridge, x on a line. */
static void test_against_lapack(void **state) {
  (void)state;
  enum { ORDER = 150 };
  const double ridges[] = {1e-2, 1e-4, 1e-5};
  for (size_t c = 0; c < COUNT(ridges); c++) {
    rounded s = {.n = ORDER, .A = make_array(ORDER * ORDER)};
    double *S = make_array(ORDER * ORDER), values[ORDER], v[3 * ORDER];
    for (size_t i = 0; i < ORDER; i++)
      for (size_t j = 0; j < ORDER; j++) {
        const double distance = (double)i - (double)j;
        s.A[i * ORDER + j] = exp(-distance * distance / 8.0) +
                             (i == j ? ridges[c] * (1.0 + (double)i / ORDER) : 0.0);
      }
    memcpy(S, s.A, ORDER * ORDER * sizeof *S);
    assert_ok(ntk_dsyevd(context, 'N', ORDER, S, values));
    s.L = packed_in(NTK_PRECISION_FLOAT, context, ORDER, s.A);
    assert_ok(ntk_packed_factor(&s.L, 0.0));
    const ntk_operator A = {.n = ORDER, .apply = rounded_apply, .solve = rounded_solve, .user = &s};
    const ntk_lanczos_options options = {
        .block = 3, .count = 3, .tolerance = 1e-9, .max_products = 500, .seed = 2, .phase = "test"};
    ntk_eigenpair pair[3];
    assert_ok(ntk_davidson_smallest(context, &A, &options, NULL, 0, pair, v));
    for (size_t p = 0; p < 3; p++)
      assert_near(pair[p].value, values[p], 1e-9 * values[p] + 4 * DBL_EPSILON * values[ORDER - 1],
                  "by dsyevd");
    free(s.A);
    ntk_packed_destroy(&s.L);
    free(S);
  }
}

/* Scaling A scales its eigenvalues, down to where squares underflow and up to where they overflow.
 */
static void test_scales(void **state) {
  (void)state;
  const double scales[] = {0x1p-1000, 0x1p-520, 1.0, 0x1p520, 0x1p990};
  for (size_t c = 0; c < COUNT(scales); c++) {
    nearby s = nearby_create(200, 77, 0.1);
    fill_spectrum(EVEN, 200, s.A.lambda);
    for (size_t i = 0; i < 200; i++)
      s.A.lambda[i] *= scales[c];
    const ntk_operator A = nearby_operator(&s, true);
    const ntk_lanczos_options options = {
        .block = 2, .tolerance = 1e-8, .max_products = 400, .phase = "test"};
    double v[200];
    ntk_eigenpair pair;
    assert_ok(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v));
    assert_near(pair.value / scales[c], 1.0, 1e-8, "smallest");
    nearby_destroy(&s);
  }
}

static ntk_status not_a_number(void *user, double *V, size_t m) {
  (void)user;
  V[m - 1] = NAN;
  return NTK_OK;
}

static bool count_calls(const char *phase, double fraction, void *user) {
  assert_string_equal(phase, "test");
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return ++*(int *)user < 5;
}

/* What ends it early ends it with its status, outputs untouched and no memory held. */
static void test_refusals(void **state) {
  (void)state;
  nearby s = nearby_create(200, 5, 0.3);
  fill_spectrum(EVEN, 200, s.A.lambda);
  ntk_operator A = nearby_operator(&s, true);
  const ntk_lanczos_options options = {
      .block = 2, .tolerance = 1e-10, .max_products = 400, .phase = "test"};
  ntk_lanczos_options few = options;
  double v[200] = {7};
  ntk_eigenpair pair = {.value = 7};
  few.max_products = 4;
  assert_refused(ntk_davidson_smallest(context, &A, &few, NULL, 0, &pair, v), NTK_ERR_NUMERIC,
                 "after 4 products");
  s.A.failure = NTK_ERR_FILE; /* one that the library itself would not give here */
  for (int call = 1; call < 4; call++) {
    s.A.calls = 0;
    s.A.fail_at = call;
    assert_int_equal(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v), NTK_ERR_FILE);
  }
  s.A.fail_at = 0;
  A.solve = not_a_number;
  assert_refused(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v), NTK_ERR_NUMERIC,
                 "solve is not finite");
  A = nearby_operator(&s, false);
  s.A.lambda[7] = INFINITY;
  assert_refused(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v), NTK_ERR_NUMERIC,
                 "product is not finite");
  fill_spectrum(EVEN, 200, s.A.lambda);
  int calls = 0;
  context->progress = count_calls;
  context->progress_user = &calls;
  assert_int_equal(ntk_davidson_smallest(context, &A, &options, NULL, 0, &pair, v),
                   NTK_ERR_CANCELLED);
  context->progress = NULL;
  assert_int_equal(calls, 5);
  assert_true(pair.value == 7 && v[0] == 7);
  assert_int_equal(ntk_memory_in_use(context), 0);
  nearby_destroy(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_spectra),  cmocka_unit_test(test_graded),
      cmocka_unit_test(test_start),          cmocka_unit_test(test_order),
      cmocka_unit_test(test_without_solve),  cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_against_lapack), cmocka_unit_test(test_scales),
      cmocka_unit_test(test_refusals),
  };
  context = make_context(1);
  const int previous = ntk_blas_enter(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  ntk_context_destroy(context);
  return failed;
}
