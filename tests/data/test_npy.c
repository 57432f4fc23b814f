/* .npy files.
 * Property: what numpy.lib.format describes is read to the last bit in every dtype, order and
 * version; what is written is read back; a failed save leaves nothing. */
#include "data/dataset.h"
#include "data/npy.h"
#include "data/reader.h"
#include "ntkit/data.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "npy_file.h"

static size_t files_in_directory(void) {
  size_t count = 0;
  DIR *list = opendir(directory);
  assert_non_null(list);
  for (struct dirent *entry; (entry = readdir(list)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(list);
  return count;
}

/* Whatever the number of digits, the header ends in a newline at a multiple of 64 bytes. */
static void check_padding(void) {
  static const double zeros[100000];
  for (size_t n = 1; n <= 100000; n *= 10)
    for (int rank = 1; rank <= 2; rank++) {
      const size_t shape[2] = {n, 1};
      unsigned char start[10];
      assert_int_equal(ntk_npy_save(path, zeros, rank, shape), NTK_OK);
      FILE *file = fopen(path, "rb");
      assert_int_equal(fread(start, 1, sizeof start, file), sizeof start);
      const long length = start[8] + 256L * start[9];
      assert_int_equal((length + 10) % 64, 0);
      assert_int_equal(fseek(file, 9 + length, SEEK_SET), 0);
      assert_int_equal(fgetc(file), '\n');
      fclose(file);
    }
}

/* Saving and loading gives the same bits; the header is of a multiple of 64 bytes. */
static void test_round_trip(void **state) {
  (void)state;
  enum { ROWS = 300, COLS = 17 };
  static double X[ROWS * COLS];
  const size_t shape[2] = {ROWS, COLS};
  for (size_t k = 0; k < (size_t)ROWS * COLS; k++)
    X[k] = ldexp(sin((double)k), (int)(k % 2000) - 1000);
  X[3] = -0.0;
  assert_int_equal(ntk_npy_save(path, X, 2, shape), NTK_OK);
  expect_load(0, 0, X, ROWS, COLS);
  expect_load(ROWS, COLS, X, ROWS, COLS);
  expect_load(7, COLS, X, 7, COLS);
  struct stat found;
  assert_int_equal(stat(path, &found), 0);
  assert_int_equal(((size_t)found.st_size - sizeof X) % 64, 0);
  check_padding();
  assert_int_equal(files_in_directory(), 1);

  ntk_reader array; /* rank 1, appended in pieces over what is there */
  ntk_npy_writer writer;
  const size_t n = ROWS * COLS;
  static double back[ROWS * COLS];
  assert_int_equal(ntk_npy_writer_open(&writer, path, 1, &n), NTK_OK);
  assert_int_equal(ntk_npy_writer_append(&writer, X, 1), NTK_OK);
  assert_int_equal(ntk_npy_writer_append(&writer, X + 1, n - 1), NTK_OK);
  assert_int_equal(ntk_npy_writer_append(&writer, X, 1), NTK_ERR_SHAPE);
  assert_int_equal(ntk_npy_writer_commit(&writer), NTK_OK);
  ntk_npy_writer_abort(&writer);
  assert_int_equal(ntk_reader_open(path, 1, &array), NTK_OK);
  assert_int_equal(array.rows, n);
  assert_int_equal(ntk_reader_rows(&array, 0, n, back), NTK_OK);
  ntk_reader_close(&array);
  assert_memory_equal(X, back, sizeof X);
}

/* Headers as writers write them: NumPy under Python 2, whose long integers end in L; MLX, with a
 * blank before the parenthesis and no comma after it. */
static void test_headers(void **state) {
  (void)state;
  static const char *const headers[] = {
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2L,3L)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, )}",
  };
  const double six[6] = {1, 2, 3, 4, 5, 6};
  for (size_t k = 0; k < sizeof headers / sizeof headers[0]; k++) {
    write_file(1, headers[k], six, sizeof six);
    expect_load(0, 0, six, 2, 3);
  }
}

/* Value k of a 5 x 3 array, exact in the dtype: negative where it has such, and the largest power
 * of two or the smallest half. */
