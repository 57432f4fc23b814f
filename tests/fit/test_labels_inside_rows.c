/* Labels that lie in the file of the data, for the rows of it that are taken.
 * Property: sample i of data that are skipped, drawn or shuffled has the label of its own row, and
 * classes have the names of the whole file; what has no such labels is refused. */
#include "ntkit/data.h"
#include "ntkit/fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support.h"

#include "npy_file.h"

enum { ROWS = 40 };

/* Row i: i, then its class, then i / 4; libsvm: label i mod 3. */
static void write_rows(bool libsvm) {
  static const char *const word[] = {"red", "blue", "\"a, b\""};
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  if (!libsvm)
    fputs("n,colour,quarter\n", file);
  for (int i = 0; i < ROWS; i++)
    if (libsvm)
      fprintf(file, "%d 1:%d 2:%.2f\n", i % 3, i, i / 4.0);
    else
      fprintf(file, "%d,%s,%.2f\n", i, word[i % 3], i / 4.0);
  assert_int_equal(fclose(file), 0);
}

static void test_rows_keep_their_labels(void **state) {
  (void)state;
  static const double code[] = {2, 1, 0}; /* red, blue, "a, b" by their bytes */
  const ntk_rows asked[] = {
      {.label_column = "colour"},
      {.label_column = "2", .skip = 3, .limit = 11},
      {.label_column = "colour", .subsample = 17, .shuffle = true, .seed = 5}};
  for (int libsvm = 0; libsvm < 2; libsvm++)
    for (size_t k = 0; k < COUNT(asked); k++) {
      ntk_rows rows = asked[k];
      if (libsvm)
        rows.label_column = NULL;
      ntk_dataset *data = NULL;
      ntk_class_names names = {0};
      double Y[ROWS];
      write_rows(libsvm);
      assert_ok(ntk_dataset_select(context, path, &rows, 0, NTK_SCALE_NONE, &data));
      assert_true(ntk_dataset_dim(data) == 2);
      assert_ok(ntk_labels_load_classes(context, path, rows.label_column, data, Y, &names));
      for (size_t i = 0; i < ntk_dataset_samples(data); i++) {
        const double *x = ntk_dataset_values(data) + 2 * i;
        const size_t row = (size_t)x[0];
        assert_true(x[1] == x[0] / 4.0);
        assert_true(Y[i] == (libsvm ? (double)(row % 3) : code[row % 3]));
      }
      assert_true(names.count == (libsvm ? 0 : 3));
      if (!libsvm)
        assert_string_equal(names.name[0], "a, b");
      ntk_class_names_clear(&names);
      ntk_dataset_destroy(data);
    }
}

static void test_refusals(void **state) {
  (void)state;
  ntk_dataset *data = NULL;
  ntk_class_names names = {0};
  ntk_array_info info;
  double Y[ROWS];
  write_rows(false);
  const ntk_rows rows = {.label_column = "colour"};
  assert_ok(ntk_dataset_select(context, path, &rows, 0, NTK_SCALE_NONE, &data));
  assert_refused(ntk_labels_load_classes(context, path, "shape", data, Y, &names), NTK_ERR_ARGUMENT,
                 "has no column 'shape'; accepted: 1 to 3, -1 for the last, or a");
  assert_refused(ntk_labels_load_classes(context, path, NULL, data, Y, &names), NTK_ERR_SHAPE,
                 "holds 40 x 3 numbers; accepted: 40 labels");
  assert_ok(ntk_array_shape(path, &info));
  assert_false(info.labels);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (int i = 0; i < ROWS; i++)
    fprintf(file, "%s\n", i % 2 == 0 ? "yes" : "no");
  assert_int_equal(fclose(file), 0);
  assert_refused(ntk_labels_load(context, path, data, Y), NTK_ERR_FORMAT,
                 "the labels are words, as 'no'; accepted: numbers");
  assert_ok(ntk_labels_load_classes(context, path, NULL, data, Y, &names));
  assert_true(names.count == 2 && Y[0] == 1.0 && Y[1] == 0.0);
  ntk_class_names_clear(&names);
  ntk_dataset_destroy(data);
  write_rows(true);
  assert_ok(ntk_array_shape(path, &info));
  assert_true(info.labels);
}

/* A first word that comes once is a heading, or one sample's class: where the data are all rows of
 * their file but one, either would fit, and by the wrong one each label would be its neighbour's.
 */
static void test_first_word(void **state) {
  (void)state;
  ntk_dataset *data = NULL;
  ntk_class_names names = {0};
  double Y[ROWS];
  write_rows(false);
  const ntk_rows rows = {.label_column = "colour", .limit = ROWS - 1};
  assert_ok(ntk_dataset_select(context, path, &rows, 0, NTK_SCALE_NONE, &data));
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (int i = 0; i < ROWS; i++)
    fprintf(file, "%s\n", i == 0 ? "rare" : i % 2 == 0 ? "yes" : "no");
  assert_int_equal(fclose(file), 0);
  assert_refused(ntk_labels_load_classes(context, path, NULL, data, Y, &names), NTK_ERR_SHAPE,
                 "may be a heading above 39 labels, or the first of 40; accepted: ");
  assert_ok(ntk_labels_load_classes(context, path, "1", data, Y, &names)); /* all are labels */
  assert_true(names.count == 3 && Y[0] == 1.0 && Y[1] == 0.0 && Y[2] == 2.0);
  ntk_class_names_clear(&names);
  assert_ok(ntk_labels_load_classes(context, path, "rare", data, Y, &names)); /* it is a heading */
  assert_true(names.count == 2 && Y[0] == 0.0 && Y[1] == 1.0);
  ntk_class_names_clear(&names);
  ntk_dataset_destroy(data);
}

/* Rows on several threads are those of one, and so is what is wrong with them. */
static void test_threads(void **state) {
  (void)state;
  enum { MANY = 3000, COLS = 60 };
  ntk_context *parallel = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 3}, &parallel));
  for (int damaged = 0; damaged < 2; damaged++) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < MANY; i++)
      for (int j = 0; j < COLS; j++)
        if (damaged == 1 && j == 7 && (i == 1234 || i == 2500 || i == 2999))
          fputs("x,", file);
        else
          fprintf(file, "%.*f%s", j % 4, i + j / 8.0, j + 1 < COLS ? "," : i % 9 ? "\n" : "\r\n\n");
    assert_int_equal(fclose(file), 0);
    ntk_dataset *one = NULL, *three = NULL;
    if (damaged == 1) {
      assert_refused(ntk_dataset_load(parallel, path, 0, 0, NTK_SCALE_NONE, &three), NTK_ERR_FORMAT,
                     "line 1373, column 8: 'x' is no number");
      continue;
    }
    assert_ok(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &one));
    assert_ok(ntk_dataset_load(parallel, path, 0, 0, NTK_SCALE_NONE, &three));
    assert_memory_equal(ntk_dataset_values(one), ntk_dataset_values(three),
                        sizeof(double) * MANY * COLS);
    ntk_dataset_destroy(one);
    ntk_dataset_destroy(three);
  }
  ntk_context_destroy(parallel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_keep_their_labels),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_first_word),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
