/* What training asks of K, over ranks and in one process: step sizes, tracking, the question, and
 * Levenberg-Marquardt.
 * Property: K has the same bits; eigenvalues and what follows from them differ by what the search
 * for them leaves, ROUGH, losses by as much of the loss at the start. */
#include "ranks_training.h"

#include "data/dataset.h"

static const double ROUGH = 1e-7; /* an eigenvalue's residual, relative, at most */

static void expect_losses(const both *b) {
  const ntk_train_result *one = &b->result[0], *many = &b->result[1];
  assert_int_equal(many->epochs, one->epochs);
  assert_int_equal(many->stopped, one->stopped);
  for (size_t e = 0; e <= one->epochs; e++)
    assert_near(many->loss[e], one->loss[e], ROUGH * one->loss[0], "loss");
  assert_same_on_all(b->context[1], many->loss, (many->epochs + 1) * sizeof(double));
  assert_same_on_all(b->context[1], b->of[1].network->theta, b->of[1].P * sizeof(double));
}

static void expect_points(const both *b) {
  const ntk_train_result *one = &b->result[0], *many = &b->result[1];
  assert_int_equal(many->tracked, one->tracked);
  assert_true(one->tracked > 2);
  for (size_t i = 0; i < one->tracked; i++) {
    const ntk_track_point *p = &one->track[i], *q = &many->track[i];
    assert_int_equal(q->epoch, p->epoch);
    assert_near(q->lambda_max, p->lambda_max, ROUGH * p->lambda_max, "lambda_max");
    assert_near(q->lambda_min, p->lambda_min, ROUGH * p->lambda_min, "lambda_min");
    assert_near(q->prediction, p->prediction, ROUGH * one->loss[0], "prediction");
    assert_near(q->distance, p->distance, ROUGH * one->track[one->tracked - 1].distance,
                "distance");
    assert_near(q->jacobian_change, p->jacobian_change, 1e-3 * p->jacobian_change, "change");
  }
}

/* What was held at once is within the forecast, of the rank with the most rows. */
static ntk_train_result run(both *b, size_t k, ntk_train_options options) {
  size_t bytes = 0;
  const ntk_train_result result = fit_run(&b->of[k], options);
  assert_ok(ntk_train_memory(b->context[k], &spec, b->of[k].N, &options, &bytes));
  assert_true(ntk_memory_peak(b->context[k]) <= bytes);
  return result;
}

static void test_tracked(void **state) {
  (void)state;
  const size_t N[] = {1, 2, 5, 49, 100, 150};
  for (size_t i = 0; i < COUNT(N); i++) {
    both b = make_both(N[i]);
    for (size_t k = 0; k < 2; k++)
      b.result[k] = run(&b, k,
                        (ntk_train_options){.optimizer = i % 2 == 0 ? "gd" : "nesterov",
                                            .epochs = 12,
                                            .track = 4,
                                            .question = true});
    const ntk_train_result *one = &b.result[0], *many = &b.result[1];
    assert_near(many->lr, one->lr, ROUGH * one->lr, "step size");
    assert_same_on_all(b.context[1], &many->lr, sizeof(double));
    expect_losses(&b);
    expect_points(&b);
    assert_int_equal(many->answer.answer, one->answer.answer);
    assert_near(many->answer.floor, one->answer.floor, 0.0, "floor");
    free_both(&b);
  }
}

/* Equal samples of two ranks, with different labels: the least loss of any weights. */
static void test_floor(void **state) {
  (void)state;
  both b = make_both(120);
  for (size_t k = 0; k < 2; k++) {
    ntk_dataset *data = b.of[k].data;
    const size_t d = data->d, rows[] = {117, 3};
    double *x = make_array(d);
    const ntk_held held = ntk_dataset_held(data);
    assert_ok(ntk_held_fetch(b.context[k], &held, &rows[1], 1, x));
    const ntk_share *share = &data->share;
    if (ntk_share_owner(share, rows[0]) == share->rank)
      memcpy(data->own + ntk_share_below(share, share->rank, rows[0]) * d, x, d * sizeof *x);
    free(x);
    b.of[k].Y[117] = b.of[k].Y[3] + 2.0;
    b.result[k] = run(&b, k, (ntk_train_options){.epochs = 2, .question = true});
    assert_near(b.result[k].answer.floor, 1.0, 1e-12, "floor");
    assert_int_equal(b.result[k].answer.answer, NTK_ANSWER_NO);
  }
  free_both(&b);
}

static void test_second_order(void **state) {
  (void)state;
  const char *const precisions[] = {"double", "mixed", "double", "mixed"};
  const size_t N[] = {49, 100, 1, 2};
  for (size_t i = 0; i < COUNT(precisions); i++) {
    both b = make_both(N[i]);
    for (size_t k = 0; k < 2; k++)
      b.result[k] = run(
          &b, k,
          (ntk_train_options){.optimizer = "lm", .kernel_precision = precisions[i], .epochs = 4});
    assert_true(b.result[0].loss_final < b.result[0].loss_initial);
    expect_losses(&b);
    free_both(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tracked),
      cmocka_unit_test(test_floor),
      cmocka_unit_test(test_second_order),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
