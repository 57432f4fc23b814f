/* The inner part of the Gram matrices (8): one block, one tile. */
#ifndef NTK_KERNEL_GRAM_H
#define NTK_KERNEL_GRAM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ntk_tile_shape {
  NTK_TILE_FULL,
  NTK_TILE_LOWER, /* only entries whose row's sample is not before its column's are computed */
  NTK_TILE_UPPER  /* ... not after ... */
} ntk_tile_shape;

/* rows x columns entries at out (column-major, ld): entry (i, j) belongs to sample row0 + i of one
 * set of features and sample column0 + j of another (for LOWER and UPPER the same set). */
typedef struct ntk_tile {
  size_t row0, rows, column0, columns;
  double *out;
  size_t ld;
  ntk_tile_shape shape;
} ntk_tile;

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

/* out (= or, if add, +=) the pair over the tile. workspace: ntk_gram_workspace doubles, 64-byte
 * aligned. 2 rows columns n flops a factor. */
void ntk_gram_tile(const ntk_tile *tile, const ntk_gram_pair *pair, bool add, double *workspace);

/* Doubles that ntk_gram_tile needs for tiles of at most so many columns and factors whose widths
 * sum to at most n. */
size_t ntk_gram_workspace(size_t columns, size_t n);

#endif
