/* ntk_data_inspect: labels, remarks, little memory, threads, refusals.
 * Property: labels are counted as they are; each remark stands where its files are and nowhere
 * else; rows that do not fit are read in pieces and give the same moments, of what is compared a
 * draw; bits do not depend on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit/inspect/inspect.h"
#include "ntkit/data.h"
#include "support.h"

#include "npy_file.h" /* its names would hide parameters above */

enum { N = 40, D = 3 };

static void save(const double *X, size_t rows, size_t d) {
  const size_t shape[2] = {rows, d};
  assert_ok(ntk_npy_save(path, X, 2, shape));
}

static void save_normal(size_t rows, size_t d) {
  double *X = calloc(rows * d, sizeof *X);
  assert_non_null(X);
  ntk_random_normal((ntk_random){1, NTK_STREAM_DATA, 0}, 0, rows * d, X);
  save(X, rows, d);
  free(X);
}

static ntk_inspect_result look(ntk_context *by, const ntk_inspect_options *options) {
  ntk_inspect_result result;
  assert_ok(ntk_data_inspect(by, path, options, &result));
  return result;
}

/* ---- Labels ---------------------------------------------------------------------------------- */

static void labels_path(char place[80]) {
  snprintf(place, 80, "%s/Y.npy", directory);
}

static void test_labels(void **state) {
  (void)state;
  double Y[2 * N];
  char labels[80];
  const size_t one[2] = {N, 1}, two[2] = {N, 2};
  labels_path(labels);
  save_normal(N, D);
  for (size_t i = 0; i < N; i++)
    Y[i] = i < 5 ? 7.0 : i % 2 == 0 ? -1.0 : 3.0;
  assert_ok(ntk_npy_save(labels, Y, 1, one));
  const ntk_inspect_options options = {.labels = labels};
  ntk_inspect_result r = look(context, &options);
  const ntk_data_class expected[3] = {{-1.0, 17, ""}, {3.0, 18, ""}, {7.0, 5, ""}};
  assert_true(r.label_columns == 1 && r.label_least == -1.0 && r.label_most == 7.0);
  assert_int_equal(r.classes, 3);
  for (size_t c = 0; c < 3; c++)
    assert_true(r.class_count[c].value == expected[c].value &&
                r.class_count[c].count == expected[c].count);
  assert_int_equal(r.remarks, 0);
  ntk_inspect_clear(&r);
  r = look(context, &(ntk_inspect_options){.labels = labels, .rows = {.limit = 5}});
  assert_true(r.classes == 0 && r.label_least == 7.0); /* one class is none */
  ntk_inspect_clear(&r);
  for (size_t i = 0; i < N; i++)
    Y[i] = (double)i + 0.5;
  assert_ok(ntk_npy_save(labels, Y, 1, one));
  r = look(context, &options);
  assert_true(r.classes == 0 && r.class_count == NULL && r.label_most == N - 0.5);
  ntk_inspect_clear(&r);
  for (size_t k = 0; k < 2 * N; k++)
    Y[k] = (double)(k % 3);
  assert_ok(ntk_npy_save(labels, Y, 2, two));
  r = look(context, &options);
  assert_true(r.label_columns == 2 && r.classes == 0 && r.label_most == 2.0);
  ntk_inspect_clear(&r);
  assert_int_equal(unlink(labels), 0);
}

/* ---- Remarks --------------------------------------------------------------------------------- */

static void expect_remark(const ntk_inspect_options *options, const char *name, const char *says) {
  ntk_inspect_result r = look(context, options);
  assert_int_equal(r.remarks, 1);
  assert_string_equal(r.remark[0].name, name);
  if (strstr(r.remark[0].text, says) == NULL)
    fail_msg("'%s' does not say '%s'", r.remark[0].text, says);
  ntk_inspect_clear(&r);
}

