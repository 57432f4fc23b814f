/* Expectations over X (theory/ledger/population.h) against closed forms for Gaussian data.
 * Property: with G = W_1, sigma_j = ||column j of W_1||, means are within five standard errors of
 *   identity: E f_l = 0, E ||f_l||^2 = ||W_1 ... W_l||_F^2, E[f~ (x) b~] = 0;
 *   tanh (odd): E f_1 = 0;
 *   relu: E f_1j = sigma_j / sqrt(2 pi), E ||f_1||^2 = sum sigma_j^2 / 2, and for L = 2, b = w o
 *         1{g > 0}: E b_j = w_j / 2, M_ij = w_j W_ij / (sigma_j sqrt(2 pi)) (Stein);
 *   erf:  E f_1j^2 = (2/pi) asin(2 sigma_j^2 / (1 + 2 sigma_j^2)),
 *         E phi'(g_j) = (2/sqrt pi) / sqrt(1 + 2 sigma_j^2).
 * Digits do not cancel where samples hardly differ: M is that of the stored features in long double
 * for data of size 1e-8 and for two samples, and what is constant has the deviation 0.
 * Memory does not grow with the samples. Over weights E ||W_1^T x||^2 = ||W_1||_F^2 of variance-1/d
 * entries has the standard deviation sqrt(2 n / d). */
#include "one_context.h"
#include "verify_support.h"

#include "theory/ledger/population.h"

enum { SAMPLES = 40000, D = 9, WIDTH = 7 };
static const double PI = 3.14159265358979323846;

typedef struct fixture {
  ntk_network *network;
  ntk_population *population;
  double sigma[WIDTH]; /* of the first layer's units */
} fixture;

static fixture make(size_t L, const char *activation, size_t samples) {
  const size_t width[] = {D, WIDTH, WIDTH, WIDTH};
  fixture f = {.network = make_network(one, L, width, activation, "he", 8)};
  ntk_source source = {.seed = 2};
  assert_ok(ntk_distribution_find("gaussian", &source.distribution));
  assert_ok(ntk_population_create(one, f.network, &source, samples, &f.population));
  for (size_t j = 0; j < WIDTH; j++) {
    for (size_t i = 0; i < D; i++)
      f.sigma[j] += f.network->W[1][i * WIDTH + j] * f.network->W[1][i * WIDTH + j];
    f.sigma[j] = sqrt(f.sigma[j]);
  }
  return f;
}

static void unmake(fixture *f) {
  ntk_population_destroy(f->population);
  ntk_network_destroy(f->network);
}

/* deviation: of one sample. */
static void assert_mean(double actual, double expected, double deviation, const char *what) {
  assert_near(actual, expected, 5.0 * deviation / sqrt(SAMPLES), what);
}

static void test_identity(void **state) {
  (void)state;
  fixture f = make(4, "identity", SAMPLES);
  const ntk_population *p = f.population;
  double *A = make_array(D * WIDTH), *B = make_array(D * WIDTH); /* W_1 ... W_l */
  memcpy(A, f.network->W[1], D * WIDTH * sizeof *A);
  for (size_t l = 1; l < 4; l++) {
    double square = 0.0;
    for (size_t j = 0; j < WIDTH; j++) {
      double variance = 0.0; /* of f_lj */
      for (size_t i = 0; i < D; i++)
        variance += A[i * WIDTH + j] * A[i * WIDTH + j];
      assert_mean(p->mean_f[l][j], 0.0, sqrt(variance), "E f_l");
      square += variance;
    }
    assert_mean(p->square[l].mean, square, sqrt(2.0) * square, "E ||f_l||^2");
    assert_near(p->centred[l], p->square[l].mean, 1e-3 * square, "E ||f_l - E f_l||^2");
    for (size_t i = 0; i < D && l < 3; i++)
      for (size_t j = 0; j < WIDTH; j++) {
        B[i * WIDTH + j] = 0.0;
        for (size_t k = 0; k < WIDTH; k++)
          B[i * WIDTH + j] += A[i * WIDTH + k] * f.network->W[l + 1][k * WIDTH + j];
      }
    memcpy(A, B, D * WIDTH * sizeof *A);
  }
  for (size_t j = 0; j < WIDTH; j++)
    assert_near(p->mean_b[j], f.network->W[4][j], 1e-12, "b = W_L");
  for (size_t e = 0; e < (size_t)WIDTH * WIDTH; e++)
    assert_near(p->M[e], 0.0, 1e-12, "M");
  free(A);
  free(B);
  unmake(&f);
}

static void test_tanh(void **state) {
  (void)state;
  fixture f = make(3, "tanh", SAMPLES);
  for (size_t j = 0; j < WIDTH; j++)
    assert_mean(f.population->mean_f[1][j], 0.0, fmin(1.0, f.sigma[j]), "E tanh");
  unmake(&f);
}

