/* The steps of ntk_train.
 * Property: one step of gradient descent is (I - eta K) on the residual up to O(eta^2); in the lazy
 * regime the loss is 1/2 sum_i (1 - eta lambda_i)^{2t} <u_i, r_0>^2, and momentum's follows its
 * scalar recursion for each eigenvector; every optimizer's weights and losses are those of a plain
 * implementation in double precision; bits do not depend on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "train_support.h"

static const size_t small_width[] = {4, 6, 5};
static const ntk_network_spec small = {
    .depth = 3, .width = small_width, .activation = "tanh", .seed = 3};

/* ||F_1 - Y - (I - eta K)(F_0 - Y)|| falls like eta^2: slopes of its logarithm within 0.1 of 2 over
 * three decades, for either loss (the mean's gradient carries 2 / N). */
static void test_one_step(void **state) {
  (void)state;
  enum { STEPS = 4 };
  ntk_context *context = make_context(1);
  for (size_t mean = 0; mean < 2; mean++) {
    fit_problem p = fit_create(context, small, 9);
    const size_t N = p.N;
    double *theta = fit_theta(&p), *F = make_array(N), *F_1 = make_array(N), error[STEPS];
    ntk_features *features = make_features(p.network, p.data);
    double *K = kernel_array(features, N, NULL);
    assert_ok(ntk_features_output(features, F));
    ntk_features_destroy(features);
    for (size_t s = 0; s < STEPS; s++) {
      const double lr = 1e-3 * pow(10.0, -(double)s) * (mean ? (double)N / 2.0 : 1.0);
      fit_set(&p, theta);
      ntk_train_result r =
          fit_run(&p, (ntk_train_options){
                          .optimizer = "gd", .lr = lr, .loss = mean ? "mean" : NULL, .epochs = 1});
      assert_int_equal(r.epochs, 1);
      ntk_train_clear(&r);
      assert_ok(ntk_network_output(p.network, p.data, F_1));
      const double eta = mean ? 2.0 / (double)N * lr : lr;
      error[s] = 0.0;
      for (size_t i = 0; i < N; i++) {
        double off = F_1[i] - F[i];
        for (size_t j = 0; j < N; j++)
          off += eta * K[i * N + j] * (F[j] - p.Y[j]);
        error[s] += off * off;
      }
      error[s] = sqrt(error[s]);
      if (s > 0)
        assert_near(log10(error[s - 1] / error[s]), 2.0, 0.1, "slope");
    }
    free(theta);
    free(F);
    free(F_1);
    free(K);
    fit_destroy(&p);
  }
  ntk_context_destroy(context);
}

/* Eigenvalues of K_0 and the squared coefficients of r_0 = F_0 - Y, from the kernel itself. */
static void eigen_coordinates(const fit_problem *p, double *lambda, double *coefficient) {
  const size_t N = p->N;
  ntk_features *features = make_features(p->network, p->data);
  double *K = kernel_array(features, N, NULL), *r = make_array(N);
  assert_ok(ntk_features_output(features, r));
  ntk_features_destroy(features);
  assert_ok(ntk_dsyevd(p->context, 'V', N, K, lambda));
  for (size_t k = 0; k < N; k++) {
    coefficient[k] = 0.0;
    for (size_t i = 0; i < N; i++)
      coefficient[k] += K[k * N + i] * (r[i] - p->Y[i]);
  }
  free(K);
  free(r);
}

/* The step of eigenvector's coefficient x with momentum b: q = eta lambda. */
static void scalar_step(const char *optimizer, double q, double b, double *x, double *m) {
  *m = b * *m + *x;
  if (strcmp(optimizer, "gd") == 0)
    *x -= q * *x;
  else if (strcmp(optimizer, "momentum") == 0)
    *x -= q * *m;
  else
    *x -= q * (*x + b * *m);
}

/* gamma = 1e14: weights move by 1e-7, and the network is its linearisation to about 1e-7. Losses of
 * 60 epochs within 1e-6 of the first loss of the closed form, which falls by orders of magnitude;
 * the library's own prediction, which knows nothing of the network, within 1e-11. */
