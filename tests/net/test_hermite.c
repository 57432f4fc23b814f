/* Hermite coefficients of activations (net/hermite.h).
 * Property: mu_k of relu, erf and their slopes are the closed forms, of tanh, gelu and sigmoid a
 * trapezoidal sum in long double; sum_k mu_k^2 tends to E f^2; sqrt(k + 1) mu_{k+1}(phi) =
 * deviation mu_k(phi'), Stein's identity, for every phi, shift and deviation. */
#include "one_context.h"

#include "net/hermite.h"

#define PI 3.14159265358979323846

static ntk_hermite of(const char *name, double shift, double deviation) {
  ntk_activation phi;
  ntk_hermite h;
  assert_ok(ntk_activation_at(name, 1, 1, &phi));
  assert_ok(ntk_hermite_of(&phi, shift, deviation, &h));
  assert_true(h.error <= 1e-13);
  return h;
}

/* relu at deviation s: mu_0 = s / sqrt(2 pi), mu_1 = s / 2, mu_2 = s / (2 sqrt pi), odd ones 0;
 * its slope, a step: 1/2, 1/sqrt(2 pi), 0, -1/sqrt(12 pi), 0, He_4(0) / sqrt(5! 2 pi). */
static void test_relu(void **state) {
  (void)state;
  for (double s = 0.01; s < 1e3; s *= 7.0) {
    const ntk_hermite h = of("relu", 0.0, s);
    const double phi[4] = {s / sqrt(2.0 * PI), s / 2.0, s / (2.0 * sqrt(PI)), 0.0};
    const double slope[6] = {0.5, 1.0 / sqrt(2.0 * PI),  0.0, -1.0 / sqrt(12.0 * PI),
                             0.0, 3.0 / sqrt(240.0 * PI)};
    for (size_t k = 0; k < 4; k++)
      assert_near(h.phi[k], phi[k], 1e-13 * s, "mu_k of relu");
    for (size_t k = 0; k < 6; k++)
      assert_near(h.slope[k], slope[k], 1e-13, "mu_k of a step");
    assert_near(h.phi2, s * s / 2.0, 1e-13 * s * s, "E relu^2");
    assert_near(h.slope2, 0.5, 1e-13, "E step^2");
    assert_near(h.both, s / sqrt(2.0 * PI), 1e-13 * s, "E relu step");
  }
}

/* erf: E erf^2 = (2 / pi) asin(2 v / (1 + 2 v)), E erf'^2 = (4 / pi) / sqrt(1 + 4 v),
 * E erf(shift + s xi) = erf(shift / sqrt(1 + 2 v)), v = s^2; mu_1 = s mu_0(erf'). */
static void test_erf(void **state) {
  (void)state;
  for (double s = 0.05; s < 30.0; s *= 3.0)
    for (double shift = -1.5; shift < 2.0; shift += 1.25) {
      const double v = s * s, wide = 1.0 + 2.0 * v;
      const double mean = 2.0 / sqrt(PI * wide) * exp(-shift * shift / wide);
      const ntk_hermite h = of("erf", shift, s), middle = of("erf", 0.0, s);
      assert_near(h.phi[0], erf(shift / sqrt(wide)), 1e-13, "E erf");
      assert_near(h.slope[0], mean, 1e-13, "E erf'");
      assert_near(middle.phi2, 2.0 / PI * asin(2.0 * v / wide), 1e-13, "E erf^2");
      assert_near(middle.slope2, 4.0 / PI / sqrt(1.0 + 4.0 * v), 1e-13, "E erf'^2");
    }
}

static long double sigmoid(long double x) {
  return 1.0L / (1.0L + expl(-x));
}
static long double gelu(long double x) {
  return x * 0.5L * erfcl(-x / sqrtl(2.0L));
}

/* The trapezoidal rule over the whole line converges like exp(-c / step) for what is analytic. */
static void test_smooth(void **state) {
  (void)state;
  static const struct {
    const char *name;
    long double (*at)(long double);
  } of_name[] = {{"tanh", tanhl}, {"sigmoid", sigmoid}, {"gelu", gelu}};
  for (size_t a = 0; a < COUNT(of_name); a++)
    for (double s = 0.25; s < 5.0; s *= 2.0) {
      long double mu[5] = {0};
      for (int i = -16000; i <= 16000; i++) {
        const long double x = i / 1000.0L, f = of_name[a].at(0.5L + s * x) * expl(-x * x / 2.0L);
        const long double he[5] = {1.0L, x, x * x - 1.0L, x * x * x - 3.0L * x,
                                   x * x * x * x - 6.0L * x * x + 3.0L};
        for (int k = 0; k < 5; k++)
          mu[k] += f * he[k] * 1e-3L;
      }
      const ntk_hermite h = of(of_name[a].name, 0.5, s);
      const double factorial[5] = {1.0, 1.0, 2.0, 6.0, 24.0};
      for (int k = 0; k < 5; k++)
        assert_near(h.phi[k], (double)mu[k] / sqrt(2.0 * PI * factorial[k]), 1e-13 * (1.0 + s),
                    of_name[a].name);
    }
}

/* E phi'(g) h_k(xi) deviation = sqrt(k + 1) E phi(g) h_{k+1}(xi), of every phi of the table. */
static void test_stein(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  for (size_t a = 0; a < count; a++)
    for (double s = 0.3; s < 4.0; s *= 3.0) {
      const ntk_hermite h = of(list[a].name, 0.7, s);
      double sum = 0.0;
      for (size_t k = 0; k < NTK_HERMITE_DEGREES; k++) {
        sum += h.phi[k] * h.phi[k];
        if (k + 1 < NTK_HERMITE_DEGREES)
          assert_near(sqrt((double)(k + 1)) * h.phi[k + 1], s * h.slope[k],
                      1e-12 * (s + 1.0) * sqrt(h.slope2), list[a].name);
      }
      assert_true(sum <= h.phi2 * (1.0 + 1e-12) && (s > 0.5 || sum >= 0.999 * h.phi2));
    }
}

static void test_refusal(void **state) {
  (void)state;
  ntk_activation phi;
  ntk_hermite h;
  assert_ok(ntk_activation_at("sin", 1, 1, &phi));
  assert_refused(ntk_hermite_of(&phi, 0.0, 1e9, &h), NTK_ERR_NUMERIC, "deviation");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_relu), cmocka_unit_test(test_erf),
                                     cmocka_unit_test(test_smooth), cmocka_unit_test(test_stein),
                                     cmocka_unit_test(test_refusal)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
