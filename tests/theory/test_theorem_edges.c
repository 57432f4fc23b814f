/* The edges of Theorem 4.2's conditions (21), of the authors' stopping rule and of a damping.
 * Property: each condition alone decides the verdict, the step size at eta beta^2 = 3/2 - alpha /
 * beta to six digits; windows are compared as soon as there are two; after a step of Levenberg and
 * Marquardt that gained less than a quarter of what the linear model said, mu is four times what it
 * was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "one_context.h"
#include "train_support.h"

/* A problem whose labels are `away` times standard normal numbers from the outputs. */
static fit_problem nearly_fitted(size_t N, double away) {
  static const size_t width[] = {12, 14, 14};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};
  fit_problem p = fit_create(one, spec, N);
  double *F = make_array(N);
  assert_ok(ntk_network_output(p.network, p.data, F));
  for (size_t i = 0; i < N; i++)
    p.Y[i] = F[i] + away * p.Y[i];
  free(F);
  return p;
}

/* theta moves by lr sqrt P in Adam's first step, however small the gradient is: past R = 4 ||r_0||
 * / alpha, while J has hardly changed. */
static void test_radius(void **state) {
  (void)state;
  for (int outside = 0; outside < 2; outside++) {
    fit_problem p = nearly_fitted(10, outside ? 1e-6 : 1e-2);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = "adam", .lr = 1e-4, .epochs = 1, .track = 1});
    const ntk_convergence *c = &r.convergence;
    const ntk_track_point *last = &r.track[r.tracked - 1];
    assert_int_equal(last->epoch, 1);
    assert_true(last->distance > 1e-3 && last->distance <= 1.001e-4 * sqrt((double)p.P));
    assert_true(sqrt(last->lambda_min) >= c->alpha && sqrt(last->lambda_max) <= c->beta);
    assert_true(last->jacobian_change <= c->change_allowed);
    assert_true((last->distance > c->radius) == (outside == 1));
    assert_true(c->condition_known);
    assert_true(c->condition_held == (outside == 0));
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* Labels so near that J stays what it is and only the step size is left to decide. */
static void test_step(void **state) {
  (void)state;
  const double factors[] = {1.0 - 1e-6, 1.0 + 1e-6};
  fit_problem p = nearly_fitted(10, 1e-7);
  double *theta = fit_theta(&p);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = "gd", .epochs = 1, .track = 1});
  const double alpha = r.convergence.alpha, beta = r.convergence.beta;
  assert_true(r.convergence.condition_held);
  ntk_train_clear(&r);
  for (size_t k = 0; k < COUNT(factors); k++) {
    const double eta = factors[k] * (1.5 - alpha / beta) / (beta * beta);
    fit_set(&p, theta);
    r = fit_run(&p, (ntk_train_options){.optimizer = "gd", .lr = eta, .epochs = 3, .track = 1});
    assert_true(r.convergence.condition_known);
    assert_true(r.convergence.condition_held == (k == 0));
    ntk_train_clear(&r);
  }
  free(theta);
  fit_destroy(&p);
}

/* Of one sample r_{t+1} = (1 - eta K) r_t while J hardly changes: with eta K = 2.05 every loss is
 * above the one before, and the first two windows are enough. */
static void test_first_windows(void **state) {
  (void)state;
  for (size_t window = 1; window <= 5; window++) {
    fit_problem p = nearly_fitted(1, 1e-7);
    double *r = make_array(1), *theta = fit_theta(&p), *J = plain_jacobian(&p, theta, p.Y, r);
    double K = 0.0;
    for (size_t q = 0; q < p.P; q++)
      K += J[q] * J[q];
    ntk_train_result result = fit_run(
        &p,
        (ntk_train_options){.optimizer = "gd", .lr = 2.05 / K, .epochs = 1000, .plateau = window});
    assert_int_equal(result.stopped, NTK_STOP_PLATEAU);
    assert_int_equal(result.epochs, 2 * window);
    ntk_train_clear(&result);
    free(r);
    free(theta);
    free(J);
    fit_destroy(&p);
  }
}

/* ---- Levenberg-Marquardt --------------------------------------------------------------------- */

/* theta - J^T (K + mu I)^{-1} r into theta. Returns the gain, the decrease of r^T r over that of
 * the linear model, whose residual is mu (K + mu I)^{-1} r. *mu 0: 1e-3 of K's mean diagonal. */
static double plain_step(const fit_problem *p, double *theta, double *mu) {
  const size_t N = p->N, P = p->P;
  double *r = make_array(N), *c = make_array(N), before = 0.0, after = 0.0, model = 0.0;
  double *J = plain_jacobian(p, theta, p->Y, r), *K = plain_gram(N, P, J, J);
  for (size_t i = 0; i < N && *mu == 0.0; i++)
    model += 1e-3 * K[i * N + i] / (double)N;
  *mu += model;
  for (size_t i = 0; i < N; i++)
    K[i * N + i] += *mu;
  memcpy(c, r, N * sizeof *c);
  plain_solve(N, K, c);
  model = 0.0;
  for (size_t i = 0; i < N; i++) {
    before += r[i] * r[i];
    model += *mu * *mu * c[i] * c[i];
    for (size_t q = 0; q < P; q++)
      theta[q] -= J[i * P + q] * c[i];
  }
  free(plain_jacobian(p, theta, p->Y, r));
  for (size_t i = 0; i < N; i++)
    after += r[i] * r[i];
  free(r);
  free(c);
  free(J);
  free(K);
  return (before - after) / (before - model);
}

/* Two steps of one try each, the first with a poor gain (and the others for comparison). */
static void test_damping(void **state) {
  (void)state;
  const size_t width[] = {3, 4, 4};
  size_t poor = 0, middling = 0;
  for (uint64_t seed = 0; seed < 400 && (poor < 4 || middling < 4); seed++) {
    const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = seed};
    fit_problem p = fit_create(one, spec, 12);
    double *theta = fit_theta(&p), *start = fit_theta(&p), mu = 0.0;
    const double first = plain_step(&p, theta, &mu);
    mu *= first < 0.25 ? 4.0 : 1.0;
    const double second = plain_step(&p, theta, &mu);
    if (first > 1e-3 && first < 0.74 && fabs(first - 0.25) > 1e-3 && second > 1e-3 &&
        second < 0.74) {
      ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = "lm", .epochs = 2});
      const double size = largest_difference(p.P, theta, start);
      assert_near(largest_difference(p.P, p.network->theta, theta), 0.0, 1e-7 * size, "theta");
      ntk_train_clear(&r);
      poor += first < 0.25;
      middling += first > 0.25;
    }
    free(theta);
    free(start);
    fit_destroy(&p);
  }
  assert_true(poor >= 4 && middling >= 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_radius),
      cmocka_unit_test(test_step),
      cmocka_unit_test(test_first_windows),
      cmocka_unit_test(test_damping),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
