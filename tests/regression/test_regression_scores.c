/* What ntk_regression tells of its predictions: losses, errors, accuracies, and for which labels.
 * Property: everything scales with the labels, down to where double precision ends, and what
 * overflows is refused; of labels 0 the error is the outputs' length; an output of 0 is not nearer
 * to 1 than to -1; more test samples than training samples, and others of another dimension. */
#include "one_context.h"

#include "plain_regression.h"

static const double time_at = 0.02;

/* Every number of the result but the losses, which are squares, times 2^-power. */
static void check_scaled(const problem *p, ntk_regression_options options, int power) {
  double *Y = make_array(p->rows), *test_Y = make_array(p->tests);
  ntk_regression_result r = {0}, scaled = {0};
  options.centered = true;
  options.test_labels = p->test_Y;
  assert_ok(ntk_regression(one, p->network, p->data, p->Y, p->test, &options, &r));
  for (size_t i = 0; i < p->rows; i++)
    Y[i] = ldexp(p->Y[i], power);
  for (size_t i = 0; i < p->tests; i++)
    test_Y[i] = ldexp(p->test_Y[i], power);
  options.test_labels = test_Y;
  assert_ok(ntk_regression(one, p->network, p->data, Y, p->test, &options, &scaled));
  for (size_t i = 0; i < p->tests; i++)
    assert_near(ldexp(scaled.prediction[i], -power), r.prediction[i], 1e-12, "a prediction");
  assert_near(scaled.chosen.train_error, r.chosen.train_error, 1e-12, "training error");
  assert_near(scaled.chosen.test_error, r.chosen.test_error, 1e-12, "test error");
  assert_near(ldexp(scaled.chosen.norm, -power), r.chosen.norm, 1e-12 * r.chosen.norm, "norm");
  if (power > -500) /* the root of the loss is a number of its own */
    assert_near(ldexp(sqrt(scaled.chosen.test_loss), -power), sqrt(r.chosen.test_loss), 1e-12,
                "loss");
  assert_true(scaled.residual > 0.0 && scaled.residual < 1e-12);
  assert_true(r.chosen.test_error > 0.1 && r.chosen.norm > 0.0 && scaled.chosen.train_error > 0.0);
  ntk_regression_clear(&r);
  ntk_regression_clear(&scaled);
  free(Y);
  free(test_Y);
}

static void test_scaled(void **state) {
  (void)state;
  static const int powers[] = {-560, -498, 60, 498};
  problem p = make_problem(one, 2, 11);
  const ntk_network_spec spec = general_spec(&p.g, 11);
  const ntk_regression_options ways[] = {{.ridge = 0.1},
                                         {.ridge = 0.0},
                                         {.time = &time_at, .times = 1},
                                         {.limit = &spec, .ridge = 0.1},
                                         {.limit = &spec, .time = &time_at, .times = 1}};
  for (size_t way = 0; way < COUNT(ways); way++)
    for (size_t k = 0; k < COUNT(powers); k++)
      check_scaled(&p, ways[way], powers[k]);
  drop_problem(&p);
}

/* The squares of 1e200 are no numbers. */
static void test_overflow(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 11);
  double Y[TRAIN], test_Y[TESTS];
  ntk_regression_result r = {.samples = 77};
  for (size_t i = 0; i < TRAIN; i++)
    Y[i] = 1e200 * p.Y[i];
  for (size_t i = 0; i < TESTS; i++)
    test_Y[i] = 1e200 * p.test_Y[i];
  const ntk_regression_options own = {.ridge = 0.1}, test = {.ridge = 0.1, .test_labels = test_Y};
  assert_refused(ntk_regression(one, p.network, p.data, Y, p.test, &own, &r), NTK_ERR_NOT_FINITE,
                 "the labels, less the outputs to begin with, are too large");
  assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, &test, &r), NTK_ERR_NOT_FINITE,
                 "the test labels are too large");
  assert_int_equal(r.samples, 77);
  drop_problem(&p);
}

