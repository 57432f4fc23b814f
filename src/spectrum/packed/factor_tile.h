/* What one thread does to one tile of a packed matrix in its Cholesky factorisation. */
#ifndef NTK_SPECTRUM_FACTOR_TILE_H
#define NTK_SPECTRUM_FACTOR_TILE_H

#include "spectrum/packed/packed.h"

/* The rows of panels [row, row_end) and the columns of the blocks on the diagonal [column,
 * column_end), row >= column: either the same ones, a tile on the diagonal, of which only the lower
 * triangle counts, or row >= column_end. */
typedef struct ntk_factor_tile {
  const ntk_packed *A;
  size_t row, row_end, column, column_end;
} ntk_factor_tile;

/* A_ij -= sum_k L_ik L_jk^T over the columns of panels [k, k_end), all before the tile's. */
void ntk_factor_update(const ntk_factor_tile *t, size_t k, size_t k_end);

/* L_ij from what updates with all columns before the tile's have left: chol(A_ij) on the diagonal,
 * A_ij L_jj^{-T} below it, where L_jj is there already. 0, or 1 + the row whose pivot is not
 * positive or not a number. */
size_t ntk_factor_finish(const ntk_factor_tile *t);

#endif
