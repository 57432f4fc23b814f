/* Networks that the paper has not: biases, several outputs, scales of blocks, weights of files.
 * Property: a trial's value is that of ntk_spectrum for this network, from the trial's seed; the
 * keys have no defaults, so that studies from before there were any go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_bytes.h"
#include "ntkit/data.h"
#include "ntkit/io.h"
#include "study/spec/study.h"
#include "study_support.h"

#include <sys/stat.h>

/* What a row is of, computed without a study. */
typedef struct general {
  double bias;            /* below 0: none */
  size_t outputs, output; /* SIZE_MAX: */
  ntk_outputs of;
  const char *scales, *directory; /* NULL: weights are drawn */
} general;

static double alone(const general *g, const ntk_study_row *row) {
  static const bool every[] = {true, true, true};
  ntk_context *context = make_context(1);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL, *one = NULL;
  ntk_spectrum_result result;
  const size_t width[] = {4, 5, 6};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "paper",
                                 .seed = row->seed,
                                 .outputs = g->outputs,
                                 .bias = g->bias >= 0.0 ? every : NULL,
                                 .bias_deviation = fmax(g->bias, 0.0),
                                 .parameterization = g->scales};
  assert_ok(
      ntk_dataset_generate(context, "gaussian", (size_t)row->variable[0], 4, row->seed, &data));
  if (g->directory != NULL)
    assert_ok(ntk_network_load(context, g->directory, "tanh", &network));
  else
    assert_ok(ntk_network_create(context, &spec, &network));
  if (g->output != SIZE_MAX)
    assert_ok(ntk_network_select(network, g->output, &one));
  const ntk_spectrum_options options = {.seed = row->seed, .outputs = g->of};
  assert_ok(ntk_spectrum(context, one != NULL ? one : network, data, &options, &result));
  const double found = result.lambda_min;
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_network_destroy(one);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return found;
}

/* keys: of the network, with commas before each. */
static ntk_status make(const char *keys, const char *grid, ntk_study **study) {
  char text[1000];
  snprintf(text, sizeof text,
           "name: n\nnetwork: {activation: tanh%s}\ngrid: {N: [6, 9]%s}\ntrials: 2\n", keys, grid);
  return ntk_study_parse(text, "test.yaml", NULL, 0, study);
}

static void run(const char *keys, const char *grid, const char *database) {
  ntk_study *study = NULL;
  assert_ok(make(keys, grid, &study));
  run_study(study, database, NULL);
  ntk_study_destroy(study);
}

/* rows lambda_min, each as it is alone. */
static void check_alone(const char *database, const general *g, size_t rows) {
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, rows);
  for (size_t i = 0; i < table.rows; i++) {
    const double expected = alone(g, &table.row[i]);
    assert_string_equal(table.row[i].verdict, "ok");
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
}

#define DRAWN ", widths: [5, 6]"

static void test_drawn(void **state) {
  (void)state;
  static const struct {
    const char *keys;
    general is;
  } cases[] = {
      {", bias: 0.5", {0.5, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, NULL, NULL}},
      {", bias: 0", {0.0, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, NULL, NULL}},
      {", outputs: 3", {-1.0, 3, SIZE_MAX, NTK_OUTPUTS_TRACE, NULL, NULL}},
      {", outputs: 3, output: all", {-1.0, 3, SIZE_MAX, NTK_OUTPUTS_ALL, NULL, NULL}},
      {", outputs: d - 1, bias: 1/10, output: 2", {0.1, 3, 2, NTK_OUTPUTS_TRACE, NULL, NULL}},
      {", bias: 0.5, parameterization: 'ntk(1.5, 0.1)'",
       {0.5, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, "ntk(1.5, 0.1)", NULL}},
      {", parameterization: [1, 2, 0.5]", {-1.0, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, "1,2,0.5", NULL}},
  };
  double first[COUNT(cases)];
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *database = fresh("drawn.db");
    char keys[200];
    snprintf(keys, sizeof keys, "%s%s", DRAWN, cases[i].keys);
    run(keys, ", d: 4", database);
    check_alone(database, &cases[i].is, 4);
    ntk_study_table table = read_table(database);
    first[i] = table.row[0].value;
    for (size_t k = 0; k < i; k++)
      assert_true(first[k] != first[i]); /* the key makes a difference */
    ntk_assumption counts[NTK_ASSUMPTIONS];
    assert_ok(ntk_study_assumptions(&table, &(ntk_summary_options){.x = "N"}, counts));
    assert_int_equal(counts[4].outside, 2); /* no weights as the theorem has them */
    ntk_study_table_clear(&table);
    unlink(database);
  }
}

