#include "kernel/cpu/gram.h"

#include "base/simd.h"

typedef void tile_fn(const ntk_tile *tile, const ntk_gram_pair *pair, bool add, double *workspace);
extern NTK_LANES_DECLARE(tile_fn, ntk_gram_tile);
extern NTK_LANES_DECLARE_SINGLE(tile_fn, ntk_gram_tile);

/* The widest micro-tile of any level. */
enum { WIDEST_ROWS = 24, WIDEST_COLUMNS = 8 };

size_t ntk_gram_workspace(size_t columns, size_t n) {
  const size_t padded = columns + WIDEST_COLUMNS;
  return padded * n + WIDEST_ROWS * (NTK_GRAM_DEPTH + 2 * padded);
}

void ntk_gram_tile(ntk_precision precision, const ntk_tile *tile, const ntk_gram_pair *pair,
                   bool add, double *workspace) {
  if (precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_gram_tile)(tile, pair, add, workspace);
  else
    NTK_LANES_BEST(ntk_gram_tile)(tile, pair, add, workspace);
}
