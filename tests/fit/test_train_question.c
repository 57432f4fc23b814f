/* Can gradient descent fit these labels, and when?
 * Property: the linear model's first epoch at the target is that of r <- r - eta scale K_0 (r, or
 * with momentum) in plain loops, and never where labels have a part outside of K_0's range, whose
 * half square is the limit; (20)'s epoch is the first t with rate^t loss_0 <= target; the recent
 * rate's follows from the losses; the answer is yes, no or open for the reason named. */
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {6, 9, 8}, narrow[] = {6, 2, 2};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

/* K_0 (N x N) and r_0 (N) of the network's present weights, to be freed. */
static double *start(const fit_problem *p, double *r) {
  double *theta = fit_theta(p), *J = plain_jacobian(p, theta, p->Y, r);
  double *K = plain_gram(p->N, p->P, J, J);
  free(J);
  free(theta);
  return K;
}

/* The linear model in plain loops: the epoch at which sum r^2 <= target, or 0 within `most`. */
static size_t plain_linear(size_t N, const double *K, const double *r0, const char *optimizer,
                           double step, double momentum, double target, size_t most) {
  double *r = make_array(N), *m = make_array(N), *v = make_array(N);
  size_t found = 0;
  memcpy(r, r0, N * sizeof *r);
  for (size_t t = 1; t <= most && found == 0; t++) {
    for (size_t i = 0; i < N; i++) {
      m[i] = momentum * m[i] + r[i];
      v[i] = strcmp(optimizer, "gd") == 0         ? r[i]
             : strcmp(optimizer, "momentum") == 0 ? m[i]
                                                  : r[i] + momentum * m[i];
    }
    for (size_t i = 0; i < N; i++)
      r[i] -= step * dot(K + i * N, v, N);
    found = dot(r, r, N) <= target ? t : 0;
  }
  free(r);
  free(m);
  free(v);
  return found;
}

/* Without a step made; both losses, both ways to be stopped from keeping K_0. */
static void test_linear(void **state) {
  (void)state;
  const char *optimizers[] = {"gd", "momentum", "nesterov"};
  for (size_t o = 0; o < COUNT(optimizers); o++)
    for (size_t mean = 0; mean < 2; mean++) {
      fit_problem p = fit_create(one, spec, 20);
      double *r = make_array(p.N), *K = start(&p, r);
      const double scale = mean ? 2.0 / (double)p.N : 1.0, first = dot(r, r, p.N);
      const ntk_train_options options = {.optimizer = optimizers[o],
                                         .loss = mean ? "mean" : "half-sum",
                                         .target = 1e-5 * first * 0.5 * scale,
                                         .track = mean ? 10 : 0,
                                         .question = true};
      ntk_train_result result = fit_run(&p, options);
      const ntk_train_answer *a = &result.answer;
      assert_true(a->asked && a->target == options.target && a->floor == 0.0);
      assert_int_equal(result.epochs, 0);
      const size_t expected = plain_linear(p.N, K, r, optimizers[o], result.lr * scale,
                                           o > 0 ? result.momentum : 0.0, 1e-5 * first, 1000000);
      assert_in_range(expected, 10, 999999);
      assert_true(a->linear_least == (double)expected && a->linear_most == (double)expected);
      assert_true(a->linear_limit == 0.0 && isnan(a->epochs_recent) && isnan(a->rate_recent));
      assert_int_equal(a->answer, NTK_ANSWER_OPEN);
      assert_non_null(strstr(a->reason, "likely, if the kernel stays near K_0"));
      if (o == 0) { /* (20), from the rate that the result has */
        const double t = a->epochs_bound;
        assert_true(pow(result.rate_bound, t) * result.loss_initial <= a->target * (1 + 1e-9));
        assert_true(pow(result.rate_bound, t - 1.0) * result.loss_initial > a->target);
      } else {
        assert_true(isnan(a->epochs_bound));
      }
      ntk_train_clear(&result);
      free(K);
      free(r);
      fit_destroy(&p);
    }
}

