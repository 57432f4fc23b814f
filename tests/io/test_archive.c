/* Lists of named arrays, and each of them as doubles.
 * Property: the list has every array with its type, rank and extents, numbers in names counted as
 * numbers, one that cannot be read beside those that can; an array comes row-major whatever lies in
 * the file. */
#include "io_support.h"

#include "archive_files.h"
#include "io/archive/archive.h"

static ntk_archive *archive;

static void expect_names(const char *const *name, size_t count) {
  assert_int_equal(ntk_archive_count(archive), count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(ntk_archive_tensor(archive, i)->name, name[i]);
    assert_int_equal(ntk_archive_find(archive, name[i]), i);
  }
  assert_int_equal(ntk_archive_find(archive, "none"), count);
}

static const ntk_tensor *named(const char *name) {
  return ntk_archive_tensor(archive, ntk_archive_find(archive, name));
}

static void expect_values(const char *name, const double *expected, size_t count) {
  double values[64];
  if (named(name)->refusal != NULL)
    fail_msg("%s", named(name)->refusal);
  assert_int_equal(named(name)->count, count);
  assert_ok(ntk_archive_read(archive, ntk_archive_find(archive, name), values));
  assert_memory_equal(values, expected, count * sizeof *values);
}

static void add_npy(zip_file *zip, const char *name, const char *descr, const char *order,
                    const char *shape, const void *numbers, size_t n) {
  bytes npy = bytes_new();
  put_npy(&npy, descr, order, shape, numbers, n);
  (void)zip_add(zip, name, &npy, zip->count % 2 == 0 ? 8 : 0);
  free(npy.at);
}

/* a_ijk = 100 i + 10 j + k of 2 x 3 x 4, as C and as Fortran lay it out. */
static void test_npz(void **state) {
  (void)state;
  double by_rows[24], by_columns[24], scalar = -2.5;
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < 3; j++)
      for (size_t k = 0; k < 4; k++)
        by_rows[12 * i + 4 * j + k] = by_columns[i + 2 * j + 6 * k] =
            (double)(100 * i + 10 * j + k);
  zip_file zip = {.all = bytes_new()};
  add_npy(&zip, "w10.npy", "<f8", "True", "(2, 3, 4)", by_columns, sizeof by_columns);
  add_npy(&zip, "w2.npy", "<f8", "False", "(2, 3, 4)", by_rows, sizeof by_rows);
  add_npy(&zip, "w02.npy", "<f8", "False", "(24,)", by_rows, sizeof by_rows);
  add_npy(&zip, "a/s.npy", "<f8", "False", "()", &scalar, sizeof scalar);
  add_npy(&zip, "text.npy", "<U1", "False", "(2,)", by_rows, 8);
  add_npy(&zip, "none.npy", "|u1", "False", "(0, 7)", by_rows, 0);
  add_npy(&zip, "many.npy", "|u1", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "x", 1);
  zip_write(&zip, at("a.npz"), false, "");
  assert_ok(ntk_archive_open(at("a.npz"), &archive));
  assert_string_equal(ntk_archive_format(archive), "npz");
  const char *const names[] = {"a/s", "many", "none", "text", "w02", "w2", "w10"};
  assert_int_equal(ntk_archive_find(archive, "none"), 2);
  assert_int_equal(ntk_archive_count(archive), 7);
  for (size_t i = 0; i < 7; i++)
    assert_string_equal(ntk_archive_tensor(archive, i)->name, names[i]);
  expect_values("w10", by_rows, 24);
  expect_values("w2", by_rows, 24);
  expect_values("a/s", &scalar, 1);
  expect_values("none", by_rows, 0);
  assert_int_equal(named("a/s")->rank, 0);
  assert_int_equal(named("w10")->rank, 3);
  assert_int_equal(named("w10")->shape[2], 4);
  assert_string_equal(named("none")->type, "uint8");
  assert_non_null(strstr(named("text")->refusal, "a.npz:text: holds dtype '<U1' (strings)"));
  assert_non_null(strstr(named("many")->refusal, "of 9 dimensions; accepted: up to 8"));
  double values[24];
  assert_refused(ntk_archive_read(archive, 3, values), NTK_ERR_FORMAT, "a.npz:text: holds dtype");
  ntk_archive_close(archive);
}

