/* ntk_spectrum from end to end.
 * Property: what it says of K is what LAPACK's full solver says of ntk_kernel_values, within the
 * residual and 30 n eps lambda_max; a verdict other than ok is never a number. */
#include "conditioning.h"

/* K of the chosen blocks, full, and its eigenvalues. */
static double *lapack(const problem *p, const bool *blocks, double *eigenvalues) {
  ntk_features *features = make_features(p->network, p->data);
  double *K = kernel_array(features, p->N, blocks);
  double *copy = make_array(p->N * p->N);
  memcpy(copy, K, p->N * p->N * sizeof *K);
  assert_ok(ntk_dsyevd(p->context, 'N', p->N, copy, eigenvalues));
  free(copy);
  ntk_features_destroy(features);
  return K;
}

/* The file holds K: the header's length is in bytes 8 and 9, the entries are the rest. */
static void check_file(const char *path, const double *K, size_t count) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  unsigned char head[10];
  assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
  assert_int_equal(fseek(file, head[8] + 256 * head[9], SEEK_CUR), 0);
  double *read = make_array(count + 1);
  assert_int_equal(fread(read, sizeof *read, count + 1, file), count);
  assert_memory_equal(read, K, count * sizeof *K);
  free(read);
  fclose(file);
  assert_int_equal(remove(path), 0);
}

/* lambda_min of every block is that of the block built alone. */
static void check_layers(const problem *p, const ntk_spectrum_result *r) {
  double *values = make_array(p->N);
  for (size_t k = 0; k < p->L; k++) {
    bool blocks[8] = {false};
    blocks[k] = true;
    double *K = lapack(p, blocks, values), trace = 0.0;
    for (size_t i = 0; i < p->N; i++)
      trace += K[i * p->N + i];
    const double rounding = 30 * (double)p->N * DBL_EPSILON * values[p->N - 1];
    const ntk_block_result *layer = &r->block[k];
    assert_near(layer->trace, trace, (double)p->N * DBL_EPSILON * trace * 4, "trace of a block");
    if (layer->verdict == NTK_VERDICT_OK)
      assert_near(layer->lambda_min, values[0], 1e-6 * values[0] + rounding, "block");
    else
      assert_true(values[0] <= (double)(p->N * p->N) * DBL_EPSILON * trace + rounding);
    assert_true(isnan(layer->lambda_min) == (layer->verdict == NTK_VERDICT_BELOW_RESOLUTION));
    assert_true((layer->lambda_min == 0.0) == (layer->verdict == NTK_VERDICT_RANK_DEFICIENT));
    free(K);
  }
  free(values);
}

/* ||K v - value v|| recomputed is the residual told, and small. */
static void check_vector(const problem *p, const ntk_spectrum_result *r, const double *K,
                         double rounding) {
  double *Kv = make_array(p->N);
  assert_near(norm2(p->N, r->eigenvector), 1.0, (double)p->N * DBL_EPSILON, "||v||");
  plain_product(p->N, K, r->eigenvector, Kv);
  for (size_t i = 0; i < p->N; i++)
    Kv[i] -= r->lambda_min * r->eigenvector[i];
  assert_near(r->residual_min, norm2(p->N, Kv), rounding, "residual of lambda_min");
  assert_true(r->residual_min <= 1.001e-6 * r->lambda_min + rounding);
  assert_true(r->residual_max <= 1.001e-6 * r->lambda_max + rounding);
  free(Kv);
}

