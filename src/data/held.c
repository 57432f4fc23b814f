#include "data/held.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/npy.h"
#include "ntkit/data.h"

#include <string.h>

ntk_status ntk_held_whole(const ntk_held *held, const char *what) {
  if (held->share.ranks == 1)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%s needs all samples at once, and %d ranks have them in parts; accepted: a "
                  "context of one rank, or a data set made from an array",
                  what, held->share.ranks);
}

/* Of the first rows asked for, how many one rank has. */
static size_t run_of(const ntk_share *share, const size_t *rows, size_t count) {
  size_t run = 1;
  while (run < count && ntk_share_owner(share, rows[run]) == ntk_share_owner(share, rows[0]))
    run++;
  return run;
}

static void exchange_rows(size_t d, double *x, double *y) {
  for (size_t j = 0; j < d; j++) {
    const double kept = x[j];
    x[j] = y[j];
    y[j] = kept;
  }
}

/* Rows that lie in the order of ranks, of each in that in which they were asked for, come into the
 * latter. counts: of each rank. */
static void put_in_order(const ntk_share *share, const size_t *rows, size_t count, size_t d,
                         const size_t *counts, double *out) {
  size_t at[NTK_HELD_SOME]; /* where the row that was asked for as the k-th lies */
  for (size_t k = 0; k < count; k++) {
    const int owner = ntk_share_owner(share, rows[k]);
    at[k] = 0;
    for (int r = 0; r < owner; r++)
      at[k] += counts[r];
    for (size_t i = 0; i < k; i++)
      at[k] += ntk_share_owner(share, rows[i]) == owner;
  }
  for (size_t k = 0; k < count; k++) {
    if (at[k] == k)
      continue;
    exchange_rows(d, out + k * d, out + at[k] * d);
    for (size_t i = k + 1; i < count; i++) /* the one that lay at k lies there now */
      at[i] = at[i] == k ? at[k] : at[i];
  }
}

/* At most NTK_HELD_SOME of many ranks, in one message. */
static void gather_rows(ntk_context *context, const ntk_held *held, const size_t *rows,
                        size_t count, size_t *counts, double *out) {
  const ntk_share *share = &held->share;
  const size_t d = held->d;
  size_t first = 0; /* where own ones begin */
  for (int r = 0; r < share->ranks; r++)
    counts[r] = 0;
  for (size_t k = 0; k < count; k++)
    counts[ntk_share_owner(share, rows[k])]++;
  for (int r = 0; r < share->rank; r++)
    first += counts[r];
  double *own = out + first * d, *to = own;
  for (size_t k = 0; k < count; k++)
    if (ntk_share_owner(share, rows[k]) == share->rank) {
      memcpy(to, held->X + ntk_share_below(share, share->rank, rows[k]) * d, d * sizeof *to);
      to += d;
    }
  ntk_ranks_gather(context, d * sizeof *out, own, counts, out);
  put_in_order(share, rows, count, d, counts, out);
}

/* Of one rank, which hands them on. */
static void hand_rows(ntk_context *context, const ntk_held *held, const size_t *rows, size_t count,
                      double *out) {
  const ntk_share *share = &held->share;
  const size_t d = held->d;
  const int owner = ntk_share_owner(share, rows[0]);
  for (size_t k = 0; k < count && owner == share->rank; k++)
    memcpy(out + k * d, held->X + ntk_share_below(share, owner, rows[k]) * d, d * sizeof *out);
  if (share->ranks > 1)
    ntk_ranks_hand(context, owner, count * d * sizeof *out, out);
}

