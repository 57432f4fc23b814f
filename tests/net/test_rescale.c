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

#include <string.h>

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
static void kernel_of(const ntk_network *network, const ntk_dataset *data, size_t count,
                      double *A) {
  ntk_features *features = NULL;
  bool blocks[] = {true, true, true, true};
  assert_true(count <= COUNT(blocks));
  assert_ok(ntk_features_create_of(network, data, NTK_OUTPUTS_ALL, &features));
  ntk_kernel *K = NULL;
  assert_ok(ntk_kernel_create(features, blocks, &K));
  assert_ok(ntk_kernel_values(K, A));
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
}

/* Changes the network's weights (theta, its own copy) and the data's 7 x 5 numbers. */
typedef void change(const ntk_network *network, double *theta, double *X);

static double *layer_of(const ntk_network *network, double *theta, size_t l) {
  return theta + (network->W[l] - network->theta);
}

static void none(const ntk_network *network, double *theta, double *X) {
  (void)network;
  (void)theta;
  (void)X;
}

/* All that goes into layer 1 is near 20, where silu(g) is not g to the last bit. */
static void far(const ntk_network *network, double *theta, double *X) {
  for (size_t i = 0; i < 5 * 8; i++)
    layer_of(network, theta, 1)[i] = 4.0;
  for (size_t i = 0; i < (size_t)N * 5; i++)
    X[i] = 1.0 + 0.001 * X[i];
}

/* Nothing goes into layer 2. */
static void nothing(const ntk_network *network, double *theta, double *X) {
  (void)X;
  for (size_t i = 0; i < 8 * 9; i++)
    layer_of(network, theta, 2)[i] = 0.0;
}

/* A sample that is 0, among some of 2^130. */
static void zero(const ntk_network *network, double *theta, double *X) {
  (void)network;
  (void)theta;
  for (size_t i = 0; i < (size_t)N * 5; i++)
    X[i] = i < 5 ? 0.0 : ldexp(X[i], 130);
}

static void check_bits(const char *activation, bool bias, change *by) {
  const ntk_network_spec spec = {.depth = 4,
                                 .width = (const size_t[]){5, 8, 9, 6},
                                 .activation = activation,
                                 .init = "he",
                                 .seed = 3,
                                 .outputs = 2,
                                 .bias = bias ? both : NULL,
                                 .bias_deviation = 0.3};
  ntk_network *network = NULL;
  ntk_dataset *drawn = NULL;
  double A[4 * N * N], B[4 * N * N], theta[512], X[N * 5], exponent = 0.0;
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 5, 3, &drawn));
  assert_true(network->parameters <= COUNT(theta));
  memcpy(theta, network->theta, network->parameters * sizeof *theta);
  memcpy(X, ntk_dataset_values(drawn), sizeof X);
  by(network, theta, X);
  ntk_network_set(network, theta);
  ntk_dataset *data = make_data(context, X, N, 5);
  ntk_network *scaled = scale(network, data, 0.0, &exponent);
  kernel_of(network, data, 4, A);
  kernel_of(scaled, data, 4, B);
  for (size_t i = 0; i < COUNT(A); i++)
    if (ldexp(B[i], (int)exponent) != A[i])
      fail_msg("%s: entry %zu is %.17g, was %.17g", activation, i, ldexp(B[i], (int)exponent),
               A[i]);
  ntk_network_destroy(scaled);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(drawn);
}

static void test_bits(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  for (size_t i = 0; i < count; i++) {
    check_bits(list[i].name, false, none);
    check_bits(list[i].name, true, none);
    check_bits(list[i].name, false, far);
    check_bits(list[i].name, false, nothing);
  }
  check_bits("softplus", false, zero);
  check_bits("relu", false, zero);
}

/* W_L of output 1 times 2^600: its part of K without the last block is 2^1200 times as large, to
 * the last bit, though nothing of output 0 says so. */
static void test_outputs(void **state) {
  (void)state;
  const ntk_network_spec spec = {.depth = 3,
                                 .width = (const size_t[]){5, 8, 9},
                                 .activation = "tanh",
                                 .init = "he",
                                 .seed = 3,
                                 .outputs = 2,
                                 .parameterization = "1,1,0"};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  double A[4 * N * N], B[4 * N * N], theta[512], exponent = 0.0;
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 5, 3, &data));
  assert_true(network->parameters <= COUNT(theta));
  kernel_of(network, data, 3, A);
  memcpy(theta, network->theta, network->parameters * sizeof *theta);
  for (size_t j = 0; j < 9; j++)
    layer_of(network, theta, 3)[2 * j + 1] *= 0x1p600;
  ntk_network_set(network, theta);
  ntk_network *scaled = scale(network, data, 0.0, &exponent);
  kernel_of(scaled, data, 3, B);
  for (size_t i = 0; i < COUNT(A); i++) {
    const bool second = i / (2 * N) % 2 == 1 && i % 2 == 1; /* rows of K: sample by sample */
    if (second)
      assert_true(ldexp(B[i], (int)exponent - 1200) == A[i]);
    assert_true(isfinite(B[i]));
  }
  ntk_network_destroy(scaled);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

