/* What is measured while training.
 * Property: at tracked epochs lambda_min, lambda_max, ||J_t - J_0||, ||theta_t - theta_0|| and the
 * loss are those of a network with those weights, by ntk_spectrum, by explicit Jacobians and by the
 * eigenvalues of K_t - C - C^T + K_0; where the Jacobian changes little and where it changes much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "train_support.h"

static ntk_context *one;

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  (void)ntk_blas_enter(1); /* eigenvalues that the tests take themselves: threads would wait */
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

static double largest_eigenvalue(size_t n, double *A) {
  double *eigenvalues = make_array(n);
  assert_ok(ntk_dsyevd(one, 'N', n, A, eigenvalues));
  const double largest = eigenvalues[n - 1];
  free(eigenvalues);
  return largest;
}

/* ||J(theta) - J(start)|| by both Jacobians written out. */
static double explicit_change(const fit_problem *p, const double *theta, const double *start) {
  double *r = make_array(p->N), *J = plain_jacobian(p, theta, NULL, r);
  double *J_0 = plain_jacobian(p, start, NULL, r);
  for (size_t e = 0; e < p->N * p->P; e++)
    J[e] -= J_0[e];
  double *D = plain_gram(p->N, p->P, J, J);
  const double norm = sqrt(largest_eigenvalue(p->N, D));
  free(r);
  free(J);
  free(J_0);
  free(D);
  return norm;
}

/* The same through the library's kernels: sqrt of the largest eigenvalue of K - C - C^T + K_0. */
static double cross_change(fit_problem *p, const double *theta, const double *start) {
  const size_t N = p->N;
  ntk_network *first = fit_network(one, &p->spec);
  memcpy(first->theta, start, p->P * sizeof *start);
  fit_set(p, theta);
  ntk_features *now = make_features(p->network, p->data), *then = make_features(first, p->data);
  double *K = kernel_array(now, N, NULL), *K_0 = kernel_array(then, N, NULL);
  double *C = make_array(N * N);
  assert_ok(ntk_kernel_cross(now, then, NULL, C));
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      K_0[i * N + j] += K[i * N + j] - C[i * N + j] - C[j * N + i];
  const double norm = sqrt(largest_eigenvalue(N, K_0));
  ntk_features_destroy(now);
  ntk_features_destroy(then);
  ntk_network_destroy(first);
  free(K);
  free(K_0);
  free(C);
  return norm;
}

static double moved(size_t P, const double *theta, const double *start) {
  double sum = 0.0;
  for (size_t q = 0; q < P; q++)
    sum += (theta[q] - start[q]) * (theta[q] - start[q]);
  return sqrt(sum);
}

/* theta of epoch t: a run of t epochs from the same start (which is what an epoch is). */
static double *theta_at(fit_problem *p, ntk_train_options options, const double *start, size_t t) {
  options.epochs = t;
  options.track = 0;
  fit_set(p, start);
  ntk_train_result r = fit_run(p, options);
  assert_int_equal(r.epochs, t);
  ntk_train_clear(&r);
  return fit_theta(p);
}

/* One point against a network with those weights. */
static void check_point(fit_problem *p, const ntk_train_result *r, const ntk_track_point *point,
                        const double *theta, const double *start, bool large) {
  ntk_spectrum_result s;
  fit_set(p, theta);
  assert_ok(ntk_spectrum(one, p->network, p->data, NULL, &s));
  assert_near(point->lambda_min, s.lambda_min, 1e-6 * s.lambda_min, "lambda_min");
  assert_near(point->lambda_max, s.lambda_max, 1e-6 * s.lambda_max, "lambda_max");
  ntk_spectrum_clear(&s);
  assert_true(point->loss == r->loss[point->epoch]);
  const double distance = moved(p->P, theta, start);
  assert_near(point->distance, distance, 1e-12 * distance, "distance");
  const double change = explicit_change(p, theta, start);
  assert_near(point->jacobian_change, change, 1e-3 * change + 1e-13 * sqrt(point->lambda_max),
              "jacobian_change");
  if (large && point->epoch > 0)
    assert_near(point->jacobian_change, cross_change(p, theta, start), 1e-3 * change, "cross");
}

/* Every method, in the regime where the kernel moves (paper) and where it does not (18); epochs are
 * the multiples of `track` and the last; floats too. */
static void test_points(void **state) {
  (void)state;
  enum { EPOCHS = 11, TRACK = 4 };
  const size_t width[] = {4, 7, 6}, epochs[] = {0, 4, 8, 11};
  const struct {
    const char *optimizer, *precision;
  } methods[] = {{"gd", "double"},   {"momentum", "double"}, {"nesterov", "double"},
                 {"adam", "double"}, {"lm", "double"},       {"adam", "float"},
                 {"gd", "float"}};
  for (size_t k = 0; k < 2 * COUNT(methods); k++) {
    const bool large = k % 2 == 0;
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = "tanh",
                                   .init = large ? "paper" : "antisymmetric",
                                   .gamma = large ? 0.0 : 1e8,
                                   .seed = 7};
    const bool single = methods[k / 2].precision[0] == 'f';
    fit_problem p = fit_create(one, spec, 9);
    double *start = fit_theta(&p);
    const ntk_train_options options = {.optimizer = methods[k / 2].optimizer,
                                       .precision = methods[k / 2].precision,
                                       .lr = !large && methods[k / 2].optimizer[0] == 'a' ? 1e-6
                                                                                          : 0.0,
                                       .epochs = EPOCHS,
                                       .track = TRACK};
    ntk_train_result r = fit_run(&p, options);
    if (single)
      for (size_t q = 0; q < p.P; q++)
        start[q] = (double)(float)start[q];
    for (size_t i = 0; i < r.tracked; i++) {
      const size_t expected = i + 1 < r.tracked ? epochs[i] : r.epochs;
      assert_int_equal(r.track[i].epoch, expected);
      double *theta = expected > 0 ? theta_at(&p, options, start, expected) : NULL;
      check_point(&p, &r, &r.track[i], theta != NULL ? theta : start, start, large && !single);
      free(theta);
    }
    assert_true(r.tracked == COUNT(epochs) || r.stopped == NTK_STOP_STALLED);
    const ntk_track_point *last = &r.track[r.tracked - 1];
    assert_true(last->jacobian_change > 0.0);
    assert_true(r.track[0].distance == 0.0 && r.track[0].jacobian_change == 0.0);
    if (large) /* this is no linear regime: changes are of the order of J itself */
      assert_true(last->jacobian_change > 0.03 * sqrt(r.track[0].lambda_max));
    ntk_train_clear(&r);
    free(start);
    fit_destroy(&p);
  }
}

