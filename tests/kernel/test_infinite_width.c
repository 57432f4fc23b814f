/* Wide networks.
 * Property: E K_k -> n_k Sigma^k o dSigma^{k+1} o ... o dSigma^{L-1} (x n_{L-1} for k <= L-2 with
 * the paper's last layer), the blocks of the infinite-width kernel Theta^L (Jacot et al., 2018);
 * the factor n_k is the fan-in, for K here is taken in W_l itself and not in W_l sqrt(n_{l-1}). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

enum { N = 4, D = 10, ENTRIES = N * N, NODES = 60, SEEDS = 50, WIDTH = 200, DEPTH = 3 };
static const double PI = 3.14159265358979323846;
static ntk_context *one;
static double node[NODES], weight[NODES];

/* Gauss-Hermite for the weight exp(-x^2 / 2) / sqrt(2 pi): zeros of the orthonormal polynomial p_n,
 * sqrt(k+1) p_{k+1} = x p_k - sqrt(k) p_{k-1}, found by bisection; weights 1 / sum_k p_k(x)^2. */
static double hermite(size_t n, double x, double *squares) {
  double previous = 0.0, p = 1.0;
  *squares = 0.0;
  for (size_t k = 0; k < n; k++) {
    *squares += p * p;
    const double next = (x * p - sqrt((double)k) * previous) / sqrt((double)k + 1.0);
    previous = p;
    p = next;
  }
  return p;
}

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  const double end = 2.0 * sqrt((double)NODES), step = 1e-2; /* zeros are at least 0.2 apart */
  size_t found = 0;
  double squares = 0.0;
  for (double x = -end; x < end && found < NODES; x += step) {
    double low = x, high = x + step;
    if (hermite(NODES, low, &squares) * hermite(NODES, high, &squares) > 0.0)
      continue;
    for (int i = 0; i < 60; i++) {
      const double middle = (low + high) / 2.0;
      if (hermite(NODES, low, &squares) * hermite(NODES, middle, &squares) > 0.0)
        low = middle;
      else
        high = middle;
    }
    hermite(NODES, low, &squares);
    node[found] = low;
    weight[found++] = 1.0 / squares;
  }
  assert_int_equal(found, NODES);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

static double sigmoid(double x) {
  return 1.0 / (1.0 + exp(-x));
}
static double dsigmoid(double x) {
  return sigmoid(x) * sigmoid(-x);
}
static double dtanh(double x) {
  return 1.0 / (cosh(x) * cosh(x));
}
static double derf(double x) {
  return 2.0 / sqrt(PI) * exp(-x * x);
}

/* E f(u) f(v), (u, v) centred normal with variances a, b and covariance c. */
static double quadrature(double (*f)(double), double a, double b, double c) {
  const double slope = c / sqrt(a), rest = sqrt(fmax(0.0, b - slope * slope));
  double sum = 0.0;
  for (size_t i = 0; i < NODES; i++)
    for (size_t j = 0; j < NODES; j++)
      sum += weight[i] * weight[j] * f(sqrt(a) * node[i]) * f(slope * node[i] + rest * node[j]);
  return sum;
}

/* *same = E phi(u) phi(v), *slopes = E phi'(u) phi'(v): closed forms (Cho and Saul, 2009, for relu;
 * Williams, 1997, for erf; characteristic functions for sin), or quadrature. */
static void expectations(const char *name, double a, double b, double c, double *same,
                         double *slopes) {
  if (strcmp(name, "relu") == 0) {
    const double t = acos(fmin(1.0, c / sqrt(a * b)));
    *same = (sqrt(fmax(0.0, a * b - c * c)) + (PI - t) * c) / (2.0 * PI);
    *slopes = (PI - t) / (2.0 * PI);
  } else if (strcmp(name, "erf") == 0) {
    const double product = (1.0 + 2.0 * a) * (1.0 + 2.0 * b);
    *same = 2.0 / PI * asin(2.0 * c / sqrt(product));
    *slopes = 4.0 / PI / sqrt(product - 4.0 * c * c);
  } else if (strcmp(name, "sin") == 0) {
    *same = exp(-(a + b) / 2.0) * sinh(c);
    *slopes = exp(-(a + b) / 2.0) * cosh(c);
  } else {
    const bool is_tanh = strcmp(name, "tanh") == 0;
    *same = quadrature(is_tanh ? tanh : sigmoid, a, b, c);
    *slopes = quadrature(is_tanh ? dtanh : dsigmoid, a, b, c);
  }
}

