/* What is packed or has named arrays, and is refused.
 * Property: a truncated, over-long or lying .npz, gzip or .safetensors is refused with the right
 * status, in one line that names the file and what is wrong, with place or sizes; nothing is read.
 */
#include "io_support.h"

#include "archive_files.h"

static char path[256];
static const double numbers[] = {1, 2, 3, 4, 5, 6};

static void expect_refusal(ntk_status expected, const char *says) {
  ntk_dataset *data = NULL;
  assert_refused(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &data), expected, says);
  assert_null(data);
  assert_null(strchr(ntk_error_message(), '\n'));
  assert_non_null(strstr(ntk_error_message(), path));
}

static bytes matrix(void) {
  bytes npy = bytes_new();
  put_npy(&npy, "<f8", "False", "(2, 3)", numbers, sizeof numbers);
  return npy;
}

/* An archive of X.npy alone, stored or deflated, changed by `change` before its list is written. */
static void write_zip(unsigned method, void (*change)(zip_member *), bool zip64) {
  bytes X = matrix();
  zip_file zip = {.all = bytes_new()};
  zip_member *m = zip_add(&zip, "X.npy", &X, method);
  if (change != NULL)
    change(m);
  zip_write(&zip, path, zip64, "");
  free(X.at);
}

static void lie_crc(zip_member *m) {
  m->crc ^= 1;
}
static void lie_longer(zip_member *m) {
  m->size += 8;
}
static void lie_shorter(zip_member *m) {
  m->size -= 8;
}
static void lie_both(zip_member *m) {
  m->size = m->packed -= 8;
}
static void lie_packed(zip_member *m) {
  m->packed -= 9;
}
static void lie_huge(zip_member *m) {
  m->size = 1 << 30;
}
static void lie_place(zip_member *m) {
  m->local += 4;
}
static void lie_far(zip_member *m) {
  m->local = 1 << 20;
}
static void lie_beyond(zip_member *m) {
  m->size = m->packed += 100;
}
static void encrypt(zip_member *m) {
  m->flags |= 1;
}
static void pack_otherwise(zip_member *m) {
  m->method = 12;
}
static void pack_by_lzma(zip_member *m) {
  m->method = 14;
}
static void rename_member(zip_member *m) {
  m->name = "X.txt";
}
static void pickle(zip_member *m) {
  m->name = "model/data.pkl";
}
static void workbook(zip_member *m) {
  m->name = "[Content_Types].xml";
}

static void test_zip(void **state) {
  (void)state;
  static const struct {
    unsigned method;
    void (*change)(zip_member *);
    const char *says;
  } cases[] = {
      {0, lie_crc, "is damaged: the CRC of its 118 bytes is "},
      {8, lie_crc, "is damaged: the CRC of its 118 bytes is "},
      {0, lie_longer, "the archive says that its 118 bytes unpack to 126, which they cannot"},
      {8, lie_longer, "unpacks to 118 bytes, and the archive says 126"},
      {8, lie_shorter, "unpacks to more than the 110 bytes that the archive says"},
      {0, lie_both, "is damaged: the CRC of its 110 bytes is "},
      {8, lie_packed, "truncated: what is packed in it ends at byte"},
      {8, lie_huge, "unpack to 1073741824, which they cannot"},
      {0, lie_place, "at byte 4 no file begins where its list says so"},
      {0, lie_far, "at byte 1048576 a file begins outside of it"},
      {0, lie_beyond, "at byte 0 a file goes on behind the last"},
      {0, encrypt, "is encrypted"},
      {8, pack_otherwise, "is packed by method 12 of zip (bzip2); accepted: stored or deflated"},
      {8, pack_by_lzma, "is packed by method 14 of zip (LZMA); accepted: stored or deflated"},
      {0, rename_member, "is a zip archive without a .npy; accepted: .npz"},
      {0, pickle, "of torch.save, a pickle, which only PyTorch reads; accepted: safetensors"},
      {0, workbook, "an Excel workbook or its kin; accepted: what it saves as CSV"},
  };
  snprintf(path, sizeof path, "%s", at("a.npz"));
  for (size_t k = 0; k < 2 * COUNT(cases); k++) {
    write_zip(cases[k / 2].method, cases[k / 2].change, k % 2 == 1);
    expect_refusal(NTK_ERR_FORMAT, cases[k / 2].says);
  }
}

