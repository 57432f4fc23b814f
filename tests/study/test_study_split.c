/* Studies of federated training whose split is a file.
 * Property: a trial's values are those of one ntk_train with the clients of the file, to the bit; a
 * file of another length, a client that there is not, and another file later are refused. */
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

static void refuse(const char *text, ntk_status status, const char *says) {
  ntk_study *study = NULL;
  assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), status, says);
  assert_null(study);
}

static void test_refused(void **state) {
  (void)state;
  const char *path = fresh("whose.npy");
  char text[1000];
  make_text(path, sizeof text, text);
  write_clients(path, N + 1, 3);
  refuse(text, NTK_ERR_SHAPE, "has 21 numbers; accepted: 20, one for each sample");
  write_clients(path, N, 3);
  ntk_study_destroy(make_study(text)); /* two of four clients have none: told at the trial */
  unlink(path);
  refuse(text, NTK_ERR_FILE, "t:4: train.split: ");
  refuse("name: t\nquantity: rate\nnetwork: {widths: [8, 6], activation: tanh}\n"
         "train: {clients: 2, split_fingerprint: abc}\ngrid: {N: 20, d: 6}\n",
         NTK_ERR_ARGUMENT, "t:4: train.split_fingerprint: train.split is no file");
  snprintf(text, sizeof text,
           "name: t\nquantity: rate\nnetwork: {widths: [8, 6], activation: tanh}\n"
           "train: {epochs: 5, split: '%s'}\ngrid: {N: 20, d: 6}\n",
           path);
  write_clients(path, N, 3);
  refuse(text, NTK_ERR_ARGUMENT, "train.split: this is of federated training; accepted with");
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
