/* Theorem 4.2 beside the measurement, and the step sizes.
 * Property: alpha, beta, radius, rate_bound and c are their formulas in the eigenvalues of K_0 (by
 * a full decomposition); (20) holds at every epoch and (21) at every tracked one on a ladder of
 * sizes with N = d^2 / 4 and gamma = d^3 N^2, and where they do not hold, that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blas.h"
#include "train_support.h"

static ntk_context *one;

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  (void)ntk_blas_enter(1); /* eigenvalues that the tests take themselves: threads would wait */
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

/* What the formulas start from, at the network's present weights. */
typedef struct start {
  double lambda_min, lambda_max; /* of K_0 */
  double residual;               /* ||F(theta_0) - Y|| */
  double last;                   /* ||W_L||^2, which stands for gamma n_{L-1} */
} start;

static start measure_start(const fit_problem *p) {
  const size_t N = p->N, L = p->spec.depth;
  start s = {0};
  ntk_features *features = make_features(p->network, p->data);
  double *K = kernel_array(features, N, NULL), *F = make_array(N), *eigenvalues = make_array(N);
  assert_ok(ntk_features_output(features, F));
  assert_ok(ntk_dsyevd(one, 'N', N, K, eigenvalues));
  s.lambda_min = eigenvalues[0];
  s.lambda_max = eigenvalues[N - 1];
  for (size_t i = 0; i < N; i++)
    s.residual += (F[i] - p->Y[i]) * (F[i] - p->Y[i]);
  s.residual = sqrt(s.residual);
  for (size_t j = 0; j < p->spec.width[L - 1]; j++)
    s.last += p->network->W[L][j] * p->network->W[L][j];
  ntk_features_destroy(features);
  free(K);
  free(F);
  free(eigenvalues);
  return s;
}

static void near(double actual, double expected, const char *what) {
  assert_near(actual, expected, 1e-5 * fabs(expected), what);
}

/* eta: the step of the half-sum that the run's step amounts to. */
static void check_constants(const fit_problem *p, const start *s, double eta,
                            const ntk_train_result *r) {
  const ntk_convergence *c = &r->convergence;
  const double alpha = 0.8 * sqrt(s->lambda_min);
  const double beta = fmax(2.0 * alpha, sqrt(s->lambda_max) + alpha / 4.0);
  near(c->lambda_min, s->lambda_min, "lambda_min");
  near(c->lambda_max, s->lambda_max, "lambda_max");
  near(c->alpha, alpha, "alpha");
  near(c->beta, beta, "beta");
  near(c->change_allowed, alpha * alpha / (2.0 * beta), "change");
  near(c->radius, 4.0 * s->residual / alpha, "radius");
  near(c->lr_largest / r->lr, 2.0 / s->lambda_max / eta, "largest step");
  const double rate = pow(1.0 - eta * alpha * alpha / 2.0, 2.0);
  assert_near(r->rate_bound, rate, 1e-6 * (1.0 - rate), "rate");
  const double n = (double)p->spec.width[p->spec.depth - 2];
  near(c->c * eta * s->last * n, 1.0 - rate, "c");
  for (size_t i = 0; i < r->tracked; i++)
    near(r->track[i].bound, pow(rate, (double)r->track[i].epoch) * r->loss[0], "bound");
}

/* (20) and (21) from what the run returned, without its verdicts. */
static bool bound_holds(const ntk_train_result *r) {
  for (size_t t = 0; t <= r->epochs; t++)
    if (r->loss[t] > pow(r->rate_bound, (double)t) * r->loss[0] * (1.0 + 1e-9))
      return false;
  return true;
}

static bool condition_holds(const ntk_train_result *r) {
  const ntk_convergence *c = &r->convergence;
  for (size_t i = 0; i < r->tracked; i++)
    if (sqrt(r->track[i].lambda_min) < c->alpha || sqrt(r->track[i].lambda_max) > c->beta ||
        r->track[i].jacobian_change > c->alpha * c->alpha / (2.0 * c->beta) ||
        r->track[i].distance > c->radius)
      return false;
  return true;
}

/* d = 10 to 60, N = d^2 / 4, two activations and depths, both rules, either loss. (21), sufficient
 * and not necessary, asks for more than softplus' K_0 has, of condition 1e8, and than d = 10. */