/* Everything that a result holds, all options on. */
static void check_all(size_t N, size_t L, const size_t *width, const char *activation) {
  problem p;
  problem_open(&p, N, L, width, activation, NULL);
  const size_t held = ntk_memory_in_use(p.context);
  const ntk_spectrum_options options = {
      .full = true, .per_block = true, .certify = true, .kernel_path = "test_conditioning.npy"};
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  double *values = make_array(N), *K = lapack(&p, NULL, values), trace = 0.0, least = INFINITY;
  const double rounding = 30 * (double)N * DBL_EPSILON * values[N - 1];
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_string_equal(r.reason, "");
  assert_true(r.samples == N && r.blocks == L && r.solves > 0 && r.products > 0);
  assert_near(r.lambda_min, values[0], r.residual_min + rounding, "lambda_min");
  assert_near(r.lambda_max, values[N - 1], r.residual_max + rounding, "lambda_max");
  for (size_t i = 0; i < N; i++) {
    assert_near(r.eigenvalues[i], values[i], 2 * rounding, "eigenvalue");
    trace += K[i * N + i];
    least = fmin(least, K[i * N + i]);
  }
  check_vector(&p, &r, K, rounding);
  check_layers(&p, &r);
  check_file(options.kernel_path, K, N * N);
  /* eq. (16), Theorem 3.1, and the factorisation's bound: gamma_{n+1} trace to within a factor. */
  const double one = (double)N * DBL_EPSILON;
  assert_near(r.bounds.diagonal_min, least, 8 * one * least, "diagonal_min");
  assert_true(r.lambda_min <= least);
  assert_true(r.bounds.lower_scale == (double)(width[L - 2] * width[L - 1]));
  assert_true(r.bounds.upper_scale == (double)(width[0] * width[L - 1]));
  assert_true(r.bounds.ratio_lower == r.lambda_min / r.bounds.lower_scale);
  assert_true(r.bounds.ratio_upper == r.lambda_min / r.bounds.upper_scale);
  assert_true(r.resolution >= one / 2 * trace && r.resolution <= (one + 1e-14) * 6 * trace);
  /* Proved and carried bounds: around LAPACK's value, one interval in the other, and narrow. */
  const ntk_certificate *c = &r.certificate;
  assert_true(c->certified && c->lower <= values[0] + rounding && values[0] - rounding <= c->upper);
  assert_true(c->kernel_lower <= fmax(c->lower, 0.0) && c->upper <= c->kernel_upper);
  assert_near(c->upper, c->lower, 8 * r.resolution + 2e-9 * values[0] + rounding, "certificate");
  free(K);
  free(values);
  ntk_spectrum_clear(&r);
  ntk_spectrum_clear(&r);
  assert_null(r.context);
  assert_int_equal(ntk_memory_in_use(p.context), held);
  problem_close(&p);
}

/* Both ways of keeping K beside its factor: features larger than K (wide), and smaller. */
static void test_against_lapack(void **state) {
  (void)state;
  check_all(1, 2, (size_t[]){1, 1}, "sigmoid");
  check_all(2, 3, (size_t[]){3, 2, 4}, "tanh");
  check_all(60, 3, (size_t[]){40, 50, 45}, "sigmoid"); /* 191 columns of features against 30.5 */
  check_all(61, 4, (size_t[]){20, 40, 30, 50}, "gelu");
  check_all(300, 3, (size_t[]){30, 40, 20}, "relu"); /* 121 against 150.5 */
  check_all(257, 2, (size_t[]){60, 40}, "erf");
  check_all(131, 5, (size_t[]){25, 20, 15, 20, 25}, "sin");
  check_all(20, 3, (size_t[]){20, 30, 25}, "identity"); /* N = d: full rank, just */
}

/* lambda_min = 0 is known beforehand; lambda_max is still found, the whole spectrum still computed,
 * and every block, being a part of K, is singular too. */
