/* Whose samples are whose.
 * Property: every split gives each sample to one client, evenly, by label in its order; what leaves
 * a client without samples, or is not of federated training, is refused. What is said of a step
 * where the operator of a round is not found, or K_0 is singular. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "federated_support.h"

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

/* lambda_max(K) of these rows of the data. */
static double largest_of(const fit_problem *p, const ntk_network *network, size_t first,
                         size_t count) {
  ntk_dataset *data = NULL;
  ntk_spectrum_result r;
  const double *X = ntk_dataset_values(p->data) + first * ntk_dataset_dim(p->data);
  assert_ok(ntk_dataset_from_array(one, X, count, ntk_dataset_dim(p->data), &data));
  assert_ok(ntk_spectrum(one, network, data, NULL, &r));
  const double lambda = r.lambda_max;
  ntk_spectrum_clear(&r);
  ntk_dataset_destroy(data);
  return lambda;
}

/* Past 2048 rows, where there is no operator, the step is still 1 over the largest curvature of a
 * client's mean, 2 / n_c lambda_max(K_cc). */
static void test_many_rows(void **state) {
  (void)state;
  const size_t narrow[] = {3, 4};
  const ntk_network_spec small = {.depth = 2, .width = narrow, .activation = "tanh", .seed = 5};
  ntk_context *context = make_context(1);
  fit_problem p = fit_create(context, small, 2060);
  double *client = make_array(2060);
  for (size_t i = 0; i < 2060; i++)
    client[i] = i < 500 ? 0.0 : 1.0;
  ntk_train_options o = {.clients = 2, .client = client, .loss = "mean", .epochs = 1};
  const double curvature = fmax(2.0 / 500.0 * largest_of(&p, p.network, 0, 500),
                                2.0 / 1560.0 * largest_of(&p, p.network, 500, 1560));
  ntk_train_result r = fit_run(&p, o);
  assert_near(r.lr * curvature, 1.0, 1e-9, "step");
  assert_string_equal(r.lr_source, "1 / the largest curvature of a client's loss");
  size_t bytes = 0;
  assert_ok(ntk_train_memory(context, &small, 2060, &o, &bytes));
  assert_true(bytes >= ntk_memory_peak(context));
  assert_non_null(strstr(r.federated.reason, "up to 2048 rows"));
  ntk_train_clear(&r);
  o.lr = 1e-3; /* for which nothing is asked of K */
  r = fit_run(&p, o);
  assert_true(isnan(r.convergence.lambda_max) && isnan(r.convergence.lambda_min));
  ntk_train_clear(&r);
  free(client);
  fit_destroy(&p);
  ntk_context_destroy(context);
}

/* Of several outputs the label is the place of the largest, the first of equal ones; samples of one
 * label are in their own order. */
static void test_by_outputs(void **state) {
  (void)state;
  const double Y[] = {0, 0, 1, 0, 5, 1, 3, 1, 2, -1, -1, -2, -9, -3, -2, -3, -1, -2, 4, 0, 4};
  const size_t sorted[] = {2, 3, 6, 1, 5, 0, 4}, first[] = {0, 3, 5, 7};
  ntk_split *s = NULL;
  assert_ok(ntk_split_create(
      one, &(ntk_split_request){.N = 7, .clients = 3, .outputs = 3, .kind = "by-label", .Y = Y},
      &s));
  assert_memory_equal(s->first, first, sizeof first);
  assert_memory_equal(s->order, sorted, sizeof sorted);
  ntk_split_destroy(s);
}

/* Of a singular K_0 the rate is not told, whatever rounding leaves of the operator's smallest
 * eigenvalue, unless the round grows. */
static void test_singular(void **state) {
  (void)state;
  const size_t narrow[] = {3, 4};
  const ntk_network_spec small = {.depth = 2, .width = narrow, .activation = "tanh", .seed = 5};
  fit_problem p = fit_create(one, small, 40); /* of 16 parameters */
  double *start = fit_theta(&p);
  ntk_train_options o = {.clients = 4, .local_steps = 3, .epochs = 1, .track = 1};
  ntk_train_result r = fit_run(&p, o);
  assert_true(r.convergence.lambda_min == 0.0 && isnan(r.federated.rate));
  assert_non_null(strstr(r.federated.reason, "K_0 is singular, and the operator with it"));
  o.lr = 4.0 * r.lr; /* odd steps of one client's part past 2 / lambda grow */
  o.clients = 1;
  ntk_train_clear(&r);
  fit_set(&p, start);
  r = fit_run(&p, o);
  assert_true(r.federated.rate > 1.0 && r.federated.reason[0] == '\0');
  ntk_train_clear(&r);
  o.local_steps = 2001; /* past the largest number */
  o.epochs = 3;
  fit_set(&p, start);
  r = fit_run(&p, o);
  for (size_t i = 0; i < r.tracked; i++)
    assert_true(!isinf(r.track[i].prediction));
  assert_non_null(strstr(r.federated.reason, "a client's own steps grow"));
  ntk_train_clear(&r);
  o.local_steps = 2; /* (1 - x)^2 > 1 */
  o.epochs = 1;
  fit_set(&p, start);
  r = fit_run(&p, o);
  assert_true(isnan(r.federated.rate));
  assert_non_null(strstr(r.federated.reason, "a client's own steps grow"));
  ntk_train_clear(&r);
  free(start);
  fit_destroy(&p);
}

/* A linear model that grows past the largest number, where the network does not: its loss is not
 * known from there on. */
static void test_prediction(void **state) {
  (void)state;
  const size_t narrow[] = {2, 4};
  size_t finite = 0, unknown = 0;
  for (uint64_t seed = 0; seed < 12; seed++) {
    const ntk_network_spec small = {
        .depth = 2, .width = narrow, .activation = "relu", .seed = seed};
    fit_problem p = fit_create(one, small, 1);
    ntk_train_result r = fit_run(
        &p,
        (ntk_train_options){.clients = 1, .local_steps = 50, .lr = 1.0, .track = 1, .epochs = 20});
    for (size_t i = 0; i < r.tracked; i++) {
      assert_true(!isinf(r.track[i].prediction));
      finite += isnan(r.track[i].prediction) ? 0 : 1;
      unknown += i > 1 && isnan(r.track[i].prediction) && !isnan(r.track[1].prediction);
    }
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  assert_true(finite > 0 && unknown > 0);
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
      {{.client_weights = "size"}, "accepted with clients", NULL},
      {{.clients = 3, .client_weights = "sizes"}, "did you mean 'size'", NULL},
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
      cmocka_unit_test(test_splits),     cmocka_unit_test(test_refused),
      cmocka_unit_test(test_many_rows),  cmocka_unit_test(test_singular),
      cmocka_unit_test(test_by_outputs), cmocka_unit_test(test_prediction),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