static void test_relu(void **state) {
  (void)state;
  fixture f = make(2, "relu", SAMPLES);
  const ntk_population *p = f.population;
  const double *w = f.network->W[2], *W = f.network->W[1];
  double square = 0.0, fourth = 0.0;
  for (size_t j = 0; j < WIDTH; j++) {
    const double s = f.sigma[j];
    assert_mean(p->mean_f[1][j], s / sqrt(2.0 * PI), s * sqrt(0.5), "E relu");
    assert_mean(p->mean_b[j], 0.5 * w[j], 0.5 * fabs(w[j]), "E b");
    square += 0.5 * s * s;
    fourth += sqrt(1.5) * s * s;
    for (size_t i = 0; i < D; i++) /* |x_i (b_j - E b_j)| <= |x_i w_j| / 2 */
      assert_mean(p->M[i * WIDTH + j], w[j] * W[i * WIDTH + j] / (s * sqrt(2.0 * PI)),
                  0.5 * fabs(w[j]), "M");
  }
  assert_mean(p->square[1].mean, square, fourth, "E ||f_1||^2");
  unmake(&f);
}

static void test_erf(void **state) {
  (void)state;
  fixture f = make(2, "erf", SAMPLES);
  double square = 0.0;
  for (size_t j = 0; j < WIDTH; j++) {
    const double v = f.sigma[j] * f.sigma[j];
    const double slope_mean = 2.0 / sqrt(PI * (1.0 + 2.0 * v));
    assert_mean(f.population->mean_b[j], f.network->W[2][j] * slope_mean,
                fabs(f.network->W[2][j]) * 2.0 / sqrt(PI), "E b");
    square += 2.0 / PI * asin(2.0 * v / (1.0 + 2.0 * v));
  }
  assert_mean(f.population->square[1].mean, square, (double)WIDTH, "E ||f_1||^2");
  unmake(&f);
}

/* M, E f_{L-2} and E b over the data against loops in long double on the stored features, whose
 * values all lie near phi(0) = 1/2 and its like. */
static void check_expectations(size_t N, double scale) {
  const size_t width[] = {D, WIDTH, WIDTH}, n = WIDTH;
  ntk_network *network = make_network(one, 3, width, "sigmoid", "paper", 5);
  ntk_population *p = NULL;
  double *X = make_normal(6, N * D), F[40 * WIDTH], B[40 * WIDTH];
  for (size_t e = 0; e < N * D; e++)
    X[e] *= scale;
  ntk_dataset *data = make_data(one, X, N, D);
  ntk_features *features = make_features(network, data);
  ntk_features_values(features, false, 1, F);
  ntk_features_values(features, true, 2, B);
  assert_ok(ntk_population_create(one, network, &(ntk_source){.data = data}, 0, &p));
  long double f[WIDTH] = {0}, b[WIDTH] = {0};
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < n; j++) {
      f[j] += F[i * n + j] / (long double)N;
      b[j] += B[i * n + j] / (long double)N;
    }
  for (size_t j = 0; j < n; j++) {
    assert_near(p->mean_f[1][j], (double)f[j], 0x1p-52, "E f");
    assert_near(p->mean_b[j], (double)b[j], 0x1p-52 * fabs((double)b[j]), "E b");
  }
  for (size_t j = 0; j < n; j++)
    for (size_t k = 0; k < n; k++) {
      long double M = 0, size = 0; /* of its terms */
      for (size_t i = 0; i < N; i++) {
        M += (F[i * n + j] - f[j]) * (B[i * n + k] - b[k]) / (long double)N;
        size += fabsl((F[i * n + j] - f[j]) * (B[i * n + k] - b[k])) / (long double)N;
      }
      assert_near(p->M[j * n + k], (double)M, 1e-14 * (double)size, "M");
    }
  ntk_population_destroy(p);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  free(X);
}

static void test_cancellation(void **state) {
  (void)state;
  check_expectations(40, 1.0);
  check_expectations(40, 1e-8);
  check_expectations(2, 1.0);
}

/* ||x|| is the same for all x on the sphere, up to its own rounding. */
static void test_sphere(void **state) {
  (void)state;
  const size_t width[] = {7, WIDTH};
  ntk_network *network = make_network(one, 2, width, "tanh", "paper", 5);
  ntk_source source = {.seed = 2};
  ntk_population *p = NULL;
  assert_ok(ntk_distribution_find("sphere", &source.distribution));
  assert_ok(ntk_population_create(one, network, &source, 5000, &p));
  assert_near(p->norm[0].mean, sqrt(7.0), 1e-14, "||x|| = sqrt d");
  assert_near(p->norm[0].deviation, 0.0, 1e-14, "||x||");
  assert_near(p->square[0].mean, 7.0, 1e-13, "||x||^2 = d");
  assert_near(p->square[0].deviation, 0.0, 1e-13, "||x||^2");
  ntk_population_destroy(p);
  ntk_network_destroy(network);
}