static void test_ladder(void **state) {
  (void)state;
  const size_t dims[] = {10, 16, 24, 40, 60};
  const char *activations[] = {"tanh", "softplus"}, *rules[] = {"auto", "theory"};
  for (size_t k = 0; k < COUNT(dims); k++)
    for (size_t a = 0; a < 2; a++)
      for (size_t rule = 0; rule < 2; rule++) {
        if (dims[k] > 30 && a != rule)
          continue; /* the large ones once each */
        const size_t d = dims[k], N = d * d / 4, width[] = {d, d, d, 2 * d};
        const bool deep = a == 1, mean = (k + a + rule) % 2;
        const ntk_network_spec spec = {.depth = deep ? 4 : 3,
                                       .width = deep ? width : width + 1,
                                       .activation = activations[a],
                                       .init = "antisymmetric",
                                       .gamma = pow((double)d, 3.0) * (double)(N * N),
                                       .seed = 20 + d};
        fit_problem p = fit_create(one, spec, N);
        const start s = measure_start(&p);
        ntk_train_result r = fit_run(&p, (ntk_train_options){.lr_rule = rules[rule],
                                                             .loss = mean ? "mean" : "half-sum",
                                                             .epochs = 60,
                                                             .track = d > 30 ? 60 : 20});
        const double scale = mean ? 2.0 / (double)N : 1.0;
        near(r.lr * scale, rule == 0 ? 1.0 / s.lambda_max : 1.0 / ((double)(N * d) * s.last),
             rules[rule]);
        check_constants(&p, &s, r.lr * scale, &r);
        assert_true(s.residual > 0.0 && r.convergence.bound_known && r.convergence.condition_known);
        assert_true(bound_holds(&r) && r.convergence.bound_held);
        assert_int_equal(r.convergence.condition_held, condition_holds(&r));
        assert_true(r.convergence.condition_held || a == 1 || d == 10);
        assert_true(r.convergence.laziness < 1e-2);
        for (size_t i = 0; i < r.tracked; i++)
          assert_true(r.track[i].loss <= r.track[i].bound * (1.0 + 1e-9));
        ntk_train_clear(&r);
        fit_destroy(&p);
      }
}

/* gamma = 1 and steps beyond what is stable: the loss grows, (20) did not hold, and (21) neither.
 */
static void test_not_held(void **state) {
  (void)state;
  const size_t width[] = {8, 12, 12};
  const struct {
    const char *init;
    double steps; /* times 1 / lambda_max */
    bool bound, condition;
  } cases[] = {{"paper", 2.6, true, false}, {"antisymmetric", 2.6, false, false}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_network_spec spec = {
        .depth = 3, .width = width, .activation = "tanh", .init = cases[k].init, .seed = 4};
    fit_problem p = fit_create(one, spec, 30);
    const start s = measure_start(&p);
    for (size_t i = 0; i < p.N; i++)
      p.Y[i] *= 3.0;
    ntk_train_result r = fit_run(
        &p, (ntk_train_options){.lr = cases[k].steps / s.lambda_max, .epochs = 6, .track = 1});
    assert_true(r.convergence.bound_known && r.convergence.condition_known);
    assert_int_equal(bound_holds(&r), cases[k].bound);
    assert_int_equal(r.convergence.bound_held, cases[k].bound);
    assert_int_equal(condition_holds(&r), cases[k].condition);
    assert_int_equal(r.convergence.condition_held, cases[k].condition);
    assert_true(r.convergence.laziness > 0.02);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* The proof needs eta beta^2 <= 3/2 - alpha / beta: a path on which (21) holds, walked with a
 * larger step, is not said to have met the conditions; with a smaller one it is. */
static void test_step_too_large(void **state) {
  (void)state;
  const size_t width[] = {16, 16, 32};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "antisymmetric",
                                 .gamma = 1e12,
                                 .seed = 4};
  for (size_t large = 0; large < 2; large++) {
    fit_problem p = fit_create(one, spec, 64);
    const start s = measure_start(&p);
    ntk_train_result r = fit_run(
        &p,
        (ntk_train_options){.lr = (large ? 1.55 : 1.4) / s.lambda_max, .epochs = 10, .track = 5});
    assert_true(condition_holds(&r) && r.convergence.bound_held);
    assert_int_equal(r.convergence.condition_held, !large);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* A bound that a step so large does not have, and one of a singular K_0, are not known. */
static void test_unknown(void **state) {
  (void)state;
  const size_t width[] = {3, 6, 6}, narrow[] = {2, 2, 2};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 4};
  ntk_network_spec small = spec;
  small.width = narrow;
  fit_problem p = fit_create(one, spec, 1), q = fit_create(one, small, 30);
  const start s = measure_start(&p);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.lr = 1.9 / s.lambda_max, .epochs = 3});
  assert_true(isnan(r.rate_bound) && isnan(r.convergence.c)); /* eta alpha^2 = 0.64 x 1.9 > 1 */
  assert_false(r.convergence.bound_known || r.convergence.bound_held);
  near(r.convergence.alpha, 0.8 * sqrt(s.lambda_min), "alpha");
  near(r.convergence.beta, 2.0 * r.convergence.alpha, "beta"); /* ||J_0|| + alpha / 4 is less */
  ntk_train_clear(&r);
  r = fit_run(&q, (ntk_train_options){.epochs = 3, .track = 1}); /* N = 30 > P = 10 */
  assert_true(r.convergence.lambda_min == 0.0 && isnan(r.convergence.alpha));
  assert_true(isnan(r.rate_bound) && isnan(r.convergence.radius));
  assert_false(r.convergence.bound_known || r.convergence.condition_known);
  assert_false(r.convergence.bound_held || r.convergence.condition_held);
  ntk_train_clear(&r);
  fit_destroy(&p);
  fit_destroy(&q);
}

