#include "data/equal_rows.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A row of X and a hash of it. */
typedef struct hashed_row {
  uint64_t hash;
  size_t row;
} hashed_row;

/* -0.0 counts as 0.0, which it equals. */
static uint64_t hash_row(const double *row, size_t d) {
  uint64_t hash = NTK_WORDS_START;
  for (size_t j = 0; j < d; j++) {
    const double value = row[j] + 0.0;
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    hash = ntk_hash_word(hash, word);
  }
  return hash;
}

static int by_hash(const void *a, const void *b) {
  const hashed_row *p = a, *q = b;
  if (p->hash != q->hash)
    return p->hash < q->hash ? -1 : 1;
  return p->row < q->row ? -1 : 1;
}

static bool rows_equal(const double *a, const double *b, size_t d) {
  for (size_t j = 0; j < d; j++)
    if (a[j] != b[j])
      return false;
  return true;
}

ntk_status ntk_equal_rows(ntk_context *context, const double *X, size_t N, size_t d,
                          size_t *first) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, N, sizeof(hashed_row), "hashes of the rows", &pointer));
  hashed_row *rows = pointer;
#pragma omp parallel for schedule(static) num_threads(context->threads)
  for (size_t i = 0; i < N; i++)
    rows[i] = (hashed_row){hash_row(X + i * d, d), i};
  qsort(rows, N, sizeof *rows, by_hash);
  for (size_t i = 0, run = 0; i < N; i++) { /* a run of one hash is one row, but for collisions */
    const size_t row = rows[i].row;
    if (rows[i].hash != rows[run].hash)
      run = i;
    first[row] = row;
    for (size_t k = run; k < i && first[row] == row; k++)
      if (first[rows[k].row] == rows[k].row && rows_equal(X + rows[k].row * d, X + row * d, d))
        first[row] = rows[k].row;
  }
  ntk_free(context, rows);
  return NTK_OK;
}