static void test_zip_as_a_whole(void **state) {
  (void)state;
  snprintf(path, sizeof path, "%s", at("a.npz"));
  write_zip(8, NULL, true);
  size_t count = 0;
  unsigned char *all = read_bytes(path, &count);
  for (size_t n = 4; n < count; n++) { /* no part of it is one */
    write_bytes(path, all, n);
    expect_refusal(NTK_ERR_FORMAT, "zip archive");
  }
  write_bytes(path, "PK\3\4 and no more", 16);
  expect_refusal(NTK_ERR_FORMAT, "without its end: truncated, or longer than it was written");
  free(all);
  bytes X = matrix();
  zip_file zip = {.all = bytes_new()};
  (void)zip_add(&zip, "X.npy", &X, 0);
  (void)zip_add(&zip, "X.npy", &X, 8);
  zip_write(&zip, path, false, "");
  expect_refusal(NTK_ERR_FORMAT, "holds two arrays named 'X'");
  zip.all = bytes_new();
  (void)zip_add(&zip, "X.npy", &X, 0);
  (void)zip_add(&zip, "Z.npy", &X, 0);
  zip_write(&zip, path, false, "");
  expect_refusal(NTK_ERR_SHAPE,
                 "holds 2 arrays: X (2, 3), Z (2, 3); accepted: one of them by name");
  snprintf(path, sizeof path, "%s", at("a.npz:Y"));
  expect_refusal(NTK_ERR_FORMAT, "the file has no array 'Y'; accepted: X (2, 3), Z (2, 3)");
  snprintf(path, sizeof path, "%s", at("a.npz:X"));
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &data));
  assert_memory_equal(ntk_dataset_values(data), numbers, sizeof numbers);
  ntk_dataset_destroy(data);
  free(X.at);
}

static void write_gzip(const bytes *content, const char *behind, size_t n, size_t cut) {
  bytes all = bytes_new();
  put_packed(&all, content->at, content->count, 31);
  put_bytes(&all, behind, n);
  write_bytes(path, all.at, all.count - cut);
  free(all.at);
}

static void test_gzip(void **state) {
  (void)state;
  snprintf(path, sizeof path, "%s", at("a.gz"));
  bytes X = matrix(), idx = bytes_new(), none = bytes_new();
  put_bytes(&idx, "\0\0\x8\2\0\0\0\2\0\0\0\3abcdef", 18);
  write_gzip(&idx, "rubbish", 7, 0);
  expect_refusal(NTK_ERR_FORMAT, "with 7 bytes that are no gzip; accepted: nothing behind its end");
  write_gzip(&idx, "\x1f\x8b", 2, 0);
  expect_refusal(NTK_ERR_FORMAT, "with 2 bytes that are no gzip");
  for (size_t cut = 1; cut < 20; cut++) {
    write_gzip(&idx, "", 0, cut);
    expect_refusal(NTK_ERR_FORMAT, "truncated: what is packed in it ends at byte");
  }
  idx.at[7] = 3; /* more rows than there are, and fewer */
  write_gzip(&idx, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT,
                 "IDX header promises more bytes of numbers than the 6 that follow");
  idx.at[7] = 1;
  write_gzip(&idx, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "IDX header promises fewer bytes of numbers");
  X.count -= 8;
  write_gzip(&X, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "truncated: shape (2, 3) of '<f8' takes 48 bytes");
  write_gzip(&none, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "is empty");
  bytes twice = bytes_new();
  put_packed(&twice, idx.at, idx.count, 31);
  write_gzip(&twice, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT,
                 "what is packed in it is compressed by gzip; accepted there: .npy");
  write_zip(0, NULL, false);
  unsigned char *zip = read_bytes(path, &twice.count);
  memcpy(twice.at, zip, twice.count);
  write_gzip(&twice, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "what is packed in it is a zip archive");
  free(zip);
  free(X.at);
  free(idx.at);
  free(none.at);
  free(twice.at);
}

/* The file is long, and so is told only when all of it has been read. */
static void test_long_gzip(void **state) {
  (void)state;
  enum { ROWS = 2000, COLS = 50, HEADER = 12 };
  snprintf(path, sizeof path, "%s", at("a.gz"));
  bytes idx = bytes_new();
  put_bytes(&idx, "\0\0\x8\2\0\0\x7\xd0\0\0\0\x32", HEADER);
  for (size_t k = 0; k < ROWS * COLS; k++)
    put_number(&idx, k * k % 251, 1);
  put_number(&idx, 0, 1);
  write_gzip(&idx, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "goes on behind the numbers that its header promises");
  idx.count -= 2;
  write_gzip(&idx, "", 0, 0);
  expect_refusal(NTK_ERR_FORMAT, "what is packed in it ends before what its header promises");
  idx.count += 1;
  bytes all = bytes_new();
  put_packed(&all, idx.at, idx.count, 31);
  all.at[all.count - 5] ^= 1; /* of the CRC */
  write_bytes(path, all.at, all.count);
  expect_refusal(NTK_ERR_FORMAT, "incorrect data check");
  all.at[all.count - 5] ^= 1;
  all.at[all.count - 1] ^= 1; /* of the length */
  write_bytes(path, all.at, all.count);
  expect_refusal(NTK_ERR_FORMAT, "incorrect length check");
  free(all.at);
  free(idx.at);
}

