/* How far the stored kernel is from the kernel in exact arithmetic of the stored X and W.
 * Property: ||K_stored - J^ J^^T|| <= gram, ||J^ - J|| <= jacobian, and kernel_lower <=
 * lambda_min(K) <= kernel_upper, J^ from the stored F and B of (1) and (9), J and K in long double.
 */
#include "activation_reference.h"
#include "matrices.h"

#include "base/blas.h"
#include "kernel/cpu/cpu.h"
#include "kernel/ends/proof.h"
#include "spectrum/certificate.h"

#include "ntkit/fit.h"

static ntk_context *context;

typedef long double real; /* 11 bits more than double: its own errors are u / 2048 */

static real phi(const char *name, real x, bool slope) {
  const activation_value v = activation_by_name(name, x);
  return slope ? v.dphi : v.phi;
}

enum { MOST_LAYERS = 5, MOST_SAMPLES = 6, MOST_WIDTH = 24 };
typedef real rows[MOST_LAYERS][MOST_SAMPLES][MOST_WIDTH]; /* layer, sample, unit */

/* F_l and B_k of (1) and (9) by plain loops. */
static void exact_features(const ntk_network *network, const double *X, size_t N, rows F, rows B) {
  const size_t L = network->depth, *n = network->width;
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < n[0]; j++)
      F[0][i][j] = X[i * n[0] + j];
    for (size_t l = 1; l < L; l++)
      for (size_t j = 0; j < n[l]; j++) {
        real g = 0;
        for (size_t m = 0; m < n[l - 1]; m++)
          g += F[l - 1][i][m] * network->W[l][m * n[l] + j];
        F[l][i][j] = phi(network->activation[l].info.name, g, false);
        B[l][i][j] = phi(network->activation[l].info.name, g, true);
      }
    B[L][i][0] = 1;
    for (size_t k = L - 1; k >= 1; k--)
      for (size_t j = 0; j < n[k]; j++) {
        real back = 0;
        for (size_t m = 0; m < n[k + 1]; m++)
          back += B[k + 1][i][m] * network->W[k + 1][j * n[k + 1] + m];
        B[k][i][j] *= back;
      }
  }
}

/* What the library stores. */
static void stored_features(const ntk_features *features, rows F, rows B) {
  const size_t L = features->network->depth, *n = features->network->width;
  const cpu_features *stored = cpu_features_of(features);
  for (size_t i = 0; i < features->N; i++) {
    B[L][i][0] = 1;
    for (size_t l = 0; l < L; l++)
      for (size_t j = 0; j < n[l]; j++) {
        F[l][i][j] = stored->F[l][i * n[l] + j];
        if (l > 0)
          B[l][i][j] = stored->B[l][i * n[l] + j];
      }
  }
}

/* <row i of the part of J that belongs to W_{k+1}, row j of it> = <F_k, F_k> <B_{k+1}, B_{k+1}>,
 * summed over k: (8). */
static real inner(const ntk_network *network, rows F, rows B, size_t i, size_t j) {
  real sum = 0;
  for (size_t k = 0; k < network->depth; k++) {
    real f = 0, b = 0;
    for (size_t m = 0; m < network->width[k]; m++)
      f += F[k][i][m] * F[k][j][m];
    for (size_t m = 0; m < network->width[k + 1]; m++)
      b += B[k + 1][i][m] * B[k + 1][j][m];
    sum += f * b;
  }
  return sum;
}

/* ||J^ - J||_F, entry by entry. */
static real jacobian_distance(const ntk_network *network, size_t N, rows F, rows B, rows F_hat,
                              rows B_hat) {
  real squares = 0;
  for (size_t k = 0; k < network->depth; k++)
    for (size_t i = 0; i < N; i++)
      for (size_t a = 0; a < network->width[k]; a++)
        for (size_t b = 0; b < network->width[k + 1]; b++) {
          const real off = F_hat[k][i][a] * B_hat[k + 1][i][b] - F[k][i][a] * B[k + 1][i][b];
          squares += off * off;
        }
  return sqrtl(squares);
}

/* Smallest eigenvalue of a symmetric N x N matrix by cyclic Jacobi rotations (Golub and Van Loan,
 * section 8.5). */
static real smallest_eigenvalue(size_t N, real A[MOST_SAMPLES][MOST_SAMPLES]) {
  for (int sweep = 0; sweep < 30; sweep++)
    for (size_t p = 0; p < N; p++)
      for (size_t q = p + 1; q < N; q++) {
        if (A[p][q] == 0)
          continue;
        const real tau = (A[q][q] - A[p][p]) / (2 * A[p][q]);
        const real t = (tau >= 0 ? 1 : -1) / (fabsl(tau) + sqrtl(1 + tau * tau));
        const real c = 1 / sqrtl(1 + t * t), s = t * c;
        for (size_t r = 0; r < N; r++) {
          const real x = A[r][p], y = A[r][q];
          A[r][p] = c * x - s * y;
          A[r][q] = s * x + c * y;
        }
        for (size_t r = 0; r < N; r++) {
          const real x = A[p][r], y = A[q][r];
          A[p][r] = c * x - s * y;
          A[q][r] = s * x + c * y;
        }
      }
  real smallest = A[0][0];
  for (size_t p = 1; p < N; p++)
    smallest = A[p][p] < smallest ? A[p][p] : smallest;
  return smallest;
}

