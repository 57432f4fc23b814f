/* Tracked training and Levenberg-Marquardt with factors of K in single precision.
 * Property: eigenvalues are those of factors in double, to 1e-10 or what double can tell, whether
 * products are with K or with the features; where single precision does not suffice double does it,
 * and that is said; memory is what was forecast. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_support.h"

static ntk_context *limited(size_t limit) {
  ntk_context *context = NULL;
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = limit}, &context));
  return context;
}

/* Two samples nearly one: e digits of them are equal; 0: none are. */
static fit_problem problem(ntk_context *context, size_t N, int e) {
  static const size_t width[] = {20, 40, 30};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  fit_problem p = fit_create(context, spec, N);
  if (e == 0)
    return p;
  double *X = make_array(N * 20);
  memcpy(X, ntk_dataset_values(p.data), N * 20 * sizeof *X);
  for (size_t j = 0; j < 20; j++)
    X[j] = X[20 + j] * (1.0 + pow(10.0, -e) * (double)(j % 3));
  ntk_dataset_destroy(p.data);
  assert_ok(ntk_dataset_from_array(context, X, N, 20, &p.data));
  free(X);
  return p;
}

static ntk_train_result trained(ntk_context *context, size_t N, int e, const char *optimizer,
                                const char *precision) {
  fit_problem p = problem(context, N, e);
  const ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = optimizer,
                                                             .kernel_precision = precision,
                                                             .lr = 1e-6,
                                                             .epochs = 4,
                                                             .track = 2});
  fit_destroy(&p);
  return r;
}

static void compare(const ntk_train_result *a, const ntk_train_result *b, double rounding) {
  assert_int_equal(a->tracked, 3);
  assert_int_equal(b->tracked, 3);
  for (size_t i = 0; i < 3; i++) {
    const ntk_track_point *x = &a->track[i], *y = &b->track[i];
    assert_near(x->lambda_max, y->lambda_max, 1e-10 * y->lambda_max, "lambda_max");
    assert_int_equal(isnan(x->lambda_min), isnan(y->lambda_min));
    if (!isnan(y->lambda_min))
      assert_near(x->lambda_min, y->lambda_min,
                  1e-10 * y->lambda_min + rounding * DBL_EPSILON * y->lambda_max, "lambda_min");
  }
}

