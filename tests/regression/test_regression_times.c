/* Kernel regression at times of gradient flow and descent (ntk_regression_options.time).
 * Property: outputs and coefficients are those of the linear model's own steps, one by one in long
 * double, and of its flow by short steps of a Taylor series; steps of ntk_train, where only the
 * last layer moves, so that the network is linear in what is trained, are these; late times are the
 * end of it, of a singular K too; several times are what each gives alone. */
#include "one_context.h"

#include "plain_regression.h"

/* theta after T steps of size eta scale: w and a. */
static void plain_steps(const problem *p, double eta, size_t T, long double *a) {
  long double K[MOST_ROWS * MOST_ROWS], left[MOST_ROWS];
  plain_kernel(p, K);
  for (size_t i = 0; i < p->rows; i++)
    a[i] = 0.0L;
  for (size_t t = 0; t < T; t++) {
    for (size_t i = 0; i < p->rows; i++) {
      left[i] = p->Y[i] - p->f0[i];
      for (size_t j = 0; j < p->rows; j++)
        left[i] -= K[i * p->rows + j] * a[j];
    }
    for (size_t i = 0; i < p->rows; i++)
      a[i] += eta * left[i];
  }
}

/* da/dT = r - K a, by steps of Taylor series that converge at once. */
static void plain_flow(const problem *p, double T, long double *a) {
  enum { STEPS = 400, TERMS = 30 };
  const long double h = (long double)T / STEPS;
  long double K[MOST_ROWS * MOST_ROWS], term[MOST_ROWS], next[MOST_ROWS];
  plain_kernel(p, K);
  for (size_t i = 0; i < p->rows; i++)
    a[i] = 0.0L;
  for (int s = 0; s < STEPS; s++) {
    for (size_t i = 0; i < p->rows; i++) { /* h a' */
      term[i] = p->Y[i] - p->f0[i];
      for (size_t j = 0; j < p->rows; j++)
        term[i] -= K[i * p->rows + j] * a[j];
      term[i] *= h;
    }
    for (int k = 1; k <= TERMS; k++) { /* h^k a^(k) / k! */
      for (size_t i = 0; i < p->rows; i++) {
        next[i] = 0.0L;
        for (size_t j = 0; j < p->rows; j++)
          next[i] -= K[i * p->rows + j] * term[j] * h / (k + 1);
      }
      for (size_t i = 0; i < p->rows; i++) {
        a[i] += term[i];
        term[i] = next[i];
      }
    }
  }
}

/* What the result has at its last time. */
static void check_last(const problem *p, const ntk_regression_result *r, const long double *a) {
  long double w[MOST_P], f[MOST_ROWS], g[MOST_ROWS], size = 1.0L;
  plain_weights(p, a, w);
  plain_outputs(p, p->J, p->f0, p->rows, w, f);
  plain_outputs(p, p->J_test, p->f0_test, p->tests, w, g);
  for (size_t i = 0; i < p->rows; i++)
    size = fmaxl(size, fabsl(a[i]));
  assert_all_near(r->coefficient, a, p->rows, 1e-11 * (double)size, "coefficients");
  assert_all_near(r->fitted, f, p->rows, 1e-10, "training outputs");
  assert_all_near(r->prediction, g, p->tests, 1e-10, "test outputs");
  long double sum = 0.0L;
  for (size_t i = 0; i < p->rows; i++)
    sum += (f[i] - p->Y[i]) * (f[i] - p->Y[i]);
  assert_near(r->chosen.train_error, (double)sqrtl(sum / (long double)dot(p->Y, p->Y, p->rows)),
              1e-11, "error");
  assert_true(r->residual < 1e-12);
}

static double lambda_max_of(const problem *p) {
  ntk_regression_result r = {0};
  assert_ok(ntk_regression(one, p->network, p->data, p->Y, p->test, NULL, &r));
  const double lambda = r.lambda_max;
  ntk_regression_clear(&r);
  return lambda;
}

/* Odd and even numbers of steps, some past 1 / lambda_max, where signs change. */
static void test_steps(void **state) {
  (void)state;
  static const double times[] = {0, 1, 2, 7, 60, 61}, sizes[] = {0.4, 1.0, 1.9};
  problem p = make_problem(one, 2, 9);
  const double most = lambda_max_of(&p);
  for (size_t mean = 0; mean < 2; mean++)
    for (size_t k = 0; k < COUNT(sizes); k++)
      for (size_t t = 0; t < COUNT(times); t++) {
        const double eta = sizes[k] / most;
        const ntk_regression_options options = {.loss = mean ? "mean" : "half-sum",
                                                .lr = mean ? eta * TRAIN / 2 : eta,
                                                .time = &times[t],
                                                .times = 1};
        ntk_regression_result r = {0};
        long double a[MOST_ROWS];
        assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
        plain_steps(&p, eta, (size_t)times[t], a);
        check_last(&p, &r, a);
        assert_near(r.chosen.time, times[t], 0.0, "time");
        ntk_regression_clear(&r);
      }
  drop_problem(&p);
}

