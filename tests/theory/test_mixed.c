/* ntk_spectrum in mixed precision.
 * Property: lambda_min and lambda_max are what LAPACK's full solver says of ntk_kernel_values, and
 * verdicts what double precision says, to 1e-10 or what double can tell; residuals are recomputed.
 */
#include "conditioning.h"

#include "kernel/ends/ends.h"
#include "kernel/ends/mixed.h"

static ntk_spectrum_result found(const problem *p, const char *precision) {
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p->context, p->network, p->data,
                         &(ntk_spectrum_options){.precision = precision}, &r));
  return r;
}

/* K, full, and its eigenvalues. */
static double *lapack(const problem *p, double *values) {
  ntk_features *features = make_features(p->network, p->data);
  double *K = kernel_array(features, p->N, NULL), *copy = make_array(p->N * p->N);
  memcpy(copy, K, p->N * p->N * sizeof *K);
  assert_ok(ntk_dsyevd(p->context, 'N', p->N, copy, values));
  free(copy);
  ntk_features_destroy(features);
  return K;
}

/* Its residual is what plain loops say, and as small as was wanted. */
static void check_residual(const problem *p, const ntk_spectrum_result *r, const double *K,
                           double rounding) {
  double *Kv = make_array(p->N);
  plain_product(p->N, K, r->eigenvector, Kv);
  for (size_t i = 0; i < p->N; i++)
    Kv[i] -= r->lambda_min * r->eigenvector[i];
  assert_near(norm2(p->N, r->eigenvector), 1.0, (double)p->N * DBL_EPSILON, "||v||");
  assert_near(r->residual_min, norm2(p->N, Kv), rounding, "residual of lambda_min");
  assert_true(r->residual_min <= 1.001e-6 * r->lambda_min + rounding);
  free(Kv);
}

/* Returns whether it was by a factor in single precision. */
static bool check(size_t N, size_t L, const size_t *width, const char *activation, double *X) {
  problem p;
  problem_open(&p, N, L, width, activation, X);
  ntk_spectrum_result mixed = found(&p, "mixed"), twice = found(&p, "double");
  double *values = make_array(N), *K = lapack(&p, values);
  const double rounding = 30 * (double)N * DBL_EPSILON * values[N - 1];
  const bool used = strcmp(mixed.precision, "mixed") == 0;
  assert_int_equal(mixed.verdict, twice.verdict);
  assert_string_equal(mixed.reason, twice.reason);
  assert_string_equal(twice.precision, "double");
  assert_true(mixed.resolution == twice.resolution);
  assert_near(mixed.lambda_max, values[N - 1], 1e-10 * values[N - 1], "lambda_max");
  if (mixed.verdict == NTK_VERDICT_OK) {
    assert_near(mixed.lambda_min, values[0], 1e-10 * values[0] + rounding, "against LAPACK");
    assert_near(mixed.lambda_min, twice.lambda_min,
                1e-10 * values[0] + fmin(rounding, twice.resolution), "against double");
    check_residual(&p, &mixed, K, rounding);
  } else {
    assert_true(mixed.eigenvector == NULL && isnan(mixed.residual_min));
  }
  assert_true(used || mixed.verdict == NTK_VERDICT_RANK_DEFICIENT ||
              mixed.precision_reason[0] != '\0');
  free(K);
  free(values);
  ntk_spectrum_clear(&mixed);
  ntk_spectrum_clear(&twice);
  problem_close(&p);
  return used;
}

/* Every activation function, two to five layers: of well conditioned kernels none falls back. */
static void test_activations(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 28, 22, 26};
  size_t count = 0, used = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  for (size_t a = 0; a < count; a++)
    for (size_t L = 2; L <= 5; L++)
      used += check(60 + 7 * L, L, width, list[a].name, NULL);
  assert_true(used >= 3 * count);
}

/* From one sample on: every remainder of a panel, and of a block. */
static void test_small(void **state) {
  (void)state;
  for (size_t N = 1; N <= 49; N += N < 5 ? 1 : 11)
    assert_true(check(N, 3, (size_t[]){30, 40, 35}, "sigmoid", NULL));
}

