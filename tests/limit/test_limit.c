/* Kernels of infinite width (ntkit/limit.h).
 * Property: the blocks of K over wide networks tend to them, for every initialisation, with biases
 * and scales; they are the recursion of Jacot et al. (2018) by long double sums; relu and arcsine
 * kernels known from the literature; the same bits on any number of threads. */
#include "one_context.h"

#include "ntkit/limit.h"

enum { N = 5, D = 6, ENTRIES = N * N, DEPTH = 4 };
#define PI_LONG 3.14159265358979323846264338327950288L

static double *limit_array(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_dataset *data, const bool *blocks) {
  const size_t n = ntk_dataset_samples(data);
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_limit_kernel(context, spec, data, blocks, &kernel));
  double *K = make_array(n * n);
  assert_ok(ntk_kernel_values(kernel, K));
  ntk_kernel_destroy(kernel);
  return K;
}

static double *covariance_array(const ntk_network_spec *spec, const ntk_dataset *data) {
  const size_t n = ntk_dataset_samples(data);
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_limit_covariance(one, spec, data, &kernel));
  double *K = make_array(n * n);
  assert_ok(ntk_kernel_values(kernel, K));
  ntk_kernel_destroy(kernel);
  return K;
}

/* ---- The recursion, in long double ----------------------------------------------------------- */

typedef struct expectations {
  long double same, slopes;
} expectations;

/* Closed forms for relu, erf and sin; for tanh and sigmoid the trapezoidal rule over a square,
 * whose error falls geometrically. */
static expectations expect(const char *name, long double a, long double b, long double c) {
  if (strcmp(name, "relu") == 0) {
    const long double root = sqrtl(a * b), t = acosl(fminl(1, fmaxl(-1, c / root)));
    return (expectations){root * (sinl(t) + (PI_LONG - t) * cosl(t)) / (2 * PI_LONG),
                          (PI_LONG - t) / (2 * PI_LONG)};
  }
  if (strcmp(name, "erf") == 0) {
    const long double p = (1 + 2 * a) * (1 + 2 * b);
    return (expectations){2 / PI_LONG * asinl(2 * c / sqrtl(p)),
                          4 / PI_LONG / sqrtl(p - 4 * c * c)};
  }
  if (strcmp(name, "sin") == 0)
    return (expectations){expl(-(a + b) / 2) * sinhl(c), expl(-(a + b) / 2) * coshl(c)};
  const bool is_tanh = strcmp(name, "tanh") == 0;
  const long double h = 0.05L, slope = c / sqrtl(a), rest = sqrtl(fmaxl(0, b - slope * slope));
  expectations e = {0, 0};
  for (int i = -180; i <= 180; i++)
    for (int j = -180; j <= 180; j++) {
      const long double x = h * i, y = h * j,
                        w = expl(-(x * x + y * y) / 2) * h * h / (2 * PI_LONG);
      const long double u = sqrtl(a) * x, v = slope * x + rest * y;
      const long double f = is_tanh ? tanhl(u) : 1 / (1 + expl(-u));
      const long double g = is_tanh ? tanhl(v) : 1 / (1 + expl(-v));
      e.same += w * f * g;
      e.slopes += w * (is_tanh ? (1 - f * f) * (1 - g * g) : f * (1 - f) * g * (1 - g));
    }
  return e;
}

typedef struct law {
  long double variance[DEPTH], shift[DEPTH], scale[2 * DEPTH]; /* W's; b's; a_k, b_k */
} law;

/* block[k][i N + j] of K_k, and [L] the outputs' covariance, by the definition. */
static void recursion(const char *const *names, size_t L, const size_t *width, const law *of,
                      const double *X, long double block[][ENTRIES]) {
  long double S[DEPTH][ENTRIES] = {{0}}, dS[DEPTH][ENTRIES], back[ENTRIES];
  for (size_t e = 0; e < ENTRIES; e++) {
    for (size_t a = 0; a < D; a++)
      S[0][e] += (long double)X[e / N * D + a] * X[e % N * D + a];
    back[e] = 1;
  }
  for (size_t l = 1; l <= L; l++) {
    long double g[ENTRIES]; /* covariance of g_l; S_0 stands for F_0 F_0^T, S_l over n_l */
    for (size_t e = 0; e < ENTRIES; e++)
      g[e] = of->variance[l - 1] * (l > 1 ? (long double)width[l - 1] : 1) * S[l - 1][e] +
             of->shift[l - 1];
    for (size_t e = 0; e < ENTRIES; e++) {
      if (l == L) {
        block[L][e] = g[e];
        continue;
      }
      const expectations x = expect(names[l - 1], g[e / N * (N + 1)], g[e % N * (N + 1)], g[e]);
      S[l][e] = x.same;
      dS[l][e] = x.slopes;
    }
  }
  for (size_t k = L; k-- > 0;)
    for (size_t e = 0; e < ENTRIES; e++) {
      const long double n = k > 0 ? (long double)width[k] : 1;
      block[k][e] = (of->scale[2 * k] * n * S[k][e] + of->scale[2 * k + 1]) * back[e];
      back[e] *= k > 0 ? n * of->variance[k] * dS[k][e] : 1;
    }
}

