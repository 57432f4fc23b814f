/* Studies that train: what is refused, stored and predicted.
 * Property: a training that cannot be is refused with its line; settings are stored as they were
 * meant; the predicted cost is that of the training. */
#include "study_training.h"

/* ---- Refusals -------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
  (void)state;
  /* Lines 2 to 5 of a study; what is said of it. */
  static const char *const list[][2] = {
      {"quantity: lambda_min\n\n\ntrain: {epochs: 5}",
       "t:5: train.epochs: the study does not train; accepted with a quantity that asks for it: "
       "final_loss, smallest_loss, plateau_loss, epochs_to, epochs_to_margin, rate, linear_rate, "
       "gap, linear_gap, "
       "drift"},
      {"quantity: epochs_to\n\n\ntrain: {epochs: 5}",
       "t:2: quantity: epochs_to needs train.target, the loss to be reached"},
      {"quantity: rate\n\n\ntrain: {optimiser: gd}",
       "t:5: train.optimiser: unknown key 'train.optimiser'; did you mean 'train.optimizer'?"},
      {"quantity: rate\n\n\ntrain: {optimizer: sgd}",
       "t:5: train.optimizer: unknown optimizer 'sgd'; did you mean 'gd'? known: gd, momentum, "
       "nesterov, adam, lm, at "
       "N = 20, d = 5, k = 3, who = ann"},
      {"quantity: rate\n\n\ntrain: {optimizer: [gd, adam]}", "train.optimizer: 2 values"},
      {"quantity: rate\n\n\ntrain: {optimizer: who}", "unknown optimizer 'ann'"},
      {"quantity: rate\n\n\ntrain: {loss: sum}", "t:5: train.loss: unknown loss 'sum'; known: "},
      {"quantity: rate\n\n\ntrain: {precision: half}",
       "t:5: train.precision: unknown precision 'half'; known: double, float"},
      {"quantity: rate\n\n\ntrain: {precision: float, optimizer: lm}", "t:5: train.precision: lm "},
      {"quantity: rate\n\n\ntrain: {labels: normal}",
       "t:5: train.labels: unknown labels 'normal'; known: gaussian, sign, teacher"},
      {"quantity: rate\n\n\ntrain: {labels: y.npy}",
       "t:5: train.labels: 'y.npy' is a file, and the data are drawn"},
      {"quantity: rate\n\n\ntrain: {labels: sign, fingerprint: 12}",
       "t:5: train.fingerprint: train.labels 'sign' is no file"},
      {"quantity: rate\n\n\ntrain: {lr: fast}", "t:5: train.lr: 'fast': 'fast' is not known"},
      {"quantity: rate\n\n\ntrain: {lr: 0}", "t:5: train.lr: the step size is 0; accepted: above"},
      {"quantity: rate\n\n\ntrain: {lr: 1/(d-N/4)}", "t:5: train.lr: '1/(d-N/4)' is inf here"},
      {"quantity: rate\n\n\ntrain: {lr: 3-k}", "the step size is 0; accepted: above 0"},
      {"quantity: rate\n\n\ntrain: {lr: 0.1, optimizer: lm}",
       "t:5: train.lr: lm takes no step size"},
      {"quantity: rate\n\n\ntrain: {momentum: 0.9}", "t:5: train.momentum: gd has no momentum"},
      {"quantity: rate\n\n\ntrain: {momentum: 1, optimizer: nesterov}",
       "t:5: train.momentum: the momentum is 1; accepted: above 0, below 1"},
      {"quantity: rate\n\n\ntrain: {momentum: 0, optimizer: nesterov}", "the momentum is 0; "},
      {"quantity: rate\n\n\ntrain: {epochs: 0}",
       "t:5: train.epochs: the number is 0; accepted: a whole number from 1"},
      {"quantity: rate\n\n\ntrain: {epochs: N/3}", "the number is 6.666666667; accepted: "},
      {"quantity: rate\n\n\ntrain: {batch: N+1}",
       "t:5: train.batch: a batch is to have 21 samples, and there are 20; accepted: from 1 to 20"},
      {"quantity: rate\n\n\ntrain: {batch: 4, optimizer: lm}", "t:5: train.batch: lm takes all "},
      {"quantity: rate\n\n\ntrain: {batch: 0}",
       "t:5: train.batch: the batch is 0; accepted: a whole number from 1"},
      {"quantity: rate\n\n\ntrain: {clients: N+1}",
       "t:5: train.clients: there are to be 21 clients, and there are 20 samples: some would have "
       "none; accepted: from 1 to 20"},
      {"quantity: rate\n\n\ntrain: {clients: 4, split: fair}",
       "t:5: train.split: unknown split 'fair'; known: iid, by-label"},
      {"quantity: rate\n\n\ntrain: {clients: 4, client_weights: fair}",
       "t:5: train.client_weights: unknown weights of clients 'fair'; known: equal, size"},
      {"quantity: rate\n\n\ntrain: {client_weights: size}",
       "t:5: train.client_weights: this is of federated training; accepted with clients"},
      {"quantity: rate\n\n\ntrain: {local_steps: 4}",
       "t:5: train.local_steps: this is of federated training; accepted with clients"},
      {"quantity: epochs_to_margin\n\n\ntrain: {epochs: 4}",
       "t:2: quantity: epochs_to_margin needs train.margin, the margin to be reached"},
      {"quantity: rate\n\n\ntrain: {margin: 1}",
       "t:5: train.margin: a margin takes labels 1 and -1; accepted with train.labels: sign, or a"},
      {"quantity: linear_rate\n\n\ntrain: {margin: 1, labels: sign}",
       "t:5: train.margin: a margin's loss is not the sum of squares that linear_rate"},
      {"quantity: rate\n\n\ntrain: {margin: 0, labels: sign}",
       "t:5: train.margin: the margin is 0; accepted: above 0"},
      {"quantity: rate\n\n\ntrain: {margin: 1e-170, labels: sign}",
       "t:5: train.margin: the margin is 1e-170; accepted: from 1e-150"},
      {"quantity: rate\n\n\ntrain: {margin: 1, labels: sign, optimizer: lm}",
       "t:5: train.margin: a margin's loss is not the sum of squares that lm"},
      {"quantity: drift\n\n\ntrain: {epochs: 4}", "t:2: quantity: drift needs train.clients"},
      {"quantity: rate\n\n\ntrain: {plateau: -1}",
       "t:5: train.plateau: the window is -1; accepted: a whole number from 0"},
      {"quantity: [rate, plateau_loss]\n\n\ntrain: {epochs: 9, plateau: N/2}",
       "t:5: train.plateau: the window is 10; accepted with plateau_loss: from 1 to train.epochs, "
       "9"},
      {"quantity: plateau_loss\n\n\ntrain: {epochs: 9}", "train.plateau: the window is 0; "},
      {"quantity: rate\n\n\ntrain: {target: 0}",
       "t:5: train.target: the target is 0; accepted: above 0"},
      {"quantity: rate\nnetwork: {widths: [d, d], gamma: 3}\n\n",
       "t:3: network.gamma: accepted with network.init: antisymmetric alone"},
      {"quantity: rate\nnetwork: {widths: [d, d], init: antisymmetric}\n\n",
       "t:3: network.widths: the last hidden width is 5; antisymmetric pairs its units"},
      {"quantity: rate\nnetwork: {widths: [d, 6], init: antisymmetric, gamma: 5-d}\n\n",
       "t:3: network.gamma: gamma is 0; accepted: above 0"},
  };
  for (size_t i = 0; i < COUNT(list); i++) {
    char text[600];
    const char *network =
        strstr(list[i][0], "network") == NULL ? "network: {widths: [d, d]}\n" : "";
    snprintf(text, sizeof text,
             "name: t\n%s\n%sgrid: {N: [20, 24], d: 5, k: [3, 1], who: [ann, bob]}\n", list[i][0],
             network);
    ntk_study *study = NULL;
    const ntk_status status = ntk_study_parse(text, "t", NULL, 0, &study);
    assert_true(status != NTK_OK && study == NULL);
    assert_refused(status, status, list[i][1]);
  }
}

