/* Federated training.
 * Property: rounds are those of plain loops; with one local step and equal clients, or any that
 * count by their samples, they are gradient descent's on all samples; the linear model's operator
 * is I - eta K diag_c(p_c sum_e (I - eta K_cc)^e) by plain loops, p_c = 1 / C or n_c / N, and its
 * radius the limit of its powers; drift is the spread of the clients' weights; bits do not depend
 * on threads, nor on the p_c of clients of one size; a checkpoint with other p_c is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fit/federated/law.h"

#include "federated_support.h"

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

/* What client c counts in the mean. */
static double share_of(const ntk_split *s, size_t c, const char *weights) {
  return weights == NULL ? 1.0 / (double)s->clients
                         : (double)(s->first[c + 1] - s->first[c]) / (double)s->N;
}

/* A round in theta; returns the drift. */
static double plain_round(const fit_problem *p, const ntk_split *s, const ntk_train_options *o,
                          bool mean, double *theta) {
  double *own = make_array(s->clients * p->P), *g = make_array(p->P), squares = 0.0;
  for (size_t c = 0; c < s->clients; c++) {
    double *at = own + c * p->P;
    memcpy(at, theta, p->P * sizeof *at);
    for (size_t e = 0; e < o->local_steps; e++) {
      client_gradient(p, at, s, c, mean ? 2.0 / (double)ntk_split_count(s, c) : 1.0, g);
      for (size_t q = 0; q < p->P; q++)
        at[q] -= o->lr * g[q];
    }
  }
  for (size_t q = 0; q < p->P; q++) {
    theta[q] = 0.0;
    for (size_t c = 0; c < s->clients; c++)
      theta[q] += share_of(s, c, o->client_weights) * own[c * p->P + q];
    for (size_t c = 0; c < s->clients; c++)
      squares += share_of(s, c, o->client_weights) * pow(own[c * p->P + q] - theta[q], 2.0);
  }
  free(own);
  free(g);
  return sqrt(squares);
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
    drift[t] = plain_round(&p, s, &o, mean, theta);
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
  for (size_t i = 0; i < 4; i++)
    check_rounds((ntk_train_options){.clients = 3,
                                     .local_steps = 4,
                                     .client = client,
                                     .client_weights = i < 2 ? "size" : NULL},
                 i % 2 == 0);
}

/* A run that counted clients otherwise is another one, unless they are of one size. */
static void test_goes_on(void **state) {
  (void)state;
  char file[] = "/tmp/ntk_clients_XXXXXX";
  const int descriptor = mkstemp(file);
  assert_true(descriptor >= 0);
  close(descriptor);
  for (size_t C = 4; C <= 7; C += 3) {
    fit_problem p = fit_create(one, spec, 21);
    double *start = fit_theta(&p);
    ntk_train_options o = {.epochs = 2, .clients = C, .checkpoint = file};
    ntk_train_result r = {0};
    unlink(file);
    r = fit_run(&p, o);
    ntk_train_clear(&r);
    fit_set(&p, start);
    o.epochs = 3;
    o.client_weights = "size";
    const ntk_status status = ntk_train(one, p.network, p.data, p.Y, &o, &r);
    if (C == 7) {
      assert_ok(status);
      assert_int_equal(r.resumed, 2);
      ntk_train_clear(&r);
    } else {
      assert_refused(status, NTK_ERR_ARGUMENT, "batch or clients");
    }
    free(start);
    fit_destroy(&p);
  }
  unlink(file);
}

/* Clients of one size count the same by it as without, to the last bit. */
static void test_equal_sizes(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 21), q = fit_create(one, spec, 21);
  ntk_train_options o = {.epochs = 8, .clients = 7, .local_steps = 3, .track = 4};
  ntk_train_result equal = fit_run(&p, o);
  o.client_weights = "size";
  ntk_train_result size = fit_run(&q, o);
  assert_memory_equal(size.loss, equal.loss, 9 * sizeof(double));
  assert_memory_equal(size.drift, equal.drift, 9 * sizeof(double));
  assert_memory_equal(&size.federated.rate, &equal.federated.rate, sizeof(double));
  assert_memory_equal(&size.track[2].prediction, &equal.track[2].prediction, sizeof(double));
  assert_memory_equal(q.network->theta, p.network->theta, p.P * sizeof(double));
  assert_string_equal(size.federated.weights, "size");
  assert_string_equal(equal.federated.weights, "equal");
  ntk_train_clear(&equal);
  ntk_train_clear(&size);
  fit_destroy(&p);
  fit_destroy(&q);
}

/* One step of C equal clients at eta is a step on all at eta / C; of the mean, at eta, and then of
 * clients of any size, which count by it. */
