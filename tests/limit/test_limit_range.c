/* Limits of infinite width that double precision does not hold (ntk_limit_spectrum).
 * Property: with beta = 2^-5 or 2^5 all is that of beta = 1 times a power of two where phi consists
 * of lines; of tanh it is the recursion in long double; what is asked for without an exponent is
 * refused, and says why. */
#include "one_context.h"

#include "fake_clock.h"
#include "jacobi.h"
#include "kernel/limit/cross.h"
#include "ntkit/limit.h"

enum { N = 5, D = 4, DEEP = 300 };
#define PI_LONG 3.14159265358979323846264338327950288L

static ntk_network_spec a_spec(const char *activation, size_t depth, double beta_of_all) {
  static size_t width[DEEP];
  static double beta[DEEP];
  for (size_t l = 0; l < DEEP; l++) {
    width[l] = l == 0 ? D : 8;
    beta[l] = beta_of_all;
  }
  return (ntk_network_spec){
      .depth = depth, .width = width, .activation = activation, .init = "he", .beta = beta};
}

static void check_lines(const char *activation) {
  double *X = make_normal(3, N * D);
  ntk_dataset *data = make_data(one, X, N, D);
  const ntk_limit_options options = {.per_block = true, .certify = true};
  ntk_limit_result plain = {0}, scaled = {0};
  ntk_network_spec spec = a_spec(activation, DEEP, 1.0);
  assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &plain));
  assert_true(plain.exponent == 0.0);
  assert_int_equal(plain.verdict, NTK_VERDICT_OK);
  for (int sign = -1; sign <= 1; sign += 2) {
    spec = a_spec(activation, DEEP, ldexp(1.0, 5 * sign));
    assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &scaled));
    assert_true(scaled.exponent != 0.0 && fmod(scaled.exponent, 1.0) == 0.0);
    /* each K_k has beta^2 of all layers but one */
    const int power = (int)scaled.exponent - 2 * 5 * sign * (DEEP - 1);
    assert_int_equal(scaled.verdict, NTK_VERDICT_OK);
    assert_near(ldexp(scaled.lambda_min, power), plain.lambda_min, 1e-11 * plain.lambda_min,
                "lambda_min");
    assert_near(ldexp(scaled.lambda_max, power), plain.lambda_max, 1e-12 * plain.lambda_max,
                "lambda_max");
    assert_near(ldexp(scaled.trace, power), plain.trace, 1e-13 * plain.trace, "trace");
    assert_true(scaled.certificate.certified && scaled.certificate.lower <= scaled.lambda_min &&
                scaled.certificate.lower > 0.999 * scaled.lambda_min);
    for (size_t k = 0; k < DEEP; k += 23) {
      const ntk_limit_block *a = &plain.block[k], *b = &scaled.block[k];
      assert_near(ldexp(b->trace, power), a->trace, 1e-13 * a->trace, "a block's trace");
      assert_int_equal(a->verdict, b->verdict);
      if (a->verdict == NTK_VERDICT_OK)
        assert_near(ldexp(b->lambda_min, power), a->lambda_min, 1e-10 * a->lambda_min, "a block");
    }
    ntk_limit_clear(&scaled);
  }
  ntk_limit_clear(&plain);
  ntk_dataset_destroy(data);
  free(X);
}

static void test_lines(void **state) {
  (void)state;
  check_lines("relu");
}

/* E tanh u tanh v and of tanh' by the trapezoidal rule; of variances below 1e-10 by tanh u = u -
 * u^3 / 3, whose errors are their squares. */
static void expect(long double a, long double b, long double c, long double *same,
                   long double *slopes) {
  *same = c * (1 - a - b);
  *slopes = 1 - a - b + a * b + 2 * c * c;
  if (a < 1e-10L && b < 1e-10L)
    return;
  const long double h = 0.1L, along = c / sqrtl(a), rest = sqrtl(fmaxl(0, b - along * along));
  *same = *slopes = 0;
  for (int i = -95; i <= 95; i++)
    for (int k = -95; k <= 95; k++) {
      const long double x = h * i, y = h * k;
      const long double w = expl(-(x * x + y * y) / 2) * h * h / (2 * PI_LONG);
      const long double f = tanhl(sqrtl(a) * x), g = tanhl(along * x + rest * y);
      *same += w * f * g;
      *slopes += w * (1 - f * f) * (1 - g * g);
    }
}

