/* Labels that lie in the file of the data: a column of a text, libsvm's, CIFAR's.
 * Property: the numbers beside them are those of the same matrix without labels, bit for bit;
 * labels that are words are numbered in the order of their bytes; each way to be wrong is told by
 * its place. The texts are what pandas 3.1.1 (to_csv) and scikit-learn 1.9.1 (dump_svmlight_file)
 * write. */
#include "data/reader.h"

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

static void write_text(const char *text) {
  write_bytes(text, strlen(text));
}

static ntk_status open_file(const char *column, bool for_labels, ntk_reader *reader) {
  return ntk_reader_open_wish(
      path, &(ntk_reader_wish){.accepted = 0, .label_column = column, .for_labels = for_labels},
      reader);
}

/* Both views of the file: X, rows x cols, and y, with the names (separated by '|') of classes. */
static void expect(const char *column, size_t rows, size_t cols, const double *X, const double *y,
                   const char *names) {
  ntk_reader file;
  double *back = make_array(rows * cols);
  assert_ok(open_file(column, false, &file));
  assert_true(file.labelled && file.rows == rows && file.cols == cols);
  assert_ok(ntk_reader_rows(&file, 0, rows, back));
  assert_memory_equal(back, X, rows * cols * sizeof *X);
  ntk_reader_close(&file);
  assert_ok(open_file(column, true, &file));
  assert_true(file.labelled && file.rows == rows && file.cols == 1 && file.rank == 1);
  assert_ok(ntk_reader_rows(&file, 0, rows, back));
  assert_memory_equal(back, y, rows * sizeof *y);
  assert_ok(ntk_reader_rows(&file, rows - 1, 1, back)); /* in part too */
  assert_true(back[0] == y[rows - 1]);
  char found[256] = "";
  for (size_t k = 0; k < file.labels.classes; k++)
    strcat(strcat(found, file.labels.name[k]), "|");
  assert_string_equal(found, names);
  ntk_reader_close(&file);
  free(back);
}

static void test_columns(void **state) {
  (void)state;
  static const double X[] = {0.1, 1, 1.0 / 3.0, 2, -2.5e-300, 3};
  static const double words[] = {0, 1, 0}, a[] = {0.1, 1.0 / 3.0, -2.5e-300};
  static const char *const plain = "setosa|vers, \"i\"|";
  write_text("a,\"b, \"\"x\"\"\",species\n0.1,1,setosa\n0.3333333333333333,2,\"vers, \"\"i\"\"\"\n"
             "-2.5e-300,3,setosa\n");
  expect("species", 3, 2, X, words, plain);
  expect("3", 3, 2, X, words, plain);
  expect("-1", 3, 2, X, words, plain);
  write_text("\"\",\"a\",\"b, \"\"x\"\"\",\"species\"\n\"0\",\"0.1\",\"1\",\"setosa\"\n\"1\","
             "\"0.3333333333333333\",\"2\",\"vers, \"\"i\"\"\"\n\"2\",\"-2.5e-300\",\"3\","
             "\"setosa\"\n");
  expect("species", 3, 2, X, words, plain);
  expect("4", 3, 2, X, words, plain); /* as the file's columns are counted in every message */
  write_text("a;\"b, \"\"x\"\"\";species\r\n0,1;1;setosa\r\n0,3333333333333333;2;\"vers, "
             "\"\"i\"\"\"\r\n-2,5e-300;3;setosa\r\n");
  expect("species", 3, 2, X, words, plain);
  write_text("\xef\xbb\xbf"
             "a\t\"b, \"\"x\"\"\"\tspecies\n0.1\t1\tsetosa\n0.3333333333333333\t2\t\"vers, "
             "\"\"i\"\"\"\n-2.5e-300\t3\tsetosa\n");
  expect("species", 3, 2, X, words, plain);
  write_text(
      "setosa 0.1 1\n# virginica 0 0\nvirginica 0.3333333333333333 2\n\nsetosa -2.5e-300 3\n");
  expect("1", 3, 2, X, words, "setosa|virginica|"); /* no heading: the labels' words make none */
  static const double first[] = {5, 6, 7};
  write_text("5,0.1,1\n6,0.3333333333333333,2\n7,-2.5e-300,3\n");
  expect("1", 3, 2, X, first, "");
  static const double whole[] = {1, 2, 3, 4}, middle[] = {7, 8};
  write_text("1,7,2\n3,8,4\n");
  expect("2", 2, 2, whole, middle, "");
  write_text("b,y,a\n1,\"0.1\",0.1\n2,\"0.3333333333333333\",0.3333333333333333\n"
             "3,\"-2.5e-300\",-2.5e-300\n");
  static const double turned[] = {1, 0.1, 2, 1.0 / 3.0, 3, -2.5e-300};
  expect("y", 3, 2, turned, a, "");
}