/* block[k] (N x N each): limits of K_k / n_k, without the paper's factor n_{L-1}, for weights of
 * variance gain beta_l^2 / n_{l-1}. Sigma^0 = x x'^T / d; Sigma^l and dSigma^l are expectations
 * over a normal pair of covariance gain beta_l^2 Sigma^{l-1}. */
static void limits(const char *name, size_t L, double gain, const double *beta, const double *X,
                   double block[][ENTRIES]) {
  double slopes[DEPTH][ENTRIES], back[ENTRIES];
  for (size_t e = 0; e < ENTRIES; e++) {
    back[e] = gain * beta[L - 1] * beta[L - 1];
    block[0][e] = 0.0;
    for (size_t a = 0; a < D; a++)
      block[0][e] += X[e / N * D + a] * X[e % N * D + a] / D;
  }
  for (size_t l = 1; l < L; l++)
    for (size_t e = 0; e < ENTRIES; e++) {
      const double v = gain * beta[l - 1] * beta[l - 1], *S = block[l - 1];
      expectations(name, v * S[e / N * (N + 1)], v * S[e % N * (N + 1)], v * S[e], &block[l][e],
                   &slopes[l][e]);
    }
  for (size_t k = L - 1; k-- > 0;) /* B_{k+1} B_{k+1}^T: through phi', then through W_{k+1} */
    for (size_t e = 0; e < ENTRIES; e++) {
      back[e] *= slopes[k + 1][e];
      block[k][e] *= back[e];
      back[e] *= gain * beta[k] * beta[k];
    }
}

/* Means over SEEDS networks of width n of (K_k)_ij / n_k, divided by n too where the paper's last
 * layer gives that factor, and the variances of these means. */
static void measure(const ntk_dataset *data, const char *name, const char *init, size_t L, size_t n,
                    const double *beta, double mean[][ENTRIES], double variance[][ENTRIES]) {
  const size_t width[] = {D, n, n};
  memset(mean, 0, L * sizeof *mean);
  memset(variance, 0, L * sizeof *variance);
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    const ntk_network_spec spec = {.depth = L,
                                   .width = width,
                                   .activation = name,
                                   .init = init,
                                   .beta = beta,
                                   .seed = 1000 * n + seed};
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(one, &spec, &network));
    ntk_features *features = make_features(network, data);
    for (size_t k = 0; k < L; k++) {
      bool blocks[DEPTH] = {false};
      blocks[k] = true;
      double *K = kernel_array(features, N, blocks), unit = (double)width[k];
      if (strcmp(init, "paper") == 0 && k + 2 <= L)
        unit *= (double)n;
      for (size_t e = 0; e < ENTRIES; e++) {
        mean[k][e] += K[e] / unit / SEEDS;
        variance[k][e] += K[e] / unit * K[e] / unit / SEEDS;
      }
      free(K);
    }
    ntk_features_destroy(features);
    ntk_network_destroy(network);
  }
  for (size_t k = 0; k < L; k++)
    for (size_t e = 0; e < ENTRIES; e++)
      variance[k][e] = (variance[k][e] - mean[k][e] * mean[k][e]) / (SEEDS - 1);
}

/* Every entry of every block for L = 2 and 3 within 5 standard errors, estimated from the seeds.
 * Means at width n are off their limit by c / n + O(1/n^2); 2 mean(2 n) - mean(n) is free of the
 * first, and 1/n^2 = 1/40000 is far below the standard error, about 2 / sqrt(2 n SEEDS) = 1/70. */
static void check_limits(const char *name, const char *init) {
  const double beta[DEPTH] = {1.2, 0.9, 1.1}, gain = strcmp(init, "he") == 0 ? 2.0 : 1.0;
  double block[DEPTH][ENTRIES], m[2][DEPTH][ENTRIES], v[2][DEPTH][ENTRIES];
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(one, "gaussian", N, D, 3, &data));
  for (size_t L = 2; L <= DEPTH; L++) {
    limits(name, L, gain, beta, ntk_dataset_values(data), block);
    measure(data, name, init, L, WIDTH, beta, m[0], v[0]);
    measure(data, name, init, L, 2 * WIDTH, beta, m[1], v[1]);
    for (size_t k = 0; k < L; k++)
      for (size_t e = 0; e < ENTRIES; e++) {
        const double error = sqrt(fmax(0.0, 4.0 * v[1][k][e] + v[0][k][e]));
        /* + rounding, (n + 8) u a layer with room: see test_kernel.c */
        assert_near(2.0 * m[1][k][e] - m[0][k][e], block[k][e],
                    5.0 * error + 100.0 * WIDTH * U * fabs(block[k][e]), name);
      }
  }
  ntk_dataset_destroy(data);
}

