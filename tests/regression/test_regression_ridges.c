/* Kernel regression with several ridges (ntk_regression_options.ridge_list).
 * Property: errors and accuracies of one left out are those of as many regressions on all training
 * samples but one, with a ridge or none, of one output and of several, of K and its limit; each
 * point is what its ridge gives alone, coefficients to the bit; the chosen one, of predictions, has
 * the least error of one left out. */
#include "one_context.h"

#include "plain_regression.h"

enum { D = 5, M = 6, MOST = 70 };

typedef struct setting {
  size_t N, n;
  bool limit, centered, coded;
  double ridge;
} setting;

/* Of a limit with an activation whose limit has a closed form. */
static ntk_network_spec spec_of(size_t n, bool limit) {
  static const size_t width[] = {D, 40, 50};
  return (ntk_network_spec){.depth = 3,
                            .width = width,
                            .activation = limit ? "relu" : "tanh",
                            .init = "lecun",
                            .outputs = n,
                            .parameterization = "ntk",
                            .seed = 4};
}

/* Numbers, or of each sample 1 in one place and -1 elsewhere; of one output signs. */
static double *make_labels(const setting *s) {
  double *Y = make_normal(3, s->N * s->n);
  for (size_t i = 0; i < s->N && s->coded; i++)
    for (size_t c = 0; c < s->n; c++)
      Y[i * s->n + c] = s->n == 1 ? (Y[i] > 0.0 ? 1.0 : -1.0) : i * i % s->n == c ? 1.0 : -1.0;
  return Y;
}

/* Whether f is nearer to this sample's code, or has its largest output there. */
static bool agrees(size_t n, const double *f, const double *y) {
  size_t most = 0, one_at = 0;
  if (n == 1)
    return (f[0] > 0.0) == (y[0] > 0.0);
  for (size_t c = 1; c < n; c++) {
    most = f[c] > f[most] ? c : most;
    one_at = y[c] > y[one_at] ? c : one_at;
  }
  return most == one_at;
}

/* One regression for each sample, on the others. */
static void leave_out(const setting *s, const ntk_network *network,
                      const ntk_regression_options *options, const double *X, const double *Y,
                      double *error, double *accuracy) {
  double rest[MOST * D], labels[MOST * 3], sum = 0.0, all = 0.0;
  size_t right = 0;
  for (size_t i = 0; i < s->N; i++) {
    ntk_regression_result r = {0};
    for (size_t k = 0, at = 0; k < s->N; k++) {
      if (k == i)
        continue;
      memcpy(rest + at * D, X + k * D, D * sizeof *X);
      memcpy(labels + at++ * s->n, Y + k * s->n, s->n * sizeof *Y);
    }
    ntk_dataset *data = make_data(one, rest, s->N - 1, D), *test = make_data(one, X + i * D, 1, D);
    assert_ok(ntk_regression(one, network, data, labels, test, options, &r));
    for (size_t c = 0; c < s->n; c++) {
      sum += pow(r.prediction[c] - Y[i * s->n + c], 2);
      all += pow(Y[i * s->n + c], 2);
    }
    right += agrees(s->n, r.prediction, Y + i * s->n);
    ntk_regression_clear(&r);
    ntk_dataset_destroy(data);
    ntk_dataset_destroy(test);
  }
  *error = sqrt(sum / all);
  *accuracy = (double)right / (double)s->N;
}

