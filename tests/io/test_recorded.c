/* Files as NumPy, ml_dtypes, h5py, netCDF4 and safetensors wrote them (tools/record_formats.py).
 * Property: the numbers of each are those that were given to the library that wrote it; what is not
 * read is refused by its right name, and does not hide its neighbours; a file whose end is missing
 * is refused. */
#include "io_support.h"

#include <zlib.h>

#include "file_bytes.h"
#include "io/archive/archive.h"
#include "recorded_files.h"

/* HDF5 1.10 loses 64 bytes where it refuses a data set of a later version; -fsanitize=address asks
 * this function what to pass over. NOLINTNEXTLINE(bugprone-reserved-identifier) */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { // NOLINT(bugprone-reserved-identifier)
  return "leak:libhdf5";
}

enum { ROWS = 4, COLS = 3, ENTRIES = ROWS * COLS };
static ntk_archive *archive;

/* x_ij = (7 (3 i + j) + 1) mod 16 */
static double entry(size_t k) {
  return (double)((7 * k + 1) % 16);
}

static unsigned char *unpack(const recorded_file *file) {
  unsigned char *all = malloc(file->count);
  uLongf count = (uLongf)file->count;
  assert_non_null(all);
  assert_int_equal(uncompress(all, &count, (const Bytef *)file->bytes, (uLong)file->packed), Z_OK);
  assert_int_equal(count, file->count);
  return all;
}

static const char *write_recorded(const char *name, const recorded_file *file) {
  static char path[256];
  unsigned char *all = unpack(file);
  snprintf(path, sizeof path, "%s", at(name));
  write_bytes(path, all, file->count);
  free(all);
  return path;
}

/* Whether it can be read here; HDF5 may be missing. */
static bool open_recorded(const char *name, const recorded_file *file) {
  const ntk_status status = ntk_archive_open(write_recorded(name, file), &archive);
  if (strstr(ntk_error_message(), "is HDF5, and its library") != NULL ||
      strstr(ntk_error_message(), "has no arrays with names; accepted: .npz, .safetensors, "))
    return status == NTK_OK;
  assert_ok(status);
  return true;
}

static void expect(const char *name, const char *type, bool truth) {
  double values[ENTRIES];
  const size_t i = ntk_archive_find(archive, name);
  assert_true(i < ntk_archive_count(archive));
  const ntk_tensor *tensor = ntk_archive_tensor(archive, i);
  if (tensor->refusal != NULL)
    fail_msg("%s", tensor->refusal);
  assert_string_equal(tensor->type, type);
  assert_int_equal(tensor->rank, 2);
  assert_int_equal(tensor->shape[0], ROWS);
  assert_int_equal(tensor->shape[1], COLS);
  assert_ok(ntk_archive_read(archive, i, values));
  for (size_t k = 0; k < ENTRIES; k++)
    assert_true(values[k] == (truth ? (double)(entry(k) > 7.0) : entry(k)));
}

static void expect_refused(const char *name, const char *says) {
  double value;
  const size_t i = ntk_archive_find(archive, name);
  assert_true(i < ntk_archive_count(archive));
  assert_non_null(ntk_archive_tensor(archive, i)->refusal);
  assert_refused(ntk_archive_read(archive, i, &value), NTK_ERR_FORMAT, says);
  assert_string_equal(ntk_archive_tensor(archive, i)->refusal, ntk_error_message());
}

static void test_npz(void **state) {
  (void)state;
  static const recorded_file *const files[] = {&recorded_npz, &recorded_npz_compressed};
  for (size_t k = 0; k < COUNT(files); k++) {
    assert_true(open_recorded("a.npz", files[k]));
    assert_int_equal(ntk_archive_count(archive), 5);
    assert_string_equal(ntk_archive_tensor(archive, 3)->name, "w9"); /* before w10 */
    expect("X", "float64", false);
    expect("w10", "bfloat16", false);
    expect_refused("names", "a.npz:names: holds dtype '<U2' (strings)");
    expect_refused("objects", "a.npz:objects: holds dtype '|O' (Python objects)");
    ntk_archive_close(archive);
  }
}

static void test_npy(void **state) {
  (void)state;
  double values[ENTRIES];
  ntk_array_info info;
  const char *path = write_recorded("a.npy", &recorded_bfloat16);
  assert_ok(ntk_array_shape(path, &info));
  assert_string_equal(info.type, "bfloat16");
  assert_ok(ntk_array_load(path, 0, ROWS, values));
  for (size_t k = 0; k < ENTRIES; k++)
    assert_true(values[k] == entry(k));
  path = write_recorded("a.npy", &recorded_float8_e4m3fn);
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "'<V1' (one of ml_dtypes's float8");
  path = write_recorded("a.npy", &recorded_float8_e5m2);
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "'<f1' (float8_e5m2");
}

