/* Arrays in files, asked for their shape, and read in part.
 * Property: shape and type are those of the header whatever the numbers are; rows first .. first +
 * count - 1 are these rows, in either order of the file; a number that is not finite is refused by
 * its place in the file, and only where it is among the rows asked for. */
#include "ntkit/data.h"

#include <math.h>
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

enum { ROWS = 5, COLS = 3 };

/* x_ij = 10 i + j, the last entry of row 3 not finite. */
static double entry(size_t i, size_t j) {
  return i == 3 && j == COLS - 1 ? (double)INFINITY : 10.0 * (double)i + (double)j;
}

static void write_matrix(bool fortran) {
  double numbers[ROWS * COLS];
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < COLS; j++)
      numbers[fortran ? j * ROWS + i : i * COLS + j] = entry(i, j);
  write_file(1,
             fortran ? "{'descr': '<f8', 'fortran_order': True, 'shape': (5, 3), }"
                     : "{'descr': '<f8', 'fortran_order': False, 'shape': (5, 3), }",
             numbers, sizeof numbers);
}

static void test_rows(void **state) {
  (void)state;
  for (int fortran = 0; fortran < 2; fortran++) {
    write_matrix(fortran == 1);
    for (size_t first = 0; first <= ROWS; first++)
      for (size_t count = 0; first + count <= ROWS; count++) {
        double rows[ROWS * COLS + 1] = {0.0};
        const size_t end = count * COLS;
        rows[end] = -1.0; /* nothing is written beyond */
        const ntk_status status = ntk_array_load(path, first, count, rows);
        assert_true(rows[end] == -1.0);
        if (first <= 3 && first + count > 3) {
          assert_refused(status, NTK_ERR_NOT_FINITE, "inf in row 4, column 3");
          continue;
        }
        assert_ok(status);
        for (size_t k = 0; k < end; k++)
          assert_true(rows[k] == entry(first + k / COLS, k % COLS));
      }
    double none[1];
    assert_refused(ntk_array_load(path, 3, 3, none), NTK_ERR_SHAPE, "3 rows from row 3 on");
    assert_refused(ntk_array_load(path, 6, 0, none), NTK_ERR_SHAPE, "the file has 5");
    assert_refused(ntk_array_load(path, 1, SIZE_MAX, none), NTK_ERR_SHAPE, "the file has 5");
  }
}

static void test_shape(void **state) {
  (void)state;
  static const struct {
    const char *dictionary, *type;
    int rank;
    size_t bytes, rows, cols;
  } cases[] = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", "float64", 2, 48, 2, 3},
      {"{'descr': '>f4', 'fortran_order': True, 'shape': (4, 1), }", "float32", 2, 16, 4, 1},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': (6,), }", "int64", 1, 48, 6, 1},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (7,), }", "uint8", 1, 7, 7, 1},
      {"{'descr': '|b1', 'fortran_order': False, 'shape': (1, 9), }", "bool", 2, 9, 1, 9},
  };
  unsigned char ones[64];
  memset(ones, 0xff, sizeof ones); /* floats of ones alone are NaN: no number is looked at */
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    ntk_array_info info;
    write_file(1, cases[k].dictionary, ones, cases[k].bytes);
    assert_ok(ntk_array_shape(path, &info));
    assert_string_equal(info.format, "npy");
    assert_string_equal(info.type, cases[k].type);
    assert_int_equal(info.rank, cases[k].rank);
    assert_int_equal(info.rows, cases[k].rows);
    assert_int_equal(info.cols, cases[k].cols);
  }
  ntk_array_info info = {.rows = 77};
  write_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 4), }", ones, 0);
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_SHAPE, "of 3 dimensions; accepted: 1 or 2");
  assert_int_equal(info.rows, 77);
}

