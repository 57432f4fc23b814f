/* The spectrum of a kernel of infinite width (ntk_limit_spectrum).
 * Property: both ends are eigenvalues of the limit by plain rotations, what is proved holds them,
 * residuals and distances are those of plain loops over the arrays, and the distance falls with the
 * width like its square root. */
#include "one_context.h"

#include "jacobi.h"
#include "ntkit/limit.h"

enum { N = 40, D = 12, L = 3 };
static const size_t width[] = {D, 60, 50};
static const double beta[] = {1.1, 0.9, 1.3};

static ntk_network_spec a_spec(const char *activation) {
  return (ntk_network_spec){.depth = L,
                            .width = width,
                            .activation = activation,
                            .init = "standard",
                            .beta = beta,
                            .seed = 3};
}

static ntk_dataset *a_data(void) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(one, "gaussian", N, D, 9, &data));
  return data;
}

static double *array_of(const ntk_network_spec *spec, const ntk_dataset *data, const bool *blocks) {
  ntk_kernel *K = NULL;
  double *A = make_array(N * N);
  assert_ok(ntk_limit_kernel(one, spec, data, blocks, &K));
  assert_ok(ntk_kernel_values(K, A));
  ntk_kernel_destroy(K);
  return A;
}

static double residual_of(const double *A, const double *v, double value) {
  double sum = 0.0;
  for (size_t i = 0; i < N; i++) {
    const double part = dot(A + i * N, v, N) - value * v[i];
    sum += part * part;
  }
  return sqrt(sum);
}

static void test_ends(void **state) {
  (void)state;
  const ntk_network_spec spec = a_spec("tanh,relu");
  ntk_dataset *data = a_data();
  const ntk_limit_options options = {.per_block = true, .certify = true};
  ntk_limit_result r = {0};
  double values[N];
  assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
  for (size_t k = 0; k <= L; k++) {
    const bool blocks[] = {k == 0, k == 1, k == 2};
    double *A = array_of(&spec, data, k < L ? blocks : NULL);
    double trace = 0.0;
    for (size_t i = 0; i < N; i++)
      trace += A[i * N + i];
    if (k == L)
      assert_near(r.residual_min, residual_of(A, r.eigenvector, r.lambda_min), 1e-12 * trace,
                  "residual");
    plain_eigenvalues(N, A, values);
    free(A);
    if (k < L) {
      assert_near(r.block[k].trace, trace, 1e-14 * trace, "trace of a block");
      if (values[0] > 1e-10 * trace) {
        assert_int_equal(r.block[k].verdict, NTK_VERDICT_OK);
        assert_near(r.block[k].lambda_min, values[0], 1e-9 * values[0], "a block");
      }
      continue;
    }
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    assert_near(r.lambda_min, values[0], 1e-9 * values[0], "lambda_min");
    assert_near(r.lambda_max, values[N - 1], 1e-9 * values[N - 1], "lambda_max");
    assert_near(r.trace, trace, 1e-14 * trace, "trace");
    assert_true(r.certificate.certified);
    assert_true(r.certificate.lower <= values[0] * (1 + 1e-12));
    assert_true(r.certificate.upper >= values[0] * (1 - 1e-12));
    assert_true(r.certificate.lower > values[0] * (1 - 1e-6));
    assert_true(r.certificate.lower < r.certificate.upper);
    assert_true(r.resolution >= 1e-13 * trace && r.resolution < 1e-9 * trace);
    assert_true(r.certificate.kernel_lower < r.certificate.lower);
  }
  assert_true(isnan(r.distance) && isnan(r.block[0].distance));
  ntk_limit_clear(&r);
  ntk_limit_clear(&r);
  ntk_dataset_destroy(data);
}

