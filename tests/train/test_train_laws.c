/* The laws beside federated training and minibatches, at both ends of the spectrum.
 * Properties: of one client the rate is the larger of |1 - x|^E at K's two ends, also where the
 * upper one decides or the rounds grow; of several outputs the linear model is the network where
 * that is lazy; another seed deals other samples. No step size has a lower bound for batches than
 * the one called best, and up to the critical size lambda_min alone decides. With momentum in
 * batches steps add up to those of gd. A checkpoint is of its seed and split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fit/train/batch.h"
#include "jacobi.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 9, 8};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

/* ---- Clients --------------------------------------------------------------------------------- */

/* With C = 1 a round is (I - eta K)^E. eta: so many times 1 / lambda_max. */
static void check_one_client(double times, size_t steps) {
  enum { N = 10 };
  fit_problem p = fit_create(one, spec, N);
  ntk_features *features = make_features(p.network, p.data);
  double *K = kernel_array(features, N, NULL), values[N], largest = 0.0;
  ntk_features_destroy(features);
  plain_eigenvalues(N, K, values);
  const double lr = times / values[N - 1];
  for (size_t i = 0; i < N; i++)
    largest = fmax(largest, pow(fabs(1.0 - lr * values[i]), 2.0 * (double)steps));
  ntk_train_result r =
      fit_run(&p, (ntk_train_options){.lr = lr, .epochs = 1, .clients = 1, .local_steps = steps});
  assert_near(r.federated.rate / largest, 1.0, 1e-11, "rate");
  ntk_train_clear(&r);
  free(K);
  fit_destroy(&p);
}

static void test_one_client(void **state) {
  (void)state;
  check_one_client(1.0, 1);
  check_one_client(1.5, 4);
  check_one_client(1.9999, 1); /* the upper end */
  check_one_client(1.9999, 3);
  check_one_client(2.1, 1); /* and growth */
  check_one_client(2.05, 5);
}

/* gamma = 1e14: the network is its linear model to 1e-7. */
static void test_outputs(void **state) {
  (void)state;
  enum { N = 11, OUTPUTS = 3 };
  const size_t wide[] = {6, 14, 16};
  const ntk_network_spec lazy = {.depth = 3,
                                 .width = wide,
                                 .outputs = OUTPUTS,
                                 .activation = "tanh",
                                 .init = "antisymmetric",
                                 .gamma = 1e14,
                                 .seed = 5};
  const char *const kinds[] = {"iid", "by-label"}, *const losses[] = {"half-sum", "mean"};
  for (size_t k = 0; k < COUNT(kinds); k++)
    for (size_t l = 0; l < COUNT(losses); l++) {
      fit_problem p = fit_create(one, lazy, N);
      free(p.Y);
      p.Y = make_normal(8, N * OUTPUTS);
      ntk_train_result r = fit_run(&p, (ntk_train_options){.loss = losses[l],
                                                           .epochs = 30,
                                                           .track = 10,
                                                           .clients = 3,
                                                           .local_steps = 4,
                                                           .split = kinds[k]});
      assert_true(r.loss_final < 0.5 * r.loss_initial); /* else this tests little */
      for (size_t i = 0; i < r.tracked; i++)
        assert_near(r.track[i].prediction, r.track[i].loss, 1e-5 * r.loss_initial, "prediction");
      ntk_train_clear(&r);
      fit_destroy(&p);
    }
}

static void test_seed(void **state) {
  (void)state;
  enum { N = 12 };
  ntk_split *split[3] = {NULL, NULL, NULL};
  for (size_t k = 0; k < 3; k++)
    assert_ok(ntk_split_create(
        one, &(ntk_split_request){.N = N, .clients = 4, .outputs = 1, .kind = "iid", .seed = k / 2},
        &split[k]));
  assert_memory_equal(split[1]->of, split[0]->of, N * sizeof(size_t));
  assert_true(memcmp(split[2]->of, split[0]->of, N * sizeof(size_t)) != 0);
  for (size_t k = 0; k < 3; k++)
    ntk_split_destroy(split[k]);
}

/* ---- Batches --------------------------------------------------------------------------------- */

/* The larger of g = 1 - 2 h lambda + h^2 lambda (a + b lambda) at both ends, as batch_law.c has it
 * for m of N samples, in the numbers of the result. */
static double bound(const ntk_train_result *r, size_t N, size_t m, double h, double lambda[2]) {
  const double n = (double)N, size = (double)m;
  const double a = r->batches.norm_largest * n * (n - size) / (size * (n - 1.0));
  const double b = n * (size - 1.0) / (size * (n - 1.0));
  lambda[0] = r->convergence.lambda_min;
  lambda[1] = r->convergence.lambda_max;
  for (size_t end = 0; end < 2; end++)
    lambda[end] = 1.0 - 2.0 * h * lambda[end] + h * h * lambda[end] * (a + b * lambda[end]);
  return fmax(lambda[0], lambda[1]);
}

