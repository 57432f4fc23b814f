#include "base/ranks/rows.h"

#include "base/ranks/ranks.h"

#include <string.h>

void ntk_rows_take(const ntk_share *share, const double *v, double *own) {
  for (ntk_run run = {0}; ntk_share_next(share, share->rank, &run);)
    memcpy(own + run.here, v + run.row, run.count * sizeof *v);
}

/* The own rows, with which v begins, to their places, chunk by chunk from the last on: none of them
 * moves forward. */
static void place(const ntk_share *share, double *v) {
  size_t begin = 0;
  for (size_t end = ntk_share_count(share, share->rank); end > 0; end = begin) {
    begin = (end - 1) / share->unit * share->unit;
    memmove(v + ntk_share_row(share, begin), v + begin, (end - begin) * sizeof *v);
  }
}

ntk_status ntk_rows_spread(ntk_context *context, const ntk_share *share, size_t m, double *V) {
  const size_t own = ntk_share_count(share, share->rank);
  if (share->ranks == 1)
    return NTK_OK;
  for (size_t c = m; c-- > 0;) {
    memmove(V + c * share->N, V + c * own, own * sizeof *V);
    place(share, V + c * share->N);
  }
  return ntk_ranks_collect(context, share, m, V);
}
