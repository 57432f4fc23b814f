/* Rows of a file: skipped, limited, drawn, held out, shuffled; labels go with them.
 * Property: the rows are those of the law that data.h states, by a plain Philox-4x64-10 and a plain
 * choice of the smallest keys, in every format and whatever the threads; a smaller draw is part of
 * a larger one, and every row and every place is as likely as another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/rows.h"
#include "ntkit/data.h"
#include "ntkit/fit.h"
#include "support.h"

#include "npy_file.h" /* its names would hide parameters above */

/* The high word of a b. */
static uint64_t high(uint64_t a, uint64_t b) {
  const uint64_t low = 0xffffffff, a1 = a >> 32, a0 = a & low, b1 = b >> 32, b0 = b & low;
  const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & low);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* Philox-4x64-10 of Salmon et al. (SC 2011), from the paper's equations. */
static void philox(const uint64_t key[2], const uint64_t counter[4], uint64_t out[4]) {
  const uint64_t M0 = 0xD2E7470EE14C6C93u, M1 = 0xCA5A826395121157u;
  uint64_t k[2] = {key[0], key[1]}, c[4] = {counter[0], counter[1], counter[2], counter[3]};
  for (int round = 0; round < 10; round++) {
    const uint64_t next[4] = {high(M1, c[2]) ^ c[1] ^ k[0], M1 * c[2], high(M0, c[0]) ^ c[3] ^ k[1],
                              M0 * c[0]};
    memcpy(c, next, sizeof c);
    k[0] += 0x9E3779B97F4A7C15u;
    k[1] += 0xBB67AE8584CAA73Bu;
  }
  memcpy(out, c, sizeof c);
}

static uint64_t key_of(uint64_t seed, size_t row, int word) {
  uint64_t words[4];
  philox((const uint64_t[2]){seed, 9}, (const uint64_t[4]){0, row, 0, 0}, words);
  return words[word];
}

/* Of these rows those that are held out, of which fewer than hold_out have a smaller key; or the
 * others. */
static size_t plain_split(const ntk_rows *rows, size_t count, size_t *row) {
  size_t kept[128], found = 0;
  memcpy(kept, row, count * sizeof *row);
  for (size_t i = 0; i < count; i++) {
    size_t before = 0;
    for (size_t j = 0; j < count; j++)
      before += key_of(rows->seed, kept[j], 2) < key_of(rows->seed, kept[i], 2);
    if ((before < rows->hold_out) == rows->held_out)
      row[found++] = kept[i];
  }
  return found;
}

/* The rows by the law, the plain way: a row is drawn when fewer than n have a smaller key. */
static size_t plain_rows(const ntk_rows *rows, size_t total, size_t *row) {
  size_t many = total - rows->skip, found = 0;
  if (rows->count > 0)
    many = rows->count;
  if (rows->limit > 0 && rows->limit < many)
    many = rows->limit;
  for (size_t i = rows->skip; i < rows->skip + many; i++) {
    size_t before = 0;
    for (size_t j = rows->skip; j < rows->skip + many; j++)
      before += key_of(rows->seed, j, 0) < key_of(rows->seed, i, 0);
    if (rows->subsample == 0 || before < rows->subsample)
      row[found++] = i;
  }
  if (rows->hold_out > 0)
    found = plain_split(rows, found, row);
  for (size_t a = 0; a < found && rows->shuffle; a++) /* by insertion */
    for (size_t b = a; b > 0 && key_of(rows->seed, row[b], 1) < key_of(rows->seed, row[b - 1], 1);
         b--) {
      const size_t kept = row[b];
      row[b] = row[b - 1];
      row[b - 1] = kept;
    }
  return found;
}

/* The first known answer that comes with Random123. */
static void test_philox(void **state) {
  (void)state;
  uint64_t words[4];
  philox((const uint64_t[2]){0, 0}, (const uint64_t[4]){0, 0, 0, 0}, words);
  assert_true(words[0] == 0x16554d9eca36314cu && words[3] == 0x7e68b68aec7ba23bu);
}

