/* The gradient of full-batch training (19).
 * Property: scale J^T r and ||F_L - Y||^2, against a complex step and against plain loops, in both
 * precisions and at every SIMD level; homogeneity for ReLU; the output of (18) is 0 to the last
 * bit; bits do not depend on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "complex_step.h"
#include "descent_support.h"

enum { DEPTH = 6, WIDTH = 7 }; /* of the small shapes */

static const struct {
  size_t L, width[DEPTH + 1], N;
} small[] = {{2, {3, 5, 1}, 11},           {2, {1, 1, 1}, 1},        {3, {4, 6, 3, 1}, 25},
             {4, {3, 7, 2, 5, 1}, 13},     {4, {2, 1, 4, 6, 1}, 24}, {5, {4, 4, 4, 4, 4, 1}, 7},
             {6, {3, 4, 2, 5, 6, 3, 1}, 9}};

/* scale / 2 ||F_L - Y||^2 with parameter q moved by i 1e-100. */
static number complex_loss(const problem *p, number (*phi)(number), double scale, size_t q) {
  number loss = 0.0L;
  for (size_t sample = 0; sample < p->N; sample++) {
    number f[WIDTH], g[WIDTH];
    for (size_t j = 0; j < p->width[0]; j++)
      f[j] = p->X[sample * p->width[0] + j];
    size_t at = 0;
    for (size_t l = 1; l <= p->L; l++) {
      for (size_t j = 0; j < p->width[l]; j++)
        g[j] = 0.0L;
      for (size_t i = 0; i < p->width[l - 1]; i++)
        for (size_t j = 0; j < p->width[l]; j++, at++)
          g[j] += f[i] * (p->network->theta[at] + (at == q ? 1e-100L * I : 0.0L));
      for (size_t j = 0; j < p->width[l]; j++)
        f[j] = l < p->L ? phi(g[j]) : g[j];
    }
    loss += (f[0] - p->Y[sample]) * (f[0] - p->Y[sample]);
  }
  return scale / 2.0L * loss;
}

/* The gradient of scale / 2 sum r^2 is Im loss(theta + i h e_q) / h: to 2e-13 of its largest entry
 * in double, 64 units of 2^-24 in float; the sum is the loss. */
static void test_complex_step(void **state) {
  (void)state;
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  const double scale = 0.7;
  for (size_t a = 0; a < COUNT(activations); a++)
    for (size_t s = 0; s < COUNT(small); s++) {
      problem p = make_problem(1, activations[a].name, small[s].L, small[s].width, small[s].N);
      double *expected = make_array(p.P);
      for (size_t q = 0; q < p.P; q++)
        expected[q] = (double)(cimagl(complex_loss(&p, activations[a].phi, scale, q)) / 1e-100L);
      const double loss = (double)creall(complex_loss(&p, activations[a].phi, scale, p.P));
      for (size_t c = 0; c < count; c++) {
        ntk_descent *descent = make_descent_of(&p, codes[c], scale);
        double sum = 0.0;
        ntk_descent_gradient(descent, &sum);
        double *actual = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
        const double tolerance = is_single(codes[c]) ? 64 * 0x1p-24 : 2e-13;
        assert_near(sum, 2.0 / scale * loss, tolerance * 2.0 / scale * loss, activations[a].name);
        assert_arrays_near(p.P, actual, expected, tolerance, activations[a].name);
        free(actual);
        ntk_descent_destroy(descent);
      }
      free(expected);
      free_problem(&p);
    }
}