static void test_lazy(void **state) {
  (void)state;
  enum { N = 12, EPOCHS = 60 };
  ntk_context *context = make_context(1);
  const size_t width[] = {6, 10, 12};
  ntk_network_spec spec = {.depth = 3,
                           .width = width,
                           .activation = "tanh",
                           .init = "antisymmetric",
                           .gamma = 1e14,
                           .seed = 5};
  const struct {
    const char *optimizer;
    double eta, momentum;
  } methods[] = {
      {"gd", 1.0, 0.0}, {"gd", 1.7, 0.0}, {"momentum", 0.8, 0.6}, {"nesterov", 0.7, 0.5}};
  for (size_t k = 0; k < 2 * COUNT(methods); k++) {
    const size_t mean = k % 2;
    const char *optimizer = methods[k / 2].optimizer;
    const double b = methods[k / 2].momentum;
    fit_problem p = fit_create(context, spec, N);
    double lambda[N], x[N], m[N] = {0};
    eigen_coordinates(&p, lambda, x);
    const double eta = methods[k / 2].eta / lambda[N - 1]; /* of the half-sum */
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = optimizer,
                                                         .loss = mean ? "mean" : "half-sum",
                                                         .lr = mean ? eta * N / 2.0 : eta,
                                                         .momentum = b,
                                                         .epochs = EPOCHS,
                                                         .track = 7});
    assert_int_equal(r.epochs, EPOCHS);
    size_t point = 0;
    for (size_t t = 0; t <= EPOCHS; t++) {
      double expected = 0.0;
      for (size_t i = 0; i < N; i++) {
        expected += x[i] * x[i] * (mean ? 1.0 / N : 0.5);
        scalar_step(optimizer, eta * lambda[i], b, &x[i], &m[i]);
      }
      assert_near(r.loss[t], expected, 1e-6 * r.loss[0], optimizer);
      if (point < r.tracked && r.track[point].epoch == t)
        assert_near(r.track[point++].prediction, expected, 1e-11 * r.loss[0], "prediction");
    }
    assert_int_equal(point, 10); /* 0, 7, ..., 56 and the last */
    assert_true(r.loss[EPOCHS] < 0.5 * r.loss[0]);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  ntk_context_destroy(context);
}

/* One step of a rule on one parameter, from its definition (Polyak; Nesterov; Kingma and Ba). */
static void plain_step(const char *optimizer, double lr, double b, size_t t, double g, double *w,
                       double *m, double *v) {
  if (strcmp(optimizer, "adam") == 0) {
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    const double first = *m / (1.0 - pow(0.9, (double)t));
    const double second = *v / (1.0 - pow(0.999, (double)t));
    *w -= lr * first / (sqrt(second) + 1e-8);
    return;
  }
  scalar_step(optimizer, 0.0, b, &g, m);
  *w -= lr * (strcmp(optimizer, "gd") == 0         ? g
              : strcmp(optimizer, "momentum") == 0 ? *m
                                                   : g + b * *m);
}

/* Losses and weights of every rule beside a plain implementation's from the same weights: rounding
 * alone, which 200 steps of these well-behaved problems let grow to less than 1e-9. */
static void test_plain_implementation(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  const size_t deep[] = {3, 5, 4, 6};
  const ntk_network_spec specs[] = {
      small, {.depth = 4, .width = deep, .activation = "softplus", .init = "he", .seed = 8}};
  const struct {
    const char *optimizer;
    double lr, momentum;
    size_t epochs;
  } methods[] = {{"adam", 0.01, 0.0, 200},
                 {"gd", 0.004, 0.0, 50},
                 {"momentum", 0.002, 0.8, 50},
                 {"nesterov", 0.003, 0.7, 50}};
  for (size_t k = 0; k < 4 * COUNT(methods); k++) {
    const char *optimizer = methods[k / 4].optimizer;
    const size_t mean = k % 2, epochs = methods[k / 4].epochs;
    fit_problem p = fit_create(context, specs[k / 2 % 2], 15);
    const double scale = mean ? 2.0 / (double)p.N : 1.0;
    const double lr = methods[k / 4].lr / (optimizer[0] == 'a' ? 1.0 : scale);
    double *w = fit_theta(&p), *g = make_array(p.P), *m = make_array(p.P), *v = make_array(p.P);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = optimizer,
                                                         .loss = mean ? "mean" : "half-sum",
                                                         .lr = lr,
                                                         .momentum = methods[k / 4].momentum,
                                                         .epochs = epochs});
    for (size_t t = 0; t <= epochs; t++) {
      const double loss = plain_gradient(&p, w, g) * (mean ? 1.0 / (double)p.N : 0.5);
      assert_near(r.loss[t], loss, 1e-9 * loss, optimizer);
      for (size_t q = 0; q < p.P && t < epochs; q++)
        plain_step(optimizer, lr, methods[k / 4].momentum, t + 1, scale * g[q], &w[q], &m[q],
                   &v[q]);
    }
    assert_true(r.loss[epochs] < 0.7 * r.loss[0]);
    assert_near(largest_difference(p.P, p.network->theta, w), 0.0, 1e-9, optimizer);
    free(w);
    free(g);
    free(m);
    free(v);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  ntk_context_destroy(context);
}