/* Equal rows are known to be singular; of nearly equal ones double says what can be told. */
static void test_close_rows(void **state) {
  (void)state;
  for (int e = 0; e <= 14; e += 2) {
    const size_t N = 50, d = 30;
    double *X = make_normal(3, N * d);
    for (size_t j = 0; j < d; j++)
      X[j] = X[d + j] * (1.0 + (e == 0 ? 0.0 : pow(10.0, -e) * (double)(j % 3)));
    (void)check(N, 3, (size_t[]){30, 40, 35}, "tanh", X);
  }
}

/* Tiny and huge kernels are scaled into the range of single precision. */
static void test_scales(void **state) {
  (void)state;
  for (int e = -80; e <= 80; e += 40) {
    problem p;
    double *X = make_normal(5, 40 * 30);
    for (size_t i = 0; i < 40 * 30; i++)
      X[i] = ldexp(X[i], e);
    problem_open(&p, 40, 2, (size_t[]){30, 30}, "relu", X);
    ntk_spectrum_result mixed = found(&p, "mixed"), twice = found(&p, "double");
    assert_string_equal(mixed.precision, "mixed");
    assert_near(mixed.lambda_min, twice.lambda_min, 1e-10 * twice.lambda_min, "lambda_min");
    ntk_spectrum_clear(&mixed);
    ntk_spectrum_clear(&twice);
    problem_close(&p);
  }
}

static void test_threads(void **state) {
  (void)state;
  double value[2], *vector[2];
  for (int t = 0; t < 2; t++) {
    problem p;
    problem_open(&p, 300, 3, (size_t[]){40, 50, 60}, "sigmoid", NULL);
    ntk_context *context = make_context(t + 1);
    ntk_network *network = make_network(context, 3, (size_t[]){40, 50, 60}, "sigmoid", "paper", 7);
    ntk_dataset *data = make_data(context, p.X, 300, 40);
    ntk_spectrum_result r;
    assert_ok(
        ntk_spectrum(context, network, data, &(ntk_spectrum_options){.precision = "mixed"}, &r));
    value[t] = r.lambda_min;
    vector[t] = make_array(300);
    memcpy(vector[t], r.eigenvector, 300 * sizeof(double));
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    ntk_context_destroy(context);
    problem_close(&p);
  }
  assert_true(value[0] == value[1]);
  assert_memory_equal(vector[0], vector[1], 300 * sizeof(double));
  free(vector[0]);
  free(vector[1]);
}

/* What is asked of double alone is done there, and said; what is no precision is refused. */
static void test_said(void **state) {
  (void)state;
  problem p;
  problem_open(&p, 30, 2, (size_t[]){20, 20}, "sigmoid", NULL);
  ntk_spectrum_result r;
  ntk_spectrum_options options = {.precision = "mixed", .certify = true};
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  assert_true(r.certificate.certified);
  assert_string_equal(r.precision, "double");
  assert_string_equal(r.precision_reason, "a certificate is a matter of double precision");
  ntk_spectrum_clear(&r);
  options = (ntk_spectrum_options){.precision = "single"};
  assert_refused(ntk_spectrum(p.context, p.network, p.data, &options, &r), NTK_ERR_ARGUMENT,
                 "auto, double, mixed");
  problem_close(&p);
}

/* lambda_min of a matrix with eigenvalues from 1 to the condition, evenly on a logarithmic scale,
 * but the second where a gap is given; whether single precision was enough for it. */
static bool find_known(ntk_context *context, size_t n, double condition, double gap) {
  known_operator known = known_create(n, 11);
  for (size_t i = 0; i < n; i++)
    known.lambda[i] = pow(condition, (double)i / (double)(n - 1));
  if (gap > 0.0)
    known.lambda[1] = 1.0 + gap;
  double *A = known_matrix(&known), *vector = make_array(n);
  ntk_kernel *K = NULL, *single = NULL;
  assert_ok(ntk_kernel_from_array(context, A, n, &K));
  double trace = 0.0, smallest;
  ntk_kernel_diagonal(K, &trace, &smallest);
  assert_ok(ntk_kernel_copy_in(K, ntk_mixed_form(n, trace, NTK_PRECISION_DOUBLE), &single));
  const ntk_operator product = ntk_kernel_operator(K);
  ntk_extremes e = {.resolution = (double)n * DBL_EPSILON * trace};
  assert_ok(ntk_mixed_smallest(single, &product, 1e-6, 1, vector, &e));
  if (e.why == NULL) {
    double *values = make_array(n);
    assert_ok(ntk_dsyevd(context, 'N', n, A, values));
    const double rounding = 30 * (double)n * DBL_EPSILON * condition;
    assert_near(e.lambda_min, 1.0, 1e-10 + rounding, "a known lambda_min");
    assert_near(e.lambda_min, values[0], 1e-10 + rounding, "against LAPACK");
    free(values);
  }
  ntk_kernel_destroy(single);
  ntk_kernel_destroy(K);
  free(A);
  known_destroy(&known);
  free(vector);
  return e.why == NULL;
}