static const ntk_rows wanted[] = {
    {0},
    {.skip = 7},
    {.count = 9},
    {.limit = 11},
    {.limit = 1000},
    {.skip = 69},
    {.skip = 5, .count = 65},
    {.subsample = 1, .seed = 3},
    {.subsample = 20, .seed = 3},
    {.subsample = 70, .seed = 3},
    {.skip = 10, .limit = 40, .subsample = 25, .seed = 4},
    {.shuffle = true, .seed = 5},
    {.skip = 3, .count = 30, .subsample = 12, .shuffle = true, .seed = UINT64_MAX},
    {.hold_out = 20, .seed = 3},
    {.hold_out = 20, .held_out = true, .seed = 3},
    {.skip = 4, .limit = 50, .subsample = 31, .hold_out = 7, .shuffle = true, .seed = 8},
    {.skip = 4, .limit = 50, .subsample = 31, .hold_out = 7, .held_out = true, .seed = 8},
    {.count = 60, .hold_out = 59, .held_out = true, .shuffle = true, .seed = 9},
};
enum { TOTAL = 70 };

static void test_law(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(wanted); k++) {
    size_t expected[TOTAL], row[TOTAL], count = 0;
    const size_t many = plain_rows(&wanted[k], TOTAL, expected);
    assert_ok(ntk_rows_count(&wanted[k], TOTAL, "X", &count));
    assert_int_equal(count, many);
    assert_ok(ntk_rows_choose(context, &wanted[k], TOTAL, row));
    assert_memory_equal(row, expected, many * sizeof *row);
  }
}

/* Over 4000 seeds each of 10 rows is among 3 drawn with chance 3/10, and at each place of a shuffle
 * with 1/10, within 5 standard errors. */
static void test_even(void **state) {
  (void)state;
  enum { SEEDS = 4000, ROWS = 10, DRAWN = 3 };
  size_t drawn[ROWS] = {0}, placed[ROWS][ROWS] = {{0}}, row[ROWS];
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    assert_ok(ntk_rows_choose(context, &(ntk_rows){.subsample = DRAWN, .seed = seed}, ROWS, row));
    for (size_t k = 0; k < DRAWN; k++)
      drawn[row[k]]++;
    assert_ok(ntk_rows_choose(context, &(ntk_rows){.shuffle = true, .seed = seed}, ROWS, row));
    for (size_t k = 0; k < ROWS; k++)
      placed[row[k]][k]++;
  }
  for (size_t i = 0; i < ROWS; i++) {
    assert_near((double)drawn[i] / SEEDS, 0.3, 5.0 * sqrt(0.21 / SEEDS), "drawn");
    for (size_t k = 0; k < ROWS; k++)
      assert_near((double)placed[i][k] / SEEDS, 0.1, 5.0 * sqrt(0.09 / SEEDS), "placed");
  }
}

/* A draw of n is part of one of n + 1, of the same rows. */
static void test_nested(void **state) {
  (void)state;
  size_t row[2][TOTAL];
  for (size_t n = 1; n < TOTAL; n++) {
    assert_ok(ntk_rows_choose(context, &(ntk_rows){.subsample = n, .seed = 9}, TOTAL, row[0]));
    assert_ok(ntk_rows_choose(context, &(ntk_rows){.subsample = n + 1, .seed = 9}, TOTAL, row[1]));
    for (size_t k = 0, at = 0; k < n; k++, at++) {
      while (at <= n && row[1][at] != row[0][k])
        at++;
      assert_true(at <= n);
    }
  }
}

/* Row i of the file holds cols numbers 1000 i + j. */
static double number(size_t i, size_t j) {
  return 1000.0 * (double)i + (double)j;
}

static void expect_rows(const double *values, const size_t *row, size_t count, size_t cols) {
  for (size_t k = 0; k < count; k++)
    for (size_t j = 0; j < cols; j++)
      if (values[k * cols + j] != number(row[k], j))
        fail_msg("place %zu, column %zu: %g of row %zu", k, j, values[k * cols + j], row[k]);
}

