/* Studies that fit labels with networks of several outputs.
 * Property: a trial's value is that of one ntk_train, or ntk_memorize, on N x n_L labels of its
 * seed or of a file, with drawn or loaded weights; of one selected output it is that output's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_bytes.h"
#include "ntkit/data.h"
#include "ntkit/fit.h"
#include "ntkit/io.h"
#include "study_support.h"

#include <sys/stat.h>

enum { N = 9, D = 4 };
static const bool every[] = {true, true, true};

typedef struct fit {
  size_t outputs;
  bool biases, selects;                    /* output 1 */
  const char *labels, *X, *Y, *load, *fit; /* files, or NULL; quantity */
} fit;

static void get_labels(ntk_context *context, const fit *f, const ntk_network_spec *spec,
                       const ntk_dataset *data, uint64_t seed, double *Y) {
  if (f->Y != NULL)
    assert_ok(ntk_labels_load_outputs(context, f->Y, data, spec->outputs, Y));
  else
    assert_ok(ntk_labels_generate(context, f->labels, spec, data, seed, Y));
}

/* The value of a trial, computed without a study. */
static double alone(const fit *f, uint64_t seed) {
  ntk_context *context = make_context(1);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  double value = NAN;
  const size_t width[] = {D, 5, 12};
  ntk_network_spec spec = {.depth = 3,
                           .width = width,
                           .activation = "tanh",
                           .seed = seed,
                           .outputs = f->outputs,
                           .bias = f->biases ? every : NULL,
                           .bias_deviation = f->biases ? 0.5 : 0.0};
  if (f->X != NULL)
    assert_ok(ntk_dataset_load(context, f->X, N, 0, NTK_SCALE_NONE, &data));
  else
    assert_ok(ntk_dataset_generate(context, "gaussian", N, D, seed, &data));
  if (f->load != NULL)
    assert_ok(ntk_network_load(context, f->load, "tanh", &network));
  else
    assert_ok(ntk_network_create(context, &spec, &network));
  if (f->selects) {
    ntk_network *all = network;
    assert_ok(ntk_network_select(all, 1, &network));
    ntk_network_destroy(all);
    spec.outputs = 1;
  }
  double *Y = make_array(N * spec.outputs);
  get_labels(context, f, &spec, data, seed, Y);
  if (strcmp(f->fit, "memorize_error") == 0) {
    ntk_memorize_result result;
    ntk_network *fitted = NULL;
    assert_ok(ntk_memorize(context, &spec, data, Y, 1, &(ntk_memorize_options){.seed = seed},
                           &fitted, &result));
    value = result.relative_error;
    ntk_network_destroy(fitted);
  } else {
    ntk_train_result result;
    assert_ok(ntk_train(context, network, data, Y, &(ntk_train_options){.epochs = 5, .seed = seed},
                        &result));
    value = result.loss_final;
    ntk_train_clear(&result);
  }
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return value;
}

/* keys: of the network, a comma before each. */
static ntk_status make(const fit *f, const char *keys, ntk_study **study) {
  char text[1400], source[400] = "", train[400] = "";
  if (f->X != NULL)
    snprintf(source, sizeof source, "data: {source: '%s'}\n", f->X);
  if (strcmp(f->fit, "memorize_error") != 0)
    snprintf(train, sizeof train, "train: {labels: '%s', epochs: 5}\n",
             f->Y != NULL ? f->Y : f->labels);
  snprintf(text, sizeof text,
           "name: n\nquantity: %s\nnetwork: {activation: tanh%s}\n%s%sgrid: {N: %d%s}\ntrials: 2\n",
           f->fit, keys, source, train, N, f->X != NULL ? "" : ", d: 4");
  return ntk_study_parse(text, "test.yaml", NULL, 0, study);
}

static void check_fit(const fit *f, const char *keys) {
  const char *database = fresh("fit.db");
  ntk_study *study = NULL;
  assert_ok(make(f, keys, &study));
  run_study(study, database, NULL);
  ntk_study_destroy(study);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 2);
  for (size_t i = 0; i < table.rows; i++) {
    const double expected = alone(f, table.row[i].seed);
    assert_string_equal(table.row[i].verdict, "ok");
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
  unlink(database);
}

#define DRAWN ", widths: [5, 12], outputs: 3"

static void test_drawn(void **state) {
  (void)state;
  static const char *const labels[] = {"gaussian", "sign", "teacher"};
  for (size_t i = 0; i < COUNT(labels); i++)
    check_fit(&(fit){3, true, false, labels[i], NULL, NULL, NULL, "final_loss"},
              DRAWN ", bias: 0.5");
  check_fit(&(fit){3, false, true, "sign", NULL, NULL, NULL, "final_loss"}, DRAWN ", output: 1");
  check_fit(&(fit){3, false, false, "gaussian", NULL, NULL, NULL, "memorize_error"}, DRAWN);
}

static void write_array(const char *path, const double *values, size_t rows, size_t cols) {
  assert_ok(ntk_npy_save(path, values, 2, (const size_t[]){rows, cols}));
}

static void test_files(void **state) {
  (void)state;
  const char *X = fresh("X.npy"), *Y = fresh("Y.npy");
  double *values = make_normal(1, (N + 2) * D);
  write_array(X, values, N + 2, D);
  write_array(Y, values, N + 2, 3);
  const fit f = {3, false, false, NULL, X, Y, NULL, "final_loss"};
  check_fit(&f, DRAWN);
  ntk_study *study = NULL;
  assert_refused(make(&f, ", widths: [5, 12], outputs: 2", &study), NTK_ERR_SHAPE,
                 "has 3 columns; accepted: 2, a label for each output");
  assert_refused(make(&f, DRAWN ", output: 1", &study), NTK_ERR_SHAPE,
                 "has 3 columns; accepted: 1, a label for each output");
  free(values);
  unlink(X);
  unlink(Y);
}

static void test_loaded(void **state) {
  (void)state;
  const char *directory = fresh("weights");
  const size_t width[] = {D, 5, 12, 3};
  char keys[400], path[3][400];
  double *values = make_normal(7, 5 * 12);
  (void)mkdir(directory, 0777);
  for (size_t l = 0; l < 3; l++) {
    snprintf(path[l], sizeof path[l], "%s/W%zu.npy", directory, l + 1);
    write_array(path[l], values, width[l], width[l + 1]);
  }
  snprintf(keys, sizeof keys, ", load: '%s'", directory);
  check_fit(&(fit){3, false, false, "teacher", NULL, NULL, directory, "final_loss"}, keys);
  for (size_t l = 0; l < 3; l++)
    unlink(path[l]);
  rmdir(directory);
  free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_drawn),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_loaded),
  };
  return cmocka_run_group_tests_name("study_networks_labels", tests, NULL, NULL);
}
