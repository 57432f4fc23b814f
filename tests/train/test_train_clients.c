/* Federated training.
 * Property: every split gives each sample to one client; rounds are those of plain loops; with one
 * local step and equal clients they are gradient descent's on all samples; the linear model's
 * operator is I - (eta / C) K diag_c(sum_e (I - eta K_cc)^e) by plain loops, and its radius the
 * limit of its powers; drift is the spread of the clients' weights; bits do not depend on threads;
 * what leaves a client without samples is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit/federated/law.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 9, 8};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

static ntk_split *split_of(const fit_problem *p, const ntk_train_options *o) {
  ntk_split *split = NULL;
  const ntk_split_request request = {.N = p->N,
                                     .clients = o->clients,
                                     .outputs = 1,
                                     .kind = o->split != NULL ? o->split : "iid",
                                     .given = o->client,
                                     .Y = p->Y,
                                     .seed = o->seed};
  assert_ok(ntk_split_create(one, &request, &split));
  return split;
}

static void test_splits(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 23);
  const char *const kinds[] = {"iid", "by-label"};
  for (size_t clients = 1; clients <= 23; clients += 2)
    for (size_t k = 0; k < 2; k++) {
      bool seen[23] = {false};
      double highest = -INFINITY;
      ntk_split *s = split_of(&p, &(ntk_train_options){.clients = clients, .split = kinds[k]});
      assert_true(s->largest - s->smallest <= 1 && s->smallest == 23 / clients);
      for (size_t c = 0; c < clients; c++) {
        double most = -INFINITY;
        for (size_t i = s->first[c]; i < s->first[c + 1]; i++) {
          const size_t sample = s->order[i];
          assert_false(seen[sample]);
          seen[sample] = true;
          assert_true(i == s->first[c] || sample > s->order[i - 1]);
          most = fmax(most, p.Y[sample]);
          if (k == 1)
            assert_true(p.Y[sample] >= highest);
        }
        highest = most;
      }
      ntk_split_destroy(s);
    }
  fit_destroy(&p);
}

/* scale J_c^T r_c added to grad, by plain loops. */
static void client_gradient(const fit_problem *p, const double *theta, const ntk_split *s, size_t c,
                            double scale, double *grad) {
  double *r = make_array(p->N), *J = plain_jacobian(p, theta, p->Y, r);
  memset(grad, 0, p->P * sizeof *grad);
  for (size_t i = s->first[c]; i < s->first[c + 1]; i++)
    for (size_t q = 0; q < p->P; q++)
      grad[q] += scale * r[s->order[i]] * J[s->order[i] * p->P + q];
  free(J);
  free(r);
}

/* A round in theta; returns the drift. */
static double plain_round(const fit_problem *p, const ntk_split *s, size_t steps, bool mean,
                          double lr, double *theta) {
  double *own = make_array(s->clients * p->P), *g = make_array(p->P), squares = 0.0;
  for (size_t c = 0; c < s->clients; c++) {
    double *at = own + c * p->P;
    memcpy(at, theta, p->P * sizeof *at);
    for (size_t e = 0; e < steps; e++) {
      client_gradient(p, at, s, c, mean ? 2.0 / (double)ntk_split_count(s, c) : 1.0, g);
      for (size_t q = 0; q < p->P; q++)
        at[q] -= lr * g[q];
    }
  }
  for (size_t q = 0; q < p->P; q++) {
    theta[q] = 0.0;
    for (size_t c = 0; c < s->clients; c++)
      theta[q] += own[c * p->P + q] / (double)s->clients;
    for (size_t c = 0; c < s->clients; c++)
      squares += pow(own[c * p->P + q] - theta[q], 2.0);
  }
  free(own);
  free(g);
  return sqrt(squares / (double)s->clients);
}

static void check_rounds(ntk_train_options o, bool mean) {
  enum { ROUNDS = 3 };
  fit_problem p = fit_create(one, spec, 23);
  double *theta = fit_theta(&p), drift[ROUNDS + 1] = {0.0};
  o.loss = mean ? "mean" : NULL;
  o.lr = mean ? 0.01 : 1e-3;
  o.epochs = ROUNDS;
  ntk_split *s = split_of(&p, &o);
  for (size_t t = 1; t <= ROUNDS; t++)
    drift[t] = plain_round(&p, s, o.local_steps, mean, o.lr, theta);
  ntk_train_result r = fit_run(&p, o);
  assert_near(largest_difference(p.P, p.network->theta, theta), 0.0,
              1e-11 * largest_entry(p.P, theta), "theta");
  for (size_t t = 0; t <= ROUNDS; t++)
    assert_near(r.drift[t], drift[t], 1e-9 * drift[1] + 1e-14, "drift");
  assert_true(r.federated.drift_first == r.drift[1] && r.federated.clients == o.clients);
  assert_int_equal(r.federated.smallest, s->smallest);
  assert_true(isnan(r.rate_bound));
  ntk_train_clear(&r);
  ntk_split_destroy(s);
  free(theta);
  fit_destroy(&p);
}