/* Whatever is in `path`: TOTAL rows. Labels of 1 and of 3 numbers follow. */
static void expect_selected(size_t cols) {
  char labels[2][80];
  double Y[TOTAL * 3];
  for (size_t c = 0; c < 2; c++) {
    const size_t outputs = c == 0 ? 1 : 3, shape[2] = {TOTAL, outputs};
    for (size_t k = 0; k < TOTAL * outputs; k++)
      Y[k] = number(k / outputs, k % outputs);
    snprintf(labels[c], sizeof labels[c], "%s/Y%zu.npy", directory, c);
    assert_ok(ntk_npy_save(labels[c], Y, c == 0 ? 1 : 2, shape));
  }
  for (size_t k = 0; k < COUNT(wanted); k++) {
    size_t row[TOTAL], N = 0, d = 0;
    const size_t count = plain_rows(&wanted[k], TOTAL, row);
    ntk_dataset *data = NULL;
    assert_ok(ntk_dataset_select_shape(path, &wanted[k], &N, &d));
    assert_true(N == count && d == cols);
    assert_ok(ntk_dataset_select(context, path, &wanted[k], cols, NTK_SCALE_NONE, &data));
    assert_int_equal(ntk_dataset_samples(data), count);
    expect_rows(ntk_dataset_values(data), row, count, cols);
    assert_ok(ntk_labels_load(context, labels[0], data, Y));
    expect_rows(Y, row, count, 1);
    assert_ok(ntk_labels_load_outputs(context, labels[1], data, 3, Y));
    expect_rows(Y, row, count, 3);
    ntk_dataset_destroy(data);
  }
  assert_int_equal(unlink(labels[0]) | unlink(labels[1]), 0);
}

/* Rows wide enough that a piece of the file is one row, some, or all of them. */
static void test_npy(void **state) {
  (void)state;
  const size_t widths[] = {1, 5, 20000, 140000};
  for (size_t w = 0; w < COUNT(widths); w++) {
    const size_t cols = widths[w], shape[2] = {TOTAL, cols};
    double *X = calloc(TOTAL * cols, sizeof *X);
    assert_non_null(X);
    for (size_t k = 0; k < TOTAL * cols; k++)
      X[k] = number(k / cols, k % cols);
    assert_ok(ntk_npy_save(path, X, 2, shape));
    free(X);
    expect_selected(cols);
  }
}

static void test_fortran(void **state) {
  (void)state;
  double X[3 * TOTAL];
  for (size_t j = 0; j < 3; j++)
    for (size_t i = 0; i < TOTAL; i++)
      X[j * TOTAL + i] = number(i, j);
  write_file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (70, 3), }", X, sizeof X);
  expect_selected(3);
}

static void test_text(void **state) {
  (void)state;
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < TOTAL; i++)
    fprintf(file, "%g,%g\n", number(i, 0), number(i, 1));
  assert_int_equal(fclose(file), 0);
  expect_selected(2);
}

