/* .npy files that are refused.
 * Property: a header, shape, length or value that is not what ntk_dataset_load accepts is refused
 * with the right status and the facts, position or sizes, in one line that names the file. */
#include "data/dataset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "npy_file.h"

/* Fails with this status and a message of one line that holds fact; the output is untouched. */
static void expect_refusal(size_t N, size_t d, ntk_status expected, const char *fact) {
  ntk_dataset *data = NULL;
  const ntk_status status = ntk_dataset_load(context, path, N, d, NTK_SCALE_NONE, &data);
  if (status != expected || strstr(ntk_error_message(), fact) == NULL)
    print_error("wanted '%s', got %s: '%s'\n", fact, ntk_status_name(status), ntk_error_message());
  assert_int_equal(status, expected);
  assert_non_null(strstr(ntk_error_message(), fact));
  assert_non_null(strstr(ntk_error_message(), "a.npy"));
  assert_null(strchr(ntk_error_message(), '\n'));
  assert_null(data);
}

/* A bad header, shape or length: status and the facts of the message. */
static void test_bad_headers(void **state) {
  (void)state;
#define SHAPED(shape) "{'descr': '<f8', 'fortran_order': False, 'shape': " shape ", }"
#define TYPED(type) "{'descr': " type ", 'fortran_order': False, 'shape': (2, 3), }"
  const struct {
    const char *dictionary;
    ntk_status status;
    const char *fact;
  } cases[] = {
      {SHAPED("(6,)"), NTK_ERR_SHAPE,
       "shape (6,), of 1 dimension; accepted: 2, or up to 8 of which the first counts samples: "
       "save a.reshape(-1, 1)"},
      {SHAPED("(1, 1, 1, 1, 1, 1, 1, 2, 3)"), NTK_ERR_SHAPE,
       "of 9 dimensions; accepted: 2, or up to 8 of which the first counts samples"},
      {SHAPED("(1, 2, 0)"), NTK_ERR_SHAPE, "shape (1, 2, 0) and holds nothing"},
      {SHAPED("()"), NTK_ERR_SHAPE, "shape (), of 0 dimensions"},
      {SHAPED("(0, 3)"), NTK_ERR_SHAPE, "shape (0, 3) and holds nothing"},
      {SHAPED("(2, 0)"), NTK_ERR_SHAPE, "shape (2, 0) and holds nothing"},
      {SHAPED("(2, 4)"), NTK_ERR_FORMAT, "takes 64 bytes after the header, and the file has 48"},
      {SHAPED("(4294967296, 4294967296)"), NTK_ERR_LIMIT, "4294967296 x 4294967296"},
      {SHAPED("(2, 2305843009213693952)"), NTK_ERR_LIMIT, "exceed the address space"},
      {SHAPED("(2, 99999999999999999999)"), NTK_ERR_FORMAT, "byte 83: expected an extent below"},
      {SHAPED("(2 3)"), NTK_ERR_FORMAT, "byte 63: expected ',' in the shape"},
      {SHAPED("(2)"), NTK_ERR_FORMAT, "expected ',' in the shape"},
      {SHAPED("(-2, 3)"), NTK_ERR_FORMAT, "not negative"},
      {SHAPED("[2, 3]"), NTK_ERR_FORMAT, "expected the shape: a tuple"},
      {TYPED("'|O'"), NTK_ERR_FORMAT, "dtype '|O' (Python objects); accepted: float16"},
      {TYPED("'<c16'"), NTK_ERR_FORMAT, "dtype '<c16' (complex numbers)"},
      {TYPED("'<U5'"), NTK_ERR_FORMAT, "dtype '<U5' (strings)"},
      {TYPED("'|S5'"), NTK_ERR_FORMAT, "dtype '|S5' (strings)"},
      {TYPED("'<M8[ns]'"), NTK_ERR_FORMAT, "dtype '<M8[ns]'"},
      {TYPED("'<f16'"), NTK_ERR_FORMAT, "dtype '<f16' (long double: save"},
      {TYPED("'|V2'"), NTK_ERR_FORMAT, "(raw pairs of bytes); accepted: float16, bfloat16"},
      {TYPED("'<V1'"), NTK_ERR_FORMAT, "(one of ml_dtypes's float8, or raw bytes: save a.astype"},
      {TYPED("'<f1'"), NTK_ERR_FORMAT, "(float8_e5m2 of ml_dtypes: save a.astype(numpy.float32))"},
      {TYPED("'|V16'"), NTK_ERR_FORMAT, "(raw records)"},
      {SHAPED("(2l, 3)"), NTK_ERR_FORMAT, "expected ',' in the shape"},
      {TYPED("[('\xc3\xa9\xff\xc3', '<f8')]"), NTK_ERR_FORMAT,
       "dtype [('\xc3\xa9?"
       "?', '<f8')"},
      {TYPED("[('a', '<f8')]"), NTK_ERR_FORMAT, "structured dtype [('a', '<f8')"},
      {TYPED("''"), NTK_ERR_FORMAT, "dtype ''"},
      {TYPED("'<f\n'"), NTK_ERR_FORMAT, "expected the end of a short string"},
      {TYPED("f8"), NTK_ERR_FORMAT, "byte 20: expected the dtype"},
      {"{'descr': '<f8', 'shape': (2, 3)}", NTK_ERR_FORMAT, "expected fortran_order"},
      {"{'descr': '<f8', 'descr': '<f8'}", NTK_ERR_FORMAT, "once"},
      {"{'color': 3}", NTK_ERR_FORMAT, "descr, fortran_order and shape once"},
      {"{'fortran_order': false}", NTK_ERR_FORMAT, "expected True or False"},
      {SHAPED("(2, 3)") "x", NTK_ERR_FORMAT, "nothing after '}'"},
      {"{'descr': '<f8'", NTK_ERR_FORMAT, "expected ',' or '}'"},
      {"", NTK_ERR_FORMAT, "expected '{'"},
  };
  const double six[6] = {1, 2, 3, 4, 5, 6};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    write_file(1, cases[k].dictionary, six, sizeof six);
    expect_refusal(0, 0, cases[k].status, cases[k].fact);
  }
  write_file(1, SHAPED("(2, 3)"), six, sizeof six);
  expect_load(0, 0, six, 2, 3);
  expect_refusal(3, 0, NTK_ERR_SHAPE, "3 samples asked for, and the file has 2");
  expect_refusal(0, 4, NTK_ERR_SHAPE, "d = 4 asked for, and the file's rows have 3 numbers");
}