/* The certificate of the stored matrix, carried over, contains the exact lambda_min. */
static void check_interval(ntk_kernel *K, const ntk_accuracy *accuracy, real exact) {
  const size_t N = K->N;
  double *full = make_array(N * N), *values = make_array(N), trace = 0.0;
  assert_ok(ntk_kernel_values(K, full));
  for (size_t i = 0; i < N; i++)
    trace += full[i * N + i];
  assert_ok(ntk_dsyevd(context, 'V', N, full, values));
  double lower, upper, kernel_lower, kernel_upper;
  bool proved;
  assert_ok(K->backend->certify_upper(K, full, &upper)); /* the first eigenvector */
  const double shift = values[0] - 4 * ntk_cholesky_bound(N, trace) - 4 * DBL_EPSILON * trace;
  assert_ok(K->backend->certify_lower(K, shift, &proved, &lower));
  assert_true(proved);
  ntk_accuracy_carry(accuracy, lower, upper, &kernel_lower, &kernel_upper);
  /* The error of `exact` itself, whose trace may be below what double has. */
  const real own = 30 * (real)N * LDBL_EPSILON * (trace + (real)N * 0x1p-1074L);
  if (!(kernel_lower <= exact + own && exact - own <= kernel_upper))
    fail_msg("lambda_min %.17Lg is not in [%.17g, %.17g]", exact, kernel_lower, kernel_upper);
  assert_true(kernel_lower >= 0.0);
  free(values);
  free(full);
}

/* The nearest that an error came to its bound, and to what is expected of it. */
static double least_gram, least_jacobian, least_typical;

/* ||J^ - J||_F as it is proved by passes in double-double: at least what long double sees, whose
 * own errors are 2048 times smaller, and no more than the triangle inequality adds. */
static void check_proof(const ntk_features *features, real jacobian, double bound) {
  double moved[MOST_SAMPLES], square = 0.0;
  const ntk_proof_stored stored = ntk_proof_features(features);
  assert_ok(ntk_proof_distances(&stored, moved));
  for (size_t i = 0; i < features->N; i++) {
    assert_true(moved[i] >= 0.0);
    square += moved[i];
  }
  const real own = jacobian / 100 + bound / 2048;
  if (!(jacobian <= sqrt(square) + own && sqrt(square) <= 3 * jacobian + own))
    fail_msg("%s, L = %zu: jacobian %.3Lg, proved %.3g", features->network->activations,
             features->network->depth, jacobian, sqrt(square));
}

static void check(const ntk_network *network, const double *X, size_t N) {
  static rows F, B, F_hat, B_hat;
  ntk_dataset *data = make_data(context, X, N, network->width[0]);
  ntk_features *features = make_features(network, data);
  ntk_kernel *K = NULL;
  assert_ok(ntk_kernel_create(features, NULL, &K));
  double K_stored[MOST_SAMPLES * MOST_SAMPLES], f2[MOST_LAYERS * MOST_SAMPLES],
      b2[MOST_LAYERS * MOST_SAMPLES];
  assert_ok(ntk_kernel_values(K, K_stored));
  assert_ok(features->backend->features_norms(features, f2, b2));
  ntk_accuracy accuracy, typical[MOST_LAYERS + 1];
  const ntk_norms norms = {NTK_OUTPUTS_TRACE, N, f2, b2};
  assert_ok(ntk_kernel_accuracy(network, &norms, &accuracy));
  assert_ok(ntk_kernel_accuracies(network, &norms, true, typical));

  exact_features(network, X, N, F, B);
  stored_features(features, F_hat, B_hat);
  real exact[MOST_SAMPLES][MOST_SAMPLES], squares = 0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      exact[i][j] = inner(network, F, B, i, j);
      const real off = K_stored[i * N + j] - inner(network, F_hat, B_hat, i, j);
      squares += off * off; /* gram bounds even the Frobenius norm: entry (i, j) errs by at most
                               gamma |F_i| |F_j| |B_i| |B_j| */
    }
  const real gram = sqrtl(squares);
  const real jacobian = jacobian_distance(network, N, F, B, F_hat, B_hat);
  const char *name = network->activations;
  if (!(gram <= accuracy.gram && jacobian <= accuracy.jacobian))
    fail_msg("%s, L = %zu: gram %.3Lg (bound %.3g), jacobian %.3Lg (bound %.3g)", name,
             network->depth, gram, accuracy.gram, jacobian, accuracy.jacobian);
  check_proof(features, jacobian, accuracy.jacobian);
  least_gram = fmin(least_gram, accuracy.gram / (double)gram);
  least_jacobian = fmin(least_jacobian, accuracy.jacobian / (double)jacobian);
  least_typical = fmin(least_typical, typical[network->depth].jacobian / (double)jacobian);
  assert_true(typical[network->depth].jacobian <= accuracy.jacobian);
  check_interval(K, &accuracy, smallest_eigenvalue(N, exact));
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
}