static void test_refused(void **state) {
  (void)state;
  const struct {
    ntk_rows rows;
    ntk_status status;
    const char *option, *says;
  } cases[] = {
      {{.skip = 70},
       NTK_ERR_SHAPE,
       "skip",
       "has 70 rows, and 70 are to be skipped; accepted: 0 to 69"},
      {{.skip = SIZE_MAX}, NTK_ERR_SHAPE, "skip", "accepted: 0 to 69"},
      {{.count = 71}, NTK_ERR_SHAPE, NULL, "71 samples asked for, and the file has 70"},
      {{.skip = 60, .count = 11}, NTK_ERR_SHAPE, NULL, "has 10 after the 60 that are skipped"},
      {{.subsample = 71}, NTK_ERR_SHAPE, "subsample", "71 rows are to be drawn from 70"},
      {{.limit = 5, .subsample = 6}, NTK_ERR_SHAPE, "subsample", "from 5; accepted: 1 to 5"},
      {{.hold_out = 70},
       NTK_ERR_SHAPE,
       "hold-out",
       "70 rows are to be held out of 70; accepted: fewer"},
      {{.subsample = 5, .hold_out = 6}, NTK_ERR_SHAPE, "hold-out", "held out of 5"},
      {{.count = 5, .limit = 6}, NTK_ERR_ARGUMENT, "limit", "exactly 5 rows and at most 6"},
  };
  const size_t shape[2] = {TOTAL, 1};
  double X[TOTAL], Y[TOTAL] = {0};
  for (size_t i = 0; i < TOTAL; i++)
    X[i] = number(i, 0);
  assert_ok(ntk_npy_save(path, X, 2, shape));
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_dataset *data = NULL;
    assert_refused(ntk_dataset_select(context, path, &cases[k].rows, 0, NTK_SCALE_NONE, &data),
                   cases[k].status, cases[k].says);
    assert_null(data);
    const char *option = ntk_error_last().option;
    assert_true(cases[k].option == NULL ? option == NULL : strcmp(option, cases[k].option) == 0);
  }
  /* Labels for the rows that were chosen alone do not say of which they are. */
  char labels[80];
  const ntk_rows rows = {.skip = 1};
  const size_t count = TOTAL - 1;
  ntk_dataset *data = NULL;
  snprintf(labels, sizeof labels, "%s/Y.npy", directory);
  assert_ok(ntk_npy_save(labels, X, 1, &count));
  assert_ok(ntk_dataset_select(context, path, &rows, 0, NTK_SCALE_NONE, &data));
  assert_refused(ntk_labels_load(context, labels, data, Y), NTK_ERR_SHAPE,
                 "holds 69 labels; accepted: 70 labels: one for each row of the data's file");
  assert_refused(ntk_labels_load_outputs(context, labels, data, 3, Y), NTK_ERR_SHAPE,
                 "holds 69 labels; accepted: 70 x 3 labels: one for each row");
  assert_int_equal(unlink(labels), 0);
  ntk_dataset_destroy(data);
}

static size_t reads;

static ntk_status counted_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  reads++;
  for (size_t k = 0; k < count * reader->cols; k++)
    out[k] = (double)(first * reader->cols + k);
  return NTK_OK;
}

/* What is unpacked on the way may be unpacked from its beginning for each read: there are few, and
 * more where there is no memory for what they bring. */
static void test_unpacked(void **state) {
  (void)state;
  enum { UNPACKED = 150000, WIDTH = 7, DRAWN = 500 };
  static const ntk_source source = {0};
  static const ntk_reader_format format = {.rows = counted_rows};
  const ntk_reader file = {
      .format = &format, .path = "rows", .rows = UNPACKED, .cols = WIDTH, .source = &source};
  const ntk_rows drawn = {.subsample = DRAWN, .seed = 3, .shuffle = true};
  double *X = malloc(DRAWN * WIDTH * sizeof *X);
  size_t *row = malloc(DRAWN * sizeof *row);
  assert_non_null(X);
  assert_non_null(row);
  for (int little = 0; little < 2; little++) {
    const ntk_context_options options = {.memory_limit = little ? (size_t)16 << 20 : 0};
    ntk_context *own = NULL;
    ntk_row_list list;
    assert_ok(ntk_context_create(&options, &own));
    assert_ok(ntk_row_list_make(own, &drawn, UNPACKED, file.path, &list));
    reads = 0;
    assert_ok(ntk_row_list_read(&list, NULL, &file, X));
    assert_true(little ? reads > 1 : reads == 1);
    assert_ok(ntk_rows_choose(own, &drawn, UNPACKED, row));
    for (size_t k = 0; k < DRAWN * WIDTH; k++)
      assert_true(X[k] == (double)(row[k / WIDTH] * WIDTH + k % WIDTH));
    ntk_row_list_clear(&list);
    ntk_context_destroy(own);
  }
  free(row);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_philox),   cmocka_unit_test(test_law),
      cmocka_unit_test(test_even),     cmocka_unit_test(test_nested),
      cmocka_unit_test(test_npy),      cmocka_unit_test(test_fortran),
      cmocka_unit_test(test_text),     cmocka_unit_test(test_refused),
      cmocka_unit_test(test_unpacked),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
