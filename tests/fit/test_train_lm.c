/* Levenberg-Marquardt.
 * Property: steps and corrections are theta - (J^T J + mu I)^{-1} J^T r, solved here in the P
 * parameters where the library solves in the N samples; it reaches a loss of 1e-20 of the first
 * where there are more parameters than samples, a minimum where there are fewer; the loss never
 * grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "fake_clock.h"
#include "one_context.h"
#include "train_support.h"

/* (J^T J + mu I)^{-1} J^T r, P entries. */
static double *plain_step(const fit_problem *p, const double *J, const double *r, double mu) {
  const size_t N = p->N, P = p->P;
  double *A = make_array(P * P), *step = make_array(P);
  for (size_t i = 0; i < N; i++)
    for (size_t a = 0; a < P; a++) {
      step[a] += J[i * P + a] * r[i];
      for (size_t b = 0; b < P; b++)
        A[a * P + b] += J[i * P + a] * J[i * P + b];
    }
  for (size_t a = 0; a < P; a++)
    A[a * P + a] += mu;
  plain_solve(P, A, step);
  free(A);
  return step;
}

static double sum_of_squares(size_t n, const double *r) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += r[i] * r[i];
  return sum;
}

/* One step of the library's in the P parameters. With J and mu fixed, theta - step is tried; then
 * corrections at the new r, for as long as each halves the sum of squares, at most 40. mu
 * is 1e-3 of the mean diagonal of K_0, and then falls as the loss did, by 2 to 1e4, where the gain
 * was at least three quarters of what the linear model says: true of these problems. */
static void plain_lm(const fit_problem *p, double *theta, double *mu) {
  double *r = make_array(p->N), *trial = make_array(p->P), *trial_r = make_array(p->N);
  double *J = plain_jacobian(p, theta, p->Y, r), left = 0.0;
  const double first = sum_of_squares(p->N, r);
  if (*mu == 0.0)
    *mu = 1e-3 * sum_of_squares(p->N * p->P, J) / (double)p->N;
  for (int i = 0; i <= 40; i++) {
    const double before = sum_of_squares(p->N, r);
    double *step = plain_step(p, J, r, *mu);
    for (size_t q = 0; q < p->P; q++)
      trial[q] = theta[q] - step[q];
    free(plain_jacobian(p, trial, p->Y, trial_r));
    const double sum = sum_of_squares(p->N, trial_r);
    for (size_t k = 0; i == 0 && k < p->N; k++) { /* r - J step, the model's residual */
      double model = r[k];
      for (size_t q = 0; q < p->P; q++)
        model -= J[k * p->P + q] * step[q];
      left += model * model;
    }
    free(step);
    if (i == 0)
      assert_true((first - sum) / (first - left) > 0.76);
    else if (!(sum <= 0.5 * before))
      break;
    memcpy(theta, trial, p->P * sizeof *theta);
    memcpy(r, trial_r, p->N * sizeof *r);
  }
  *mu *= fmin(0.5, fmax(1e-4, sum_of_squares(p->N, r) / first));
  free(r);
  free(trial);
  free(trial_r);
  free(J);
}

/* The first steps; more parameters than samples, and fewer; either loss. */
static void test_step(void **state) {
  (void)state;
  const size_t width[] = {3, 5, 4}, narrow[] = {2, 2, 2};
  const struct {
    const size_t *width;
    size_t N;
    const char *loss;
  } cases[] = {{width, 8, "half-sum"}, {width, 8, "mean"}, {narrow, 30, "half-sum"}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_network_spec spec = {
        .depth = 3, .width = cases[k].width, .activation = "softplus", .seed = 4};
    fit_problem p = fit_create(one, spec, cases[k].N);
    double *theta = fit_theta(&p), *start = fit_theta(&p), *F = make_array(p.N), mu = 0.0;
    assert_ok(ntk_network_output(p.network, p.data, F));
    for (size_t i = 0; i < p.N; i++) /* near the outputs: the model is good */
      p.Y[i] = F[i] + 1e-4 * p.Y[i];
    for (size_t epochs = 1; epochs <= 2; epochs++) {
      plain_lm(&p, theta, &mu);
      fit_set(&p, start);
      ntk_train_result result = fit_run(
          &p, (ntk_train_options){.optimizer = "lm", .loss = cases[k].loss, .epochs = epochs});
      assert_int_equal(result.epochs, epochs);
      /* of the distance from the start; the condition of J^T J + mu I, times rounding */
      const double size = largest_difference(p.P, theta, start);
      assert_near(largest_difference(p.P, p.network->theta, theta), 0.0, 1e-6 * size, "theta");
      ntk_train_clear(&result);
    }
    free(theta);
    free(start);
    free(F);
    fit_destroy(&p);
  }
}

