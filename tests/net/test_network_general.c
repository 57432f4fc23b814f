/* Networks with biases and several outputs, and the scales of K's blocks.
 * Property: F_L is (1) with g_l = W_l^T f_{l-1} + b_l, N x n_L row-major; b_l depends on (seed, l,
 * j) and its deviation alone and changes no W_l; theta is [W_1; b_1], [W_2; b_2], ...; what the
 * paper's networks have not is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "general_network.h"
#include "net/network.h"
#include "ntkit/fit.h"
#include "one_context.h"

enum { N = 7, SEEDS = 60 };

/* An output is a sum of at most 10 terms in each of at most 5 layers, of gain below 2 each for
 * these laws. */
static const double ALLOWED = 5 * 32 * 20 * U;

static void test_outputs(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    const general g = general_draw(seed, COUNT(activations));
    ntk_network *network = general_network(one, &g, seed);
    const size_t C = g.width[g.L];
    assert_int_equal(ntk_network_parameters(network), g.P);
    assert_int_equal(ntk_network_width(network, g.L), C);
    double *theta = general_theta(&g, network), *X = make_normal(seed, N * g.width[0]);
    assert_memory_equal(theta, network->theta, g.P * sizeof *theta);
    ntk_dataset *data = make_data(one, X, N, g.width[0]);
    double F[N * MOST_UNITS], F_j[N];
    assert_ok(ntk_network_output(network, data, F));
    for (size_t c = 0; c < C; c++) {
      ntk_network *single = NULL;
      assert_ok(ntk_network_select(network, c, &single));
      assert_int_equal(ntk_network_width(single, g.L), 1);
      assert_ok(ntk_network_output(single, data, F_j));
      for (size_t i = 0; i < N; i++) {
        number expected[MOST_UNITS];
        general_output(&g, theta, g.P, 0.0L, X + i * g.width[0], expected);
        const double F_ic = (double)creall(expected[c]), allowed = ALLOWED * (1.0 + fabs(F_ic));
        assert_near(F[i * C + c], F_ic, allowed, "an output");
        assert_near(F_j[i], F_ic, allowed, "the output selected");
      }
      ntk_network_destroy(single);
    }
    ntk_network *none = NULL;
    assert_refused(ntk_network_select(network, C, &none), NTK_ERR_ARGUMENT, "accepted: 0 to");
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    free(theta);
    free(X);
  }
}

/* b_l ~ N(0, deviation^2): mean and variance within 5 standard errors; a wider layer begins with
 * the same entries; without a deviation 0; W_l is the same with and without. */
static void test_drawn(void **state) {
  (void)state;
  enum { n = 4000 };
  const size_t width[] = {3, n, 5}, wider[] = {4, n + 100, 6};
  const bool bias[] = {true, false, true};
  ntk_network_spec spec = {.depth = 3, .width = width, .seed = 9, .bias = bias, .outputs = 2};
  ntk_network *a = NULL, *b = NULL, *plain = NULL;
  spec.bias_deviation = 0.25;
  assert_ok(ntk_network_create(one, &spec, &a));
  double sum = 0.0, square = 0.0;
  for (size_t j = 0; j < n; j++) {
    sum += ntk_network_bias(a, 1)[j] / n;
    square += ntk_network_bias(a, 1)[j] * ntk_network_bias(a, 1)[j] / n;
  }
  assert_near(sum, 0.0, 5.0 * 0.25 / sqrt(n), "mean");
  assert_near(square, 0.0625, 5.0 * 0.0625 * sqrt(2.0 / n), "variance");
  assert_null(ntk_network_bias(a, 2));
  spec.width = wider;
  assert_ok(ntk_network_create(one, &spec, &b));
  assert_memory_equal(ntk_network_bias(a, 1), ntk_network_bias(b, 1), n * sizeof(double));
  assert_true(ntk_network_bias(a, 1)[0] != ntk_network_bias(a, 3)[0]);
  ntk_network_destroy(b);
  spec.width = width;
  spec.bias = NULL;
  assert_ok(ntk_network_create(one, &spec, &plain));
  for (size_t l = 1; l <= 3; l++)
    assert_memory_equal(ntk_network_weights(a, l), ntk_network_weights(plain, l),
                        ntk_network_width(a, l - 1) * ntk_network_width(a, l) * sizeof(double));
  spec.bias = bias;
  spec.bias_deviation = 0.0;
  assert_ok(ntk_network_create(one, &spec, &b));
  for (size_t j = 0; j < n; j++)
    assert_true(ntk_network_bias(b, 1)[j] == 0.0);
  spec.bias_deviation = -1.0;
  ntk_network *none = NULL;
  assert_refused(ntk_network_create(one, &spec, &none), NTK_ERR_ARGUMENT, "deviation is -1");
  ntk_network_destroy(a);
  ntk_network_destroy(b);
  ntk_network_destroy(plain);
}

/* (18) with biases and several outputs: all are 0, exactly. */
static void test_antisymmetric(void **state) {
  (void)state;
  const size_t width[] = {4, 7, 10};
  const bool bias[] = {true, true, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "antisymmetric",
                                 .seed = 3,
                                 .outputs = 3,
                                 .bias = bias,
                                 .bias_deviation = 1.0};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(one, &spec, &network));
  double *X = make_normal(5, N * 4), F[3 * N];
  ntk_dataset *data = make_data(one, X, N, 4);
  assert_ok(ntk_network_output(network, data, F));
  for (size_t i = 0; i < COUNT(F); i++)
    assert_true(F[i] == 0.0);
  assert_true(ntk_network_bias(network, 2)[0] != 0.0);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  free(X);
}