ntk_status ntk_held_fetch(ntk_context *context, const ntk_held *held, const size_t *rows,
                          size_t count, double *out) {
  enum { FEW = 2 }; /* runs: where a chunk ends; those that are longer go round no ring */
  const ntk_share *share = &held->share;
  const size_t d = held->d;
  void *counts = NULL;
  if (share->ranks > 1) {
    const ntk_status own =
        ntk_alloc(context, (size_t)share->ranks, sizeof(size_t), "rows of all ranks", &counts);
    const ntk_status status =
        ntk_ranks_agree(context, own, ntk_ranks_what("rows by number", share->N, d, count));
    if (status != NTK_OK) {
      ntk_free(context, counts);
      return status;
    }
  }
  for (size_t k = 0, some = 0; k < count; k += some) {
    some = count - k < NTK_HELD_SOME ? count - k : NTK_HELD_SOME;
    size_t runs = 0;
    for (size_t i = 0; i < some; i += run_of(share, rows + k + i, some - i))
      runs++;
    if (runs > FEW && counts != NULL) { /* of one rank there is one run */
      gather_rows(context, held, rows + k, some, counts, out + k * d);
      continue;
    }
    for (size_t i = 0, run = 0; i < some; i += run) {
      run = run_of(share, rows + k + i, some - i);
      hand_rows(context, held, rows + k + i, run, out + (k + i) * d);
    }
  }
  ntk_free(context, counts);
  return NTK_OK;
}

ntk_status ntk_held_gather(ntk_context *context, const ntk_held *held, ntk_status own, size_t size,
                           const void *records, void *all) {
  const size_t ranks = (size_t)held->share.ranks;
  void *counts = NULL;
  if (own == NTK_OK)
    own = ntk_alloc(context, ranks, sizeof(size_t), "rows of all ranks", &counts);
  const ntk_status status =
      ntk_ranks_agree(context, own, ntk_ranks_what("of each row", held->share.N, held->d, size));
  if (status == NTK_OK) {
    size_t *of = counts; /* ranks */
    for (size_t r = 0; r < ranks; r++)
      of[r] = ntk_share_count(&held->share, (int)r);
    ntk_ranks_gather(context, size, records, of, all);
  }
  ntk_free(context, counts);
  return status;
}

static ntk_status open_writer(const ntk_held *held, const char *path, ntk_npy_writer *writer) {
  const size_t shape[2] = {held->share.N, held->d};
  return path != NULL ? ntk_npy_writer_open(writer, path, 2, shape) : NTK_OK;
}

/* *written: how writing went, while the others go on. */
static ntk_status write_rows(ntk_context *context, const ntk_held *held, double *piece,
                             ntk_npy_writer *writer, ntk_status *written) {
  const size_t N = held->share.N;
  size_t row[NTK_HELD_SOME];
  for (size_t first = 0, count = 0; first < N; first += count) {
    for (count = 0; count < NTK_HELD_SOME && first + count < N; count++)
      row[count] = first + count;
    NTK_TRY(ntk_held_fetch(context, held, row, count, piece));
    if (writer != NULL && *written == NTK_OK)
      *written = ntk_npy_writer_append(writer, piece, count * held->d);
  }
  return NTK_OK;
}

ntk_status ntk_held_save(ntk_context *context, const ntk_held *held, const char *path) {
  const size_t shape[2] = {held->share.N, held->d};
  ntk_npy_writer writer = {0};
  double *piece = NULL;
  if (held->share.ranks == 1)
    return path != NULL ? ntk_npy_save(path, held->X, 2, shape) : NTK_OK;
  ntk_status status = open_writer(held, path, &writer), written = NTK_OK;
  const bool open = path != NULL && status == NTK_OK;
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, NTK_HELD_SOME * held->d, "rows to be written", &piece);
  status =
      ntk_ranks_agree(context, status, ntk_ranks_what("rows to a file", shape[0], shape[1], 0));
  if (status == NTK_OK)
    status = write_rows(context, held, piece, open ? &writer : NULL, &written);
  if (status == NTK_OK && written == NTK_OK && open)
    written = ntk_npy_writer_commit(&writer);
  else if (open)
    ntk_npy_writer_abort(&writer);
  ntk_free(context, piece);
  return ntk_ranks_agree(context, status == NTK_OK ? written : status,
                         ntk_ranks_what("a file of rows", shape[0], shape[1], 0));
}