/* gd keeps K_0 for the linear model, adam does not. */
static void test_tracked(void **state) {
  (void)state;
  static const char *const optimizers[] = {"gd", "adam"};
  ntk_context *context = limited(0);
  for (size_t k = 0; k < 2; k++) {
    ntk_train_result mixed = trained(context, 150, 0, optimizers[k], "mixed");
    ntk_train_result twice = trained(context, 150, 0, optimizers[k], "double");
    ntk_train_result chosen = trained(context, 150, 0, optimizers[k], NULL);
    assert_string_equal(mixed.kernel_precision, "mixed");
    assert_string_equal(mixed.kernel_reason, "");
    assert_string_equal(twice.kernel_precision, "double");
    assert_string_equal(chosen.kernel_precision, "double"); /* so few samples */
    compare(&mixed, &twice, 16.0);
    assert_true(chosen.track[2].lambda_min == twice.track[2].lambda_min);
    assert_memory_equal(mixed.loss, twice.loss, 5 * sizeof(double));
    ntk_train_clear(&mixed);
    ntk_train_clear(&twice);
    ntk_train_clear(&chosen);
  }
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* Of nearly equal samples single precision soon says nothing, and then double does. */
static void test_close_rows(void **state) {
  (void)state;
  ntk_context *context = limited(0);
  bool fell = false;
  for (int e = 1; e <= 7; e++) {
    ntk_train_result mixed = trained(context, 60, e, "gd", "mixed");
    ntk_train_result twice = trained(context, 60, e, "gd", "double");
    compare(&mixed, &twice, 64.0);
    const bool here = mixed.kernel_reason[0] != '\0';
    assert_true(here || strcmp(mixed.kernel_precision, "mixed") == 0);
    assert_true(here || e < 7);
    fell |= here;
    ntk_train_clear(&mixed);
    ntk_train_clear(&twice);
  }
  assert_true(fell);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* For eigenvalues, and lm's systems. Where K in double does not fit, K is in single alone, and what
 * is held is what was forecast; so it is where it fits. */
static void check_memory(ntk_train_options options) {
  enum { N = 1500 };
  size_t needs[2] = {0, 0}, limit = 1 << 20; /* in single alone; in double */
  for (int i = 0; i < 4; i++) {
    ntk_context *context = limited(limit);
    fit_problem p = problem(context, i < 2 ? 3 : N, 0);
    options.kernel_precision = i % 2 ? "double" : "mixed";
    size_t bytes = 0;
    const ntk_status status = ntk_train_memory(context, &p.spec, N, &options, &bytes);
    if (i < 2) {
      assert_int_equal(status, NTK_ERR_MEMORY);
      needs[i] = bytes;
      limit = i == 1 ? (needs[0] + needs[1]) / 2 : limit;
    } else {
      assert_ok(status);
      options.kernel_precision = NULL;
      ntk_train_result r = fit_run(&p, options);
      assert_string_equal(r.kernel_precision, i == 2 ? "mixed" : "double");
      ntk_train_clear(&r);
      const size_t peak = ntk_memory_peak(context);
      if (!(peak <= bytes && (double)bytes < 1.5 * (double)peak))
        fail_msg("%zu bytes forecast, %zu held", bytes, peak);
      limit = 0;
    }
    fit_destroy(&p);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
  }
  assert_true(needs[0] < needs[1]);
}

static void test_memory(void **state) {
  (void)state;
  check_memory((ntk_train_options){.optimizer = "adam", .lr = 1e-6, .epochs = 2, .track = 2});
  check_memory((ntk_train_options){.optimizer = "lm", .epochs = 1});
}

/* The same samples from the last to the first: what double's own rounding makes of it. */
static void reverse(fit_problem *p) {
  const size_t N = p->N, d = p->spec.width[0];
  const double *X = ntk_dataset_values(p->data);
  double *Z = make_array(N * d), *Y = make_array(N);
  for (size_t i = 0; i < N; i++) {
    memcpy(Z + i * d, X + (N - 1 - i) * d, d * sizeof *Z);
    Y[i] = p->Y[N - 1 - i];
  }
  ntk_dataset_destroy(p->data);
  free(p->Y);
  p->Y = Y;
  assert_ok(ntk_dataset_from_array(p->context, Z, N, d, &p->data));
  free(Z);
}

/* Losses of steps by factors in single are those of steps by factors in double, but for what
 * rounding makes of them: to the last, near 0. */
static void test_lm(void **state) {
  (void)state;
  ntk_context *context = limited(0);
  bool fell = false;
  for (int e = 0; e <= 8; e++) {
    ntk_train_result r[3];
    for (int i = 0; i < 3; i++) {
      fit_problem p = problem(context, 100, e);
      if (e % 2) /* they fit, and the damping falls */
        p.Y[0] = p.Y[1];
      if (i == 2)
        reverse(&p);
      r[i] = fit_run(&p, (ntk_train_options){.optimizer = "lm",
                                             .kernel_precision = i == 1 ? "mixed" : "double",
                                             .epochs = 7});
      fit_destroy(&p);
    }
    assert_string_equal(r[0].kernel_precision, "double");
    assert_string_equal(r[1].kernel_precision, "mixed"); /* the first steps at least */
    fell |= r[1].kernel_reason[0] != '\0';
    size_t epochs = r[0].epochs; /* near 0 rounding ends them at one or another */
    for (int i = 1; i < 3; i++)
      epochs = r[i].epochs < epochs ? r[i].epochs : epochs;
    double rounding = 1e4 * DBL_EPSILON; /* of outputs, 100 of them */
    for (size_t t = 1; t <= epochs; t++) {
      const double loss = sqrt(r[0].loss[t]);
      rounding = fmax(rounding, 10.0 * fabs(sqrt(r[2].loss[t]) - loss));
      assert_near(sqrt(r[1].loss[t]), loss, 1e-12 * sqrt(r[0].loss[t - 1]) + rounding,
                  "loss of lm");
    }
    for (int i = 0; i < 3; i++)
      ntk_train_clear(&r[i]);
  }
  assert_true(fell);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

static void test_refused(void **state) {
  (void)state;
  const char *member = NULL;
  assert_refused(
      ntk_train_options_check(&(ntk_train_options){.kernel_precision = "single"}, &member),
      NTK_ERR_ARGUMENT, "auto, double, mixed");
  assert_string_equal(member, "kernel_precision");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tracked), cmocka_unit_test(test_close_rows),
      cmocka_unit_test(test_memory),  cmocka_unit_test(test_lm),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
