/* What takes all ranks at once with a packed matrix that is spread over them: rows are dealt in
 * chunks (base/ranks/share.h), and these are whole tiles, of up to 240 rows. Vectors are whole on
 * every rank. For packed_factor.c and packed_solve.c. */
#ifndef NTK_SPECTRUM_SPREAD_H
#define NTK_SPECTRUM_SPREAD_H

#include "spectrum/packed/packed.h"

/* As ntk_packed_factor, in place; *broken: 0, or 1 + the row whose pivot was not positive, the same
 * on all ranks. L has the bits that one process would give it. Two rows of tiles of workspace. */
ntk_status ntk_spread_factor(const ntk_packed *A, size_t *broken);

/* As ntk_packed_solve. */
ntk_status ntk_spread_solve(const ntk_packed *L, double *V, size_t m);

#endif