/* 1e-20 of the first loss on N = 200 random labels within 60 steps, for smooth activations and for
 * ReLU's kinks; the last steps are Newton's: quadratic. Both losses and (18). */
static void test_reaches_zero(void **state) {
  (void)state;
  const size_t width[] = {20, 24, 24};
  const struct {
    const char *activation, *init, *loss;
    double gamma;
  } cases[] = {{"tanh", "paper", "half-sum", 0.0},
               {"softplus", "he", "mean", 0.0},
               {"relu", "paper", "mean", 0.0},
               {"tanh", "antisymmetric", "half-sum", 100.0}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = cases[k].activation,
                                   .init = cases[k].init,
                                   .gamma = cases[k].gamma,
                                   .seed = 6};
    fit_problem p = fit_create(one, spec, 200);
    double probe = 0.0;
    double *F = make_array(p.N);
    assert_ok(ntk_network_output(p.network, p.data, F));
    for (size_t i = 0; i < p.N; i++)
      probe += (F[i] - p.Y[i]) * (F[i] - p.Y[i]);
    free(F);
    probe *= strcmp(cases[k].loss, "mean") == 0 ? 1.0 / 200.0 : 0.5;
    ntk_train_result r = fit_run(
        &p, (ntk_train_options){
                .optimizer = "lm", .loss = cases[k].loss, .epochs = 60, .target = 1e-20 * probe});
    assert_int_equal(r.stopped, NTK_STOP_TARGET);
    assert_true(r.loss_final <= 1e-20 * r.loss_initial);
    for (size_t t = 1; t <= r.epochs; t++)
      assert_true(r.loss[t] < r.loss[t - 1]);
    assert_true(isnan(r.lr) && isnan(r.momentum) && isnan(r.rate_bound));
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* N > P: no zero loss, and K is singular, with mu falling towards rounding; a run that says that it
 * is at a minimum is at one: the gradient is a thousandth of the first or less. */
static void test_overdetermined(void **state) {
  (void)state;
  const size_t width[] = {2, 2, 2}, N[] = {11, 40, 150};
  const char *activations[] = {"tanh", "softplus"};
  for (uint64_t seed = 0; seed < 12; seed++) {
    const ntk_network_spec spec = {
        .depth = 3, .width = width, .activation = activations[seed % 2], .seed = seed};
    fit_problem p = fit_create(one, spec, N[seed % 3]);
    double *g = make_array(p.P), *first = make_array(p.P);
    assert_true(p.P < p.N);
    plain_gradient(&p, p.network->theta, first);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = "lm", .epochs = 800, .track = 400});
    const double sum = plain_gradient(&p, p.network->theta, g);
    assert_near(r.loss_final, 0.5 * sum, 1e-12 * sum, "loss");
    assert_true(r.stopped == NTK_STOP_EPOCHS || r.stopped == NTK_STOP_STALLED);
    if (r.stopped == NTK_STOP_STALLED)
      assert_true(largest_entry(p.P, g) < 1e-3 * largest_entry(p.P, first));
    for (size_t t = 1; t <= r.epochs; t++)
      assert_true(r.loss[t] < r.loss[t - 1]);
    for (size_t i = 0; i < r.tracked; i++)
      assert_true(r.track[i].lambda_min == 0.0); /* rank K <= P */
    assert_false(r.convergence.condition_known || r.convergence.condition_held);
    ntk_train_clear(&r);
    free(g);
    free(first);
    fit_destroy(&p);
  }
}