/* K and its blocks' traces, all n_k = 8, beta^2 = 2^-10, he: n v = 2 beta^2. */
static void recursion(const double *X, size_t L, long double *K, long double *traces) {
  long double c[N * N], S[N * N];
  for (size_t e = 0; e < N * N; e++) {
    long double product = 0;
    for (size_t a = 0; a < D; a++)
      product += (long double)X[e / N * D + a] * X[e % N * D + a];
    K[e] = product;
    c[e] = product * 2 * 0x1p-10L / D;
  }
  long double of_diagonal[N][DEEP] = {{0}};
  for (size_t i = 0; i < N; i++)
    of_diagonal[i][0] = K[i * (N + 1)];
  for (size_t l = 1; l < L; l++) {
    for (size_t e = 0; e < N * N; e++) {
      long double slopes = 0;
      const size_t i = e / N, j = e % N;
      expect(c[i * (N + 1)], c[j * (N + 1)], c[e], &S[e], &slopes);
      /* behind the last hidden layer n_L v_L = 2 beta^2 / n_{L-1} x n_{L-1} */
      K[e] = K[e] * 2 * 0x1p-10L * slopes + 8 * S[e];
      for (size_t k = 0; k < l && i == j; k++)
        of_diagonal[i][k] *= 2 * 0x1p-10L * slopes;
      if (i == j)
        of_diagonal[i][l] = 8 * S[e];
    }
    for (size_t e = 0; e < N * N; e++)
      c[e] = 2 * 0x1p-10L * S[e];
  }
  for (size_t k = 0; k < L; k++) {
    traces[k] = 0;
    for (size_t i = 0; i < N; i++)
      traces[k] += of_diagonal[i][k];
  }
}

static void test_tanh(void **state) {
  (void)state;
  enum { L = 160 };
  double *X = make_normal(3, N * D), values[N], scaled[N * N];
  long double K[N * N], traces[L];
  ntk_dataset *data = make_data(one, X, N, D);
  const ntk_network_spec spec = a_spec("tanh", L, 0x1p-5);
  ntk_limit_result r = {0};
  recursion(X, L, K, traces);
  assert_ok(ntk_limit_spectrum(one, &spec, data, NULL, &r));
  assert_true(r.exponent < -1000.0);
  for (size_t k = 0; k < L; k++) {
    const double expected = (double)ldexpl(traces[k], -(int)r.exponent);
    assert_near(r.block[k].trace, expected, 1e-12 * expected, "a block's trace");
  }
  for (size_t e = 0; e < N * N; e++)
    scaled[e] = (double)ldexpl(K[e], -(int)r.exponent);
  plain_eigenvalues(N, scaled, values);
  assert_near(r.lambda_max, values[N - 1], 1e-12 * values[N - 1], "lambda_max");
  assert_near(r.lambda_min, values[0], 1e-6 * values[0] + 1e-12 * values[N - 1], "lambda_min");
  ntk_limit_clear(&r);
  ntk_dataset_destroy(data);
  free(X);
}

/* Where the variances are small from the first layer on each phi is its slopes at 0. */
static void test_slopes(void **state) {
  (void)state;
  static const char *const names[][2] = {
      {"gelu", "identity"}, {"celu", "identity"}, {"softsign", "identity"}};
  static const double slope[] = {0.5, 1.0, 1.0};
  enum { L = 100 };
  double *X = make_normal(3, N * D);
  for (size_t i = 0; i < N * D; i++)
    X[i] = ldexp(X[i], -75);
  ntk_dataset *data = make_data(one, X, N, D);
  for (size_t n = 0; n < 3; n++) {
    ntk_limit_result r[2] = {{0}, {0}};
    for (size_t i = 0; i < 2; i++) {
      const ntk_network_spec spec = a_spec(names[n][i], L, 0x1p-5);
      assert_ok(ntk_limit_spectrum(one, &spec, data, NULL, &r[i]));
      assert_true(r[i].exponent < -1000.0);
    }
    /* K_k: slope^2 of each hidden layer */
    const int power = (int)(r[0].exponent - r[1].exponent);
    const double factor = ldexp(pow(slope[n], -2.0 * (L - 1)), power);
    assert_near(r[0].lambda_max * factor, r[1].lambda_max, 1e-12 * r[1].lambda_max, names[n][0]);
    assert_near(r[0].trace * factor, r[1].trace, 1e-12 * r[1].trace, names[n][0]);
    ntk_limit_clear(&r[0]);
    ntk_limit_clear(&r[1]);
  }
  ntk_dataset_destroy(data);
  free(X);
}