/* lambda_min without K_{L-1}, of W_L times 2^k. */
static ntk_spectrum_result smallest(const char *activation, int k,
                                    const ntk_spectrum_options *options) {
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
  assert_ok(ntk_spectrum(context, network, data, options, &r));
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
  const ntk_spectrum_options options = {.certify = true};
  for (size_t a = 0; a < COUNT(activation); a++) {
    ntk_spectrum_result one = smallest(activation[a], 0, &options);
    assert_true(one.exponent == 0.0 && one.certificate.certified);
    for (size_t i = 0; i < COUNT(power); i++) {
      ntk_spectrum_result r = smallest(activation[a], power[i], &options);
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

/* The last block beside the others of W_L times 2^900: its trace is lost, and not told as 0. */
static void test_lost_block(void **state) {
  (void)state;
  const double beta[][3] = {{1.0, 1.0, 1.0}, {1.0, 1.0, 0x1p900}};
  ntk_spectrum_result r[2];
  for (size_t i = 0; i < 2; i++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = (const size_t[]){9, 20, 15},
                                   .activation = "tanh",
                                   .init = "he",
                                   .beta = beta[i],
                                   .seed = 3};
    ntk_network *network = NULL;
    ntk_dataset *data = NULL;
    assert_ok(ntk_network_create(context, &spec, &network));
    assert_ok(ntk_dataset_generate(context, "gaussian", N, 9, 3, &data));
    assert_ok(ntk_spectrum(context, network, data, NULL, &r[i]));
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
  }
  assert_true(r[0].exponent == 0.0 && r[0].block[2].trace > 0.0);
  assert_true(r[1].exponent > 1750.0 && isnan(r[1].block[2].trace));
  for (size_t k = 0; k < 2; k++)
    assert_near(ldexp(r[1].block[k].trace, (int)r[1].exponent - 1800), r[0].block[k].trace,
                1e-12 * r[0].block[k].trace, "trace");
  ntk_spectrum_clear(&r[0]);
  ntk_spectrum_clear(&r[1]);
}

/* To resolve, K is brought within 2^+-300; and blocks without a scale, which are 0, need none. */
static void test_options(void **state) {
  (void)state;
  const ntk_spectrum_options options = {.resolve = true}, blocks = {.per_block = true};
  ntk_spectrum_result one = smallest("tanh", 0, &options), each = smallest("tanh", 0, &blocks);
  assert_true(one.exponent == 0.0 && each.exponent == 0.0);
  assert_true(each.block[2].trace == 0.0 && each.block[0].lambda_min > 0.0);
  ntk_spectrum_clear(&each);
  static const int power[] = {-200, -100, 100, 200};
  for (size_t i = 0; i < COUNT(power); i++) {
    ntk_spectrum_result r = smallest("tanh", power[i], &options);
    assert_true((r.exponent != 0.0) == (abs(power[i]) > 150));
    assert_true(fabs(log2(r.lambda_max)) < 300.0);
    assert_near(ldexp(r.lambda_min, (int)r.exponent - 2 * power[i]), one.lambda_min,
                1e-12 * one.lambda_min, "lambda_min");
    ntk_spectrum_clear(&r);
  }
  ntk_spectrum_clear(&one);
}

/* Small data stay as they are, where K is held. */
static void test_small_data(void **state) {
  (void)state;
  const ntk_network_spec spec = {
      .depth = 3, .width = (const size_t[]){9, 20, 15}, .activation = "relu", .init = "he"};
  ntk_network *network = NULL;
  ntk_dataset *drawn = NULL;
  ntk_spectrum_result r[2];
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 9, 3, &drawn));
  for (size_t i = 0; i < 2; i++) {
    double X[N * 9];
    for (size_t j = 0; j < COUNT(X); j++)
      X[j] = ldexp(ntk_dataset_values(drawn)[j], i == 0 ? 0 : -410);
    ntk_dataset *data = make_data(context, X, N, 9);
    assert_ok(ntk_spectrum(context, network, data, NULL, &r[i]));
    assert_true(r[i].exponent == 0.0);
    ntk_dataset_destroy(data);
  }
  assert_near(ldexp(r[1].lambda_min, 820), r[0].lambda_min, 1e-12 * r[0].lambda_min, "lambda_min");
  ntk_spectrum_clear(&r[0]);
  ntk_spectrum_clear(&r[1]);
  ntk_network_destroy(network);
  ntk_dataset_destroy(drawn);
}

/* Data whose squares double precision does not hold are the caller's to scale. */
static void test_data(void **state) {
  (void)state;
  const ntk_network_spec spec = {
      .depth = 3, .width = (const size_t[]){3, 4, 5}, .activation = "relu"};
  static const int power[] = {350, -350, 450, -450};
  for (size_t i = 0; i < COUNT(power); i++) {
    double X[3 * 3], exponent = 0.0;
    for (size_t j = 0; j < COUNT(X); j++)
      X[j] = ldexp(1.0 + (double)(j * j % 7), power[i]);
    ntk_network *network = NULL, *scaled = NULL;
    ntk_sizes sizes;
    ntk_dataset *data = make_data(context, X, 3, 3);
    assert_ok(ntk_network_create(context, &spec, &network));
    assert_ok(ntk_sizes_create(network, &sizes));
    assert_ok(ntk_sizes_add(network, 3, X, &sizes));
    const ntk_status status = ntk_network_rescale(network, &sizes, 750.0, &scaled, &exponent);
    if (abs(power[i]) < 400)
      assert_ok(status);
    else
      assert_refused(status, NTK_ERR_NOT_FINITE, "whose square double precision does not hold");
    ntk_network_destroy(scaled);
    ntk_sizes_destroy(network, &sizes);
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
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
      cmocka_unit_test(test_bits),       cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_last_layer), cmocka_unit_test(test_lost_block),
      cmocka_unit_test(test_data),       cmocka_unit_test(test_options),
      cmocka_unit_test(test_small_data), cmocka_unit_test(test_refused),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
