/* Kernel regression (ntk_regression) with the network's own kernel.
 * Property: coefficients, outputs at training and test data, losses, errors and norms are those of
 * the model that is linear in the weights, by elimination in long double with the Jacobian by
 * complex steps; without a ridge it interpolates, with a large one nothing moves; of a linear
 * network it is linear regression; accuracies count signs and largest outputs. */
#include "one_context.h"

#include "plain_regression.h"

/* ||f - y||^2 in the loss, and over that of y. */
static void check_scores(const problem *p, const ntk_regression_point *at, bool mean,
                         const long double *f, const long double *f_test) {
  long double sum = 0.0L, all = 0.0L, test = 0.0L, test_all = 0.0L;
  for (size_t i = 0; i < p->rows; i++) {
    sum += (f[i] - p->Y[i]) * (f[i] - p->Y[i]);
    all += (long double)p->Y[i] * p->Y[i];
  }
  for (size_t i = 0; i < p->tests; i++) {
    test += (f_test[i] - p->test_Y[i]) * (f_test[i] - p->test_Y[i]);
    test_all += (long double)p->test_Y[i] * p->test_Y[i];
  }
  assert_near(at->train_loss, (double)(mean ? sum / TRAIN : sum / 2), 1e-10, "training loss");
  assert_near(at->test_loss, (double)(mean ? test / TESTS : test / 2), 1e-10 * (double)test,
              "test loss");
  assert_near(at->train_error, (double)sqrtl(sum / all), 1e-10, "training error");
  assert_near(at->test_error, (double)sqrtl(test / test_all), 1e-10, "test error");
  assert_true(isnan(at->train_accuracy) && isnan(at->test_accuracy) && isnan(at->time));
}

static void check_ridge(size_t outputs, double ridge, bool centered) {
  problem p = make_problem(one, outputs, 20 + outputs);
  const bool mean = outputs == 2;
  const ntk_regression_options options = {
      .ridge = ridge, .test_labels = p.test_Y, .loss = mean ? "mean" : NULL, .centered = centered};
  ntk_regression_result r = {0};
  long double K[MOST_ROWS * MOST_ROWS], a[MOST_ROWS], w[MOST_P], f[MOST_ROWS], g[MOST_ROWS];
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  for (size_t i = 0; i < p.rows && centered; i++)
    p.f0[i] = 0.0;
  for (size_t i = 0; i < p.tests && centered; i++)
    p.f0_test[i] = 0.0;
  for (size_t i = 0; i < p.rows; i++)
    a[i] = p.Y[i] - p.f0[i];
  plain_kernel(&p, K);
  plain_solve(p.rows, K, ridge, a);
  plain_weights(&p, a, w);
  plain_outputs(&p, p.J, p.f0, p.rows, w, f);
  plain_outputs(&p, p.J_test, p.f0_test, p.tests, w, g);
  long double norm = 0.0L; /* w^T C^{-1} w */
  for (size_t q = 0; q < p.g.P; q++)
    norm += w[q] * w[q] / scale_of(&p, q);
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_int_equal(r.points, 1);
  assert_all_near(r.coefficient, a, p.rows, 1e-8, "coefficients");
  assert_all_near(r.fitted, f, p.rows, 1e-10, "training outputs");
  assert_all_near(r.prediction, g, p.tests, 1e-9, "test outputs");
  assert_near(r.chosen.norm, (double)sqrtl(norm), 1e-9 * (double)sqrtl(norm), "norm");
  assert_true(r.residual < 1e-12 && r.residual >= 0.0);
  check_scores(&p, &r.chosen, mean, f, g);
  assert_true(isnan(r.lambda_min) == (ridge > 0.0));
  ntk_regression_clear(&r);
  ntk_regression_clear(&r);
  drop_problem(&p);
}

static void test_ridges(void **state) {
  (void)state;
  for (size_t outputs = 1; outputs <= 3; outputs++) {
    check_ridge(outputs, 0.0, outputs == 3);
    check_ridge(outputs, 0.7, outputs == 2);
  }
}

/* At the training data themselves, and with a ridge that leaves nothing to move. */
static void test_ends(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 5);
  ntk_regression_result r = {0};
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.data, NULL, &r));
  for (size_t i = 0; i < p.rows; i++) {
    assert_near(r.prediction[i], p.Y[i], 1e-10, "interpolation");
    assert_near(r.fitted[i], p.Y[i], 1e-10, "interpolation");
  }
  assert_true(r.chosen.train_loss < 1e-20 && isnan(r.chosen.test_loss) && r.lambda_min > 0.0 &&
              r.lambda_max > r.lambda_min && r.resolution < r.lambda_min);
  ntk_regression_clear(&r);
  const ntk_regression_options large = {.ridge = 1e15};
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &large, &r));
  for (size_t i = 0; i < p.tests; i++)
    assert_near(r.prediction[i], p.f0_test[i], 1e-12, "a large ridge");
  ntk_regression_clear(&r);
  drop_problem(&p);
}

/* A linear network's kernel is X Q X^T, and its ridge regression one in R^d: with more samples than
 * dimensions, f = f0 + X (X^T X + R Q^{-1})^{-1} X^T r. */
