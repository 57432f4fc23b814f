/* What training measures of the kernel, for networks with biases, several outputs and scales.
 * Property: with J of all outputs by complex steps and C the scales, K = J C J^T has the tracked
 * eigenvalues, ||(J_t - J_0) C^(1/2)|| is the tracked change and ||C^(-1/2) (theta_t - theta_0)||
 * the distance; the prediction is that of r <- r - eta K_0 r; automatic steps are 1 / lambda_max;
 * the plain question counts its epochs; Levenberg-Marquardt fits what can be fitted; the peak of
 * memory is within the forecast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "general_run.h"

static const double scales[2 * MOST_LAYERS] = {2.0, 0.5, 0.25, 3.0, 1.0, 0.5, 0.5, 1.5, 2.5, 0.75};

/* J C^(1/2) at the network's weights, R x P. */
static double *scaled_jacobian(const one_run *run, const ntk_network *network) {
  const size_t R = N * run->g.width[run->g.L], P = run->g.P;
  double *theta = general_theta(&run->g, network);
  double *J = general_jacobian(&run->g, theta, ntk_dataset_values(run->data), N);
  for (size_t i = 0; i < R; i++)
    for (size_t p = 0; p < P; p++)
      J[i * P + p] *= sqrt(scale_at(run, p));
  free(theta);
  return J;
}

/* A A^T, R x R; its eigenvalues, ascending. */
static double *gram(size_t R, size_t P, const double *A, double *values) {
  double *K = make_array(R * R), *copy = make_array(R * R);
  for (size_t i = 0; i < R; i++)
    for (size_t j = 0; j < R; j++)
      K[i * R + j] = dot(A + i * P, A + j * P, P);
  memcpy(copy, K, R * R * sizeof *K);
  assert_ok(ntk_dsyevd(one, 'N', R, copy, values));
  free(copy);
  return K;
}

static double *residual(const one_run *run) {
  const size_t R = N * run->g.width[run->g.L];
  double *r = make_array(R);
  assert_ok(ntk_network_output(run->network, run->data, r));
  for (size_t i = 0; i < R; i++)
    r[i] -= run->Y[i];
  return r;
}

/* Half the sum of squares after so many steps of the linear model; the first epoch at the target.
 */
static double linear(size_t R, const double *K, double *r, double eta, size_t steps, double target,
                     double *epoch) {
  double *next = make_array(R);
  *epoch = NAN;
  for (size_t t = 0; t < steps; t++) {
    for (size_t i = 0; i < R; i++)
      next[i] = r[i] - eta * dot(K + i * R, r, R);
    memcpy(r, next, R * sizeof *r);
    if (isnan(*epoch) && 0.5 * dot(r, r, R) <= target)
      *epoch = (double)t + 1.0;
  }
  free(next);
  return 0.5 * dot(r, r, R);
}

static void check_end(const one_run *run, const ntk_network *first, const ntk_track_point *p) {
  const size_t R = N * run->g.width[run->g.L], P = run->g.P;
  double *J = scaled_jacobian(run, run->network), *J0 = scaled_jacobian(run, first);
  double *values = make_array(R), *theta = general_theta(&run->g, run->network), moved = 0.0;
  double *start = general_theta(&run->g, first);
  free(gram(R, P, J, values));
  const double rounding = 1e-10 * values[R - 1];
  assert_near(p->lambda_max, values[R - 1], 1e-6 * values[R - 1], "lambda_max");
  if (isfinite(p->lambda_min))
    assert_near(p->lambda_min, fmax(values[0], 0.0), 1e-6 * values[0] + rounding, "lambda_min");
  for (size_t i = 0; i < R * P; i++)
    J[i] -= J0[i];
  free(gram(R, P, J, values));
  assert_near(p->jacobian_change, sqrt(values[R - 1]), 2e-3 * sqrt(values[R - 1]), "change");
  for (size_t q = 0; q < P; q++)
    moved += (theta[q] - start[q]) * (theta[q] - start[q]) / scale_at(run, q);
  assert_near(p->distance, sqrt(moved), 1e-10 * sqrt(moved), "distance");
  free(values);
  free(theta);
  free(start);
  free(J);
  free(J0);
}

