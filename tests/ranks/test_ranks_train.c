/* Training over ranks against one process's, in the same test.
 * Property: losses, stops and weights are one process's but for rounding, and have the same bits on
 * all ranks; what one rank alone finds (a clock, a callback, a number of its rows) all of them act
 * on together; a checkpoint is of the run, whatever the number of ranks that wrote it. */
#include "kernel/descent.h"

#include "ranks_training.h"

#include <unistd.h>

#include "data/dataset.h"

/* From e epochs on a run of both differs by no more than this of the loss at the start. A sum of N
 * terms is off by gamma = (N + 8) eps of what its terms add up to: a gradient by gamma sqrt(trace
 * K) ||r||, the loss of e steps at 1 / lambda, which do not make larger what differs, by 2 e gamma
 * sqrt N. `growth`: by which another method's steps may. */
static void expect_near(const both *b, double growth) {
  const ntk_train_result *one = &b->result[0], *many = &b->result[1];
  const double N = (double)b->of[0].N, gamma = (N + 8.0) * 2.0 * U;
  assert_int_equal(many->epochs, one->epochs);
  assert_int_equal(many->stopped, one->stopped);
  for (size_t e = 0; e <= one->epochs; e++)
    assert_near(many->loss[e], one->loss[e],
                growth * (2.0 * (double)e + 1.0) * gamma * sqrt(N) * one->loss[0], "loss");
  assert_same_on_all(b->context[1], many->loss, (many->epochs + 1) * sizeof(double));
  assert_same_on_all(b->context[1], b->of[1].network->theta, b->of[1].P * sizeof(double));
}

static void check_run(size_t N, ntk_train_options options, double growth) {
  both b = make_both(N);
  for (size_t i = 0; i < 2; i++)
    b.result[i] = fit_run(&b.of[i], options);
  expect_near(&b, growth);
  free_both(&b);
}

static void test_epochs(void **state) {
  (void)state;
  const size_t N[] = {1, 2, 5, 49, 100, 241, 300};
  for (size_t i = 0; i < COUNT(N); i++) {
    const double small = 0.1 / (double)N[i]; /* stable: lambda is some 4 N of the half-sum */
    check_run(N[i], (ntk_train_options){.optimizer = "momentum", .lr = small, .epochs = 12}, 20.0);
    check_run(N[i], (ntk_train_options){.optimizer = "nesterov", .lr = small, .epochs = 12}, 20.0);
    check_run(N[i], (ntk_train_options){.optimizer = "adam", .epochs = 12}, 1e3);
  }
}

/* Batches are the same whatever the number of ranks; a rank may have none of their samples. */
static void test_batches(void **state) {
  (void)state;
  const size_t N[] = {1, 5, 49, 300}, batch[] = {1, 2, 20, 130};
  for (size_t i = 0; i < COUNT(N); i++) {
    const double small = 0.1 / (double)N[i];
    const ntk_train_options options = {.lr = small, .epochs = 6, .batch = batch[i], .seed = 4};
    check_run(N[i], options, 20.0 * (double)N[i] / (double)batch[i]);
  }
  check_run(100, (ntk_train_options){.optimizer = "adam", .epochs = 6, .batch = 40}, 3e3);
}

static void test_clients(void **state) {
  (void)state;
  check_run(100, (ntk_train_options){.lr = 1e-3, .epochs = 5, .clients = 7, .local_steps = 3},
            60.0);
  check_run(49, (ntk_train_options){.lr = 2e-3, .epochs = 5, .clients = 49}, 60.0);
  /* The step by a rule is the same, to rounding, however it is found: where clients have fewer
   * samples than there are ranks, too, one of 100, one or two. */
  const size_t clients[] = {7, 60, 100};
  const char *const losses[] = {"half-sum", "mean"};
  for (size_t k = 0; k < COUNT(clients); k++)
    for (size_t l = 0; l < COUNT(losses); l++) {
      both b = make_both(100);
      for (size_t i = 0; i < 2; i++)
        b.result[i] = fit_run(
            &b.of[i], (ntk_train_options){.epochs = 5, .clients = clients[k], .loss = losses[l]});
      assert_near(b.result[1].lr / b.result[0].lr, 1.0, 1e-10, "step size");
      assert_string_equal(b.result[1].lr_source, b.result[0].lr_source);
      assert_near(b.result[1].loss_final / b.result[0].loss_final, 1.0, 1e-9, "loss");
      free_both(&b);
    }
}

