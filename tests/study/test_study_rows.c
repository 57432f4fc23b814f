/* Studies on rows of a file: data.skip and data.rows.
 * Property: a trial's value is that of the rows and labels that ntk_rows gives for its seed, found
 * here without a study; what does not go together is refused at its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "ntkit/fit.h"
#include "study_support.h"

enum { ROWS = 30, D = 4, N = 12 };

static void write_array(const char *path, size_t cols, uint64_t seed) {
  double values[ROWS * D];
  const size_t shape[2] = {ROWS, cols};
  ntk_random_normal((ntk_random){seed, NTK_STREAM_DATA, 0}, 0, ROWS * cols, values);
  assert_ok(ntk_npy_save(path, values, cols == 1 ? 1 : 2, shape));
}

static void text_of(const char *X, const char *Y, const char *data, size_t size, char *text) {
  snprintf(text, size,
           "name: t\nquantity: final_loss\nnetwork: {widths: [8, 6], activation: tanh}\n"
           "data: {source: '%s'%s}\ntrain: {labels: '%s', epochs: 5}\ngrid: {N: 12}\ntrials: 3\n",
           X, data, Y);
}

/* The loss of rows that are chosen one by one. */
static double plain_loss(ntk_context *context, const char *X, const char *Y, const ntk_rows *rows) {
  double all[ROWS * D], labels[ROWS], x[N * D], y[N];
  size_t row[N];
  const size_t width[] = {D, 8, 6};
  const ntk_train_options options = {.epochs = 5, .seed = rows->seed};
  ntk_train_result r;
  assert_ok(ntk_array_load(X, 0, ROWS, all));
  assert_ok(ntk_array_load(Y, 0, ROWS, labels));
  assert_ok(ntk_rows_choose(context, rows, ROWS, row));
  for (size_t k = 0; k < N; k++) {
    memcpy(x + k * D, all + row[k] * D, D * sizeof *x);
    y[k] = labels[row[k]];
  }
  ntk_dataset *data = make_data(context, x, N, D);
  ntk_network *network = make_network(context, 3, width, "tanh", "paper", rows->seed);
  assert_ok(ntk_train(context, network, data, y, &options, &r));
  const double loss = r.loss_final;
  ntk_train_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return loss;
}

static void test_rows(void **state) {
  (void)state;
  const char *X = fresh("X.npy"), *Y = fresh("Y.npy"), *database = fresh("rows.db");
  static const struct {
    const char *data;
    ntk_rows rows;
  } cases[] = {
      {"", {.count = N}},
      {", rows: first, skip: 0", {.count = N}},
      {", skip: 7", {.skip = 7, .count = N}},
      {", rows: drawn", {.subsample = N}},
      {", rows: drawn, skip: 18", {.skip = 18, .subsample = N}},
  };
  ntk_context *context = make_context(1);
  write_array(X, D, 1);
  write_array(Y, 1, 2);
  for (size_t k = 0; k < COUNT(cases); k++) {
    char text[1000];
    text_of(X, Y, cases[k].data, sizeof text, text);
    ntk_study *study = make_study(text);
    run_study(study, database, NULL);
    ntk_study_table table = read_table(database);
    assert_int_equal(table.rows, 3);
    for (size_t i = 0; i < table.rows; i++) {
      ntk_rows rows = cases[k].rows;
      rows.seed = table.row[i].seed;
      assert_true(table.row[i].value == plain_loss(context, X, Y, &rows));
    }
    ntk_study_table_clear(&table);
    ntk_study_destroy(study);
    unlink(database);
  }
  ntk_context_destroy(context);
  unlink(X);
  unlink(Y);
}

static void test_refused(void **state) {
  (void)state;
  const char *X = fresh("X.npy"), *Y = fresh("Y.npy");
  static const struct {
    const char *data, *says;
    ntk_status status;
  } cases[] = {
      {", rows: some", "t:4: data.rows: 'some'; accepted: first, or drawn", NTK_ERR_ARGUMENT},
      {", rows: [first, drawn]", "data.rows: 2 values; accepted: one", NTK_ERR_ARGUMENT},
      {", skip: -1", "data.skip: '-1'; accepted: a whole number", NTK_ERR_ARGUMENT},
      {", skip: 30", "data.skip is 30, and ", NTK_ERR_SHAPE},
      {", skip: 19", "N is 12, and ", NTK_ERR_SHAPE},
      {", skip: 19", "has 11 rows after those of data.skip", NTK_ERR_SHAPE},
  };
  char text[1000];
  write_array(X, D, 1);
  write_array(Y, 1, 2);
  for (size_t k = 0; k < COUNT(cases); k++) {
    text_of(X, Y, cases[k].data, sizeof text, text);
    refuse_study(text, cases[k].status, cases[k].says);
  }
  const size_t few = N; /* labels of the first rows alone */
  double values[N] = {0};
  assert_ok(ntk_npy_save(Y, values, 1, &few));
  text_of(X, Y, "", sizeof text, text);
  ntk_study_destroy(make_study(text));
  text_of(X, Y, ", rows: drawn", sizeof text, text);
  refuse_study(text, NTK_ERR_SHAPE, "has 12 labels; accepted: 30, one for each row of");
  text_of("gaussian", "gaussian", ", rows: drawn", sizeof text, text);
  refuse_study(text, NTK_ERR_ARGUMENT, "data.rows: 'gaussian' is no file");
  unlink(X);
  unlink(Y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
