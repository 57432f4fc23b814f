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

ntk_status ntk_held_fetch(ntk_context *context, const ntk_held *held, const size_t *rows,
                          size_t count, double *out) {
  const ntk_share *share = &held->share;
  const size_t d = held->d;
  if (share->ranks > 1)
    NTK_TRY(ntk_ranks_agree(context, NTK_OK, ntk_ranks_what("rows by number", share->N, d, count)));
  for (size_t k = 0; k < count; k++)
    if (ntk_share_owner(share, rows[k]) == share->rank)
      memcpy(out + k * d, held->X + ntk_share_below(share, share->rank, rows[k]) * d,
             d * sizeof *out);
  for (size_t k = 0, run = 0; k < count && share->ranks > 1; k += run) {
    run = run_of(share, rows + k, count - k);
    ntk_ranks_hand(context, ntk_share_owner(share, rows[k]), run * d * sizeof *out, out + k * d);
  }
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