/* A threshold that the losses, which fall by per cents, pass far from rounding. */
static void test_target(void **state) {
  (void)state;
  both b = make_both(100);
  ntk_train_options options = {.optimizer = "momentum", .lr = 1e-3, .target = 30.0, .epochs = 500};
  for (size_t i = 0; i < 2; i++)
    b.result[i] = fit_run(&b.of[i], options);
  assert_int_equal(b.result[0].stopped, NTK_STOP_TARGET);
  assert_true(b.result[0].epochs > 3);
  expect_near(&b, 20.0);
  free_both(&b);
}

/* A rank is asked for room for its rows of the data alone, those of the rank that has most. */
static void test_forecast(void **state) {
  (void)state;
  enum { SAMPLES = 2000, DIM = 784 };
  static const size_t wide[] = {DIM, 16, 12};
  both b = make_both(5);
  const ntk_share share = ntk_ranks_share(b.context[1], SAMPLES);
  const double rows = (double)(SAMPLES - ntk_share_most(&share));
  const ntk_network_spec of = {.depth = 3, .width = wide};
  size_t bytes[2];
  double descent[2];
  for (size_t k = 0; k < 2; k++) {
    assert_ok(ntk_train_memory(b.context[k], &of, SAMPLES,
                               &(ntk_train_options){.optimizer = "adam", .epochs = 5}, &bytes[k]));
    const ntk_share dealt = ntk_ranks_share(b.context[k], SAMPLES);
    descent[k] = ntk_descent_bytes(b.context[k], &of, &dealt, NTK_PRECISION_DOUBLE);
  }
  assert_near((double)bytes[0] - (double)bytes[1], 8.0 * DIM * rows + descent[0] - descent[1],
              4096.0, "bytes");
  free_both(&b);
}

/* ---- What one rank alone finds --------------------------------------------------------------- */

/* The last rank's clock goes so much faster that it alone is over. */
static void test_seconds(void **state) {
  (void)state;
  both b = make_both(49);
  const ntk_train_options options = {
      .optimizer = "adam", .seconds = rank == ranks - 1 ? 0.02 : 1e6, .epochs = SIZE_MAX / 4};
  b.result[1] = fit_run(&b.of[1], options);
  const double epochs = (double)b.result[1].epochs;
  assert_int_equal(b.result[1].stopped, NTK_STOP_TIME);
  assert_same_on_all(b.context[1], &epochs, sizeof(double));
  free_both(&b);
}

/* By a limit ranks talk at each epoch: one that has none would not answer. */
static void test_limit_of_one(void **state) {
  (void)state;
  if (ranks == 1)
    return;
  both b = make_both(49);
  const ntk_train_options options = {
      .optimizer = "adam", .seconds = rank == ranks - 1 ? 0.0 : 1e6, .epochs = 3};
  assert_refused(
      ntk_train(b.context[1], b.of[1].network, b.of[1].data, b.of[1].Y, &options, &b.result[1]),
      NTK_ERR_RANKS, "time limit");
  free_both(&b);
}

/* Sample i, where it is on this rank; else NULL. Sample 200 is never rank 0's where there are more.
 */
static double *row_here(ntk_dataset *data, size_t i) {
  const ntk_share *share = &data->share;
  return ntk_share_owner(share, i) == share->rank
             ? data->own + ntk_share_below(share, share->rank, i) * data->d
             : NULL;
}

/* A sample past all bounds; the message is one and the same on all. */
static void test_too_large(void **state) {
  (void)state;
  ntk_network_spec growing = spec;
  growing.activation = "softplus";
  const struct {
    double number;
    const char *precision, *says;
    ntk_status status;
  } cases[] = {{1e200, "double", "the data reach 1e+200", NTK_ERR_NOT_FINITE},
               {1e39, "float", "1e+39 in row 201, column 6", NTK_ERR_LIMIT}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    both b = make_both(300);
    ntk_dataset *data = b.of[1].data;
    ntk_network_destroy(b.of[1].network);
    b.of[1].network = fit_network(b.context[1], &growing);
    double *row = row_here(data, 200);
    if (row != NULL)
      row[5] = cases[i].number;
    assert_refused(ntk_train(b.context[1], b.of[1].network, data, b.of[1].Y,
                             &(ntk_train_options){
                                 .optimizer = "adam", .precision = cases[i].precision, .epochs = 5},
                             &b.result[1]),
                   cases[i].status, cases[i].says);
    free_both(&b);
  }
}

static bool go_on(const ntk_train_progress *progress, void *user) {
  (void)progress;
  return *(const bool *)user;
}

