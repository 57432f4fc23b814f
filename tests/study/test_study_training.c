/* Studies that train.
 * Property: a trial's values are those of one ntk_train on data, weights and labels of its seed, to
 * the bit; a training that diverges or does not reach its target has no value and says so, and is
 * no failure; every key train.* is checked before anything is computed, and belongs to such studies
 * alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/fit.h"
#include "study/run/plan.h"
#include "study_support.h"

/* ---- A trial, computed here ------------------------------------------------------------------ */

typedef struct setting {
  size_t N, d;
  const char *activation, *init, *labels;
  double gamma;
  ntk_train_options options;
} setting;

/* A network d, 2d, d on Gaussian data, all of one seed. *loss: to be freed by ntk_train_clear. */
static ntk_train_result train(ntk_context *context, const setting *s, uint64_t seed) {
  const size_t width[] = {s->d, 2 * s->d, s->d};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = s->activation,
                                 .init = s->init,
                                 .gamma = s->gamma,
                                 .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_train_result result = {0};
  double *Y = make_array(s->N);
  assert_ok(ntk_dataset_generate(context, "gaussian", s->N, s->d, seed, &data));
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_labels_generate(context, s->labels, &spec, data, seed, Y));
  ntk_train_options options = s->options;
  options.seed = seed;
  assert_ok(ntk_train(context, network, data, Y, &options, &result));
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return result;
}

static void assert_same_bits(double actual, double expected, const char *what) {
  if (memcmp(&actual, &expected, sizeof actual) != 0)
    fail_msg("%s: %.17g instead of %.17g", what, actual, expected);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static const char every[] = "name: t\n"
                            "quantity: [final_loss, epochs_to, rate, plateau_loss]\n"
                            "network: {widths: [2*d, d], activation: tanh}\n"
                            "train:\n"
                            "  optimizer: method\n"
                            "  lr: 1/(20*sqrt(N))\n"
                            "  loss: mean\n"
                            "  labels: kind\n"
                            "  epochs: 4*N\n"
                            "  target: 0.2/d\n"
                            "  plateau: 25\n"
                            "  precision: float\n"
                            "grid: {N: [20, 31], d: 8, kind: [sign, teacher], method: [gd, adam]}\n"
                            "trials: 2\n"
                            "seed: 3\n";

static void test_values(void **state) {
  (void)state;
  const char *database = fresh("values.db");
  ntk_study *study = make_study(every);
  run_study(study, database, &(ntk_study_options){.workers = 2});
  ntk_context *context = make_context(1);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 16 * 4);
  assert_string_equal(table.quantity[0], "final_loss");
  size_t reached = 0;
  for (size_t i = 0; i < table.rows; i += 4) {
    const ntk_study_row *row = &table.row[i];
    const size_t N = (size_t)row->variable[0];
    const double target = 0.2 / 8.0;
    const setting s = {.N = N,
                       .d = 8,
                       .activation = "tanh",
                       .init = "paper",
                       .labels = row->text[2],
                       .options = {.optimizer = row->text[3],
                                   .lr = 1.0 / (20.0 * sqrt((double)N)),
                                   .loss = "mean",
                                   .epochs = 4 * N,
                                   .target = target,
                                   .plateau = 25,
                                   .precision = "float"}};
    ntk_train_result r = train(context, &s, row->seed);
    assert_same_bits(row[0].value, r.loss_final, "final_loss");
    assert_same_bits(row[2].value, r.rate_measured, "rate");
    assert_same_bits(row[3].value, r.loss_plateau, "plateau_loss");
    const bool is_there = r.loss[r.epochs] <= target;
    assert_string_equal(row[1].status, is_there ? "ok" : "not_reached");
    if (is_there) {
      const size_t epoch = (size_t)row[1].value;
      assert_true(epoch > 0 && r.loss[epoch] <= target && r.loss[epoch - 1] > target);
      reached++;
    } else {
      assert_true(isnan(row[1].value));
    }
    ntk_train_clear(&r);
  }
  assert_true(reached > 0 && reached < table.rows / 4); /* both were tried */
  ntk_study_table_clear(&table);
  ntk_context_destroy(context);
  ntk_study_destroy(study);
  unlink(database);
}