static void check_left_out(const setting *s) {
  const ntk_network_spec spec = spec_of(s->n, s->limit);
  const ntk_regression_options alone = {
      .limit = s->limit ? &spec : NULL, .centered = s->centered, .ridge = s->ridge};
  ntk_regression_options listed = alone;
  ntk_network *network = NULL;
  ntk_regression_result r = {0};
  double error = NAN, accuracy = NAN;
  double *X = make_normal(2, s->N * D), *Y = make_labels(s);
  ntk_dataset *data = make_data(one, X, s->N, D), *test = make_data(one, X, 1, D);
  assert_ok(ntk_network_create(one, &spec, &network));
  const ntk_network *first = s->limit && s->centered ? NULL : network;
  listed.ridge = 0.0;
  listed.ridge_list = &alone.ridge;
  listed.ridges = 1;
  assert_ok(ntk_regression(one, first, data, Y, test, &listed, &r));
  leave_out(s, first, &alone, X, Y, &error, &accuracy);
  assert_true(error > 0.05);
  assert_near(r.chosen.loo_error, error, 1e-9 * error, "error of one left out");
  if (s->coded)
    assert_near(r.chosen.loo_accuracy, accuracy, 1e-15, "accuracy of one left out");
  else
    assert_true(isnan(r.chosen.loo_accuracy));
  ntk_regression_clear(&r);
  assert_ok(ntk_regression(one, first, data, Y, test, &alone, &r));
  assert_true(isnan(r.chosen.loo_error) && isnan(r.chosen.loo_accuracy));
  ntk_regression_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  free(X);
  free(Y);
}

/* Rows that are one block of columns, several, and such that samples do not end with 64 rows. */
static void test_left_out(void **state) {
  (void)state;
  const setting settings[] = {
      {.N = 20, .n = 1, .ridge = 0.4},
      {.N = 70, .n = 1, .ridge = 0.0, .coded = true},
      {.N = 24, .n = 3, .ridge = 0.5, .coded = true},
      {.N = 23, .n = 3, .ridge = 0.0, .centered = true},
      {.N = 66, .n = 2, .ridge = 0.3, .limit = true, .centered = true, .coded = true},
      {.N = 12, .n = 3, .ridge = 0.0, .limit = true},
      {.N = 1, .n = 1, .ridge = 0.2, .limit = true, .centered = true},
  };
  for (size_t k = 0; k + 1 < COUNT(settings); k++)
    check_left_out(&settings[k]);
  /* Of one sample nothing is left to fit: f0, which is 0. */
  const setting *single = &settings[COUNT(settings) - 1];
  const ntk_network_spec spec = spec_of(1, true);
  double X[D] = {1.0, -0.5, 0.3, 0.2, 1.0}, Y = 3.0;
  ntk_dataset *data = make_data(one, X, 1, D);
  ntk_regression_result r = {0};
  const ntk_regression_options o = {.limit = &spec, .ridge_list = &single->ridge, .ridges = 1};
  assert_ok(ntk_regression(one, NULL, data, &Y, data, &o, &r));
  assert_near(r.chosen.loo_error, 1.0, 1e-14, "error of the only one");
  ntk_regression_clear(&r);
  ntk_dataset_destroy(data);
}