static double sample(char kind, size_t size, size_t k) {
  if (kind == 'b')
    return (double)(k % 2);
  if (kind == 'u')
    return k == 0 ? ldexp(1.0, (int)(8 * size) - 1) : (double)(k * k);
  if (kind == 'i')
    return k == 0 ? -ldexp(1.0, (int)(8 * size) - 1) : (double)k - 7.0;
  return k == 0 ? ldexp(1.0, -24) : ((double)k - 7.0) / 4.0; /* the smallest half; quarters */
}

/* The bits of v in the dtype, computed with the machine's own conversions. */
static uint64_t bits_of(char kind, size_t size, double v) {
  const float single = (float)v;
  uint64_t bits = 0;
  uint32_t word;
  memcpy(&bits, &v, sizeof bits);
  memcpy(&word, &single, sizeof word);
  if (kind == 'u')
    return (uint64_t)v;
  if (kind != 'f')
    return (uint64_t)(int64_t)v;
  if (size == 8)
    return bits;
  if (size == 4)
    return word;
  if (fabs(v) < 0x1p-14) /* half: sign, 5 bits of exponent with bias 15, 10 bits */
    return (uint64_t)(v * 0x1p24);
  return (uint64_t)(word >> 16 & 0x8000) | (((word >> 23 & 0xff) - 112) << 10) |
         (word >> 13 & 0x3ff);
}

/* Every dtype, byte order, C and Fortran order, versions 1, 2, 3; all rows and the first two. */
static void test_types(void **state) {
  (void)state;
  enum { ROWS = 5, COLS = 3 };
  const char *const types[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                               "i8", "u1", "u2", "u4", "u8", "b1"};
  for (size_t c = 0; c < 12 * 12; c++) {
    const char *type = types[c % 12];
    const size_t size = (size_t)(type[1] - '0');
    const bool big = c / 12 % 2 == 1, fortran = c / 24 % 2 == 1;
    const int version = (int)(c / 48) + 1;
    double X[ROWS * COLS];
    unsigned char bytes[8 * ROWS * COLS];
    for (size_t k = 0; k < (size_t)ROWS * COLS; k++) {
      X[k] = sample(type[0], size, k);
      const uint64_t bits = bits_of(type[0], size, X[k]);
      const size_t place = fortran ? k % COLS * ROWS + k / COLS : k;
      for (size_t b = 0; b < size; b++)
        bytes[place * size + b] = (unsigned char)(bits >> (8 * (big ? size - 1 - b : b)));
    }
    char dictionary[128];
    const char mark = size == 1 ? '|' : big ? '>' : '<';
    snprintf(dictionary, sizeof dictionary,
             version == 1 ? "{'descr': '%c%s', 'fortran_order': %s, 'shape': (5, 3), }          "
                          : " { \"descr\" :\t\"%c%s\",\"fortran_order\":%s,'shape':( 5,3 , )} ",
             mark, type, fortran ? "True" : "False");
    write_file(version, dictionary, bytes, size * ROWS * COLS);
    expect_load(0, 0, X, ROWS, COLS);
    expect_load(2, 3, X, 2, COLS);
  }
}

/* Keys in any order, '=' as the machine's own order; long columns, read through several buffers. */
static void test_large_fortran(void **state) {
  (void)state;
  enum { ROWS = 20000, COLS = 3 };
  static double columns[ROWS * COLS], X[ROWS * COLS];
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < COLS; j++)
      columns[j * ROWS + i] = X[i * COLS + j] = (double)(i * 10 + j);
  write_file(1, "{'shape': (20000, 3), 'fortran_order': True, 'descr': '=f8'}", columns,
             sizeof columns);
  expect_load(0, 0, X, ROWS, COLS);
  expect_load(9999, 0, X, 9999, COLS);
}

/* A save that fails says why, leaves no file of its own, and leaves what was there. */
/* The first extent counts samples; 100 i + 10 j + k of 2 x 3 x 2, in either order of the file. */
static void test_three_dimensions(void **state) {
  (void)state;
  const double rows[12] = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
  const double columns[12] = {0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121};
  write_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2), }", rows,
             sizeof rows);
  expect_load(0, 0, rows, 2, 6);
  write_file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3, 2), }", columns,
             sizeof columns);
  expect_load(0, 6, rows, 2, 6);
  expect_load(1, 6, rows, 1, 6);
}

