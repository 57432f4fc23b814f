/* The initialisation (18).
 * Property: (W_l)_ij ~ N(0, beta_l^2 / n_{l-1}) for l < L, W_{L-1} = [W, W], W_L = [a, -a] with
 * a_i ~ N(0, gamma beta_L^2); F_L(theta_0) is 0 to the last bit, whatever widths, activation, data
 * and threads are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_support.h"

static ntk_network_spec antisymmetric(size_t L, const size_t *width, uint64_t seed) {
  return (ntk_network_spec){
      .depth = L, .width = width, .activation = "tanh", .init = "antisymmetric", .seed = seed};
}

/* Halves of W_{L-1} are equal and those of W_L opposite, bit for bit, and not 0. */
static void test_halves(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  const size_t shallow[] = {3, 10}, deep[] = {5, 4, 7, 6};
  const struct {
    size_t L;
    const size_t *width;
  } shapes[] = {{2, shallow}, {4, deep}};
  for (size_t s = 0; s < COUNT(shapes); s++) {
    const size_t L = shapes[s].L, n = shapes[s].width[L - 1], m = n / 2;
    const ntk_network_spec spec = antisymmetric(L, shapes[s].width, 3);
    ntk_network *network = fit_network(context, &spec);
    const double *W = ntk_network_weights(network, L - 1), *a = ntk_network_weights(network, L);
    for (size_t j = 0; j < m; j++) {
      assert_true(a[j] != 0.0 && a[m + j] == -a[j]);
      for (size_t i = 0; i < shapes[s].width[L - 2]; i++)
        assert_true(W[i * n + j] != 0.0 && W[i * n + m + j] == W[i * n + j]);
    }
    ntk_network_destroy(network);
  }
  ntk_context_destroy(context);
}

/* Mean, mean square and mean fourth power of each layer's independent entries over 60 seeds, within
 * 5 standard errors; fan-in is told from fan-out, each beta_l from the others, and n_{L-1} / 2
 * appears nowhere. */
static void test_variances(void **state) {
  (void)state;
  enum { L = 4, SEEDS = 60 };
  ntk_context *context = make_context(1);
  const size_t width[L] = {31, 70, 19, 120};
  const double beta[L] = {0.5, 1.7, 3.0, 0.8}, gammas[] = {0.0, 9.0, 1e10};
  for (size_t k = 0; k < COUNT(gammas); k++) {
    double sum[L] = {0}, square[L] = {0}, fourth[L] = {0}, count[L] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      ntk_network_spec spec = antisymmetric(L, width, seed);
      spec.beta = beta;
      spec.gamma = gammas[k];
      ntk_network *network = fit_network(context, &spec);
      for (size_t l = 1; l <= L; l++) {
        const size_t columns = l < L ? width[l] : 1, rows = l < L ? width[l - 1] : width[L - 1] / 2;
        const size_t used = l == L - 1 ? columns / 2 : columns;
        for (size_t i = 0; i < rows; i++)
          for (size_t j = 0; j < used; j++) {
            const double w = ntk_network_weights(network, l)[i * columns + j];
            sum[l - 1] += w;
            square[l - 1] += w * w;
            fourth[l - 1] += w * w * w * w;
          }
        count[l - 1] += (double)(rows * used);
      }
      ntk_network_destroy(network);
    }
    for (size_t l = 1; l <= L; l++) {
      const double gamma = gammas[k] > 0.0 ? gammas[k] : 1.0, n = count[l - 1];
      const double v = beta[l - 1] * beta[l - 1] * (l < L ? 1.0 / (double)width[l - 1] : gamma);
      assert_near(sum[l - 1] / n, 0.0, 5.0 * sqrt(v / n), "mean");
      assert_near(square[l - 1] / n, v, 5.0 * v * sqrt(2.0 / n), "variance");
      assert_near(fourth[l - 1] / n, 3.0 * v * v, 5.0 * v * v * sqrt(96.0 / n), "fourth moment");
    }
  }
  ntk_context_destroy(context);
}

/* Entries depend on (seed, l, i, j) and their variance alone: the first half of a network of last
 * hidden width 2 m is, bit for bit, the paper's network of last hidden width m, with W_L times
 * sqrt gamma (a power of 2); a wider last hidden layer adds units and changes none. */
