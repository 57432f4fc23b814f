/* Own rows of vectors that are whole on every rank. */
#ifndef NTK_BASE_RANKS_ROWS_H
#define NTK_BASE_RANKS_ROWS_H

#include "base/context.h"
#include "base/ranks/share.h"

/* This rank's of v, share->N numbers, one after the other. */
void ntk_rows_take(const ntk_share *share, const double *v, double *own);
/* And back: the own rows of m vectors, one vector after the other first in V, become all ranks'
 * rows of them, share->N x m, on every rank. Of a share of one rank nothing is done; else it is an
 * operation of all (ranks.h), which has been agreed on. */
ntk_status ntk_rows_spread(ntk_context *context, const ntk_share *share, size_t m, double *V);

#endif