/* Steps in float follow those in double to a few of float's roundings, and the weights are floats.
 */
static void test_float(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(context, small, 15);
    double *start = fit_theta(&p), *theta[2];
    ntk_train_result r[2];
    for (size_t single = 0; single < 2; single++) {
      fit_set(&p, start);
      r[single] = fit_run(&p, (ntk_train_options){.optimizer = optimizers[k],
                                                  .lr = 0.002,
                                                  .precision = single ? "float" : "double",
                                                  .epochs = 30});
      theta[single] = fit_theta(&p);
    }
    for (size_t q = 0; q < p.P; q++)
      assert_true(theta[1][q] == (double)(float)theta[1][q]);
    assert_true(largest_difference(p.P, theta[0], theta[1]) > 0.0);
    assert_near(largest_difference(p.P, theta[0], theta[1]), 0.0, 3e-5, optimizers[k]);
    for (size_t t = 0; t <= 30; t++)
      assert_near(r[1].loss[t], r[0].loss[t], 3e-5 * r[0].loss[t], optimizers[k]);
    for (size_t single = 0; single < 2; single++) {
      ntk_train_clear(&r[single]);
      free(theta[single]);
    }
    free(start);
    fit_destroy(&p);
  }
  ntk_context_destroy(context);
}

/* Weights, losses, tracked points and step sizes of 2 and 3 threads are those of 1, bit for bit, in
 * either precision; sizes that make threads share work everywhere. */
static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {60, 80, 70};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  const char *optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm", "gd", "adam"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    ntk_train_result r[4];
    double *theta[4];
    ntk_context *contexts[4];
    const bool tracked = k == 0 || k == 4;
    for (int threads = 1; threads <= 3; threads++) {
      contexts[threads] = make_context(threads);
      fit_problem p = fit_create(contexts[threads], spec, 180);
      r[threads] = fit_run(&p, (ntk_train_options){.optimizer = optimizers[k],
                                                   .precision = k >= 5 ? "float" : "double",
                                                   .epochs = 4,
                                                   .track = tracked ? 2 : 0});
      theta[threads] = fit_theta(&p);
      if (threads > 1) {
        assert_memory_equal(theta[threads], theta[1], p.P * sizeof(double));
        assert_true(r[1].epochs == 4 || k == 4); /* lm may be done before */
        assert_int_equal(r[threads].epochs, r[1].epochs);
        assert_memory_equal(r[threads].loss, r[1].loss, (r[1].epochs + 1) * sizeof(double));
        assert_int_equal(r[threads].tracked, r[1].tracked);
        assert_true((r[1].tracked >= 2) == tracked);
        assert_memory_equal(r[threads].track, r[1].track, r[1].tracked * sizeof *r[1].track);
        assert_memory_equal(&r[threads].lr, &r[1].lr, sizeof(double));
        assert_memory_equal(&r[threads].momentum, &r[1].momentum, sizeof(double));
      }
      fit_destroy(&p);
    }
    for (int threads = 1; threads <= 3; threads++) {
      ntk_train_clear(&r[threads]);
      assert_int_equal(ntk_memory_in_use(contexts[threads]), 0);
      ntk_context_destroy(contexts[threads]);
      free(theta[threads]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_step),
      cmocka_unit_test(test_lazy),
      cmocka_unit_test(test_plain_implementation),
      cmocka_unit_test(test_float),
      cmocka_unit_test(test_threads),
  };
  (void)ntk_blas_enter(1); /* for eigenvalues of 12 x 12 matrices, threads would wait */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
