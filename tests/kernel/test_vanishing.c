/* A diagonal entry of K that is computed as 0 (16).
 * Property: it makes K singular where the output at that sample depends on no parameter; one that
 * only underflowed is told as what it is, and where the data's squares do leaves lambda_min below
 * resolution, and nothing is called 0 exactly. A whole
 * spectrum has no negative eigenvalue, and begins with 0 where lambda_min is 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/range.h"
#include "net/network.h"
#include "support.h"

enum { L = 9 };

/* One unit a layer, one sample x = (x_1); W_1 = first, every other weight 1e-60. */
static ntk_spectrum_result chain(ntk_context *context, const char *activation, double first,
                                 double x) {
  const size_t width[L] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  ntk_network *network = make_network(context, L, width, activation, "paper", 1);
  for (size_t p = 0; p < L; p++)
    network->theta[p] = p == 0 ? first : 1e-60;
  ntk_dataset *data = make_data(context, &x, 1, 1);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.certify = true}, &r));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return r;
}

static void test_chain(void **state) {
  (void)state;
  const struct {
    const char *activation;
    double first, x;
    bool vanishes; /* K = 0 in exact arithmetic */
  } cases[] = {
      {"relu", 1e-60, 1.0, false}, /* K = 9 (1e-480)^2 */
      {"relu", 1e-60, -1.0, true}, /* no unit is active */
      {"relu", -1e-60, 1e-200, true},
      {"relu", -1e-60, -1e-200, false},
      {"relu", 1e-60, 0.0, true},
      {"tanh", 1.0, 1e-200, false},
      {"tanh", 1.0, 0.0, true},
      {"identity", 1.0, 1e-200, false},
      {"identity", 1.0, 0.0, true},
      {"gelu", 1.0, -1e-200, false},
      {"sin", 1.0, 0.0, true},
      {"sin", 1.0, 1.0, false},
      /* Layers of another kind above a dead one of relu, and below it. */
      {"relu,tanh,tanh,tanh,tanh,tanh,tanh,tanh", 1e-60, -1.0, true},
      {"relu,tanh,tanh,tanh,tanh,tanh,tanh,tanh", 1e-60, 1.0, false},
      {"tanh,relu,relu,relu,relu,relu,relu,relu", 1.0, 1e-200, false},
  };
  ntk_context *context = make_context(1);
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_spectrum_result r = chain(context, cases[k].activation, cases[k].first, cases[k].x);
    if (cases[k].x == 1.0 && !cases[k].vanishes) { /* 9e-960, where nothing else is said */
      assert_int_equal(r.verdict, NTK_VERDICT_OK);
      assert_near(r.lambda_min, r.bounds.diagonal_min, 1e-12 * r.lambda_min, "K_11");
      assert_true(r.exponent < -1500.0 && r.lambda_min > 0.0);
      if (k == 0)
        assert_near(log10(r.lambda_min) + r.exponent * log10(2.0), log10(9.0) - 960.0, 1e-10, "K");
      ntk_spectrum_clear(&r);
      continue;
    }
    assert_near(r.bounds.diagonal_min, 0.0, 0.0, "K_11");
    if (r.verdict !=
        (cases[k].vanishes ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_BELOW_RESOLUTION))
      fail_msg("case %zu is %s: %s", k, ntk_verdict_name(r.verdict), r.reason);
    assert_true(cases[k].vanishes ? r.certificate.kernel_upper == 0.0
                                  : isnan(r.certificate.kernel_upper) && isnan(r.lambda_min));
    ntk_spectrum_clear(&r);
  }
  ntk_context_destroy(context);
}

/* Two units, of which the second is the active one, and weights that cancel in part: g_1 = x_1 - 3
 * x_2, g_2 = 3 x_2 - x_1. */
static void test_sum(void **state) {
  (void)state;
  const size_t width[] = {2, 2, 1};
  const double W1[] = {1e-200, -1e-200, -3e-200, 3e-200}, X[] = {1.0, 1.0};
  for (int on = 0; on < 2; on++) {
    ntk_context *context = make_context(1);
    ntk_network *network = make_network(context, 3, width, "relu", "paper", 1);
    memcpy(network->W[1], W1, sizeof W1);
    network->W[2][0] = 1e-200;
    network->W[2][1] = on ? 1e-200 : -1e-200;
    ntk_dataset *data = make_data(context, X, 1, 2);
    ntk_spectrum_result r;
    assert_ok(ntk_spectrum(context, network, data, NULL, &r));
    assert_int_equal(r.verdict, on ? NTK_VERDICT_OK : NTK_VERDICT_RANK_DEFICIENT);
    assert_true(on ? r.lambda_min > 0.0 && r.exponent < -1000.0 : r.lambda_min == 0.0);
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    ntk_context_destroy(context);
  }
}

