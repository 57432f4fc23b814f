/* What ranks send each other once they have agreed: in messages of at most ranks->most bytes, and
 * counted. */
#include "base/ranks/rows.h"
#include "base/ranks/wire.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* NULL where there is nobody to speak to. */
static ntk_ranks *others(const ntk_context *context) {
  ntk_ranks *r = context->ranks;
  return r != NULL && r->failed == NTK_OK ? r : NULL;
}

static void count(ntk_ranks *r, double bytes, double messages) {
  r->traffic.bytes += bytes;
  r->traffic.messages += messages;
}

static size_t piece(const ntk_ranks *r, size_t left) {
  return left < r->most ? left : r->most;
}

void ntk_ranks_sum(ntk_context *context, size_t n, void *x, ntk_precision precision) {
  ntk_ranks *r = others(context);
  const size_t size = precision == NTK_PRECISION_FLOAT ? sizeof(float) : sizeof(double);
  if (r == NULL || n == 0)
    return;
  count(r, 2.0 * (double)(n * size) * (r->ranks - 1) / r->ranks, 1.0);
  const size_t most = r->most / size;
  char *at = x;
  for (size_t done = 0; done < n; done += most)
    if (!r->wire->sum(r, n - done < most ? n - done : most, at + done * size, precision))
      return;
}

static bool hand(ntk_ranks *r, int from, size_t bytes, void *x) {
  char *at = x;
  for (size_t done = 0; done < bytes; done += r->most)
    if (!r->wire->hand(r, NTK_ROWS, from, piece(r, bytes - done), at + done))
      return false;
  return true;
}

void ntk_ranks_hand(ntk_context *context, int from, size_t bytes, void *x) {
  ntk_ranks *r = others(context);
  if (r == NULL || bytes == 0)
    return;
  if (r->rank != from)
    count(r, (double)bytes, 1.0);
  (void)hand(r, from, bytes, x);
}

/* r->bytes of each rank, own ones in their place. */
static void gather(ntk_ranks *r, void *all) {
  size_t total = 0, at = 0;
  for (int i = 0; i < r->ranks; i++)
    total += r->bytes[i];
  count(r, (double)(total - r->bytes[r->rank]), 1.0);
  if (total <= r->most) {
    (void)r->wire->gather(r, r->bytes, all);
    return;
  }
  for (int i = 0; i < r->ranks; at += r->bytes[i], i++)
    if (!hand(r, i, r->bytes[i], (char *)all + at))
      return;
}

static size_t place_of(const ntk_ranks *r) {
  size_t place = 0;
  for (int i = 0; i < r->rank; i++)
    place += r->bytes[i];
  return place;
}

void ntk_ranks_gather(ntk_context *context, size_t size, const void *own, const size_t *counts,
                      void *all) {
  ntk_ranks *r = others(context);
  if (context->ranks == NULL && counts[0] > 0)
    memcpy(all, own, counts[0] * size);
  if (r == NULL)
    return;
  for (int i = 0; i < r->ranks; i++)
    r->bytes[i] = counts[i] * size;
  char *place = (char *)all + place_of(r);
  if (counts[r->rank] > 0 && place != own)
    memcpy(place, own, r->bytes[r->rank]);
  gather(r, all);
}

bool ntk_wire_records(ntk_ranks *r, int begin, int end, size_t size, void *all) {
  for (int i = 0; i < r->ranks; i++)
    r->bytes[i] = i >= begin && i < end ? size : 0;
  gather(r, all);
  return r->failed == NTK_OK;
}

bool ntk_ranks_fold(ntk_context *context, size_t size, const void *own, ntk_ranks_take *take,
                    void *user) {
  enum { ROOM = 4096 }; /* bytes: some records at a time, for which nothing is allocated */
  _Alignas(max_align_t) char all[ROOM];
  ntk_ranks *r = others(context);
  const int some = (int)(ROOM / size);
  if (context->ranks == NULL)
    take(0, own, user);
  if (r == NULL)
    return context->ranks == NULL;
  for (int begin = 0; begin < r->ranks; begin += some) {
    const int end = r->ranks - begin < some ? r->ranks : begin + some;
    for (int i = begin; i < end; i++) /* those of ranks that are only supposed stay so */
      memcpy(all + (size_t)(i - begin) * size, own, size);
    if (!ntk_wire_records(r, begin, end, size, all))
      return false;
    for (int i = begin; i < end; i++)
      take(i, all + (size_t)(i - begin) * size, user);
  }
  return true;
}

typedef struct number {
  double so_far;
  double (*with)(double, double);
} number;

static void take_number(int rank, const void *record, void *user) {
  number *n = user;
  double x = 0.0;
  memcpy(&x, record, sizeof x);
  n->so_far = rank == 0 ? x : n->with(n->so_far, x);
}