static void check_deficient(size_t N, size_t L, const size_t *width, const char *activation,
                            double *X, const char *says) {
  problem p;
  problem_open(&p, N, L, width, activation, X);
  const ntk_spectrum_options options = {.full = true, .per_block = true, .certify = true};
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  double *values = make_array(N), *K = lapack(&p, NULL, values);
  const double rounding = 30 * (double)N * DBL_EPSILON * values[N - 1];
  assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_non_null(strstr(r.reason, says));
  assert_true(r.lambda_min == 0.0 && isnan(r.residual_min) && r.eigenvector == NULL);
  assert_near(r.lambda_max, values[N - 1], r.residual_max + rounding, "lambda_max");
  assert_near(values[0], 0.0, rounding, "LAPACK's smallest"); /* it is singular indeed */
  for (size_t i = 0; i < N; i++)
    assert_near(r.eigenvalues[i], values[i], 2 * rounding, "eigenvalue");
  for (size_t k = 0; k < L; k++)
    assert_true(r.block[k].verdict == NTK_VERDICT_RANK_DEFICIENT && r.block[k].lambda_min == 0.0);
  assert_true(r.bounds.ratio_lower == 0.0 && r.bounds.ratio_upper == 0.0);
  free(K);
  free(values);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

static void test_rank_deficient(void **state) {
  (void)state;
  const size_t small[] = {3, 4, 2}, wide[] = {10, 30, 30};
  problem p; /* N = P: nothing is known beforehand */
  problem_open(&p, 22, 3, small, "tanh", NULL);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, NULL, &r));
  assert_int_not_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  ntk_spectrum_clear(&r);
  problem_close(&p);
  check_deficient(23, 3, small, "tanh", NULL, "P = 22"); /* 3 4 + 4 2 + 2 parameters */
  check_deficient(11, 3, wide, "identity", NULL, "d = 10");
  double *X = make_normal(1, 40 * 10);
  memcpy(X + 36 * 10, X + 4 * 10, 10 * sizeof *X);
  check_deficient(40, 3, wide, "sigmoid", X, "rows 5 and 37 of the data (from 1)");
  X = make_normal(1, 40 * 10);
  memcpy(X + 39 * 10, X, 10 * sizeof *X);
  X[5] = 0.0; /* -0.0 equals 0.0 */
  X[39 * 10 + 5] = -0.0;
  check_deficient(40, 3, wide, "sigmoid", X, "rows 1 and 40 of the data (from 1)");
}

/* Two rows that differ by eps: lambda_min ~ eps^2. Either it is told, right and certified, or it is
 * said to be below the resolution, which LAPACK's value confirms; at 1e-13 it must be. */
static void check_nearly_equal(size_t N, double eps) {
  const size_t width[] = {30, 60, 60};
  double *X = make_normal(3, N * 30);
  for (size_t j = 0; j < 30; j++)
    X[(N - 4) * 30 + j] = X[2 * 30 + j] + eps * X[j];
  problem p;
  problem_open(&p, N, 3, width, "tanh", X);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data,
                         &(ntk_spectrum_options){.certify = true, .per_block = true}, &r));
  if (N > 1000) { /* LAPACK would take its time; the matrix is of the same kind */
    assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
    ntk_spectrum_clear(&r);
    problem_close(&p);
    return;
  }
  double *values = make_array(N);
  free(lapack(&p, NULL, values));
  const double rounding = 30 * (double)N * DBL_EPSILON * values[N - 1];
  assert_true(eps > 1e-7 || r.verdict == NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(eps < 1e-3 || r.verdict == NTK_VERDICT_OK);
  if (r.verdict == NTK_VERDICT_OK) {
    assert_true(r.lambda_min > r.resolution && r.certificate.certified);
    assert_near(r.lambda_min, values[0], r.residual_min + rounding, "lambda_min");
    assert_true(r.certificate.lower <= values[0] + rounding);
    assert_true(r.certificate.upper >= values[0] - rounding);
  } else {
    assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
    assert_true(isnan(r.lambda_min) && isnan(r.residual_min) && r.eigenvector == NULL);
    assert_true(!r.certificate.certified && isnan(r.certificate.lower) && r.reason[0] != '\0');
    assert_true(values[0] <= r.resolution + rounding);
  }
  assert_near(r.lambda_max, values[N - 1], r.residual_max + rounding, "lambda_max");
  check_layers(&p, &r);
  free(values);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

static void test_below_resolution(void **state) {
  (void)state;
  for (int digits = 13; digits >= 2; digits--)
    check_nearly_equal(50, pow(10.0, -digits));
  for (double eps = 4e-7; eps < 2e-6; eps = eps * 1.15) /* where lambda_min meets the resolution */
    check_nearly_equal(50, eps);
  check_nearly_equal(1600, 1e-13); /* where the eigensolver works on blocks of vectors */
  check_nearly_equal(1600, 1e-7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_lapack),
      cmocka_unit_test(test_rank_deficient),
      cmocka_unit_test(test_below_resolution),
  };
  const int previous = ntk_blas_enter(1); /* for LAPACK here, too */
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  return failed;
}
