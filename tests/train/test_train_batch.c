/* Training by minibatches.
 * Property: an epoch deals all samples, each once, evenly and anew; its steps are those of plain
 * loops on these samples; the law of a step is the expectation over all batches that there are; the
 * rates follow from it; a batch of all N has the bits of training without; bits do not depend on
 * threads; a batch larger than N is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit/train/batch.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 9, 8};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

/* ---- Drawing --------------------------------------------------------------------------------- */

typedef struct drawn {
  ntk_batches b;
  size_t order[64], of[64], next[64];
} drawn;

/* Into d, which stays where it is. */
static void draw(drawn *d, size_t N, size_t size, uint64_t seed, size_t epoch) {
  d->b = (ntk_batches){.steps = (N + size - 1) / size, .order = d->order, .of = d->of};
  d->b.next = d->next;
  ntk_batches_draw(&d->b, N, size, seed, epoch);
}

static void test_partition(void **state) {
  (void)state;
  static drawn d, again;
  for (size_t N = 1; N <= 40; N += 3)
    for (size_t size = 1; size <= N; size++) {
      bool seen[64] = {false};
      draw(&d, N, size, 7, N);
      for (size_t i = 0; i < N; i++) {
        assert_false(seen[d.order[i]]);
        seen[d.order[i]] = true;
        assert_true(i % size == 0 || d.order[i] > d.order[i - 1]);
      }
      draw(&again, N, size, 7, N);
      assert_memory_equal(again.order, d.order, N * sizeof *d.order);
    }
}

/* A sample is in the first batch of 3 of 8 in 3/8 of the epochs, with another one in 3/8 2/7; other
 * seeds and epochs draw others. 6 deviations of a binomial's. */
static void test_even(void **state) {
  (void)state;
  enum { N = 8, SIZE = 3, EPOCHS = 20000 };
  static drawn d;
  static double pair[N][N];
  for (size_t t = 0; t < EPOCHS; t++) {
    draw(&d, N, SIZE, t % 5, t / 5);
    for (size_t i = 0; i < SIZE; i++)
      for (size_t j = 0; j < SIZE; j++)
        pair[d.order[i]][d.order[j]] += 1.0;
  }
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      const double p = i == j ? 3.0 / 8.0 : 3.0 / 8.0 * 2.0 / 7.0;
      assert_near(pair[i][j], EPOCHS * p, 6.0 * sqrt(EPOCHS * p * (1.0 - p)), "pair");
    }
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* The gradient of scale / 2 sum r^2 over some samples, by plain loops. */
static void part_gradient(const fit_problem *p, const double *theta, const size_t *row,
                          size_t count, double scale, double *grad) {
  double *r = make_array(p->N), *J = plain_jacobian(p, theta, p->Y, r);
  memset(grad, 0, p->P * sizeof *grad);
  for (size_t i = 0; i < count; i++)
    for (size_t q = 0; q < p->P; q++)
      grad[q] += scale * r[row[i]] * J[row[i] * p->P + q];
  free(J);
  free(r);
}

/* theta after a step, m and v its moments; the t-th. */
static void plain_step(const char *optimizer, double lr, double momentum, size_t t, size_t P,
                       const double *g, double *theta, double *m, double *v) {
  for (size_t q = 0; q < P; q++) {
    if (strcmp(optimizer, "adam") == 0) {
      m[q] = 0.9 * m[q] + 0.1 * g[q];
      v[q] = 0.999 * v[q] + 0.001 * g[q] * g[q];
      theta[q] -= lr * (m[q] / (1.0 - pow(0.9, (double)t))) /
                  (sqrt(v[q] / (1.0 - pow(0.999, (double)t))) + 1e-8);
      continue;
    }
    m[q] = momentum * m[q] + g[q];
    theta[q] -= lr * (strcmp(optimizer, "gd") == 0         ? g[q]
                      : strcmp(optimizer, "momentum") == 0 ? m[q]
                                                           : g[q] + momentum * m[q]);
  }
}

