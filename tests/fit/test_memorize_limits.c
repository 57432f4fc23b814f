/* Memorisation where it ends: labels that cannot be fitted, memory, failures on the way.
 * Properties: what cannot be is refused or not reached with its reason; memory is predicted and is
 * given back whatever happens; equal samples count once, nearly equal ones are told apart as far as
 * rounding lets them be. */
#include "memorize_limits.h"

/* ---- Impossible ------------------------------------------------------------------------------ */

static void expect_refused(const fit_problem *p, const ntk_network_spec *spec, const double *Y,
                           const ntk_memorize_options *options, ntk_status status,
                           const char *says) {
  ntk_network *network = NULL;
  ntk_memorize_result result = {.t = -7.0};
  assert_refused(ntk_memorize(p->context, spec, p->data, Y, 1, options, &network, &result), status,
                 says);
  assert_null(network);
  assert_true(result.t == -7.0);
}

static void test_refusals(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 40, 3, width, "tanh");
  ntk_network_spec spec = spec_of(&p);
  expect_refused(&p, &spec, p.Y, &(ntk_memorize_options){.eps = -1.0}, NTK_ERR_ARGUMENT, "eps");
  expect_refused(&p, &spec, p.Y, &(ntk_memorize_options){.eps = NAN}, NTK_ERR_ARGUMENT, "eps");
  expect_refused(&p, &spec, p.Y, &(ntk_memorize_options){.eps = INFINITY}, NTK_ERR_ARGUMENT, "eps");
  static const size_t odd[] = {20, 24, 21}, other[] = {21, 24, 20};
  spec.width = odd;
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_SHAPE, "21");
  spec.width = other;
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_SHAPE, "n_0 = 21");
  spec = spec_of(&p);
  spec.activation = "cube";
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_ARGUMENT, "cube");
  spec = spec_of(&p);
  ntk_network *network = NULL;
  ntk_memorize_result result;
  assert_refused(ntk_memorize(p.context, &spec, p.data, p.Y, 0, NULL, &network, &result),
                 NTK_ERR_ARGUMENT, "1 and up");
  p.Y[17] = NAN;
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_NOT_FINITE, "label 18");
  free_problem(&p);
}

static void expect_not_reached(const fit_problem *p, const char *says) {
  ntk_memorize_result result;
  ntk_network *network = memorize(p, NULL, &result);
  assert_false(result.reached);
  if (strstr(result.reason, says) == NULL)
    fail_msg("reason '%s' does not say '%s'", result.reason, says);
  double relative, largest; /* the best found is what is returned */
  plain_errors(p, network, &relative, &largest);
  assert_true(relative <= 1.0);
  assert_near(result.relative_error, relative, 1e-3 * relative, "relative error");
  ntk_network_destroy(network);
}

/* Fewer parameters than samples; a linear network, unless the labels are linear in x. */
static void test_not_reached(void **state) {
  (void)state;
  fit_problem many = make_problem(1, 300, 3, width, "tanh");
  expect_not_reached(&many, "300 different samples, and n_{L-2} m = 240 parameters");
  free_problem(&many);
  fit_problem linear = make_problem(1, 100, 3, width, "identity");
  expect_not_reached(&linear, "linear network");
  free_problem(&linear);
  fit_problem few = make_problem(1, 15, 3, width, "identity"); /* N <= d: anything is linear */
  ntk_memorize_result result;
  ntk_network *network = memorize(&few, NULL, &result);
  assert_true(result.reached);
  ntk_network_destroy(network);
  free_problem(&few);
}

/* Up to 2 % below the number of parameters; the last few samples may be too close to singular. */
static void test_capacity(void **state) {
  (void)state;
  fit_problem p = make_problem(2, 235, 3, width, "tanh");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result);
  if (!result.reached)
    fail_msg("%s", result.reason);
  ntk_network_destroy(network);
  free_problem(&p);
}

/* Labels of any size are alike; 0 is fitted by D = 0. */
static void test_size_of_labels(void **state) {
  (void)state;
  static const double sizes[] = {0.0, 1e-305, 1e-200, 1e-150, 1e-3, 1e3, 1e100, 1e200, 1e304};
  for (size_t k = 0; k < COUNT(sizes); k++) {
    fit_problem p = make_problem(1, 100, 3, width, "tanh");
    for (size_t i = 0; i < p.N; i++)
      p.Y[i] *= sizes[k];
    for (int iterative = 0; iterative <= 1; iterative++) {
      ntk_memorize_result result;
      ntk_network *network =
          memorize(&p, &(ntk_memorize_options){.iterative = iterative == 1}, &result);
      if (!result.reached)
        fail_msg("labels times %g: %s", sizes[k], result.reason);
      assert_true(result.relative_error <= 1e-10 && isfinite(result.t));
      ntk_network_destroy(network);
    }
    free_problem(&p);
  }
}

