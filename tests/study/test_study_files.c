/* Data files as values of a variable.
 * Property: a trial of a file is that of its data and its seed; files join a database as other
 * values do; a file that has changed is noticed, and so is one whose rows do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_bytes.h"
#include "ntkit/data.h"
#include "ntkit/io.h"
#include "study_support.h"

enum { ROWS = 14 };

/* ROWS x d numbers that depend on `kind`. */
static void write_file(const char *path, size_t d, double kind) {
  double X[ROWS * 8];
  for (size_t i = 0; i < ROWS * d; i++)
    X[i] = (double)((i * 7919) % 101) / 50.0 - kind;
  assert_ok(ntk_npy_save(path, X, 2, (const size_t[]){ROWS, d}));
}

/* Two arrays in a file: a name is "FILE:KEY". */
static void write_arrays(const char *path) {
  static const char header[] =
      "{\"x\":{\"dtype\":\"F64\",\"shape\":[14,2],\"data_offsets\":[0,224]},"
      "\"y\":{\"dtype\":\"F64\",\"shape\":[14,2],\"data_offsets\":[224,448]}}";
  const uint64_t length = sizeof header - 1;
  unsigned char bytes[8 + sizeof header - 1 + 448];
  for (size_t i = 0; i < 8; i++)
    bytes[i] = (unsigned char)(length >> (8 * i));
  memcpy(bytes + 8, header, length);
  for (size_t i = 0; i < 56; i++) {
    const double value = (double)((i * 7919) % 101) / 50.0 - 0.3;
    memcpy(bytes + 8 + length + 8 * i, &value, sizeof value);
  }
  write_bytes(path, bytes, sizeof bytes);
}

static ntk_status make(const char *files, const char *more, ntk_study **study) {
  char text[1500];
  snprintf(text, sizeof text,
           "name: f\nnetwork: {widths: [6, 8], activation: tanh}\n"
           "data: {source: file, scale: center}\ngrid: {N: [8, 12], file: [%s]%s}\ntrials: 2\n",
           files, more);
  return ntk_study_parse(text, "test.yaml", NULL, 0, study);
}

static void run(const char *files, const char *more, const char *database) {
  ntk_study *study = NULL;
  assert_ok(make(files, more, &study));
  run_study(study, database, NULL);
  ntk_study_destroy(study);
}

static ntk_status refusal(const char *files, const char *more, const char *database) {
  ntk_study *study = NULL;
  ntk_study_status status;
  ntk_status result = make(files, more, &study);
  if (result != NTK_OK)
    return result;
  result = ntk_study_run(study, database, NULL, &status);
  if (result == NTK_OK)
    ntk_study_status_clear(&status);
  ntk_study_destroy(study);
  return result;
}

/* lambda_min of a row's file, N and seed, without a study. */
static double alone(const ntk_study_row *row) {
  ntk_context *context = make_context(1);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result result;
  const size_t N = (size_t)row->variable[0];
  const char *file = row->text[1];
  size_t width[3] = {0, 6, 8};
  if (strcmp(file, "gaussian") == 0) {
    width[0] = 3;
    assert_ok(ntk_dataset_generate(context, file, N, 3, row->seed, &data));
  } else {
    assert_ok(ntk_dataset_load(context, file, N, 0, NTK_SCALE_CENTER, &data));
    width[0] = ntk_dataset_dim(data);
  }
  assert_ok(ntk_network_create(
      context,
      &(ntk_network_spec){
          .depth = 3, .width = width, .activation = "tanh", .init = "paper", .seed = row->seed},
      &network));
  const ntk_spectrum_options options = {.seed = row->seed};
  assert_ok(ntk_spectrum(context, network, data, &options, &result));
  const double found = result.lambda_min;
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return found;
}

static void check_alone(const char *database, size_t rows) {
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, rows);
  for (size_t i = 0; i < table.rows; i++) {
    const double expected = alone(&table.row[i]);
    assert_memory_equal(&table.row[i].value, &expected, sizeof expected);
  }
  ntk_study_table_clear(&table);
}

