/* Rows that are alike. Equal ones and multiples are found by hashes (data/parallel_rows.h). The two
 * nearest are sought among all pairs, tile by tile so that rows stay in cache, and a pair is left
 * as soon as its sum of squares passes the least found so far by any thread: n^2 d / 2 steps at the
 * most. A sum is of fixed order and ties go to the earlier rows, so that the answer does not depend
 * on threads. Of more rows than that allows, a draw. */
#include "fit/inspect/inspect.h"

#include "base/memory.h"
#include "data/parallel_rows.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE = 32, STRIP = 32, LANES = 8 };

/* ---- Equal rows and multiples ---------------------------------------------------------------- */

static size_t file_row(const ntk_inspect_rows *rows, size_t k) {
  return rows->row != NULL ? rows->row[k] : rows->first + k;
}

/* Rows with an earlier one: all of `first`, but for those that stand in same (NULL: in none). */
static void count_pairs(const ntk_inspect_rows *rows, const size_t *first, const double *factor,
                        const size_t *same, ntk_data_pair *pair) {
  const size_t N = rows->data->N;
  *pair = (ntk_data_pair){.searched = N, .value = NAN};
  size_t least = N;
  for (size_t k = 0; k < N; k++) {
    if (first[k] == k || (same != NULL && same[k] != k))
      continue;
    pair->found++;
    if (first[k] >= least)
      continue;
    least = first[k];
    pair->first = file_row(rows, least);
    pair->second = file_row(rows, k);
    pair->value = factor[k];
  }
}

static ntk_status find_alike(const ntk_inspect_rows *rows, size_t *same,
                             ntk_inspect_result *result) {
  const ntk_dataset *data = rows->data;
  const ntk_held held = ntk_dataset_held(data);
  void *pointer = NULL;
  double *factor = NULL;
  NTK_TRY(ntk_alloc(data->context, data->N, sizeof(size_t), "multiples", &pointer));
  size_t *first = pointer;
  ntk_status status = ntk_alloc_doubles(data->context, data->N, "multiples", &factor);
  if (status == NTK_OK)
    status = ntk_row_multiples(data->context, &held, NTK_MULTIPLES_EQUAL, same, factor);
  if (status == NTK_OK)
    count_pairs(rows, same, factor, NULL, &result->equal);
  if (status == NTK_OK)
    status = ntk_row_multiples(data->context, &held, NTK_MULTIPLES_ALL, first, factor);
  if (status == NTK_OK)
    count_pairs(rows, first, factor, same, &result->multiples);
  ntk_free(data->context, factor);
  ntk_free(data->context, first);
  return status;
}

/* ---- The nearest rows ------------------------------------------------------------------------ */

typedef struct nearest {
  double square; /* of the distance, times scale^2 */
  size_t first, second;
} nearest;

typedef struct search {
  const double *X;   /* of the rows, d each */
  const size_t *row; /* which of them are looked at: n, ascending */
  size_t n, d;
  double scale;
} search;

/* Squared distance; what is over `bound` may be left halfway. */
static double distance(const double *x, const double *y, size_t d, double scale, double bound) {
  double lane[LANES] = {0.0}, square = 0.0;
  size_t j = 0;
  for (; j + STRIP <= d; j += STRIP) {
    for (size_t s = 0; s < STRIP; s += LANES)
      for (size_t l = 0; l < LANES; l++) {
        const double difference = (x[j + s + l] - y[j + s + l]) * scale;
        lane[l] += difference * difference;
      }
    square =
        ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
    if (square > bound)
      return square;
  }
  for (; j < d; j++) {
    const double difference = (x[j] - y[j]) * scale;
    square += difference * difference;
  }
  return square;
}

static bool is_nearer(nearest a, nearest b) {
  if (a.square != b.square)
    return a.square < b.square;
  return a.first != b.first ? a.first < b.first : a.second < b.second;
}

static nearest search_tiles(const search *s, size_t a, size_t b, nearest best) {
  const size_t end_a = a + TILE < s->n ? a + TILE : s->n, end_b = b + TILE < s->n ? b + TILE : s->n;
  for (size_t i = a; i < end_a; i++)
    for (size_t k = b > i ? b : i + 1; k < end_b; k++) {
      const nearest pair = {
          distance(s->X + s->row[i] * s->d, s->X + s->row[k] * s->d, s->d, s->scale, best.square),
          s->row[i], s->row[k]};
      if (pair.square > 0.0 && is_nearer(pair, best))
        best = pair;
    }
  return best;
}

static ntk_status search_all(ntk_context *context, const search *s, nearest *best) {
  const size_t tiles = (s->n + TILE - 1) / TILE;
  nearest shared = {INFINITY, s->n, s->n};
  for (size_t a = 0; a < tiles; a++) {
    const double left = (double)(tiles - a) / (double)tiles;
    NTK_TRY(ntk_progress_report(context, "nearest rows", 1.0 - left * left));
#pragma omp parallel for schedule(dynamic) num_threads(ntk_team(context))
    for (size_t b = a; b < tiles; b++) {
      nearest own;
#pragma omp critical(ntk_nearest)
      own = shared;
      own = search_tiles(s, a * TILE, b * TILE, own);
#pragma omp critical(ntk_nearest)
      if (is_nearer(own, shared))
        shared = own;
    }
  }
  *best = shared;
  return NTK_OK;
}

/* Of each row that is looked at, one of its kind; in the order of the file, of which a draw. */
static ntk_status choose(const ntk_inspect_rows *rows, const size_t *same, size_t *row, size_t *n,
                         size_t *searched) {
  const size_t N = rows->data->N;
  const size_t most = (size_t)sqrt(rows->steps / (double)rows->data->d) + 2;
  const ntk_rows draw = {.subsample = N > most ? most : 0, .seed = rows->seed};
  NTK_TRY(ntk_rows_count(&draw, N, "the rows", searched));
  NTK_TRY(ntk_rows_choose(rows->data->context, &draw, N, row));
  *n = 0;
  for (size_t k = 0; k < *searched; k++)
    if (same[row[k]] == row[k] || N > most)
      row[(*n)++] = row[k];
  return NTK_OK;
}

static ntk_status find_nearest(const ntk_inspect_rows *rows, const size_t *same, size_t *row,
                               ntk_inspect_result *result) {
  const ntk_dataset *data = rows->data;
  int exponent = 0;
  (void)frexp(fmax(fabs(result->least), fabs(result->most)), &exponent);
  search s = {.X = data->X,
              .row = row,
              .d = data->d,
              .scale = ldexp(1.0, exponent < -1000 ? 1000 : -exponent)};
  ntk_data_pair *pair = &result->nearest;
  nearest best = {0};
  *pair = (ntk_data_pair){.value = NAN};
  NTK_TRY(choose(rows, same, row, &s.n, &pair->searched));
  NTK_TRY(search_all(data->context, &s, &best));
  if (isinf(best.square))
    return NTK_OK;
  pair->found = 1;
  pair->first = file_row(rows, best.first);
  pair->second = file_row(rows, best.second);
  pair->value = sqrt(best.square) / s.scale;
  return NTK_OK;
}

ntk_status ntk_inspect_pairs(const ntk_inspect_rows *rows, size_t *same,
                             ntk_inspect_result *result) {
  ntk_context *context = rows->data->context;
  void *pointer = NULL;
  NTK_TRY(find_alike(rows, same, result));
  NTK_TRY(ntk_alloc(context, rows->data->N, sizeof(size_t), "rows", &pointer));
  const ntk_status status = find_nearest(rows, same, pointer, result);
  ntk_free(context, pointer);
  return status;
}