static void test_rounds(void **state) {
  (void)state;
  double client[23];
  for (size_t i = 0; i < 23; i++)
    client[i] = i < 3 ? 2.0 : (double)(i % 2);
  for (size_t mean = 0; mean < 2; mean++)
    for (size_t clients = 1; clients <= 23; clients += 11) {
      check_rounds((ntk_train_options){.clients = clients, .local_steps = 1}, mean);
      check_rounds((ntk_train_options){.clients = clients, .local_steps = 4, .seed = 3}, mean);
      check_rounds((ntk_train_options){.clients = clients, .local_steps = 3, .split = "by-label"},
                   mean);
    }
  check_rounds((ntk_train_options){.clients = 3, .local_steps = 4, .client = client}, false);
}

/* One step of C equal clients at eta is a step on all at eta / C; of the mean, at eta. */
static void test_all_samples(void **state) {
  (void)state;
  for (size_t mean = 0; mean < 2; mean++) {
    fit_problem p = fit_create(one, spec, 24), q = fit_create(one, spec, 24);
    const double lr = mean ? 0.02 : 2e-3;
    ntk_train_options o = {.loss = mean ? "mean" : NULL, .lr = lr, .epochs = 20, .clients = 6};
    ntk_train_result rounds = fit_run(&p, o);
    o.clients = 0;
    o.lr = mean ? lr : lr / 6.0;
    ntk_train_result all = fit_run(&q, o);
    for (size_t t = 0; t <= 20; t++)
      assert_near(rounds.loss[t], all.loss[t], 1e-13 * all.loss[0], "loss");
    assert_near(largest_difference(p.P, p.network->theta, q.network->theta), 0.0, 1e-13, "theta");
    ntk_train_clear(&rounds);
    ntk_train_clear(&all);
    fit_destroy(&p);
    fit_destroy(&q);
  }
}

/* I - K diag_c(h_c / C sum_e (I - h_c K_cc)^e), N x N by rows, in long double plain loops. */
static void plain_operator(size_t N, const double *K, const ntk_split *s, size_t steps, bool mean,
                           double lr, long double *T) {
  long double *power = calloc(2 * N * N, sizeof *power), *D = power + N * N;
  assert_non_null(power);
  for (size_t j = 0; j < N; j++) { /* column j of (I - h K_cc)^e, e = 0.. */
    const size_t c = s->of[j];
    const long double h = lr * (mean ? 2.0L / (long double)ntk_split_count(s, c) : 1.0L);
    long double *v = power, *next = power + N;
    memset(power, 0, 2 * N * sizeof *power);
    v[j] = 1.0L;
    for (size_t e = 0; e < steps; e++) {
      for (size_t i = 0; i < N; i++)
        D[i * N + j] += h / (long double)s->clients * v[i];
      for (size_t i = 0; i < N; i++) {
        next[i] = v[i];
        for (size_t k = 0; k < N && s->of[i] == c; k++)
          next[i] -= s->of[k] == c ? h * K[i * N + k] * v[k] : 0.0L;
      }
      memcpy(v, next, N * sizeof *v);
    }
  }
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      T[i * N + j] = i == j;
      for (size_t k = 0; k < N; k++)
        T[i * N + j] -= K[i * N + k] * D[k * N + j];
    }
  free(power);
}

/* lim ||T^n||^(1/n), n = 2^40; T is destroyed. */
static double gelfand(size_t N, long double *T) {
  long double exponent = 0.0L, n = 1.0L, *S = calloc(N * N, sizeof *S);
  assert_non_null(S);
  for (int round = 0; round < 40; round++) {
    long double size = 0.0L;
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++) {
        S[i * N + j] = 0.0L;
        for (size_t k = 0; k < N; k++)
          S[i * N + j] += T[i * N + k] * T[k * N + j];
        size = fmaxl(size, fabsl(S[i * N + j]));
      }
    for (size_t i = 0; i < N * N; i++)
      T[i] = S[i] / size;
    n *= 2.0L;
    exponent += logl(size) / n;
  }
  free(S);
  return (double)expl(exponent);
}

