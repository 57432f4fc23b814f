#include "theory/bounds.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ntk_bounds ntk_theorem31(const ntk_network *network) {
  const size_t L = network->depth;
  const double last = (double)network->width[L - 1];
  return (ntk_bounds){.lower_scale = (double)network->width[L - 2] * last,
                      .upper_scale = (double)network->width[0] * last,
                      .ratio_lower = NAN,
                      .ratio_upper = NAN,
                      .diagonal_min = NAN};
}

size_t ntk_rank_bound(const ntk_network *network, size_t k) {
  size_t rank =
      k < network->depth ? network->width[k] * network->width[k + 1] : network->parameters;
  if (!network->activation.info.nonlinear && rank > network->width[0])
    rank = network->width[0];
  return rank;
}

/* A row of X and a hash of it. */
typedef struct hashed_row {
  uint64_t hash;
  size_t row;
} hashed_row;

/* FNV-1a over the row's words; -0.0 counts as 0.0, which it equals. */
static uint64_t hash_row(const double *row, size_t d) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t j = 0; j < d; j++) {
    const double value = row[j] + 0.0;
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 29;
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

/* The first pair of equal rows among those with equal hashes; *first = N when there is none. */
static ntk_status find_equal_rows(ntk_context *context, const double *X, size_t N, size_t d,
                                  size_t *first, size_t *second) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, N, sizeof(hashed_row), "hashes of the rows", &pointer));
  hashed_row *rows = pointer;
#pragma omp parallel for schedule(static) num_threads(context->threads)
  for (size_t i = 0; i < N; i++)
    rows[i] = (hashed_row){hash_row(X + i * d, d), i};
  qsort(rows, N, sizeof *rows, by_hash);
  *first = N;
  for (size_t i = 1; i < N; i++) {
    const size_t a = rows[i - 1].row, b = rows[i].row;
    if (rows[i - 1].hash == rows[i].hash && a < *first && rows_equal(X + a * d, X + b * d, d)) {
      *first = a;
      *second = b;
    }
  }
  ntk_free(context, rows);
  return NTK_OK;
}

ntk_status ntk_deficiency(const ntk_network *network, const double *X, size_t N, bool *known,
                          char *reason, size_t capacity) {
  const size_t rank = ntk_rank_bound(network, network->depth), d = network->width[0];
  *known = true;
  if (N > network->parameters) {
    snprintf(reason, capacity, "N = %zu samples exceed the P = %zu parameters: K is singular", N,
             network->parameters);
    return NTK_OK;
  }
  if (N > rank) {
    snprintf(reason, capacity,
             "a linear network's kernel has rank at most d = %zu, and there are N = %zu samples", d,
             N);
    return NTK_OK;
  }
  size_t first = N, second = N;
  NTK_TRY(find_equal_rows(network->context, X, N, d, &first, &second));
  *known = first < N;
  if (*known)
    snprintf(reason, capacity, "rows %zu and %zu of the data (from 1) are equal: K is singular",
             first + 1, second + 1);
  return NTK_OK;
}
