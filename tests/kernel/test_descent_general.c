/* The gradient of training for networks with biases and several outputs, and steps with scales of
 * blocks.
 * Property: scale J^T r with r = F_L - Y (N x n_L) and sum_ic r_ic^2, against complex steps and
 * against plain loops of sizes at which tiles, panels and chunks end anywhere, in both precisions
 * and at every SIMD level; outputs of (18) are 0 to the last bit, all of them; a step is multiplied
 * by the scale of its block, whatever the rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "descent_support.h"

#include "general_network.h"

/* A problem of any network: N n_L labels. */
static problem general_problem(ntk_network_spec spec, size_t N) {
  problem p = {.context = make_context(2), .L = spec.depth, .N = N, .width = spec.width};
  assert_ok(ntk_network_create(p.context, &spec, &p.network));
  p.P = ntk_network_parameters(p.network);
  round_to_float(p.P, p.network->theta);
  double *X = make_normal(6, N * spec.width[0]);
  round_to_float(N * spec.width[0], X);
  p.data = make_data(p.context, X, N, spec.width[0]);
  free(X);
  p.X = ntk_dataset_values(p.data);
  p.Y = make_normal(7, N * spec.outputs);
  round_to_float(N * spec.outputs, p.Y);
  return p;
}

/* Every code's gradient and sum. */
static void check_gradients(const problem *p, double scale, const double *expected, double sum,
                            double units, double units_single, const char *what) {
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  for (size_t c = 0; c < count; c++) {
    ntk_descent *descent = make_descent_of(p, codes[c], scale);
    const double tolerance = is_single(codes[c]) ? units_single : units;
    for (int repeat = 0; repeat < 2; repeat++) { /* nothing is left over from the first */
      double actual_sum = 0.0;
      ntk_descent_gradient(descent, &actual_sum);
      double *actual = read_slot(descent, NTK_SLOT_GRADIENT, p->P);
      assert_near(actual_sum, sum, tolerance * sum, what);
      assert_arrays_near(p->P, actual, expected, tolerance, what);
      free(actual);
    }
    double *theta = read_slot(descent, NTK_SLOT_THETA, p->P); /* in theta's order, and back */
    assert_memory_equal(theta, p->network->theta, p->P * sizeof *theta);
    free(theta);
    ntk_descent_destroy(descent);
  }
}

static void test_complex_step(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    const general g = general_draw(seed, COUNT(activations));
    const size_t N = 1 + seed % 27, C = g.width[g.L];
    problem p = general_problem(general_spec(&g, seed), N);
    double *theta = general_theta(&g, p.network), *expected = make_array(p.P), sum = 0.0;
    double *J = general_jacobian(&g, theta, p.X, N);
    for (size_t i = 0; i < N; i++) {
      number F[MOST_UNITS];
      general_output(&g, theta, p.P, 0.0L, p.X + i * g.width[0], F);
      for (size_t c = 0; c < C; c++) {
        const double r = (double)creall(F[c]) - p.Y[i * C + c];
        sum += r * r;
        for (size_t q = 0; q < p.P; q++)
          expected[q] += 0.7 * r * J[(i * C + c) * p.P + q];
      }
    }
    check_gradients(&p, 0.7, expected, sum, 1e-12, 128 * 0x1p-24, g.names);
    free(J);
    free(expected);
    free(theta);
    free_problem(&p);
  }
}

/* scale J^T r by plain loops over [W_l; b_l] as theta has them; the sum of r^2. */
static double plain(const problem *p, const ntk_network_spec *spec, double scale,
                    double *gradient) {
  enum { MOST = 160, LAYERS = 6 };
  double F[LAYERS][MOST], slope[LAYERS][MOST], sum = 0.0;
  const size_t L = spec->depth, C = spec->outputs;
  size_t at[LAYERS + 1] = {0};
  for (size_t l = 1; l < L; l++)
    at[l + 1] = at[l] + (spec->width[l - 1] + spec->bias[l - 1]) * spec->width[l];
  memset(gradient, 0, p->P * sizeof *gradient);
  for (size_t sample = 0; sample < p->N; sample++) {
    double b[MOST] = {0}, below[MOST];
    memcpy(F[0], p->X + sample * spec->width[0], spec->width[0] * sizeof(double));
    for (size_t l = 1; l <= L; l++) {
      const size_t in = spec->width[l - 1], n = l < L ? spec->width[l] : C;
      F[l - 1][in] = 1.0;
      for (size_t j = 0; j < n; j++) {
        double g = 0.0;
        for (size_t i = 0; i < in + spec->bias[l - 1]; i++)
          g += F[l - 1][i] * p->network->theta[at[l] + i * n + j];
        if (l < L)
          ntk_activation_eval(&p->network->activation[l], 1, &g, &F[l][j], &slope[l][j]);
        else
          b[j] = g - p->Y[sample * C + j];
      }
    }
    for (size_t c = 0; c < C; c++) {
      sum += b[c] * b[c];
      b[c] *= scale;
    }
    for (size_t l = L; l >= 1; l--) {
      const size_t in = spec->width[l - 1], n = l < L ? spec->width[l] : C;
      for (size_t i = 0; i < in + spec->bias[l - 1]; i++) {
        below[i] = 0.0;
        for (size_t j = 0; j < n; j++) {
          gradient[at[l] + i * n + j] += F[l - 1][i] * b[j];
          below[i] += p->network->theta[at[l] + i * n + j] * b[j];
        }
        if (l > 1 && i < in)
          below[i] *= slope[l - 1][i];
      }
      memcpy(b, below, sizeof b);
    }
  }
  return sum;
}