/* gamma = 1e14: the network is its linear model to 1e-7. */
static void check_law(size_t clients, size_t steps, bool mean, double lr, const char *kind) {
  enum { N = 14 };
  const size_t wide[] = {6, 10, 12};
  const ntk_network_spec lazy = {.depth = 3,
                                 .width = wide,
                                 .activation = "tanh",
                                 .init = "antisymmetric",
                                 .gamma = 1e14,
                                 .seed = 5};
  fit_problem p = fit_create(one, lazy, N);
  ntk_features *features = make_features(p.network, p.data);
  double *K = kernel_array(features, N, NULL);
  ntk_features_destroy(features);
  ntk_train_options o = {.loss = mean ? "mean" : NULL,
                         .epochs = 30,
                         .track = 10,
                         .clients = clients,
                         .local_steps = steps,
                         .split = kind};
  ntk_split *s = split_of(&p, &o);
  long double *T = calloc(N * N, sizeof *T);
  assert_non_null(T);
  ntk_train_result r = fit_run(&p, o);
  if (lr != 1.0) { /* another share of the rule's step */
    o.lr = lr * r.lr;
    ntk_train_clear(&r);
    fit_destroy(&p);
    p = fit_create(one, lazy, N);
    r = fit_run(&p, o);
  }
  plain_operator(N, K, s, steps, mean, r.lr, T);
  const double radius = gelfand(N, T);
  assert_near(r.federated.rate, radius * radius, 1e-8, "rate");
  assert_true(radius < 1.0 && r.federated.reason[0] == '\0');
  for (size_t i = 0; i < r.tracked; i++)
    assert_near(r.track[i].prediction, r.track[i].loss, 1e-5 * r.loss_initial, "prediction");
  o.track = 0; /* K_0 is made for this alone then */
  o.epochs = 1;
  fit_problem q = fit_create(one, lazy, N);
  ntk_train_result untracked = fit_run(&q, o);
  assert_near(untracked.federated.rate, r.federated.rate, 1e-12, "rate without --track");
  ntk_train_clear(&untracked);
  fit_destroy(&q);
  ntk_train_clear(&r);
  ntk_split_destroy(s);
  free(T);
  free(K);
  fit_destroy(&p);
}

static void test_law(void **state) {
  (void)state;
  const char *const kinds[] = {"iid", "by-label"};
  for (size_t k = 0; k < 2; k++)
    for (size_t mean = 0; mean < 2; mean++) {
      check_law(1, 1, mean, 1.0, kinds[k]);
      check_law(3, 1, mean, 1.9, kinds[k]);
      check_law(4, 5, mean, 1.0, kinds[k]);
      check_law(14, 3, mean, 1.0, kinds[k]);
      check_law(5, 40, mean, 1.5, kinds[k]);
    }
}

/* Past 2 / curvature with an even number of steps a client's own grow. */
static void test_too_large(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 12);
  double *start = fit_theta(&p);
  ntk_train_options o = {.epochs = 1, .clients = 3, .local_steps = 2};
  ntk_train_result r = fit_run(&p, o);
  assert_near(r.convergence.lr_largest, 2.0 * r.lr, 1e-12 * r.lr, "largest");
  o.lr = 2.2 * r.lr;
  ntk_train_clear(&r);
  fit_set(&p, start);
  r = fit_run(&p, o);
  assert_true(isnan(r.federated.rate));
  assert_non_null(strstr(r.federated.reason, "a client's own steps grow"));
  ntk_train_clear(&r);
  free(start);
  fit_destroy(&p);
}

static void test_threads(void **state) {
  (void)state;
  const size_t wide[] = {60, 80, 70};
  ntk_network_spec of = spec;
  of.width = wide;
  double *theta[2] = {NULL, NULL}, numbers[2][3];
  size_t P = 0;
  for (int i = 0; i < 2; i++) {
    ntk_context *context = make_context(1 + 2 * i);
    fit_problem p = fit_create(context, of, 300);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.epochs = 2, .clients = 4, .local_steps = 3, .track = 1});
    theta[i] = fit_theta(&p);
    numbers[i][0] = r.loss_final;
    numbers[i][1] = r.federated.rate;
    numbers[i][2] = r.track[2].prediction;
    P = p.P;
    ntk_train_clear(&r);
    fit_destroy(&p);
    ntk_context_destroy(context);
  }
  assert_memory_equal(numbers[1], numbers[0], sizeof numbers[0]);
  assert_memory_equal(theta[1], theta[0], P * sizeof(double));
  free(theta[0]);
  free(theta[1]);
}

static void test_refused(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 12);
  double client[12] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, half[12] = {0.5}, far[12] = {3};
  const struct {
    ntk_train_options options;
    const char *says, *option;
  } cases[] = {
      {{.clients = 13}, "13 clients, and there are 12 samples: some would have none", "clients"},
      {{.clients = 3, .client = client}, "client 2 has no samples", "split"},
      {{.clients = 3, .client = half}, "sample 1 (from 1) is of client 0.5", "split"},
      {{.clients = 3, .client = far},
       "is of client 3; accepted: whole numbers from 0 to 2",
       "split"},
      {{.clients = 3, .split = "by-lable"}, "did you mean 'by-label'", NULL},
      {{.clients = 3, .optimizer = "adam"}, "clients make steps of gradient descent", NULL},
      {{.clients = 3, .batch = 4}, "clients make steps of gradient descent", NULL},
      {{.local_steps = 3}, "accepted with clients", NULL},
      {{.clients = 3, .lr_rule = "best"}, "the best for clients", NULL},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_train_result r = {0};
    ntk_train_options o = cases[i].options;
    o.epochs = 1;
    assert_refused(ntk_train(one, p.network, p.data, p.Y, &o, &r), NTK_ERR_ARGUMENT, cases[i].says);
    if (cases[i].option != NULL)
      assert_string_equal(ntk_error_last().option, cases[i].option);
  }
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_splits),      cmocka_unit_test(test_rounds),
      cmocka_unit_test(test_all_samples), cmocka_unit_test(test_law),
      cmocka_unit_test(test_too_large),   cmocka_unit_test(test_threads),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