/* A directory of rank 0's. */
static void make_path(const both *b, char path[64]) {
  char directory[32] = "/tmp/ntkit-test-XXXXXX";
  if (rank == 0)
    assert_non_null(mkdtemp(directory));
  ntk_ranks_hand(b->context[1], 0, sizeof directory, directory);
  snprintf(path, 64, "%s/run.ntk", directory);
}

static void remove_path(char path[64]) {
  if (rank == 0) {
    assert_int_equal(remove(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
  }
}

/* The last rank's callback stops all of them, at one epoch; rank 0 has written the checkpoint, from
 * which one process goes on. */
static void test_stopped_by_one(void **state) {
  (void)state;
  both b = make_both(49);
  char path[64];
  bool on = rank != ranks - 1;
  make_path(&b, path);
  ntk_train_options options = {.optimizer = "momentum",
                               .lr = 1e-3,
                               .epochs = SIZE_MAX / 4,
                               .checkpoint = path,
                               .checkpoint_every = 1e9,
                               .progress = go_on,
                               .progress_user = &on};
  assert_refused(
      ntk_train(b.context[1], b.of[1].network, b.of[1].data, b.of[1].Y, &options, &b.result[1]),
      NTK_ERR_CANCELLED, "interrupted after");
  options.progress = NULL;
  options.epochs = 1;
  if (rank == 0) {
    b.result[0] = fit_run(&b.of[0], options);
    assert_true(b.result[0].resumed > 0);
    assert_true(b.result[0].loss_final < b.result[0].loss_initial);
  }
  remove_path(path);
  free_both(&b);
}

/* ---- Checkpoints ----------------------------------------------------------------------------- */

/* Ten epochs of side `first`, ten more of the other one: near what one process does in one run. */
static void check_resumed(size_t first, const char *precision) {
  both whole = make_both(241), b = make_both(241);
  char path[64];
  make_path(&b, path);
  ntk_train_options options = {
      .optimizer = "momentum", .lr = 1e-4, .precision = precision, .epochs = 20};
  whole.result[0] = fit_run(&whole.of[0], options);
  options.checkpoint = path;
  for (size_t part = 0; part < 2; part++) {
    const size_t side = part == 0 ? first : 1 - first;
    options.epochs = 10 * (part + 1);
    if (side == 1 || rank == 0) /* one process's is that of rank 0 */
      b.result[side] = fit_run(&b.of[side], options);
    ntk_ranks_hand(b.context[1], 0, sizeof part, &part); /* the others wait */
  }
  if (first == 0 || rank == 0) {
    const ntk_train_result *r = &b.result[1 - first];
    const bool single = strcmp(precision, "float") == 0;
    assert_int_equal(r->resumed, 10);
    assert_int_equal(r->epochs, 20);
    for (size_t e = 0; e <= 20; e++)
      assert_near(r->loss[e], whole.result[0].loss[e],
                  (single ? 1e-4 : 1e-11) * whole.result[0].loss[0], "loss");
  }
  remove_path(path);
  free_both(&whole);
  free_both(&b);
}

static void test_checkpoints(void **state) {
  (void)state;
  for (size_t first = 0; first < 2; first++) {
    check_resumed(first, "double");
    check_resumed(first, "float");
  }
}

/* One sample changed, on the rank that has it: the checkpoint is of other data, to all of them. */
static void test_other_data(void **state) {
  (void)state;
  both b = make_both(241);
  char path[64];
  make_path(&b, path);
  const ntk_train_options options = {
      .optimizer = "adam", .epochs = 3, .checkpoint = path, .seed = 1};
  ntk_dataset *data = b.of[1].data;
  double *theta = fit_theta(&b.of[1]);
  b.result[1] = fit_run(&b.of[1], options);
  fit_set(&b.of[1], theta);
  double *row = row_here(data, 200);
  if (row != NULL)
    row[5] += 1.0;
  assert_refused(ntk_train(b.context[1], b.of[1].network, data, b.of[1].Y, &options, &b.result[0]),
                 NTK_ERR_ARGUMENT, "other data");
  free(theta);
  remove_path(path);
  free_both(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_epochs),       cmocka_unit_test(test_batches),
      cmocka_unit_test(test_clients),      cmocka_unit_test(test_target),
      cmocka_unit_test(test_forecast),     cmocka_unit_test(test_seconds),
      cmocka_unit_test(test_too_large),    cmocka_unit_test(test_stopped_by_one),
      cmocka_unit_test(test_checkpoints),  cmocka_unit_test(test_other_data),
      cmocka_unit_test(test_limit_of_one),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