/* What stands for the keys that are not given: gradient descent on the half-sum in double
 * precision, its step from lambda_max(K), Gaussian labels. One training gives the quantities in
 * whatever order they are asked for, beside those of the spectrum. */
static void test_defaults(void **state) {
  (void)state;
  const char *database = fresh("defaults.db");
  ntk_study *study = make_study("name: t\nquantity: [rate, lambda_max, final_loss]\n"
                                "network: {widths: [2*d, d], activation: tanh}\n"
                                "train: {epochs: 40}\ngrid: {N: 25, d: 9}\ntrials: 3\n");
  run_study(study, database, NULL);
  ntk_context *context = make_context(1);
  ntk_study_table table = read_table(database);
  const setting s = {.N = 25,
                     .d = 9,
                     .activation = "tanh",
                     .init = "paper",
                     .labels = "gaussian",
                     .options = {.epochs = 40}};
  assert_int_equal(table.rows, 9);
  for (size_t i = 0; i < table.rows; i += 3) {
    ntk_train_result r = train(context, &s, table.row[i].seed);
    for (size_t q = 0; q < 3; q++) {
      const ntk_study_row *row = &table.row[i + q];
      if (strcmp(row->quantity, "rate") == 0)
        assert_same_bits(row->value, r.rate_measured, "rate");
      else if (strcmp(row->quantity, "final_loss") == 0)
        assert_same_bits(row->value, r.loss_final, "final_loss");
      else
        assert_near(row->value, 1.0 / r.lr, 1e-3 / r.lr, "lambda_max, and the step from it");
    }
    ntk_train_clear(&r);
  }
  ntk_study_table_clear(&table);
  ntk_context_destroy(context);
  ntk_study_destroy(study);
  unlink(database);
}

/* Initialisation (18): gamma = d^3 N^2 unless given; the output is 0 at the start, and the loss
 * 1/2 ||Y||^2 whatever gamma is. */
static void test_gamma(void **state) {
  (void)state;
  static const char text[] = "name: t\nquantity: final_loss\n"
                             "network: {widths: [2*d, d], activation: tanh, init: how}\n"
                             "train: {lr: theory, epochs: 3}\n"
                             "grid: {N: 15, d: 6, how: [antisymmetric, standard]}\n";
  const char *const gammas[] = {"", "network.gamma=2*N"};
  const double expected[] = {216.0 * 225.0, 30.0};
  ntk_context *context = make_context(1);
  for (size_t k = 0; k < 2; k++) {
    const char *database = fresh("gamma.db");
    ntk_study *study = k == 0 ? make_study(text) : make_study_with(text, gammas[k]);
    run_study(study, database, NULL);
    ntk_study_table table = read_table(database);
    assert_int_equal(table.rows, 2);
    for (size_t i = 0; i < 2; i++) {
      const setting s = {.N = 15,
                         .d = 6,
                         .activation = "tanh",
                         .init = i == 0 ? "antisymmetric" : "standard",
                         .gamma = i == 0 ? expected[k] : 0.0,
                         .labels = "gaussian",
                         .options = {.lr_rule = "theory", .epochs = 3}};
      ntk_train_result r = train(context, &s, table.row[i].seed);
      assert_same_bits(table.row[i].value, r.loss_final, "final_loss");
      ntk_train_clear(&r);
    }
    ntk_study_table_clear(&table);
    ntk_study_destroy(study);
    unlink(database);
  }
  ntk_context_destroy(context);
}

/* ---- Statuses -------------------------------------------------------------------------------- */