static void test_words_alone(void **state) {
  (void)state;
  static const struct {
    const char *text, *names;
    size_t rows;
    double y[4];
  } cases[] = {
      {"b\na\nb\n", "a|b|", 3, {1, 0, 1}},    /* the first word comes again: no heading */
      {"species\na\nb\n", "a|b|", 2, {0, 1}}, /* it does not */
      {"y\n2\n0\n", "", 2, {2, 0}},           /* numbers */
      {"\"b c\"\n\"a\"\n\"b c\"\n", "a|b c|", 3, {1, 0, 1}},
      {"\xc3\xa9\nz\n\xc3\xa9\n",
       "z|\xc3\xa9|",
       3,
       {1, 0, 1}}, /* by bytes, and so by code points */
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_reader file;
    double y[4] = {9, 9, 9, 9};
    char found[64] = "";
    write_text(cases[k].text);
    assert_ok(open_file(NULL, true, &file));
    assert_true(file.rows == cases[k].rows && file.cols == 1);
    assert_ok(ntk_reader_rows(&file, 0, file.rows, y));
    assert_memory_equal(y, cases[k].y, file.rows * sizeof *y);
    for (size_t c = 0; c < file.labels.classes; c++)
      strcat(strcat(found, file.labels.name[c]), "|");
    assert_string_equal(found, cases[k].names);
    ntk_reader_close(&file);
  }
}