/* The output is a variable, and another one joins. */
static void test_outputs(void **state) {
  (void)state;
  const char *database = fresh("outputs.db");
  run(DRAWN ", outputs: 3, output: j", ", d: 4, j: [0]", database);
  run(DRAWN ", outputs: 3, output: j", ", d: 4, j: [0, 2]", database);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 8);
  for (size_t i = 0; i < table.rows; i++) {
    const general g = {-1.0, 3, (size_t)table.row[i].variable[2], NTK_OUTPUTS_TRACE, NULL, NULL};
    const double expected = alone(&g, &table.row[i]);
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
  unlink(database);
}

/* Names with numbers in brackets are values of a variable as any names are. */
static void test_scales(void **state) {
  (void)state;
  const char *database = fresh("scales.db");
  run(DRAWN ", parameterization: p", ", d: 4, p: ['ntk(1.5, 0.1)', standard]", database);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 8);
  for (size_t i = 0; i < table.rows; i++) {
    const general g = {-1.0, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, table.row[i].text[2], NULL};
    const double expected = alone(&g, &table.row[i]);
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
  unlink(database);
}

/* The same values in either precision, but not the same bits; and a word that is none. */
static void test_precision(void **state) {
  (void)state;
  static const char *const keys[] = {DRAWN, DRAWN "}\nprecision: double\n#",
                                     DRAWN "}\nprecision: mixed\n#"};
  double value[3][4];
  size_t others = 0;
  for (size_t k = 0; k < 3; k++) {
    run(keys[k], ", d: 4", "test_precision.db");
    ntk_study_table table = read_table("test_precision.db");
    assert_int_equal(table.rows, 4);
    for (size_t i = 0; i < 4; i++) {
      value[k][i] = table.row[i].value;
      assert_near(value[k][i], value[0][i], 1e-10 * value[0][i], "lambda_min");
      others += value[k][i] != value[0][i];
      assert_true(k == 2 || value[k][i] == value[0][i]);
    }
    ntk_study_table_clear(&table);
    unlink("test_precision.db");
  }
  assert_true(others > 0);
  ntk_study *study = NULL;
  assert_refused(make(DRAWN "}\nprecision: single\n#", ", d: 4", &study), NTK_ERR_ARGUMENT,
                 "precision: unknown precision 'single'; known: auto, double, mixed");
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *keys, *says;
  } cases[] = {
      {DRAWN ", bias: -1", "network.bias: the biases' deviation is -1; accepted: 0 or above"},
      {DRAWN ", outputs: 0", "network.outputs: n_L is 0"},
      {DRAWN ", outputs: 2, output: 2", "output 2 of 2; accepted: trace, all, 0 to 1"},
      {DRAWN ", output: some", "network.output: 'some'"},
      {DRAWN ", parameterization: mip", "mip"},
      {DRAWN ", layout: torch", "network.layout: accepted with network.load alone"},
      {", load: /nowhere", "network.load: "},
      {DRAWN ", load: /nowhere", "network.widths: accepted without network.load"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_study *study = NULL;
    const ntk_status status = make(cases[i].keys, ", d: 4", &study);
    assert_int_not_equal(status, NTK_OK);
    assert_refused(status, status, cases[i].says);
  }
}

/* ---- Weights of files ------------------------------------------------------------------------ */

