/* Files that each rank has for itself, in a directory of its own, and a context of one process
 * beside that of all ranks, whose data sets are what those of all ranks have to be. */
#ifndef NTK_TESTS_RANKS_FILES_H
#define NTK_TESTS_RANKS_FILES_H

#include "ranks_context.h"

#include "data/dataset.h"
#include "ntkit/data.h"

#include <unistd.h>

static ntk_context *one;
static char directory[] = "/tmp/ntkit-ranks-XXXXXX", path[64];

static inline int files_setup(void **state) {
  if (setup(state) != 0 || mkdtemp(directory) == NULL)
    return -1;
  (void)snprintf(path, sizeof path, "%s/X", directory);
  one = make_context(1);
  return 0;
}

static inline int files_teardown(void **state) {
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  (void)unlink(path);
  return rmdir(directory) != 0 || teardown(state) != 0;
}

static inline void write_npy(const double *X, size_t N, size_t d) {
  assert_ok(ntk_npy_save(path, X, 2, (const size_t[]){N, d}));
}

/* Loaded by all ranks, each from its own file. */
static inline ntk_dataset *load_all(ntk_context *context) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_NONE, &data));
  return data;
}

/* As all ranks hold them. */
static inline ntk_dataset *deal_rows(ntk_context *context, const double *X, size_t N, size_t d) {
  write_npy(X, N, d);
  return load_all(context);
}

/* Whether the rows that are here are those of the whole set, to the bit, and are the share's. */
static inline void assert_rows(const ntk_dataset *dealt, const ntk_dataset *whole) {
  const size_t N = whole->N, d = whole->d;
  assert_int_equal(dealt->N, N);
  assert_int_equal(dealt->d, d);
  assert_int_equal(dealt->share.ranks, ranks);
  size_t rows = 0;
  for (size_t i = 0; i < N; i++)
    if (ntk_share_owner(&dealt->share, i) == rank)
      assert_memory_equal(dealt->X + d * rows++, whole->X + d * i, d * sizeof(double));
  assert_int_equal(rows, ntk_share_count(&dealt->share, rank));
}

#endif
