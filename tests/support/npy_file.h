/* The .npy file under test: written byte by byte, and what loading it must give. */
#ifndef NTK_TESTS_NPY_FILE_H
#define NTK_TESTS_NPY_FILE_H

#include "data/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static ntk_context *context;
static char directory[] = "/tmp/ntkit-test-XXXXXX", path[64];

static inline int npy_setup(void **state) {
  (void)state;
  if (mkdtemp(directory) == NULL || ntk_context_create(NULL, &context) != NTK_OK)
    return 1;
  snprintf(path, sizeof path, "%s/a.npy", directory);
  return 0;
}

static inline int npy_teardown(void **state) {
  (void)state;
  ntk_context_destroy(context);
  (void)unlink(path);
  return rmdir(directory) != 0;
}

static inline void write_bytes(const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

/* A file written byte by byte: version, dictionary, then n bytes. */
static inline void write_file(int version, const char *dictionary, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  const size_t length = strlen(dictionary) + 1;
  fprintf(file, "%c%s%c%c", 0x93, "NUMPY", version, 0);
  for (int b = 0; b < (version == 1 ? 2 : 4); b++)
    fputc((int)(length >> (8 * b) & 0xff), file);
  fprintf(file, "%s\n", dictionary);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

static inline void expect_load(size_t N, size_t d, const double *expected, size_t rows,
                               size_t cols) {
  ntk_dataset *data = NULL;
  const ntk_status status = ntk_dataset_load(context, path, N, d, NTK_SCALE_NONE, &data);
  if (status != NTK_OK)
    print_error("%s\n", ntk_error_message());
  assert_int_equal(status, NTK_OK);
  assert_int_equal(ntk_dataset_samples(data), rows);
  assert_int_equal(ntk_dataset_dim(data), cols);
  assert_memory_equal(ntk_dataset_values(data), expected, rows * cols * sizeof(double));
  ntk_dataset_destroy(data);
}

#endif