/* Each rank's number, in the order of ranks. */
static double fold(ntk_context *context, double x, double (*with)(double, double)) {
  number n = {x, with};
  return ntk_ranks_fold(context, sizeof x, &x, take_number, &n) ? n.so_far : x;
}

static double add(double a, double b) {
  return a + b;
}

static double smaller(double a, double b) {
  return b < a ? b : a;
}

double ntk_ranks_sum_one(ntk_context *context, double x) {
  return fold(context, x, add);
}

double ntk_ranks_least(ntk_context *context, double x) {
  return fold(context, x, smaller);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* One rank's rows of m vectors of share->N numbers, vector after vector, to their places. */
static void unpack(const ntk_share *share, int rank, size_t m, const double *rows, double *V) {
  const size_t own = ntk_share_count(share, rank);
  for (size_t k = 0; k < m; k++)
    for (ntk_run run = {0}; ntk_share_next(share, rank, &run);)
      memcpy(V + k * share->N + run.row, rows + k * own + run.here, run.count * sizeof *V);
}

/* Room for so many numbers, of the context's own and not counted: on all ranks at the same time,
 * and so agreed only when it grows. */
static ntk_status make_room(ntk_context *context, size_t numbers) {
  ntk_ranks *r = context->ranks;
  if (numbers <= r->row_room)
    return NTK_OK;
  free(r->rows);
  r->row_room = 0;
  r->rows = numbers <= SIZE_MAX / sizeof *r->rows ? malloc(numbers * sizeof *r->rows) : NULL;
  const ntk_status own = r->rows != NULL ? NTK_OK
                                         : ntk_fail(NTK_ERR_MEMORY,
                                                    "rows of all ranks: %zu numbers could not be "
                                                    "allocated",
                                                    numbers);
  NTK_TRY(ntk_ranks_agree(context, own, ntk_ranks_what("collecting rows", numbers, 0, 0)));
  r->row_room = numbers;
  return NTK_OK;
}

ntk_status ntk_ranks_collect(ntk_context *context, const ntk_share *share, size_t m, double *V) {
  enum { SOME = 1 << 19 }; /* numbers: a few vectors at once where they are short */
  ntk_ranks *r = context->ranks;
  if (r == NULL || share->ranks == 1 || share->N == 0 || m == 0)
    return NTK_OK;
  if (r->failed != NTK_OK)
    return ntk_ranks_agree(context, NTK_OK, 0);
  const size_t fit = share->N < SOME ? SOME / share->N : 1, batch = fit < m ? fit : m;
  NTK_TRY(make_room(context, batch * share->N));
  for (size_t k = 0; k < m; k += batch) {
    const size_t now = m - k < batch ? m - k : batch;
    double *W = V + k * share->N;
    for (int i = 0; i < r->ranks; i++)
      r->bytes[i] = now * ntk_share_count(share, i) * sizeof *V;
    double *own = r->rows + place_of(r) / sizeof *V;
    for (size_t c = 0; c < now; c++)
      ntk_rows_take(share, W + c * share->N, own + c * ntk_share_count(share, r->rank));
    gather(r, r->rows);
    if (r->failed != NTK_OK)
      return ntk_ranks_agree(context, NTK_OK, 0);
    const double *at = r->rows;
    for (int i = 0; i < r->ranks; at += r->bytes[i] / sizeof *V, i++)
      if (i != r->rank)
        unpack(share, i, now, at, W);
  }
  return NTK_OK;
}

/* ---- While something else is computed ----------------------------------------------------------
 */

ntk_status ntk_ranks_hand_begin(ntk_context *context, int from, size_t bytes, void *x,
                                ntk_handing *handing) {
  ntk_ranks *r = others(context);
  handing->request = NULL;
  if (r != NULL && bytes > 0) {
    if (r->rank != from)
      count(r, (double)bytes, 1.0);
    (void)r->wire->begin(r, from, bytes, x, &handing->request);
  }
  return context->ranks != NULL && context->ranks->failed != NTK_OK
             ? ntk_ranks_agree(context, NTK_OK, 0)
             : NTK_OK;
}

bool ntk_ranks_hand_test(ntk_context *context, ntk_handing *handing) {
  ntk_ranks *r = others(context);
  return handing->request == NULL || r == NULL || r->wire->test(r, handing->request);
}

void ntk_ranks_hand_end(ntk_context *context, ntk_handing *handing) {
  ntk_ranks *r = context->ranks;
  if (handing->request == NULL)
    return;
  if (r->failed == NTK_OK)
    (void)r->wire->end(r, handing->request);
  else
    r->lost = true; /* nobody may send it any more: it stays on its way */
  handing->request = NULL;
}