/* The same against plain loops, where tiles, panels, blocks and chunks end anywhere. */
static void test_plain_loops(void **state) {
  (void)state;
  const struct {
    size_t L, width[6], N;
    const char *activation;
  } shapes[] = {{4, {22, 22, 22, 22, 1}, 400, "relu"},  {4, {100, 100, 100, 100, 1}, 200, "relu"},
                {4, {37, 50, 101, 75, 1}, 333, "relu"}, {3, {54, 113, 67, 1}, 1100, "sigmoid"},
                {2, {9, 128, 1}, 95, "softplus"},       {5, {16, 32, 48, 64, 8, 1}, 97, "gelu"},
                {3, {1, 127, 1, 1}, 2500, "identity"},  {3, {90, 64, 120, 1}, 1025, "relu"}};
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  for (size_t s = 0; s < COUNT(shapes); s++) {
    problem p = make_problem(2, shapes[s].activation, shapes[s].L, shapes[s].width, shapes[s].N);
    double *expected = make_array(p.P);
    const double sum = plain_gradient(&p, p.network->theta, 2.0, expected);
    for (size_t c = 0; c < count; c++) {
      ntk_descent *descent = make_descent_of(&p, codes[c], 2.0);
      const double tolerance = is_single(codes[c]) ? 1e-5 : 1e-13;
      double actual_sum = 0.0;
      for (int repeat = 0; repeat < 2; repeat++) { /* nothing is left over from the first */
        ntk_descent_gradient(descent, &actual_sum);
        assert_near(actual_sum, sum, tolerance * sum, "sum");
        double *actual = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
        assert_arrays_near(p.P, actual, expected, tolerance, shapes[s].activation);
        free(actual);
      }
      ntk_descent_destroy(descent);
    }
    free(expected);
    free_problem(&p);
  }
}

/* sum = ||F_L - Y||^2 with the features' F_L. */
static void test_sum(void **state) {
  (void)state;
  const size_t width[] = {13, 40, 27, 1};
  problem p = make_problem(1, "tanh", 3, width, 211);
  ntk_features *features = make_features(p.network, p.data);
  double *F = make_array(p.N), expected = 0.0, sum = 0.0;
  assert_ok(ntk_features_output(features, F));
  for (size_t i = 0; i < p.N; i++)
    expected += (F[i] - p.Y[i]) * (F[i] - p.Y[i]);
  ntk_descent *descent = make_descent(&p, NTK_PRECISION_DOUBLE, 1.0);
  ntk_descent_gradient(descent, &sum);
  assert_near(sum, expected, 1e-13 * expected, "sum");
  ntk_descent_destroy(descent);
  ntk_features_destroy(features);
  free(F);
  free_problem(&p);
}

/* Euler: f is homogeneous of degree 1 in each W_l when phi is, so <W_l, df/dW_l> = f; with Y = 0
 * that is <W_l, gradient of W_l> = scale sum, for every l. */
static void test_homogeneity(void **state) {
  (void)state;
  const size_t width[] = {12, 31, 50, 22, 9, 1};
  problem p = make_problem(1, "relu", 5, width, 150);
  memset(p.Y, 0, p.N * sizeof *p.Y);
  for (int single = 0; single < 2; single++) {
    ntk_descent *descent = make_descent(&p, (ntk_precision)single, 0.25);
    double sum = 0.0;
    ntk_descent_gradient(descent, &sum);
    double *gradient = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
    size_t q = 0;
    for (size_t l = 1; l <= p.L; l++) {
      double product = 0.0;
      for (size_t e = 0; e < width[l - 1] * width[l]; e++, q++)
        product += p.network->theta[q] * gradient[q];
      assert_near(product, 0.25 * sum, (single ? 1e-5 : 1e-13) * sum, "<W_l, gradient>");
    }
    free(gradient);
    ntk_descent_destroy(descent);
  }
  free_problem(&p);
}

