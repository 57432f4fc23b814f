/* When training stops, and what it then returns.
 * Property: each stopping rule fires at the first epoch where its condition, computed anew from the
 * returned losses, holds (the plateau: test_train_plateau.c); loss has epochs + 1 entries; a run
 * that diverges gives the weights back and names 2 / lambda_max; a refusal says what is wrong and
 * changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 8, 6};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

static double half_sum(const fit_problem *p) {
  double *F = make_array(p->N), sum = 0.0;
  assert_ok(ntk_network_output(p->network, p->data, F));
  for (size_t i = 0; i < p->N; i++)
    sum += 0.5 * (F[i] - p->Y[i]) * (F[i] - p->Y[i]);
  free(F);
  return sum;
}

/* loss[0] and loss[epochs] are those of the first and last weights; the summary repeats them. */
static void check_result(const fit_problem *p, double first, const ntk_train_result *r) {
  assert_near(r->loss[0], first, 1e-12 * first, "first loss");
  assert_near(r->loss[r->epochs], half_sum(p), 1e-12 * first, "last loss");
  assert_true(r->loss_initial == r->loss[0] && r->loss_final == r->loss[r->epochs]);
  if (r->epochs > 0)
    assert_near(r->rate_measured, pow(r->loss_final / first, 1.0 / (double)r->epochs), 1e-12,
                "rate");
  assert_true(r->reason[0] != '\0');
}

static void test_epochs(void **state) {
  (void)state;
  const size_t counts[] = {1, 2, 17, 2500}; /* the last: losses grow their array */
  for (size_t k = 0; k < COUNT(counts); k++) {
    fit_problem p = fit_create(one, spec, 8);
    const double first = half_sum(&p);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.epochs = counts[k]});
    assert_int_equal(r.stopped, NTK_STOP_EPOCHS);
    assert_int_equal(r.epochs, counts[k]);
    assert_int_equal(r.resumed, 0);
    check_result(&p, first, &r);
    for (size_t t = 1; t <= r.epochs; t++) /* 1 / lambda_max: no step makes it larger */
      assert_true(r.loss[t] <= r.loss[t - 1] + 1e-20 * first);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* The first epoch with a loss of at most the target; none, when the start has it. */
static void test_target(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8);
  double *theta = fit_theta(&p);
  const double first = half_sum(&p),
               targets[] = {0.9 * first, 0.2 * first, 1.001 * first, 2.0 * first};
  for (size_t k = 0; k < COUNT(targets); k++) {
    fit_set(&p, theta);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.target = targets[k]});
    assert_int_equal(r.stopped, NTK_STOP_TARGET);
    assert_true(r.loss[r.epochs] <= targets[k]);
    assert_true(r.epochs == 0 || r.loss[r.epochs - 1] > targets[k]);
    assert_true((r.epochs == 0) == (k >= 2));
    check_result(&p, first, &r);
    if (k >= 2) {
      assert_true(isnan(r.rate_measured));
      assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    }
    ntk_train_clear(&r);
  }
  free(theta);
  fit_destroy(&p);
}

/* A step takes a second and its looks at the clock, of which this is the last before it. */
static bool slow_step(const ntk_train_progress *progress, void *user) {
  (void)progress;
  *(double *)user = clock_now;
  clock_now += 1.0;
  return true;
}

/* Seconds that the clock says: no step is begun that would end past them, and none is left out that
 * would not. */