static void test_column_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *column, *says;
    ntk_status status;
  } cases[] = {
      {"a,b\n1,x\n", "c", "has no column 'c'; accepted: 1 to 2, -1 for the last, or a name: a, b",
       NTK_ERR_ARGUMENT},
      {"size,shape\n1,x\n", "shpae",
       "has no column 'shpae'; did you mean 'shape'? accepted: 1 to 2", NTK_ERR_ARGUMENT},
      {"1,2\n3,4\n", "c", "-1 for the last (it has no heading)", NTK_ERR_ARGUMENT},
      {"1,2\n3,4\n", "3", "has no column '3'", NTK_ERR_ARGUMENT},
      {"1,2\n3,4\n", "0", "has no column '0'", NTK_ERR_ARGUMENT},
      {"a,a\n1,x\n", "a", "columns 1 and 2 are both called 'a'", NTK_ERR_FORMAT},
      {"a,b\n1,x\n2,\n", "b", "line 3, column 2: has no label", NTK_ERR_FORMAT},
      {"a,b\n1,x\n2\n", "b", "line 3 has 1 columns, and the labels are in column 2",
       NTK_ERR_FORMAT},
      {"a,b\n1,x\n2,3.5\n", "b",
       "line 3, column 2: the label 3.5 is a number, and those before it are words, as 'x'",
       NTK_ERR_FORMAT},
      {"a,b\n1,3\n2,x\n", "b", "line 3, column 2: the label 'x' is no number, and those before it",
       NTK_ERR_FORMAT},
      {"a,b\n1,3\n2,nan\n", "b", "line 3, column 2: the label is nan", NTK_ERR_NOT_FINITE},
      {"a,b\n1,\"x\n2,y\"\n", "b", "line 2, column 2: a quote is opened and not closed in its line",
       NTK_ERR_FORMAT},
  };
  ntk_reader file;
  for (size_t k = 0; k < COUNT(cases); k++) {
    write_text(cases[k].text);
    assert_refused(open_file(cases[k].column, true, &file), cases[k].status, cases[k].says);
  }
  double x[8];
  write_text("a,b,c\n1,x,2\n2,y\n");
  assert_ok(open_file("b", false, &file));
  assert_refused(ntk_reader_rows(&file, 0, 2, x), NTK_ERR_FORMAT, "line 3 has 2 columns");
  ntk_reader_close(&file);
  write_text("a,b\n1,\"x\n2,y\n");
  assert_ok(open_file("b", false, &file));
  assert_refused(ntk_reader_rows(&file, 0, 2, x), NTK_ERR_FORMAT, "line 2, column 2: a quote is");
  ntk_reader_close(&file);
  write_text("a,b\n1,x\n2,y\n");
  assert_ok(open_file(NULL, false, &file)); /* not told which column has the words */
  assert_refused(
      ntk_reader_rows(&file, 0, 2, x), NTK_ERR_FORMAT,
      "line 2, column 2: 'x' is no number; accepted: decimal numbers, or words in a label");
  ntk_reader_close(&file);
  write_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", x, sizeof *x);
  assert_refused(open_file("b", false, &file), NTK_ERR_ARGUMENT,
                 "is npy, which has no column of labels 'b'; accepted: text, as CSV");
  FILE *many = fopen(path, "wb");
  assert_non_null(many);
  for (int i = 0; i <= 65536; i++)
    fprintf(many, "w%d\n", i);
  assert_int_equal(fclose(many), 0);
  assert_refused(open_file("1", true, &file), NTK_ERR_FORMAT,
                 "line 65537, column 1: 'w65536' is one more than 65536 different words");
}

static void test_libsvm(void **state) {
  (void)state;
  static const double X[] = {0.1, 0, -2.5, 0, 0, 0, 0.3333333333333333, 0, 7}, y[] = {1, -1, 2.5};
  static const char *const texts[] = {
      "1 0:0.1 2:-2.5\n-1 \n2.5 0:0.3333333333333333 2:7\n",
      "1 1:0.1 3:-2.5\n-1 \n2.5 1:0.3333333333333333 3:7\n",
      "# Generated by dump_svmlight_file from scikit-learn 1.9.1\n# Column indices are "
      "zero-based\n#\n"
      "# made by a test\n1 qid:1 0:0.1 2:-2.5\n-1 qid:1 \n2.5 qid:2 0:0.3333333333333333 2:7\n",
      "+1 1:0.1 3:-2.5 # first\r\n-1\r\n2.5 1:0.3333333333333333\t2:0 3:7",
  };
  for (size_t k = 0; k < COUNT(texts); k++) {
    write_text(texts[k]);
    expect(NULL, 3, 3, X, y, "");
  }
  /* Index 0 comes last of all: every row counts from 0, not only those after it; a 0 that is
   * written at the end counts for d. */
  static const double late[] = {0, 5, 0, 0, 6, 0, 0, 0}, two[] = {1, 2};
  write_text("1 1:5\n2 0:6 3:0\n");
  expect(NULL, 2, 4, late, two, "");
}