static void test_conditions(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  for (int e = 0; e <= 15; e++) {
    const bool enough = find_known(context, 90, pow(10.0, e), 0.0);
    assert_true(e > 6 || enough);
    assert_true(e < 11 || !enough);
  }
  ntk_context_destroy(context);
}

/* A neighbour so near that the vectors of single precision are any mixture of the two. */
static void test_clusters(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  for (int e = 1; e <= 30; e++)
    assert_true(find_known(context, 90, 4.0, pow(10.0, -0.5 * e)));
  ntk_context_destroy(context);
}

/* A scaled kernel is K to who multiplies and solves; a lambda_min that double could hardly tell
 * from 0 is left to double. */
static void test_seam(void **state) {
  (void)state;
  enum { N = 60 };
  ntk_context *context = make_context(1);
  double *A = make_array(N * N), *x = make_normal(4, N), *y = make_array(N), *z = make_array(N);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      A[i * N + j] = 0x1p200 * ((i == j ? N : 0.0) + small_integer(i * j, i + j) / 8.0);
  plain_product(N, A, x, y);
  ntk_kernel *K = NULL, *single = NULL;
  assert_ok(ntk_kernel_from_array(context, A, N, &K));
  assert_ok(
      ntk_kernel_copy_in(K, ntk_mixed_form(N, N * N * 0x1p200, NTK_PRECISION_DOUBLE), &single));
  assert_ok(ntk_kernel_multiply(single, x, 1, z));
  for (size_t i = 0; i < N; i++)
    assert_near(z[i], y[i], 1e-6 * norm2(N, y), "K x");
  const ntk_operator product = ntk_kernel_operator(K);
  ntk_extremes e = {.resolution = 0.0};
  assert_ok(ntk_mixed_smallest(single, &product, 1e-6, 1, z, &e));
  assert_null(e.why);
  assert_ok(ntk_kernel_solve(single, y, 1));
  for (size_t i = 0; i < N; i++)
    assert_near(y[i], x[i], 1e-5 * norm2(N, x), "K^{-1} K x");
  const double smallest = e.lambda_min;
  for (int far = 0; far < 2; far++) {
    ntk_kernel_destroy(single);
    assert_ok(
        ntk_kernel_copy_in(K, ntk_mixed_form(N, N * N * 0x1p200, NTK_PRECISION_DOUBLE), &single));
    e = (ntk_extremes){.resolution = smallest / (far ? 5.0 : 3.0)};
    assert_ok(ntk_mixed_smallest(single, &product, 1e-6, 1, z, &e));
    assert_true((e.why == NULL) == (far == 1));
  }
  ntk_kernel_destroy(single);
  ntk_kernel_destroy(K);
  ntk_context_destroy(context);
  free(A);
  free(x);
  free(y);
  free(z);
}

/* The one call for both ends of K: of a kernel that single precision can factorise, and of one that
 * it cannot; K, where it is kept, is not the factor. */