/* Distances by plain loops. */
static void test_distances(void **state) {
  (void)state;
  const ntk_network_spec spec = a_spec("gelu");
  ntk_dataset *data = a_data();
  ntk_network *network = NULL;
  ntk_limit_result r = {0};
  assert_ok(ntk_network_create(one, &spec, &network));
  const ntk_limit_options options = {.network = network};
  assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
  ntk_features *features = make_features(network, data);
  for (size_t k = 0; k <= L; k++) {
    const bool blocks[] = {k == 0, k == 1, k == 2};
    double *A = array_of(&spec, data, k < L ? blocks : NULL), apart = 0.0, size = 0.0;
    double *K = kernel_array(features, N, k < L ? blocks : NULL);
    for (size_t e = 0; e < N * N; e++) {
      apart += (K[e] - A[e]) * (K[e] - A[e]);
      size += A[e] * A[e];
    }
    assert_near(k < L ? r.block[k].distance : r.distance, sqrt(apart / size), 1e-10, "distance");
    double trace = 0.0;
    for (size_t i = 0; i < N; i++)
      trace += A[i * N + i];
    assert_near(k < L ? r.block[k].trace : r.trace, trace, 1e-14 * trace, "trace");
    free(A);
    free(K);
  }
  assert_true(isnan(r.block[0].lambda_min));
  ntk_features_destroy(features);
  ntk_network_destroy(network);
  ntk_limit_clear(&r);
  ntk_dataset_destroy(data);
}

/* 16 times the width, a quarter of the distance: means over 20 networks, within a factor of 1.5. */
static void test_width(void **state) {
  (void)state;
  enum { SEEDS = 20 };
  ntk_dataset *data = a_data();
  double mean[2] = {0.0, 0.0};
  for (size_t w = 0; w < 2; w++)
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
      const size_t n = w == 0 ? 25 : 400, widths[] = {D, n, n};
      ntk_network_spec spec = a_spec("erf");
      ntk_network *network = NULL;
      ntk_limit_result r = {0};
      spec.width = widths;
      spec.seed = seed;
      assert_ok(ntk_network_create(one, &spec, &network));
      const ntk_limit_options options = {.network = network};
      assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
      mean[w] += r.distance / SEEDS;
      ntk_limit_clear(&r);
      ntk_network_destroy(network);
    }
  if (!(mean[0] / mean[1] > 4.0 / 1.5 && mean[0] / mean[1] < 4.0 * 1.5))
    fail_msg("distances %g and %g", mean[0], mean[1]);
  ntk_dataset_destroy(data);
}

/* The covariance of a linear network is c X X^T, of rank D < N. */
static void test_singular(void **state) {
  (void)state;
  const ntk_network_spec spec = a_spec("identity");
  ntk_dataset *data = a_data();
  ntk_limit_result r = {0};
  const ntk_limit_options options = {.covariance = true, .certify = true};
  assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_int_equal(r.deficiency.zeros, N - D);
  assert_true(r.lambda_min == 0.0 && isnan(r.residual_min) && r.eigenvector == NULL &&
              !r.certificate.certified);
  assert_int_equal(r.blocks, 0);
  ntk_limit_clear(&r);
  ntk_dataset_destroy(data);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t other[] = {D, 61, 50};
  ntk_network_spec spec = a_spec("relu");
  ntk_dataset *data = a_data();
  ntk_network *network = NULL;
  ntk_limit_result r = {0};
  assert_ok(ntk_network_create(one, &spec, &network));
  spec.width = other;
  assert_refused(ntk_limit_spectrum(one, &spec, data, &(ntk_limit_options){.network = network}, &r),
                 NTK_ERR_SHAPE, "widths");
  assert_refused(ntk_limit_spectrum(one, &spec, data, &(ntk_limit_options){.tolerance = 2.0}, &r),
                 NTK_ERR_ARGUMENT, "tolerance");
  assert_refused(ntk_limit_spectrum(one, &spec, data,
                                    &(ntk_limit_options){.block_path = "/no/such/folder"}, &r),
                 NTK_ERR_FILE, "/no/such/folder");
  assert_null(r.context);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ends),     cmocka_unit_test(test_distances),
      cmocka_unit_test(test_width),    cmocka_unit_test(test_singular),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
