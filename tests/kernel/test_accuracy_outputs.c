/* What is made of errors of the features: those of outputs, and bounds carried over.
 * Property: |F_L computed - F_L| <= rounding, F_L in long double; and the carried bounds are those
 * of the formula, outward.
 */
#include "activation_reference.h"
#include "matrices.h"

#include "kernel/ends/accuracy.h"

#include "ntkit/fit.h"

static ntk_context *context;

typedef long double real; /* 11 bits more than double: its own errors are u / 2048 */

static real phi(const char *name, real x, bool slope) {
  const activation_value v = activation_by_name(name, x);
  return slope ? v.dphi : v.phi;
}

enum { MOST_SAMPLES = 6 };

static const char *const smooth[] = {"sigmoid",  "tanh",     "softplus", "erf",       "gelu",
                                     "sin",      "identity", "silu",     "gelu_tanh", "elu",
                                     "softsign", "atan",     "gaussian", "quadratic"};

static real exact_output(const ntk_network *network, const double *x) {
  real f[3] = {0}, next[3];
  for (size_t i = 0; i < network->width[0]; i++)
    f[i] = x[i];
  for (size_t l = 1; l <= network->depth; l++) {
    const size_t n = network->width[l];
    for (size_t j = 0; j < n; j++) {
      next[j] = 0;
      for (size_t i = 0; i < network->width[l - 1]; i++)
        next[j] += f[i] * network->W[l][i * n + j];
      if (l < network->depth)
        next[j] = phi(network->activation[l].info.name, next[j], false);
    }
    memcpy(f, next, n * sizeof *f);
  }
  return f[0];
}

/* rounding alone against |F_double - F_long double|; the least ratio of the two. */
static double check_rounding(const ntk_network *network, const double *X, size_t N) {
  ntk_dataset *data = make_data(context, X, N, network->width[0]);
  double F[MOST_SAMPLES], least = INFINITY;
  const double Y[MOST_SAMPLES] = {0};
  ntk_fit_error error;
  assert_ok(ntk_network_output(network, data, F));
  assert_ok(ntk_fit_measure(network, data, Y, &error));
  for (size_t i = 0; i < N; i++) {
    const real off = fabsl(exact_output(network, X + i * network->width[0]) - F[i]);
    if (!(off <= error.rounding))
      fail_msg("%s, L = %zu: off by %.3Lg, bound %.3g", network->activations, network->depth, off,
               error.rounding);
    if (off > 0)
      least = fmin(least, error.rounding / (double)off);
  }
  ntk_dataset_destroy(data);
  return least;
}

/* One to three units, where a bound has the least room, with weights of any size: the squares of
 * tiny ones underflow, and so do products of two of them. */
static void test_rounding_of_outputs(void **state) {
  (void)state;
  static const double sizes[] = {1.0, 1e-3, 1e3, 1e-100, 1e-160, 1e-170, 1e-200, 1e-300, 1e-310};
  double least = INFINITY;
  for (uint64_t k = 0; k < 20000; k++) {
    uint64_t seed = k;
    size_t width[4];
    double X[3 * MOST_SAMPLES], W[4][9];
    const size_t L = 2 + k % 3, N = 1 + k % MOST_SAMPLES;
    for (size_t l = 0; l < L; l++) {
      width[l] = 1 + (size_t)(1.5 + 1.5 * next_uniform(&seed)) % 3;
      const double size = sizes[l + 1 == L ? k % COUNT(sizes) : k / 7 % COUNT(sizes)];
      for (size_t i = 0; i < 9; i++)
        W[l][i] = size * next_uniform(&seed);
    }
    for (size_t i = 0; i < 3 * N; i++)
      X[i] = next_uniform(&seed);
    const ntk_network_spec spec = {
        .depth = L, .width = width, .activation = smooth[k % COUNT(smooth)]};
    const double *const weights[] = {W[0], W[1], W[2], W[3]};
    ntk_network *network = NULL;
    assert_ok(ntk_network_from_weights(context, &spec, weights, NULL, &network));
    least = fmin(least, check_rounding(network, X, N));
    ntk_network_destroy(network);
  }
  if (!(least < 10.0)) /* a tenth of the bound would be none */
    fail_msg("the bound is %.3g times the error, or more", least);
}

/* ntk_accuracy_carry with no error to carry gives the bounds back, outward by less than 1e-10; with
 * an error, (sqrt(lower - gram) - jacobian)^2, 0 where that is negative, and the like above. */
static void test_carry(void **state) {
  (void)state;
  double lower, upper;
  const ntk_accuracy none = {0.0, 0.0}, some = {0.25, 0.5};
  for (double x = 1e-300; x < 1e300; x *= 1e7) {
    ntk_accuracy_carry(&none, x, 2 * x, &lower, &upper);
    assert_true(lower <= x && lower >= x * (1 - 1e-10));
    assert_true(upper >= 2 * x && upper <= 2 * x * (1 + 1e-10));
  }
  ntk_accuracy_carry(&some, 4.25, 6.0, &lower, &upper);
  assert_true(lower <= 2.25 && lower >= 2.25 * (1 - 1e-9));
  assert_true(upper >= 9.0 && upper <= 9.0 * (1 + 1e-9));
  ntk_accuracy_carry(&some, 0.4, 0.5, &lower, &upper); /* sqrt 0.15 < 0.5 */
  assert_true(lower == 0.0);
  ntk_accuracy_carry(&some, -1.0, -0.5, &lower, &upper);
  assert_true(lower == 0.0 && upper >= 0.25 && upper <= 0.25 * (1 + 1e-9));
}

int main(void) {
  if (LDBL_MANT_DIG < 64) {
    puts("skipped: long double is no wider than double here");
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rounding_of_outputs),
      cmocka_unit_test(test_carry),
  };
  context = make_context(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