static void test_time(void **state) {
  (void)state;
  for (int k = 0; k < 12; k++) { /* wherever in a step they end */
    const double seconds = 20.0 + 0.1 * k;
    double begun = 0.0; /* when the last step was */
    fit_problem p = fit_create(one, spec, 8);
    const double first = half_sum(&p), before = clock_now;
    clock_tick = 0.04; /* a few of them are more than the time between two reports */
    ntk_train_result r = fit_run(&p, (ntk_train_options){.seconds = seconds,
                                                         .epochs = 1000000,
                                                         .progress = slow_step,
                                                         .progress_user = &begun});
    clock_tick = 1e-6;
    const double end = begun + 1.0 - before, looks = 6 * 0.04;
    assert_int_equal(r.stopped, NTK_STOP_TIME);
    assert_true(end <= seconds && end + 1.0 + looks > seconds);
    assert_true(r.seconds >= end && r.seconds < end + looks);
    check_result(&p, first, &r);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* A progress function: products of kernels and their eigenvalues take time, epochs nearly none. */
static bool slow_kernel(const char *phase, double fraction, void *user) {
  (void)fraction;
  (void)user;
  clock_now += strcmp(phase, "training") == 0 ? 0.0 : 0.1;
  return true;
}

/* K is measured at the end, and before it at every seventh epoch: a step is begun only where that
 * fits in too. */
static void test_time_of_kernels(void **state) {
  (void)state;
  ntk_context *slow = NULL;
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .progress = slow_kernel}, &slow));
  for (int k = 0; k < 12; k++) {
    const double seconds = 5.0 + 0.05 * k;
    fit_problem p = fit_create(slow, spec, 8);
    const double first = half_sum(&p), before = clock_now;
    clock_tick = 0.0005;
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.seconds = seconds, .epochs = 1000000, .track = 7});
    clock_tick = 1e-6;
    assert_true(r.seconds > seconds - 1.0 && r.seconds < seconds + 0.1); /* one K: 0.7 to 0.95 */
    assert_true(clock_now - before < r.seconds + 0.1);
    assert_int_equal(r.stopped, NTK_STOP_TIME);
    check_result(&p, first, &r);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  ntk_context_destroy(slow);
}

/* Three times the stable step: noticed within a few epochs, weights as they were, and the largest
 * stable step is the theory's: gd 2 / lambda, heavy ball 2 (1 + b) / lambda, Nesterov
 * 2 (1 + b) / (1 + 2 b) / lambda, with lambda_max(K_0) times 1 or 2 / N. */
static void test_diverged(void **state) {
  (void)state;
  const struct {
    const char *optimizer;
    double momentum, factor;
  } methods[] = {{"gd", 0.0, 2.0}, {"momentum", 0.5, 3.0}, {"nesterov", 0.5, 1.5}};
  for (size_t k = 0; k < 4 * COUNT(methods); k++) {
    const bool mean = k % 2, single = k / 2 % 2;
    ntk_network_spec lazy = spec; /* so that the loss is as good as quadratic */
    lazy.init = "antisymmetric";
    lazy.gamma = 1e8;
    fit_problem p = fit_create(one, lazy, 12);
    double *theta = fit_theta(&p);
    ntk_spectrum_result s;
    assert_ok(ntk_spectrum(one, p.network, p.data, NULL, &s));
    const double lambda = s.lambda_max * (mean ? 2.0 / 12.0 : 1.0);
    ntk_spectrum_clear(&s);
    const double stable = methods[k / 4].factor / lambda;
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = methods[k / 4].optimizer,
                                                         .loss = mean ? "mean" : "half-sum",
                                                         .precision = single ? "float" : "double",
                                                         .momentum = methods[k / 4].momentum,
                                                         .lr = 3.0 * stable});
    assert_int_equal(r.stopped, NTK_STOP_DIVERGED);
    assert_true(r.epochs <= 12);
    assert_true(!isfinite(r.loss_final) || r.loss_final > 1e3 * r.loss_initial);
    for (size_t t = 0; t < r.epochs; t++)
      assert_true(r.loss[t] <= 1e3 * r.loss[0]);
    assert_near(r.convergence.lr_largest, stable, 1e-4 * stable, "largest step");
    char text[32];
    snprintf(text, sizeof text, "%.4g", r.convergence.lr_largest);
    assert_non_null(strstr(r.reason, text));
    assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    ntk_train_clear(&r);
    free(theta);
    fit_destroy(&p);
  }
}