static void test_libsvm_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
    ntk_status status;
  } cases[] = {
      {"1 1:2\n1 2:1 2:3\n", "line 2 has index 2 after index 2", NTK_ERR_FORMAT},
      {"1 1:2\n1 3:1 2:3\n", "line 2 has index 2 after index 3", NTK_ERR_FORMAT},
      {"1 1:2\nx 2:1\n", "line 2: 'x' is no number", NTK_ERR_FORMAT},
      {"1 1:2\n1 2:x\n", "line 2: '2:x' is no number", NTK_ERR_FORMAT},
      {"1 1:2\n1 2\n", "line 2: '2' is no index:value", NTK_ERR_FORMAT},
      {"1 1:2\n1 -2:3\n", "line 2: '-2:3' is no index:value", NTK_ERR_FORMAT},
      {"1 1:2\n1,2 2:3\n", "line 2: '1,2' has several labels", NTK_ERR_FORMAT},
      {"1 1:2\n1 2:nan\n", "line 2 holds nan", NTK_ERR_NOT_FINITE},
      {"inf 1:2\n", "line 1 holds inf", NTK_ERR_NOT_FINITE},
      {"1 1:2\n1 99999999999999999999:3\n", "has an index beyond 2147483647", NTK_ERR_FORMAT},
      {"1 1:2 2000000000:1\n",
       "index 2000000000 makes 1 x 2000000000 numbers of 19 bytes; accepted: at most 65536",
       NTK_ERR_FORMAT},
      {"1 1:2 3:", "line 1: '3:' is no number", NTK_ERR_FORMAT}, /* torn */
  };
  ntk_reader file;
  for (size_t k = 0; k < COUNT(cases); k++) {
    write_text(cases[k].text);
    assert_refused(open_file(NULL, false, &file), cases[k].status, cases[k].says);
  }
  write_text("1 1:2\n");
  assert_refused(open_file("1", false, &file), NTK_ERR_ARGUMENT, "is libsvm, which has its labels");
}

enum { IMAGE = 3072, SAMPLES = 12 };

/* x_ij = (7 i + j) mod 251 behind `labels` bytes of labels, cut off or gone on to `size`. */
static void write_cifar(size_t labels, size_t size) {
  static unsigned char bytes[(IMAGE + 2) * (SAMPLES + 1)];
  for (size_t i = 0; i <= SAMPLES; i++) {
    unsigned char *record = bytes + i * (IMAGE + labels);
    for (size_t k = 0; k < labels; k++)
      record[k] = (unsigned char)(labels == 1 ? i % 10 : k == 0 ? 19 - i : 99 - i);
    for (size_t j = 0; j < IMAGE; j++)
      record[labels + j] = (unsigned char)((7 * i + j) % 251);
  }
  write_bytes(bytes, size);
}

static void test_cifar(void **state) {
  (void)state;
  double *X = make_array((size_t)SAMPLES * IMAGE), y[SAMPLES];
  for (size_t i = 0; i < SAMPLES; i++)
    for (size_t j = 0; j < IMAGE; j++)
      X[i * IMAGE + j] = (double)((7 * i + j) % 251);
  for (size_t i = 0; i < SAMPLES; i++)
    y[i] = (double)(i % 10);
  write_cifar(1, (size_t)(IMAGE + 1) * SAMPLES);
  expect(NULL, SAMPLES, IMAGE, X, y, "");
  write_cifar(2, (size_t)(IMAGE + 2) * SAMPLES);
  for (size_t i = 0; i < SAMPLES; i++)
    y[i] = 99.0 - (double)i;
  expect(NULL, SAMPLES, IMAGE, X, y, "");
  expect("fine", SAMPLES, IMAGE, X, y, "");
  for (size_t i = 0; i < SAMPLES; i++)
    y[i] = 19.0 - (double)i;
  expect("coarse", SAMPLES, IMAGE, X, y, "");
  free(X);
  ntk_reader file;
  assert_refused(open_file("rough", true, &file), NTK_ERR_ARGUMENT, "accepted: coarse or fine");
  write_cifar(1, (size_t)(IMAGE + 1) * SAMPLES);
  assert_refused(open_file("fine", true, &file), NTK_ERR_ARGUMENT, "has no labels 'fine'");
  write_cifar(1, (size_t)(IMAGE + 1) * SAMPLES + 17);
  assert_refused(
      open_file(NULL, false, &file), NTK_ERR_FORMAT,
      "begins as CIFAR-10 does, and 17 bytes are left after the last whole sample of 3073");
  write_cifar(2, (size_t)(IMAGE + 2) * SAMPLES - 1);
  assert_refused(open_file(NULL, false, &file), NTK_ERR_FORMAT,
                 "begins as CIFAR-100 does, and 3073 bytes are left after the last whole sample");
}

