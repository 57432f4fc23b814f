/* The one place that talks to BLAS and LAPACK: sizes become 32-bit integers here, and the number of
 * threads a call uses is set here. Column-major, as in BLAS; offsets are computed by the callers in
 * size_t. Sizes must be at most NTK_BLAS_MAX, which the callers' limits guarantee. */
#ifndef NTK_BASE_BLAS_H
#define NTK_BASE_BLAS_H

#include "base/context.h"

#define NTK_BLAS_MAX ((size_t)INT32_MAX)

/* C (m x n) = alpha op(A) op(B) + beta C, inner dimension k. */
void ntk_dgemm(char transa, char transb, size_t m, size_t n, size_t k, double alpha,
               const double *A, size_t lda, const double *B, size_t ldb, double beta, double *C,
               size_t ldc);
/* The uplo triangle of C (n x n) = alpha op(A) op(A)^T + beta C; op(A) is n x k. */
void ntk_dsyrk(char uplo, char trans, size_t n, size_t k, double alpha, const double *A, size_t lda,
               double beta, double *C, size_t ldc);
/* B (m x n) = B op(A)^{-1}, or B = B op(A) by the second; side 'R', or op(A) on the left with 'L';
 * A is the uplo triangle of a matrix. */
void ntk_dtrsm(char side, char uplo, char trans, size_t m, size_t n, const double *A, size_t lda,
               double *B, size_t ldb);
void ntk_dtrmm(char side, char uplo, char trans, size_t m, size_t n, const double *A, size_t lda,
               double *B, size_t ldb);
/* y = alpha op(A) x + beta y; A is m x n. Unit strides. */
void ntk_dgemv(char trans, size_t m, size_t n, double alpha, const double *A, size_t lda,
               const double *x, double beta, double *y);
double ntk_ddot(size_t n, const double *x, const double *y);
double ntk_dnrm2(size_t n, const double *x);
void ntk_daxpy(size_t n, double alpha, const double *x, double *y);
void ntk_dscal(size_t n, double alpha, double *x);

/* Eigenvalues (ascending, n) of the symmetric A (n x n, lower triangle read) and, where jobz is
 * 'V', eigenvectors in place of A, one a column; workspace is allocated inside. */
ntk_status ntk_dsyevd(ntk_context *context, char jobz, size_t n, double *A, double *eigenvalues);

/* ---- What the standard does not have: blas_openblas.c, blas_blis.c or blas_generic.c
 * -------------- */

/* Threads that a BLAS call from outside a parallel region uses, until ntk_blas_leave. Inside our
 * parallel regions each call must run on one thread: enter with threads = 1 around the region.
 * Returns what to hand to ntk_blas_leave. */
int ntk_blas_enter(int threads);
void ntk_blas_leave(int previous);

/* The name, with version, and core type that the BLAS reports of itself; static storage. */
const char *ntk_blas_name(void);
const char *ntk_blas_core(void);
/* Bytes that it maps for each thread that calls it, when that first does; where it cannot, OpenBLAS
 * tries for ever. */
size_t ntk_blas_buffer(void);
/* What else may help against one that computes wrongly, as the end of a sentence. */
const char *ntk_blas_remedy(void);

/* ---- The check at start-up
 * ----------------------------------------------------------------------- */

/* Compares dgemm and dsyrk with plain loops on odd and tail shapes. NTK_ERR_BLAS when one
 * is wrong. About a millisecond. */
ntk_status ntk_blas_check(void);

#endif