static void test_steps(void **state) {
  (void)state;
  enum { N = 23, EPOCHS = 4 };
  const char *const optimizers[] = {"gd", "momentum", "nesterov", "adam"};
  const size_t sizes[] = {1, 5, 22, 23};
  static drawn d;
  for (size_t o = 0; o < COUNT(optimizers); o++)
    for (size_t s = 0; s < COUNT(sizes); s++)
      for (size_t mean = 0; mean < 2; mean++) {
        fit_problem p = fit_create(one, spec, N);
        const double scale = (mean ? 2.0 / N : 1.0) * (N / (double)sizes[s]), lr = 1e-4;
        double *theta = fit_theta(&p), *g = make_array(p.P), *m = make_array(p.P);
        double *v = make_array(p.P);
        size_t t = 0;
        for (size_t e = 0; e < EPOCHS; e++) {
          draw(&d, N, sizes[s], 3, e);
          for (size_t first = 0; first < N; first += sizes[s]) {
            const size_t left = N - first, count = left < sizes[s] ? left : sizes[s];
            part_gradient(&p, theta, d.order + first, count, scale, g);
            plain_step(optimizers[o], lr, 0.5, ++t, p.P, g, theta, m, v);
          }
        }
        ntk_train_result r =
            fit_run(&p, (ntk_train_options){.optimizer = optimizers[o],
                                            .loss = mean ? "mean" : NULL,
                                            .momentum = o == 1 || o == 2 ? 0.5 : 0.0,
                                            .lr = lr,
                                            .epochs = EPOCHS,
                                            .batch = sizes[s],
                                            .seed = 3});
        assert_near(largest_difference(p.P, p.network->theta, theta), 0.0,
                    1e-9 * largest_entry(p.P, theta), optimizers[o]);
        const double sum = plain_gradient(&p, theta, g) * (mean ? 1.0 / N : 0.5);
        assert_near(r.loss_final, sum, 1e-8 * sum, "loss");
        ntk_train_clear(&r);
        free(theta);
        free(g);
        free(m);
        free(v);
        fit_destroy(&p);
      }
}