/* Changes far below what a difference of kernels could show, sqrt u ||J||: with labels within 1e-9
 * of the outputs, J moves by that much; three digits are right. */
static void test_small_change(void **state) {
  (void)state;
  const size_t width[] = {4, 7, 6};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 7};
  fit_problem p = fit_create(one, spec, 120); /* more than a Lanczos basis holds at once */
  double *start = fit_theta(&p), F[120];
  assert_ok(ntk_network_output(p.network, p.data, F));
  for (size_t i = 0; i < p.N; i++)
    p.Y[i] = F[i] + 1e-9 * p.Y[i];
  ntk_train_result r = fit_run(&p, (ntk_train_options){.epochs = 20, .track = 20});
  double *theta = fit_theta(&p);
  const double change = explicit_change(&p, theta, start), size = sqrt(r.track[0].lambda_max);
  assert_true(change < 1e-8 * size && change > 1e-13 * size);
  assert_near(r.track[1].jacobian_change, change, 2e-3 * change, "change");
  ntk_train_clear(&r);
  free(theta);
  free(start);
  fit_destroy(&p);
}

/* Largest of the tracked changes and distances, laziness their ratio to ||J_0||; seconds of
 * tracking are part of all. What was not asked for is NaN. */
static void test_summary(void **state) {
  (void)state;
  const size_t width[] = {4, 7, 6};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "softplus", .seed = 7};
  for (size_t track = 0; track <= 3; track += 3) {
    fit_problem p = fit_create(one, spec, 9);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = "adam", .epochs = 20, .track = track});
    const ntk_convergence *c = &r.convergence;
    double change = 0.0, distance = 0.0;
    for (size_t i = 0; i < r.tracked; i++) {
      change = fmax(change, r.track[i].jacobian_change);
      distance = fmax(distance, r.track[i].distance);
      assert_true(isnan(r.track[i].bound) && isnan(r.track[i].prediction)); /* of gd; of linear */
    }
    if (track == 0) {
      assert_int_equal(r.tracked, 0);
      assert_true(isnan(c->change_largest) && isnan(c->distance_largest) && isnan(c->laziness));
      assert_false(c->condition_known || c->condition_held);
      assert_true(r.seconds_tracking == 0.0);
    } else {
      assert_int_equal(r.tracked, 8); /* 0, 3, ..., 18, 20 */
      assert_true(change > 0.0 && c->change_largest == change && c->distance_largest == distance);
      assert_near(c->laziness, change / sqrt(r.track[0].lambda_max), 1e-14, "laziness");
      assert_true(r.seconds_tracking > 0.0 && r.seconds_tracking <= r.seconds);
    }
    assert_false(c->bound_known || c->bound_held);
    assert_true(isnan(r.rate_bound) && isnan(c->lr_largest));
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* What the linear model takes between tracked epochs is part of tracking, and of all. */
static void test_seconds_of_linear_model(void **state) {
  (void)state;
  const size_t width[] = {4, 7, 6};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "softplus", .seed = 7};
  fit_problem p = fit_create(one, spec, 9);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.lr = 1e-3, .epochs = 20, .track = 10});
  assert_true(isfinite(r.track[1].prediction));
  assert_true(r.seconds_tracking > 0.0 && r.seconds_tracking <= r.seconds);
  ntk_train_clear(&r);
  fit_destroy(&p);
}

/* Tracking changes nothing of what it watches: weights and losses are the same bits without it. */
static void test_watching(void **state) {
  (void)state;
  const size_t width[] = {4, 7, 6};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(one, spec, 9);
    double *start = fit_theta(&p);
    ntk_train_result plain =
        fit_run(&p, (ntk_train_options){.optimizer = optimizers[k], .epochs = 9});
    double *theta = fit_theta(&p);
    fit_set(&p, start);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = optimizers[k], .epochs = 9, .track = 2});
    assert_int_equal(r.epochs, plain.epochs);
    assert_memory_equal(r.loss, plain.loss, (r.epochs + 1) * sizeof(double));
    assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    ntk_train_clear(&plain);
    ntk_train_clear(&r);
    free(theta);
    free(start);
    fit_destroy(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_points),   cmocka_unit_test(test_small_change),
      cmocka_unit_test(test_summary),  cmocka_unit_test(test_seconds_of_linear_model),
      cmocka_unit_test(test_watching),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