static void test_all_samples(void **state) {
  (void)state;
  double client[24];
  for (size_t i = 0; i < 24; i++)
    client[i] = i < 11 ? 0.0 : (double)(i % 6);
  for (size_t way = 0; way < 3; way++) {
    fit_problem p = fit_create(one, spec, 24), q = fit_create(one, spec, 24);
    const bool mean = way > 0;
    const double lr = mean ? 0.02 : 2e-3;
    ntk_train_options o = {.loss = mean ? "mean" : NULL, .lr = lr, .epochs = 20, .clients = 6};
    o.client_weights = way == 2 ? "size" : NULL;
    o.client = way == 2 ? client : NULL;
    ntk_train_result rounds = fit_run(&p, o);
    o = (ntk_train_options){.loss = o.loss, .epochs = 20};
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

/* I - K diag_c(p_c h_c sum_e (I - h_c K_cc)^e), N x N by rows, in long double plain loops. */
static void plain_operator(size_t N, const double *K, const ntk_split *s,
                           const ntk_train_options *o, double lr, long double *T) {
  const bool mean = o->loss != NULL;
  long double *power = calloc(2 * N * N, sizeof *power), *D = power + N * N;
  assert_non_null(power);
  for (size_t j = 0; j < N; j++) { /* column j of (I - h K_cc)^e, e = 0.. */
    const size_t c = s->of[j];
    const long double h = lr * (mean ? 2.0L / (long double)ntk_split_count(s, c) : 1.0L);
    long double *v = power, *next = power + N;
    memset(power, 0, 2 * N * sizeof *power);
    v[j] = 1.0L;
    for (size_t e = 0; e < o->local_steps; e++) {
      for (size_t i = 0; i < N; i++)
        D[i * N + j] += h * share_of(s, c, o->client_weights) * v[i];
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

/* The network is its linear model to 1e-7. */
static const size_t lazy_width[] = {6, 10, 12};
static const ntk_network_spec lazy = {.depth = 3,
                                      .width = lazy_width,
                                      .activation = "tanh",
                                      .init = "antisymmetric",
                                      .gamma = 1e14,
                                      .seed = 5};

static void check_law(ntk_train_options o, double lr) {
  enum { N = 14 };
  fit_problem p = fit_create(one, lazy, N);
  ntk_features *features = make_features(p.network, p.data);
  double *K = kernel_array(features, N, NULL);
  ntk_features_destroy(features);
  o.epochs = 30;
  o.track = 10;
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
  plain_operator(N, K, s, &o, r.lr, T);
  const double radius = gelfand(N, T);
  assert_near(r.federated.rate, radius * radius, 1e-8, "rate");
  assert_true((radius < 1.0) == (lr < 2.0) && r.federated.reason[0] == '\0');
  for (size_t i = 0; i < r.tracked && lr < 2.0; i++)
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
  const struct {
    size_t clients, steps;
    double lr;
  } cases[] = {{1, 1, 1.0}, {3, 1, 1.9}, {4, 5, 1.0}, {14, 3, 1.0}, {5, 40, 1.5}, {1, 1, 2.04}};
  double client[14];
  for (size_t i = 0; i < COUNT(cases); i++)
    for (size_t way = 0; way < 8; way++) {
      const size_t C = cases[i].clients;
      ntk_train_options o = {.clients = C, .local_steps = cases[i].steps};
      for (size_t j = 0; j < 14; j++) /* the first has the most */
        client[j] = j < C ? (double)j : j < 11 ? 0.0 : (double)(j % C);
      o.split = way % 2 ? "by-label" : "iid";
      o.loss = way / 2 % 2 ? "mean" : NULL;
      if (way >= 4) { /* of other sizes, once with either weights */
        o.client = client;
        o.client_weights = way % 2 ? "size" : NULL;
      }
      check_law(o, cases[i].lr);
    }
}

/* Of steps of a client that grow there is no rate, but a loss of the linear model's, which that of
 * the lazy network is. */
static void test_growing(void **state) {
  (void)state;
  fit_problem p = fit_create(one, lazy, 14);
  double *start = fit_theta(&p);
  ntk_train_options o = {.epochs = 4, .clients = 3, .local_steps = 2, .track = 1};
  ntk_train_result r = fit_run(&p, o);
  o.lr = 2.3 * r.lr;
  ntk_train_clear(&r);
  fit_set(&p, start);
  r = fit_run(&p, o);
  assert_non_null(strstr(r.federated.reason, "a client's own steps grow"));
  for (size_t i = 0; i < r.tracked; i++)
    assert_near(r.track[i].prediction, r.track[i].loss, 1e-5 * r.track[i].loss, "prediction");
  assert_int_equal(r.tracked, 5);
  ntk_train_clear(&r);
  free(start);
  fit_destroy(&p);
}

/* Past 2 / curvature with an even number of steps a client's own grow, and with an odd one too
 * where they are more than a number can say: the run goes on. */
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
  for (o.local_steps = 501; o.local_steps <= 4001; o.local_steps += 3500) {
    fit_set(&p, start);
    o.epochs = 2;
    o.track = 1;
    r = fit_run(&p, o);
    assert_true(isnan(r.federated.rate) || o.local_steps == 501);
    assert_true(isnan(r.track[2].prediction) || o.local_steps == 501);
    assert_true(isfinite(r.loss_final) || r.stopped == NTK_STOP_DIVERGED);
    ntk_train_clear(&r);
  }
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rounds),      cmocka_unit_test(test_all_samples),
      cmocka_unit_test(test_law),         cmocka_unit_test(test_growing),
      cmocka_unit_test(test_too_large),   cmocka_unit_test(test_threads),
      cmocka_unit_test(test_equal_sizes), cmocka_unit_test(test_goes_on),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