static void test_safetensors(void **state) {
  (void)state;
  /* Types by the bytes; BF16 0x3fc0 is 1.5, F16 0x3e00 too; at odd places. */
  static const unsigned char data[] = {7, 0xc0, 0x3f, 0, 0x3e, 0xfe, 0xff, 0xff, 0xff, 0,
                                       0, 0,    0,    0, 0,    0xf8, 0x3f, 1,    2};
  write_safetensors(at("a.safetensors"),
                    "{\"l.10.w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
                    "\"l.9.w\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[1,3]},"
                    "\"h\":{\"data_offsets\":[3,5],\"shape\":[1],\"dtype\":\"F16\"},"
                    "\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[5,9]},"
                    "\"d\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[9,17]},"
                    "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[17,17]},"
                    "\"8\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[17,18]},"
                    "\"b\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[18,19]}}",
                    data, sizeof data);
  assert_ok(ntk_archive_open(at("a.safetensors"), &archive));
  const char *const names[] = {"8", "b", "d", "e", "h", "i", "l.9.w", "l.10.w"};
  expect_names(names, 8);
  expect_values("l.10.w", (double[]){7.0}, 1);
  expect_values("l.9.w", (double[]){1.5}, 1);
  expect_values("h", (double[]){1.5}, 1);
  expect_values("i", (double[]){-2.0}, 1);
  expect_values("d", (double[]){1.5}, 1);
  expect_values("b", (double[]){1.0}, 1);
  assert_string_equal(named("l.9.w")->type, "bfloat16");
  assert_non_null(strstr(named("8")->refusal, ":8: holds dtype F8_E4M3; accepted: F64, F32"));
  ntk_archive_close(archive);
}

static void write_npy(const char *name, const char *shape, const double *values, size_t n) {
  bytes npy = bytes_new();
  put_npy(&npy, "<f8", "False", shape, values, n * sizeof *values);
  write_bytes(at(name), npy.at, npy.count);
  free(npy.at);
}

static void test_directory(void **state) {
  (void)state;
  static const double values[] = {1, 2, 3, 4, 5, 6};
  char folder[256], command[300];
  snprintf(folder, sizeof folder, "%s", at("weights"));
  snprintf(command, sizeof command, "mkdir %s", folder);
  assert_int_equal(system(command), 0);
  write_npy("weights/W10.npy", "(2, 3)", values, 6);
  write_npy("weights/W2.npy", "(3,)", values, 3);
  write_npy("weights/b1.npy", "(3, 2)", values, 5); /* truncated */
  write_npy("weights/.hidden.npy", "(6,)", values, 6);
  write_bytes(at("weights/result.json"), "{}", 2);
  assert_ok(ntk_archive_open(folder, &archive));
  assert_string_equal(ntk_archive_format(archive), "directory");
  const char *const names[] = {"W2", "W10", "b1"};
  expect_names(names, 3);
  expect_values("W10", values, 6);
  assert_int_equal(named("W10")->shape[1], 3);
  assert_non_null(strstr(named("b1")->refusal, "weights/b1.npy: truncated"));
  ntk_archive_close(archive);
  assert_refused(ntk_archive_open(at("weights/W2.npy"), &archive), NTK_ERR_FORMAT,
                 "has no arrays with names; accepted: .npz, .safetensors");
  assert_refused(ntk_archive_open(at("none"), &archive), NTK_ERR_FILE, "cannot be read");
  ntk_archive_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_npz),
      cmocka_unit_test(test_safetensors),
      cmocka_unit_test(test_directory),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
