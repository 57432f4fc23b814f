/* What `ok` means: a lambda_min that every counted rounding cannot make of 0.
 * Property: where the exact kernel is singular, or so to less than rounding, ntk_spectrum never
 * says ok: errors of dot products (gamma_{n_k + n_{k+1} + L + 4} tr K_k), of the activation at huge
 * arguments, of blocks that cancel. Where it is well conditioned, however deep, it does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/ends/accuracy.h"
#include "spectrum/certificate.h"

#include "support.h"

static ntk_context *context;

/* K's verdict; *trace: of K_0. */
static ntk_verdict verdict_of(const ntk_network *network, const double *X, size_t N,
                              ntk_spectrum_result *r, double *trace) {
  ntk_dataset *data = make_data(context, X, N, ntk_network_width(network, 0));
  ntk_spectrum_result made = {0};
  assert_ok(ntk_spectrum(context, network, data, NULL, &made));
  *r = made;
  *trace = made.block[0].trace;
  ntk_dataset_destroy(data);
  ntk_spectrum_clear(&made); /* r's arrays too */
  return r->verdict;
}

/* A row and 5 times it, rounded: relu's kernel is singular to u^2 of its trace, and the rounding of
 * dot products of d terms is far above what a factorisation of order 2 counts. */
static void test_long_rows(void **state) {
  (void)state;
  enum { D = 200000 };
  size_t compared = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    double *X = make_normal(seed, 2 * D);
    for (size_t j = 0; j < D; j++)
      X[D + j] = 5.0 * X[j];
    ntk_network *network = make_network(context, 2, (const size_t[]){D, 1}, "relu", "paper", seed);
    ntk_spectrum_result r;
    double trace = 0.0;
    const ntk_verdict verdict = verdict_of(network, X, 2, &r, &trace);
    if (verdict == NTK_VERDICT_OK)
      fail_msg("seed %d: %g is ok of a trace near %g", (int)seed, r.lambda_min, r.lambda_max);
    assert_true(r.resolution >= (D + 7) * U * trace); /* n_0 + n_1 + L + 4 */
    compared += trace > 0.0;
    ntk_network_destroy(network);
    free(X);
  }
  assert_true(compared >= 5);
}

/* sin(g) of |g| near 10^16 and above is of the rounding of g: K is noise, and as well conditioned
 * as noise is. At 10^6 there are ten digits left. */
static void test_huge_arguments(void **state) {
  (void)state;
  double *X = make_normal(1, 20 * 8);
  static const double sizes[] = {1e6, 1e10, 1e17, 1e20};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    const double beta[] = {sizes[i], 1.0, 1.0};
    const ntk_network_spec spec = {.depth = 3,
                                   .width = (const size_t[]){8, 20, 20},
                                   .activation = "sin",
                                   .beta = beta,
                                   .seed = 3};
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(context, &spec, &network));
    ntk_spectrum_result r;
    double trace = 0.0;
    const ntk_verdict verdict = verdict_of(network, X, 20, &r, &trace);
    assert_int_equal(verdict, sizes[i] < 1e16 ? NTK_VERDICT_OK : NTK_VERDICT_BELOW_RESOLUTION);
    ntk_network_destroy(network);
  }
  free(X);
}

/* W_{L-1} = [W, W] and W_L = [a, -a] but for an ulp: no pairs any more, and B_{L-2} is rounding. */
static void test_cancelled_blocks(void **state) {
  (void)state;
  enum { N = 10 };
  const size_t width[] = {6, 8, 8, 12};
  for (uint64_t seed = 0; seed < 10; seed++) {
    ntk_network *network = make_network(context, 4, width, "tanh", "antisymmetric", seed);
    double *last = (double *)ntk_network_weights(network, 4);
    last[0] = nextafter(last[0], 10.0);
    double *X = make_normal(seed, (size_t)N * 6);
    ntk_dataset *data = make_data(context, X, N, 6);
    ntk_spectrum_result r = {0};
    assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.per_block = true}, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    for (size_t k = 0; k < 2; k++) {
      assert_int_equal(r.block[k].verdict, NTK_VERDICT_BELOW_RESOLUTION);
      assert_true(isnan(r.block[k].lambda_min));
    }
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    free(X);
  }
}

/* Bounds multiply the norms of all layers: of these they say nothing. */
static void test_deep_networks(void **state) {
  (void)state;
  enum { L = 41, N = 50 };
  size_t width[L];
  for (size_t l = 0; l < L; l++)
    width[l] = 20;
  static const char *const activations[] = {"tanh", "relu", "gelu", "erf"};
  double *X = make_normal(1, (size_t)N * 20);
  for (size_t a = 0; a < COUNT(activations); a++) {
    ntk_network *network = make_network(context, L, width, activations[a],
                                        strcmp(activations[a], "relu") ? "paper" : "he", 2);
    ntk_spectrum_result r;
    double trace = 0.0;
    const ntk_verdict verdict = verdict_of(network, X, N, &r, &trace);
    if (verdict != NTK_VERDICT_OK)
      fail_msg("%s: %s", activations[a], r.reason);
    ntk_network_destroy(network);
  }
  free(X);
}

/* phi(0) = 0 and X tiny: every rounding falls with X, and K, of c X, is c^2 K to c^2 itself. */
static void test_tiny_data(void **state) {
  (void)state;
  static const char *const activations[] = {"tanh", "erf", "gelu", "sin", "relu"};
  double *X = make_normal(1, 4 * 8);
  for (size_t a = 0; a < COUNT(activations); a++) {
    double at[2] = {0.0};
    for (size_t s = 0; s < 2; s++) {
      double c_X[4 * 8], trace = 0.0;
      for (size_t j = 0; j < COUNT(c_X); j++)
        c_X[j] = ldexp(X[j], s == 0 ? -30 : -130);
      ntk_network *network =
          make_network(context, 3, (const size_t[]){8, 9, 9}, activations[a], "he", 4);
      ntk_spectrum_result r;
      if (verdict_of(network, c_X, 4, &r, &trace) != NTK_VERDICT_OK)
        fail_msg("%s, level %zu: %s", activations[a], s, r.reason);
      at[s] = ldexp(r.lambda_min, s == 0 ? 60 : 260);
      ntk_network_destroy(network);
    }
    assert_near(at[1], at[0], 1e-8 * at[0], activations[a]);
  }
  free(X);
}

/* Sums, one by one. */
static void test_formula(void **state) {
  (void)state;
  const ntk_accuracy accuracy = {.gram = 3e-10, .jacobian = 1e-4};
  const double expected = ntk_cholesky_bound(100, 7.0) + 3e-10 + 1e-8;
  assert_near(ntk_resolution(100, 7.0, &accuracy), expected, 4 * U * expected, "resolution");
}

int main(void) {
  context = make_context(1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_long_rows),        cmocka_unit_test(test_huge_arguments),
      cmocka_unit_test(test_cancelled_blocks), cmocka_unit_test(test_deep_networks),
      cmocka_unit_test(test_tiny_data),        cmocka_unit_test(test_formula),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