/* Given weights: b decides who has a bias; what is not finite is told with its place. */
static void test_given(void **state) {
  (void)state;
  const size_t width[] = {2, 3};
  const double W_1[] = {1, 2, 3, 4, 5, 6}, W_2[] = {1, 2, 3, 4, 5, 6}, b_2[] = {7, 8};
  const double wrong[] = {0.5, NAN};
  const double *W[] = {W_1, W_2}, *b[] = {NULL, b_2};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .outputs = 2};
  ntk_network *network = NULL;
  assert_ok(ntk_network_from_weights(one, &spec, W, b, &network));
  assert_int_equal(ntk_network_parameters(network), 14);
  assert_false(ntk_network_has_bias(network, 1));
  assert_memory_equal(ntk_network_bias(network, 2), b_2, sizeof b_2);
  ntk_network_destroy(network);
  b[1] = wrong;
  assert_refused(ntk_network_from_weights(one, &spec, W, b, &network), NTK_ERR_NOT_FINITE,
                 "b_2: entry 2 (from 1) is not finite");
}

/* a_k and b_k by their definitions (docs/notation.md), for 3 -> 8 -> 5 -> 2 with biases but in the
 * second layer. */
static void test_scales(void **state) {
  (void)state;
  const size_t width[] = {3, 8, 5};
  const bool bias[] = {true, false, true};
  const double numbers[] = {1, 2, 3, 4, 5, 6};
  const struct {
    const char *name;
    const double *scale;
    double expected[6]; /* of W_1, b_1, W_2, b_2, W_3, b_3 */
  } cases[] = {{NULL, NULL, {1, 1, 1, 0, 1, 1}},
               {"standard", NULL, {1, 1, 1, 0, 1, 1}},
               {"ntk", NULL, {1.0 / 3, 1, 1.0 / 8, 0, 1.0 / 5, 1}},
               {"ntk(1.5,0.1)", NULL, {2.25 / 3, 0.1 * 0.1, 2.25 / 8, 0, 2.25 / 5, 0.1 * 0.1}},
               {"mup", NULL, {8, 8, 1, 0, 1.0 / 5, 2}},
               {"0.5,0,2", NULL, {0.5, 0.5, 0, 0, 2, 2}},
               {"1,2,3,4,5,6", NULL, {1, 2, 3, 0, 5, 6}},
               {"mup", numbers, {1, 2, 3, 0, 5, 6}}};
  ntk_network_spec spec = {.depth = 3, .width = width, .bias = bias, .outputs = 2};
  ntk_network *network = NULL;
  for (size_t c = 0; c < COUNT(cases); c++) {
    spec.parameterization = cases[c].name;
    spec.scale = cases[c].scale;
    assert_ok(ntk_network_create(one, &spec, &network));
    for (size_t i = 0; i < 6; i++)
      assert_near(ntk_network_scale(network, i / 2 + 1, i % 2 == 1), cases[c].expected[i],
                  4 * U * cases[c].expected[i], cases[c].name != NULL ? cases[c].name : "none");
    ntk_network_destroy(network);
  }
  const char *refused[] = {"mu",      "ntk(1)", "ntk(1,2", "ntk(1,2,3)", "ntk(1,2)x", "1,2",
                           "1,2,3,4", "1,-2,3", "1,nan,2", "1,2,3x",     "",          "1e999,1,1"};
  spec.scale = NULL;
  for (size_t c = 0; c < COUNT(refused); c++) {
    spec.parameterization = refused[c];
    assert_refused(ntk_network_create(one, &spec, &network), NTK_ERR_ARGUMENT,
                   "accepted: standard, ntk, ntk(sigma_W,sigma_b), mup, or 3 or 6 numbers");
  }
  spec.parameterization = "0,0,0";
  assert_refused(ntk_network_create(one, &spec, &network), NTK_ERR_ARGUMENT, "all scales are 0");
}

/* What the paper's networks have not, of a spec and of its network. */
static void test_beyond_paper(void **state) {
  (void)state;
  const size_t width[] = {3, 8, 4};
  const bool bias[] = {false, true, false};
  const double ones[] = {1.0, 0.0, 1.0, 0.0, 1.0, 0.0};
  const ntk_network_spec specs[] = {
      {.depth = 3, .width = width, .outputs = 2},
      {.depth = 3, .width = width, .bias = bias},
      {.depth = 3, .width = width, .parameterization = "ntk"},
      {.depth = 3, .width = width, .bias = bias, .parameterization = "ntk"},
      {.depth = 3, .width = width, .parameterization = "standard"},
      {.depth = 3, .width = width, .scale = ones}};
  const char *says[] = {"several outputs",
                        "biases",
                        "scales of its blocks",
                        "biases and scales of its blocks",
                        NULL,
                        NULL};
  for (size_t c = 0; c < COUNT(specs); c++) {
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(one, &specs[c], &network));
    const ntk_network_spec of = ntk_spec_of(network);
    for (int k = 0; k < 2; k++) {
      const char *found = ntk_beyond_paper(k == 0 ? &specs[c] : &of);
      assert_int_equal(found == NULL, says[c] == NULL);
      if (found != NULL)
        assert_string_equal(found, says[c]);
    }
    ntk_network_destroy(network);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outputs),       cmocka_unit_test(test_drawn),
      cmocka_unit_test(test_antisymmetric), cmocka_unit_test(test_given),
      cmocka_unit_test(test_scales),        cmocka_unit_test(test_beyond_paper),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