/* Samples, among them two that are equal, and one opposite to another. */
static double *samples(void) {
  double *X = make_normal(7, N * D);
  for (size_t a = 0; a < D; a++) {
    X[3 * D + a] = X[a];
    X[4 * D + a] = -X[D + a];
  }
  return X;
}

static void check(const char *text, const char *const *names, size_t L, bool biased) {
  const size_t width[DEPTH] = {D, 30, 20, 10};
  const double beta[DEPTH] = {1.3, 0.8, 1.7, 0.9};
  const bool bias[DEPTH] = {true, true, false, true}, none[DEPTH] = {false};
  const double scale[2 * DEPTH] = {0.5, 2.0, 1.0, 0.25, 3.0, 0.0, 0.1, 1.5};
  const ntk_network_spec spec = {.depth = L,
                                 .width = width,
                                 .activation = text,
                                 .init = "standard",
                                 .beta = beta,
                                 .bias = biased ? bias : none,
                                 .bias_deviation = 0.6,
                                 .scale = scale};
  law of = {{0}, {0}, {0}};
  for (size_t l = 0; l < L; l++) {
    of.variance[l] = (long double)beta[l] * beta[l] / (long double)width[l];
    of.shift[l] = biased && bias[l] ? 0.36L : 0;
    of.scale[2 * l] = scale[2 * l];
    of.scale[2 * l + 1] = biased && bias[l] ? scale[2 * l + 1] : 0;
  }
  long double block[DEPTH + 1][ENTRIES], whole[ENTRIES] = {0};
  double *X = samples();
  ntk_dataset *data = make_data(one, X, N, D);
  recursion(names, L, width, &of, X, block);
  for (size_t k = 0; k <= L; k++) {
    bool blocks[DEPTH] = {false};
    if (k < L)
      blocks[k] = true;
    double *K = k < L ? limit_array(one, &spec, data, blocks) : covariance_array(&spec, data);
    for (size_t e = 0; e < ENTRIES; e++) {
      const double size = (double)sqrtl(block[k][e / N * (N + 1)] * block[k][e % N * (N + 1)]);
      assert_near(K[e], (double)block[k][e], 1e-13 * size, text);
      if (k < L)
        whole[e] += block[k][e];
    }
    assert_true(K[3] == K[0] && K[3 * N + 3] == K[0]); /* the bits of equal samples */
    free(K);
  }
  double *K = limit_array(one, &spec, data, NULL);
  for (size_t e = 0; e < ENTRIES; e++)
    assert_near(K[e], (double)whole[e],
                2e-13 * (double)sqrtl(whole[e / N * (N + 1)] * whole[e % N * (N + 1)]), text);
  free(K);
  ntk_dataset_destroy(data);
  free(X);
}

static void test_recursion(void **state) {
  (void)state;
  check("relu", (const char *[]){"relu", "relu", "relu"}, 4, false);
  check("relu", (const char *[]){"relu", "relu", "relu"}, 4, true);
  check("erf,sin,relu", (const char *[]){"erf", "sin", "relu"}, 4, true);
  check("relu,erf", (const char *[]){"relu", "erf"}, 3, true);
  check("tanh,sigmoid", (const char *[]){"tanh", "sigmoid"}, 3, true);
  check("sigmoid", (const char *[]){"sigmoid"}, 2, false);
}

/* ---- Wide networks ----------------------------------------------------------------------------
 */

/* Means over networks of K_k, at widths w and 2 w; 2 K(2 w) - K(w), over what K_k grows by, is free
 * of the first order in 1 / w. Within 5 standard errors of the limit. */
