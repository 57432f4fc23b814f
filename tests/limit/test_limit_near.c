/* Kernels of infinite width at nearly equal and nearly opposite samples (ntkit/limit.h).
 * Property: where phi' jumps the kernel has the angle between samples in it, and keeps its digits
 * at angles that their product has lost, also where the layer before is nearly constant: against
 * formulas without cancellation. */
#include "one_context.h"

#include "ntkit/limit.h"

#define PI_LONG 3.14159265358979323846264338327950288L

static double *limit_array(const ntk_network_spec *spec, const ntk_dataset *data,
                           const bool *blocks) {
  const size_t n = ntk_dataset_samples(data);
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_limit_kernel(one, spec, data, blocks, &kernel));
  double *K = make_array(n * n);
  assert_ok(ntk_kernel_values(kernel, K));
  ntk_kernel_destroy(kernel);
  return K;
}

/* relu: two samples at an angle of 1e-9, whose product has no digit of it: K_ij is K_ii (1 - 1e-9
 * times ...), by the recursion in t alone: dSigma = (pi - t) / (2 pi), and a layer takes t^3 / (3
 * pi) from t^2 / 2. Two layers, equal norms: K_ij / K_ii, K = v_2 n_1 (c dSigma + Sigma / v ...).
 */
static void test_near_samples(void **state) {
  (void)state;
  const size_t width[] = {2, 10};
  const bool first[] = {true, false};
  const ntk_network_spec spec = {
      .depth = 2, .width = width, .activation = "relu", .init = "standard"};
  for (long double t = 1e-3L; t > 1e-13L; t /= 10) {
    const double X[] = {
        1.0, 0.0, (double)cosl(t), (double)sinl(t), -(double)cosl(t), -(double)sinl(t)};
    ntk_dataset *data = make_data(one, X, 3, 2);
    double *K = limit_array(&spec, data, first);
    const long double on = (PI_LONG - t) / (2 * PI_LONG); /* v_2 n_1 = 1 */
    assert_near(K[3], (double)(cosl(t) * on), 4.0 * U, "near");
    assert_near(K[6], -(double)(cosl(t) * t / (2 * PI_LONG)), 8.0 * U * (double)t, "opposite");
    free(K);
    ntk_dataset_destroy(data);
  }
}

/* The same where relu follows a layer of another kind. sin, equal norms: with a the variance of g_1
 * and q = 1 - rho, 1 - rho' = (sinh a - sinh(a rho)) / sinh a = 2 cosh(a - a q / 2) sinh(a q / 2) /
 * sinh a, without cancellation. Of norms that differ by
 * 1e-6, at an angle of 0: what the long double difference of the closed form leaves, 1e-19 over the
 * angle. */
static void test_near_samples_deeper(void **state) {
  (void)state;
  const size_t width[] = {2, 10, 10};
  const bool first[] = {true, false, false};
  ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "sin,relu", .init = "standard"};
  for (long double t = 1e-2L; t > 1e-9L; t /= 10) {
    const double X[] = {
        1.0, 0.0, (double)cosl(t), (double)sinl(t), -(double)cosl(t), -(double)sinl(t)};
    ntk_dataset *data = make_data(one, X, 3, 2);
    double *K = limit_array(&spec, data, first);
    const long double a = 0.5L, q = 2 * sinl(t / 2) * sinl(t / 2); /* v_1 |x|^2 = 1 / 2 */
    const long double next = 2 * coshl(a - a * q / 2) * sinhl(a * q / 2) / sinhl(a);
    const long double angle = 2 * asinl(sqrtl(next / 2)), slope = expl(-a) * coshl(a - a * q);
    assert_near(K[3], (double)(cosl(t) * slope * (PI_LONG - angle) / (2 * PI_LONG)), 8.0 * U,
                "near");
    assert_near(K[6], -(double)(cosl(t) * slope * angle / (2 * PI_LONG)), 1e-13 * (double)t,
                "opposite");
    free(K);
    ntk_dataset_destroy(data);
  }
  const double Y[] = {1.0, 0.0, 1.0 + 1e-6, 0.0};
  ntk_dataset *data = make_data(one, Y, 2, 2);
  double *K = limit_array(&spec, data, first);
  const long double y = (long double)Y[2], a = 0.5L, b = y * y / 2, c = y / 2;
  const long double rho =
      expl(-(a + b) / 2) * sinhl(c) / sqrtl(expl(-a) * sinhl(a) * expl(-b) * sinhl(b));
  const long double angle = sqrtl(2 * (1 - rho)), slope = expl(-(a + b) / 2) * coshl(c);
  assert_near(K[1], (double)(y * slope * (PI_LONG - angle) / (2 * PI_LONG)), 1e-12, "norms");
  free(K);
  ntk_dataset_destroy(data);
}

