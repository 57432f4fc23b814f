/* What products and solves with a packed matrix consist of: each block of it, a few panels in some
 * columns, meets a few vectors, along its rows, along its columns, or both. The matrix is in either
 * precision, vectors and sums are in double. */
#ifndef NTK_SPECTRUM_STREAM_H
#define NTK_SPECTRUM_STREAM_H

#include "spectrum/packed/packed.h"

enum { NTK_BLOCK_PANELS = 8 /* at most */ };

/* `columns` columns of `panels` panels; those of a panel lie one after the other, and so many more
 * that they are a multiple of a register's (8 at most) may be read. */
typedef struct ntk_block {
  ntk_precision precision;
  size_t panels, columns;
  const void *entries[NTK_BLOCK_PANELS]; /* the first of each panel */
  const void *next;                      /* what is read after it, from here on; NULL: not known */
} ntk_block;

/* m vectors for the columns of a block A and as many for its rows, and what becomes of them in one
 * reading of A: Y -= A X, unless Y is NULL, and U -= A^T Z, unless U is NULL. Of X and U, vector c
 * is at X + c ld; Z and Y go panel by panel, rows of a panel x m each. U may not be part of X. */
typedef struct ntk_meeting {
  size_t m, ld;
  const double *X, *Z;
  double *Y, *U;
} ntk_meeting;
void ntk_stream_block(const ntk_block *A, const ntk_meeting *with);

/* Solves with the lower triangle of a block on the diagonal, one panel in as many columns as it has
 * rows that count, or with its transpose: Y (rows of a panel x m), of whose further rows nothing is
 * kept. */
void ntk_stream_triangle(const ntk_block *L, bool transposed, size_t m, double *Y);

#endif