static void test_remarks(void **state) {
  (void)state;
  const ntk_inspect_options none = {0};
  double X[N * D];
  ntk_random_normal((ntk_random){1, NTK_STREAM_DATA, 0}, 0, N * D, X);
  X[7] = X[11] = 9.969209968386869e+36;
  save(X, N, D);
  expect_remark(&none, "missing", "2 numbers are 9.969209968386869e+36");
  for (size_t k = 0; k < N * D; k++) /* 1, 2, 3 as floats in the wrong order: flax's msgpack */
    X[k] = (double[]){0x1.00fp-134, 0x1p-143, 0.0}[k % 3];
  save(X, N, D);
  expect_remark(&none, "denormal", "taken in the other order");
  unsigned char bytes[30];
  for (size_t k = 0; k < sizeof bytes; k++)
    bytes[k] = (unsigned char)(7 * k + k * k);
  write_file(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (10, 3), }", bytes, 30);
  expect_remark(&none, "bytes", "bytes from 0 to");
  float wide[60];
  for (size_t k = 0; k < 60; k++)
    wide[k] = (float)(k % 7 + k % 5);
  write_file(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 30), }", wide, sizeof wide);
  expect_remark(&none, "features", "d = 30 is much larger than the number of rows, 2");
  write_file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 30), }", wide, sizeof wide);
  ntk_inspect_result r = look(context, &none);
  assert_int_equal(r.remarks, 0);
  ntk_inspect_clear(&r);
}

/* Rows 3 and 9 are equal and their labels are not; 4 and 10 are, and theirs too. */
static void test_conflict(void **state) {
  (void)state;
  char labels[80];
  double X[N * D], Y[N];
  const size_t count = N;
  labels_path(labels);
  ntk_random_normal((ntk_random){1, NTK_STREAM_DATA, 0}, 0, N * D, X);
  for (size_t i = 0; i < N; i++)
    Y[i] = (double)i / 8.0;
  memcpy(X + 9 * D, X + 3 * D, D * sizeof *X);
  memcpy(X + 10 * D, X + 4 * D, D * sizeof *X);
  Y[10] = Y[4];
  save(X, N, D);
  assert_ok(ntk_npy_save(labels, Y, 1, &count));
  const ntk_inspect_options options[] = {{.labels = labels},
                                         {.labels = labels, .rows = {.skip = 2}}};
  for (size_t k = 0; k < COUNT(options); k++)
    expect_remark(&options[k], "conflict",
                  "1 row equals an earlier one with another label, first "
                  "rows 4 and 10 (from 1) of the file");
  assert_int_equal(unlink(labels), 0);
}

/* ---- Memory, threads, time ------------------------------------------------------------------- */

static void test_little_memory(void **state) {
  (void)state;
  enum { ROWS = 30000, COLUMNS = 20 };
  ntk_context *small = NULL;
  save_normal(ROWS, COLUMNS);
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = 6000000}, &small));
  const ntk_inspect_options none = {0}, sphere = {.scaling = NTK_SCALE_SPHERE};
  ntk_inspect_result whole = look(context, &none), pieces = look(small, &none), scaled;
  assert_near(pieces.moments.norm, whole.moments.norm, 1e-14, "norm");
  assert_near(pieces.moments.square, whole.moments.square, 1e-14, "square");
  assert_near(pieces.moments.spread, whole.moments.spread, 1e-14, "spread");
  assert_near(pieces.effective_rank, whole.effective_rank, 1e-11, "rank");
  assert_true(pieces.least == whole.least && pieces.most == whole.most);
  assert_true(pieces.samples == ROWS && pieces.equal.searched < ROWS);
  assert_true(pieces.nearest.searched == pieces.equal.searched && pieces.nearest.searched > 1000);
  assert_true(pieces.nearest.value >= whole.nearest.value && whole.nearest.searched == ROWS);
  assert_refused(ntk_data_inspect(small, path, &sphere, &scaled), NTK_ERR_MEMORY,
                 "scaling needs all of the 30000 rows");
  ntk_inspect_clear(&whole);
  ntk_inspect_clear(&pieces);
  assert_int_equal(ntk_memory_in_use(small), 0);
  ntk_context_destroy(small);
}

