/* Files with named arrays, and packed ones, written byte by byte. Include after <cmocka.h>. */
#ifndef NTK_TESTS_ARCHIVE_FILES_H
#define NTK_TESTS_ARCHIVE_FILES_H

#include "file_bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BYTES_MOST = 1 << 20, ZIP_MOST = 8 };

typedef struct bytes {
  size_t count;
  unsigned char *at; /* BYTES_MOST */
} bytes;

static inline bytes bytes_new(void) {
  bytes made = {0, malloc(BYTES_MOST)};
  assert_non_null(made.at);
  return made;
}

static inline void put_bytes(bytes *to, const void *from, size_t n) {
  assert_true(n <= BYTES_MOST - to->count);
  memcpy(to->at + to->count, from, n);
  to->count += n;
}

/* value in n bytes, the least first. */
static inline void put_number(bytes *to, uint64_t value, size_t n) {
  for (size_t b = 0; b < n; b++) {
    const unsigned char byte = (unsigned char)value;
    put_bytes(to, &byte, 1);
    value >>= 8;
  }
}

/* A .npy of version 1.0. order: "False" or "True". */
static inline void put_npy(bytes *to, const char *descr, const char *order, const char *shape,
                           const void *numbers, size_t n) {
  char text[256];
  const int length =
      snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr,
               order, shape);
  put_bytes(to, "\x93NUMPY\1\0", 8);
  put_number(to, (uint64_t)length, 2);
  put_bytes(to, text, (size_t)length);
  put_bytes(to, numbers, n);
}

/* What zlib makes of it; window: -15 for raw deflate, 31 for gzip. */
static inline void put_packed(bytes *to, const void *from, size_t n, int window) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = (Bytef *)(uintptr_t)from;
  z.avail_in = (uInt)n;
  z.next_out = to->at + to->count;
  z.avail_out = (uInt)(BYTES_MOST - to->count);
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  to->count += z.total_out;
  assert_int_equal(deflateEnd(&z), Z_OK);
}

/* ---- zip: members first, and then the list of them, which tests make lie by changing `member`
 * ---- */

typedef struct zip_member {
  const char *name;
  unsigned method, flags;
  uint64_t packed, size, local;
  uint32_t crc;
} zip_member;

typedef struct zip_file {
  bytes all;
  size_t count;
  zip_member member[ZIP_MOST];
} zip_file;

/* method 0: stored, 8: deflated. The local header leaves open what the list has, as torch's. */
static inline zip_member *zip_add(zip_file *zip, const char *name, const bytes *content,
                                  unsigned method) {
  zip_member *m = &zip->member[zip->count++];
  *m = (zip_member){.name = name,
                    .method = method,
                    .size = content->count,
                    .local = zip->all.count,
                    .crc = (uint32_t)crc32(0, content->at, (uInt)content->count)};
  put_bytes(&zip->all, "PK\3\4", 4);
  put_number(&zip->all, 20, 2);
  put_number(&zip->all, 8, 2); /* sizes follow the data */
  put_number(&zip->all, method, 2);
  put_number(&zip->all, 0, 4 + 12);
  put_number(&zip->all, strlen(name), 2);
  put_number(&zip->all, 3, 2); /* bytes of an extra field that means nothing */
  put_bytes(&zip->all, name, strlen(name));
  put_bytes(&zip->all, "xyz", 3);
  const size_t begin = zip->all.count;
  if (method == 8)
    put_packed(&zip->all, content->at, content->count, -15);
  else
    put_bytes(&zip->all, content->at, content->count);
  m->packed = zip->all.count - begin;
  return m;
}

static inline void zip_put_entry(bytes *all, const zip_member *m, bool zip64) {
  put_bytes(all, "PK\1\2", 4);
  put_number(all, 20, 2);
  put_number(all, 20, 2);
  put_number(all, m->flags, 2);
  put_number(all, m->method, 2);
  put_number(all, 0, 4);
  put_number(all, m->crc, 4);
  put_number(all, zip64 ? UINT32_MAX : m->packed, 4);
  put_number(all, zip64 ? UINT32_MAX : m->size, 4);
  put_number(all, strlen(m->name), 2);
  put_number(all, zip64 ? 5 + 28 : 0, 2);
  put_number(all, 0, 2 + 2 + 2 + 4);
  put_number(all, zip64 ? UINT32_MAX : m->local, 4);
  put_bytes(all, m->name, strlen(m->name));
  if (!zip64)
    return;
  put_number(all, 0x5455, 2); /* another field before it */
  put_number(all, 1, 2);
  put_number(all, 0, 1);
  put_number(all, 1, 2);
  put_number(all, 24, 2);
  put_number(all, m->size, 8);
  put_number(all, m->packed, 8);
  put_number(all, m->local, 8);
}

/* The list of the members, its end, a comment; and the file. */
static inline void zip_write(zip_file *zip, const char *path, bool zip64, const char *comment) {
  bytes *all = &zip->all;
  const size_t begin = all->count;
  for (size_t i = 0; i < zip->count; i++)
    zip_put_entry(all, &zip->member[i], zip64);
  const size_t end = all->count;
  if (zip64) {
    put_bytes(all, "PK\6\6", 4);
    put_number(all, 44, 8);
    put_number(all, 45, 2 + 2);
    put_number(all, 0, 4 + 4);
    put_number(all, zip->count, 8);
    put_number(all, zip->count, 8);
    put_number(all, end - begin, 8);
    put_number(all, begin, 8);
    put_bytes(all, "PK\6\7", 4);
    put_number(all, 0, 4);
    put_number(all, end, 8);
    put_number(all, 1, 4);
  }
  put_bytes(all, "PK\5\6", 4);
  put_number(all, 0, 4);
  put_number(all, zip64 ? 0xffff : zip->count, 2);
  put_number(all, zip64 ? 0xffff : zip->count, 2);
  put_number(all, zip64 ? UINT32_MAX : end - begin, 4);
  put_number(all, zip64 ? UINT32_MAX : begin, 4);
  put_number(all, strlen(comment), 2);
  put_bytes(all, comment, strlen(comment));
  write_bytes(path, all->at, all->count);
  free(all->at);
  *zip = (zip_file){0};
}

/* ---- .safetensors ---- */

static inline void write_safetensors(const char *path, const char *object, const void *numbers,
                                     size_t n) {
  bytes all = bytes_new();
  put_number(&all, strlen(object), 8);
  put_bytes(&all, object, strlen(object));
  put_bytes(&all, numbers, n);
  write_bytes(path, all.at, all.count);
  free(all.at);
}

#endif