/* The step sizes and momenta of the rules, and those given; what a method has not is NaN. */
static void test_step_sizes(void **state) {
  (void)state;
  const size_t width[] = {6, 10, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 4};
  for (size_t mean = 0; mean < 2; mean++) {
    fit_problem p = fit_create(one, spec, 12);
    double *theta = fit_theta(&p);
    const start s = measure_start(&p);
    const double scale = mean ? 2.0 / 12.0 : 1.0, root = sqrt(scale * s.lambda_min);
    const double large = 1.25 * scale * s.lambda_max, wide = sqrt(large);
    const double polyak = (wide - root) / (wide + root);
    const double inner = sqrt(scale * s.lambda_min / large);
    const double theory = 1.0 / (12.0 * 6.0 * s.last * scale);
    const struct {
      ntk_train_options options;
      double lr, momentum;
    } cases[] = {{{.optimizer = "gd"}, 1.0 / (scale * s.lambda_max), NAN},
                 {{.optimizer = "gd", .lr_rule = "theory"}, theory, NAN},
                 {{.optimizer = "gd", .lr = 1e-4, .lr_rule = "theory"}, 1e-4, NAN},
                 {{.optimizer = "momentum"}, 4.0 / pow(wide + root, 2.0), polyak * polyak},
                 {{.optimizer = "momentum", .momentum = 0.3}, 1.0 / large, 0.3},
                 {{.optimizer = "momentum", .lr = 1e-4}, 1e-4, 0.9},
                 {{.optimizer = "momentum", .lr_rule = "theory"}, theory, 0.9},
                 {{.optimizer = "nesterov"}, 1.0 / large, (1.0 - inner) / (1.0 + inner)},
                 {{.optimizer = "nesterov", .momentum = 0.3}, 1.0 / large, 0.3},
                 {{.optimizer = "adam"}, 0.1 / sqrt(12.0), NAN},
                 {{.optimizer = "adam", .lr_rule = "theory"}, theory, NAN},
                 {{.optimizer = "lm"}, NAN, NAN}};
    for (size_t k = 0; k < COUNT(cases); k++)
      for (size_t track = 0; track < 2; track++) {
        ntk_train_options options = cases[k].options;
        options.epochs = 1;
        options.track = track;
        options.loss = mean ? "mean" : "half-sum";
        fit_set(&p, theta);
        ntk_train_result r = fit_run(&p, options);
        if (isnan(cases[k].lr))
          assert_true(isnan(r.lr));
        else
          near(r.lr, cases[k].lr, options.optimizer);
        if (isnan(cases[k].momentum))
          assert_true(isnan(r.momentum));
        else
          near(r.momentum, cases[k].momentum, options.optimizer);
        assert_true((r.lr_source[0] == '\0') == (k == COUNT(cases) - 1));
        ntk_train_clear(&r);
      }
    free(theta);
    fit_destroy(&p);
  }
}