static void test_safetensors(void **state) {
  (void)state;
  static const char *const names[] = {"8.weight", "9.weight", "10.weight", "b", "i", "m"};
  assert_true(open_recorded("a.safetensors", &recorded_safetensors));
  assert_int_equal(ntk_archive_count(archive), COUNT(names));
  for (size_t i = 0; i < COUNT(names); i++)
    assert_string_equal(ntk_archive_tensor(archive, i)->name, names[i]);
  expect("8.weight", "float64", false);
  expect("9.weight", "bfloat16", false);
  expect("10.weight", "float32", false);
  expect("b", "float16", false);
  expect("i", "int64", false);
  expect("m", "bool", true);
  ntk_archive_close(archive);
}

static void test_hdf5(void **state) {
  (void)state;
  if (!open_recorded("a.h5", &recorded_hdf5))
    skip();
  assert_string_equal(ntk_archive_format(archive), "hdf5");
  expect("X", "float64", false);
  expect("packed", "float32", false);
  expect("deep/er/half", "float16", false);
  expect("deep/true", "bool", true);
  expect("whole", "int64", false);
  expect_refused("lzf", "is packed by filter 32000 (lzf), which is not installed; accepted: gzip");
  expect_refused("text", "holds strings; accepted: floats");
  expect_refused("complex", "holds records (complex numbers are such)");
  expect_refused("unwritten", "it was never written");
  expect_refused("scaled", "are packed by scale_factor, as netCDF does");
  assert_int_equal(ntk_archive_find(archive, "elsewhere"), ntk_archive_count(archive));
  assert_int_equal(ntk_archive_count(archive), 10);
  ntk_archive_close(archive);
  double rows[ENTRIES];
  assert_ok(ntk_array_load(at("a.h5:/packed"), 1, 2, rows));
  for (size_t k = 0; k < 2 * COLS; k++)
    assert_true(rows[k] == entry(COLS + k));
  assert_refused(ntk_array_load(at("a.h5:lzf"), 0, 1, rows), NTK_ERR_FORMAT, "filter 32000");
  assert_refused(ntk_array_load(at("a.h5:none"), 0, 1, rows), NTK_ERR_FORMAT, "no array 'none'");
  assert_true(open_recorded("a.h5", &recorded_hdf5_latest));
  expect("X", "float64", false); /* whatever becomes of its neighbour, by the library's age */
  ntk_archive_close(archive);
}

/* entry(10) = 7 is missing in those that have a number for it. */
static void test_netcdf(void **state) {
  (void)state;
  static const char *const missing[][2] = {
      {"by_default", "holds 9.969209968386869e+36 in row 4, column 2 (counted from 1), which by "
                     "netCDF stands for a number that is missing"},
      {"by_fill", "holds -999.89999999999998 in row 4, column 2 (counted from 1), which by "
                  "_FillValue stands"},
      {"by_value", "holds -999.9000244140625 in row 4, column 2 (counted from 1), which by "
                   "missing_value stands"}};
  double values[ENTRIES];
  if (!open_recorded("a.nc", &recorded_netcdf))
    skip();
  expect("X", "float64", false);
  expect("nan", "float64", false);
  expect("by_word", "float64", false);
  expect_refused("offset", "are packed by add_offset, as netCDF does");
  expect_refused("unsigned", "are packed by _Unsigned, as netCDF does");
  for (size_t k = 0; k < COUNT(missing); k++) {
    const size_t i = ntk_archive_find(archive, missing[k][0]);
    assert_true(i < ntk_archive_count(archive));
    assert_refused(ntk_archive_read(archive, i, values), NTK_ERR_NOT_FINITE, missing[k][1]);
  }
  ntk_archive_close(archive);
  assert_ok(ntk_array_load(at("a.nc:by_fill"), 0, 3, values)); /* the rows before it */
}

/* Files that end early, wherever. */
static void test_truncated(void **state) {
  (void)state;
  static const recorded_file *const files[] = {&recorded_npz, &recorded_npz_compressed,
                                               &recorded_safetensors, &recorded_bfloat16};
  ntk_array_info info;
  for (size_t f = 0; f < COUNT(files); f++) {
    unsigned char *all = unpack(files[f]);
    for (size_t n = 0; n < files[f]->count; n++) {
      write_bytes(at("a"), all, n);
      assert_int_not_equal(ntk_array_shape(at("a"), &info), NTK_OK);
    }
    free(all);
  }
}

int main(void) {
  ntk_io_formats();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_npz),         cmocka_unit_test(test_npy),
      cmocka_unit_test(test_safetensors), cmocka_unit_test(test_hdf5),
      cmocka_unit_test(test_netcdf),      cmocka_unit_test(test_truncated),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
