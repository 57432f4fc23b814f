/* Studies of federated training whose split is a file, and of training on labels in files; one, or
 * several that a variable of the grid holds, beside names.
 * Property: a trial's values are those of one ntk_train with the clients or labels of its file, to
 * the bit; a file of another length, a client that there is not, and another file later are
 * refused. */
#include "ntkit/data.h"
#include "study_training.h"

enum { N = 20 };

static void write_clients(const char *path, size_t count, size_t clients) {
  double *client = make_array(count);
  for (size_t i = 0; i < count; i++)
    client[i] = (double)(i * i % clients);
  const size_t shape[] = {count};
  assert_ok(ntk_npy_save(path, client, 1, shape));
  free(client);
}

static void make_text(const char *path, size_t size, char *text) {
  snprintf(text, size,
           "name: t\nquantity: [rate, linear_rate, drift]\n"
           "network: {widths: [2*d, d], activation: tanh}\n"
           "train: {epochs: 6, clients: 4, local_steps: 3, client_weights: w, split: '%s'}\n"
           "grid: {N: 20, d: 6, w: [equal, size]}\n",
           path);
}

static void test_values(void **state) {
  (void)state;
  const char *database = fresh("split.db"), *path = fresh("whose.npy");
  char text[1000];
  double client[N];
  make_text(path, sizeof text, text);
  for (size_t i = 0; i < N; i++) { /* 0, 1, 4 and 2, of other sizes */
    client[i] = (double)(i * i % 7);
    client[i] = client[i] == 4.0 ? 3.0 : client[i];
  }
  const size_t shape[] = {N};
  assert_ok(ntk_npy_save(path, client, 1, shape));
  ntk_study *study = make_study(text);
  run_study(study, database, &(ntk_study_options){.workers = 1});
  ntk_context *context = make_context(1);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 2 * 3);
  for (size_t i = 0; i < table.rows; i += 3) {
    const ntk_study_row *row = &table.row[i];
    const setting s = {.N = N,
                       .d = 6,
                       .activation = "tanh",
                       .init = "paper",
                       .labels = "gaussian",
                       .options = {.epochs = 6,
                                   .clients = 4,
                                   .local_steps = 3,
                                   .client_weights = row->text[2],
                                   .client = client}};
    ntk_train_result r = train(context, &s, row->seed);
    assert_true(r.federated.smallest < r.federated.largest);
    assert_memory_equal(&row[0].value, &r.rate_measured, sizeof(double));
    assert_memory_equal(&row[1].value, &r.federated.rate, sizeof(double));
    assert_memory_equal(&row[2].value, &r.federated.drift_largest, sizeof(double));
    ntk_train_clear(&r);
  }
  ntk_study_table_clear(&table);
  ntk_context_destroy(context);
  client[3] = 0.0; /* others: another study */
  assert_ok(ntk_npy_save(path, client, 1, shape));
  ntk_study *other = make_study(text);
  ntk_study_status status;
  assert_refused(ntk_study_run(other, database, NULL, &status), NTK_ERR_ARGUMENT,
                 "train.split_fingerprint is '");
  ntk_study_destroy(other);
  ntk_study_destroy(study);
  unlink(database);
  unlink(path);
}

static void test_refused(void **state) {
  (void)state;
  const char *path = fresh("whose.npy");
  char text[1000];
  make_text(path, sizeof text, text);
  write_clients(path, N + 1, 3);
  refuse_study(text, NTK_ERR_SHAPE, "has 21 numbers; accepted: 20, one for each sample");
  write_clients(path, N, 3);
  ntk_study_destroy(make_study(text)); /* two of four clients have none: told at the trial */
  unlink(path);
  refuse_study(text, NTK_ERR_FILE, "t:4: train.split: ");
  refuse_study("name: t\nquantity: rate\nnetwork: {widths: [8, 6], activation: tanh}\n"
               "train: {clients: 2, split_fingerprint: abc}\ngrid: {N: 20, d: 6}\n",
               NTK_ERR_ARGUMENT, "t:4: train.split_fingerprint: train.split is no file");
  snprintf(text, sizeof text,
           "name: t\nquantity: rate\nnetwork: {widths: [8, 6], activation: tanh}\n"
           "train: {epochs: 5, split: '%s'}\ngrid: {N: 20, d: 6}\n",
           path);
  write_clients(path, N, 3);
  refuse_study(text, NTK_ERR_ARGUMENT, "train.split: this is of federated training; accepted with");
  unlink(path);
}