/* Beyond a condition of 6000 of 1.25 lambda_max, or with a singular K_0, momenta are those of 6000.
 */
static void test_largest_momentum(void **state) {
  (void)state;
  const size_t width[] = {6, 10, 8}, narrow[] = {2, 2, 2};
  const double root = sqrt(6000.0), nesterov = (root - 1.0) / (root + 1.0);
  const ntk_network_spec specs[] = {
      {.depth = 3, .width = width, .activation = "softplus", .seed = 4},
      {.depth = 3, .width = narrow, .activation = "tanh", .seed = 4}};
  for (size_t k = 0; k < 2 * COUNT(specs); k++) {
    fit_problem p = fit_create(one, specs[k / 2], 40);
    const start s = measure_start(&p);
    assert_true(s.lambda_max > 6000.0 * fmax(s.lambda_min, 0.0));
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = k % 2 ? "nesterov" : "momentum", .epochs = 1});
    near(r.momentum, k % 2 ? nesterov : nesterov * nesterov, "momentum");
    near(r.lr * 1.25 * s.lambda_max, k % 2 ? 1.0 : 4.0 / pow(1.0 + 1.0 / root, 2.0), "step");
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* The rules' steps are stable, and the largest stable one is: in the linear model with K_0 losses
 * at 0.99 of it stay bounded, at 1.01 they grow; by the scalar recursion at lambda_max. */
static void test_largest_step(void **state) {
  (void)state;
  const size_t width[] = {6, 10, 8};
  ntk_network_spec spec = {.depth = 3,
                           .width = width,
                           .activation = "tanh",
                           .init = "antisymmetric",
                           .gamma = 1e10,
                           .seed = 4};
  const struct {
    const char *optimizer;
    double momentum;
  } methods[] = {
      {"gd", 0.0}, {"momentum", 0.3}, {"momentum", 0.9}, {"nesterov", 0.3}, {"nesterov", 0.9}};
  for (size_t k = 0; k < COUNT(methods); k++) {
    fit_problem p = fit_create(one, spec, 12);
    ntk_train_options options = {.optimizer = methods[k].optimizer,
                                 .momentum = methods[k].momentum,
                                 .epochs = 1,
                                 .track = 1};
    ntk_train_result r = fit_run(&p, options);
    const double largest = r.convergence.lr_largest;
    ntk_train_clear(&r);
    for (size_t side = 0; side < 2; side++) {
      fit_destroy(&p);
      p = fit_create(one, spec, 12);
      options.lr = largest * (side == 0 ? 0.99 : 1.01);
      options.epochs = 3000;
      options.track = 0;
      r = fit_run(&p, options);
      assert_int_equal(r.stopped, side == 0 ? NTK_STOP_EPOCHS : NTK_STOP_DIVERGED);
      assert_true(side == 1 || r.loss_final < r.loss_initial);
      ntk_train_clear(&r);
    }
    fit_destroy(&p);
  }
}

/* Where rounding of the steps holds the loss up, (20) is not said to have failed: in float with a
 * small step, under (18), it is not said to be known. In double the same run holds it. */
static void test_rounding(void **state) {
  (void)state;
  const size_t sizes[] = {20, 60, 60};
  for (uint64_t seed = 1; seed <= 3; seed++)
    for (int single = 0; single < 2; single++) {
      fit_problem p = fit_create(one,
                                 (ntk_network_spec){.depth = 3,
                                                    .width = sizes,
                                                    .activation = "tanh",
                                                    .init = "antisymmetric",
                                                    .gamma = 8000.0 * 900.0,
                                                    .seed = seed},
                                 30);
      ntk_train_result r = fit_run(&p, (ntk_train_options){.lr_rule = "theory",
                                                           .precision = single ? "float" : "double",
                                                           .epochs = 10000});
      const ntk_convergence *c = &r.convergence;
      assert_true(single ? !c->bound_known : c->bound_known && c->bound_held);
      ntk_train_clear(&r);
      fit_destroy(&p);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rounding),         cmocka_unit_test(test_ladder),
      cmocka_unit_test(test_not_held),         cmocka_unit_test(test_step_too_large),
      cmocka_unit_test(test_unknown),          cmocka_unit_test(test_step_sizes),
      cmocka_unit_test(test_largest_momentum), cmocka_unit_test(test_largest_step),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
