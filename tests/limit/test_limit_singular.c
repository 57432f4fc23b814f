/* Limits of infinite width that are known to be singular (ntk_limit_spectrum).
 * Property: where it is said that lambda_min is 0, as many eigenvalues of the array are 0, by plain
 * rotations, and no more; what only bounds the rank of a finite network, or is undone by a bias, is
 * not said. */
#include "one_context.h"

#include "jacobi.h"
#include "ntkit/limit.h"

enum { D = 5, MOST = 24 };

static double *array_of(const ntk_network_spec *spec, const ntk_dataset *data, bool covariance,
                        const bool *blocks) {
  ntk_kernel *K = NULL;
  const size_t n = ntk_dataset_samples(data);
  double *A = make_array(n * n);
  assert_ok(covariance ? ntk_limit_covariance(one, spec, data, &K)
                       : ntk_limit_kernel(one, spec, data, blocks, &K));
  assert_ok(ntk_kernel_values(K, A));
  ntk_kernel_destroy(K);
  return A;
}

/* Eigenvalues of it that are 0 but for rounding. */
static size_t zeros_of(size_t n, double *A) {
  double values[MOST], trace = 0.0;
  size_t zeros = 0;
  for (size_t i = 0; i < n; i++)
    trace += A[i * n + i];
  plain_eigenvalues(n, A, values);
  while (zeros < n && values[zeros] <= 1e-13 * trace)
    zeros++;
  free(A);
  return zeros;
}

/* cause NULL: it is regular. */
static void check(const ntk_network_spec *spec, const double *X, size_t n, const char *cause,
                  const char *words) {
  ntk_dataset *data = make_data(one, X, n, D);
  for (int covariance = 0; covariance < 2; covariance++) {
    const ntk_limit_options options = {
        .covariance = covariance == 1, .per_block = covariance == 0, .certify = true};
    ntk_limit_result r = {0};
    assert_ok(ntk_limit_spectrum(one, spec, data, &options, &r));
    const size_t zeros = zeros_of(n, array_of(spec, data, covariance == 1, NULL));
    assert_int_equal(zeros > 0, cause != NULL);
    if (cause == NULL) {
      assert_int_equal(r.verdict, NTK_VERDICT_OK);
      assert_null(r.deficiency.cause);
    } else {
      assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
      assert_string_equal(r.deficiency.cause, cause);
      assert_true(r.deficiency.always && r.lambda_min == 0.0 && isnan(r.residual_min));
      assert_int_equal(r.deficiency.zeros, zeros);
      assert_non_null(strstr(r.reason, words));
      const ntk_certificate *c = &r.certificate;
      assert_true(c->kernel.proved && c->kernel.lower == 0.0 && c->kernel.upper == 0.0);
      assert_true(!c->certified && c->kernel_lower == 0.0 && c->kernel_upper == 0.0);
    }
    for (size_t k = 0; k < r.blocks; k++)
      assert_int_equal(r.block[k].verdict,
                       cause != NULL ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_OK);
    ntk_limit_clear(&r);
  }
  ntk_dataset_destroy(data);
}

static ntk_network_spec a_spec(const char *activation) {
  static const size_t width[] = {D, 2, 3};
  return (ntk_network_spec){
      .depth = 3, .width = width, .activation = activation, .init = "standard"};
}

/* Row 3 is c times row 0, and row 4 is row 1. */
static double *rows_with(double c) {
  double *X = make_normal(2, MOST * D);
  for (size_t a = 0; a < D; a++) {
    X[3 * D + a] = c * X[a];
    X[4 * D + a] = X[D + a];
  }
  return X;
}

static void test_rows(void **state) {
  (void)state;
  const bool bias[] = {true, true, true};
  double *X = rows_with(-1.0), *positive = rows_with(2.0);
  ntk_network_spec spec = a_spec("sigmoid");
  check(&spec, X, 5, "equal", "rows 2 and 5");
  check(&spec, X, 4, NULL, "");
  spec = a_spec("tanh");
  check(&spec, X, 4, "multiple", "F_L(-x) = -F_L(x)");
  spec.bias = bias;
  spec.bias_deviation = 0.5;
  check(&spec, X, 4, NULL, "");
  spec = a_spec("gaussian");
  check(&spec, X, 4, "multiple", "F_L(-x) = F_L(x)");
  spec = a_spec("relu");
  check(&spec, X, 4, NULL, "");
  check(&spec, positive, 4, "multiple", "F_L(c x) = c F_L(x)");
  free(X);
  free(positive);
}