/* ---- Files that a variable holds ------------------------------------------------------------- */

static ntk_study *split_study(const char *values) {
  char text[1000];
  snprintf(text, sizeof text,
           "name: t\nquantity: [rate, drift]\nnetwork: {widths: [2*d, d], activation: tanh}\n"
           "train: {epochs: 4, clients: 4, local_steps: 2, split: how}\n"
           "grid: {N: 20, d: 6, how: [%s]}\n",
           values);
  return make_study(text);
}

/* The second study makes the first one's grid longer. */
static void test_splits(void **state) {
  (void)state;
  const char *database = fresh("splits.db"), *path[2] = {fresh("a-1.npy"), fresh("b-2.npy")};
  char first[400], second[400];
  snprintf(first, sizeof first, "by-label, '%s'", path[0]);
  snprintf(second, sizeof second, "'%s', by-label, '%s'", path[1], path[0]);
  write_clients(path[0], N, 7);
  refuse_study("name: t\nquantity: rate\nnetwork: {widths: [8]}\ntrain: {clients: 2, split: how}\n"
               "grid: {N: 20, d: 6, how: [iid, a-0.npy]}\n",
               NTK_ERR_FILE, "t:4: train.split: a-0.npy: ");
  double client[2][N];
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < N; i++)
      client[k][i] = (double)(i * (k + 3) % 5 % 4);
    const size_t shape[] = {N};
    assert_ok(ntk_npy_save(path[k], client[k], 1, shape));
  }
  ntk_study *study = split_study(first), *longer = split_study(second);
  run_study(study, database, &(ntk_study_options){.workers = 1});
  run_study(longer, database, &(ntk_study_options){.workers = 1});
  ntk_context *context = make_context(1);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 3 * 2);
  for (size_t i = 0; i < table.rows; i += 2) {
    const ntk_study_row *row = &table.row[i];
    setting s = {.N = N,
                 .d = 6,
                 .activation = "tanh",
                 .init = "paper",
                 .labels = "gaussian",
                 .options = {.epochs = 4, .clients = 4, .local_steps = 2}};
    if (strcmp(row->text[2], "by-label") == 0)
      s.options.split = "by-label";
    else
      s.options.client = client[strcmp(row->text[2], path[0]) != 0];
    ntk_train_result r = train(context, &s, row->seed);
    assert_memory_equal(&row[0].value, &r.rate_measured, sizeof(double));
    assert_memory_equal(&row[1].value, &r.federated.drift_largest, sizeof(double));
    ntk_train_clear(&r);
  }
  ntk_study_table_clear(&table);
  ntk_context_destroy(context);
  write_clients(path[0], N, 4); /* others: another study */
  ntk_study *other = split_study(second);
  ntk_study_status status;
  assert_refused(ntk_study_run(other, database, NULL, &status), NTK_ERR_ARGUMENT,
                 "train.split_fingerprint is '");
  ntk_study_destroy(study);
  ntk_study_destroy(longer);
  ntk_study_destroy(other);
  unlink(database);
  unlink(path[0]);
  unlink(path[1]);
}

static void write_normal(const char *path, size_t rows, size_t columns, uint64_t seed) {
  double *values = make_normal(seed, rows * columns);
  const size_t shape[] = {rows, columns};
  assert_ok(ntk_npy_save(path, values, columns == 1 ? 1 : 2, shape));
  free(values);
}