/* Of three samples in the plane with their angles and norms: block 0 of phi,relu with beta_1 small,
 * where phi(u) is nearly the same number for all u: 1 - rho' is below 1e-3, and here below 1e-7, of
 * samples far apart. Row i, column j: x_i . x_j dSigma^1 (pi - angle) / (2 pi). */
static const double FAR[] = {1.0, 0.0, 0.5, 0.7, -1.1, 0.4};

static void check_far(const char *text, double beta,
                      void (*expect)(long double, long double, long double, long double *)) {
  const size_t width[] = {2, 10, 10};
  const bool first[] = {true, false, false};
  const double betas[] = {beta, 1.0, 1.0};
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = text, .init = "standard", .beta = betas};
  ntk_dataset *data = make_data(one, FAR, 3, 2);
  double *K = limit_array(&spec, data, first);
  for (size_t i = 1; i < 3; i++)
    for (size_t j = 0; j < i; j++) {
      const long double v = (long double)beta * beta / 2;
      long double product[3] = {0, 0, 0}, found[2]; /* x . x, y . y, x . y */
      for (size_t a = 0; a < 2; a++) {
        product[0] += (long double)FAR[2 * i + a] * FAR[2 * i + a];
        product[1] += (long double)FAR[2 * j + a] * FAR[2 * j + a];
        product[2] += (long double)FAR[2 * i + a] * FAR[2 * j + a];
      }
      expect(v * product[0], v * product[1], v * product[2], found);
      const long double angle = 2 * asinl(sqrtl(found[0] / 2));
      const long double entry = product[2] * found[1] * (PI_LONG - angle) / (2 * PI_LONG);
      assert_true(found[0] < 1e-7L);
      assert_near(K[3 * i + j], (double)entry, 1e-14 * fabs((double)entry), text);
    }
  free(K);
  ntk_dataset_destroy(data);
}

/* gaussian: rho'^-4 = D^2 / ((1 + 4a) (1 + 4b)), with D = 1 + 2 (a + b) + 4 (ab - c^2), is 1 + E.
 */
static void gaussian_far(long double a, long double b, long double c, long double *found) {
  const long double s = a * b - c * c, D = 1 + 2 * (a + b) + 4 * s;
  const long double E = 4 * (a - b) * (a - b) + 8 * s * (1 + 2 * (a + b)) + 16 * s * s;
  found[0] = -expm1l(-log1pl(E / ((1 + 4 * a) * (1 + 4 * b))) / 4);
  found[1] = 4 * c / (D * sqrtl(D));
}

/* sigmoid by the trapezoidal rule over a square: 1 - rho' is half of the mean of (phi(u) / size -
 * phi(v) / size')^2. */
static void sigmoid_far(long double a, long double b, long double c, long double *found) {
  const long double h = 0.1L, slope = c / sqrtl(a), rest = sqrtl(b - slope * slope);
  long double sums[3] = {0, 0, 0}, half = 0;
  found[1] = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int i = -90; i <= 90; i++)
      for (int j = -90; j <= 90; j++) {
        const long double x = h * i, y = h * j;
        const long double w = expl(-(x * x + y * y) / 2) * h * h / (2 * PI_LONG);
        const long double f = 1 / (1 + expl(-sqrtl(a) * x));
        const long double g = 1 / (1 + expl(-slope * x - rest * y));
        const long double apart = pass == 0 ? 0 : f / sqrtl(sums[0]) - g / sqrtl(sums[1]);
        half += w * apart * apart / 2;
        sums[0] += pass == 0 ? w * f * f : 0;
        sums[1] += pass == 0 ? w * g * g : 0;
        found[1] += pass == 0 ? w * f * (1 - f) * g * (1 - g) : 0;
      }
  found[0] = half;
}

static void test_far_samples(void **state) {
  (void)state;
  for (double beta = 1e-2; beta > 1e-7; beta /= 10.0) {
    check_far("gaussian,relu", beta, gaussian_far);
    if (beta < 1e-3)
      check_far("sigmoid,relu", beta, sigmoid_far);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_near_samples),
                                     cmocka_unit_test(test_near_samples_deeper),
                                     cmocka_unit_test(test_far_samples)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
