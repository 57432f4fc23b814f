/* A symmetric matrix, or its Cholesky factor, in row panels: n(n+1)/2 entries and a few more, in
 * the very order in which the micro-kernels read them.
 *
 * Rows are cut into panels of 192 bytes: 24 in double precision, 48 in single. Panel p has the
 * columns from the first to the end of its block on the diagonal, each column's entries side by
 * side. With P rows a panel, entry (i, j), i >= j, is at P j + i % P of panel i / P. Panels lie one
 * after the other: those of all rows, or where the matrix is spread over ranks those of this one's.
 *
 * The leading m x m block is a beginning of every panel, and its factor of the factor's: a copy of
 * the struct with another n is a view of it. What else lies in blocks on the diagonal, above it and
 * past the last row, is 0. */
#ifndef NTK_SPECTRUM_PACKED_H
#define NTK_SPECTRUM_PACKED_H

#include "base/context.h"
#include "base/precision.h"
#include "base/ranks/share.h"

enum { NTK_PANEL_BYTES = 192 };

typedef struct ntk_packed {
  ntk_context *context; /* borrowed */
  size_t n, leading;    /* order; of the leading block that ntk_packed_factor has made a factor */
  ntk_precision precision; /* of the entries; vectors are in double always */
  ntk_share share;         /* which rows are here; of all of them, also where n is less */
  void **panel;            /* each one's first entry; NULL: it is another rank's */
  void *storage;
} ntk_packed;

/* Smaller matrices stay in cache, where one thread streams them as fast as several, and where
 * waiting for another on a busy machine would cost more than the work. */
enum { NTK_PACKED_THREADS = 3072 };

/* Chunks of rows that are dealt to ranks are multiples of it: whole panels in either precision. */
enum { NTK_CHUNK_ROWS = NTK_PANEL_BYTES / sizeof(float) };

/* Vectors that go through the matrix, or its factor, together. */
enum { NTK_PACKED_VECTORS = 4 };

/* Rows of a panel, and where panel p begins. */
static inline size_t ntk_panel_rows(ntk_precision precision) {
  return precision == NTK_PRECISION_FLOAT ? NTK_PANEL_BYTES / sizeof(float)
                                          : NTK_PANEL_BYTES / sizeof(double);
}
static inline void *ntk_panel_at(const ntk_packed *A, size_t p) {
  return A->panel[p];
}
static inline bool ntk_packed_has(const ntk_packed *A, size_t row) {
  return A->panel[row / ntk_panel_rows(A->precision)] != NULL;
}

/* Largest order: past any memory, and vectors of it can still be indexed by BLAS. */
#define NTK_PACKED_MAX ((size_t)1 << 30)

/* Of all entries: about 4 n^2 in double, 2 n^2 in single; NTK_ERR_LIMIT past NTK_PACKED_MAX. */
ntk_status ntk_packed_bytes(size_t n, ntk_precision precision, size_t *bytes);

/* Uninitialised but for what has to be 0; n >= 1. share: of n rows, those that are to be here;
 * NULL: all. NTK_ERR_ARGUMENT where chunks of several ranks do not end with panels in either
 * precision.
 */
ntk_status ntk_packed_create(ntk_context *context, size_t n, ntk_precision precision,
                             const ntk_share *share, ntk_packed *A);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_packed_destroy(ntk_packed *A);
/* Both of the same order and rows, and precision, or from double to single: scale times it,
 * rounded. NTK_ERR_CANCELLED. */
ntk_status ntk_packed_copy(const ntk_packed *from, double scale, ntk_packed *to);

/* A_ij += x_i + x_j (x: n); A_ij *= x_i x_j; A += alpha B, of the same order, rows and precision.
 */
void ntk_packed_add_sums(ntk_packed *A, const double *x);
void ntk_packed_scale(ntk_packed *A, const double *x);
void ntk_packed_add(ntk_packed *A, double alpha, const ntk_packed *B);

/* A_ij, i >= j, of a row that is here. */
double ntk_packed_get(const ntk_packed *A, size_t i, size_t j);
void ntk_packed_set(ntk_packed *A, size_t i, size_t j, double value);
/* The rest is of the whole matrix: where it is spread, of all ranks at the same time, which get the
 * same bits, and but for norm and products those of one process. */

/* Entries of the diagonal from row `first` on, `count` or what there is: how many. */
size_t ntk_packed_diagonal(const ntk_packed *A, size_t first, size_t count, double *diagonal);
enum { NTK_DIAGONAL = 4096 }; /* some of them, where all would have to be allocated */
double ntk_packed_trace(const ntk_packed *A);
double ntk_packed_diagonal_min(const ntk_packed *A);
double ntk_packed_frobenius(const ntk_packed *A);
/* Row i of the full matrix, n entries. */
void ntk_packed_row(const ntk_packed *A, size_t i, double *row);

/* U = A V for m vectors (n x m, column-major). 2 n^2 m flops; reads A once for every four vectors.
 * The bits do not depend on the number of threads. NTK_ERR_CANCELLED between two such. */
ntk_status ntk_packed_multiply(const ntk_packed *A, const double *V, size_t m, double *U);
/* Bytes of workspace that it needs, at most. */
double ntk_packed_multiply_bytes(size_t n);

/* Cholesky factorisation of A - shift I in place; NTK_ERR_NUMERIC when a pivot is not positive (or
 * not a number): the rows before it, A->leading, are the factor's all the same, and the rest of no
 * further use. n^3/3 flops. */
ntk_status ntk_packed_factor(ntk_packed *A, double shift);

/* V <- (L L^T)^{-1} V for m vectors (n x m, column-major), after ntk_packed_factor. 2 n^2 m flops;
 * reads the factor twice for every four vectors. NTK_ERR_CANCELLED between two such, V then being
 * of no use. */
ntk_status ntk_packed_solve(const ntk_packed *L, double *V, size_t m);

#endif
