/* Limits of data near the ends of double precision, and of rows far from each other.
 * Property: relu's kernel and covariance of rows c_i x_i, c_i powers of two, are c_i c_j times
 * those of the x_i, to the last bits and over the exponent told, for c_i all alike from 2^-1000 to
 * 2^1000 and for c_i far apart; also between samples, and behind tanh where all are small; what is
 * too far apart, or too large for tanh, is refused by a sentence about rows, or variances. */
#include "one_context.h"

#include "kernel/limit/cross.h"
#include "ntkit/limit.h"

enum { N = 5, D = 4, L = 3, M = 26 /* a panel and more */ };

static const size_t width[] = {D, 8, 6};

static ntk_network_spec a_spec(const char *activation) {
  return (ntk_network_spec){.depth = L, .width = width, .activation = activation, .init = "he"};
}

/* x_i times 2^power[i]. */
static ntk_dataset *scaled(size_t n, const double *X, const int *power, int all) {
  double own[M * D];
  for (size_t i = 0; i < n * D; i++)
    own[i] = ldexp(X[i], all + (power != NULL ? power[i / D] : 0));
  return make_data(one, own, n, D);
}

/* All blocks' sum, or the covariance, and the exponent. */
static double limit_of(const ntk_network_spec *spec, const ntk_dataset *data, bool covariance,
                       double *K) {
  ntk_limit limit;
  ntk_kernel *made = NULL;
  assert_ok(ntk_limit_open(one, spec, data, NULL, NULL, covariance, &limit));
  assert_ok(ntk_limit_build(&limit, &made));
  assert_ok(ntk_kernel_values(made, K));
  const double exponent = limit.exponent;
  ntk_kernel_destroy(made);
  ntk_limit_release(&limit);
  return exponent;
}

static void check(const char *activation, const double *X, const int *power, int all) {
  const ntk_network_spec spec = a_spec(activation);
  double plain[N * N], K[N * N];
  ntk_dataset *data = scaled(N, X, NULL, 0), *far = scaled(N, X, power, all);
  for (int covariance = 0; covariance < 2; covariance++) {
    assert_true(limit_of(&spec, data, covariance, plain) == 0.0);
    const int exponent = (int)limit_of(&spec, far, covariance, K);
    for (size_t e = 0; e < N * N; e++) {
      const int own = power != NULL ? power[e / N] + power[e % N] : 0;
      const double expected = ldexp(plain[e], 2 * all + own - exponent);
      assert_true(expected != 0.0 && isfinite(expected));
      assert_near(K[e], expected, 1e-14 * fabs(expected), activation);
    }
  }
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(far);
}

static void test_scaled(void **state) {
  (void)state;
  static const int power[] = {-1000, -525, -400, -150, 150, 400, 1000};
  double *X = make_normal(3, N * D);
  for (size_t k = 0; k < COUNT(power); k++)
    check("relu", X, NULL, power[k]);
  free(X);
}

/* Up to 2^-460 of the largest, also of data that are small or large as a whole. */
static void test_apart(void **state) {
  (void)state;
  static const int power[] = {0, -460, -3, -249, 0};
  double *X = make_normal(3, N * D);
  check("relu", X, power, 0);
  check("leaky_relu(0.3)", X, power, 0);
  check("relu", X, power, 300);
  check("relu", X, power, -300);
  free(X);
}

/* tanh of what is small is the identity. */
static void test_tanh(void **state) {
  (void)state;
  const ntk_network_spec tanh_spec = a_spec("tanh"), line = a_spec("identity");
  double *X = make_normal(3, N * D), K[N * N], expected[N * N];
  ntk_dataset *data = scaled(N, X, NULL, -700);
  assert_true(limit_of(&tanh_spec, data, false, K) == limit_of(&line, data, false, expected));
  for (size_t e = 0; e < N * N; e++)
    assert_near(K[e], expected[e], 1e-15 * fabs(expected[e]), "tanh");
  ntk_dataset_destroy(data);
  free(X);
}

/* Between samples there is no place for an exponent, but rows may be far apart, and data far from 1
 * where scales bring the kernel back. */
static void test_cross(void **state) {
  (void)state;
  const double scale[] = {0x1p600, 0.0, 0x1p600, 0.0, 0x1p600, 0.0};
  static const struct { int test, all; } far[] = {{-400, 0}, {-2, -300}};
  double *X = make_normal(3, N * D), *T = make_normal(4, M * D), plain[M * N], rows[M * N];
  ntk_dataset *data = scaled(N, X, NULL, 0), *test = scaled(M, T, NULL, 0);
  for (size_t k = 0; k < COUNT(far); k++) {
    ntk_network_spec spec = a_spec("relu");
    ntk_limit_cross *cross = NULL;
    assert_ok(ntk_limit_cross_create(one, &spec, data, test, NULL, false, &cross));
    assert_ok(ntk_limit_cross_rows(cross, 0, M, plain));
    ntk_limit_cross_destroy(cross);
    ntk_dataset *far_data = scaled(N, X, NULL, far[k].all);
    ntk_dataset *far_test = scaled(M, T, NULL, far[k].all + far[k].test);
    spec.scale = far[k].all != 0 ? scale : NULL;
    assert_ok(ntk_limit_cross_create(one, &spec, far_data, far_test, NULL, false, &cross));
    assert_ok(ntk_limit_cross_rows(cross, 0, M, rows));
    ntk_limit_cross_destroy(cross);
    for (size_t e = 0; e < M * N; e++) {
      const double expected = ldexp(plain[e], far[k].test);
      assert_near(rows[e], expected, 1e-14 * fabs(expected), "between samples");
    }
    ntk_dataset_destroy(far_data);
    ntk_dataset_destroy(far_test);
  }
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  free(X);
  free(T);
}

static void refused(const char *activation, const double *X, const int *power, int all,
                    const char *says) {
  const ntk_network_spec spec = a_spec(activation);
  ntk_dataset *data = scaled(N, X, power, all);
  ntk_limit_result r = {0};
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_NOT_FINITE, says);
  assert_null(r.context);
  ntk_dataset_destroy(data);
}

static void test_refusals(void **state) {
  (void)state;
  static const int power[] = {0, -600, 0, 0, 0};
  double *X = make_normal(3, N * D);
  refused("relu", X, power, 0, "too far apart for double precision");
  refused("tanh", X, power, 0, "sample 2 (from 1) gives layer 1 a variance of 2^-1");
  refused("tanh", X, NULL, 600, "overflows");
  refused("sigmoid", X, NULL, -600, "underflows");
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_scaled), cmocka_unit_test(test_apart),
                                     cmocka_unit_test(test_tanh), cmocka_unit_test(test_cross),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
