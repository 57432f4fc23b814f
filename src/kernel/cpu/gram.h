/* The inner part of the Gram matrices (8): one block, one tile. */
#ifndef NTK_KERNEL_GRAM_H
#define NTK_KERNEL_GRAM_H

#include "spectrum/packed/packed.h"

/* rows x columns entries: entry (i, j) belongs to sample row0 + i of one set of features and sample
 * column0 + j of another. They go to `out` (column-major, ld), or to their place in `packed`; row0
 * is then a multiple of NTK_TILE_ROWS. */
typedef struct ntk_tile {
  size_t row0, rows, column0, columns;
  bool lower; /* of one set of features, and only entries with row >= column are computed */
  double *out;
  size_t ld;
  ntk_packed *packed; /* or NULL */
  size_t ahead;       /* how much further its columns lie there: of a part of the features */
} ntk_tile;
enum { NTK_TILE_ROWS = NTK_PANEL_BYTES / sizeof(float) };

/* Entries of a width that go together: NR columns of them stay in the first cache. */
enum { NTK_GRAM_DEPTH = 256 };

/* Row-major matrices of width n, sample 0 first: one for the tile's rows, one for its columns.
 * `repeat` rows of the tile after one another, from a multiple of it on, are of one sample. */
typedef struct ntk_gram_factor {
  size_t n;
  const double *rows, *columns;
  size_t repeat;
} ntk_gram_factor;

/* (a F F^T + b) o (B B^T). B.n = 0: a F F^T + b alone. */
typedef struct ntk_gram_pair {
  ntk_gram_factor F, B;
  double a, b;
} ntk_gram_pair;

/* The tile (= or, if add, +=) the pair, whose products are summed in that precision: in double, or,
 * if packed is in single, in single too. workspace: ntk_gram_workspace doubles, 64-byte aligned.
 * 2 rows columns n flops a factor. */
void ntk_gram_tile(ntk_precision precision, const ntk_tile *tile, const ntk_gram_pair *pair,
                   bool add, double *workspace);

/* Doubles that ntk_gram_tile needs for tiles of at most so many columns and factors whose widths
 * sum to at most n. */
size_t ntk_gram_workspace(size_t columns, size_t n);

#endif