static void test_entries_stand_alone(void **state) {
  (void)state;
  enum { L = 3, n = 6, m = 11, WIDER = 17 };
  ntk_context *context = make_context(1);
  const size_t half[L] = {4, n, m}, pairs[L] = {4, n, 2 * m}, wider[L] = {4, n, 2 * WIDER};
  ntk_network *paper = make_network(context, L, half, "tanh", "paper", 9);
  ntk_network_spec spec = antisymmetric(L, pairs, 9);
  spec.gamma = 16.0;
  ntk_network *a = fit_network(context, &spec);
  spec.width = wider;
  ntk_network *b = fit_network(context, &spec);
  assert_memory_equal(ntk_network_weights(paper, 1), ntk_network_weights(a, 1),
                      4 * n * sizeof(double));
  assert_memory_equal(ntk_network_weights(paper, 1), ntk_network_weights(b, 1),
                      4 * n * sizeof(double));
  for (size_t j = 0; j < m; j++) {
    const double last = ntk_network_weights(paper, L)[j];
    assert_true(ntk_network_weights(a, L)[j] == 4.0 * last);
    assert_true(ntk_network_weights(b, L)[j] == 4.0 * last);
    for (size_t i = 0; i < n; i++) {
      const double w = ntk_network_weights(paper, L - 1)[i * m + j];
      assert_true(ntk_network_weights(a, L - 1)[i * 2 * m + j] == w);
      assert_true(ntk_network_weights(b, L - 1)[i * 2 * WIDER + j] == w);
    }
  }
  ntk_network_destroy(paper);
  ntk_network_destroy(a);
  ntk_network_destroy(b);
  ntk_context_destroy(context);
}

/* Outputs are +0.0, not small: compared as bytes. */
static void expect_zeros(const ntk_network *network, const ntk_dataset *data, const char *what) {
  const size_t N = ntk_dataset_samples(data);
  double *F_L = make_array(N), *zeros = make_array(N);
  ntk_features *features = make_features(network, data);
  for (size_t way = 0; way < 2; way++) {
    memset(F_L, 0xff, N * sizeof *F_L);
    assert_ok(way == 0 ? ntk_features_output(features, F_L)
                       : ntk_network_output(network, data, F_L));
    if (memcmp(F_L, zeros, N * sizeof *F_L) != 0)
      fail_msg("%s, way %zu: the first output is %g", what, way, F_L[0]);
  }
  ntk_features_destroy(features);
  free(F_L);
  free(zeros);
}

/* Every even last hidden width up to 140, below a hidden layer of several widths, for N about
 * blocks of rows; half widths are odd and even, and leave every remainder by vector lengths. */
static void test_zero_widths(void **state) {
  (void)state;
  const size_t samples[] = {1, 3, 127, 129}, hidden[] = {1, 5, 33};
  for (int threads = 1; threads <= 3; threads++) {
    ntk_context *context = make_context(threads);
    for (size_t s = 0; s < COUNT(samples); s++) {
      ntk_dataset *data = NULL;
      assert_ok(ntk_dataset_generate(context, "gaussian", samples[s], 7, 1, &data));
      for (size_t h = 0; h < COUNT(hidden); h++)
        for (size_t n = 2; n <= 140; n += threads == 1 ? 2 : 46) {
          const size_t width[] = {7, hidden[h], n};
          ntk_network_spec spec = antisymmetric(3, width, n);
          spec.gamma = 1e9;
          ntk_network *network = fit_network(context, &spec);
          char what[64];
          snprintf(what, sizeof what, "N = %zu, widths %zu, %zu", samples[s], hidden[h], n);
          expect_zeros(network, data, what);
          ntk_network_destroy(network);
        }
      ntk_dataset_destroy(data);
    }
    ntk_context_destroy(context);
  }
}