/* An optimizer that varies: what one of them takes is not refused for the others. */
static void test_varied_optimizer(void **state) {
  (void)state;
  ntk_study *study = make_study("name: t\nquantity: rate\nnetwork: {widths: [d, d]}\n"
                                "train: {optimizer: how, lr: 0.01, momentum: 0.5}\n"
                                "grid: {N: 9, d: 4, how: [gd, nesterov, lm]}\n");
  const double lr[] = {0.01, 0.01, 0.0}, momentum[] = {0.0, 0.5, 0.0};
  for (size_t i = 0; i < 3; i++) {
    ntk_point point;
    assert_ok(ntk_study_point(study, i, &point));
    assert_near(point.training.options.lr, lr[i], 0.0, "lr");
    assert_near(point.training.options.momentum, momentum[i], 0.0, "momentum");
  }
  ntk_study_destroy(study);
}

/* ---- The settings as they are stored --------------------------------------------------------- */

static void check_settings(const char *text, const char *expected) {
  ntk_study *study = make_study(text);
  char *stored = ntk_settings_text(&study->settings);
  assert_non_null(stored);
  assert_string_equal(stored, expected);
  ntk_study *again = make_study(stored);
  char *same = ntk_settings_text(&again->settings);
  assert_string_equal(same, stored);
  free(same);
  free(stored);
  ntk_study_destroy(again);
  ntk_study_destroy(study);
}

