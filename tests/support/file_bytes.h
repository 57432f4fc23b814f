/* Whole files. Include after <cmocka.h>. */
#ifndef NTK_TESTS_FILE_BYTES_H
#define NTK_TESTS_FILE_BYTES_H

#include <stdio.h>
#include <stdlib.h>

/* To be freed. */
static inline unsigned char *read_bytes(const char *name, size_t *count) {
  FILE *file = fopen(name, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *count = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*count + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *count, file), *count);
  fclose(file);
  return bytes;
}

static inline void write_bytes(const char *name, const void *bytes, size_t count) {
  FILE *file = fopen(name, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

#endif
