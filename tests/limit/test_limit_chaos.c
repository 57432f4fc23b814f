/* Kernels of infinite width of chaotic networks (ntkit/limit.h).
 * Property: errors that layers amplify are counted: the interval that is estimated for the exact
 * limit has its lambda_min, and is of the usual width where nothing is amplified. */
#include "one_context.h"

#include "ntkit/limit.h"

enum { DEPTH = 4 };

/* Of sin, standard, all beta the same, and samples (1, 1 + e), (1 + e, 1): K_11 - K_12, which is
 * lambda_min, and K_11, at widths of 10. With q = 1 - rho of the inputs and a their variance, 1 -
 * rho' is (sinh a - sinh(a rho)) / sinh a, and slopes at rho = 1 less slopes are the same of cosh:
 * by products, from which nothing is lost. */
static long double smallest(long double beta, long double e, long double *K) {
  long double same = 1 + (1 + e) * (1 + e), q = e * e / same, apart = same * q;
  *K = same;
  for (size_t l = 1; l < DEPTH; l++) {
    const long double a = beta * beta * same / (l == 1 ? 2 : 1), scale = expl(-a);
    const long double half = sinhl(a * q / 2), mean = a - a * q / 2, slope = scale * coshl(a);
    const long double less = 2 * scale * sinhl(mean) * half;
    q = 2 * coshl(mean) * half / sinhl(a);
    same = scale * sinhl(a);
    apart = beta * beta * (slope * apart + (*K - apart) * less) + 10 * same * q;
    *K = beta * beta * slope * *K + 10 * same;
  }
  return apart;
}

static ntk_limit_result limit_of(double beta, double e) {
  const size_t width[] = {2, 10, 10, 10};
  const double betas[] = {beta, beta, beta, beta}, X[] = {1.0, 1.0 + e, 1.0 + e, 1.0};
  const ntk_network_spec spec = {
      .depth = DEPTH, .width = width, .activation = "sin", .init = "standard", .beta = betas};
  const ntk_limit_options options = {.certify = true};
  ntk_limit_result r;
  ntk_dataset *data = make_data(one, X, 2, 2);
  assert_ok(ntk_limit_spectrum(one, &spec, data, &options, &r));
  ntk_dataset_destroy(data);
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_true(r.certificate.certified);
  return r;
}

static void test_chaotic(void **state) {
  (void)state;
  static const double betas[] = {0.7, 3.0, 5.0, 7.0};
  for (size_t n = 0; n < COUNT(betas); n++)
    for (double step = 1e-2; step > 1e-3; step /= 1.07) {
      const double e = (1.0 + step) - 1.0; /* so that 1 + e is a number */
      ntk_limit_result r = limit_of(betas[n], e);
      long double K;
      const long double expected = smallest(betas[n], e, &K);
      if (!(r.certificate.kernel_lower <= (double)expected) ||
          !(r.certificate.kernel_upper >= (double)expected))
        fail_msg("beta %g, e %g: %.17g is not in [%.17g, %.17g]", betas[n], e, (double)expected,
                 r.certificate.kernel_lower, r.certificate.kernel_upper);
      assert_near(r.trace, (double)(2 * K), 1e-14 * (double)K, "trace");
      if (betas[n] < 1.0)
        assert_true(r.certificate.kernel_upper - r.certificate.upper <= 1.01e-13 * r.trace);
      ntk_limit_clear(&r);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_chaotic)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
