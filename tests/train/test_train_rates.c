/* Rates of gradient descent, heavy ball and Nesterov's method by both ends of K.
 * Property: the radius of a step's recursion is Gelfand's limit of its companion matrix's powers;
 * over an interval it is largest at an end; no step size and momentum of a grid is faster than the
 * best; what a training tells follows from the ends of K_0 and of K(theta_t), and a lazy network's
 * loss falls so in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fit/train/rates.h"
#include "one_context.h"
#include "train_support.h"

static const char *const names[] = {"gd", "momentum", "nesterov"};

static const ntk_optimizer *find(size_t i) {
  const ntk_optimizer *optimizer = NULL;
  assert_ok(ntk_optimizer_find(names[i], &optimizer));
  return optimizer;
}

/* Of (r, m): m' = b m + r, r' = r - x (r, m' or r + b m'). */
static void companion(const char *optimizer, double x, double b, long double M[4]) {
  const bool ball = strcmp(optimizer, "momentum") == 0, gd = strcmp(optimizer, "gd") == 0;
  const long double of_r = gd || ball ? 1.0L : 1.0L + b, of_m = gd ? 0.0L : ball ? b : b * b;
  M[0] = 1.0L - x * of_r;
  M[1] = -x * (gd ? 0.0L : of_m);
  M[2] = gd ? 0.0L : 1.0L;
  M[3] = gd ? 0.0L : b;
}

/* lim ||M^n||^(1/n), n = 2^40: off by a factor of some n^(1/n). */
static double gelfand(long double M[4]) {
  long double exponent = 0.0L, n = 1.0L;
  for (int k = 0; k < 40; k++) {
    const long double A = M[0], B = M[1], C = M[2], D = M[3];
    M[0] = A * A + B * C;
    M[1] = A * B + B * D;
    M[2] = C * A + D * C;
    M[3] = C * B + D * D;
    const long double size =
        fmaxl(fmaxl(fabsl(M[0]), fabsl(M[1])), fmaxl(fabsl(M[2]), fabsl(M[3])));
    if (size == 0.0L)
      return 0.0;
    for (int i = 0; i < 4; i++)
      M[i] /= size;
    n *= 2.0L;
    exponent += logl(size) / n;
  }
  return (double)expl(exponent);
}

static void test_radius(void **state) {
  (void)state;
  for (size_t o = 0; o < 3; o++)
    for (double x = 0.013; x < 4.5; x += 0.077)
      for (double b = 0.0; b < 1.0; b += o == 0 ? 2.0 : 0.0987) {
        long double M[4];
        companion(names[o], x, b, M);
        const double expected = gelfand(M);
        assert_near(ntk_step_roots(find(o), x, b).radius, expected, 1e-8 * (1.0 + expected),
                    names[o]);
      }
}

/* The recursion is stable below the largest step size, and not above it. */
static void test_largest(void **state) {
  (void)state;
  for (size_t o = 0; o < 3; o++)
    for (double b = 0.0; b < 1.0; b += o == 0 ? 2.0 : 0.0987) {
      const double x = 3.0 * ntk_optimizer_largest_lr(find(o), 3.0, b);
      assert_true(ntk_step_roots(find(o), 0.999 * x, b).radius < 1.0);
      assert_true(ntk_step_roots(find(o), 1.001 * x, b).radius > 1.0);
    }
}

/* A pair at lambda_min is no acceleration where lambda_max is slower, as at a step size too large.
 */
static void test_slower_end(void **state) {
  (void)state;
  for (size_t o = 1; o < 3; o++)
    for (int large = 0; large < 2; large++) {
      const ntk_training t = {.optimizer = find(o), .lr = 1.0, .scale = 1.0, .momentum = 0.5};
      const ntk_extremes e = {.lambda_min = 0.2,
                              .lambda_max = (o == 1 ? 2.95 : 1.49) / (2 - large)};
      const ntk_linear_rate r = ntk_linear_rate_of(&t, &e);
      assert_true(ntk_step_roots(t.optimizer, e.lambda_min, 0.5).complex && r.accelerated_known);
      const double at_most = ntk_step_roots(t.optimizer, e.lambda_max, 0.5).radius;
      const double at_least = ntk_step_roots(t.optimizer, e.lambda_min, 0.5).radius;
      assert_near(sqrt(r.rate), fmax(at_least, at_most), 1e-15, "radius");
      assert_int_equal(r.accelerated, !large);
      assert_int_equal(at_most > at_least * 1.001, large);
    }
}