static void test_ends(void **state) {
  (void)state;
  for (int narrow = 0; narrow < 2; narrow++)
    for (int keep = 0; keep < 2; keep++) {
      const size_t width[] = {narrow ? 20 : 40, narrow ? 24 : 60, narrow ? 24 : 50, 24, 24, 24};
      problem p;
      problem_open(&p, 300, narrow ? 6 : 3, width, "sigmoid", NULL);
      ntk_features *features = make_features(p.network, p.data);
      ntk_extremes mixed, twice;
      ntk_kernel *K = NULL;
      double *values = make_array(p.N), *A = lapack(&p, values), *kept = make_array(p.N * p.N);
      assert_ok(ntk_ends_find(features, keep ? NTK_WAY_MIXED : NTK_WAY_MIXED_SMALLER, 1, &mixed,
                              keep ? &K : NULL));
      assert_ok(ntk_ends_find(features, NTK_WAY_DOUBLE, 1, &twice, NULL));
      const double rounding = 30 * (double)p.N * DBL_EPSILON * values[p.N - 1];
      assert_true((mixed.why != NULL) == (narrow == 1));
      assert_int_equal(mixed.verdict, twice.verdict);
      assert_near(mixed.lambda_min, values[0], 1e-10 * values[0] + rounding, "lambda_min");
      assert_near(mixed.lambda_max, values[p.N - 1], 1e-10 * values[p.N - 1], "lambda_max");
      assert_true((K != NULL) == (keep == 1));
      if (keep) {
        assert_ok(ntk_kernel_values(K, kept));
        assert_memory_equal(kept, A, p.N * p.N * sizeof(double));
      }
      ntk_kernel_destroy(K);
      ntk_features_destroy(features);
      free(values);
      free(kept);
      free(A);
      problem_close(&p);
    }
}

static ntk_context *limited(size_t bytes) {
  ntk_context *context = NULL;
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = bytes}, &context));
  return context;
}

/* Where double does not fit, mixed does, and holds what was predicted; where mixed does not suffice
 * either, products alone do, unless mixed or a factor was asked for: then that is said with what
 * double would need, and what would be accepted. */
static void test_memory(void **state) {
  (void)state;
  const size_t N = 1500, limit = 14 << 20;
  for (int narrow = 0; narrow < 2; narrow++) {
    const size_t width[] = {narrow ? 30 : 50, narrow ? 40 : 60, narrow ? 40 : 50, 40};
    const size_t L = narrow ? 4 : 3;
    const ntk_network_spec spec = {.depth = L, .width = width};
    double *X = make_normal(1, N * width[0]);
    ntk_context *context = limited(limit);
    size_t predicted = 0; /* asked for before data and weights, which it counts, are there */
    assert_ok(ntk_spectrum_memory(context, &spec, N, NULL, &predicted));
    ntk_network *network = make_network(context, L, width, "sigmoid", "paper", 7);
    ntk_dataset *data = make_data(context, X, N, width[0]);
    const ntk_spectrum_options twice = {.precision = "double", .method = "factor"};
    ntk_spectrum_result r, certain;
    assert_refused(ntk_spectrum(context, network, data, &twice, &r), NTK_ERR_MEMORY, "memory");
    assert_ok(ntk_spectrum(context, network, data, NULL, &r));
    if (narrow) {
      const ntk_spectrum_options refused[] = {{.precision = "mixed"}, {.method = "factor"}};
      assert_string_equal(r.method, "operator");
      assert_string_equal(r.precision, "double");
      assert_non_null(strstr(r.precision_reason, "pivot"));
      context->memory_limit = 0;
      assert_ok(ntk_spectrum(context, network, data, &twice, &certain));
      context->memory_limit = limit;
      assert_near(r.lambda_min, certain.lambda_min, 1e-8 * r.lambda_min + r.resolution,
                  "without K");
      ntk_spectrum_clear(&r);
      ntk_spectrum_clear(&certain);
      for (size_t k = 0; k < COUNT(refused); k++) {
        assert_refused(ntk_spectrum(context, network, data, &refused[k], &r), NTK_ERR_MEMORY,
                       "mixed precision does not suffice: a pivot");
        assert_non_null(strstr(ntk_error_message(), "the method operator"));
      }
    } else {
      assert_string_equal(r.precision, "mixed");
      if (!(r.memory_bytes <= predicted && (double)predicted <= 1.3 * (double)r.memory_bytes))
        fail_msg("%zu bytes predicted, %zu held", predicted, r.memory_bytes);
      ntk_spectrum_clear(&r);
    }
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
    free(X);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_activations), cmocka_unit_test(test_small),
      cmocka_unit_test(test_close_rows),  cmocka_unit_test(test_scales),
      cmocka_unit_test(test_conditions),  cmocka_unit_test(test_clusters),
      cmocka_unit_test(test_memory),      cmocka_unit_test(test_seam),
      cmocka_unit_test(test_ends),        cmocka_unit_test(test_threads),
      cmocka_unit_test(test_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
