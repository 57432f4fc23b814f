/* Memorisation of networks with biases.
 * Property: the network has the spec's biases, fits any labels by a forward pass in extended
 * precision, and has the (n_{L-2} + 1) m parameters of [W_{L-1}; b_{L-1}]; samples that are one to
 * a network without biases (x and -x, a sample 0) are none to one that has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memorize_support.h"

/* F_L(x) by (1) with b_l. */
static long double output_at(const ntk_network *network, const char *phi, const double *x) {
  const size_t L = ntk_network_depth(network);
  long double f[WIDEST], g[WIDEST];
  for (size_t i = 0; i < ntk_network_width(network, 0); i++)
    f[i] = x[i];
  for (size_t l = 1; l <= L; l++) {
    const size_t in = ntk_network_width(network, l - 1), out = ntk_network_width(network, l);
    const double *b = ntk_network_bias(network, l);
    layer_of(ntk_network_weights(network, l), NULL, in, out, f, g);
    for (size_t j = 0; j < out; j++) {
      g[j] += b != NULL ? (long double)b[j] : 0.0L;
      f[j] = l < L ? activation_by_name(phi, g[j]).phi : g[j];
    }
  }
  return f[0];
}

/* Fits the problem with these biases: whether eps was reached, the same by output_at. */
static bool fits(const fit_problem *p, const bool *bias, const ntk_memorize_options *options) {
  ntk_network_spec spec = spec_of(p);
  ntk_network *network = NULL;
  ntk_memorize_result result;
  spec.bias = bias;
  spec.bias_deviation = 0.5;
  assert_ok(ntk_memorize(p->context, &spec, p->data, p->Y, 1, options, &network, &result));
  long double square = 0, size = 0;
  for (size_t i = 0; i < p->N; i++) {
    const long double off = output_at(network, p->phi, p->X + i * p->width[0]) - p->Y[i];
    square += off * off;
    size += (long double)p->Y[i] * (long double)p->Y[i];
  }
  const double relative = (double)sqrtl(square / size);
  for (size_t l = 1; l <= p->L; l++)
    assert_true(ntk_network_has_bias(network, l) == (bias != NULL && bias[l - 1]));
  if (result.reached) {
    assert_string_equal(result.reason, "");
    assert_true(relative <= 1e-10 * 1.01);
    assert_true(fabs(relative - result.relative_error) <= result.rounding);
  } else {
    assert_true(strlen(result.reason) > 0);
    assert_true(relative > 1e-10);
  }
  ntk_network_destroy(network);
  return result.reached;
}

static void test_any_labels(void **state) {
  (void)state;
  static const size_t width[] = {8, 12, 24};
  static const bool biases[][3] = {
      {true, true, true}, {true, false, false}, {false, true, false}, {false, false, true}};
  static const char *const of[] = {"tanh", "gelu", "softplus"};
  for (size_t a = 0; a < COUNT(of); a++)
    for (size_t b = 0; b < COUNT(biases); b++)
      for (size_t L = 2; L <= 3; L++)
        for (int iterative = 0; iterative <= 1; iterative++) {
          fit_problem p = make_problem(1, L == 2 ? 30 : 60, L, width, of[a]);
          assert_true(
              fits(&p, biases[b] + (3 - L), &(ntk_memorize_options){.iterative = iterative}));
          free_problem(&p);
        }
}

/* n_0 m = 24 parameters, 30 with the bias. */
static void test_capacity(void **state) {
  (void)state;
  static const size_t width[] = {4, 12};
  static const bool first[] = {true, false}, last[] = {false, true};
  fit_problem p = make_problem(1, 28, 2, width, "tanh");
  assert_true(fits(&p, first, NULL));
  assert_false(fits(&p, NULL, NULL));
  assert_false(fits(&p, last, NULL));
  free_problem(&p);
}

/* Samples x and -x with labels that are not opposite, and a sample 0 with a label. Of opposite
 * labels none follows from the other where there are biases. */