/* Closed forms: relu, erf, sin. relu also with he, whose gain 2 keeps its features' size. */
static void test_closed_forms(void **state) {
  (void)state;
  check_limits("relu", "standard");
  check_limits("relu", "paper");
  check_limits("relu", "he");
  check_limits("erf", "standard");
  check_limits("erf", "paper");
  check_limits("sin", "standard");
  check_limits("sin", "paper");
}

/* Quadrature: sigmoid, tanh. Itself checked against the closed forms of erf and sin, whose
 * integrands are entire: errors far below the statistical ones. */
static void test_quadrature(void **state) {
  (void)state;
  const double cases[][3] = {{1.0, 1.0, 0.5}, {0.3, 1.2, -0.4}, {1.4, 0.7, 0.9}, {0.8, 0.8, 0.8}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    double same, slopes;
    const double a = cases[k][0], b = cases[k][1], c = cases[k][2];
    expectations("erf", a, b, c, &same, &slopes);
    assert_near(quadrature(erf, a, b, c), same, 1e-9, "E erf erf");
    assert_near(quadrature(derf, a, b, c), slopes, 1e-9, "E erf' erf'");
    expectations("sin", a, b, c, &same, &slopes);
    assert_near(quadrature(sin, a, b, c), same, 1e-12, "E sin sin");
    assert_near(quadrature(cos, a, b, c), slopes, 1e-12, "E cos cos");
  }
  check_limits("sigmoid", "standard");
  check_limits("sigmoid", "paper");
  check_limits("tanh", "standard");
  check_limits("tanh", "paper");
}

/* Equal widths n_0 = n_1 = n_2 = n, beta = 1: K / n -> Theta^L of the recursion Theta^1 = Sigma^0,
 * Theta^{l+1} = Sigma^l + Theta^l o dSigma^l (standard), here for relu; sum_k K_k at once. */
static void test_recursion(void **state) {
  (void)state;
  const size_t width[] = {WIDTH, WIDTH, WIDTH};
  double Sigma[ENTRIES] = {0}, Theta[ENTRIES], mean[ENTRIES] = {0}, square[ENTRIES] = {0};
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(one, "sphere", N, WIDTH, 4, &data));
  const double *X = ntk_dataset_values(data);
  for (size_t e = 0; e < ENTRIES; e++)
    for (size_t a = 0; a < WIDTH; a++)
      Sigma[e] += X[e / N * WIDTH + a] * X[e % N * WIDTH + a] / WIDTH;
  memcpy(Theta, Sigma, sizeof Theta);
  for (size_t l = 1; l < DEPTH; l++) {
    double next[ENTRIES], slope;
    for (size_t e = 0; e < ENTRIES; e++) {
      expectations("relu", Sigma[e / N * (N + 1)], Sigma[e % N * (N + 1)], Sigma[e], &next[e],
                   &slope);
      Theta[e] = next[e] + Theta[e] * slope;
    }
    memcpy(Sigma, next, sizeof Sigma);
  }
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    ntk_network *network = make_network(one, DEPTH, width, "relu", "standard", seed);
    ntk_features *features = make_features(network, data);
    double *K = kernel_array(features, N, NULL);
    for (size_t e = 0; e < ENTRIES; e++) {
      mean[e] += K[e] / WIDTH / SEEDS;
      square[e] += K[e] / WIDTH * K[e] / WIDTH / SEEDS;
    }
    free(K);
    ntk_features_destroy(features);
    ntk_network_destroy(network);
  }
  for (size_t e = 0; e < ENTRIES;
       e++) /* 5 standard errors, and a bias of order Theta / n a layer */
    assert_near(mean[e], Theta[e],
                5.0 * sqrt((square[e] - mean[e] * mean[e]) / (SEEDS - 1)) +
                    (double)DEPTH * Theta[e / N * (N + 1)] / WIDTH,
                "Theta");
  ntk_dataset_destroy(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_closed_forms),
      cmocka_unit_test(test_quadrature),
      cmocka_unit_test(test_recursion),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
