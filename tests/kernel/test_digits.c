/* `digits`: how many of lambda_min are right.
 * Property: the smallest eigenvalue of the kernel (8) made in long double, whose own rounding is a
 * two thousandth of double's, never differs by more than is told, of every activation and of deep
 * networks in which rounding grows; where it leaves fewer than three digits the verdict is not ok.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "activation_reference.h"
#include "kernel/ends/extremes.h"
#include "support.h"

typedef long double number;

static ntk_context *context;

/* ---- lambda_min in long double --------------------------------------------------------------- */

enum { MOST_N = 12, MOST_WIDTH = 40, MOST_DEPTH = 120 };

/* Forward and backward pass of sample x; F[l] and B[l] of n_l numbers each. */
static void pass(const ntk_network *network, const double *x, const char *name,
                 number F[][MOST_WIDTH], number B[][MOST_WIDTH]) {
  const size_t L = ntk_network_depth(network);
  static number slope[MOST_DEPTH][MOST_WIDTH];
  for (size_t j = 0; j < ntk_network_width(network, 0); j++)
    F[0][j] = (number)x[j];
  for (size_t l = 1; l < L; l++)
    for (size_t j = 0; j < ntk_network_width(network, l); j++) {
      const size_t n = ntk_network_width(network, l);
      number g = 0.0L;
      for (size_t i = 0; i < ntk_network_width(network, l - 1); i++)
        g += F[l - 1][i] * (number)ntk_network_weights(network, l)[i * n + j];
      const activation_value value = activation_by_name(name, g);
      F[l][j] = value.phi;
      slope[l][j] = value.dphi;
    }
  B[L][0] = 1.0L;
  for (size_t k = L - 1; k >= 1; k--)
    for (size_t i = 0; i < ntk_network_width(network, k); i++) {
      const size_t n = ntk_network_width(network, k + 1);
      number p = 0.0L;
      for (size_t j = 0; j < n; j++)
        p += B[k + 1][j] * (number)ntk_network_weights(network, k + 1)[i * n + j];
      B[k][i] = slope[k][i] * p;
    }
}

static number inner(size_t n, const number *x, const number *y) {
  number sum = 0.0L;
  for (size_t j = 0; j < n; j++)
    sum += x[j] * y[j];
  return sum;
}

/* v <- A^{-1} v by Cholesky's factor R R^T (lower). */
static void solve(size_t N, number R[][MOST_N], number *v) {
  for (size_t i = 0; i < N; i++)
    v[i] = (v[i] - inner(i, R[i], v)) / R[i][i];
  for (size_t i = N; i-- > 0;) {
    for (size_t j = i + 1; j < N; j++)
      v[i] -= R[j][i] * v[j];
    v[i] /= R[i][i];
  }
}

static number smallest(size_t N, number K[][MOST_N]) {
  number R[MOST_N][MOST_N], v[MOST_N], value = 0.0L;
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < i; j++)
      R[i][j] = (K[i][j] - inner(j, R[i], R[j])) / R[j][j];
    R[i][i] = sqrtl(K[i][i] - inner(i, R[i], R[i]));
    v[i] = 1.0L + (number)i / 7.0L;
  }
  for (int step = 0; step < 3000; step++) {
    const number before = inner(N, v, v);
    number w[MOST_N];
    memcpy(w, v, sizeof w);
    solve(N, R, w);
    value = before / inner(N, v, w);
    const number size = sqrtl(inner(N, w, w));
    for (size_t i = 0; i < N; i++)
      v[i] = w[i] / size;
  }
  return value;
}

static number reference(const ntk_network *network, const char *name, const double *X, size_t N) {
  static number F[MOST_N][MOST_DEPTH + 1][MOST_WIDTH], B[MOST_N][MOST_DEPTH + 1][MOST_WIDTH];
  number K[MOST_N][MOST_N];
  for (size_t i = 0; i < N; i++)
    pass(network, X + i * ntk_network_width(network, 0), name, F[i], B[i]);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      K[i][j] = 0.0L;
      for (size_t k = 0; k < ntk_network_depth(network); k++)
        K[i][j] += inner(ntk_network_width(network, k), F[i][k], F[j][k]) *
                   inner(ntk_network_width(network, k + 1), B[i][k + 1], B[j][k + 1]);
    }
  return smallest(N, K);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static ntk_network *deep(size_t L, size_t n, const char *activation, double scale, uint64_t seed) {
  size_t width[MOST_DEPTH];
  double beta[MOST_DEPTH];
  for (size_t l = 0; l < L; l++) {
    width[l] = n;
    beta[l] = scale;
  }
  const ntk_network_spec spec = {.depth = L,
                                 .width = width,
                                 .activation = activation,
                                 .init = "standard",
                                 .beta = beta,
                                 .seed = seed};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  return network;
}