static const char *const smooth[] = {"sigmoid",  "tanh",     "softplus", "erf",       "gelu",
                                     "sin",      "identity", "silu",     "gelu_tanh", "elu",
                                     "softsign", "atan",     "gaussian", "quadratic"};

/* The a-th, and beyond them mixtures of L - 1. Valid until the next call. */
static const char *activations_of(size_t a, size_t L) {
  static char text[64];
  int used = 0;
  if (a < COUNT(smooth))
    return smooth[a];
  for (size_t l = 1; l < L; l++)
    used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", l > 1 ? "," : "",
                     smooth[(a + 5 * l) % COUNT(smooth)]);
  return text;
}

/* Random networks, from a single sample and width 1 up. */
static void test_random_networks(void **state) {
  (void)state;
  static const size_t widths[][4] = {{1, 1, 1, 1}, {7, 5, 3, 4}, {24, 24, 24, 24}, {2, 24, 1, 9}};
  least_gram = least_jacobian = least_typical = INFINITY;
  for (size_t a = 0; a < 2 * COUNT(smooth); a++)
    for (size_t L = 2; L <= 4; L++)
      for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t N = 1; N <= MOST_SAMPLES; N += 5) {
          ntk_network *network = make_network(context, L, widths[w], activations_of(a, L),
                                              w % 2 ? "he" : "paper", a + L);
          double *X = make_normal(N + a, N * widths[w][0]);
          check(network, X, N);
          free(X);
          ntk_network_destroy(network);
        }
  /* The bounds are not so wide as to say nothing. */
  assert_true(least_gram < 10.0 && least_jacobian < 100.0);
  assert_true(least_typical >= 1.0);
}

/* Where G_1 is next to 0 and all but exact, the activations' own errors are what is left. */
static void check_next_to_0(double size) {
  const size_t width[] = {2, 24};
  least_gram = least_jacobian = least_typical = INFINITY;
  for (size_t a = 0; a < COUNT(smooth); a++) {
    double *W_1 = make_normal(a, 48), *W_2 = make_normal(9, 24), *X = make_normal(3, 12);
    for (size_t k = 0; k < 48; k++)
      W_1[k] *= size;
    const ntk_network_spec spec = {.depth = 2, .width = width, .activation = smooth[a]};
    ntk_network *network = NULL;
    assert_ok(ntk_network_from_weights(context, &spec, (const double *const[]){W_1, W_2}, NULL,
                                       &network));
    check(network, X, 6);
    ntk_network_destroy(network);
    free(X);
    free(W_2);
    free(W_1);
  }
  assert_true(least_jacobian < 100.0);
  assert_true(least_typical >= 1.0);
}

static void test_activation_error(void **state) {
  (void)state;
  check_next_to_0(1e-6);
  check_next_to_0(1e-60);
}

/* X W_1 cancels to 1e-9 of its terms, so that G_1, and with it all that follows, consists of
 * rounding errors to a visible part: the terms that carry an error onward (s |dF|, M |dG|, M' |dG|
 * max|P|, s |dB|) are then all there is, one layer or another being steep. */
static void test_cancellation(void **state) {
  (void)state;
  const size_t width[] = {2, 3, 2, 3};
  least_gram = least_jacobian = least_typical = INFINITY;
  for (size_t a = 0; a < 2 * COUNT(smooth); a++)
    for (size_t L = 2; L <= 4; L++)
      for (size_t steep = 1; steep <= L; steep++) {
        double X[2 * MOST_SAMPLES], W[4][9];
        uint64_t seed = 10 * a + L;
        for (size_t i = 0; i < MOST_SAMPLES; i++) {
          X[2 * i] = 1.0 + next_uniform(&seed) / 3;
          X[2 * i + 1] = 1.1 * X[2 * i] * (1.0 + 1e-9 * next_uniform(&seed));
        }
        for (size_t l = 0; l < L; l++)
          for (size_t k = 0; k < 9; k++)
            W[l][k] = (l + 1 == steep ? 1e3 : 1.0) * next_uniform(&seed);
        for (size_t j = 0; j < 3; j++) {
          W[0][j] *= 1e6;
          W[0][3 + j] = -W[0][j] / 1.1;
        }
        const ntk_network_spec spec = {
            .depth = L, .width = width, .activation = activations_of(a, L)};
        const double *const weights[] = {W[0], W[1], W[2], W[3]};
        ntk_network *network = NULL;
        assert_ok(ntk_network_from_weights(context, &spec, weights, NULL, &network));
        check(network, X, 1);
        check(network, X, MOST_SAMPLES);
        ntk_network_destroy(network);
      }
  assert_true(least_jacobian < 100.0);
  assert_true(least_typical >= 1.0);
}

int main(void) {
  if (LDBL_MANT_DIG < 64) {
    puts("skipped: long double is no wider than double here");
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_networks),
      cmocka_unit_test(test_activation_error),
      cmocka_unit_test(test_cancellation),
  };
  context = make_context(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