/* Where nothing is nearer to the labels than outputs 0, these are what is returned: labels so large
 * that W_L would overflow; samples so large that all units are saturated. */
static void test_nothing_found(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    fit_problem p = make_problem(1, 50, 3, width, "tanh");
    for (size_t i = 0; i < p.N; i++)
      p.Y[i] = k < 2 ? (i % 2 == 0 ? 1.7e308 : -1.7e308) : p.Y[i];
    for (size_t e = 0; k >= 2 && e < p.N * width[0]; e++)
      p.X[e] = (e % 2 == 0 ? 1e30 : -1e30) * (double)(e + 1);
    ntk_dataset_destroy(p.data);
    p.data = make_data(p.context, p.X, p.N, width[0]);
    ntk_network_spec spec = spec_of(&p);
    const double beta[] = {1, k < 2 ? 1 : 1e30, 1};
    spec.beta = beta;
    ntk_network *network = NULL;
    ntk_memorize_result result;
    const ntk_memorize_options options = {.iterative = k % 2 == 1};
    assert_ok(ntk_memorize(p.context, &spec, p.data, p.Y, 1, &options, &network, &result));
    assert_true(!result.reached && result.relative_error == 1.0 && result.t == 0.0);
    assert_non_null(strstr(result.reason, "nothing better than outputs 0"));
    double *F = make_array(p.N);
    assert_ok(ntk_network_output(network, p.data, F));
    for (size_t i = 0; i < p.N; i++)
      assert_true(F[i] == 0.0);
    free(F);
    ntk_network_destroy(network);
    free_problem(&p);
  }
}

/* ---- Reasons --------------------------------------------------------------------------------- */

static void expect_reason(fit_problem *p, const double *beta, bool iterative, const char *says) {
  ntk_dataset_destroy(p->data);
  p->data = make_data(p->context, p->X, p->N, p->width[0]);
  ntk_network_spec spec = spec_of(p);
  spec.beta = beta;
  const ntk_memorize_options options = {.iterative = iterative};
  ntk_network *network = NULL;
  ntk_memorize_result result;
  assert_ok(ntk_memorize(p->context, &spec, p->data, p->Y, 1, &options, &network, &result));
  assert_false(result.reached);
  assert_true(result.relative_error <= 1.0);
  if (strstr(result.reason, says) == NULL || strstr(result.reason, "nan") != NULL)
    fail_msg("reason '%s' does not say '%s'", result.reason, says);
  ntk_network_destroy(network);
}

/* A sample at 0: after tanh it stays there; with L = 2 the construction multiplies by it. Where
 * sigmoid takes it to 1/2, and where its label is 0, nothing is wrong with it. */
static void test_zero_sample(void **state) {
  (void)state;
  static const size_t shallow[] = {24, 20};
  for (int iterative = 0; iterative <= 1; iterative++) {
    fit_problem p = make_problem(1, 40, 3, width, "tanh");
    memset(p.X + 7 * width[0], 0, width[0] * sizeof(double));
    expect_reason(&p, NULL, iterative == 1, "sample 8 is zero and phi(0) = 0: its output is 0");
    ntk_memorize_result result;
    p.phi = "sigmoid";
    ntk_network_destroy(memorize(&p, NULL, &result));
    assert_true(result.reached);
    free_problem(&p);
    p = make_problem(1, 40, 2, shallow, "sigmoid");
    memset(p.X + 7 * shallow[0], 0, shallow[0] * sizeof(double));
    expect_reason(&p, NULL, iterative == 1, "sample 8 is zero and L = 2");
    p.Y[7] = 0.0;
    const ntk_memorize_options options = {.iterative = iterative == 1};
    ntk_network_destroy(memorize(&p, &options, &result));
    if (!result.reached)
      fail_msg("%s", result.reason);
    free_problem(&p);
  }
}

static void test_saturated(void **state) {
  (void)state;
  static const double beta[] = {1, 1e6, 1};
  for (int iterative = 0; iterative <= 1; iterative++) {
    fit_problem p = make_problem(1, 40, 3, width, "tanh");
    for (size_t j = 0; j < width[0]; j++)
      p.X[3 * width[0] + j] *= 1e3;
    expect_reason(&p, beta, iterative == 1, "a smaller beta");
    free_problem(&p);
  }
}

/* As test_nearly_equal_samples, but with one label for both: it is named even where it is not what
 * takes most. */
