/* Studies that train.
 * Property: a trial's values are those of one ntk_train on data, weights and labels of its seed, to
 * the bit; a training that diverges or does not reach its target has no value and says so, and is
 * no failure; every key train.* is checked before anything is computed, and belongs to such studies
 * alone. */
#include "ntkit/data.h"
#include "study_training.h"

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
                            "  batch: N/2\n"
                            "  target: 0.2/d\n"
                            "  plateau: 25\n"
                            "  precision: float\n"
                            "grid: {N: [20, 32], d: 8, kind: [sign, teacher], method: [gd, adam]}\n"
                            "trials: 2\n"
                            "seed: 3\n";

static void test_values(void **state) {
  (void)state;
  ran_study ran = run_to_table("values.db", every, &(ntk_study_options){.workers = 2});
  assert_int_equal(ran.table.rows, 16 * 4);
  assert_string_equal(ran.table.quantity[0], "final_loss");
  size_t reached = 0;
  for (size_t i = 0; i < ran.table.rows; i += 4) {
    const ntk_study_row *row = &ran.table.row[i];
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
                                   .batch = N / 2,
                                   .target = target,
                                   .plateau = 25,
                                   .precision = "float"}};
    ntk_train_result r = train(ran.context, &s, row->seed);
    assert_same_bits(row[0].value, r.loss_final, "final_loss");
    assert_same_bits(row[2].value, r.rate_measured, "rate");
    assert_same_bits(row[3].value, r.loss_plateau, "plateau_loss");
    const bool is_there = r.loss[r.epochs] <= target;
    assert_string_equal(row[1].verdict, is_there ? "ok" : "not_reached");
    if (is_there) {
      const size_t epoch = (size_t)row[1].value;
      assert_true(epoch > 0 && r.loss[epoch] <= target && r.loss[epoch - 1] > target);
      reached++;
    } else {
      assert_true(isnan(row[1].value));
    }
    ntk_train_clear(&r);
  }
  assert_true(reached > 0 && reached < ran.table.rows / 4); /* both were tried */
  end_study(&ran);
}

/* What stands for the keys that are not given: gradient descent on the half-sum in double
 * precision, its step from lambda_max(K), Gaussian labels. One training gives the quantities in
 * whatever order they are asked for, beside those of the spectrum. */
static void test_defaults(void **state) {
  (void)state;
  ran_study ran = run_to_table("defaults.db",
                               "name: t\nquantity: [rate, lambda_max, final_loss]\n"
                               "network: {widths: [2*d, d], activation: tanh}\n"
                               "train: {epochs: 40}\ngrid: {N: 25, d: 9}\ntrials: 3\n",
                               NULL);
  const setting s = {.N = 25,
                     .d = 9,
                     .activation = "tanh",
                     .init = "paper",
                     .labels = "gaussian",
                     .options = {.epochs = 40}};
  assert_int_equal(ran.table.rows, 9);
  for (size_t i = 0; i < ran.table.rows; i += 3) {
    ntk_train_result r = train(ran.context, &s, ran.table.row[i].seed);
    for (size_t q = 0; q < 3; q++) {
      const ntk_study_row *row = &ran.table.row[i + q];
      if (strcmp(row->quantity, "rate") == 0)
        assert_same_bits(row->value, r.rate_measured, "rate");
      else if (strcmp(row->quantity, "final_loss") == 0)
        assert_same_bits(row->value, r.loss_final, "final_loss");
      else
        assert_near(row->value, 1.0 / r.lr, 1e-3 / r.lr, "lambda_max, and the step from it");
    }
    ntk_train_clear(&r);
  }
  end_study(&ran);
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
    assert_string_equal(table.row[i].verdict, expected[i % 4]);
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
  refuse_study(text, NTK_ERR_SHAPE, "has 2 columns; accepted: 1, a label for each output");
  unlink(Y);
  refuse_study(text, NTK_ERR_FILE, "t:5: train.labels: ");
  unlink(X);
  unlink(database);
}

/* gap and linear_gap are 1 - rho: rho^2 is by how much the loss falls an epoch from half way on,
 * and the linear model's; of the heavy ball at its fastest (1 - 1/sqrt(c))^2 / (1 + 1/sqrt(c))^2.
 */