/* Steps that overflow at once: losses that are not numbers are a divergence, not a failure. */
static void test_not_finite(void **state) {
  (void)state;
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam"}, *kinds[] = {"double", "float"};
  for (size_t k = 0; k < 2 * COUNT(optimizers); k++) {
    fit_problem p = fit_create(one, spec, 8);
    double *theta = fit_theta(&p);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = optimizers[k / 2],
                                                         .precision = kinds[k % 2],
                                                         .lr = 1e200,
                                                         .track = 1});
    assert_int_equal(r.stopped, NTK_STOP_DIVERGED);
    assert_int_equal(r.tracked, 1);
    assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    ntk_train_clear(&r);
    free(theta);
    fit_destroy(&p);
  }
}

/* Labels that are the outputs: nothing to do, for any method, and nothing diverges. */
static void test_fitted_already(void **state) {
  (void)state;
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    const ntk_network_spec zero = {
        .depth = 2, .width = (size_t[]){3, 4}, .activation = "tanh", .init = "antisymmetric"};
    fit_problem p = fit_create(one, zero, 5);
    memset(p.Y, 0, p.N * sizeof *p.Y);
    double *theta = fit_theta(&p);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = optimizers[k], .epochs = 5, .track = 2});
    assert_int_equal(r.stopped, k == 4 ? NTK_STOP_STALLED : NTK_STOP_EPOCHS);
    assert_int_equal(r.epochs, k == 4 ? 0 : 5);
    for (size_t t = 0; t <= r.epochs; t++)
      assert_true(r.loss[t] == 0.0);
    for (size_t t = 0; t < r.tracked; t++)
      assert_true(r.track[t].distance == 0.0 && r.track[t].jacobian_change == 0.0);
    assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
    ntk_train_clear(&r);
    free(theta);
    fit_destroy(&p);
  }
}

/* One sample, one unit, one parameter's worth of everything. */
static void test_smallest(void **state) {
  (void)state;
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(
        one, (ntk_network_spec){.depth = 2, .width = (size_t[]){1, 1}, .activation = "tanh"}, 1);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = optimizers[k], .epochs = 20, .track = 5});
    assert_true(r.epochs > 0 && isfinite(r.loss_final));
    assert_true(k < 3 || r.loss_final < r.loss_initial);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void refuse(fit_problem *p, ntk_train_options options, ntk_status status, const char *says) {
  double *theta = fit_theta(p);
  ntk_train_result result, kept;
  memset(&result, 0x5a, sizeof result);
  memcpy(&kept, &result, sizeof kept);
  const size_t held = ntk_memory_in_use(one);
  assert_refused(ntk_train(one, p->network, p->data, p->Y, &options, &result), status, says);
  assert_memory_equal(&result, &kept, sizeof kept);
  assert_memory_equal(p->network->theta, theta, p->P * sizeof(double));
  assert_int_equal(ntk_memory_in_use(one), held);
  free(theta);
}