enum { SEEDS = 60, WIDTH = 120 };
static void sample_networks(const ntk_network_spec *spec, const ntk_dataset *data,
                            const double *limit, const bool *blocks, double *sum, double *square,
                            double factor) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    ntk_network_spec drawn = *spec;
    ntk_network *network = NULL;
    drawn.seed = seed;
    assert_ok(ntk_network_create(one, &drawn, &network));
    ntk_features *features = make_features(network, data);
    double *K = kernel_array(features, N, blocks);
    for (size_t e = 0; e < ENTRIES; e++) {
      const double size = sqrt(limit[e / N * (N + 1)] * limit[e % N * (N + 1)]);
      const double ratio = factor * (K[e] - limit[e]) / size;
      sum[e] += ratio / SEEDS;
      square[e] += ratio * ratio / SEEDS;
    }
    free(K);
    ntk_features_destroy(features);
    ntk_network_destroy(network);
  }
}

static void check_networks(const char *text, const char *init, const char *scales,
                           double deviation) {
  const size_t narrow[] = {D, WIDTH, WIDTH}, wide[] = {D, 2 * WIDTH, 2 * WIDTH};
  const double beta[] = {1.2, 0.9, 1.1};
  const bool bias[] = {true, true, true};
  ntk_network_spec spec = {.depth = 3,
                           .activation = text,
                           .init = init,
                           .beta = beta,
                           .bias = deviation > 0.0 ? bias : NULL,
                           .bias_deviation = deviation,
                           .parameterization = scales};
  double *X = make_normal(11, N * D);
  ntk_dataset *data = make_data(one, X, N, D);
  for (size_t k = 0; k <= 3; k++) {
    const bool blocks[] = {k == 0 || k == 3, k == 1 || k == 3, k == 2 || k == 3};
    double sum[2][ENTRIES] = {{0}}, square[2][ENTRIES] = {{0}};
    if (k == 0 && strcmp(init, "antisymmetric") == 0)
      continue; /* that block is 0: test_antisymmetric */
    for (size_t w = 0; w < 2; w++) {
      spec.width = w == 0 ? narrow : wide;
      double *limit = limit_array(one, &spec, data, blocks);
      sample_networks(&spec, data, limit, blocks, sum[w], square[w], w == 0 ? -1.0 : 2.0);
      free(limit);
    }
    for (size_t e = 0; e < ENTRIES; e++) {
      double variance = 0.0;
      for (size_t w = 0; w < 2; w++)
        variance += (square[w][e] - sum[w][e] * sum[w][e]) / (SEEDS - 1);
      assert_near(sum[0][e] + sum[1][e], 0.0, 5.0 * sqrt(variance) + 1e-12, text);
    }
  }
  ntk_dataset_destroy(data);
  free(X);
}

static void test_networks(void **state) {
  (void)state;
  check_networks("relu", "paper", NULL, 0.0);
  check_networks("tanh", "standard", "ntk(1.5,0.5)", 0.3);
  check_networks("selu,leaky_relu", "he", "mup", 0.2);
  check_networks("gelu", "antisymmetric", NULL, 0.0);
}

/* W_{L-1} = [W, W] and W_L = [a, -a]: nothing reaches B_{L-2}, and the output is 0. */
static void test_antisymmetric(void **state) {
  (void)state;
  const size_t width[] = {D, 10, 10};
  const bool first[] = {true, false, false};
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .init = "antisymmetric"};
  double *X = make_normal(11, N * D);
  ntk_dataset *data = make_data(one, X, N, D);
  double *K = limit_array(one, &spec, data, first);
  for (size_t e = 0; e < ENTRIES; e++)
    assert_near(K[e], 0.0, 0.0, "K_0");
  ntk_kernel *kernel = NULL;
  assert_refused(ntk_limit_covariance(one, &spec, data, &kernel), NTK_ERR_ARGUMENT, "accepted");
  free(K);
  ntk_dataset_destroy(data);
  free(X);
}

/* relu, he, parameterization ntk: Theta(x, x) = L |x|^2 / d x 2 / 2 ... of each layer |x|^2 / d
 * (Jacot et al., 2018, remark 2; Arora et al., 2019): K_ii = sum_k (1 / n_k) n_k Sigma^k x 1 = L
 * |x|^2 / d, with Var W = 2 / n, as E phi'^2 = 1/2. Two layers: (|x||y|/d)(t' cos t 2 + sin t)/pi,
 * t' = pi - t (Cho and Saul, 2009; Bietti and Mairal, 2019, kappa(u) = u kappa_0 + kappa_1). */