static void test_flow(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 9);
  const double most = lambda_max_of(&p), times[] = {0.0, 1e-9 / most, 0.3 / most, 40.0 / most};
  for (size_t mean = 0; mean < 2; mean++)
    for (size_t t = 0; t < COUNT(times); t++) {
      const double time = mean ? times[t] * TRAIN / 2 : times[t];
      const ntk_regression_options options = {
          .loss = mean ? "mean" : NULL, .time = &time, .times = 1};
      ntk_regression_result r = {0};
      long double a[MOST_ROWS];
      assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
      plain_flow(&p, times[t], a);
      check_last(&p, &r, a);
      assert_true(r.residual > 0.0); /* rounding there must be */
      ntk_regression_clear(&r);
    }
  drop_problem(&p);
}

/* The largest step size is where steps begin to grow. */
static void test_largest(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 9);
  const double most = lambda_max_of(&p), time = 10.0;
  for (size_t mean = 0; mean < 2; mean++) {
    const double largest = (mean ? TRAIN : 2.0) / most;
    ntk_regression_options options = {
        .loss = mean ? "mean" : NULL, .lr = 0.999 * largest, .time = &time, .times = 1};
    ntk_regression_result r = {0};
    assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
    ntk_regression_clear(&r);
    options.lr = 1.001 * largest;
    assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r),
                   NTK_ERR_ARGUMENT, "diverge; accepted: below that");
  }
  drop_problem(&p);
}

/* All at once, and the last of them is where it ends. */
static void test_several(void **state) {
  (void)state;
  const double times[] = {0.01, 0.5, 1e12};
  for (size_t outputs = 1; outputs <= 3; outputs += 2) {
    problem p = make_problem(one, outputs, 9);
    ntk_regression_options options = {.time = times, .times = 3, .test_labels = p.test_Y};
    ntk_regression_result all = {0}, r = {0};
    assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &all));
    assert_int_equal(all.points, 3);
    for (size_t t = 0; t < 3; t++) {
      options.time = &times[t];
      options.times = 1;
      assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
      const ntk_regression_point *a = &all.point[t], *b = &r.chosen;
      assert_near(a->time, b->time, 0.0, "time");
      assert_near(a->train_loss, b->train_loss, 1e-12, "training loss");
      assert_near(a->test_loss, b->test_loss, 1e-10 * b->test_loss, "test loss");
      assert_near(a->norm, b->norm, 1e-12 * b->norm, "norm");
      ntk_regression_clear(&r);
    }
    options.times = 0;
    options.time = NULL;
    assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
    for (size_t i = 0; i < p.tests; i++)
      assert_near(all.prediction[i], r.prediction[i], 1e-9, "the end of the flow");
    assert_near(all.lambda_min, r.lambda_min, 1e-9 * r.lambda_min, "lambda_min");
    assert_near(all.lambda_max, r.lambda_max, 1e-9 * r.lambda_max, "lambda_max");
    ntk_regression_clear(&r);
    ntk_regression_clear(&all);
    drop_problem(&p);
  }
}

/* A network of which W_L and b_L alone are trained. */
static void test_train(void **state) {
  (void)state;
  enum { T = 25 };
  for (size_t mean = 0; mean < 2; mean++) {
    problem p = make_problem(one, 2, 9);
    const double scale[] = {0, 0, 0, 0, 1.5, 0.5}, time[] = {T}, lr = 0.05;
    ntk_network_spec spec = general_spec(&p.g, 9);
    spec.scale = scale;
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(one, &spec, &network));
    const ntk_regression_options options = {
        .loss = mean ? "mean" : NULL, .lr = lr, .time = time, .times = 1, .test_labels = p.test_Y};
    const ntk_train_options train = {
        .optimizer = "gd", .loss = mean ? "mean" : "half-sum", .lr = lr, .epochs = T};
    ntk_regression_result r = {0};
    ntk_train_result trained = {0};
    assert_ok(ntk_regression(one, network, p.data, p.Y, p.test, &options, &r));
    assert_ok(ntk_train(one, network, p.data, p.Y, &train, &trained));
    double *f = outputs_of(network, p.test, 2), *before = p.f0_test;
    assert_near(r.chosen.train_loss, trained.loss_final, 1e-12 * trained.loss_initial, "loss");
    assert_true(r.chosen.train_loss < 0.9 * trained.loss_initial);
    for (size_t i = 0; i < p.tests; i++) {
      assert_near(r.prediction[i], f[i], 1e-12, "test outputs of a trained network");
      assert_true(fabs(f[i] - before[i]) > 1e-3);
    }
    free(f);
    ntk_regression_clear(&r);
    ntk_train_clear(&trained);
    ntk_network_destroy(network);
    drop_problem(&p);
  }
}