static void check_points(size_t n, bool limit) {
  static const double ridge[] = {0.0, 0.02, 0.7, 5.0, 400.0};
  enum { N = 40, POINTS = COUNT(ridge) };
  const ntk_network_spec spec = spec_of(n, limit);
  ntk_network *network = NULL;
  ntk_dataset *data = NULL, *test = NULL;
  ntk_regression_result r = {0};
  double *Y = make_normal(7, N * n), *test_Y = make_normal(8, M * n);
  assert_ok(ntk_network_create(one, &spec, &network));
  assert_ok(ntk_dataset_generate(one, "gaussian", N, D, 1, &data));
  assert_ok(ntk_dataset_generate(one, "gaussian", M, D, 2, &test));
  ntk_regression_options o = {
      .limit = limit ? &spec : NULL, .test_labels = test_Y, .ridge_list = ridge, .ridges = POINTS};
  assert_ok(ntk_regression(one, network, data, Y, test, &o, &r));
  assert_int_equal(r.points, POINTS);
  o.ridges = 0;
  size_t least = 0;
  for (size_t k = 0; k < POINTS; k++) {
    ntk_regression_result alone = {0};
    const ntk_regression_point *p = &r.point[k];
    least = p->loo_error < r.point[least].loo_error ? k : least;
    o.ridge = ridge[k];
    assert_ok(ntk_regression(one, network, data, Y, test, &o, &alone));
    assert_true(p->ridge == ridge[k] && isnan(p->time) && alone.chosen.ridge == ridge[k]);
    assert_true(p->train_loss == alone.chosen.train_loss && p->norm == alone.chosen.norm);
    assert_near(p->test_error, alone.chosen.test_error, 1e-11, "test error"); /* summed otherwise */
    if (r.ridge == ridge[k]) {
      assert_memory_equal(r.coefficient, alone.coefficient, N * n * sizeof *Y);
      assert_memory_equal(r.fitted, alone.fitted, N * n * sizeof *Y);
      for (size_t i = 0; i < M * n; i++)
        assert_near(r.prediction[i], alone.prediction[i], 1e-11, "prediction");
      assert_true(r.residual == alone.residual && r.resolution == alone.resolution);
    }
    if (k == 0)
      assert_true(r.lambda_min == alone.lambda_min && r.lambda_max == alone.lambda_max);
    ntk_regression_clear(&alone);
  }
  assert_true(least > 0 && r.ridge == ridge[least] && r.chosen.ridge == ridge[least]);
  assert_true(r.chosen.loo_error == r.point[least].loo_error);
  ntk_regression_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  free(Y);
  free(test_Y);
}

static void test_points(void **state) {
  (void)state;
  for (size_t n = 1; n <= 2; n++) {
    check_points(n, false);
    check_points(n, true);
  }
}

/* Errors are parts of the labels, whatever their size. */
static void test_scaled(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 31);
  const double ridge[] = {0.5, 0.1};
  double wanted = NAN;
  for (int power = 0; power >= -560; power -= 560) {
    ntk_regression_result r = {0};
    const ntk_regression_options o = {.ridge_list = ridge, .ridges = 2, .centered = true};
    double Y[TRAIN];
    for (size_t i = 0; i < TRAIN; i++)
      Y[i] = ldexp(p.Y[i], power);
    assert_ok(ntk_regression(one, p.network, p.data, Y, p.test, &o, &r));
    wanted = power == 0 ? r.chosen.loo_error : wanted;
    assert_near(r.chosen.loo_error, wanted, 1e-12, "error of one left out");
    ntk_regression_clear(&r);
  }
  drop_problem(&p);
}

static void test_refusals(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 3);
  const double ridge[] = {1.0, -2.0, NAN, 1e-20}, time = 1.0;
  const struct {
    ntk_regression_options options;
    ntk_status status;
    const char *says;
  } cases[] = {
      {{.ridge_list = ridge, .ridges = 2}, NTK_ERR_ARGUMENT, "ridge 2 (from 1) is -2"},
      {{.ridge_list = ridge, .ridges = 3}, NTK_ERR_ARGUMENT, "ridge 2"},
      {{.ridge_list = ridge + 2, .ridges = 1}, NTK_ERR_ARGUMENT, "is nan; accepted: 0 and up"},
      {{.ridges = 1}, NTK_ERR_ARGUMENT, "without a list; accepted: both"},
      {{.ridge = 1.0, .ridge_list = ridge, .ridges = 1}, NTK_ERR_ARGUMENT, "one of both"},
      {{.ridge_list = ridge, .ridges = 1, .time = &time, .times = 1}, NTK_ERR_ARGUMENT, "one of"},
      {{.ridge_list = ridge + 3, .ridges = 1}, NTK_ERR_NUMERIC, "the ridge, 1e-20, is below"},
  };
  ntk_regression_result r = {.samples = 77};
  for (size_t i = 0; i < COUNT(cases); i++) {
    assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, &cases[i].options, &r),
                   cases[i].status, cases[i].says);
    assert_string_equal(ntk_error_last().option, "ridge");
  }
  assert_int_equal(r.samples, 77);
  drop_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_left_out), cmocka_unit_test(test_points),
                                     cmocka_unit_test(test_scaled),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