/* What of r lies outside of J's columns, by Gram and Schmidt, twice; J (N x P) is destroyed. */
static void plain_outside(size_t N, size_t P, double *J, double *r) {
  double *column = make_array(N);
  for (size_t q = 0; q < P; q++) {
    for (size_t i = 0; i < N; i++)
      column[i] = J[i * P + q];
    const double norm = sqrt(dot(column, column, N));
    for (size_t pass = 0; pass < 2; pass++)
      for (size_t e = 0; e < q; e++) {
        double sum = 0.0;
        for (size_t i = 0; i < N; i++)
          sum += J[i * P + e] * column[i];
        for (size_t i = 0; i < N; i++)
          column[i] -= sum * J[i * P + e];
      }
    const double rest = sqrt(dot(column, column, N)), along = dot(column, r, N);
    assert_true(rest > 1e-9 * norm); /* the columns are independent */
    for (size_t i = 0; i < N; i++) {
      J[i * P + q] = column[i] / rest;
      r[i] -= along / rest * J[i * P + q];
    }
  }
  free(column);
}

/* More samples than parameters: what of r_0 lies outside of K_0's range stays, and K_0 says so. */
static void check_out_of_range(uint64_t seed) {
  ntk_network_spec small = spec;
  small.width = narrow;
  small.seed = seed;
  fit_problem p = fit_create(one, small, 40);
  double *left = make_array(p.N), *theta = fit_theta(&p);
  double *J = plain_jacobian(&p, theta, p.Y, left);
  plain_outside(p.N, p.P, J, left);
  ntk_train_result result = fit_run(&p, (ntk_train_options){.question = true});
  const ntk_train_answer *a = &result.answer;
  const double limit = 0.5 * dot(left, left, p.N);
  assert_true(limit > 0.1 * result.loss_initial * 1e-3); /* else this tests nothing */
  assert_near(a->linear_limit, limit, 1e-6 * limit, "limit");
  assert_true(isinf(a->linear_least) && isinf(a->linear_most));
  assert_near(a->target, 1e-6 * 0.5 * dot(p.Y, p.Y, p.N), 1e-18, "the target not given");
  assert_int_equal(a->answer, NTK_ANSWER_OPEN);
  assert_non_null(strstr(a->reason, "unlikely unless the kernel moves"));
  assert_non_null(strstr(a->reason, "singular and the labels have a part outside its range"));
  ntk_train_clear(&result);
  free(J);
  free(theta);
  free(left);
  fit_destroy(&p);
}

static void test_out_of_range(void **state) {
  (void)state;
  for (uint64_t seed = 5; seed < 11; seed++)
    check_out_of_range(seed);
}

/* Equal samples: with equal labels K_0 is singular and the labels are in its range; with different
 * ones no weights fit, by half the squares of what is left of their mean. */
static void test_equal_samples(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 20);
  double *X = make_array(20 * 6);
  memcpy(X, ntk_dataset_values(p.data), 20 * 6 * sizeof *X);
  memcpy(X + 17 * 6, X + 4 * 6, 6 * sizeof *X);
  memcpy(X + 9 * 6, X + 4 * 6, 6 * sizeof *X);
  ntk_dataset_destroy(p.data);
  assert_ok(ntk_dataset_from_array(one, X, 20, 6, &p.data));
  p.Y[17] = p.Y[9] = p.Y[4];
  ntk_train_result result = fit_run(&p, (ntk_train_options){.question = true});
  assert_true(isfinite(result.answer.linear_most) && result.answer.floor == 0.0);
  assert_true(result.convergence.lambda_min == 0.0);
  ntk_train_clear(&result);
  p.Y[4] = 1.0;
  p.Y[9] = 2.0;
  p.Y[17] = 6.0;
  result = fit_run(&p, (ntk_train_options){.question = true, .epochs = 30});
  assert_near(result.answer.floor, 0.5 * (4.0 + 1.0 + 9.0), 1e-12, "floor");
  assert_int_equal(result.answer.answer, NTK_ANSWER_NO);
  assert_non_null(strstr(result.answer.reason, "equal samples have different labels"));
  assert_true(isinf(result.answer.linear_least));
  ntk_train_clear(&result);
  result = fit_run(&p, (ntk_train_options){.question = true, .target = 7.5});
  assert_int_equal(result.answer.answer, NTK_ANSWER_OPEN); /* the floor is under this one */
  ntk_train_clear(&result);
  free(X);
  fit_destroy(&p);
}