/* What a data set would be: whole, in part, and what ntk_dataset_load refuses. */
static void test_dataset_shape(void **state) {
  (void)state;
  size_t N = 0, d = 0;
  write_matrix(false);
  assert_ok(ntk_dataset_shape(path, &N, &d));
  assert_int_equal(N, ROWS);
  assert_int_equal(d, COLS);
  N = 2;
  assert_ok(ntk_dataset_shape(path, &N, &d));
  assert_int_equal(N, 2);
  N = ROWS + 1;
  assert_refused(ntk_dataset_shape(path, &N, &d), NTK_ERR_SHAPE, "6 samples asked for");
  assert_int_equal(N, ROWS + 1);
  N = 0;
  d = 4;
  assert_refused(ntk_dataset_shape(path, &N, &d), NTK_ERR_SHAPE, "d = 4 asked for");
  assert_int_equal(N, 0);
  assert_true(ntk_dataset_in_file("gaussian.npy") && !ntk_dataset_in_file("gaussian"));
  assert_true(ntk_labels_in_file("gaussian.npy") && !ntk_labels_in_file("teacher"));
  assert_true(ntk_file_is_meant("x.npy") && ntk_file_is_meant("a/b") && ntk_file_is_meant(path));
  assert_false(ntk_file_is_meant("gausian") || ntk_file_is_meant("") || ntk_file_is_meant("end."));
}

/* IDX, by its definition: 0 0 type rank, extents of four bytes, numbers; all big-endian. */
static void test_idx(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *type;
    size_t length;
    int rank;
    size_t rows, cols;
    double first, last;
  } cases[] = {
      {"\0\0\x08\x01\0\0\0\x03\x07\0\xff", "uint8", 11, 1, 3, 1, 7, 255},
      {"\0\0\x09\x02\0\0\0\x01\0\0\0\x02\x01\xff", "int8", 14, 2, 1, 2, 1, -1},
      {"\0\0\x0b\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01\x01\0\xff\xfe", "int16", 20, 2, 2, 1, 256, -2},
      {"\0\0\x0c\x01\0\0\0\x01\0\0\x01\x01", "int32", 12, 1, 1, 1, 257, 257},
      {"\0\0\x0d\x01\0\0\0\x01\x3f\x80\0\0", "float32", 12, 1, 1, 1, 1, 1},
      {"\0\0\x0e\x01\0\0\0\x01\xc0\x04\0\0\0\0\0\0", "float64", 16, 1, 1, 1, -2.5, -2.5},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_array_info info;
    double x[3] = {0};
    write_bytes(cases[k].bytes, cases[k].length);
    assert_ok(ntk_array_shape(path, &info));
    assert_string_equal(info.format, "idx");
    assert_string_equal(info.type, cases[k].type);
    assert_true(info.rank == cases[k].rank && info.rows == cases[k].rows &&
                info.cols == cases[k].cols);
    assert_ok(ntk_array_load(path, 0, info.rows, x));
    assert_true(x[0] == cases[k].first && x[info.rows * info.cols - 1] == cases[k].last);
  }
  static const struct {
    const char *bytes, *says;
    size_t length;
    ntk_status status;
  } bad[] = {
      {"\0\0\x08\x01\0\0\0\x04\x07\0\xff", "promises more bytes of numbers than the 3", 11,
       NTK_ERR_FORMAT},
      {"\0\0\x08\x01\0\0\0\x02\x07\0\xff", "promises fewer", 11, NTK_ERR_FORMAT},
      {"\0\0\x08\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x04\x07",
       "promises more", 21, NTK_ERR_FORMAT},
      {"\0\0\x08\x02\0\0\0\0\0\0\0\x04", "promises fewer", 12, NTK_ERR_FORMAT},
      {"\0\0\x08\x03\0\0\0\x01", "promises", 8, NTK_ERR_FORMAT},
      {"\0\0\x0a\x01\0\0\0\x01\x07", "of no format known", 9, NTK_ERR_FORMAT},
  };
  for (size_t k = 0; k < COUNT(bad); k++) {
    ntk_array_info info;
    write_bytes(bad[k].bytes, bad[k].length);
    assert_refused(ntk_array_shape(path, &info), bad[k].status, bad[k].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_shape),
      cmocka_unit_test(test_dataset_shape),
      cmocka_unit_test(test_idx),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