static void test_no_symmetry(void **state) {
  (void)state;
  static const size_t width[] = {6, 10, 20};
  static const bool all[] = {true, true, true}, first[] = {true, false, false},
                    last[] = {false, false, true};
  for (int zero = 0; zero <= 1; zero++) {
    fit_problem p = make_problem(1, 20, 3, width, "tanh");
    ntk_dataset_destroy(p.data);
    for (size_t j = 0; j < 6; j++)
      p.X[6 * 7 + j] = zero ? 0.0 : -p.X[6 * 3 + j];
    p.data = make_data(p.context, p.X, p.N, 6);
    p.Y[3] = p.Y[7] = 1.5;
    assert_true(fits(&p, all, NULL));
    assert_true(fits(&p, first, NULL));
    assert_false(fits(&p, NULL, NULL));
    assert_false(fits(&p, last, NULL)); /* b_L is no part of the construction */
    p.Y[7] = zero ? 0.0 : -1.5;
    assert_true(fits(&p, all, NULL) && fits(&p, first, NULL) && fits(&p, NULL, NULL));
    free_problem(&p);
  }
}

/* Scales of the blocks are no matter: the same weights to the bit. */
static void test_scales(void **state) {
  (void)state;
  static const size_t width[] = {6, 10, 20};
  static const bool all[] = {true, true, true};
  fit_problem p = make_problem(1, 20, 3, width, "tanh");
  ntk_network_spec spec = spec_of(&p);
  ntk_network *network[2];
  ntk_memorize_result result[2];
  spec.bias = all;
  for (int scaled = 0; scaled <= 1; scaled++) {
    spec.parameterization = scaled ? "1,2,3,4,5,6" : NULL;
    assert_ok(
        ntk_memorize(p.context, &spec, p.data, p.Y, 1, NULL, &network[scaled], &result[scaled]));
    assert_true(ntk_network_scale(network[scaled], 3, false) == (scaled ? 5.0 : 1.0));
  }
  for (size_t l = 1; l <= 3; l++) {
    const size_t out = ntk_network_width(network[0], l);
    assert_memory_equal(ntk_network_weights(network[0], l), ntk_network_weights(network[1], l),
                        ntk_network_width(network[0], l - 1) * out * sizeof(double));
    assert_memory_equal(ntk_network_bias(network[0], l), ntk_network_bias(network[1], l),
                        out * sizeof(double));
  }
  ntk_network_destroy(network[0]);
  ntk_network_destroy(network[1]);
  free_problem(&p);
}

/* Layers of a given network stay, and the two halves of the last hidden layer lie around its first
 * half, bias too; one without those biases is refused. */
static void test_given_layers(void **state) {
  (void)state;
  static const size_t width[] = {6, 10, 20};
  static const bool all[] = {true, true, true}, some[] = {true, false, true};
  fit_problem p = make_problem(1, 20, 3, width, "tanh");
  ntk_network_spec spec = spec_of(&p);
  ntk_network *below = NULL, *network = NULL;
  ntk_memorize_result result;
  spec.bias = all;
  spec.bias_deviation = 0.7;
  spec.seed = 77;
  assert_ok(ntk_network_create(p.context, &spec, &below));
  const ntk_memorize_options options = {.below = below};
  spec.seed = 3;
  assert_ok(ntk_memorize(p.context, &spec, p.data, p.Y, 1, &options, &network, &result));
  assert_true(result.reached);
  assert_memory_equal(ntk_network_weights(network, 1), ntk_network_weights(below, 1),
                      60 * sizeof(double));
  assert_memory_equal(ntk_network_bias(network, 1), ntk_network_bias(below, 1),
                      10 * sizeof(double));
  for (size_t j = 0; j < 10; j++) {
    const double *b = ntk_network_bias(network, 2), given = ntk_network_bias(below, 2)[j];
    assert_near(0.5 * (b[j] + b[10 + j]), given, 1e-14 * (1.0 + fabs(given)), "b_2");
    assert_true(b[j] != b[10 + j]); /* it is among what fits */
  }
  assert_true(ntk_network_bias(network, 3)[0] == 0.0);
  ntk_network_destroy(network);
  spec.bias = some;
  assert_refused(ntk_memorize(p.context, &spec, p.data, p.Y, 1, &options, &network, &result),
                 NTK_ERR_SHAPE, "other widths or biases");
  ntk_network_destroy(below);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_labels),   cmocka_unit_test(test_capacity),
      cmocka_unit_test(test_no_symmetry),  cmocka_unit_test(test_scales),
      cmocka_unit_test(test_given_layers),
  };
  return cmocka_run_group_tests_name("memorize_bias", tests, NULL, NULL);
}