/* A study that does not train is stored as it was before studies could: its database goes on. */
static void test_settings(void **state) {
  (void)state;
  check_settings("name: a\nnetwork: {widths: d}\ngrid: {N: 5, d: 6}\n",
                 "name: [\"a\"]\nquantity: [\"lambda_min\"]\ntrials: [\"1\"]\nseed: [\"0\"]\n"
                 "network:\n  widths: [\"d\"]\n  activation: [\"sigmoid\"]\n  init: [\"paper\"]\n"
                 "  beta: [\"1\"]\n"
                 "data:\n  source: [\"gaussian\"]\n  scale: [\"none\"]\n"
                 "grid:\n  N: [\"5\"]\n  d: [\"6\"]\n");
  check_settings("name: a\nquantity: rate\nnetwork: {widths: d, init: antisymmetric}\n"
                 "grid: {N: 5, d: 6}\n",
                 "name: [\"a\"]\nquantity: [\"rate\"]\ntrials: [\"1\"]\nseed: [\"0\"]\n"
                 "network:\n  widths: [\"d\"]\n  init: [\"antisymmetric\"]\n"
                 "  activation: [\"sigmoid\"]\n  beta: [\"1\"]\n  gamma: [\"d^3*N^2\"]\n"
                 "data:\n  source: [\"gaussian\"]\n  scale: [\"none\"]\n"
                 "train:\n  optimizer: [\"gd\"]\n  lr: [\"auto\"]\n  loss: [\"half-sum\"]\n"
                 "  labels: [\"gaussian\"]\n  epochs: [\"10000\"]\n  plateau: [\"0\"]\n"
                 "  precision: [\"double\"]\n"
                 "grid:\n  N: [\"5\"]\n  d: [\"6\"]\n");
}

/* ---- Costs ----------------------------------------------------------------------------------- */

/* 6 N P flops an epoch, 2 N d n_1 less as nothing goes back through W_1, 0.15 of the epochs with a
 * plateau; bytes are those of ntk_train_memory. */
static void test_costs(void **state) {
  (void)state;
  static const char text[] = "name: t\nquantity: [rate, final_loss]\n"
                             "network: {widths: [d, 3*d]}\n"
                             "train: {optimizer: adam, epochs: 700, plateau: window}\n"
                             "grid: {N: [500, 1000], d: 40, window: [0, 100]}\n";
  ntk_study *study = make_study(text);
  ntk_context *context = make_context(1);
  ntk_point_cost costs[4];
  assert_ok(ntk_agenda_costs(study, context, SIZE_MAX, costs));
  const double P = 40.0 * 40.0 + 40.0 * 120.0 + 120.0;
  for (size_t i = 0; i < 4; i++) {
    const size_t N = i < 2 ? 500 : 1000, width[] = {40, 40, 120};
    const double flops =
        (6.0 * P - 2.0 * 40.0 * 40.0) * (double)N * 700.0 * (i % 2 == 0 ? 1.0 : 0.15);
    assert_near(costs[i].flops, flops, 1e-12 * flops, "flops");
    size_t bytes = 0;
    const ntk_network_spec spec = {.depth = 3, .width = width};
    const ntk_train_options options = {.optimizer = "adam", .epochs = 700, .plateau = 100};
    assert_ok(ntk_train_memory(context, &spec, N, &options, &bytes));
    assert_int_equal(costs[i].bytes, bytes);
    assert_true(costs[i].bytes > 8 * (N * 40 + 4 * (size_t)P)); /* data, weights, moments */
  }
  ntk_context_destroy(context);
  ntk_study_destroy(study);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_varied_optimizer),
      cmocka_unit_test(test_settings),
      cmocka_unit_test(test_costs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