/* More samples than a network of widths 2 and 3 has parameters: no rank of a limit. */
static void test_widths(void **state) {
  (void)state;
  double *X = make_normal(4, MOST * D);
  const ntk_network_spec spec = a_spec("relu");
  ntk_dataset *data = make_data(one, X, MOST, D);
  ntk_network *network = NULL;
  ntk_deficiency finite;
  assert_ok(ntk_network_create(one, &spec, &network));
  assert_ok(ntk_deficiency_of(network, data, NTK_OUTPUTS_TRACE, &finite));
  assert_string_equal(finite.cause, "parameters");
  check(&spec, X, MOST, NULL, "");
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(X);
}

/* d of a linear network, d + 1 with biases, and d (d + 1) / 2 monomials of x^2's; fewer where the
 * data span fewer dimensions. */
static void test_polynomials(void **state) {
  (void)state;
  const bool bias[] = {true, true, true};
  const size_t shallow[] = {D, 4};
  double *X = make_normal(5, MOST * D);
  ntk_network_spec spec = a_spec("identity");
  check(&spec, X, D, NULL, "");
  check(&spec, X, MOST, "linear", "rank at most d = 5");
  spec.bias = bias;
  spec.bias_deviation = 0.5;
  check(&spec, X, D + 1, NULL, "");
  check(&spec, X, MOST, "linear", "d + 1 = 6");
  spec = (ntk_network_spec){.depth = 2, .width = shallow, .activation = "quadratic"};
  check(&spec, X, 15, NULL, "");
  check(&spec, X, MOST, "polynomial", "15 monomials");
  free(X);
}

/* Data that span 2 of 5 dimensions: of K alone it is known, of a block not. */
static void test_span(void **state) {
  (void)state;
  double *X = make_normal(6, 4 * D);
  for (size_t a = 0; a < 2 * D; a++) /* so that sums are exact */
    X[a] = nearbyint(64.0 * X[a]);
  for (size_t a = 0; a < D; a++) {
    X[2 * D + a] = X[a] + X[D + a];
    X[3 * D + a] = 2.0 * X[a] - X[D + a];
  }
  const ntk_network_spec spec = a_spec("identity");
  ntk_dataset *data = make_data(one, X, 4, D);
  ntk_limit_result r = {0};
  assert_ok(ntk_limit_spectrum(one, &spec, data, NULL, &r));
  assert_string_equal(r.deficiency.cause, "data");
  assert_int_equal(r.deficiency.zeros, 2);
  assert_int_equal(zeros_of(4, array_of(&spec, data, false, NULL)), 2);
  ntk_limit_clear(&r);
  ntk_dataset_destroy(data);
  free(X);
}

/* Blocks of which nothing is left: a scale of 0; units in pairs below L - 2. */
static void test_blocks(void **state) {
  (void)state;
  const double scale[] = {1.0, 1.0, 0.0, 0.0, 1.0, 1.0};
  const size_t width[] = {D, 4, 4};
  double *X = make_normal(7, 6 * D);
  ntk_dataset *data = make_data(one, X, 6, D);
  ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .init = "standard", .scale = scale};
  const ntk_limit_options options = {.per_block = true};
  for (size_t zero = 1; zero < 2; zero--) {
    ntk_limit_result r = {0};
    assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    for (size_t k = 0; k < 3; k++) {
      assert_int_equal(r.block[k].verdict, k == zero ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_OK);
      assert_true((r.block[k].lambda_min == 0.0) == (k == zero));
    }
    ntk_limit_clear(&r);
    spec.scale = NULL;
    spec.init = "antisymmetric";
  }
  ntk_dataset_destroy(data);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),        cmocka_unit_test(test_widths),
      cmocka_unit_test(test_polynomials), cmocka_unit_test(test_span),
      cmocka_unit_test(test_blocks),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
