/* ntk_network_rescale: layers over powers of two, and K over one.
 * Property: where double precision holds all, K of the scaled network times 2^exponent is K to the
 * last bit, of every activation, with biases and several outputs; and W_L times 2^k makes every
 * block but the last 2^2k times as large, past what double precision holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/dataset.h"
#include "net/rescale.h"
#include "support.h"

enum { N = 7 };

static ntk_context *context;
static const bool both[] = {true, true, true, true};

static ntk_network *scale(const ntk_network *network, const ntk_dataset *data, double room,
                          double *exponent) {
  ntk_sizes sizes;
  ntk_network *scaled = NULL;
  assert_ok(ntk_sizes_create(network, &sizes));
  assert_ok(ntk_sizes_add(network, N, ntk_dataset_values(data), &sizes));
  assert_ok(ntk_network_rescale(network, &sizes, room, &scaled, exponent));
  ntk_sizes_destroy(network, &sizes);
  return scaled;
}

/* Row-major, of all outputs. */
static void kernel_of(const ntk_network *network, const ntk_dataset *data, double *A) {
  ntk_features *features = NULL;
  bool blocks[] = {true, true, true, true};
  assert_ok(ntk_features_create_of(network, data, NTK_OUTPUTS_ALL, &features));
  ntk_kernel *K = NULL;
  assert_ok(ntk_kernel_create(features, blocks, &K));
  assert_ok(ntk_kernel_values(K, A));
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
}

static void check_bits(const char *activation, bool bias) {
  const ntk_network_spec spec = {.depth = 4,
                                 .width = (const size_t[]){5, 8, 9, 6},
                                 .activation = activation,
                                 .init = "he",
                                 .seed = 3,
                                 .outputs = 2,
                                 .bias = bias ? both : NULL,
                                 .bias_deviation = 0.3};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  double A[4 * N * N], B[4 * N * N], exponent = 0.0;
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 5, 3, &data));
  ntk_network *scaled = scale(network, data, 0.0, &exponent);
  kernel_of(network, data, A);
  kernel_of(scaled, data, B);
  for (size_t i = 0; i < COUNT(A); i++)
    if (ldexp(B[i], (int)exponent) != A[i])
      fail_msg("%s: entry %zu is %.17g, was %.17g", activation, i, ldexp(B[i], (int)exponent),
               A[i]);
  ntk_network_destroy(scaled);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

static void test_bits(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  for (size_t i = 0; i < count; i++) {
    check_bits(list[i].name, false);
    check_bits(list[i].name, true);
  }
}

/* lambda_min without K_{L-1}, of W_L times 2^k. */
static ntk_spectrum_result smallest(const char *activation, int k) {
  const double beta[] = {1.0, 1.0, ldexp(1.0, k)};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = (const size_t[]){9, 20, 15},
                                 .activation = activation,
                                 .init = "he",
                                 .beta = beta,
                                 .seed = 3,
                                 .parameterization = "1,1,0"};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_spectrum_result r = {0};
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 9, 3, &data));
  assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.certify = true}, &r));
  if (r.verdict != NTK_VERDICT_OK)
    fail_msg("%s, 2^%d: %s, %d digits: %s", activation, k, ntk_verdict_name(r.verdict), r.digits,
             r.reason);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return r;
}

static void test_last_layer(void **state) {
  (void)state;
  static const int power[] = {-900, -450, -365, 300, 365, 420, 1000};
  static const char *const activation[] = {"tanh", "sigmoid", "sin", "relu"};
  for (size_t a = 0; a < COUNT(activation); a++) {
    ntk_spectrum_result one = smallest(activation[a], 0);
    assert_true(one.exponent == 0.0 && one.certificate.certified);
    for (size_t i = 0; i < COUNT(power); i++) {
      ntk_spectrum_result r = smallest(activation[a], power[i]);
      const int left = (int)r.exponent - 2 * power[i];
      assert_true((r.exponent != 0.0) == (abs(power[i]) > 400));
      assert_near(ldexp(r.lambda_min, left), one.lambda_min, 1e-12 * one.lambda_min, "lambda_min");
      assert_near(ldexp(r.lambda_max, left), one.lambda_max, 1e-12 * one.lambda_max, "lambda_max");
      assert_true(r.certificate.certified && r.certificate.lower <= r.lambda_min);
      assert_true(r.certificate.kernel_lower > 0.999 * r.lambda_min);
      assert_near(ldexp(r.certificate.kernel_lower, left), one.certificate.kernel_lower,
                  1e-9 * one.lambda_min, "estimate");
      ntk_spectrum_clear(&r);
    }
    ntk_spectrum_clear(&one);
  }
}

/* Numbers that have no power law and do not fit either. */
static void test_refused(void **state) {
  (void)state;
  static const double beta[][3] = {{1.0, 1e250, 1e160}, {1e250, 1e250, 1e250}};
  static const char *const activation[] = {"relu,sin", "sin"};
  static const char *const says[] = {"goes into layer 2 overflows", "goes into layer 1 overflows"};
  for (size_t i = 0; i < COUNT(says); i++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = (const size_t[]){3, 4, 5},
                                   .activation = activation[i],
                                   .beta = beta[i]};
    double X[3 * 3];
    for (size_t j = 0; j < COUNT(X); j++)
      X[j] = 1e100 * (1.0 + (double)(j * j % 7));
    ntk_network *network = NULL;
    ntk_spectrum_result r = {0};
    assert_ok(ntk_network_create(context, &spec, &network));
    ntk_dataset *data = make_data(context, X, 3, 3);
    assert_refused(ntk_spectrum(context, network, data, NULL, &r), NTK_ERR_NOT_FINITE, says[i]);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bits),
      cmocka_unit_test(test_last_layer),
      cmocka_unit_test(test_refused),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