static void test_refusals(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 6);
  const struct {
    ntk_train_options options;
    const char *says, *member;
  } cases[] = {
      {{.optimizer = "sgd"}, "known: gd, momentum, nesterov, adam, lm", "optimizer"},
      {{.loss = "sum"}, "known: half-sum, mean", "loss"},
      {{.lr_rule = "automatic"}, "known: auto, theory", "lr"},
      {{.precision = "half"}, "known: double, float", "precision"},
      {{.precision = "floats"}, "known: double, float", "precision"},
      {{.optimizer = ""}, "unknown optimizer ''", "optimizer"},
      {{.lr = -1.0}, "step size is -1", "lr"},
      {{.lr = NAN}, "step size is nan", "lr"},
      {{.lr = INFINITY}, "step size is inf", "lr"},
      {{.optimizer = "lm", .lr = 0.1}, "lm takes no step size", "lr"},
      {{.optimizer = "lm", .lr_rule = "theory"}, "lm takes no step size", "lr"},
      {{.optimizer = "lm", .precision = "float"}, "double precision", "precision"},
      {{.optimizer = "momentum", .momentum = 1.0}, "momentum is 1", "momentum"},
      {{.optimizer = "momentum", .momentum = -0.1}, "momentum is -0.1", "momentum"},
      {{.optimizer = "nesterov", .momentum = NAN}, "momentum is nan", "momentum"},
      {{.optimizer = "gd", .momentum = 0.5}, "gd has no momentum", "momentum"},
      {{.optimizer = "adam", .momentum = 0.5}, "adam has no momentum", "momentum"},
      {{.target = -1.0}, "target is -1", "target"},
      {{.target = NAN}, "target is nan", "target"},
      {{.target = INFINITY}, "target is inf", "target"},
      {{.seconds = -1.0}, "time is negative", "seconds"},
      {{.seconds = NAN}, "time", "seconds"},
      {{.checkpoint_every = -1.0}, "time is negative", "checkpoint_every"},
  };
  const char *member = "";
  for (size_t k = 0; k < COUNT(cases); k++) {
    refuse(&p, cases[k].options, NTK_ERR_ARGUMENT, cases[k].says);
    assert_refused(ntk_train_options_check(&cases[k].options, &member), NTK_ERR_ARGUMENT,
                   cases[k].says);
    assert_string_equal(member, cases[k].member);
  }
  assert_ok(ntk_train_options_check(&(ntk_train_options){.lr = 0.1}, &member));
  assert_null(member);
  assert_ok(ntk_train_options_check(NULL, &member));
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < p.N; i++) {
    const double kept = p.Y[i];
    char says[64];
    snprintf(says, sizeof says, "label %zu (from 1) is not finite", i + 1);
    p.Y[i] = bad[i % 3];
    refuse(&p, (ntk_train_options){0}, NTK_ERR_NOT_FINITE, says);
    p.Y[i] = kept;
  }
  p.Y[3] = 1e200; /* its square overflows */
  refuse(&p, (ntk_train_options){0}, NTK_ERR_NOT_FINITE, "loss at the start");
  refuse(&p, (ntk_train_options){.optimizer = "lm"}, NTK_ERR_NOT_FINITE, "loss at the start");
  fit_destroy(&p);
}

/* Data of another dimension; a kernel that is 0 and gives no step size. */
static void test_refused_data(void **state) {
  (void)state;
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};
  fit_problem p = fit_create(one, spec, 6);
  ntk_dataset *right = p.data;
  double *zeros = make_array(6 * 5);
  p.data = make_data(one, zeros, 6, 4);
  for (size_t k = 0; k < COUNT(optimizers); k++)
    refuse(&p, (ntk_train_options){.optimizer = optimizers[k]}, NTK_ERR_SHAPE, "d = 4");
  ntk_dataset_destroy(p.data);
  p.data = make_data(one, zeros, 6, 5); /* tanh 0 = 0: J = 0 */
  for (size_t k = 0; k < 3; k++)
    refuse(&p, (ntk_train_options){.optimizer = optimizers[k]}, NTK_ERR_NUMERIC, "lambda_max");
  ntk_dataset_destroy(p.data);
  p.data = right;
  memset(p.network->W[3], 0, 6 * sizeof(double));
  refuse(&p, (ntk_train_options){.lr_rule = "theory"}, NTK_ERR_ARGUMENT, "W_L is 0");
  free(zeros);
  fit_destroy(&p);
}

/* From a loss of rounding's size a step may go up by any factor: it has not diverged. */
static void test_starts_fitted(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = "lm"});
  assert_true(r.loss_final < 1e-24);
  ntk_train_clear(&r);
  r = fit_run(&p, (ntk_train_options){.optimizer = "adam", .epochs = 5});
  assert_true(r.loss[1] > 1e3 * r.loss_initial); /* else this tests nothing */
  assert_int_equal(r.stopped, NTK_STOP_EPOCHS);
  ntk_train_clear(&r);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_starts_fitted),   cmocka_unit_test(test_epochs),
      cmocka_unit_test(test_target),          cmocka_unit_test(test_time),
      cmocka_unit_test(test_time_of_kernels), cmocka_unit_test(test_diverged),
      cmocka_unit_test(test_not_finite),      cmocka_unit_test(test_fitted_already),
      cmocka_unit_test(test_smallest),        cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_refused_data),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