/* The result, its arrays given back; *wrong: relative error of lambda_min, 0 without one. */
static ntk_spectrum_result ask(const ntk_network *network, const char *name, size_t N,
                               uint64_t seed, double *wrong) {
  const size_t d = ntk_network_width(network, 0);
  double *X = make_normal(seed, N * d);
  ntk_dataset *data = make_data(context, X, N, d);
  ntk_spectrum_result made = {0};
  assert_ok(ntk_spectrum(context, network, data, NULL, &made));
  const ntk_spectrum_result r = made;
  const number right = isnan(r.lambda_min) ? 0.0L : reference(network, name, X, N);
  *wrong = right > 0.0L ? (double)(fabsl((number)r.lambda_min - right) / right) : 0.0;
  ntk_spectrum_clear(&made);
  ntk_dataset_destroy(data);
  free(X);
  return r;
}

static void check_digits(const ntk_spectrum_result *r, double wrong, const char *what) {
  if (!(wrong <= pow(10.0, -r->digits)))
    fail_msg("%s: %d digits, and an error of %.1e", what, r->digits, wrong);
  assert_int_equal(r->verdict, isnan(r->lambda_min)            ? NTK_VERDICT_BELOW_RESOLUTION
                               : r->digits < NTK_DIGITS_ENOUGH ? NTK_VERDICT_INACCURATE
                                                               : NTK_VERDICT_OK);
  assert_int_equal(r->reason[0] == '\0', r->verdict == NTK_VERDICT_OK);
}

/* Nothing grows in these: nearly all digits are right, and most are told. */
static void test_every_activation(void **state) {
  (void)state;
  for (size_t a = 0; a < COUNT(activation_references); a++)
    for (size_t L = 2; L <= 4; L++) {
      const char *name = activation_references[a].name;
      ntk_network *network = deep(L, 12, name, 1.0, 3 + L);
      double wrong;
      const ntk_spectrum_result r = ask(network, name, 10, 40 + L, &wrong);
      check_digits(&r, wrong, name);
      const double condition = r.lambda_max / r.lambda_min;
      if (!(r.digits >= 13.0 - log10(condition) - 1.0 || r.digits >= 11))
        fail_msg("%s: only %d digits at condition %g", name, r.digits, condition);
      ntk_network_destroy(network);
    }
}

/* Rounding grows by the same factor from layer to layer, and takes digit after digit. */
static void test_growing_errors(void **state) {
  (void)state;
  static const size_t depths[] = {3, 20, 40, 60, 80, 100, 110, 118};
  int least = NTK_DIGITS_MOST, most = 0, inaccurate = 0;
  for (size_t i = 0; i < COUNT(depths); i++)
    for (uint64_t seed = 0; seed < 3; seed++) {
      ntk_network *network = deep(depths[i], 20, "tanh", 4.0, seed);
      double wrong;
      const ntk_spectrum_result r = ask(network, "tanh", 6, seed, &wrong);
      check_digits(&r, wrong, "tanh");
      least = r.digits < least ? r.digits : least;
      most = r.digits > most ? r.digits : most;
      inaccurate += r.verdict == NTK_VERDICT_INACCURATE;
      ntk_network_destroy(network);
    }
  assert_true(least == 0 && most >= 11 && inaccurate > 0);
}

/* `--samples 8 --dim 40 --widths 40,... --activation tanh --init standard --beta 4`, 120 layers:
 * 4.417e34 was found, and called ok. 60-digit arithmetic has 6.039e33. */
static void test_lost(void **state) {
  (void)state;
  ntk_network *network = deep(120, 40, "tanh", 4.0, 0);
  ntk_dataset *data = NULL;
  ntk_spectrum_result r = {0};
  assert_ok(ntk_dataset_generate(context, "gaussian", 8, 40, 0, &data));
  assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.certify = true}, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_int_equal(r.digits, 0);
  assert_true(isnan(r.lambda_min) && r.resolution > 6.039e33 && isfinite(r.resolution));
  assert_false(r.certificate.certified);
  ntk_spectrum_clear(&r);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