static void test_refusals(void **state) {
  (void)state;
  double *X = make_normal(3, N * D);
  const double tiny[] = {1e-170, 1.0}, huge[] = {1e200, 1.0};
  ntk_dataset *data = make_data(one, X, N, D);
  ntk_limit_result r = {0};
  ntk_kernel *K = NULL;
  ntk_limit_cross *cross = NULL;
  ntk_network_spec spec = a_spec("relu", DEEP, 0.05);
  assert_refused(ntk_limit_kernel(one, &spec, data, NULL, &K), NTK_ERR_NOT_FINITE, "near 2^-");
  assert_refused(ntk_limit_covariance(one, &spec, data, &K), NTK_ERR_NOT_FINITE, "near 2^-");
  assert_refused(ntk_limit_cross_create(one, &spec, data, data, NULL, false, &cross),
                 NTK_ERR_NOT_FINITE, "near 2^-");
  spec = a_spec("relu", DEEP, 50.0);
  assert_refused(ntk_limit_kernel(one, &spec, data, NULL, &K), NTK_ERR_NOT_FINITE, "near 2^");
  spec = a_spec("quadratic", DEEP, 0.05);
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_NOT_FINITE, "underflows");
  spec = a_spec("quadratic", DEEP, 50.0);
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_NOT_FINITE, "overflows");
  spec = a_spec("tanh", 2, 1.0);
  spec.beta = tiny;
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_ARGUMENT, "beta");
  ntk_dataset_destroy(data);
  memset(X + D, 0, D * sizeof *X);
  data = make_data(one, X, N, D);
  spec = a_spec("relu", DEEP, 0.05);
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_ARGUMENT,
                 "sample 2 (from 1) gives layer 1 nothing but 0");
  spec = a_spec("relu", 2, 1.0);
  spec.beta = huge;
  assert_refused(ntk_limit_spectrum(one, &spec, data, NULL, &r), NTK_ERR_NOT_FINITE,
                 "the square of beta_1 is above all numbers");
  assert_null(K);
  assert_null(r.context);
  ntk_dataset_destroy(data);
  free(X);
}

/* Tables of many layers may take seconds: it is told how far they are, and they can be stopped. */
static bool stop_at_tables(const char *phase, double fraction, void *user) {
  double *seen = user;
  if (strcmp(phase, "limit") == 0)
    *seen = fraction;
  return !(*seen > 0.0);
}

static void test_stop(void **state) {
  (void)state;
  double seen = -1.0;
  ntk_context *context = NULL;
  clock_tick = 0.1; /* longer than between two calls */
  assert_ok(ntk_context_create(
      &(ntk_context_options){.threads = 1, .progress = stop_at_tables, .progress_user = &seen},
      &context));
  double *X = make_normal(3, N * D);
  ntk_dataset *data = make_data(context, X, N, D);
  const ntk_network_spec spec = a_spec("softsign", DEEP, 1.0);
  ntk_limit_result r = {0};
  assert_int_equal(ntk_limit_spectrum(context, &spec, data, NULL, &r), NTK_ERR_CANCELLED);
  assert_true(seen > 0.0 && seen < 1.0);
  clock_tick = 1e-6;
  assert_null(r.context);
  ntk_dataset_destroy(data);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  free(X);
}

/* 300 layers of relu keep 4 numbers a sample and layer, and no series. */
static void test_memory(void **state) {
  (void)state;
  size_t deep = 0, series = 0;
  ntk_network_spec spec = a_spec("relu", DEEP, 1.0);
  assert_ok(ntk_limit_memory(one, &spec, 200, NULL, &deep));
  spec = a_spec("tanh", DEEP, 1.0);
  assert_ok(ntk_limit_memory(one, &spec, 200, NULL, &series));
  assert_true(deep > 8 * 200 * (DEEP - 1) * 4 && series - deep == 8 * 200 * (DEEP - 1) * 1024UL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),  cmocka_unit_test(test_tanh),
                                     cmocka_unit_test(test_slopes), cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_stop),   cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