static void test_plain_loops(void **state) {
  (void)state;
  const struct {
    size_t L, width[5], outputs, N;
    bool bias[5];
    const char *activation;
  } shapes[] = {{4, {22, 24, 32, 23}, 1, 400, {1, 1, 1, 1}, "tanh"},
                {4, {37, 50, 101, 75}, 10, 333, {1, 0, 1, 1}, "relu"},
                {3, {54, 113, 67}, 3, 1100, {0, 1, 0}, "sigmoid"},
                {2, {9, 128}, 17, 95, {1, 1}, "softplus"},
                {3, {1, 127, 1}, 2, 2500, {0, 0, 1}, "identity"},
                {3, {90, 64, 120}, 130, 1025, {1, 1, 1}, "tanh"},
                {3, {32, 64, 96}, 8, 97, {1, 1, 0}, "sigmoid"}};
  for (size_t s = 0; s < COUNT(shapes); s++) {
    const ntk_network_spec spec = {.depth = shapes[s].L,
                                   .width = shapes[s].width,
                                   .activation = shapes[s].activation,
                                   .init = "standard",
                                   .seed = 5,
                                   .outputs = shapes[s].outputs,
                                   .bias = shapes[s].bias,
                                   .bias_deviation = 0.5};
    problem p = general_problem(spec, shapes[s].N);
    double *expected = make_array(p.P);
    const double sum = plain(&p, &spec, 2.0, expected);
    check_gradients(&p, 2.0, expected, sum, 1e-13, 1e-5, shapes[s].activation);
    free(expected);
    free_problem(&p);
  }
}

/* (18) with biases in the hidden layers and several outputs: Y = 0 leaves r = 0. */
static void test_antisymmetric(void **state) {
  (void)state;
  const size_t width[] = {11, 30, 46};
  const bool bias[] = {true, true, true};
  for (size_t outputs = 1; outputs <= 9; outputs += 4) {
    problem p = general_problem((ntk_network_spec){.depth = 3,
                                                   .width = width,
                                                   .activation = "tanh",
                                                   .init = "antisymmetric",
                                                   .gamma = 1e6,
                                                   .seed = 3,
                                                   .outputs = outputs,
                                                   .bias = bias,
                                                   .bias_deviation = 1.0},
                                100);
    const ntk_step_code *codes[CODES];
    const size_t count = step_codes(codes);
    memset(p.Y, 0, 100 * outputs * sizeof *p.Y);
    for (size_t c = 0; c < count; c++) {
      double sum = NAN;
      ntk_descent *descent = make_descent_of(&p, codes[c], 1.0);
      ntk_descent_gradient(descent, &sum);
      assert_true(sum == 0.0);
      ntk_descent_destroy(descent);
    }
    free_problem(&p);
  }
}

/* theta after three steps of a rule; deltas by block are what is compared, so one step. */
static double *step_of_rule(const problem *p, const ntk_step_code *code, ntk_rule rule) {
  const ntk_update update = {
      .rule = rule, .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = 1};
  double sum = 0.0;
  ntk_descent *descent = make_descent_of(p, code, 1.0);
  ntk_descent_gradient(descent, &sum);
  ntk_descent_update(descent, &update);
  double *theta = read_slot(descent, NTK_SLOT_THETA, p->P);
  ntk_descent_destroy(descent);
  return theta;
}

static void test_scales(void **state) {
  (void)state;
  const size_t width[] = {5, 13, 18};
  const bool bias[] = {true, false, true};
  const double scales[] = {3.0, 0.25, 0.5, 1.0, 2.0, 0.0};
  ntk_network_spec spec = {.depth = 3,
                           .width = width,
                           .activation = "tanh",
                           .init = "standard",
                           .seed = 3,
                           .outputs = 4,
                           .bias = bias,
                           .bias_deviation = 1.0};
  problem plain_one = general_problem(spec, 50);
  spec.scale = scales;
  problem scaled = general_problem(spec, 50);
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  for (size_t c = 0; c < count; c++)
    for (ntk_rule rule = NTK_RULE_GD; rule <= NTK_RULE_ADAM; rule++) {
      double *a = step_of_rule(&plain_one, codes[c], rule), *start = plain_one.network->theta;
      double *b = step_of_rule(&scaled, codes[c], rule);
      size_t at = 0;
      for (size_t l = 1; l <= 3; l++)
        for (size_t i = 0; i < width[l - 1] + bias[l - 1]; i++)
          for (size_t j = 0; j < (l < 3 ? width[l] : 4); j++, at++) {
            const double factor = scales[2 * l - 2 + (i == width[l - 1])];
            const double unit = is_single(codes[c]) ? 0x1p-22 : 0x1p-50;
            assert_near(b[at] - start[at], factor * (a[at] - start[at]),
                        unit * (fabs(start[at]) + 1.0), "a scaled step");
            if (factor == 0.0)
              assert_true(b[at] == start[at]);
          }
      assert_int_equal(at, plain_one.P);
      free(a);
      free(b);
    }
  free_problem(&plain_one);
  free_problem(&scaled);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_complex_step),
      cmocka_unit_test(test_plain_loops),
      cmocka_unit_test(test_antisymmetric),
      cmocka_unit_test(test_scales),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