static void test_near_pair_with_one_label(void **state) {
  (void)state;
  static const double deltas[] = {1e-6, 1e-9, 1e-12};
  for (size_t k = 0; k < COUNT(deltas); k++)
    for (int iterative = 0; iterative <= 1; iterative++) {
      fit_problem p = make_problem(1, 100, 3, width, "tanh");
      for (size_t j = 0; j < width[0]; j++)
        p.X[20 * width[0] + j] = p.X[10 * width[0] + j] * (1.0 + deltas[k]);
      p.Y[20] = p.Y[10];
      ntk_dataset_destroy(p.data);
      p.data = make_data(p.context, p.X, p.N, width[0]);
      const ntk_memorize_options options = {.iterative = iterative == 1, .eps = 1e-15};
      ntk_memorize_result result;
      ntk_network_destroy(memorize(&p, &options, &result));
      assert_false(result.reached);
      if (strstr(result.reason, "samples 11 and 21 (from 1) differ by ") == NULL)
        fail_msg("%g: %s", deltas[k], result.reason);
      free_problem(&p);
    }
}

/* More samples than parameters: conjugate gradients are not run for nothing. */
static void test_iterative_gives_up(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 300, 3, width, "tanh");
  expect_reason(&p, NULL, true, "300 different samples, and n_{L-2} m = 240 parameters");
  free_problem(&p);
}

static void test_equal_samples(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 100, 3, width, "tanh");
  repeat_rows(&p, 40);
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result);
  assert_true(result.reached);
  assert_int_equal(result.samples, 60);
  double relative, largest;
  plain_errors(&p, network, &relative, &largest);
  assert_near(result.relative_error, relative, 1e-11, "of all samples, equal ones too");
  ntk_network_destroy(network);
  const ntk_network_spec spec = spec_of(&p);
  p.Y[55] += 1e-9;
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_ARGUMENT, "samples 3 and 56 (from 1) are equal");
  assert_int_equal(ntk_error_last().sample[0], 2);
  assert_int_equal(ntk_error_last().sample[1], 55);
  p.Y[2] = 0.1;
  for (size_t i = 50; i < 90; i++)
    p.Y[i] = p.Y[(i - 50) % 3];
  p.Y[55] += 1e-9;
  expect_refused(&p, &spec, p.Y, NULL, NTK_ERR_ARGUMENT,
                 "labels 0.10000000000000001 and 0.10000000100000001");
  free_problem(&p);
}

/* As many copies of 60 samples as make them more than the parameters are still fitted. */
static void test_copies_do_not_count(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 400, 3, width, "tanh");
  repeat_rows(&p, 350);
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result);
  assert_true(result.reached && result.samples == 50);
  ntk_network_destroy(network);
  free_problem(&p);
}

/* A pair at a distance of delta times the typical, with labels of their own: D is of order
 * 1 / delta, so what is cubic in it asks for t of order delta^(3/2), and rounding u / t stays.
 * Reached, or else said why; where rounding wins, the others are still fitted. */
static void test_nearly_equal_samples(void **state) {
  (void)state;
  static const double deltas[] = {1e-2, 1e-3, 1e-6, 1e-9, 1e-13};
  for (size_t k = 0; k < COUNT(deltas); k++) {
    fit_problem p = make_problem(1, 100, 3, width, "tanh");
    for (size_t j = 0; j < width[0]; j++)
      p.X[20 * width[0] + j] = p.X[10 * width[0] + j] * (1.0 + deltas[k]);
    ntk_dataset_destroy(p.data);
    p.data = make_data(p.context, p.X, p.N, width[0]);
    ntk_memorize_result result;
    ntk_network *network = memorize(&p, NULL, &result);
    double relative, largest;
    plain_errors(&p, network, &relative, &largest);
    assert_true(largest <= result.max_error + result.rounding);
    assert_true(result.reached == (result.relative_error <= 1e-10));
    assert_true(result.reached == (result.reason[0] == '\0'));
    if (deltas[k] >= 1e-3)
      assert_true(result.reached);
    if (deltas[k] >= 1e-6)
      assert_true(result.relative_error < fmax(1e-10, 100.0 * U * pow(deltas[k], -1.5)));
    if (deltas[k] <= 1e-9)
      assert_true(strstr(result.reason, "samples 11 and 21 (from 1) differ by ") != NULL);
    assert_true(result.relative_error < 0.5); /* the other 98 are fitted */
    ntk_network_destroy(network);
    free_problem(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_not_reached),
      cmocka_unit_test(test_capacity),
      cmocka_unit_test(test_size_of_labels),
      cmocka_unit_test(test_nothing_found),
      cmocka_unit_test(test_zero_sample),
      cmocka_unit_test(test_saturated),
      cmocka_unit_test(test_near_pair_with_one_label),
      cmocka_unit_test(test_iterative_gives_up),
      cmocka_unit_test(test_equal_samples),
      cmocka_unit_test(test_copies_do_not_count),
      cmocka_unit_test(test_nearly_equal_samples),
  };
  return cmocka_run_group_tests_name("memorize_limits", tests, NULL, NULL);
}