static void test_best_batch(void **state) {
  (void)state;
  enum { N = 12 };
  for (size_t mean = 0; mean < 2; mean++)
    for (size_t m = 1; m <= N; m++) {
      fit_problem p = fit_create(one, spec, N);
      ntk_train_result r =
          fit_run(&p, (ntk_train_options){.loss = mean ? "mean" : NULL, .epochs = 1, .batch = m});
      const double best = r.batches.lr_best * (mean ? 2.0 / N : 1.0);
      double g[2];
      const double least = bound(&r, N, m, best, g);
      for (double times = 0.01; times < 2.0; times += 0.01) {
        double other[2];
        assert_true(bound(&r, N, m, best * times, other) >= least - 1e-14);
      }
      if ((double)m <= r.batches.critical)
        assert_true(g[1] <= g[0] + 1e-13);
      else
        assert_near(g[1], g[0], 1e-13, "both ends");
      assert_true(r.batches.critical > 1.0 && r.batches.critical < N);
      ntk_train_clear(&r);
      fit_destroy(&p);
    }
}

/* One batch of all samples is gradient descent: of one sample (1 - x)^2, 0 at the best step, and
 * not below it by rounding of 1 - 2 x + x^2. */
static void test_batch_of_one(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) {
    ntk_network_spec drawn = spec;
    drawn.seed = seed;
    fit_problem p = fit_create(one, drawn, 1);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.epochs = 1, .batch = 1});
    assert_true(r.batches.rate >= 0.0 && r.batches.rate < 1e-30);
    assert_true(r.batches.rate_best >= 0.0 && r.batches.rate_best < 1e-30);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* Of momentum b they add up to 1 / (1 - b) of themselves. */
static void test_momentum_in_batches(void **state) {
  (void)state;
  const char *const optimizers[] = {"momentum", "nesterov"};
  fit_problem p = fit_create(one, spec, 12);
  double *start = fit_theta(&p);
  ntk_train_options o = {.epochs = 1, .batch = 5};
  ntk_train_result gd = fit_run(&p, o);
  for (size_t k = 0; k < COUNT(optimizers); k++)
    for (size_t given = 0; given < 2; given++) {
      o.optimizer = optimizers[k];
      o.momentum = given ? 0.6 : 0.0; /* 0: 0.9 */
      fit_set(&p, start);
      ntk_train_result r = fit_run(&p, o);
      assert_near(r.momentum, given ? 0.6 : 0.9, 0.0, "momentum");
      assert_near(r.lr / gd.lr, 1.0 - r.momentum, 1e-12, "step size");
      ntk_train_clear(&r);
    }
  ntk_train_clear(&gd);
  free(start);
  fit_destroy(&p);
}

/* ---- Checkpoints ----------------------------------------------------------------------------- */

/* What `first` wrote is not gone on with by `second`. */
static void check_other(ntk_train_options first, ntk_train_options second) {
  char directory[] = "/tmp/ntkit-test-XXXXXX", path[64];
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/state", directory);
  fit_problem p = fit_create(one, spec, 12);
  double *start = fit_theta(&p);
  first.checkpoint = second.checkpoint = path;
  first.epochs = second.epochs = 2;
  first.lr = second.lr = 1e-3;
  ntk_train_result r = fit_run(&p, first);
  ntk_train_clear(&r);
  fit_set(&p, start);
  assert_refused(ntk_train(one, p.network, p.data, p.Y, &second, &r), NTK_ERR_ARGUMENT,
                 "or other draws of these (seed)");
  r = fit_run(&p, first); /* the same is */
  assert_int_equal(r.resumed, 2);
  ntk_train_clear(&r);
  free(start);
  fit_destroy(&p);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(directory), 0);
}

static void test_other_draws(void **state) {
  (void)state;
  const double client[12] = {0, 0, 0, 1, 1, 1}, other[12] = {0, 0, 1, 0, 1, 1};
  check_other((ntk_train_options){.batch = 5, .seed = 1},
              (ntk_train_options){.batch = 5, .seed = 2});
  check_other((ntk_train_options){.clients = 4, .seed = 1},
              (ntk_train_options){.clients = 4, .seed = 2});
  check_other((ntk_train_options){.clients = 2, .client = client},
              (ntk_train_options){.clients = 2, .client = other});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_client),   cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_seed),         cmocka_unit_test(test_best_batch),
      cmocka_unit_test(test_batch_of_one), cmocka_unit_test(test_momentum_in_batches),
      cmocka_unit_test(test_other_draws),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
