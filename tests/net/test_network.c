/* Networks (1): weights, their laws, and what is refused.
 * Property: (W_l)_ij ~ N(0, v_l) independent with Section 2's v_l (and standard, he, lecun), entry
 * (i, j) a function of (seed, l, i, j) and v_l alone; P = sum_l n_{l-1} n_l. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "one_context.h"
#include "support.h"

/* v_l by the definitions: paper beta_l^2 / n_{l-1}, last layer beta_L^2 (Section 2); standard and
 * lecun beta_l^2 / n_{l-1} everywhere; he 2 beta_l^2 / n_{l-1} everywhere. */
static double variance(const char *init, bool last, double beta, size_t fan_in) {
  if (last && strcmp(init, "paper") == 0)
    return beta * beta;
  return (strcmp(init, "he") == 0 ? 2.0 : 1.0) * beta * beta / (double)fan_in;
}

/* Mean and mean square of each layer, over 40 seeds, within 5 standard errors sqrt(v / n) and
 * v sqrt(2 / n) of 0 and v_l; E z^4 = 3 v^2 with its error v^2 sqrt(96 / n): normal. Widths differ,
 * so that fan-in is told from fan-out; beta_l too, so that layers are told apart. */
static void test_variances(void **state) {
  (void)state;
  enum { L = 4, SEEDS = 40 };
  const size_t width[L] = {37, 90, 23, 150};
  const double beta[L] = {0.5, 1.7, 3.0, 0.8};
  const char *inits[] = {"paper", "standard", "he", "lecun", NULL};
  for (size_t k = 0; k < 2 * COUNT(inits); k++) {
    const char *init = inits[k / 2];
    const double *scale = k % 2 == 0 ? beta : NULL;
    double sum[L] = {0}, square[L] = {0}, fourth[L] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      const ntk_network_spec spec = {
          .depth = L, .width = width, .init = init, .beta = scale, .seed = seed};
      ntk_network *network = NULL;
      assert_ok(ntk_network_create(one, &spec, &network));
      for (size_t l = 1; l <= L; l++) {
        const double *W = ntk_network_weights(network, l);
        for (size_t i = 0; i < width[l - 1] * (l < L ? width[l] : 1); i++) {
          sum[l - 1] += W[i];
          square[l - 1] += W[i] * W[i];
          fourth[l - 1] += W[i] * W[i] * W[i] * W[i];
        }
      }
      ntk_network_destroy(network);
    }
    for (size_t l = 1; l <= L; l++) {
      const double b = scale != NULL ? scale[l - 1] : 1.0;
      const double v = variance(init != NULL ? init : "paper", l == L, b, width[l - 1]);
      const double n = (double)(SEEDS * width[l - 1] * (l < L ? width[l] : 1));
      assert_near(sum[l - 1] / n, 0.0, 5.0 * sqrt(v / n), "mean");
      assert_near(square[l - 1] / n, v, 5.0 * v * sqrt(2.0 / n), "variance");
      assert_near(fourth[l - 1] / n, 3.0 * v * v, 5.0 * v * v * sqrt(96.0 / n), "fourth moment");
    }
  }
}

/* E (W_l)_ij (W_m)_ij = 0 for two layers, or one layer of two seeds, or two rows of one layer: the
 * mean of n products of independent N(0, 1) has standard error 1 / sqrt n. */
static void test_independence(void **state) {
  (void)state;
  enum { n = 150, ENTRIES = n * n };
  const size_t width[] = {n, n, n};
  ntk_network *a = make_network(one, 3, width, "tanh", "standard", 1);
  ntk_network *b = make_network(one, 3, width, "tanh", "standard", 2);
  const double *A1 = ntk_network_weights(a, 1), *A2 = ntk_network_weights(a, 2);
  const double *B1 = ntk_network_weights(b, 1);
  double layers = 0.0, seeds = 0.0, rows = 0.0, columns = 0.0;
  for (size_t i = 0; i < ENTRIES; i++) {
    layers += A1[i] * A2[i];
    seeds += A1[i] * B1[i];
    rows += A1[i] * A1[(i + n) % ENTRIES];
    columns += A1[i] * A1[(i + 1) % ENTRIES];
  }
  const double bound = 5.0 * sqrt(ENTRIES) / n; /* variances are 1 / n */
  assert_near(layers, 0.0, bound, "two layers");
  assert_near(seeds, 0.0, bound, "two seeds");
  assert_near(rows, 0.0, bound, "two rows");
  assert_near(columns, 0.0, bound, "two columns");
  ntk_network_destroy(a);
  ntk_network_destroy(b);
}

/* W_l's entry (i, j) does not change with the depth, the activation or the number of columns; with
 * another fan-in it changes by the ratio of standard deviations, up to 4 roundings (two divisions,
 * two products). 530 columns: more than the generator makes at a time. */