/* The mean's gradient (scale 2 / N) is 2 / N of the half-sum's. */
static void test_scale(void **state) {
  (void)state;
  const size_t width[] = {5, 17, 6, 1};
  problem p = make_problem(1, "sigmoid", 3, width, 77);
  ntk_descent *half = make_descent(&p, NTK_PRECISION_DOUBLE, 1.0),
              *mean = make_descent(&p, NTK_PRECISION_DOUBLE, 2.0 / 77.0);
  double sum[2];
  ntk_descent_gradient(half, &sum[0]);
  ntk_descent_gradient(mean, &sum[1]);
  assert_true(sum[0] == sum[1]);
  double *expected = read_slot(half, NTK_SLOT_GRADIENT, p.P);
  double *actual = read_slot(mean, NTK_SLOT_GRADIENT, p.P);
  for (size_t q = 0; q < p.P; q++)
    expected[q] *= 2.0 / 77.0;
  assert_arrays_near(p.P, actual, expected, 1e-14, "mean");
  free(expected);
  free(actual);
  ntk_descent_destroy(half);
  ntk_descent_destroy(mean);
  free_problem(&p);
}

/* W_{L-1} = [W, W], W_L = [a, -a]: F_L = 0, with Y = 0 the sum too, to the last bit. */
static void check_cancels(size_t L, const size_t *width, size_t N, const char *activation) {
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes), m = width[L - 1] / 2, n = width[L - 1];
  problem p = make_problem(1, activation, L, width, N);
  memset(p.Y, 0, N * sizeof *p.Y);
  double *W = p.network->W[L - 1], *a = p.network->W[L];
  for (size_t j = 0; j < m; j++) {
    for (size_t i = 0; i < width[L - 2]; i++)
      W[i * n + m + j] = W[i * n + j];
    a[m + j] = -a[j];
  }
  for (size_t c = 0; c < count; c++) {
    ntk_descent *descent = make_descent_of(&p, codes[c], 1.0);
    double sum = -1.0;
    ntk_descent_gradient(descent, &sum);
    if (sum != 0.0)
      fail_msg("m = %zu, code %zu, %s: the sum is %g", m, c, activation, sum);
    ntk_descent_destroy(descent);
  }
  free_problem(&p);
}

static void test_antisymmetric(void **state) {
  (void)state;
  const size_t inputs[] = {1, 3, 22, 57};
  for (size_t m = 1; m <= 70; m++)
    for (size_t i = 0; i < COUNT(inputs); i++) {
      const char *activation = activations[(m + i) % COUNT(activations)].name;
      check_cancels(2, (size_t[]){inputs[i], 2 * m, 1}, 29, activation);
      check_cancels(3, (size_t[]){5, inputs[i], 2 * m, 1}, 29, activation);
    }
  check_cancels(3, (size_t[]){100, 100, 200, 1}, 500, "relu");
  check_cancels(3, (size_t[]){10, 300, 2 * 333, 1}, 100, "relu");
}

/* The bits of ten epochs do not depend on the number of threads. Chunks are several, and parameters
 * enough for their passes to be shared. */
static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {300, 260, 256, 1};
  for (int single = 0; single < 2; single++) {
    double *theta[3], sum[3];
    size_t P = 0;
    for (int threads = 1; threads <= 3; threads++) {
      problem p = make_problem(threads, "relu", 3, width, 1050);
      ntk_descent *descent = make_descent(&p, (ntk_precision)single, 2.0 / 1050.0);
      for (size_t t = 1; t <= 3; t++) {
        ntk_descent_gradient(descent, &sum[threads - 1]);
        ntk_descent_update(descent, &(ntk_update){NTK_RULE_ADAM, 1e-3, 0.9, 0.999, 1e-8, t});
      }
      theta[threads - 1] = read_slot(descent, NTK_SLOT_THETA, p.P);
      P = p.P;
      ntk_descent_destroy(descent);
      free_problem(&p);
    }
    for (int other = 1; other < 3; other++) {
      assert_true(sum[other] == sum[0]);
      assert_memory_equal(theta[other], theta[0], P * sizeof(double));
    }
    for (int i = 0; i < 3; i++)
      free(theta[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_complex_step), cmocka_unit_test(test_plain_loops),
      cmocka_unit_test(test_sum),          cmocka_unit_test(test_homogeneity),
      cmocka_unit_test(test_scale),        cmocka_unit_test(test_antisymmetric),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