/* The linear model's loss where the network is nearly one: gamma = 1e14 moves weights by 1e-7. */
static void test_prediction(void **state) {
  (void)state;
  ntk_network_spec lazy = spec;
  lazy.init = "antisymmetric";
  lazy.gamma = 1e14;
  const char *const optimizers[] = {"gd", "momentum", "nesterov"};
  for (size_t o = 0; o < COUNT(optimizers); o++) {
    fit_problem p = fit_create(one, lazy, 12);
    ntk_train_result r = fit_run(
        &p, (ntk_train_options){.optimizer = optimizers[o], .epochs = 20, .batch = 5, .track = 4});
    assert_true(r.loss_final < 0.2 * r.loss_initial); /* else this tests little */
    for (size_t i = 0; i < r.tracked; i++)
      assert_near(r.track[i].prediction, r.track[i].loss, 1e-5 * r.loss_initial, "prediction");
    assert_true(isnan(r.rate_bound) && !r.convergence.bound_known);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* ---- The law --------------------------------------------------------------------------------- */

enum { SAMPLES = 8, DIM = 8 };

/* E ||e - h (N / m) sum_{i in S} J_i <J_i, e>||^2 over all S of m samples; in long double. */
static long double expectation(double J[SAMPLES][DIM], const double e[DIM], size_t m, double h) {
  long double total = 0.0L, sets = 0.0L;
  for (unsigned set = 0; set < 1u << SAMPLES; set++) {
    long double moved[DIM], sum = 0.0L;
    if ((size_t)__builtin_popcount(set) != m)
      continue;
    for (size_t q = 0; q < DIM; q++)
      moved[q] = e[q];
    for (size_t i = 0; i < SAMPLES; i++) {
      long double r = 0.0L;
      for (size_t q = 0; q < DIM && (set >> i & 1u) != 0; q++)
        r += (long double)J[i][q] * e[q];
      for (size_t q = 0; q < DIM; q++)
        moved[q] -= h * (long double)SAMPLES / (long double)m * r * J[i][q];
    }
    for (size_t q = 0; q < DIM; q++)
      sum += moved[q] * moved[q];
    total += sum;
    sets += 1.0L;
  }
  return total / sets;
}

/* K = J J^T = (1 - c) I + c C of equal diagonals, J its symmetric root: e = v of C's eigenvectors.
 * C: all ones (eigenvalues N and 0). */
static void equal_norms(double c, double J[SAMPLES][DIM]) {
  const double most = sqrt(1.0 - c + c * SAMPLES), least = sqrt(1.0 - c);
  for (size_t i = 0; i < SAMPLES; i++)
    for (size_t j = 0; j < DIM; j++)
      J[i][j] = (most - least) / SAMPLES + (i == j ? least : 0.0);
}

static void test_law(void **state) {
  (void)state;
  const double steps[] = {0.02, 0.1, 0.4};
  double J[SAMPLES][DIM], flat[DIM], odd[DIM];
  for (size_t q = 0; q < DIM; q++) {
    flat[q] = 1.0;
    odd[q] = q % 2 == 0 ? 1.0 : -1.0;
  }
  equal_norms(0.6, J);
  for (size_t m = 1; m <= SAMPLES; m++)
    for (size_t s = 0; s < COUNT(steps); s++) {
      const ntk_batch_law law = ntk_batch_law_of(SAMPLES, m, 1.0);
      const double at_most = ntk_batch_factor(&law, steps[s], 0.4 + 0.6 * SAMPLES);
      const double at_least = ntk_batch_factor(&law, steps[s], 0.4);
      assert_near((double)expectation(J, flat, m, steps[s]), SAMPLES * at_most,
                  1e-13 * SAMPLES * (1.0 + at_most), "at lambda_max");
      assert_near((double)expectation(J, odd, m, steps[s]), SAMPLES * at_least,
                  1e-13 * SAMPLES * (1.0 + at_least), "at lambda_min");
    }
}

/* Of any samples: never more than the larger of both ends. J = diag(s): K = diag(s^2). */
static void test_bound(void **state) {
  (void)state;
  double *random = make_normal(4, DIM), J[SAMPLES][DIM] = {{0.0}}, beta = 0.0, least = INFINITY;
  for (size_t i = 0; i < SAMPLES; i++) {
    J[i][i] = 0.5 + (double)i / SAMPLES;
    beta = fmax(beta, J[i][i] * J[i][i]);
    least = fmin(least, J[i][i] * J[i][i]);
  }
  double size = 0.0;
  for (size_t q = 0; q < DIM; q++)
    size += random[q] * random[q];
  for (size_t m = 1; m <= SAMPLES; m++)
    for (double h = 0.05; h < 1.0; h *= 1.5) {
      const ntk_batch_law law = ntk_batch_law_of(SAMPLES, m, beta);
      const double bound = fmax(ntk_batch_factor(&law, h, least), ntk_batch_factor(&law, h, beta));
      assert_true((double)expectation(J, random, m, h) <= bound * size * (1.0 + 1e-14));
    }
  free(random);
}

/* An epoch's rate at the rule's step, of whole batches and what is left, from the plain Jacobian's
 * largest norm; the best step has the least rate. */
static void test_rates(void **state) {
  (void)state;
  enum { N = 23, SIZE = 5 };
  for (size_t mean = 0; mean < 2; mean++) {
    fit_problem p = fit_create(one, spec, N);
    double *theta = fit_theta(&p), *r0 = make_array(N), *J = plain_jacobian(&p, theta, p.Y, r0);
    double beta = 0.0;
    for (size_t i = 0; i < N; i++)
      beta = fmax(beta, dot(J + i * p.P, J + i * p.P, p.P));
    ntk_train_options o = {.loss = mean ? "mean" : NULL, .epochs = 1, .batch = SIZE};
    ntk_train_result r = fit_run(&p, o);
    const double most = r.convergence.lambda_max, least = r.convergence.lambda_min;
    const double a = beta * N * (N - SIZE) / (SIZE * (N - 1.0));
    const double b = N * (SIZE - 1.0) / (SIZE * (N - 1.0)), scale = mean ? 2.0 / N : 1.0;
    const double h = 1.0 / (a + b * most);
    const ntk_batch_law whole = {a, b}, left = ntk_batch_law_of(N, N % SIZE, beta);
    const double last = h * (N % SIZE) / SIZE;
    const double rate =
        pow(fmax(ntk_batch_factor(&whole, h, least), /* */
                 ntk_batch_factor(&whole, h, most)),
            N / SIZE) *
        fmax(ntk_batch_factor(&left, last, least), ntk_batch_factor(&left, last, most));
    assert_near(r.batches.norm_largest, beta, 1e-12 * beta, "beta");
    assert_near(r.lr, h / scale, 1e-12 * r.lr, "step");
    assert_near(r.convergence.lr_largest, 2.0 * r.lr, 1e-12 * r.lr, "largest step");
    assert_near(r.batches.rate, rate, 1e-12, "rate");
    assert_int_equal(r.batches.size, SIZE);
    assert_int_equal(r.batches.steps, 5);
    const double best = r.batches.rate_best;
    assert_true(best < r.batches.rate && r.batches.rate < 1.0);
    o.lr = r.batches.lr_best;
    ntk_train_clear(&r);
    for (size_t i = 0; i < 3; i++) { /* at the best step, before, after */
      ntk_train_options other = o;
      other.lr *= i == 0 ? 1.0 : i == 1 ? 0.9 : 1.1;
      fit_set(&p, theta);
      r = fit_run(&p, other);
      if (i == 0)
        assert_near(r.batches.rate, best, 1e-12, "best rate");
      else
        assert_true(r.batches.rate > best);
      ntk_train_clear(&r);
    }
    free(theta);
    free(r0);
    free(J);
    fit_destroy(&p);
  }
}

/* ---- Bits ------------------------------------------------------------------------------------ */

static void test_all(void **state) {
  (void)state;
  const char *const optimizers[] = {"gd", "adam"}, *const precisions[] = {"double", "float"};
  for (size_t k = 0; k < 4; k++) {
    fit_problem p = fit_create(one, spec, 37), q = fit_create(one, spec, 37);
    ntk_train_options o = {
        .optimizer = optimizers[k / 2], .precision = precisions[k % 2], .epochs = 9};
    ntk_train_result without = fit_run(&p, o);
    o.batch = 37;
    ntk_train_result with = fit_run(&q, o);
    assert_memory_equal(with.loss, without.loss, 10 * sizeof(double));
    assert_memory_equal(q.network->theta, p.network->theta, p.P * sizeof(double));
    ntk_train_clear(&without);
    ntk_train_clear(&with);
    fit_destroy(&p);
    fit_destroy(&q);
  }
}

static void test_threads(void **state) {
  (void)state;
  const size_t wide[] = {60, 80, 70};
  ntk_network_spec of = spec;
  of.width = wide;
  double *theta[2] = {NULL, NULL}, loss[2];
  size_t P = 0;
  for (int i = 0; i < 2; i++) {
    ntk_context *context = make_context(1 + 2 * i);
    fit_problem p = fit_create(context, of, 1500);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.epochs = 2, .batch = 700, .lr = 1e-6});
    theta[i] = fit_theta(&p);
    loss[i] = r.loss_final;
    P = p.P;
    ntk_train_clear(&r);
    fit_destroy(&p);
    ntk_context_destroy(context);
  }
  assert_true(loss[0] == loss[1]);
  assert_memory_equal(theta[1], theta[0], P * sizeof(double));
  free(theta[0]);
  free(theta[1]);
}

