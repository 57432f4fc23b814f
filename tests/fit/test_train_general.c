/* Training of networks with biases, several outputs and scales of their blocks.
 * Property: losses and weights are those of the four rules in plain loops with the Jacobian by
 * complex steps, each step multiplied by the scale of its block, to rounding; a run that is resumed
 * gives the bits of one that was not, and a checkpoint of other biases or scales is refused; labels
 * are N x n_L, and one that is not finite is refused by its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint_support.h"

#include "general_run.h"

enum { EPOCHS = 12 };

/* gradient = factor J^T r; the sum of squares of r. */
static double slope(const one_run *run, const double *theta, double factor, double *gradient) {
  const general *g = &run->g;
  const double *X = ntk_dataset_values(run->data);
  const size_t C = g->width[g->L];
  double *J = general_jacobian(g, theta, X, N), sum = 0.0;
  memset(gradient, 0, g->P * sizeof *gradient);
  for (size_t i = 0; i < N; i++) {
    number F[MOST_UNITS];
    general_output(g, theta, g->P, 0.0L, X + i * g->width[0], F);
    for (size_t c = 0; c < C; c++) {
      const double r = (double)creall(F[c]) - run->Y[i * C + c];
      sum += r * r;
      for (size_t p = 0; p < g->P; p++)
        gradient[p] += factor * r * J[(i * C + c) * g->P + p];
    }
  }
  free(J);
  return sum;
}

/* Losses (EPOCHS + 1) of a rule in plain loops; theta becomes the last. */
static void plain_run(const one_run *run, const char *rule, bool mean, double lr, double *theta,
                      double *loss) {
  const size_t P = run->g.P;
  const double factor = mean ? 2.0 / N : 1.0, b1 = 0.9, b2 = 0.999;
  double *gradient = make_array(P), *m = make_array(P), *v = make_array(P);
  for (size_t t = 0; t <= EPOCHS; t++) {
    loss[t] = slope(run, theta, factor, gradient) * (mean ? 1.0 / N : 0.5);
    for (size_t p = 0; p < P && t < EPOCHS; p++) {
      double step = gradient[p];
      if (strcmp(rule, "adam") == 0) {
        m[p] = b1 * m[p] + (1.0 - b1) * gradient[p];
        v[p] = b2 * v[p] + (1.0 - b2) * gradient[p] * gradient[p];
        const double k = (double)t + 1.0;
        step = m[p] / (1.0 - pow(b1, k)) / (sqrt(v[p] / (1.0 - pow(b2, k))) + 1e-8);
      } else if (strcmp(rule, "gd") != 0) {
        m[p] = b1 * m[p] + gradient[p];
        step = strcmp(rule, "momentum") == 0 ? m[p] : gradient[p] + b1 * m[p];
      }
      theta[p] -= lr * scale_at(run, p) * step;
    }
  }
  free(gradient);
  free(m);
  free(v);
}

static ntk_train_options options_of(const char *rule, bool mean, const char *precision) {
  const bool momentum = rule[0] == 'm' || rule[0] == 'n';
  return (ntk_train_options){.optimizer = rule,
                             .loss = mean ? "mean" : "half-sum",
                             .lr = 0.003,
                             .momentum = momentum ? 0.9 : 0.0,
                             .precision = precision,
                             .epochs = EPOCHS};
}

static void check_run(uint64_t seed, const char *rule, const double *scale, bool single) {
  one_run run = begin(seed, scale);
  const bool mean = seed % 2;
  double *theta = general_theta(&run.g, run.network), loss[EPOCHS + 1];
  const ntk_train_options options = options_of(rule, mean, single ? "float" : "double");
  plain_run(&run, rule, mean, options.lr, theta, loss);
  ntk_train_result r;
  assert_ok(ntk_train(one, run.network, run.data, run.Y, &options, &r));
  assert_int_equal(r.epochs, EPOCHS);
  const double unit = single ? 2e-4 : 1e-11;
  for (size_t t = 0; t <= EPOCHS; t++)
    assert_near(r.loss[t], loss[t], unit * loss[t], rule);
  double *found = general_theta(&run.g, run.network);
  for (size_t p = 0; p < run.g.P; p++)
    assert_near(found[p], theta[p], unit * (fabs(theta[p]) + 1.0), rule);
  ntk_train_clear(&r);
  free(found);
  free(theta);
  end(&run);
}

