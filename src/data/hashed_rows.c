#include "data/hashed_rows.h"

#include "base/memory.h"

#include <stdlib.h>

static int by_hash(const void *a, const void *b) {
  const ntk_hashed_row *p = a, *q = b;
  if (p->hash != q->hash)
    return p->hash < q->hash ? -1 : 1;
  return p->row < q->row ? -1 : 1;
}

/* Of the rows that are here. */
static void find_hashes(ntk_context *context, const ntk_held *held, ntk_row_hash hash,
                        const void *how, ntk_hashed_row *rows) {
  const size_t count = ntk_held_count(held), d = held->d;
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(context, (double)count *(double)d))
  for (size_t i = 0; i < count; i++)
    rows[i] = (ntk_hashed_row){hash(held->X + i * d, d, how), ntk_share_row(&held->share, i)};
}

ntk_status ntk_hashed_rows(ntk_context *context, const ntk_held *held, ntk_row_hash hash,
                           const void *how, ntk_hashed_row **sorted) {
  static const char what[] = "hashes of the rows";
  const size_t N = held->share.N, size = sizeof **sorted;
  void *rows = NULL, *own = NULL;
  ntk_status status = ntk_alloc(context, N, size, what, &rows);
  const bool dealt = held->share.ranks > 1;
  if (status == NTK_OK && dealt)
    status = ntk_alloc(context, ntk_held_count(held), size, what, &own);
  if (status == NTK_OK)
    find_hashes(context, held, hash, how, dealt ? own : rows);
  if (dealt)
    status = ntk_held_gather(context, held, status, size, own, rows);
  ntk_free(context, own);
  if (status != NTK_OK) {
    ntk_free(context, rows);
    return status;
  }
  *sorted = rows;
  qsort(*sorted, N, size, by_hash);
  return NTK_OK;
}