static void test_failed_saves(void **state) {
  (void)state;
  enum { MANY = 100000 };
  static double X[MANY];
  const size_t two[2] = {1, 2}, many = MANY, huge[2] = {1 << 28, 1 << 28}, three[2] = {1, 3};
  const double kept[2] = {1, 2};
  assert_int_equal(ntk_npy_save(path, kept, 2, two), NTK_OK);

  struct rlimit before, small; /* a disk that is full after 64 KiB: write fails with EFBIG */
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 65536;
  void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const ntk_status status = ntk_npy_save(path, X, 1, &many);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "a.npy: cannot be written: File too large"));

  ntk_npy_writer writer;
  assert_int_equal(ntk_npy_writer_open(&writer, path, 2, huge), NTK_ERR_FILE); /* 2^59 bytes */
  assert_non_null(strstr(ntk_error_message(), "needs 576460752 GB on disk"));
  assert_int_equal(ntk_npy_writer_open(&writer, path, 2, three), NTK_OK);
  assert_int_equal(ntk_npy_writer_append(&writer, kept, 2), NTK_OK);
  assert_int_equal(ntk_npy_writer_commit(&writer), NTK_ERR_SHAPE);
  assert_non_null(strstr(ntk_error_message(), "2 values written; accepted: 3"));
  assert_int_equal(ntk_npy_writer_open(&writer, path, 2, three), NTK_OK);
  assert_int_equal(files_in_directory(), 2);
  ntk_npy_writer_abort(&writer);
  assert_int_equal(ntk_npy_save(path, kept, 3, two), NTK_ERR_ARGUMENT);
  assert_int_equal(files_in_directory(), 1);
  expect_load(0, 0, kept, 1, 2);
  assert_int_equal(unlink(path), 0);

  assert_int_equal(ntk_npy_save(directory, kept, 2, two), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "is a directory"));
  assert_int_equal(mkfifo(path, 0600), 0); /* not a device: a failing check would replace it */
  assert_int_equal(ntk_npy_save(path, kept, 2, two), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "not a regular file"));
  assert_int_equal(unlink(path), 0);
  char missing[96];
  snprintf(missing, sizeof missing, "%s/no/a.npy", directory);
  assert_int_equal(ntk_npy_save(missing, kept, 2, two), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "No such file or directory"));
  assert_int_equal(files_in_directory(), 0);
}

/* Halves are scaled in double: of 4096 rows of (1, 3) and (1, 1) by turns, the first column is
 * constant and the second has mean 2 and deviation 1. NumPy 2.4.6 adds halves in float16 for
 * std(axis=0), where a sum of ones stops at 2048 (findings/half_precision_std.sh). */
static void test_halves_scaled(void **state) {
  (void)state;
  enum { ROWS = 4096 };
  static uint16_t half[2 * ROWS];
  for (size_t k = 0; k < 2 * ROWS; k++)
    half[k] = k % 4 == 1 ? 0x4200 : 0x3c00; /* 3, 1 */
  write_file(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (4096, 2)}", half, sizeof half);
  ntk_dataset *data = NULL;
  assert_int_equal(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_STANDARDIZE, &data), NTK_OK);
  assert_int_equal(ntk_dataset_constant_columns(data), 1);
  const double *X = ntk_dataset_values(data);
  for (size_t i = 0; i < ROWS; i++) {
    assert_true(X[2 * i] == 0.0);
    assert_true(X[2 * i + 1] == (i % 2 == 0 ? 1.0 : -1.0));
  }
  ntk_dataset_destroy(data);
  assert_int_equal(unlink(path), 0);
}

/* Everything that the tests before allocated has been freed, failures included. */
static void test_nothing_held(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(context), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_types),
      cmocka_unit_test(test_large_fortran), cmocka_unit_test(test_three_dimensions),
      cmocka_unit_test(test_failed_saves),  cmocka_unit_test(test_headers),
      cmocka_unit_test(test_halves_scaled), cmocka_unit_test(test_nothing_held),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
