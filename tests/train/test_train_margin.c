/* Training with a margin: the loss 1/2 sum_i max(0, 5/4 M - y_i F_L(x_i))^2, or its mean.
 * Properties: a step goes along its gradient, as finite differences of a plain loop in extended
 * precision have it; the run ends where the sum is (M / 4)^2 or less, each y_i F_L(x_i) M or more
 * then, and not before; it is resumed to the same bits; threads change none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "memorize_support.h"

enum { N = 24 };
static const double MARGIN = 0.5;
static const size_t width[] = {6, 8, 10};

static fit_problem make_signs(int threads) {
  fit_problem p = make_problem(threads, N, 3, width, "tanh");
  for (size_t i = 0; i < N; i++)
    p.Y[i] = p.Y[i] < 0.0 ? -1.0 : 1.0;
  return p;
}

static ntk_network *start_of(const fit_problem *p) {
  return make_network(p->context, 3, width, "tanh", NULL, 3);
}

static void train(const fit_problem *p, ntk_network *network, ntk_train_options options,
                  ntk_train_result *result) {
  options.margin = options.margin > 0.0 ? options.margin : MARGIN;
  assert_ok(ntk_train(p->context, network, p->data, p->Y, &options, result));
}

/* Weights W_1, W_2, W_3, one after the other as theta has them. */
static long double plain_loss(const fit_problem *p, const double *theta, bool mean,
                              size_t *lacking) {
  const size_t all[] = {6, 8, 10, 1};
  const double *W[] = {theta, theta + 6 * 8, theta + 6 * 8 + 8 * 10};
  long double sum = 0.0L;
  *lacking = 0;
  for (size_t i = 0; i < N; i++) {
    const long double F = plain_output(W, all, 3, "tanh", p->X + i * width[0]);
    const long double rest = 1.25L * (long double)MARGIN - (long double)p->Y[i] * F;
    sum += rest > 0.0L ? rest * rest : 0.0L;
    *lacking += rest > 0.0L;
  }
  return mean ? sum / N : sum / 2;
}

static void test_gradient(void **state) {
  (void)state;
  enum { P = 6 * 8 + 8 * 10 + 10 };
  const double step = 1e-3;
  for (int mean = 0; mean <= 1; mean++) {
    fit_problem p = make_signs(2);
    ntk_network *network = start_of(&p);
    double first[P], most = 0.0;
    size_t lacking = 0;
    memcpy(first, ntk_network_weights(network, 1), sizeof first);
    ntk_train_result result;
    train(&p, network,
          (ntk_train_options){.loss = mean ? "mean" : "half-sum", .lr = step, .epochs = 1},
          &result);
    const double *last = ntk_network_weights(network, 1);
    assert_near(result.loss_initial / (double)plain_loss(&p, first, mean, &lacking), 1.0, 1e-13,
                "the loss");
    assert_true(lacking > 2 && lacking < N - 2); /* some have the margin */
    assert_near(result.loss_final / (double)plain_loss(&p, last, mean, &lacking), 1.0, 1e-13,
                "the loss after it");
    for (size_t e = 0; e < P; e++) {
      const double h = 1e-5;
      double up[P], down[P];
      memcpy(up, first, sizeof first);
      memcpy(down, first, sizeof first);
      up[e] += h;
      down[e] -= h;
      const long double slope =
          (plain_loss(&p, up, mean, &lacking) - plain_loss(&p, down, mean, &lacking)) /
          (long double)(up[e] - down[e]);
      assert_near((first[e] - last[e]) / step, (double)slope, 1e-7, "an entry of the gradient");
      most = fmax(most, fabs((double)slope));
    }
    assert_true(most > 1e-2);
    ntk_train_clear(&result);
    ntk_network_destroy(network);
    free_problem(&p);
  }
}

static double plain_margin(const fit_problem *p, const ntk_network *network) {
  double least = INFINITY;
  for (size_t i = 0; i < N; i++)
    least = fmin(least, p->Y[i] * (double)network_output(network, "tanh", p->X + i * width[0]));
  return least;
}

