/* Kernels of infinite width at nearly equal and nearly opposite samples (ntkit/limit.h).
 * Property: where phi' jumps the kernel has the angle between samples in it, and keeps its digits
 * at angles that their product has lost: against formulas without cancellation. */
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_near_samples),
                                     cmocka_unit_test(test_near_samples_deeper)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