static void test_files(void **state) {
  (void)state;
  const char *a = fresh("a.npy"), *b = fresh("N.npy"), *arrays = fresh("c.safetensors");
  const char *grown = fresh("grown.db"), *whole = fresh("whole.db");
  char list[1200], part[600];
  write_file(a, 3, 0.3);
  write_file(b, 5, 0.7);
  write_arrays(arrays);
  ntk_io_formats();
  snprintf(part, sizeof part, "\"%s\", \"%s:y\"", b, arrays);
  snprintf(list, sizeof list, "\"%s\", \"%s:x\", %s", a, arrays, part);
  run(part, "", grown);
  run(list, "", grown);
  run(list, "", whole);
  assert_same_tables(grown, whole);
  check_alone(grown, 16);
  ntk_study_table table = read_table(grown);
  assert_int_equal(table.dim, 0); /* it is not one */
  ntk_assumption counts[NTK_ASSUMPTIONS];
  assert_ok(
      ntk_study_assumptions(&table, &(ntk_summary_options){.x = "N", .group = "file"}, counts));
  assert_int_equal(counts[3].points, 8);
  assert_int_equal(counts[3].unknown, 0);
  ntk_study_table_clear(&table);

  /* The two files are what they were in the merged study, too. */
  const char *merged = fresh("merged.db"), *other = fresh("other.db");
  const char *const both[] = {other, grown};
  snprintf(part, sizeof part, "\"%s\"", a);
  run(part, "", other);
  assert_ok(ntk_study_merge(both, 2, false, merged));
  run(list, "", merged);
  check_alone(merged, 16);

  write_file(a, 3, 0.4);
  assert_refused(refusal(list, "", grown), NTK_ERR_ARGUMENT, "a.npy=");
  assert_refused(refusal(part, "", other), NTK_ERR_ARGUMENT, "data.fingerprint is '");
  snprintf(part, sizeof part, "\"%s\"", b);
  assert_ok(refusal(part, "", grown)); /* which does not ask for it */
  unlink(other);
  run(list, "", other);
  assert_refused(ntk_study_merge(both, 2, false, fresh("m.db")), NTK_ERR_ARGUMENT, "a.npy=");
  const char *const left[] = {a, b, arrays, grown, whole, merged, other};
  for (size_t i = 0; i < COUNT(left); i++)
    unlink(left[i]);
}

/* Files and laws of one variable, with d in the grid for both. */
static void test_mixed(void **state) {
  (void)state;
  const char *a = fresh("a.npy"), *b = fresh("b.npy"), *database = fresh("mixed.db");
  char list[600];
  write_file(a, 3, 0.3);
  write_file(b, 5, 0.3);
  assert_refused(refusal("gaussian", ", d: 3", database), NTK_ERR_ARGUMENT,
                 "'center' is for files");
  snprintf(list, sizeof list, "gaussian, \"%s\"", a);
  run(list, ", d: 3", database);
  check_alone(database, 8);
  assert_refused(refusal(list, "", database), NTK_ERR_FORMAT, "grid.d is missing");
  snprintf(list, sizeof list, "\"%s\", \"%s\"", a, b);
  assert_refused(refusal(list, ", d: 3", database), NTK_ERR_SHAPE, "have 5 numbers, at N = 8");
  snprintf(list, sizeof list, "\"%s\", gausian", a);
  assert_refused(refusal(list, ", d: 3", database), NTK_ERR_ARGUMENT, "did you mean 'gaussian'?");
  assert_refused(refusal("/nowhere/x.npy", "", database), NTK_ERR_FILE, "/nowhere/x.npy");
  snprintf(list, sizeof list, "\"%s\", \"%s\"", a, a);
  assert_refused(refusal(list, "", database), NTK_ERR_ARGUMENT, "stands there twice");
  unlink(a);
  unlink(b);
  unlink(database);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_mixed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