static void test_refused(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 12);
  ntk_train_options o = {.epochs = 1, .batch = 13};
  ntk_train_result r = {0};
  const char *member = NULL;
  size_t bytes = 0;
  assert_refused(ntk_train(one, p.network, p.data, p.Y, &o, &r), NTK_ERR_ARGUMENT,
                 "a batch is to have 13 samples, and there are 12; accepted: from 1 to 12");
  assert_string_equal(ntk_error_last().option, "batch");
  assert_refused(ntk_train_memory(one, &p.spec, 12, &o, &bytes), NTK_ERR_ARGUMENT, "13 samples");
  o.optimizer = "lm";
  assert_refused(ntk_train_options_check(&o, &member), NTK_ERR_ARGUMENT, "lm takes all samples");
  assert_string_equal(member, "batch");
  o = (ntk_train_options){.batch = 4, .question = true};
  r = fit_run(&p, o);
  assert_non_null(strstr(r.answer.reason, "in batches the linear model's epoch is chance"));
  ntk_train_clear(&r);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_partition), cmocka_unit_test(test_even),
      cmocka_unit_test(test_steps),     cmocka_unit_test(test_prediction),
      cmocka_unit_test(test_law),       cmocka_unit_test(test_bound),
      cmocka_unit_test(test_rates),     cmocka_unit_test(test_all),
      cmocka_unit_test(test_threads),   cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