static void test_entries_stand_alone(void **state) {
  (void)state;
  const size_t small[] = {7, 5, 9}, wide[] = {7, 530, 9, 3}, tall[] = {28, 5, 36};
  ntk_network *a = make_network(one, 3, small, "tanh", "paper", 5);
  ntk_network *b = make_network(one, 4, wide, "relu", "paper", 5);
  ntk_network *c = make_network(one, 3, tall, "tanh", "standard", 5);
  const double *A1 = ntk_network_weights(a, 1), *B1 = ntk_network_weights(b, 1);
  const double *A2 = ntk_network_weights(a, 2), *B2 = ntk_network_weights(b, 2);
  const double *A3 = ntk_network_weights(a, 3), *C3 = ntk_network_weights(c, 3);
  for (size_t i = 0; i < 7; i++) {
    assert_memory_equal(A1 + 5 * i, B1 + 530 * i, 5 * sizeof(double));
    for (size_t j = 0; j < 5; j++) /* fan-in 7 and 28: standard deviations 2 : 1 */
      assert_near(ntk_network_weights(c, 1)[5 * i + j], A1[5 * i + j] / 2.0,
                  4.0 * U * fabs(A1[5 * i + j]), "another fan-in");
  }
  for (size_t i = 0; i < 5; i++) /* n_1 = 5 and 530 */
    for (size_t j = 0; j < 9; j++)
      assert_near(B2[9 * i + j] * sqrt(530.0 / 5.0), A2[9 * i + j], 8.0 * U * fabs(A2[9 * i + j]),
                  "another fan-in");
  for (size_t i = 0; i < 9; i++) /* paper: 1; standard with fan-in 36: 1/6 */
    assert_near(6.0 * C3[i], A3[i], 4.0 * U * fabs(A3[i]), "another law");
  ntk_network_destroy(a);
  ntk_network_destroy(b);
  ntk_network_destroy(c);
}

/* Multiplying beta_l by 2 doubles W_l, bit for bit, and leaves the others. */
static void test_beta_scales(void **state) {
  (void)state;
  enum { L = 3 };
  const size_t width[L] = {6, 4, 8};
  const double beta[L] = {0.3, 1.1, 0.7};
  for (size_t l = 1; l <= L; l++) {
    double doubled[L];
    memcpy(doubled, beta, sizeof beta);
    doubled[l - 1] *= 2.0;
    ntk_network_spec spec = {.depth = L, .width = width, .beta = beta, .seed = 3};
    ntk_network *a = NULL, *b = NULL;
    assert_ok(ntk_network_create(one, &spec, &a));
    spec.beta = doubled;
    assert_ok(ntk_network_create(one, &spec, &b));
    for (size_t m = 1; m <= L; m++)
      for (size_t i = 0; i < width[m - 1] * (m < L ? width[m] : 1); i++)
        assert_true(ntk_network_weights(b, m)[i] ==
                    (m == l ? 2.0 : 1.0) * ntk_network_weights(a, m)[i]);
    ntk_network_destroy(a);
    ntk_network_destroy(b);
  }
}

/* The bits of the weights are those of one thread for 2 and 3 threads. */
static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {130, 77, 301};
  ntk_network *a = make_network(one, 3, width, "sigmoid", "paper", 8);
  for (int threads = 2; threads <= 3; threads++) {
    ntk_context *many = make_context(threads);
    ntk_network *b = make_network(many, 3, width, "sigmoid", "paper", 8);
    for (size_t l = 1; l <= 3; l++)
      assert_memory_equal(ntk_network_weights(a, l), ntk_network_weights(b, l),
                          width[l - 1] * (l < 3 ? width[l] : 1) * sizeof(double));
    ntk_network_destroy(b);
    ntk_context_destroy(many);
  }
  ntk_network_destroy(a);
}

/* W_1..W_L come back bit for bit and are copies; init, beta and seed are ignored, even if invalid;
 * P = sum_l n_{l-1} n_l; a value that is not finite is refused by layer, row and column. */
