/* A symmetric matrix in LAPACK's rectangular full packed format (Gustavson et al., ACM TOMS 37,
 * 2010; TRANSR = 'N', UPLO = 'L'): n(n+1)/2 doubles and no more, yet made of plain column-major
 * pieces that BLAS-3 works on at full speed:
 *
 *     A = [ A11  .  ]   lower:     lower triangle of A11, n1 x n1
 *         [ A21 A22 ]   rectangle: A21, n2 x n1
 *                       upper:     upper triangle of A22, n2 x n2 (A22 transposed)
 *
 * n1 = ceil(n/2), n2 = floor(n/2), all with the same leading dimension ld. After factorisation the
 * same pieces hold the Cholesky factor L (upper: L22^T). */
#ifndef NTK_SPECTRUM_PACKED_H
#define NTK_SPECTRUM_PACKED_H

#include "base/blas.h"
#include "base/context.h"

typedef struct ntk_packed {
  ntk_context *context; /* borrowed */
  size_t n, n1, n2, ld;
  double *storage;   /* n(n+1)/2 */
  double *lower;     /* n1 x n1, strictly upper part not ours */
  double *rectangle; /* n2 x n1 */
  double *upper;     /* n2 x n2, strictly lower part not ours */
} ntk_packed;

/* Largest order: the leading dimension n + 1 must be a BLAS integer. Everything past that is
 * computed in size_t. */
#define NTK_PACKED_MAX (NTK_BLAS_MAX - 1)

/* Smaller matrices stay in cache, where one thread streams them as fast as several, and where
 * waiting for another on a busy machine would cost more than the work. */
enum { NTK_PACKED_THREADS = 3072 };

/* 8 n(n+1)/2, or NTK_ERR_LIMIT past NTK_PACKED_MAX. */
ntk_status ntk_packed_bytes(size_t n, size_t *bytes);

/* Uninitialised; n >= 1. */
ntk_status ntk_packed_create(ntk_context *context, size_t n, ntk_packed *A);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_packed_destroy(ntk_packed *A);
/* Both of the same order. NTK_ERR_CANCELLED. */
ntk_status ntk_packed_copy(const ntk_packed *from, ntk_packed *to);

/* A_ij += x_i + x_j (x: n); A += alpha B, of the same order. */
void ntk_packed_add_sums(ntk_packed *A, const double *x);
void ntk_packed_add(ntk_packed *A, double alpha, const ntk_packed *B);

/* Address of A_ij, i >= j. */
double *ntk_packed_at(const ntk_packed *A, size_t i, size_t j);
double ntk_packed_trace(const ntk_packed *A);
double ntk_packed_diagonal_min(const ntk_packed *A);
double ntk_packed_frobenius(const ntk_packed *A);
/* Row i of the full matrix, n entries. */
void ntk_packed_row(const ntk_packed *A, size_t i, double *row);

/* U = A V for m vectors (n x m, column-major). 2 n^2 m flops, bound by memory. NTK_ERR_CANCELLED
 * between two of them. */
ntk_status ntk_packed_multiply(const ntk_packed *A, const double *V, size_t m, double *U);

/* Cholesky factorisation of A - shift I in place; NTK_ERR_NUMERIC when a pivot is not positive (or
 * not a number), A then being of no further use. n^3/3 flops. */
ntk_status ntk_packed_factor(ntk_packed *A, double shift);

/* V <- (L L^T)^{-1} V for m vectors (n x m, column-major), after ntk_packed_factor. 2 n^2 m flops;
 * streams the factor twice for every four vectors. NTK_ERR_CANCELLED between two such, V then being
 * of no use. */
ntk_status ntk_packed_solve(const ntk_packed *L, double *V, size_t m);

#endif