#define TENSOR(type, shape, from, to) \
  "{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static void test_safetensors(void **state) {
  (void)state;
  static const struct {
    const char *object;
    size_t bytes;
    ntk_status status;
    const char *says;
  } cases[] = {
      {"{\"X\":" TENSOR("F64", "[2,3]", "0", "48") "}", 47, NTK_ERR_FORMAT,
       "truncated: 'X' lies at bytes 0 to 48 of the 47 behind the header"},
      {"{\"X\":" TENSOR("F64", "[2,3]", "0", "48") "}", 49, NTK_ERR_FORMAT,
       "goes on for 1 bytes behind its last array"},
      {"{\"X\":" TENSOR("BF16", "[2,1]", "0", "5") "}", 5, NTK_ERR_FORMAT,
       "shape (2, 1) of BF16 takes 4 bytes, and the 5 from byte"},
      {"{\"X\":" TENSOR("F64", "[3,2]", "0", "40") "}", 40, NTK_ERR_FORMAT,
       "shape (3, 2) of F64 takes 48 bytes, and the 40 from byte"},
      {"{\"X\":" TENSOR("U8", "[2,3]", "0", "6") ",\"Z\":" TENSOR("U8", "[2,3]", "3", "9") "}", 9,
       NTK_ERR_FORMAT, "'Z' begins at byte 3 behind the header, and the one before it ends at 6"},
      {"{\"X\":" TENSOR("U8", "[2,3]", "0", "6") ",\"Z\":" TENSOR("U8", "[2,3]", "7", "13") "}", 13,
       NTK_ERR_FORMAT, "'Z' begins at byte 7 behind the header"},
      {"{\"X\":" TENSOR("U8", "[2,3]", "6", "0") "}", 6, NTK_ERR_FORMAT,
       "its header is wrong: 'X'"},
      {"{\"X\":" TENSOR("U8", "[2,3]", "-1", "5") "}", 6, NTK_ERR_FORMAT, "has no data_offsets"},
      {"{\"X\":" TENSOR("U8", "[2,-3]", "0", "6") "}", 6, NTK_ERR_FORMAT, "has no shape"},
      {"{\"X\":" TENSOR("U8", "[2,3.0]", "0", "6") "}", 6, NTK_ERR_FORMAT, "has no shape"},
      {"{\"X\":" TENSOR("U8", "[4294967296,4294967296]", "0", "6") "}", 6, NTK_ERR_LIMIT, "exceed"},
      {"{\"X\":" TENSOR("F8_E5M2", "[2,3]", "0", "6") "}", 6, NTK_ERR_FORMAT,
       "holds dtype F8_E5M2; accepted: F64, F32, F16, BF16"},
      {"{\"X\":{\"shape\":[2,3],\"data_offsets\":[0,6]}}", 6, NTK_ERR_FORMAT, "holds no dtype"},
      {"{\"X\":5}", 0, NTK_ERR_FORMAT, "'X' has no data_offsets"},
      {"{\"X\":" TENSOR("U8", "[2,3]", "0", "6") ",\"X\":" TENSOR("U8", "[2,3]", "6", "12") "}", 12,
       NTK_ERR_FORMAT, "duplicate object key"},
      {"{\"X\":", 0, NTK_ERR_FORMAT, "the safetensors header is malformed at byte 13: "},
      {"{}", 0, NTK_ERR_FORMAT, "holds no arrays"},
      {"{\"X\":" TENSOR("U8", "[0,3]", "0", "0") "}", 0, NTK_ERR_SHAPE, "holds nothing"},
      {"{\"X\":" TENSOR("U8", "[6]", "0", "6") "}", 6, NTK_ERR_SHAPE, "has shape (6,)"},
  };
  snprintf(path, sizeof path, "%s", at("a.safetensors"));
  for (size_t k = 0; k < COUNT(cases); k++) {
    write_safetensors(path, cases[k].object, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                      cases[k].bytes);
    expect_refusal(cases[k].status, cases[k].says);
  }
  write_bytes(path, "\xff\0\0\0\0\0\0\0{}", 10);
  expect_refusal(NTK_ERR_FORMAT,
                 "its header claims 255 bytes; accepted: up to 100000000, and the 2");
  bytes deep = bytes_new(); /* JSON within JSON, without an end */
  put_number(&deep, 100000, 8);
  for (size_t k = 0; k < 20000; k++)
    put_bytes(&deep, "{\"a\":", 5);
  write_bytes(path, deep.at, deep.count);
  expect_refusal(NTK_ERR_FORMAT, "the safetensors header is malformed");
  free(deep.at);
  static const double bad[] = {1, 2, 3, 4, (double)NAN, 6};
  write_safetensors(path, "{\"X\":" TENSOR("F64", "[2,3]", "0", "48") "}", bad, sizeof bad);
  expect_refusal(NTK_ERR_NOT_FINITE, "holds nan in row 2, column 2");
}

/* Without ntk_io_formats, what is missing is named. */
static void test_unregistered(void **state) {
  (void)state;
  snprintf(path, sizeof path, "%s", at("a.npz"));
  write_zip(0, NULL, false);
  expect_refusal(NTK_ERR_FORMAT, "is a zip archive (.npz, or of torch.save)");
  expect_refusal(NTK_ERR_FORMAT, "ntk_io_formats");
}

static int read_all_formats(void **state) {
  (void)state;
  ntk_io_formats();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unregistered),   cmocka_unit_test_setup(test_zip, read_all_formats),
      cmocka_unit_test(test_zip_as_a_whole), cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_long_gzip),      cmocka_unit_test(test_safetensors),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