static void test_from_weights(void **state) {
  (void)state;
  enum { L = 3, P = 2 * 4 + 4 * 3 + 3 };
  const size_t width[L] = {2, 4, 3}, rows[L] = {2, 4, 3}, columns[L] = {4, 3, 1};
  const double beta[L] = {-1.0, 0.0, NAN};
  double *theta = make_normal(4, P);
  double *W[L] = {theta, theta + 8, theta + 20};
  const ntk_network_spec spec = {.depth = L, .width = width, .init = "none", .beta = beta};
  ntk_network *network = NULL;
  assert_ok(ntk_network_from_weights(one, &spec, (const double *const *)W, NULL, &network));
  assert_int_equal(ntk_network_depth(network), L);
  assert_int_equal(ntk_network_parameters(network), P);
  for (size_t l = 1; l <= L; l++) {
    assert_int_equal(ntk_network_width(network, l - 1), rows[l - 1]);
    assert_int_equal(ntk_network_width(network, l), columns[l - 1]);
    assert_ptr_not_equal(ntk_network_weights(network, l), W[l - 1]);
    assert_memory_equal(ntk_network_weights(network, l), W[l - 1],
                        rows[l - 1] * columns[l - 1] * sizeof(double));
  }
  ntk_network_destroy(network);
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t l = 1; l <= L; l++)
    for (size_t e = 0; e < rows[l - 1] * columns[l - 1]; e++) {
      const double kept = W[l - 1][e];
      char fact[64];
      snprintf(fact, sizeof fact, "W_%zu: row %zu, column %zu", l, e / columns[l - 1] + 1,
               e % columns[l - 1] + 1);
      W[l - 1][e] = bad[e % COUNT(bad)];
      network = NULL;
      assert_refused(ntk_network_from_weights(one, &spec, (const double *const *)W, NULL, &network),
                     NTK_ERR_NOT_FINITE, fact);
      assert_null(network);
      W[l - 1][e] = kept;
    }
  free(theta);
}

/* Each invalid specification: its status, a message with the facts, no network, nothing held. */
static void test_refusals(void **state) {
  (void)state;
  const size_t huge = (size_t)INT32_MAX, ok[] = {3, 2, 4}, no_d[] = {0, 2, 4}, empty[] = {3, 0, 4};
  const size_t beyond[] = {3, 2, huge + 1}, product[] = {huge, huge}, much[] = {huge, 1 << 16};
  const size_t sum[] = {huge, 1 << 29, huge}; /* 2^60 weights twice: 2^64 bytes */
  const double zero[] = {1, 0, 1}, minus[] = {1, 1, -2}, nan[] = {NAN, 1, 1},
               inf[] = {1, 1, INFINITY};
  const struct {
    ntk_network_spec spec;
    ntk_status status;
    const char *says;
  } cases[] = {
      {{.depth = 0, .width = ok}, NTK_ERR_ARGUMENT, "depth is 0"},
      {{.depth = 1, .width = ok}, NTK_ERR_ARGUMENT, "depth is 1"},
      {{.depth = 3, .width = no_d}, NTK_ERR_ARGUMENT, "the input dimension d is 0"},
      {{.depth = 3, .width = empty}, NTK_ERR_ARGUMENT, "a width is 0"},
      {{.depth = 3, .width = beyond}, NTK_ERR_LIMIT, "n_2 = 2147483648"},
      {{.depth = 2, .width = product}, NTK_ERR_LIMIT, "address space"},
      {{.depth = 3, .width = sum}, NTK_ERR_LIMIT, "address space"},
      {{.depth = 2, .width = much}, NTK_ERR_MEMORY, "GB"},
      {{.depth = 3, .width = ok, .activation = "Rleu"},
       NTK_ERR_ARGUMENT,
       "'Rleu'; did you mean 'relu'? known: sigmoid"},
      {{.depth = 3, .width = ok, .init = "xavier"}, NTK_ERR_ARGUMENT, "'xavier'; known: paper"},
      {{.depth = 3, .width = ok, .beta = zero}, NTK_ERR_ARGUMENT, "beta_2 is 0"},
      {{.depth = 3, .width = ok, .beta = minus}, NTK_ERR_ARGUMENT, "beta_3 is -2"},
      {{.depth = 3, .width = ok, .beta = nan}, NTK_ERR_ARGUMENT, "beta_1 is nan"},
      {{.depth = 3, .width = ok, .beta = inf}, NTK_ERR_ARGUMENT, "beta_3 is inf"},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_network *network = NULL;
    assert_refused(ntk_network_create(one, &cases[k].spec, &network), cases[k].status,
                   cases[k].says);
    assert_null(network);
  }
  assert_int_equal(ntk_memory_in_use(one), 0);
}

static bool stop_at_once(const char *phase, double fraction, void *calls) {
  assert_string_equal(phase, "drawing weights");
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  ++*(int *)calls;
  return false;
}

static void test_stopped(void **state) {
  (void)state;
  for (int threads = 1; threads <= 2; threads++) {
    int calls = 0;
    const size_t width[] = {900, 1200, 10}; /* enough for two */
    const ntk_context_options options = {
        .threads = threads, .progress = stop_at_once, .progress_user = &calls};
    const ntk_network_spec spec = {.depth = 3, .width = width};
    ntk_context *context = NULL;
    ntk_network *network = NULL;
    assert_ok(ntk_context_create(&options, &context));
    assert_int_equal(ntk_network_create(context, &spec, &network), NTK_ERR_CANCELLED);
    assert_null(network);
    assert_int_equal(calls, 1);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stopped),      cmocka_unit_test(test_variances),
      cmocka_unit_test(test_independence), cmocka_unit_test(test_entries_stand_alone),
      cmocka_unit_test(test_beta_scales),  cmocka_unit_test(test_threads),
      cmocka_unit_test(test_from_weights), cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