static void check_statuses(const char *keys, const char *final_loss, const char *epochs_to,
                           const char *rate, const char *plateau_loss) {
  const char *database = fresh("statuses.db"); /* of a linear network: nothing saturates */
  char text[500];
  snprintf(text, sizeof text,
           "name: t\nquantity: [final_loss, epochs_to, rate, plateau_loss]\n"
           "network: {widths: [2*d, d], activation: identity}\n"
           "train: {%s}\ngrid: {N: 20, d: 5}\ntrials: 2\n",
           keys);
  ntk_study *study = make_study(text);
  ntk_study_status status;
  assert_ok(ntk_study_run(study, database, NULL, &status));
  assert_int_equal(status.done, 2); /* none of this is a failure */
  assert_int_equal(status.failed, 0);
  ntk_study_status_clear(&status);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 8);
  const char *const expected[] = {final_loss, epochs_to, rate, plateau_loss};
  for (size_t i = 0; i < table.rows; i++) {
    assert_string_equal(table.row[i].status, expected[i % 4]);
    assert_true(isnan(table.row[i].value) == (strcmp(expected[i % 4], "ok") != 0));
    assert_string_equal(table.row[i].error, "");
  }
  if (strcmp(rate, "no_step") == 0)
    assert_near(table.row[1].value, 0.0, 0.0, "epochs to what is there from the start");
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(database);
}

static void test_statuses(void **state) {
  (void)state;
  check_statuses("epochs: 20, target: 1e-30, plateau: 20", "ok", "not_reached", "ok", "ok");
  check_statuses("epochs: 200, target: 1e-30, lr: 10, plateau: 20", "diverged", "diverged",
                 "diverged", "diverged");
  check_statuses("epochs: 20, target: 1e30, plateau: 20", "ok", "ok", "no_step", "not_reached");
}

/* ---- Labels from a file ---------------------------------------------------------------------- */

static void write_array(const char *path, size_t rows, size_t columns, uint64_t seed) {
  double *values = make_normal(seed, rows * columns);
  const size_t shape[] = {rows, columns};
  assert_ok(ntk_npy_save(path, values, columns == 1 ? 1 : 2, shape));
  free(values);
}

static void refuse_study(const char *text, ntk_status status, const char *says) {
  ntk_study *study = NULL;
  assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), status, says);
  assert_null(study);
}