/* Of a singular K_0 the rule auto takes lambda_max / 6000 for lambda_min, and 1.25 lambda_max. */
static void test_singular(void **state) {
  (void)state;
  const size_t narrow[] = {3, 4};
  const ntk_network_spec small = {.depth = 2, .width = narrow, .activation = "tanh", .seed = 5};
  fit_problem p = fit_create(one, small, 40); /* of 16 parameters */
  double *start = fit_theta(&p);
  const double root = sqrt(6000.0), b = (root - 1.0) / (root + 1.0);
  for (size_t o = 1; o < 3; o++) {
    fit_set(&p, start);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = names[o], .epochs = 1});
    assert_true(r.convergence.lambda_min == 0.0);
    const double most = 1.25 * r.convergence.lambda_max, sum = 1.0 + 1.0 / root;
    assert_near(r.momentum, o == 1 ? b * b : b, 1e-12, "momentum");
    assert_near(r.lr * most, o == 1 ? 4.0 / (sum * sum) : 1.0, 1e-12, "step size");
    ntk_train_clear(&r);
  }
  free(start);
  fit_destroy(&p);
}

/* The slower end of [x, kappa x]. */
static double slower(const ntk_optimizer *optimizer, double x, double kappa, double b) {
  return fmax(ntk_step_roots(optimizer, x, b).radius,
              ntk_step_roots(optimizer, kappa * x, b).radius);
}

static void test_ends(void **state) {
  (void)state;
  for (size_t o = 0; o < 3; o++)
    for (double kappa = 1.5; kappa < 1e4; kappa *= 7.0)
      for (double b = 0.0; b < 1.0; b += o == 0 ? 2.0 : 0.11)
        for (double most = 0.1; most < 2.5; most += 0.13) {
          const double x = most / kappa, radius = slower(find(o), x, kappa, b);
          for (size_t i = 0; i <= 40; i++) {
            const double inside = x + (most - x) * (double)i / 40.0;
            assert_true(ntk_step_roots(find(o), inside, b).radius <= radius * (1.0 + 1e-12));
          }
        }
}

static void test_best(void **state) {
  (void)state;
  for (size_t o = 0; o < 3; o++)
    for (double kappa = 1.5; kappa < 1e5; kappa *= 9.0) {
      const ntk_best_step best = ntk_best_step_of(find(o), 0.3, 0.3 * kappa);
      assert_near(slower(find(o), 0.3 * best.lr, kappa, best.momentum), best.radius, 1e-6,
                  "radius");
      for (double lr = 0.4; lr < 2.0; lr += 0.04)
        for (double rest = 0.3; rest < 3.0; rest += o == 0 ? 9.0 : 0.1) {
          const double b = 1.0 - rest * (1.0 - best.momentum);
          if (b >= 0.0)
            assert_true(slower(find(o), 0.3 * best.lr * lr, kappa, b) >= best.radius - 1e-7);
        }
    }
}

/* Of one eigenvalue, which was found twice, the step is Newton's, and momentum and radius are 0,
 * not below it by rounding. */
static void test_one_eigenvalue(void **state) {
  (void)state;
  for (size_t o = 0; o < 3; o++) {
    const ntk_best_step best = ntk_best_step_of(find(o), 7.3, nextafter(7.3, 0.0));
    assert_near(best.lr, 1.0 / 7.3, 1e-16, "step");
    assert_true(best.momentum == 0.0 && best.radius == 0.0);
  }
}

/* A checkpoint of one rule for the step is not gone on with by another, which would tell its step
 * as its own. */
static void test_another_rule(void **state) {
  (void)state;
  static const char *const rules[] = {"auto", "best"};
  const size_t narrow[] = {5, 9, 8};
  char file[] = "/tmp/ntk_rules_XXXXXX";
  const int descriptor = mkstemp(file);
  assert_true(descriptor >= 0);
  assert_int_equal(close(descriptor), 0);
  for (size_t o = 0; o < 3; o++)
    for (size_t k = 0; k < 2; k++) {
      fit_problem p = fit_create(
          one, (ntk_network_spec){.depth = 3, .width = narrow, .activation = "tanh", .seed = 5},
          12);
      double *start = fit_theta(&p);
      ntk_train_options options = {
          .optimizer = names[o], .lr_rule = rules[k], .epochs = 3, .checkpoint = file};
      assert_int_equal(unlink(file), 0);
      ntk_train_result r = fit_run(&p, options);
      ntk_train_clear(&r);
      fit_set(&p, start);
      options.lr_rule = rules[1 - k];
      assert_refused(ntk_train(one, p.network, p.data, p.Y, &options, &r), NTK_ERR_ARGUMENT,
                     "another step size or momentum");
      options.lr_rule = rules[k];
      options.epochs = 4;
      r = fit_run(&p, options);
      assert_int_equal(r.resumed, 3);
      ntk_train_clear(&r);
      free(start);
      fit_destroy(&p);
    }
  assert_int_equal(unlink(file), 0);
}