static void check_tracked(uint64_t seed, const double *scale) {
  one_run run = begin(seed, scale), first = begin(seed, scale);
  const size_t R = N * run.g.width[run.g.L];
  double *J = scaled_jacobian(&run, run.network), *values = make_array(R), epoch = 0.0;
  double *K = gram(R, run.g.P, J, values), *r = residual(&run);
  const double loss = 0.5 * dot(r, r, R), target = 0.5 * loss;
  const ntk_train_options options = {
      .epochs = 30, .track = 30, .question = true, .target = target * 1e-9};
  ntk_train_result result;
  assert_ok(ntk_train(one, run.network, run.data, run.Y, &options, &result));
  assert_near(result.lr, 1.0 / values[R - 1], 1e-6 / values[R - 1], "step");
  const ntk_track_point *last = &result.track[result.tracked - 1];
  assert_int_equal(last->epoch, 30);
  check_end(&run, first.network, last);
  assert_near(last->prediction, linear(R, K, r, result.lr, 30, target, &epoch), 1e-8 * loss,
              "prediction");
  ntk_train_clear(&result);
  free(r);
  r = residual(&first); /* the question at half the loss, from the start again */
  const ntk_train_options ask = {.question = true, .target = target};
  assert_ok(ntk_train(one, first.network, first.data, first.Y, &ask, &result));
  (void)linear(R, K, r, result.lr, 20000, target, &epoch);
  if (isnan(epoch))
    assert_true(isinf(result.answer.linear_least) || result.answer.linear_least > 20000.0);
  else
    assert_near(result.answer.linear_least, epoch, 0.0, "the linear model's epoch");
  ntk_train_clear(&result);
  free(r);
  free(K);
  free(J);
  free(values);
  end(&run);
  end(&first);
}

static void test_tracked(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 14; seed++) {
    check_tracked(seed, NULL);
    check_tracked(seed, scales);
  }
}

/* The normal equations are those of K + mu I: where K is positive definite the labels are fitted.
 */
static void test_lm(void **state) {
  (void)state;
  size_t fitted = 0;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    one_run run = begin(seed, seed % 2 ? scales : NULL);
    const size_t R = N * run.g.width[run.g.L];
    ntk_train_result result;
    const ntk_train_options options = {.optimizer = "lm", .epochs = 60, .track = 60};
    assert_ok(ntk_train(one, run.network, run.data, run.Y, &options, &result));
    for (size_t t = 1; t <= result.epochs; t++)
      assert_true(result.loss[t] <= result.loss[t - 1]);
    double *r = residual(&run);
    assert_near(result.loss_final, 0.5 * dot(r, r, R), 1e-12 * result.loss_initial, "loss");
    if (run.g.P > 2 * R && result.track[0].lambda_min > 1e-6 * result.track[0].lambda_max) {
      assert_true(result.loss_final < 1e-20 * result.loss_initial);
      fitted++;
    }
    ntk_train_clear(&result);
    free(r);
    end(&run);
  }
  assert_true(fitted >= 2); /* else nothing was tested */
}

static void test_memory(void **state) {
  (void)state;
  const size_t width[] = {20, 40, 30};
  const bool bias[] = {true, false, true};
  const char *optimizers[] = {"gd", "adam", "lm"};
  for (size_t k = 0; k < 12; k++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = "tanh",
                                   .seed = 1,
                                   .outputs = 3,
                                   .bias = bias,
                                   .parameterization = k % 2 ? "ntk" : NULL};
    const ntk_train_options options = {.optimizer = optimizers[k / 4],
                                       .epochs = 1,
                                       .track = k / 2 % 2,
                                       .track_weights = k / 2 % 2,
                                       .question = k % 2};
    ntk_context *context = make_context(1);
    ntk_network *network = NULL;
    ntk_dataset *data = NULL;
    ntk_train_result result;
    size_t bytes = 0;
    assert_ok(ntk_train_memory(context, &spec, 150, &options, &bytes));
    assert_ok(ntk_network_create(context, &spec, &network));
    assert_ok(ntk_dataset_generate(context, "gaussian", 150, 20, 4, &data));
    double *Y = make_normal(5, 450);
    assert_ok(ntk_train(context, network, data, Y, &options, &result));
    assert_in_range(ntk_memory_peak(context), 1, bytes);
    ntk_train_clear(&result);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    ntk_context_destroy(context);
    free(Y);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tracked),
      cmocka_unit_test(test_lm),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
