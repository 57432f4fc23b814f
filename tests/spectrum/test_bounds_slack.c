/* What bounds have to leave for rounding.
 * Property: the upper bound of a certificate lies above the Rayleigh quotient by what its rounding
 * may be, gamma_{2N+8} ||K||_F, and no more than twice that; the bound on an output's rounding has
 * the last layer's gamma_{n_{L-1}+2} ||W_L|| ||f_{L-1}||. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/ends/accuracy.h"
#include "net/network.h"
#include "support.h"

static double gamma_of(double k) {
  return k * U / (1.0 - k * U);
}

/* What is estimated of the exact kernel lies around what is proved of the stored one. */
static void test_upper(void **state) {
  (void)state;
  const size_t width[] = {20, 30, 30}, samples[] = {5, 60, 200};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 3, width, "tanh", "paper", 1);
  for (size_t k = 0; k < COUNT(samples); k++) {
    const size_t N = samples[k];
    ntk_dataset *data = NULL;
    assert_ok(ntk_dataset_generate(context, "gaussian", N, 20, 1, &data));
    ntk_features *features = make_features(network, data);
    double *K = kernel_array(features, N, NULL), frobenius = 0.0;
    for (size_t e = 0; e < N * N; e++)
      frobenius += K[e] * K[e];
    ntk_spectrum_result r;
    assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.certify = true}, &r));
    assert_true(r.certificate.certified && r.certificate.lower < r.lambda_min);
    const double slack = gamma_of(2.0 * (double)N + 8.0) * sqrt(frobenius);
    assert_true(r.certificate.upper >= r.lambda_min + 0.9 * slack);
    assert_true(r.certificate.upper <= r.lambda_min + 2.0 * slack);
    assert_true(r.certificate.kernel_lower < r.certificate.lower);
    assert_true(r.certificate.kernel_upper > r.certificate.upper);
    ntk_spectrum_clear(&r);
    free(K);
    ntk_features_destroy(features);
    ntk_dataset_destroy(data);
  }
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

/* L = 2, d = 1, n_1 = n, x large: beside it are d's gamma_3 and the activation's e u, all times
 * ||W_2|| ||f_1||, identity. */
static void test_last_layer(void **state) {
  (void)state;
  const size_t widths[] = {200, 2000, 20000};
  ntk_context *context = make_context(1);
  for (size_t k = 0; k < COUNT(widths); k++) {
    const size_t width[] = {1, widths[k]};
    const double n = (double)widths[k], x = 1e8, e = 8.0; /* of net/activation.h */
    ntk_network *network = make_network(context, 2, width, "identity", "paper", 1);
    double W1 = 0.0, W2 = 0.0, bound = 0.0;
    for (size_t j = 0; j < widths[k]; j++) {
      W1 += network->W[1][j] * network->W[1][j];
      W2 += network->W[2][j] * network->W[2][j];
    }
    const double f2[] = {x * x, x * x * W1};
    assert_ok(ntk_output_accuracy(network, 1, f2, &bound));
    const double unit = sqrt(W2) * x * sqrt(W1);
    const double last = gamma_of(n + 2.0) * unit, others = (gamma_of(3.0) + e * U) * unit;
    assert_true(bound >= last + 0.99 * others && bound <= 1.001 * (last + 1.01 * others));
    ntk_network_destroy(network);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_upper),
      cmocka_unit_test(test_last_layer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