static void test_literature(void **state) {
  (void)state;
  const size_t width[] = {D, 50, 70, 90};
  ntk_network_spec spec = {.width = width, .activation = "relu", .init = "he"};
  double *X = samples();
  ntk_dataset *data = make_data(one, X, N, D);
  spec.parameterization = "ntk";
  for (spec.depth = 2; spec.depth <= DEPTH; spec.depth++) {
    double *K = limit_array(one, &spec, data, NULL);
    for (size_t i = 0; i < N; i++) {
      const double square = dot(X + i * D, X + i * D, D) / D;
      /* Sigma^0 = |x|^2/d, Sigma^k = |x|^2/d, of which half the sum's units are on: F F^T / n = it
       */
      assert_near(K[i * N + i], (double)spec.depth * square, 1e-14 * K[i * N + i], "diagonal");
      for (size_t j = 0; j < i && spec.depth == 2; j++) {
        const long double x = sqrtl(dot(X + i * D, X + i * D, D) * dot(X + j * D, X + j * D, D));
        const long double u = dot(X + i * D, X + j * D, D) / x, t = acosl(fmaxl(-1, fminl(1, u)));
        const long double kappa0 = (PI_LONG - t) / PI_LONG;
        const long double kappa1 = (u * (PI_LONG - t) + sinl(t)) / PI_LONG;
        assert_near(K[i * N + j], (double)(x / D * (u * kappa0 + kappa1)), 1e-7 * (double)x / D,
                    "two layers");
      }
    }
    free(K);
  }
  ntk_dataset_destroy(data);
  free(X);
}

static void test_threads(void **state) {
  (void)state;
  enum { MANY = 700 };
  const size_t width[] = {D, 30, 20};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "selu,tanh"};
  ntk_context *three = make_context(3);
  ntk_dataset *data[2] = {NULL, NULL};
  assert_ok(ntk_dataset_generate(one, "gaussian", MANY, D, 5, &data[0]));
  assert_ok(ntk_dataset_generate(three, "gaussian", MANY, D, 5, &data[1]));
  double *K[2] = {limit_array(one, &spec, data[0], NULL), limit_array(three, &spec, data[1], NULL)};
  assert_memory_equal(K[0], K[1], MANY * MANY * sizeof(double));
  for (size_t i = 0; i < 2; i++) {
    ntk_dataset_destroy(data[i]);
    free(K[i]);
  }
  assert_int_equal(ntk_memory_in_use(three), 0);
  ntk_context_destroy(three);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {D, 30};
  const double beta[] = {1e200, 1.0};
  const bool none[] = {false, false};
  ntk_network_spec spec = {.depth = 2, .width = width, .activation = "relu"};
  double *X = samples();
  ntk_dataset *data = make_data(one, X, N, D), *narrow = make_data(one, X, N, D - 1);
  ntk_kernel *kernel = NULL;
  assert_refused(ntk_limit_kernel(one, &spec, narrow, NULL, &kernel), NTK_ERR_SHAPE, "d");
  assert_refused(ntk_limit_kernel(one, &spec, data, none, &kernel), NTK_ERR_ARGUMENT, "no block");
  spec.beta = beta;
  assert_refused(ntk_limit_kernel(one, &spec, data, NULL, &kernel), NTK_ERR_NOT_FINITE, "accepted");
  spec.beta = NULL;
  spec.activation = "nothing";
  assert_refused(ntk_limit_kernel(one, &spec, data, NULL, &kernel), NTK_ERR_ARGUMENT, "nothing");
  spec.activation = "relu";
  memset(X + 2 * D, 0, D * sizeof *X);
  ntk_dataset *zero = make_data(one, X, N, D);
  assert_refused(ntk_limit_kernel(one, &spec, zero, NULL, &kernel), NTK_ERR_ARGUMENT, "sample 3");
  assert_null(kernel);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(narrow);
  ntk_dataset_destroy(zero);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recursion),     cmocka_unit_test(test_networks),
      cmocka_unit_test(test_antisymmetric), cmocka_unit_test(test_literature),

      cmocka_unit_test(test_threads),       cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
