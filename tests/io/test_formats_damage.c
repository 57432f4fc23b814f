/* Files with bytes changed at random.
 * Property: what is done with any such file ends, touches no memory that is not its own (the preset
 * asan) and gives a refusal of one line, or numbers: of what is packed with a sum, none but the
 * right ones. Bounded: some thousand files, from a fixed seed. */
#include "io_support.h"

#include "archive_files.h"
#include "io/archive/archive.h"

enum { ROWS = 20, COLS = 6, ENTRIES = ROWS * COLS, FILES = 1500 };

static double doubles[ENTRIES];
static unsigned char small[ENTRIES];

static uint64_t next(uint64_t *seed) { /* splitmix64 */
  uint64_t z = *seed += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* A byte, a run of ones, the end cut off, bytes inserted: one of these, once to three times. */
static void damage(bytes *file, uint64_t *seed) {
  for (uint64_t times = 1 + next(seed) % 3; times > 0 && file->count > 8; times--) {
    const size_t at = next(seed) % file->count;
    const uint64_t kind = next(seed) % 8;
    if (kind < 5)
      file->at[at] = (unsigned char)(kind < 3 ? next(seed) : file->at[at] ^ (uint64_t)1 << kind);
    else if (kind == 5)
      memset(file->at + at, 0xff, file->count - at < 8 ? file->count - at : 8);
    else if (kind == 6)
      file->count = at + 1;
    else
      put_bytes(file, "PK\5\6\1\2\3\4", next(seed) % 8);
  }
}

static bool one_line(void) {
  return ntk_error_message()[0] != '\0' && strchr(ntk_error_message(), '\n') == NULL;
}

/* All that a user could do with it. sum: it has one. */
static void use(const char *path, bool sum) {
  ntk_dataset *data = NULL;
  ntk_archive *archive = NULL;
  if (ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &data) == NTK_OK) {
    if (sum && ntk_dataset_samples(data) == ROWS && ntk_dataset_dim(data) == COLS)
      assert_memory_equal(ntk_dataset_values(data), doubles, sizeof doubles);
    assert_true(ntk_dataset_samples(data) <= 1 << 20);
    ntk_dataset_destroy(data);
  } else {
    assert_true(one_line());
  }
  if (ntk_archive_open(path, &archive) != NTK_OK) {
    assert_true(one_line());
    return;
  }
  for (size_t i = 0; i < ntk_archive_count(archive); i++) {
    const ntk_tensor *tensor = ntk_archive_tensor(archive, i);
    assert_true(tensor->count <= 1 << 20);
    double *values = malloc((tensor->count + 1) * sizeof *values);
    assert_non_null(values);
    if (tensor->refusal == NULL && ntk_archive_read(archive, i, values) != NTK_OK)
      assert_true(one_line());
    free(values);
  }
  ntk_archive_close(archive);
}

static void damage_often(const char *name, bool sum) {
  char path[256];
  snprintf(path, sizeof path, "%s", at(name));
  size_t count = 0;
  unsigned char *whole = read_bytes(path, &count);
  use(path, sum);
  uint64_t seed = count;
  bytes file = bytes_new();
  for (size_t k = 0; k < FILES; k++) {
    file.count = 0;
    put_bytes(&file, whole, count);
    damage(&file, &seed);
    (void)unlink(path); /* one that is overwritten some file systems put on the disk at once */
    write_bytes(path, file.at, file.count);
    use(path, sum);
  }
  free(file.at);
  free(whole);
}

static void test_npz(void **state) {
  (void)state;
  bytes X = bytes_new();
  put_npy(&X, "<f8", "False", "(20, 6)", doubles, sizeof doubles);
  for (unsigned k = 0; k < 4; k++) {
    zip_file zip = {.all = bytes_new()};
    (void)zip_add(&zip, "X.npy", &X, 8 * (k % 2));
    (void)zip_add(&zip, "y.npy", &X, 8 - 8 * (k % 2));
    zip_write(&zip, at("a.npz"), k >= 2, "");
    damage_often("a.npz", false); /* a damaged name may hide either array, and so on */
    zip = (zip_file){.all = bytes_new()};
    (void)zip_add(&zip, "X.npy", &X, 8 * (k % 2));
    zip_write(&zip, at("a.npz"), k >= 2, "");
    damage_often("a.npz", true);
  }
  free(X.at);
}

static void test_gzip(void **state) {
  (void)state;
  bytes idx = bytes_new(), all = bytes_new();
  put_bytes(&idx, "\0\0\x8\2\0\0\0\x14\0\0\0\6", 12);
  put_bytes(&idx, small, sizeof small);
  put_packed(&all, idx.at, 60, 31);
  put_packed(&all, idx.at + 60, idx.count - 60, 31);
  write_bytes(at("a.gz"), all.at, all.count);
  damage_often("a.gz", true);
  free(idx.at);
  free(all.at);
}

static void test_safetensors(void **state) {
  (void)state;
  write_safetensors(at("a.safetensors"),
                    "{\"__metadata__\":{\"format\":\"pt\"},"
                    "\"X\":{\"dtype\":\"F64\",\"shape\":[20,6],\"data_offsets\":[0,960]},"
                    "\"b\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[960,960]}}",
                    doubles, sizeof doubles);
  damage_often("a.safetensors", false);
}

int main(void) {
  for (size_t k = 0; k < ENTRIES; k++)
    doubles[k] = small[k] = (unsigned char)(k * k % 251);
  ntk_io_formats();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_npz),
      cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_safetensors),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