/* The loss after three epochs of a trial of `seed`, on these labels or those called sign. */
static double plain_loss(ntk_context *context, const char *X, uint64_t seed, const double *labels) {
  const size_t width[] = {4, 8};
  const ntk_network_spec spec = {
      .depth = 2, .width = width, .activation = "tanh", .init = "paper", .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = make_network(context, 2, width, "tanh", "paper", seed);
  ntk_train_result r;
  double *Y = make_array(N);
  assert_ok(ntk_dataset_load(context, X, N, 0, NTK_SCALE_NONE, &data));
  if (labels == NULL)
    assert_ok(ntk_labels_generate(context, "sign", &spec, data, seed, Y));
  else
    memcpy(Y, labels, N * sizeof *Y);
  assert_ok(
      ntk_train(context, network, data, Y, &(ntk_train_options){.epochs = 3, .seed = seed}, &r));
  const double loss = r.loss_final;
  ntk_train_clear(&r);
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return loss;
}

static void test_labels(void **state) {
  (void)state;
  const char *X = fresh("X.npy"), *path[2] = {fresh("y-1.npy"), fresh("y-2.npy")};
  const char *database = fresh("labels.db");
  char text[1000];
  write_normal(X, N, 4, 1);
  write_normal(path[0], N, 1, 2);
  write_normal(path[1], N, 1, 3);
  snprintf(text, sizeof text,
           "name: t\nquantity: final_loss\nnetwork: {widths: [8], activation: tanh}\n"
           "data: {source: '%s'}\ntrain: {labels: which, epochs: 3}\n"
           "grid: {N: 20, which: ['%s', sign, '%s']}\n",
           X, path[0], path[1]);
  ntk_study *study = make_study(text);
  run_study(study, database, &(ntk_study_options){.workers = 1});
  ntk_context *context = make_context(1);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 3);
  for (size_t i = 0; i < table.rows; i++) {
    const ntk_study_row *row = &table.row[i];
    double *Y = make_normal(strcmp(row->text[1], path[0]) == 0 ? 2 : 3, N);
    const bool drawn = strcmp(row->text[1], "sign") == 0;
    const double loss = plain_loss(context, X, row->seed, drawn ? NULL : Y);
    assert_memory_equal(&row->value, &loss, sizeof loss);
    free(Y);
  }
  ntk_study_table_clear(&table);
  ntk_context_destroy(context);
  ntk_study_destroy(study);
  write_normal(path[1], N, 2, 3);
  refuse_study(text, NTK_ERR_SHAPE, "y-2.npy has 2 columns; accepted: 1, a label for each output");
  unlink(path[1]);
  refuse_study(text, NTK_ERR_FILE, "t:5: train.labels: ");
  unlink(database);
  unlink(path[0]);
  unlink(X);
}

/* A variable that is called as a known name is, and holds numbers, is none of names. */
static void test_numbers(void **state) {
  (void)state;
  ntk_study *study = make_study("name: t\nquantity: rate\nnetwork: {widths: [sign]}\n"
                                "train: {labels: sign, clients: 2, split: iid}\n"
                                "grid: {N: 20, d: 6, sign: \"4:8:2\", iid: 2*N}\n");
  assert_int_equal(ntk_study_points(study), 3);
  ntk_study_destroy(study);
  refuse_study("name: t\nquantity: epochs_to_margin\nnetwork: {widths: [8]}\n"
               "train: {labels: which, margin: 1}\ngrid: {N: 20, d: 6, which: [sign, gaussian]}\n",
               NTK_ERR_ARGUMENT, "accepted with train.labels: sign, or a file");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values), cmocka_unit_test(test_refused), cmocka_unit_test(test_splits),
      cmocka_unit_test(test_labels), cmocka_unit_test(test_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