/* Among 36 rows of 40: their nearest, by a plain search of the rows that the law draws. */
static void test_draw(void **state) {
  (void)state;
  double X[N * D], least = INFINITY;
  size_t row[N], same[N];
  ntk_random_normal((ntk_random){3, NTK_STREAM_DATA, 0}, 0, N * D, X);
  for (size_t i = 1; i < 7; i++) /* of which two are drawn at the least: they do not differ */
    memcpy(X + i * D, X, D * sizeof *X);
  ntk_dataset *data = make_data(context, X, N, D);
  const ntk_inspect_rows rows = {.data = data, .seed = 5, .steps = 34.5 * 34.5 * D};
  ntk_inspect_result r = {.least = -4.0, .most = 4.0};
  assert_ok(ntk_inspect_pairs(&rows, same, &r));
  assert_int_equal(r.nearest.searched, 36);
  assert_int_equal(r.equal.searched, N);
  assert_ok(ntk_rows_choose(context, &(ntk_rows){.subsample = 36, .seed = 5}, N, row));
  for (size_t a = 0; a < 36; a++)
    for (size_t b = 0; b < a; b++) {
      double square = 0.0;
      for (size_t j = 0; j < D; j++)
        square += pow(X[row[a] * D + j] - X[row[b] * D + j], 2);
      least = square > 0.0 ? fmin(least, sqrt(square)) : least;
    }
  assert_near(r.nearest.value, least, 1e-15, "nearest");
  ntk_dataset_destroy(data);
}

static void test_threads(void **state) {
  (void)state;
  save_normal(700, 90);
  const ntk_inspect_options none = {0};
  ntk_inspect_result one = {0};
  for (int threads = 1; threads <= 4; threads++) {
    ntk_context *by = make_context(threads);
    ntk_inspect_result r = look(by, &none);
    if (threads == 1)
      one = r;
    assert_memory_equal(&r.nearest, &one.nearest, sizeof r.nearest);
    assert_memory_equal(&r.moments, &one.moments, sizeof r.moments);
    ntk_inspect_clear(&r);
    ntk_context_destroy(by);
  }
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static bool stop_at(const char *phase, double fraction, void *user) {
  (void)fraction;
  return strcmp(phase, user) != 0;
}

static void test_refused(void **state) {
  (void)state;
  char labels[80];
  double Y[N] = {0};
  const size_t fewer = N - 1;
  ntk_inspect_result r;
  labels_path(labels);
  save_normal(N, D);
  assert_ok(ntk_npy_save(labels, Y, 1, &fewer));
  assert_refused(ntk_data_inspect(context, path, &(ntk_inspect_options){.labels = labels}, &r),
                 NTK_ERR_SHAPE, "holds 39 labels; accepted: 40");
  assert_null(r.remark);
  assert_refused(ntk_data_inspect(context, labels, &(ntk_inspect_options){0}, &r), NTK_ERR_SHAPE,
                 "of 1 dimension; accepted: 2");
  assert_refused(ntk_data_inspect(context, path, &(ntk_inspect_options){.rows = {.skip = N}}, &r),
                 NTK_ERR_SHAPE, "40 are to be skipped");
  assert_int_equal(unlink(labels), 0);
  assert_refused(ntk_data_inspect(context, path, &(ntk_inspect_options){.labels = labels}, &r),
                 NTK_ERR_FILE, "No such file");
  static const char *const phases[] = {"reading", "ranges", "moments", "nearest rows",
                                       "effective rank"};
  for (size_t k = 0; k < COUNT(phases); k++) {
    char phase[32];
    ntk_context *by = NULL;
    snprintf(phase, sizeof phase, "%s", phases[k]);
    save_normal(k == 4 ? D : N, k == 4 ? N : D);
    assert_ok(ntk_context_create(
        &(ntk_context_options){.progress = stop_at, .progress_user = phase}, &by));
    assert_refused(ntk_data_inspect(by, path, &(ntk_inspect_options){0}, &r), NTK_ERR_CANCELLED,
                   "");
    assert_int_equal(ntk_memory_in_use(by), 0);
    ntk_context_destroy(by);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_labels),   cmocka_unit_test(test_remarks),
      cmocka_unit_test(test_conflict), cmocka_unit_test(test_little_memory),
      cmocka_unit_test(test_draw),     cmocka_unit_test(test_threads),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