/* Every activation and depth, with betas, at a width beyond one panel of BLAS. */
static void test_zero_activations(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_activation_info *activation = ntk_activation_list(&count);
  const double beta[] = {0.7, 1.3, 2.1, 0.9, 1.7};
  for (int threads = 1; threads <= 3; threads++) {
    ntk_context *context = make_context(threads);
    ntk_dataset *data = NULL;
    assert_ok(ntk_dataset_generate(context, "sphere", 300, 23, 2, &data));
    for (size_t a = 0; a < count; a++)
      for (size_t L = 2; L <= 5; L++) {
        size_t width[5] = {23, 31, 18, 41, 27};
        width[L - 1] = 2 * (257 + 4 * a + L);
        ntk_network_spec spec = antisymmetric(L, width, 4);
        spec.activation = activation[a].name;
        spec.beta = beta;
        spec.gamma = 1e7;
        ntk_network *network = fit_network(context, &spec);
        expect_zeros(network, data, activation[a].name);
        ntk_network_destroy(network);
      }
    ntk_dataset_destroy(data);
    ntk_context_destroy(context);
  }
}

/* B_{L-2} = 0 but for rounding, so that K_k = 0 for k < L - 2; K_{L-2} grows like gamma. */
static void test_kernel_blocks(void **state) {
  (void)state;
  enum { L = 4, N = 6 };
  ntk_context *context = make_context(1);
  const size_t width[L] = {5, 8, 9, 10};
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 5, 2, &data));
  double block[2][L][N * N];
  for (size_t g = 0; g < 2; g++) {
    ntk_network_spec spec = antisymmetric(L, width, 4);
    spec.gamma = g == 0 ? 1.0 : 64.0;
    ntk_network *network = fit_network(context, &spec);
    ntk_features *features = make_features(network, data);
    for (size_t k = 0; k < L; k++) {
      bool blocks[L] = {false};
      blocks[k] = true;
      double *K = kernel_array(features, N, blocks);
      memcpy(block[g][k], K, sizeof block[g][k]);
      free(K);
    }
    ntk_features_destroy(features);
    ntk_network_destroy(network);
  }
  const double scale = largest_entry(N * N, block[0][L - 2]);
  for (size_t e = 0; e < N * N; e++) {
    for (size_t k = 0; k + 2 < L; k++)
      assert_near(block[0][k][e], 0.0, 1e-28 * scale, "a block below L - 2");
    assert_true(block[1][L - 2][e] == 64.0 * block[0][L - 2][e]);
    assert_true(block[1][L - 1][e] == block[0][L - 1][e]);
  }
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
}

/* Odd last hidden widths, and gammas that are not one, or not this initialisation's. */
static void test_refusals(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  const size_t even[] = {3, 5, 4}, odd[] = {3, 4, 5}, single[] = {3, 4, 1};
  const struct {
    const size_t *width;
    const char *init;
    double gamma;
    ntk_status status;
    const char *says;
  } cases[] = {{odd, "antisymmetric", 1.0, NTK_ERR_SHAPE, "width is 5"},
               {single, "antisymmetric", 0.0, NTK_ERR_SHAPE, "width is 1"},
               {even, "antisymmetric", -1.0, NTK_ERR_ARGUMENT, "gamma is -1"},
               {even, "antisymmetric", NAN, NTK_ERR_ARGUMENT, "gamma is nan"},
               {even, "antisymmetric", INFINITY, NTK_ERR_ARGUMENT, "gamma is inf"},
               {even, "paper", 2.0, NTK_ERR_ARGUMENT, "antisymmetric"},
               {even, NULL, 1.0, NTK_ERR_ARGUMENT, "antisymmetric"},
               {even, "he", -2.0, NTK_ERR_ARGUMENT, "gamma is -2"},
               {even, "standard", NAN, NTK_ERR_ARGUMENT, "gamma is nan"},
               {even, "lecun", 1e-300, NTK_ERR_ARGUMENT, "gamma is 1e-300"}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_network_spec spec = {
        .depth = 3, .width = cases[k].width, .init = cases[k].init, .gamma = cases[k].gamma};
    ntk_network *network = NULL;
    assert_refused(ntk_network_create(context, &spec, &network), cases[k].status, cases[k].says);
    assert_null(network);
  }
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_halves),
      cmocka_unit_test(test_variances),
      cmocka_unit_test(test_entries_stand_alone),
      cmocka_unit_test(test_zero_widths),
      cmocka_unit_test(test_zero_activations),
      cmocka_unit_test(test_kernel_blocks),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