static void test_gaps(void **state) {
  (void)state;
  ran_study ran = run_to_table("gaps.db",
                               "name: t\nquantity: [gap, linear_gap, condition]\n"
                               "network: {widths: [2*d, d], activation: tanh}\n"
                               "train: {optimizer: method, lr: best, epochs: T}\n"
                               "grid: {N: 12, d: 8, method: [gd, momentum], T: [1, 31]}\n",
                               &(ntk_study_options){.workers = 1});
  assert_int_equal(ran.table.rows, 4 * 3);
  for (size_t i = 0; i < ran.table.rows; i += 3) {
    const ntk_study_row *row = &ran.table.row[i];
    const size_t epochs = (size_t)row->variable[3];
    const setting s = {.N = 12,
                       .d = 8,
                       .activation = "tanh",
                       .init = "paper",
                       .labels = "gaussian",
                       .options = {.optimizer = row->text[2], .lr_rule = "best", .epochs = epochs}};
    ntk_train_result r = train(ran.context, &s, row->seed);
    const double c = row[2].value, root = strcmp(row->text[2], "gd") == 0 ? c : sqrt(c);
    assert_near(row[1].value, 2.0 / (root + 1.0), 1e-6, "linear_gap at the fastest step");
    const double fall = pow(1.0 - row[0].value, 2.0 * (double)(epochs - epochs / 2));
    assert_near(fall * r.loss[epochs / 2], r.loss[epochs], 1e-10 * r.loss[epochs], "gap");
    ntk_train_clear(&r);
  }
  end_study(&ran);
}

/* Federated training as a quantity over C, E and what clients count, where some have a sample more:
 * a trial's values are those of one ntk_train. */
static void test_clients(void **state) {
  (void)state;
  ran_study ran = run_to_table("clients.db",
                               "name: t\nquantity: [rate, linear_rate, drift]\n"
                               "network: {widths: [2*d, d], activation: tanh}\n"
                               "train: {epochs: 6, clients: C, local_steps: E, split: how, "
                               "client_weights: w}\n"
                               "grid: {N: 20, d: 6, C: [1, 3], E: [1, 4], w: [equal, size], "
                               "how: [iid, by-label]}\n",
                               &(ntk_study_options){.workers = 1});
  assert_int_equal(ran.table.rows, 16 * 3);
  for (size_t i = 0; i < ran.table.rows; i += 3) {
    const ntk_study_row *row = &ran.table.row[i];
    const setting s = {.N = 20,
                       .d = 6,
                       .activation = "tanh",
                       .init = "paper",
                       .labels = "gaussian",
                       .options = {.epochs = 6,
                                   .clients = (size_t)row->variable[2],
                                   .local_steps = (size_t)row->variable[3],
                                   .client_weights = row->text[4],
                                   .split = row->text[5]}};
    ntk_train_result r = train(ran.context, &s, row->seed);
    assert_same_bits(row[0].value, r.rate_measured, "rate");
    assert_same_bits(row[1].value, r.federated.rate, "linear_rate");
    assert_same_bits(row[2].value, r.federated.drift_largest, "drift");
    ntk_train_clear(&r);
  }
  end_study(&ran);
}

/* A margin as a variable: epochs until it is there, as one ntk_train has them, or not reached. */
static void test_margin(void **state) {
  (void)state;
  ran_study ran = run_to_table("margin.db",
                               "name: t\nquantity: [epochs_to_margin, final_loss]\n"
                               "network: {widths: [2*d, d], activation: tanh}\n"
                               "train: {epochs: 300, margin: M, labels: sign, optimizer: adam, "
                               "lr: 0.01}\n"
                               "grid: {N: 12, d: 6, M: [0.5, 1, 1e6]}\n",
                               &(ntk_study_options){.workers = 1});
  assert_int_equal(ran.table.rows, 3 * 2);
  for (size_t i = 0; i < ran.table.rows; i += 2) {
    const ntk_study_row *row = &ran.table.row[i];
    const setting s = {
        .N = 12,
        .d = 6,
        .activation = "tanh",
        .init = "paper",
        .labels = "sign",
        .options = {.epochs = 300, .margin = row->variable[2], .optimizer = "adam", .lr = 0.01}};
    ntk_train_result r = train(ran.context, &s, row->seed);
    assert_true((r.stopped == NTK_STOP_MARGIN) == (i < 4) && r.epochs > 1);
    assert_string_equal(row->verdict, i < 4 ? "ok" : "not_reached");
    if (i < 4)
      assert_same_bits(row[0].value, (double)r.epochs, "epochs to the margin");
    assert_same_bits(row[1].value, r.loss_final, "loss");
    ntk_train_clear(&r);
  }
  end_study(&ran);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_gamma),       cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_label_files), cmocka_unit_test(test_clients),
      cmocka_unit_test(test_margin),      cmocka_unit_test(test_gaps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