/* Where it ends, and that an epoch less does not end so. */
static void test_end(void **state) {
  (void)state;
  static const char *const optimizers[] = {"gd", "nesterov", "adam"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = make_signs(1);
    ntk_network *network = start_of(&p), *before = start_of(&p);
    ntk_train_result result, shorter;
    ntk_train_options options = {.optimizer = optimizers[k], .epochs = 20000};
    train(&p, network, options, &result);
    assert_int_equal(result.stopped, NTK_STOP_MARGIN);
    assert_string_equal(result.reason, "every y_i f_L(x_i) is 0.5 or more");
    const double enough = 0.5 * (MARGIN / 4) * (MARGIN / 4);
    assert_true(result.loss_final <= enough && result.epochs > 1);
    const double least = plain_margin(&p, network);
    assert_true(least >= MARGIN);
    assert_near(result.margin, least, 1e-12, "the margin");
    assert_true(result.margin_bound <= least && result.margin_bound > least - 1e-6);
    options.epochs = result.epochs - 1;
    train(&p, before, options, &shorter);
    assert_int_equal(shorter.stopped, NTK_STOP_EPOCHS);
    assert_true(shorter.loss_final > enough && shorter.margin < 1.25 * MARGIN);
    ntk_train_clear(&result);
    ntk_train_clear(&shorter);
    ntk_network_destroy(network);
    ntk_network_destroy(before);
    free_problem(&p);
  }
}

static void assert_same_weights(const ntk_network *a, const ntk_network *b) {
  assert_memory_equal(ntk_network_weights(a, 1), ntk_network_weights(b, 1),
                      ntk_network_parameters(a) * sizeof(double));
}

/* In one go by one thread, and in two by three; batches too. Another margin, or squares, are
 * another run's. */
static void test_resumed(void **state) {
  (void)state;
  char path[] = "/tmp/ntk-margin-XXXXXX";
  const int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(close(file), 0);
  for (size_t batch = 0; batch <= 7; batch += 7) {
    assert_int_equal(unlink(path), 0);
    fit_problem p = make_signs(1), q = make_signs(3);
    ntk_network *one = start_of(&p), *two = start_of(&q);
    ntk_train_result result;
    ntk_train_options options = {.optimizer = "adam", .lr = 1e-3, .epochs = 40, .batch = batch};
    train(&p, one, options, &result);
    ntk_train_clear(&result);
    options.checkpoint = path;
    options.epochs = 15;
    train(&q, two, options, &result);
    assert_int_equal(result.epochs, 15);
    ntk_train_clear(&result);
    ntk_network_destroy(two);
    two = start_of(&q);
    options.epochs = 40;
    train(&q, two, options, &result);
    assert_int_equal(result.resumed, 15);
    ntk_train_clear(&result);
    assert_same_weights(one, two);
    ntk_network_destroy(two);
    two = start_of(&q);
    options.margin = 0.25;
    assert_refused(ntk_train(q.context, two, q.data, q.Y, &options, &result), NTK_ERR_ARGUMENT,
                   "another optimizer, loss, margin");
    options.margin = 0.0;
    assert_refused(ntk_train(q.context, two, q.data, q.Y, &options, &result), NTK_ERR_ARGUMENT,
                   "another optimizer, loss, margin");
    options.margin = 0.5; /* of other labels still */
    q.Y[0] = -q.Y[0];
    assert_refused(ntk_train(q.context, two, q.data, q.Y, &options, &result), NTK_ERR_ARGUMENT,
                   "other labels");
    ntk_network_destroy(one);
    ntk_network_destroy(two);
    free_problem(&p);
    free_problem(&q);
  }
  assert_int_equal(unlink(path), 0);
}

static void expect_refusal(ntk_train_options options, double label, const char *says) {
  fit_problem p = make_signs(1);
  ntk_network *network = start_of(&p);
  ntk_train_result result;
  p.Y[3] = label;
  assert_refused(ntk_train(p.context, network, p.data, p.Y, &options, &result), NTK_ERR_ARGUMENT,
                 says);
  ntk_network_destroy(network);
  free_problem(&p);
}

static void test_refusals(void **state) {
  (void)state;
  const double wrong[] = {-1.0, INFINITY, NAN};
  for (size_t k = 0; k < COUNT(wrong); k++)
    expect_refusal((ntk_train_options){.margin = wrong[k]}, 1.0,
                   "accepted: from 1e-150 to 1e+150, or 0 for none");
  expect_refusal((ntk_train_options){.margin = 1.0}, 0.5, "label 4 (from 1) is 0.5; a margin");
  expect_refusal((ntk_train_options){.margin = 1.0, .optimizer = "lm"}, 1.0, "squares that lm");
  expect_refusal((ntk_train_options){.margin = 1.0, .question = true}, 1.0, "that the question");
  expect_refusal((ntk_train_options){.margin = 1.0, .track = 5}, 1.0, "that tracking is about");
  expect_refusal((ntk_train_options){.margin = 1.0, .lr_rule = "theory"}, 1.0, "the rule for");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradient), cmocka_unit_test(test_end),
                                     cmocka_unit_test(test_resumed),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests_name("train_margin", tests, NULL, NULL);
}