/* Several outputs, biases and scales, of their mean and of all: as many digits as one output's. */
static void test_outputs(void **state) {
  (void)state;
  const bool bias[] = {true, true, false};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = (const size_t[]){7, 20, 15},
                                 .activation = "tanh,gelu",
                                 .init = "he",
                                 .seed = 5,
                                 .outputs = 3,
                                 .bias = bias,
                                 .parameterization = "ntk"};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", 9, 7, 1, &data));
  for (size_t k = 0; k < 2; k++) {
    const ntk_spectrum_options options = {.outputs = (ntk_outputs)k, .per_block = true};
    ntk_spectrum_result r = {0};
    assert_ok(ntk_spectrum(context, network, data, &options, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    assert_in_range(r.digits, 10, NTK_DIGITS_MOST);
    for (size_t b = 0; b < r.blocks; b++)
      assert_int_not_equal(r.block[b].verdict, NTK_VERDICT_INACCURATE);
    ntk_spectrum_clear(&r);
  }
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

/* Sums, one by one: 2 sqrt(4 * 1e-8) + 1e-8 + 4e-6, of 4, is 1.01e-4. */
static void test_formula(void **state) {
  (void)state;
  ntk_extremes e = {.lambda_min = 4.0, .resolution = 1e-3};
  ntk_extremes_carry(&e, 1e-8, 4e-6);
  assert_int_equal(e.digits, 3);
  assert_int_equal(e.verdict, NTK_VERDICT_OK);
  e.residual = 0.04; /* 10 (0.04 / 4)^2 is 1e-3 */
  ntk_extremes_carry(&e, 1e-8, 4e-6);
  assert_int_equal(e.digits, 2);
  assert_int_equal(e.verdict, NTK_VERDICT_INACCURATE);
  assert_true(e.lambda_min == 4.0 && e.resolution == 1e-3);
  ntk_extremes_carry(&e, 5.0, 0.0);
  assert_int_equal(e.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(isnan(e.lambda_min) && e.resolution == 5.0 + 1e-3);
}

/* Of the residual, in parts of lambda_min: 10 of it where no gap was found, and how far the next
 * is; its square over the gap, but no less than of a gap of a tenth. */
static void test_gaps(void **state) {
  (void)state;
  const struct {
    double residual, gap;
    int digits;
  } known[] = {{2e-6, 0.0, 10},  {2e-6, 1.0, 10},    {2e-6, 0.1, 10},  {2e-6, 1e-3, 8},
               {2e-6, 1e-9, 4},  {2e-6, -1e-300, 4}, {2e-6, -5e-3, 2}, {0.0, -1e-300, 15},
               {2e-8, -1e-6, 5}, {2e-15, 1e-12, 15}};
  for (size_t i = 0; i < COUNT(known); i++) {
    ntk_extremes e = {.lambda_min = 4.0, .residual = 4.0 * known[i].residual, .gap = known[i].gap};
    ntk_extremes_carry(&e, 0.0, 1e-16);
    if (e.digits != known[i].digits)
      fail_msg("residual %g, gap %g: %d digits, not %d", known[i].residual, known[i].gap, e.digits,
               known[i].digits);
  }
}

/* Of all outputs, with nearly all of K from its last block: eigenvalues come in groups, 1e-7 of
 * their size apart. Against all eigenvalues, which double has to 1e-10. */
static void test_groups(void **state) {
  (void)state;
  for (size_t outputs = 2; outputs <= 4; outputs++)
    for (uint64_t seed = 0; seed < 8; seed++) {
      const ntk_network_spec spec = {.depth = 2,
                                     .width = (const size_t[]){4, 30},
                                     .activation = "sigmoid",
                                     .outputs = outputs,
                                     .parameterization = "1e-8,1",
                                     .seed = seed};
      const ntk_spectrum_options options = {.outputs = NTK_OUTPUTS_ALL, .full = true};
      ntk_spectrum_result r;
      ntk_network *network = NULL;
      ntk_dataset *data = NULL;
      assert_ok(ntk_network_create(context, &spec, &network));
      assert_ok(ntk_dataset_generate(context, "gaussian", 8, 4, seed, &data));
      assert_ok(ntk_spectrum(context, network, data, &options, &r));
      const double least = r.eigenvalues[0], error = fabs(r.lambda_min - least) / least;
      assert_true(r.eigenvalues[1] < (1.0 + 1e-5) * least);
      if (!(error <= pow(10.0, -r.digits) + 1e-10) || r.digits < 5)
        fail_msg("%zu outputs, seed %d: %d digits are told, the error is %.1e", outputs, (int)seed,
                 r.digits, error);
      ntk_spectrum_clear(&r);
      ntk_dataset_destroy(data);
      ntk_network_destroy(network);
    }
}

/* tanh(big w + x - big w) = tanh(x): of it double has what big leaves, and where that is nothing
 * tanh is 1 or -1 whichever way the sum is rounded. */
static void test_cancelling(void **state) {
  (void)state;
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){3, 1}, .activation = "tanh", .parameterization = "0,1"};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  for (int power = 1; power <= 18; power++)
    for (int i = 0; i < 8; i++) {
      const double big = pow(10.0, power), w = 0.5 + 0.77 * i, x = 0.1 + 0.17 * i;
      const double X[] = {big, x, big}, theta[] = {w, 1.0, -w, 1.0}, K = tanh(x) * tanh(x);
      ntk_network_set(network, theta);
      ntk_dataset *data = make_data(context, X, 1, 3);
      ntk_spectrum_result r;
      assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){0}, &r));
      const double error = fabs(ldexp(r.lambda_min, (int)r.exponent) - K) / K;
      if (r.verdict == NTK_VERDICT_OK && !(error <= pow(10.0, -r.digits)))
        fail_msg("%g, %g: %d digits are told, the error is %.1e", big, w, r.digits, error);
      if (power < 5)
        assert_true(r.digits >= 9 - power);
      ntk_spectrum_clear(&r);
      ntk_dataset_destroy(data);
    }
  ntk_network_destroy(network);
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_activation),
      cmocka_unit_test(test_growing_errors),
      cmocka_unit_test(test_lost),
      cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_formula),
      cmocka_unit_test(test_gaps),
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_cancelling),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
