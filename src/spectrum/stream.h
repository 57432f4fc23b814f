/* What products and solves with a packed matrix consist of: each piece of it, the entries of one
 * panel in some columns, meets a few vectors, along its rows or along its columns. The matrix is in
 * either precision, vectors and sums are in double. */
#ifndef NTK_SPECTRUM_STREAM_H
#define NTK_SPECTRUM_STREAM_H

#include "spectrum/packed.h"

enum {
  NTK_PIECE_ROWS = NTK_PANEL_BYTES / sizeof(float), /* most rows that a panel has */
  NTK_PIECE_LANES = 8                               /* most doubles that a vector register has */
};

/* `columns` columns of one panel, from `entries` on. */
typedef struct ntk_piece {
  ntk_precision precision;
  const void *entries;
  size_t columns;
} ntk_piece;

/* Y (rows of a panel x m, side by side) -= A X; column c of the m of X is at X + c ldx. */
void ntk_stream_rows(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y);

/* S += A^T X with X (rows of a panel x m, side by side): sums by lanes, NTK_PIECE_LANES for each
 * column and vector, the vectors of a column side by side. Zeroed before the first. */
void ntk_stream_columns(const ntk_piece *A, size_t m, const double *X, double *S);

/* Both at once, which read A once: Y -= A X and S += A^T X_p. */
void ntk_stream_both(const ntk_piece *A, size_t m, const double *X, size_t ldx, const double *X_p,
                     double *Y, double *S);

/* y_j -= the sum of its lanes, for column j = 0..columns-1 and vector c at Y + c ldy. */
void ntk_stream_reduce(size_t columns, size_t m, const double *S, double *Y, size_t ldy);

/* Solves with the lower triangle of the block on the diagonal, whose rows are as many as the
 * piece's columns, or with its transpose: Y (rows of a panel x m, side by side), of whose further
 * rows nothing is kept.
 */
void ntk_stream_triangle(const ntk_piece *L, bool transposed, size_t m, double *Y);

#endif