/* Of equal samples every norm is the same, whatever the weights. */
static void test_equal_samples(void **state) {
  (void)state;
  const size_t width[] = {D, WIDTH};
  const char *keys[] = {"x_norm", "f1_norm", "f1_centred", "f1_centred_mean", "b_centred"};
  for (size_t N = 5; N < 12; N++) {
    ntk_network *network = make_network(one, 2, width, "tanh", "paper", N);
    ntk_ledger ledger = {0};
    double X[12 * D];
    for (size_t e = 0; e < N * D; e++)
      X[e] = 0.1 + 0.03 * (double)(N * (e % D));
    ntk_dataset *data = make_data(one, X, N, D);
    assert_ok(ntk_verify(one, network, data, NULL, NULL, &ledger));
    for (size_t k = 0; k < COUNT(keys); k++)
      assert_near(row_of(&ledger, keys[k])->error, 0.0, 1e-14, keys[k]);
    ntk_ledger_clear(&ledger);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
}

/* Of two samples f~ (x) b~ is the same, M, and J~ = 0 but for the rounding of f~ and b~. */
static void test_two_samples(void **state) {
  (void)state;
  double *X = make_normal(1, 2 * D);
  ntk_dataset *data = make_data(one, X, 2, D);
  ntk_network *network =
      make_network(one, 3, (const size_t[]){D, WIDTH, WIDTH}, "sigmoid", "paper", 5);
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(one, network, data, NULL, NULL, &ledger));
  assert_near(value_of(&ledger, "eta_min"), 0.0, 1e-15, "eta_min");
  assert_near(value_of(&ledger, "eta_max"), 0.0, 1e-15, "eta_max");
  ntk_ledger_clear(&ledger);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(X);
}

/* Bytes held at once, and the means, of 10^4 and 10^5 samples; of one and two threads. */
static void test_streaming(void **state) {
  (void)state;
  const size_t width[] = {12, 10, 8}, samples[] = {10000, 100000};
  size_t peak[2];
  for (size_t k = 0; k < 2; k++) {
    ntk_context *own = make_context(1);
    ntk_network *network = make_network(own, 3, width, "tanh", "paper", 1);
    ntk_dataset *data = NULL;
    ntk_ledger ledger = {0};
    assert_ok(ntk_dataset_generate(own, "gaussian", 40, 12, 1, &data));
    assert_ok(ntk_verify(own, network, data, "gaussian",
                         &(ntk_verify_options){.population = samples[k]}, &ledger));
    peak[k] = ntk_memory_peak(own);
    ntk_ledger_clear(&ledger);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    assert_int_equal(ntk_memory_in_use(own), 0);
    ntk_context_destroy(own);
  }
  assert_int_equal(peak[0], peak[1]);
}

static void test_spread(void **state) {
  (void)state;
  const size_t width[] = {30, 20};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity", .seed = 1};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_ledger ledger = {0};
  assert_ok(ntk_network_create(one, &spec, &network));
  assert_ok(ntk_dataset_generate(one, "gaussian", 10, 30, 1, &data));
  const ntk_verify_options options = {.population = 2048, .spec = &spec, .seed = 4};
  assert_ok(ntk_verify(one, network, data, "gaussian", &options, &ledger));
  /* Eight draws know a standard deviation to about a quarter of it. */
  const double expected = sqrt(2.0 * 20.0 / 30.0);
  assert_near(row_of(&ledger, "f1_square")->spread, expected, 0.7 * expected, "||f_1||^2");
  const double root = expected / (2.0 * sqrt(20.0)); /* of its root */
  assert_near(row_of(&ledger, "f1_norm")->spread, root, 0.7 * root, "||f_1||");
  assert_near(row_of(&ledger, "f1_centred")->spread, row_of(&ledger, "f1_norm")->spread, 0.3 * root,
              "||f_1 - E f_1||, E f_1 = 0");
  const double last = sqrt(0.5); /* of ||b|| = ||W_2||; b is constant, and centred 0 */
  assert_near(row_of(&ledger, "b_centred")->spread, 0.0, 1e-9 * last, "b");
  assert_true(isnan(row_of(&ledger, "lambda_min_K")->spread));
  ntk_ledger_clear(&ledger);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_identity),      cmocka_unit_test(test_tanh),
      cmocka_unit_test(test_relu),          cmocka_unit_test(test_erf),
      cmocka_unit_test(test_streaming),     cmocka_unit_test(test_spread),
      cmocka_unit_test(test_cancellation),  cmocka_unit_test(test_sphere),
      cmocka_unit_test(test_equal_samples), cmocka_unit_test(test_two_samples),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