/* At the end of what rounding allows it stalls, with the best weights, and says so. */
static void test_stalls(void **state) {
  (void)state;
  const size_t width[] = {6, 8, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 9};
  fit_problem p = fit_create(one, spec, 10);
  ntk_train_result r =
      fit_run(&p, (ntk_train_options){.optimizer = "lm", .epochs = 1000, .track = 3});
  assert_int_equal(r.stopped, NTK_STOP_STALLED);
  assert_true(r.epochs < 100 && r.loss_final < 1e-26 * r.loss_initial);
  assert_int_equal(r.track[r.tracked - 1].epoch, r.epochs);
  for (size_t i = 1; i < r.tracked; i++)
    assert_true(r.track[i].epoch > r.track[i - 1].epoch);
  double *g = make_array(p.P), *theta = fit_theta(&p);
  assert_near(0.5 * plain_gradient(&p, theta, g), 0.0, 1e-24 * r.loss_initial, "loss");
  ntk_train_clear(&r);
  free(g);
  free(theta);
  fit_destroy(&p);
}

/* Cancelled at every call of the context's progress: the weights are those given, and nothing is
 * held. */
static size_t calls_left, calls_made;
static bool count_call(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  (void)user;
  calls_made++;
  return calls_left == 0 || --calls_left > 0;
}

static void test_cancelled(void **state) {
  (void)state;
  ntk_context *context = NULL;
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .progress = count_call}, &context));
  const size_t width[] = {6, 8, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 9};
  fit_problem p = fit_create(context, spec, 20);
  double *theta = fit_theta(&p);
  const size_t held = ntk_memory_in_use(context);
  const ntk_train_options options = {.optimizer = "lm", .epochs = 12, .track = 4};
  clock_tick = 1.0; /* every poll is a call */
  calls_made = 0;   /* the weights were drawn with some */
  ntk_train_result r = fit_run(&p, options);
  const size_t most = calls_made;
  ntk_train_clear(&r);
  for (size_t at = 1; at <= most; at++) {
    fit_set(&p, theta);
    calls_left = at;
    assert_refused(ntk_train(context, p.network, p.data, p.Y, &options, &r), NTK_ERR_CANCELLED,
                   "interrupted");
    assert_null(r.context);
    assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    assert_int_equal(ntk_memory_in_use(context), held);
  }
  free(theta);
  fit_destroy(&p);
  ntk_context_destroy(context);
}

/* More samples than parameters, and labels that fit: K has rank 3 of 40, mu falls to rounding,
 * where K + mu I may have no factor; that is a step to be tried again, not a failure. */
static void test_consistent(void **state) {
  (void)state;
  const size_t width[] = {3, 3};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity", .seed = 5};
  fit_problem p = fit_create(one, spec, 40);
  const double *X = ntk_dataset_values(p.data);
  for (size_t i = 0; i < p.N; i++)
    p.Y[i] = 2.0 * X[3 * i] - X[3 * i + 1] + 0.5 * X[3 * i + 2];
  ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = "lm", .epochs = 200});
  assert_int_equal(r.stopped, NTK_STOP_STALLED);
  assert_true(r.loss_final < 1e-26 * r.loss_initial);
  ntk_train_clear(&r);
  fit_destroy(&p);
}

/* Two samples that are the same with two labels: K is singular, the best is their mean. */
static void test_singular(void **state) {
  (void)state;
  const size_t width[] = {3, 6, 6};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  fit_problem p = fit_create(one, spec, 6);
  double *X = make_array(6 * 3), F[6];
  memcpy(X, ntk_dataset_values(p.data), 6 * 3 * sizeof *X);
  memcpy(X, X + 3, 3 * sizeof *X);
  ntk_dataset_destroy(p.data);
  p.data = make_data(one, X, 6, 3);
  p.Y[0] = 1.0;
  p.Y[1] = -0.5;
  ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = "lm", .epochs = 200});
  assert_near(r.loss_final, 0.5 * 2.0 * 0.75 * 0.75, 1e-9, "loss");
  assert_ok(ntk_network_output(p.network, p.data, F));
  assert_near(F[0], 0.25, 1e-6, "the mean of two labels");
  ntk_train_clear(&r);
  free(X);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_step),           cmocka_unit_test(test_reaches_zero),
      cmocka_unit_test(test_overdetermined), cmocka_unit_test(test_stalls),
      cmocka_unit_test(test_cancelled),      cmocka_unit_test(test_consistent),
      cmocka_unit_test(test_singular),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