static void test_linear(void **state) {
  (void)state;
  enum { D = 3, N = 12, M = 4, H = 5 };
  const size_t width[] = {D, H};
  const double ridge = 0.5;
  ntk_network *network = make_network(one, 2, width, "identity", "standard", 3);
  ntk_dataset *data = NULL, *test = NULL;
  assert_ok(ntk_dataset_generate(one, "gaussian", N, D, 4, &data));
  assert_ok(ntk_dataset_generate(one, "gaussian", M, D, 5, &test));
  double *Y = make_normal(6, N), *f0 = outputs_of(network, data, 1),
         *f0_test = outputs_of(network, test, 1);
  const double *X = ntk_dataset_values(data), *Z = ntk_dataset_values(test);
  const double *W1 = ntk_network_weights(network, 1), *W2 = ntk_network_weights(network, 2);
  long double A[D * D] = {0}, Q[D * D], b[D] = {0}, column[D];
  for (size_t i = 0; i < D; i++) /* Q = W_1 W_1^T + |W_2|^2 I */
    for (size_t j = 0; j < D; j++) {
      Q[i * D + j] = i == j ? (long double)dot(W2, W2, H) : 0.0L;
      for (size_t k = 0; k < H; k++)
        Q[i * D + j] += (long double)W1[i * H + k] * W1[j * H + k];
    }
  for (size_t j = 0; j < D; j++) { /* column j of R Q^{-1} */
    long double copy[D * D];
    memcpy(copy, Q, sizeof copy);
    for (size_t i = 0; i < D; i++)
      column[i] = i == j ? ridge : 0.0L;
    plain_solve(D, copy, 0.0L, column);
    for (size_t i = 0; i < D; i++)
      A[i * D + j] += column[i];
  }
  for (size_t s = 0; s < N; s++)
    for (size_t i = 0; i < D; i++) {
      b[i] += (long double)X[s * D + i] * (Y[s] - f0[s]);
      for (size_t j = 0; j < D; j++)
        A[i * D + j] += (long double)X[s * D + i] * X[s * D + j];
    }
  plain_solve(D, A, 0.0L, b);
  ntk_regression_result r = {0};
  const ntk_regression_options options = {.ridge = ridge};
  assert_ok(ntk_regression(one, network, data, Y, test, &options, &r));
  for (size_t s = 0; s < M; s++) {
    long double f = f0_test[s];
    for (size_t i = 0; i < D; i++)
      f += Z[s * D + i] * b[i];
    assert_near(r.prediction[s], (double)f, 1e-11, "linear regression");
  }
  ntk_regression_clear(&r);
  assert_refused(ntk_regression(one, network, data, Y, test, NULL, &r), NTK_ERR_NUMERIC,
                 "K is rank_deficient");
  assert_string_equal(ntk_error_last().option, "ridge");
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  free(Y);
  free(f0);
  free(f0_test);
}

/* Right of N samples of class i % classes, by a plain count; of one output class 0 is 1. */
static double plain_accuracy(const double *f, size_t N, size_t n, size_t classes, double other) {
  size_t right = 0;
  for (size_t i = 0; i < N; i++) {
    size_t most = n == 1 && f[i] - other < 1.0 - f[i] ? 1 : 0;
    for (size_t c = 1; c < n; c++)
      most = f[i * n + c] > f[i * n + most] ? c : most;
    right += n == 1 ? (most == 0) == (i % classes == 0) : most == i % classes;
  }
  return (double)right / (double)N;
}

/* Labels that are signs, 0 and 1, or one-hot. */
static void check_accuracy(size_t outputs, double other) {
  problem p = make_problem(one, outputs, 40);
  ntk_regression_result r = {0};
  for (size_t i = 0; i < TRAIN; i++)
    for (size_t c = 0; c < outputs; c++)
      p.Y[i * outputs + c] = i % 3 == c ? 1.0 : other;
  for (size_t i = 0; i < TESTS; i++)
    for (size_t c = 0; c < outputs; c++)
      p.test_Y[i * outputs + c] = i % 2 == c ? 1.0 : other;
  const ntk_regression_options options = {.ridge = 20.0, .test_labels = p.test_Y};
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  const double train = plain_accuracy(r.fitted, TRAIN, outputs, 3, other);
  const double test = plain_accuracy(r.prediction, TESTS, outputs, 2, other);
  assert_near(r.chosen.train_accuracy, train, 0.0, "training accuracy");
  assert_near(r.chosen.test_accuracy, test, 0.0, "test accuracy");
  assert_true(train < 1.0 || test < 1.0); /* else nothing is counted */
  ntk_regression_clear(&r);
  p.test_Y[0] = 2.0;
  assert_ok(ntk_regression(one, p.network, p.data, p.Y, p.test, &options, &r));
  assert_true(isnan(r.chosen.test_accuracy) && !isnan(r.chosen.train_accuracy));
  ntk_regression_clear(&r);
  drop_problem(&p);
}

static void test_accuracy(void **state) {
  (void)state;
  check_accuracy(1, -1.0);
  check_accuracy(1, 0.0);
  check_accuracy(3, -1.0);
  check_accuracy(3, 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ridges),
      cmocka_unit_test(test_ends),
      cmocka_unit_test(test_linear),
      cmocka_unit_test(test_accuracy),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