/* g = 1 + 1e-40 - 1 > 0, which no sum of floating-point numbers shows. */
static void test_rounded_to_0(void **state) {
  (void)state;
  const double X[] = {1.0, 1e-40, -1.0};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 2, (const size_t[]){3, 1}, "relu", "paper", 1);
  for (size_t j = 0; j < 3; j++)
    network->W[1][j] = 1.0;
  ntk_dataset *data = make_data(context, X, 1, 3);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(context, network, data, NULL, &r));
  assert_near(r.bounds.diagonal_min, 0.0, 0.0, "K_11");
  assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  ntk_spectrum_clear(&r);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

/* N = 40 > P = 27: rank 27 at most. Of a kernel with lambda_min > 0 nothing is touched. */
static void test_whole_spectrum(void **state) {
  (void)state;
  const size_t width[] = {5, 3, 3};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 3, width, "tanh", "paper", 1);
  for (size_t N = 20; N <= 40; N += 20) {
    ntk_dataset *data = NULL;
    ntk_spectrum_result r;
    assert_ok(ntk_dataset_generate(context, "gaussian", N, 5, 1, &data));
    assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.full = true}, &r));
    for (size_t i = 0; i < N; i++)
      assert_true(r.eigenvalues[i] >= 0.0);
    if (N > 27)
      assert_true(r.lambda_min == 0.0 && r.eigenvalues[0] == 0.0);
    else
      assert_near(r.eigenvalues[0], r.lambda_min, 1e-13 * r.lambda_max, "lambda_min");
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
  }
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

/* ---- What double precision does not hold is refused, by what J's largest entry is ---------------
 * Of x w_1 w_2, J = (x w_2, x w_1), whose exponents are those of its factors. A J that is 0 is not
 * refused. */

typedef struct problem {
  ntk_network *network;
  ntk_dataset *data;
  ntk_features *features;
} problem;

static problem open_problem(ntk_context *context, const char *activation, double x, double w_1,
                            double w_2) {
  problem p = {0};
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){1, 1}, .activation = activation};
  assert_ok(ntk_network_from_weights(context, &spec, (const double *const[]){&w_1, &w_2}, NULL,
                                     &p.network));
  p.data = make_data(context, &x, 1, 1);
  assert_ok(ntk_features_create(p.network, p.data, &p.features));
  return p;
}

static void close_problem(problem *p) {
  ntk_features_destroy(p->features);
  ntk_dataset_destroy(p->data);
  ntk_network_destroy(p->network);
}

static void test_sizes(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  static const struct {
    double x, w_1, w_2;
    const char *says;
  } cases[] = {{1.0, 0x1p-700, 0x1p-600,
                "underflow double precision: the kernel's largest entry is 0, "
                "the largest derivative of an output is near 2^-600;"},
               {4.0, 0x1p-500, 0x1p-600, "near 2^-498;"},
               {1.0, 0x1p-480, 0x1p-600, "the kernel's largest entry is 1.03e-289, "},
               {1.0, 0x1p3, 0x1p600,
                "overflow double precision: the kernel's largest entry is not finite, "
                "the largest derivative of an output is near 2^600;"},
               {0x1p-600, 0x1p-10, 0x1p-20, "near 2^-610;"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    problem p = open_problem(context, "identity", cases[i].x, cases[i].w_1, cases[i].w_2);
    double K = 7.0;
    assert_refused(ntk_kernel_cross(p.features, p.features, NULL, &K), NTK_ERR_NOT_FINITE,
                   cases[i].says);
    assert_true(K == 7.0);
    close_problem(&p);
  }
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

static void test_held(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  static const struct {
    const char *activation;
    double x, w_1, w_2, K;
  } cases[] = {{"identity", 3.0, 0x1p-460, 0x1p-450, 9.0 * (0x1p-900 + 0x1p-920)},
               {"identity", 0.5, 0x1p510, 1.0, 0.25 * (0x1p1020 + 1.0)},
               {"relu", 1.0, -1.0, 0x1p-600, 0.0},
               {"identity", 0.0, 1.0, 1.0, 0.0}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    problem p = open_problem(context, cases[i].activation, cases[i].x, cases[i].w_1, cases[i].w_2);
    double K = 7.0;
    assert_ok(ntk_kernel_cross(p.features, p.features, NULL, &K));
    assert_true(K == cases[i].K);
    close_problem(&p);
  }
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* A block by itself: K_1 is (x w_1)^2 here, and K_0 (x w_2)^2. */
static void test_blocks(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  problem p = open_problem(context, "identity", 1.0, 0x1p-500, 1.0);
  assert_ok(ntk_range_check(p.features, 2));
  assert_ok(ntk_range_check(p.features, 0));
  assert_refused(ntk_range_check(p.features, 1), NTK_ERR_NOT_FINITE, "near 2^-500;");
  close_problem(&p);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chain),        cmocka_unit_test(test_sum),
      cmocka_unit_test(test_rounded_to_0), cmocka_unit_test(test_whole_spectrum),
      cmocka_unit_test(test_sizes),        cmocka_unit_test(test_held),
      cmocka_unit_test(test_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
