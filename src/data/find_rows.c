/* Rows of a data set that stand in another, in single precision too. */
#include "base/hash.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "ntkit/fit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row of X and a hash of it. */
typedef struct hashed_row {
  uint64_t hash;
  size_t row;
} hashed_row;

/* As a float has it, where that is one of full precision. */
static double seen(double x) {
  return fabs(x) >= (double)FLT_MIN && fabs(x) <= (double)FLT_MAX ? (double)(float)x : x;
}

/* -0.0 counts as 0.0, which it equals. */
static uint64_t hash_row(const double *row, size_t d) {
  uint64_t hash = NTK_HASH_START;
  for (size_t j = 0; j < d; j++) {
    const double value = seen(row[j]) + 0.0;
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
    if (seen(a[j]) != seen(b[j]))
      return false;
  return true;
}

/* N of them in ascending order, to be freed; rows of one hash in that of X. */
static ntk_status sort_rows(ntk_context *context, const double *X, size_t N, size_t d,
                            hashed_row **rows) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, N, sizeof(hashed_row), "hashes of the rows", &pointer));
  *rows = pointer;
#pragma omp parallel for schedule(static) num_threads(context->threads)
  for (size_t i = 0; i < N; i++)
    (*rows)[i] = (hashed_row){hash_row(X + i * d, d), i};
  qsort(*rows, N, sizeof **rows, by_hash);
  return NTK_OK;
}

/* The first place of N where `hash` may stand. */
static size_t find_hash(const hashed_row *rows, size_t N, uint64_t hash) {
  size_t low = 0;
  for (size_t high = N; low < high;) {
    const size_t middle = low + (high - low) / 2;
    if (rows[middle].hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

ntk_status ntk_dataset_find_rows(const ntk_dataset *data, const ntk_dataset *among, size_t *row) {
  const size_t d = data->d;
  hashed_row *rows = NULL;
  if (among->d != d)
    return ntk_fail(NTK_ERR_SHAPE, "rows of %zu numbers among rows of %zu; accepted: equal numbers",
                    d, among->d);
  NTK_TRY(sort_rows(data->context, among->X, among->N, d, &rows));
#pragma omp parallel for schedule(static) num_threads(data->context->threads)
  for (size_t i = 0; i < data->N; i++) {
    const double *x = data->X + i * d;
    const uint64_t hash = hash_row(x, d);
    row[i] = SIZE_MAX;
    for (size_t k = find_hash(rows, among->N, hash);
         row[i] == SIZE_MAX && k < among->N && rows[k].hash == hash; k++)
      if (rows_equal(among->X + rows[k].row * d, x, d))
        row[i] = rows[k].row;
  }
  ntk_free(data->context, rows);
  return NTK_OK;
}