/* IDX labels, small numbers all of them, of just the size of two CIFAR records. */
static void test_idx_of_that_size(void **state) {
  (void)state;
  static unsigned char bytes[2 * 3073] = {0, 0, 8, 1, 0, 0, 0x17, 0xfa}; /* 6138 */
  ntk_reader file;
  write_bytes(bytes, sizeof bytes);
  assert_ok(open_file(NULL, true, &file));
  assert_true(file.rows == 6138 && !file.labelled);
  assert_string_equal(file.format->name, "idx");
  ntk_reader_close(&file);
}

/* Two files as one: rows and labels go on, words are numbered over both. */
static void test_several(void **state) {
  (void)state;
  char second[80], list[160], wrong[200];
  snprintf(second, sizeof second, "%s,b", path); /* a name with a comma is a file's too */
  write_text("x,y\n1,b\n2,c\n");
  assert_int_equal(rename(path, second), 0);
  ntk_reader file;
  assert_ok(ntk_reader_open_wish(second, &(ntk_reader_wish){.label_column = "y"}, &file));
  assert_true(file.rows == 2);
  ntk_reader_close(&file);
  snprintf(second + strlen(path), 3, ".b");
  snprintf(list, sizeof list, "%s,%s", path, second);
  write_text("x,y\n1,b\n2,c\n");
  assert_int_equal(rename(path, second), 0);
  write_text("x;y\n3,5;c\n4,5;a\n5,5;c\n");
  const ntk_reader_wish wishes[] = {{.label_column = "y"},
                                    {.label_column = "y", .for_labels = true}};
  static const double X[] = {3.5, 4.5, 5.5, 1, 2}, y[] = {2, 0, 2, 1, 2};
  for (int k = 0; k < 2; k++) {
    assert_ok(ntk_reader_open_wish(list, &wishes[k], &file));
    assert_true(file.rows == 5 && file.cols == 1 && file.labelled);
    for (size_t first = 0; first <= 5; first++)
      for (size_t count = 0; first + count <= 5; count++) {
        double back[6] = {-1, -1, -1, -1, -1, -1};
        assert_ok(ntk_reader_rows(&file, first, count, back));
        assert_memory_equal(back, (k == 0 ? X : y) + first, count * sizeof *back);
        assert_true(back[count] == -1.0);
      }
    ntk_reader_close(&file);
  }
  snprintf(wrong, sizeof wrong, "%s,", list);
  assert_refused(ntk_reader_open_wish(wrong, &wishes[0], &file), NTK_ERR_FILE, ": cannot be read");
  write_text("x,z,y\n3,5,c\n");
  assert_refused(ntk_reader_open_wish(list, &wishes[0], &file), NTK_ERR_SHAPE,
                 "has 1 columns beside labels, and ");
  write_text("x,y\n3,5\n");
  assert_refused(ntk_reader_open_wish(list, &wishes[1], &file), NTK_ERR_FORMAT,
                 "the label 'b' is no number, and those before it are");
  assert_int_equal(unlink(second), 0);
  snprintf(second, sizeof second, "%s,b", path);
  assert_int_equal(unlink(second), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_columns),          cmocka_unit_test(test_words_alone),
      cmocka_unit_test(test_column_refusals),  cmocka_unit_test(test_libsvm),
      cmocka_unit_test(test_libsvm_refusals),  cmocka_unit_test(test_cifar),
      cmocka_unit_test(test_idx_of_that_size), cmocka_unit_test(test_several),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