/* With steps made: reached, not yet, or diverged. */
static void test_measured(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 20);
  double *first = fit_theta(&p);
  ntk_train_result result = fit_run(&p, (ntk_train_options){.question = true, .epochs = 250});
  const ntk_train_answer *a = &result.answer;
  const double rate = pow(result.loss[250] / result.loss[150], 0.01);
  assert_near(a->rate_recent, rate, 1e-14, "recent rate");
  assert_true(a->epochs_recent == 250.0 + ceil(log(a->target / result.loss[250]) / log(rate)));
  assert_int_equal(a->answer, NTK_ANSWER_OPEN);
  /* The two differ by far, which the line says, and both stand there in full. */
  assert_true(a->linear_least > 2.0 * a->epochs_recent);
  char line[200];
  snprintf(line, sizeof line,
           "likely, and not soon: at the recent rate, which falls, epoch %.0f; the linear model is "
           "there at epoch %.0f",
           a->epochs_recent, a->linear_least);
  assert_true(a->linear_most == a->linear_least);
  assert_string_equal(a->reason, line);
  const double target = result.loss[200];
  ntk_train_clear(&result);
  fit_set(&p, first);
  result = fit_run(&p, (ntk_train_options){.question = true, .epochs = 250, .target = target});
  assert_int_equal(result.answer.answer, NTK_ANSWER_YES);
  assert_true(result.answer.epochs_recent == 200.0 && result.epochs == 200);
  ntk_train_clear(&result);
  fit_set(&p, first);
  result = fit_run(&p, (ntk_train_options){.question = true, .epochs = 250, .lr = 10.0});
  assert_int_equal(result.answer.answer, NTK_ANSWER_NO);
  assert_non_null(strstr(result.answer.reason, "not with this step size"));
  ntk_train_clear(&result);
  fit_set(&p, first);
  result = fit_run(&p, (ntk_train_options){.question = true, .lr = 10.0});
  assert_non_null(strstr(result.answer.reason, "the linear model diverges"));
  ntk_train_clear(&result);
  fit_set(&p, first);
  result = fit_run(&p, (ntk_train_options){.question = true, .optimizer = "adam"});
  assert_true(isnan(result.answer.linear_least));
  assert_non_null(strstr(result.answer.reason, "adam has no linear model"));
  ntk_train_clear(&result);
  free(first);
  fit_destroy(&p);
}

/* Where (21) holds at all tracked epochs, (20) answers before it is there. */
static void test_theorem(void **state) {
  (void)state;
  const size_t wide[] = {24, 24, 48};
  const ntk_network_spec boosted = {.depth = 3,
                                    .width = wide,
                                    .activation = "tanh",
                                    .init = "antisymmetric",
                                    .gamma = 24.0 * 24 * 24 * 144 * 144,
                                    .seed = 2};
  fit_problem p = fit_create(one, boosted, 144);
  ntk_train_result result =
      fit_run(&p, (ntk_train_options){.question = true, .epochs = 20, .track = 5});
  assert_true(result.convergence.condition_held); /* else this tests nothing */
  assert_int_equal(result.answer.answer, NTK_ANSWER_YES);
  assert_non_null(strstr(result.answer.reason, "(21) held at every tracked epoch"));
  assert_true(result.answer.epochs_bound > result.answer.linear_most);
  ntk_train_clear(&result);
  fit_destroy(&p);
}

/* Asking changes no bit of the training, and not asking leaves nothing. */
static void test_not_asked(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 20), q = fit_create(one, spec, 20);
  ntk_train_result a = fit_run(&p, (ntk_train_options){.epochs = 40, .track = 7});
  ntk_train_result b = fit_run(&q, (ntk_train_options){.epochs = 40, .track = 7, .question = true});
  assert_memory_equal(p.network->theta, q.network->theta, p.P * sizeof(double));
  assert_memory_equal(a.loss, b.loss, 41 * sizeof(double));
  assert_int_equal(a.tracked, b.tracked);
  for (size_t i = 0; i < a.tracked; i++)
    assert_true(a.track[i].prediction == b.track[i].prediction);
  assert_false(a.answer.asked);
  assert_true(isnan(a.answer.target) && isnan(a.answer.floor) && isnan(a.answer.epochs_recent));
  ntk_train_clear(&a);
  ntk_train_clear(&b);
  fit_destroy(&p);
  fit_destroy(&q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_linear),        cmocka_unit_test(test_out_of_range),
      cmocka_unit_test(test_equal_samples), cmocka_unit_test(test_measured),
      cmocka_unit_test(test_theorem),       cmocka_unit_test(test_not_asked),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