/* Wang, Lin and Abernethy's step: eta = 1 / lambda_max, sqrt b = 1 - 1 / (2 sqrt kappa). */
static void test_half(void **state) {
  (void)state;
  const double kappa = 400.0, root = 1.0 - 0.5 / sqrt(kappa);
  const ntk_roots roots = ntk_step_roots(find(1), 1.0 / kappa, root * root);
  assert_true(roots.complex);
  assert_near((1.0 - roots.radius) * sqrt(kappa), 0.5, 1e-12, "c");
  assert_false(ntk_step_roots(find(1), 1.0 / kappa, 0.5).complex);
}

/* gamma = 1e14: the linear model to 1e-7. gd's rate is reached; a pair's in the mean of its turns.
 */
static void test_lazy(void **state) {
  (void)state;
  const size_t width[] = {6, 10, 12};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "antisymmetric",
                                 .gamma = 1e14,
                                 .seed = 5};
  const char *const rules[] = {"auto", "best"};
  for (size_t k = 0; k < 6; k++) {
    fit_problem p = fit_create(one, spec, 8);
    const bool mean = k % 2;
    ntk_train_result r = fit_run(&p, (ntk_train_options){.optimizer = names[k / 2],
                                                         .loss = mean ? "mean" : NULL,
                                                         .lr_rule = rules[k % 2],
                                                         .epochs = 400,
                                                         .track = 50});
    const ntk_linear_rate *l = &r.linear;
    const double h = r.lr * (mean ? 2.0 / 8.0 : 1.0), b = isnan(r.momentum) ? 0.0 : r.momentum;
    const double least = r.convergence.lambda_min, most = r.convergence.lambda_max;
    const double radius = slower(find(k / 2), h * least, most / least, b);
    assert_near(l->condition, most / least, 1e-12 * l->condition, "condition");
    assert_near(l->rate, radius * radius, 1e-9, "rate");
    assert_near(pow(1.0 - l->c / sqrt(l->condition), 2.0), l->rate, 1e-12, "c");
    assert_int_equal(l->accelerated_known, k / 2 > 0);
    if (k % 2 == 1) {
      assert_near(r.lr, l->lr_best, 1e-12 * r.lr, "best step");
      assert_near(l->rate, l->rate_best, 1e-6, "best rate");
      assert_int_equal(l->accelerated, k / 2 > 0);
    }
    for (size_t i = 1; i < r.tracked; i++) {
      const ntk_track_point *q = &r.track[i];
      assert_near(q->rate, pow(q->loss / q[-1].loss, 1.0 / 50.0), 1e-12, "measured");
      assert_near(q->rate_linear, l->rate, 1e-5, "by K(theta_t)");
    }
    const size_t from = k / 2 == 0 ? 6 : 2; /* gd has no turns, but slower neighbours */
    const double end = pow(r.track[8].prediction / r.track[from].prediction,
                           1.0 / (double)(r.track[8].epoch - r.track[from].epoch));
    assert_near(1.0 - end, 1.0 - l->rate, (k / 2 == 0 ? 0.01 : 0.25) * (1.0 - l->rate),
                names[k / 2]);
    assert_true(isnan(r.track[0].rate));
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

static void test_refused(void **state) {
  (void)state;
  const struct {
    ntk_train_options options;
    const char *says;
  } cases[] = {{{.optimizer = "adam"}, "no step size is known to be the best for adam"},
               {{.optimizer = "momentum", .batch = 3}, "the best for momentum in batches"},
               {{.optimizer = "momentum", .momentum = 0.5}, "best is a step size and a momentum"},
               {{.optimizer = "lm"}, "lm takes no step size"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_train_options o = cases[i].options;
    const char *member = NULL;
    o.lr_rule = "best";
    assert_refused(ntk_train_options_check(&o, &member), NTK_ERR_ARGUMENT, cases[i].says);
    assert_string_equal(member, "lr");
  }
  const size_t narrow[] = {6, 2, 2}; /* fewer parameters than samples */
  fit_problem p = fit_create(
      one, (ntk_network_spec){.depth = 3, .width = narrow, .activation = "tanh", .seed = 5}, 30);
  ntk_train_result r = {0};
  assert_refused(
      ntk_train(one, p.network, p.data, p.Y, &(ntk_train_options){.lr_rule = "best"}, &r),
      NTK_ERR_NUMERIC, "the best step size needs lambda_min of K at the start");
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_radius),         cmocka_unit_test(test_largest),
      cmocka_unit_test(test_slower_end),     cmocka_unit_test(test_singular),
      cmocka_unit_test(test_ends),           cmocka_unit_test(test_best),
      cmocka_unit_test(test_one_eigenvalue), cmocka_unit_test(test_another_rule),
      cmocka_unit_test(test_half),           cmocka_unit_test(test_lazy),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