/* However late it is: no loss is below that of the mean, and nothing moves any more. */
static void test_singular(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 9);
  make_twins(one, &p);
  const twins m = merge_twins(&p);
  const double apart = p.Y[0] - p.Y[1], times[] = {1e9, 1e12, 1e15, 1e18, 1e30, 1e300};
  for (size_t steps = 0; steps < 2; steps++)
    for (size_t t = 0; t < (steps ? 3 : COUNT(times)); t++) {
      const ntk_regression_options options = {
          .lr = steps ? 1e-3 : 0.0, .time = &times[t], .times = 1};
      ntk_regression_result r = {0};
      assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
      assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
      assert_near(r.chosen.train_loss, apart * apart / 4.0, 1e-12, "the least loss there is");
      assert_all_near(r.fitted, m.f, p.rows, 1e-9, "training outputs");
      assert_all_near(r.prediction, m.f_test, p.tests, 1e-9, "test outputs");
      assert_near(r.chosen.norm, (double)sqrtl(m.norm), 1e-9 * (double)sqrtl(m.norm), "norm");
      assert_true(r.residual < 1e-9 && r.resolution > 0.0);
      ntk_regression_clear(&r);
    }
  drop_problem(&p);
}

/* ||f - f0|| is T ||r||_K before anything is fitted, to all digits. */
static void test_early(void **state) {
  (void)state;
  static const double times[] = {1e-12, 1e-15, 1e-20, 1e-100, 1e-200};
  problem p = make_problem(one, 2, 9);
  long double K[MOST_ROWS * MOST_ROWS], sum = 0.0L;
  plain_kernel(&p, K);
  for (size_t i = 0; i < p.rows; i++)
    for (size_t j = 0; j < p.rows; j++)
      sum += (p.Y[i] - p.f0[i]) * K[i * p.rows + j] * (p.Y[j] - p.f0[j]);
  for (size_t t = 0; t < COUNT(times); t++) {
    const ntk_regression_options options = {.time = &times[t], .times = 1};
    ntk_regression_result r = {0};
    assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
    assert_near(r.chosen.norm / times[t], (double)sqrtl(sum), 1e-9 * (double)sqrtl(sum), "norm");
    for (size_t i = 0; i < p.rows; i++) /* a = T r */
      assert_near(r.coefficient[i] / times[t], p.Y[i] - p.f0[i], 1e-8, "a coefficient");
    ntk_regression_clear(&r);
    const double step = 1.0;
    const ntk_regression_options steps = {.lr = times[t], .time = &step, .times = 1};
    assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &steps, &r));
    assert_near(r.chosen.norm / times[t], (double)sqrtl(sum), 1e-9 * (double)sqrtl(sum), "norm");
    for (size_t i = 0; i < p.rows; i++)
      assert_near(r.coefficient[i] / times[t], p.Y[i] - p.f0[i], 1e-12, "a coefficient");
    ntk_regression_clear(&r);
  }
  drop_problem(&p);
}

/* How far the outputs of a network of this width, trained, are from the prediction. */
static double distance_of(size_t n) {
  enum { N = 10, M = 6, D = 5, T = 30 };
  const size_t width[] = {D, n, n};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "lecun",
                                 .parameterization = "ntk",
                                 .seed = 4};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL, *test = NULL;
  assert_ok(ntk_network_create(one, &spec, &network));
  assert_ok(ntk_dataset_generate(one, "gaussian", N, D, 1, &data));
  assert_ok(ntk_dataset_generate(one, "gaussian", M, D, 2, &test));
  double *Y = make_normal(3, N), time = T, sum = 0.0;
  const ntk_regression_options options = {.lr = 0.05, .time = &time, .times = 1};
  ntk_regression_result r = {0};
  ntk_train_result trained = {0};
  assert_ok(ntk_regression(one, network, data, Y, test, &options, &r));
  assert_ok(ntk_train(one, network, data, Y,
                      &(ntk_train_options){.optimizer = "gd", .lr = 0.05, .epochs = T}, &trained));
  double *f = outputs_of(network, test, 1);
  for (size_t i = 0; i < M; i++)
    sum += (f[i] - r.prediction[i]) * (f[i] - r.prediction[i]);
  free(f);
  free(Y);
  ntk_regression_clear(&r);
  ntk_train_clear(&trained);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  ntk_network_destroy(network);
  return sqrt(sum / M);
}

/* Sixteen times the width: a quarter of the distance, or less. */
static void test_wide(void **state) {
  (void)state;
  const double narrow = distance_of(32), wide = distance_of(512);
  printf("trained and predicted are %.3g apart at width 32, %.3g at 512\n", narrow, wide);
  assert_true(wide < 0.4 * narrow && wide < 0.05 && narrow > 1e-4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_steps),    cmocka_unit_test(test_flow),  cmocka_unit_test(test_largest),
      cmocka_unit_test(test_several),  cmocka_unit_test(test_train), cmocka_unit_test(test_wide),
      cmocka_unit_test(test_singular), cmocka_unit_test(test_early),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