/* A folder with W1.npy, ... of a network that is drawn from this seed. */
static void write_weights(const char *directory, uint64_t seed) {
  ntk_context *context = make_context(1);
  ntk_network *network = NULL;
  const ntk_network_spec spec = {
      .depth = 3, .width = (const size_t[]){4, 5, 6}, .activation = "tanh", .seed = seed};
  (void)mkdir(directory, 0777);
  assert_ok(ntk_network_create(context, &spec, &network));
  for (size_t l = 1; l <= 3; l++) {
    char path[300];
    snprintf(path, sizeof path, "%s/W%zu.npy", directory, l);
    const size_t shape[] = {ntk_network_width(network, l - 1), ntk_network_width(network, l)};
    assert_ok(ntk_npy_save(path, ntk_network_weights(network, l), 2, shape));
  }
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

static void remove_weights(const char *directory) {
  for (size_t l = 1; l <= 3; l++) {
    char path[300];
    snprintf(path, sizeof path, "%s/W%zu.npy", directory, l);
    unlink(path);
  }
  rmdir(directory);
}

static void test_loaded(void **state) {
  (void)state;
  const char *a = fresh("a"), *b = fresh("b"), *database = fresh("loaded.db");
  char keys[400], grid[800];
  write_weights(a, 1);
  write_weights(b, 2);
  snprintf(keys, sizeof keys, ", load: \"%s\"", a);
  run(keys, "", database);
  check_alone(database, &(general){-1.0, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, NULL, a}, 4);
  ntk_study *study = NULL;
  assert_refused(make(keys, ", d: 5", &study), NTK_ERR_SHAPE, "d is 5, and the network of ");
  unlink(database);

  snprintf(grid, sizeof grid, ", w: [\"%s\"]", a);
  run(", load: w", grid, database);
  snprintf(grid, sizeof grid, ", w: [\"%s\", \"%s\"]", a, b);
  run(", load: w", grid, database);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 8);
  for (size_t i = 0; i < table.rows; i++) {
    const general g = {-1.0, 1, SIZE_MAX, NTK_OUTPUTS_TRACE, NULL, table.row[i].text[1]};
    const double expected = alone(&g, &table.row[i]);
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  write_weights(b, 3);
  ntk_study_status status;
  assert_ok(make(", load: w", grid, &study));
  assert_refused(ntk_study_run(study, database, NULL, &status), NTK_ERR_ARGUMENT,
                 "network.fingerprint is '");
  ntk_study_destroy(study);
  remove_weights(a);
  remove_weights(b);
  ntk_assumption counts[NTK_ASSUMPTIONS]; /* by what the database remembers */
  assert_ok(ntk_study_assumptions(&table, &(ntk_summary_options){.x = "N", .group = "w"}, counts));
  assert_int_equal(counts[4].outside, 4);
  ntk_study_table_clear(&table);
  unlink(database);
}

/* torch.nn.Sequential(Linear(3, 4), Tanh(), Linear(4, 2)) as safetensors: weights lie n_l x
 * n_{l-1}.
 */
static double entry(size_t i) {
  return (double)((i * 7919) % 101) / 101.0 - 0.4;
}

static void write_torch(const char *path) {
  static const char header[] =
      "{\"0.weight\":{\"dtype\":\"F64\",\"shape\":[4,3],\"data_offsets\":[0,96]},"
      "\"0.bias\":{\"dtype\":\"F64\",\"shape\":[4],\"data_offsets\":[96,128]},"
      "\"2.weight\":{\"dtype\":\"F64\",\"shape\":[2,4],\"data_offsets\":[128,192]},"
      "\"2.bias\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[192,208]}}";
  unsigned char bytes[8 + sizeof header - 1 + 208] = {0};
  bytes[0] = (unsigned char)((sizeof header - 1) & 0xff);
  bytes[1] = (unsigned char)((sizeof header - 1) >> 8);
  memcpy(bytes + 8, header, sizeof header - 1);
  for (size_t i = 0; i < 26; i++) {
    const double value = entry(i);
    memcpy(bytes + 8 + sizeof header - 1 + 8 * i, &value, sizeof value);
  }
  write_bytes(path, bytes, sizeof bytes);
}

/* lambda_min of output 1 of it. */
static double alone_torch(const ntk_study_row *row) {
  double W1[12], b1[4], W2[8], b2[2];
  for (size_t i = 0; i < 12; i++)
    W1[(i % 3) * 4 + i / 3] = entry(i);
  for (size_t i = 0; i < 4; i++)
    b1[i] = entry(12 + i);
  for (size_t i = 0; i < 8; i++)
    W2[(i % 4) * 2 + i / 4] = entry(16 + i);
  for (size_t i = 0; i < 2; i++)
    b2[i] = entry(24 + i);
  ntk_context *context = make_context(1);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL, *one = NULL;
  ntk_spectrum_result result;
  const ntk_network_spec spec = {.depth = 2,
                                 .width = (const size_t[]){3, 4},
                                 .activation = "tanh",
                                 .outputs = 2,
                                 .parameterization = "ntk(1, 0.5)"};
  const double *const W[] = {W1, W2}, *const b[] = {b1, b2};
  assert_ok(ntk_network_from_weights(context, &spec, W, b, &network));
  assert_ok(ntk_network_select(network, 1, &one));
  assert_ok(
      ntk_dataset_generate(context, "gaussian", (size_t)row->variable[0], 3, row->seed, &data));
  const ntk_spectrum_options options = {.seed = row->seed};
  assert_ok(ntk_spectrum(context, one, data, &options, &result));
  const double found = result.lambda_min;
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_network_destroy(one);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return found;
}

static void test_torch(void **state) {
  (void)state;
  const char *file = fresh("m.safetensors"), *database = fresh("torch.db");
  char keys[400];
  write_torch(file);
  ntk_io_formats();
  snprintf(keys, sizeof keys, ", load: \"%s\", output: 1, parameterization: 'ntk(1, 0.5)'", file);
  run(keys, "", database);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 4);
  assert_non_null(strstr(table.spec, "shape: [\"3-4b-2b\"]"));
  for (size_t i = 0; i < table.rows; i++) {
    const double expected = alone_torch(&table.row[i]);
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
  unlink(file);
  unlink(database);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_drawn),    cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_scales),   cmocka_unit_test(test_precision),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_loaded),
      cmocka_unit_test(test_torch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
