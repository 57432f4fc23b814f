/* The same numbers in every format are the same data.
 * Property: a matrix in .npy, .npz (stored, deflated, zip64), .safetensors and gzip around .npy,
 * IDX and text is read as the same doubles, all of it and any rows of it; "FILE:KEY" is an array of
 * a file of several, and without a key the only one that fits. */
#include "io_support.h"

#include "archive_files.h"

enum { ROWS = 300, COLS = 70, ENTRIES = ROWS * COLS };

/* x_ij: whole numbers under 256, so that every format has them. */
static double entry(size_t i, size_t j) {
  return (double)((i * i + 7 * j + i * j) % 251);
}

static unsigned char small[ENTRIES];
static float singles[ENTRIES];
static double doubles[ENTRIES], by_columns[ENTRIES];

static void fill(void) {
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < COLS; j++) {
      doubles[i * COLS + j] = by_columns[j * ROWS + i] = entry(i, j);
      singles[i * COLS + j] = (float)entry(i, j);
      small[i * COLS + j] = (unsigned char)entry(i, j);
    }
}

static void expect_same(const char *path, const char *format, const char *type) {
  static double read[ENTRIES];
  ntk_array_info info;
  assert_ok(ntk_array_shape(path, &info));
  assert_string_equal(info.format, format);
  assert_string_equal(info.type, type);
  assert_int_equal(info.rows, ROWS);
  assert_int_equal(info.cols, COLS);
  assert_ok(ntk_array_load(path, 0, ROWS, read));
  assert_memory_equal(read, doubles, sizeof read);
  static const size_t first[] = {0, 1, 123, 299, 300}, count[] = {1, 299, 100, 1, 0};
  for (size_t k = 0; k < 5; k++) { /* also from the middle of what is packed, and to its end */
    memset(read, 0, sizeof read);
    assert_ok(ntk_array_load(path, first[k], count[k], read));
    assert_memory_equal(read, doubles + first[k] * COLS, count[k] * COLS * sizeof *read);
  }
}

static void write_packed(const char *path, const bytes *content) {
  bytes all = bytes_new();
  put_packed(&all, content->at, content->count, 31);
  write_bytes(path, all.at, all.count);
  free(all.at);
}

static bytes plain_npy(void) {
  bytes npy = bytes_new();
  put_npy(&npy, "<f8", "False", "(300, 70)", doubles, sizeof doubles);
  return npy;
}

static void test_npz(void **state) {
  (void)state;
  bytes X = plain_npy(), F = bytes_new(), y = bytes_new();
  put_npy(&F, "<f8", "True", "(300, 70)", by_columns, sizeof by_columns);
  put_npy(&y, "<f8", "False", "(300,)", doubles, ROWS * sizeof *doubles);
  char path[256];
  snprintf(path, sizeof path, "%s", at("a.npz"));
  for (unsigned k = 0; k < 8; k++) {
    const unsigned method = k % 2 == 0 ? 0 : 8;
    zip_file zip = {.all = bytes_new()};
    (void)zip_add(&zip, "y.npy", &y, 8 - method);
    (void)zip_add(&zip, "X.npy", k % 4 < 2 ? &X : &F, method);
    (void)zip_add(&zip, "readme.txt", &y, method); /* what is no .npy is left alone */
    zip_write(&zip, path, k >= 4, k == 2 ? "PK\5\6 in a comment" : "");
    ntk_dataset *data = NULL; /* without a key: the only one with two dimensions */
    assert_ok(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &data));
    assert_memory_equal(ntk_dataset_values(data), doubles, sizeof doubles);
    ntk_dataset_destroy(data);
    assert_refused(ntk_array_load(path, 0, 1, by_columns), NTK_ERR_SHAPE,
                   "holds 2 arrays: X (300, 70), y (300,); accepted: one of them by name, as in");
    expect_same(at("a.npz:X"), "npz", "float64");
    double labels[ROWS];
    assert_ok(ntk_array_load(at("a.npz:y"), 0, ROWS, labels));
    assert_memory_equal(labels, doubles, sizeof labels);
  }
  free(X.at);
  free(F.at);
  free(y.at);
}

static void test_gzip(void **state) {
  (void)state;
  bytes npy = plain_npy(), idx = bytes_new(), text = bytes_new();
  write_packed(at("a.npy.gz"), &npy);
  expect_same(at("a.npy.gz"), "npy", "float64");
  put_bytes(&idx, "\0\0\x8\2\0\0\1\x2c\0\0\0\x46", 12);
  put_bytes(&idx, small, sizeof small);
  write_packed(at("a.gz"), &idx);
  expect_same(at("a.gz"), "idx", "uint8");
  for (size_t k = 0; k < ENTRIES; k++) {
    char number[16];
    put_bytes(&text, number,
              (size_t)snprintf(number, sizeof number, "%d%c", small[k],
                               k % COLS == COLS - 1 ? '\n' : ','));
  }
  write_packed(at("a.csv.gz"), &text);
  expect_same(at("a.csv.gz"), "text", "float64");
  bytes all = bytes_new(); /* several members, one after the other, are one file */
  put_packed(&all, idx.at, 1000, 31);
  put_packed(&all, idx.at + 1000, 0, 31);
  put_packed(&all, idx.at + 1000, idx.count - 1000, 31);
  write_bytes(at("b.gz"), all.at, all.count);
  expect_same(at("b.gz"), "idx", "uint8");
  free(npy.at);
  free(idx.at);
  free(text.at);
  free(all.at);
}

static void test_safetensors(void **state) {
  (void)state;
  char path[256];
  snprintf(path, sizeof path, "%s", at("a.safetensors"));
  write_safetensors(path,
                    "{\"X\":{\"dtype\":\"F32\",\"shape\":[300,70],\"data_offsets\":[0,84000]}}",
                    singles, sizeof singles);
  expect_same(path, "safetensors", "float32");
  expect_same(at("a.safetensors:X"), "safetensors", "float32");
  write_safetensors(path,
                    "{\"X\":{\"dtype\":\"U8\",\"shape\":[300,70],\"data_offsets\":[0,21000]}} ",
                    small, sizeof small);
  expect_same(path, "safetensors", "uint8");
  static uint16_t halves[ENTRIES]; /* bfloat16: the upper half of a float, here exact */
  for (size_t k = 0; k < ENTRIES; k++) {
    uint32_t word;
    memcpy(&word, &singles[k], sizeof word);
    halves[k] = (uint16_t)(word >> 16);
  }
  write_safetensors(path,
                    "{\"__metadata__\":{\"format\":\"pt\"},"
                    "\"X\":{\"dtype\":\"BF16\",\"shape\":[300,70],\"data_offsets\":[0,42000]}}",
                    halves, sizeof halves);
  expect_same(path, "safetensors", "bfloat16");
}

int main(void) {
  fill();
  ntk_io_formats();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_npz),
      cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_safetensors),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