/* Before anything is fitted the errors are those of f0. */
static void test_nothing(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 11);
  const double begin = 0.0, none[MOST_ROWS] = {0.0};
  const ntk_regression_options options = {.time = &begin, .times = 1, .test_labels = none};
  ntk_regression_result r = {0};
  assert_ok(ntk_regression(one, p.network, p.data, none, p.test, &options, &r));
  assert_near(r.chosen.train_error, sqrt(dot(p.f0, p.f0, p.rows)), 1e-12, "training error");
  assert_near(r.chosen.test_error, sqrt(dot(p.f0_test, p.f0_test, p.tests)), 1e-12, "test error");
  assert_true(r.chosen.norm == 0.0 && isnan(r.chosen.test_accuracy));
  assert_true(r.seconds > 0.0 && r.seconds >= r.seconds_kernel + r.seconds_solve);
  ntk_regression_clear(&r);
  drop_problem(&p);
}

/* At x = 0 a network of tanh without biases is 0, and so is J: f = 0, of the class that is not 1.
 */
static void test_zero(void **state) {
  (void)state;
  enum { M = 40 };
  const size_t width[] = {4, 8, 9};
  double *X = make_array(M * 4), signs[TRAIN], labels[M];
  ntk_network *network = make_network(one, 3, width, "tanh", "standard", 3);
  ntk_dataset *data = NULL, *test = make_data(one, X, M, 4);
  ntk_regression_result r = {0};
  assert_ok(ntk_dataset_generate(one, "gaussian", TRAIN, 4, 1, &data));
  for (size_t i = 0; i < TRAIN; i++)
    signs[i] = i % 2 == 0 ? 1.0 : -1.0;
  for (size_t i = 0; i < M; i++) /* three of four are -1; M > N */
    labels[i] = i % 4 == 0 ? 1.0 : -1.0;
  const ntk_regression_options options = {.ridge = 0.1, .test_labels = labels};
  assert_ok(ntk_regression(one, network, data, signs, test, &options, &r));
  assert_near(r.chosen.test_accuracy, 0.75, 0.0, "accuracy");
  assert_near(r.chosen.test_loss, 0.5 * M, 1e-12, "loss");
  assert_near(r.chosen.test_error, 1.0, 1e-15, "error");
  ntk_regression_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  free(X);
}

/* Two outputs that are 1 at once are of no class. */
static void test_coding(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 11);
  ntk_regression_result r = {0};
  for (size_t i = 0; i < p.rows; i++)
    p.Y[i] = i % 2 == (i / 2) % 2 ? 1.0 : 0.0;
  for (size_t i = 0; i < p.tests; i++)
    p.test_Y[i] = i % 2 == 0 ? 1.0 : 0.0;
  const ntk_regression_options options = {.ridge = 0.1, .test_labels = p.test_Y};
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  assert_true(r.chosen.train_accuracy >= 0.0 && r.chosen.test_accuracy >= 0.0);
  ntk_regression_clear(&r);
  p.test_Y[1] = 1.0;
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  assert_true(r.chosen.train_accuracy >= 0.0 && isnan(r.chosen.test_accuracy));
  ntk_regression_clear(&r);
  p.test_Y[0] = p.test_Y[1] = 0.0;
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  assert_true(isnan(r.chosen.test_accuracy));
  ntk_regression_clear(&r);
  drop_problem(&p);
}

/* The test data have a dimension, too. */
static void test_dimension(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 11);
  const ntk_network_spec spec = general_spec(&p.g, 11);
  const ntk_regression_options limit = {.limit = &spec, .ridge = 0.1};
  ntk_dataset *other = NULL;
  ntk_regression_result r = {0};
  for (size_t d = 3; d <= 5; d += 2) {
    assert_ok(ntk_dataset_generate(one, "gaussian", TESTS, d, 1, &other));
    assert_refused(ntk_regression(one, p.network, p.data, p.Y, other, NULL, &r), NTK_ERR_SHAPE,
                   "4");
    assert_refused(ntk_regression(one, NULL, p.data, p.Y, other, &limit, &r), NTK_ERR_SHAPE, "4");
    assert_refused(ntk_regression(one, p.network, other, p.Y, p.test, NULL, &r), NTK_ERR_SHAPE,
                   "4");
    ntk_dataset_destroy(other);
  }
  make_twins(one, &p); /* a K that is refused, too, had it been looked at */
  assert_ok(ntk_dataset_generate(one, "gaussian", TESTS, 3, 1, &other));
  assert_refused(ntk_regression(one, p.network, p.data, p.Y, other, NULL, &r), NTK_ERR_SHAPE, "4");
  ntk_dataset_destroy(other);
  drop_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scaled),  cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_nothing), cmocka_unit_test(test_zero),
      cmocka_unit_test(test_coding),  cmocka_unit_test(test_dimension),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
