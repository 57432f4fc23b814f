/* Rows of a data set that stand in another, in single precision too. */
#include "base/memory.h"
#include "data/dataset.h"
#include "data/hashed_rows.h"
#include "ntkit/fit.h"

#include <float.h>
#include <math.h>

/* As a float has it, where that is one of full precision. */
static double seen(double x) {
  return fabs(x) >= (double)FLT_MIN && fabs(x) <= (double)FLT_MAX ? (double)(float)x : x;
}

static uint64_t hash_row(const double *row, size_t d, const void *how) {
  (void)how;
  uint64_t hash = NTK_HASH_START;
  for (size_t j = 0; j < d; j++)
    hash = ntk_hash_double(hash, seen(row[j]));
  return hash;
}

static bool rows_equal(const double *a, const double *b, size_t d) {
  for (size_t j = 0; j < d; j++)
    if (seen(a[j]) != seen(b[j]))
      return false;
  return true;
}

/* The first place of N where `hash` may stand. */
static size_t find_hash(const ntk_hashed_row *rows, size_t N, uint64_t hash) {
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
  const ntk_held from = ntk_dataset_held(data), held = ntk_dataset_held(among);
  ntk_hashed_row *rows = NULL;
  if (among->d != d)
    return ntk_fail(NTK_ERR_SHAPE, "rows of %zu numbers among rows of %zu; accepted: equal numbers",
                    d, among->d);
  NTK_TRY(ntk_held_whole(&from, "a search for rows"));
  NTK_TRY(ntk_held_whole(&held, "a search for rows"));
  NTK_TRY(ntk_hashed_rows(data->context, &held, hash_row, NULL, &rows));
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(data->context, (double)data->N *(double)d))
  for (size_t i = 0; i < data->N; i++) {
    const double *x = data->X + i * d;
    const uint64_t hash = hash_row(x, d, NULL);
    row[i] = SIZE_MAX;
    for (size_t k = find_hash(rows, among->N, hash);
         row[i] == SIZE_MAX && k < among->N && rows[k].hash == hash; k++)
      if (rows_equal(among->X + rows[k].row * d, x, d))
        row[i] = rows[k].row;
  }
  ntk_free(data->context, rows);
  return NTK_OK;
}