static void test_trajectories(void **state) {
  (void)state;
  const char *rules[] = {"gd", "momentum", "nesterov", "adam"};
  const double scales[2 * MOST_LAYERS] = {2.0, 0.5, 0.25, 3.0, 1.0, 0.0, 0.5, 1.5, 2.5, 0.75};
  for (uint64_t seed = 1; seed <= 12; seed++)
    for (size_t k = 0; k < COUNT(rules); k++) {
      check_run(seed, rules[k], NULL, false);
      check_run(seed, rules[k], scales, false);
      check_run(seed, rules[k], seed % 3 > 0 ? scales : NULL, true);
    }
}

/* The first seed from here on whose network has a bias and two outputs or more. */
static uint64_t rich_seed(uint64_t seed) {
  for (;; seed++) {
    const general g = general_draw(seed, 3);
    bool bias = false;
    for (size_t l = 0; l < g.L; l++)
      bias = bias || g.bias[l];
    if (bias && g.width[g.L] > 1)
      return seed;
  }
}

static void test_resumed(void **state) {
  (void)state;
  const uint64_t seed = rich_seed(1);
  one_run whole = begin(seed, NULL), parts = begin(seed, NULL), again = begin(seed, NULL);
  const size_t bytes = whole.g.P * sizeof(double);
  ntk_train_options options = options_of("adam", false, "double");
  ntk_train_result r;
  assert_ok(ntk_train(one, whole.network, whole.data, whole.Y, &options, &r));
  ntk_train_clear(&r);
  options.checkpoint = path;
  options.epochs = 5;
  assert_ok(ntk_train(one, parts.network, parts.data, parts.Y, &options, &r));
  ntk_train_clear(&r);
  options.epochs = EPOCHS;
  assert_ok(ntk_train(one, again.network, again.data, again.Y, &options, &r));
  assert_int_equal(r.resumed, 5);
  assert_memory_equal(again.network->theta, whole.network->theta, bytes);
  ntk_train_clear(&r);
  const double scales[2 * MOST_LAYERS] = {2.0, 0.5, 0.25, 3.0, 1.0, 0.0, 0.5, 1.5, 2.5, 0.75};
  one_run other = begin(seed, scales);
  assert_int_equal(ntk_train(one, other.network, other.data, other.Y, &options, &r),
                   NTK_ERR_ARGUMENT);
  assert_non_null(strstr(ntk_error_message(), "biases or scales"));
  end(&whole);
  end(&parts);
  end(&again);
  end(&other);
  assert_int_equal(unlink(path), 0);
}

static void test_refused(void **state) {
  (void)state;
  one_run run = begin(rich_seed(1), NULL);
  const ntk_train_options options = options_of("gd", false, "double");
  const size_t C = run.g.width[run.g.L];
  ntk_train_result r;
  run.Y[4 * C + 1] = INFINITY;
  assert_int_equal(ntk_train(one, run.network, run.data, run.Y, &options, &r), NTK_ERR_NOT_FINITE);
  assert_non_null(strstr(ntk_error_message(), "of sample 5, output 2 (from 1)"));
  end(&run);
}

static int make_directory(void **state) {
  (void)setup(state);
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/run.ntk", directory);
  return 0;
}

static int remove_directory(void **state) {
  assert_int_equal(rmdir(directory), 0);
  return teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trajectories),
      cmocka_unit_test(test_resumed),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
