/* Rows of samples of which each rank may have a share. */
#ifndef NTK_DATA_HELD_H
#define NTK_DATA_HELD_H

#include "base/context.h"
#include "base/ranks/share.h"

typedef struct ntk_held {
  ntk_share share; /* which rows are here */
  size_t d;
  const double *X; /* ntk_share_count(&share, share.rank) x d, row-major; borrowed */
} ntk_held;

/* The rows with these numbers, of all share.N, into `out`, count x d, on every rank. Where the
 * share is of several ranks all of them ask for the same rows at the same time. NTK_ERR_MEMORY,
 * NTK_ERR_RANKS. */
ntk_status ntk_held_fetch(ntk_context *context, const ntk_held *held, const size_t *rows,
                          size_t count, double *out);

#endif