static void test_label_files(void **state) {
  (void)state;
  const char *X = fresh("X.npy"), *Y = fresh("Y.npy"), *database = fresh("labels.db");
  char text[1000];
  snprintf(text, sizeof text,
           "name: t\nquantity: final_loss\nnetwork: {widths: [8, 6], activation: tanh}\n"
           "data: {source: '%s'}\ntrain: {labels: '%s', epochs: 5}\ngrid: {N: 20}\ntrials: 2\n",
           X, Y);
  write_array(X, 30, 4, 1);
  write_array(Y, 30, 1, 2);
  ntk_study *study = make_study(text);
  run_study(study, database, NULL);
  ntk_study_table table = read_table(database);
  ntk_context *context = make_context(1);
  double *labels = make_normal(2, 30);
  for (size_t i = 0; i < table.rows; i++) {
    const size_t width[] = {4, 8, 6};
    ntk_dataset *data = NULL;
    ntk_train_result r;
    const ntk_train_options options = {.epochs = 5, .seed = table.row[i].seed};
    assert_ok(ntk_dataset_load(context, X, 20, 0, NTK_SCALE_NONE, &data));
    ntk_network *network = make_network(context, 3, width, "tanh", "paper", table.row[i].seed);
    assert_ok(ntk_train(context, network, data, labels, &options, &r));
    assert_same_bits(table.row[i].value, r.loss_final, "final_loss");
    ntk_train_clear(&r);
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
  }
  free(labels);
  ntk_context_destroy(context);
  ntk_study_table_clear(&table);
  write_array(Y, 30, 1, 3); /* other labels: another study */
  ntk_study *other = make_study(text);
  ntk_study_status status;
  assert_refused(ntk_study_run(other, database, NULL, &status), NTK_ERR_ARGUMENT,
                 "train.fingerprint is '");
  ntk_study_destroy(other);
  ntk_study_destroy(study);
  write_array(Y, 20, 1, 3); /* as many as are used */
  ntk_study_destroy(make_study(text));
  write_array(Y, 25, 1, 3);
  refuse_study(text, NTK_ERR_SHAPE, "has 25 labels; accepted: 30, one for each row of");
  write_array(Y, 30, 2, 3);
  refuse_study(text, NTK_ERR_SHAPE, "has 2 columns; accepted: one label for each sample");
  unlink(Y);
  refuse_study(text, NTK_ERR_FILE, "t:5: train.labels: ");
  unlink(X);
  unlink(database);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
  (void)state;
  /* Lines 2 to 5 of a study; what is said of it. */
  static const char *const list[][2] = {
      {"quantity: lambda_min\n\n\ntrain: {epochs: 5}",
       "t:5: train.epochs: the study does not train; accepted with a quantity that asks for it: "
       "final_loss, smallest_loss, plateau_loss, epochs_to, rate"},
      {"quantity: epochs_to\n\n\ntrain: {epochs: 5}",
       "t:2: quantity: epochs_to needs train.target, the loss to be reached"},
      {"quantity: rate\n\n\ntrain: {optimiser: gd}", "t:5: train.optimiser: there is no such key"},
      {"quantity: rate\n\n\ntrain: {optimizer: sgd}",
       "t:5: train.optimizer: unknown optimizer 'sgd'; known: gd, momentum, nesterov, adam, lm, at "
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
      {"quantity: rate\n\n\ntrain: {lr: 3-k}", "the step size is 0; accepted: above 0, auto, "},
      {"quantity: rate\n\n\ntrain: {lr: 0.1, optimizer: lm}",
       "t:5: train.lr: the optimizer lm takes no step size"},
      {"quantity: rate\n\n\ntrain: {momentum: 0.9}",
       "t:5: train.momentum: the optimizer gd takes no momentum"},
      {"quantity: rate\n\n\ntrain: {momentum: 1, optimizer: nesterov}",
       "t:5: train.momentum: the momentum is 1; accepted: above 0 and below 1"},
      {"quantity: rate\n\n\ntrain: {momentum: 0, optimizer: nesterov}", "the momentum is 0; "},
      {"quantity: rate\n\n\ntrain: {epochs: 0}",
       "t:5: train.epochs: the number is 0; accepted: a whole number from 1"},
      {"quantity: rate\n\n\ntrain: {epochs: N/3}", "the number is 6.666666667; accepted: "},
      {"quantity: rate\n\n\ntrain: {plateau: -1}",
       "t:5: train.plateau: the window is -1; accepted: a whole number from 0"},
      {"quantity: [rate, plateau_loss]\n\n\ntrain: {epochs: 9, plateau: N/2}",
       "t:5: train.plateau: the window is 10; accepted with plateau_loss: from 1 to train.epochs, "
       "9"},
      {"quantity: plateau_loss\n\n\ntrain: {epochs: 9}", "train.plateau: the window is 0; "},
      {"quantity: rate\n\n\ntrain: {target: 0}",
       "t:5: train.target: the target is 0; accepted: a loss above 0"},
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
  char why[300];
  assert_true(ntk_settings_equal(&study->settings, "a", &again->settings, "b", sizeof why, why));
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

/* 6 N P flops an epoch, 0.15 of the epochs with a plateau; bytes are those of ntk_train_memory. */
static void test_costs(void **state) {
  (void)state;
  static const char text[] = "name: t\nquantity: [rate, final_loss]\n"
                             "network: {widths: [d, 3*d]}\n"
                             "train: {optimizer: adam, epochs: 700, plateau: window}\n"
                             "grid: {N: [500, 1000], d: 40, window: [0, 100]}\n";
  ntk_study *study = make_study(text);
  ntk_context *context = make_context(1);
  ntk_point_cost costs[4];
  assert_ok(ntk_plan_costs(study, context, SIZE_MAX, costs));
  const double P = 40.0 * 40.0 + 40.0 * 120.0 + 120.0;
  for (size_t i = 0; i < 4; i++) {
    const size_t N = i < 2 ? 500 : 1000, width[] = {40, 40, 120};
    const double flops = 6.0 * (double)N * P * 700.0 * (i % 2 == 0 ? 1.0 : 0.15);
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
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_gamma),
      cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_label_files),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_varied_optimizer),
      cmocka_unit_test(test_settings),
      cmocka_unit_test(test_costs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