/* What follows the header: nothing; numbers and then another array; numbers and other bytes, be it
 * one, which NumPy would read past. */
static void test_lengths(void **state) {
  (void)state;
  const double six[8] = {1, 2, 3, 4, 5, 6};
  double more[8];
  memcpy(more, six, sizeof more);
  write_file(1, SHAPED("(2, 3)"), six, 0);
  expect_refusal(0, 0, NTK_ERR_FORMAT, "ends after its header, which promises shape (2, 3) of");
  memcpy(more + 6, "\x93NUMPY\x01\x00", 8);
  write_file(1, SHAPED("(2, 3)"), more, sizeof more);
  expect_refusal(0, 0, NTK_ERR_FORMAT, "holds more arrays after the first");
  write_file(1, SHAPED("(2, 3)"), six, sizeof six);
  expect_refusal(0, 0, NTK_ERR_FORMAT, "goes on for 16 bytes behind its shape (2, 3) of '<f8'");
  write_file(1, SHAPED("(2, 3)"), six, 6 * sizeof *six + 1);
  expect_refusal(0, 0, NTK_ERR_FORMAT, "goes on for 1 bytes behind its shape");
  write_file(1, SHAPED("(2, 3)"), six, 6 * sizeof *six);
  expect_load(0, 0, six, 2, 3);
}

/* Files that are not .npy, cut files, things that are not files. */
static void test_bad_files(void **state) {
  (void)state;
  const struct {
    const char *bytes;
    size_t length;
    const char *fact;
  } cases[] = {
      {"", 0, "is empty"},
      {"\x93NUMPY\x01", 7, "is of no format known here"},
      {"PK\x03\x04 and the rest", 16, ".npz"},
      {"\x89HDF\r\n\x1a\n", 8, "; accepted: .npy, as made by python3 -c"},
      {"\x20\0\0\0\0\0\0\0{\"w\":", 13, "safetensors.numpy as s; n.save('"},
      {"\0\0\x0a\x01\0\0\0\x02", 8, "is of no format known here; accepted: .npy, IDX, CIFAR"},
      {"\x1f\x8b\x08", 3, "gunzip"},
      {"\x93NUMPY\x04\x00\x02\x00{}", 12, "version 4.0; accepted: 1.0, 2.0, 3.0"},
      {"\x93NUMPY\x01\x00\x76\x00{'descr'", 18, "header takes 118 bytes, and the file has 8"},
      {"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}", 14, "claims 2147483647 bytes; accepted: up to 10000"},
      {"\x93NUMPY\x02\x00\x01\x00\x00", 11, "truncated: 11 bytes"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(cases[k].bytes, 1, cases[k].length, file), cases[k].length);
    fclose(file);
    expect_refusal(0, 0, NTK_ERR_FORMAT, cases[k].fact);
  }
  if (geteuid() != 0) { /* nothing is forbidden to root */
    assert_int_equal(chmod(path, 0), 0);
    expect_refusal(0, 0, NTK_ERR_FILE, "Permission denied");
  }
  (void)unlink(path);
  expect_refusal(0, 0, NTK_ERR_FILE, "No such file or directory");
  assert_int_equal(mkdir(path, 0700), 0);
  expect_refusal(0, 0, NTK_ERR_FILE, "is a directory");
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_refusal(0, 0, NTK_ERR_FILE, "not a regular file"); /* and does not wait */
  assert_int_equal(unlink(path), 0);
}

/* NaN and infinity are refused by row and column, in both orders, where the rows read hold them. */
static void test_not_finite(void **state) {
  (void)state;
  double X[4 * 9];
  for (size_t k = 0; k < 36; k++)
    X[k] = 1.0;
  X[2 * 9 + 6] = (double)NAN; /* row 3, column 7 in C order; row 1, column 7 in Fortran order */
  write_file(1, SHAPED("(4, 9)"), X, sizeof X);
  expect_refusal(0, 0, NTK_ERR_NOT_FINITE, "row 3, column 7 (counted from 1)");
  expect_load(2, 9, X, 2, 9);
  X[2 * 9 + 6] = -(double)INFINITY;
  write_file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (4, 9)}", X, sizeof X);
  expect_refusal(0, 0, NTK_ERR_NOT_FINITE, "-inf in row 1, column 7");
  const uint16_t half[2] = {0x3c00, 0x7c00}; /* 1, infinity */
  write_file(1, "{'descr': '=f2', 'fortran_order': False, 'shape': (2, 1)}", half, sizeof half);
  expect_refusal(0, 0, NTK_ERR_NOT_FINITE, "inf in row 2, column 1");
}

/* Everything that the tests before allocated has been freed, failures included. */
static void test_nothing_held(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(context), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_headers),  cmocka_unit_test(test_lengths),
      cmocka_unit_test(test_bad_files),    cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_nothing_held),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
