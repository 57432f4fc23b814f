#include "base/blas.h"

#include "base/memory.h"

#include <cblas.h>
#include <lapack.h>
#include <math.h>
#include <stdint.h>

/* Callers have checked their sizes against NTK_BLAS_MAX. */
static int narrow(size_t size) {
  return (int)size;
}

static enum CBLAS_TRANSPOSE transpose(char trans) {
  return trans == 'N' ? CblasNoTrans : CblasTrans;
}

static enum CBLAS_UPLO triangle(char uplo) {
  return uplo == 'L' ? CblasLower : CblasUpper;
}

/* NOLINTBEGIN(readability-function-size): the parameters are those of BLAS. */
void ntk_dgemm(char transa, char transb, size_t m, size_t n, size_t k, double alpha,
               const double *A, size_t lda, const double *B, size_t ldb, double beta, double *C,
               size_t ldc) {
  cblas_dgemm(CblasColMajor, transpose(transa), transpose(transb), narrow(m), narrow(n), narrow(k),
              alpha, A, narrow(lda), B, narrow(ldb), beta, C, narrow(ldc));
}

void ntk_dsyrk(char uplo, char trans, size_t n, size_t k, double alpha, const double *A, size_t lda,
               double beta, double *C, size_t ldc) {
  cblas_dsyrk(CblasColMajor, triangle(uplo), transpose(trans), narrow(n), narrow(k), alpha, A,
              narrow(lda), beta, C, narrow(ldc));
}

void ntk_dtrsm(char side, char uplo, char trans, size_t m, size_t n, const double *A, size_t lda,
               double *B, size_t ldb) {
  cblas_dtrsm(CblasColMajor, side == 'L' ? CblasLeft : CblasRight, triangle(uplo), transpose(trans),
              CblasNonUnit, narrow(m), narrow(n), 1.0, A, narrow(lda), B, narrow(ldb));
}

void ntk_dtrmm(char side, char uplo, char trans, size_t m, size_t n, const double *A, size_t lda,
               double *B, size_t ldb) {
  cblas_dtrmm(CblasColMajor, side == 'L' ? CblasLeft : CblasRight, triangle(uplo), transpose(trans),
              CblasNonUnit, narrow(m), narrow(n), 1.0, A, narrow(lda), B, narrow(ldb));
}

/* NOLINTEND(readability-function-size) */

void ntk_dgemv(char trans, size_t m, size_t n, double alpha, const double *A, size_t lda,
               const double *x, double beta, double *y) {
  cblas_dgemv(CblasColMajor, transpose(trans), narrow(m), narrow(n), alpha, A, narrow(lda), x, 1,
              beta, y, 1);
}

double ntk_ddot(size_t n, const double *x, const double *y) {
  return cblas_ddot(narrow(n), x, 1, y, 1);
}

double ntk_dnrm2(size_t n, const double *x) {
  return cblas_dnrm2(narrow(n), x, 1);
}

void ntk_daxpy(size_t n, double alpha, const double *x, double *y) {
  cblas_daxpy(narrow(n), alpha, x, 1, y, 1);
}

void ntk_dscal(size_t n, double alpha, double *x) {
  cblas_dscal(narrow(n), alpha, x, 1);
}

ntk_status ntk_dsyevd(ntk_context *context, char jobz, size_t n, double *A, double *eigenvalues) {
  const char uplo = 'L';
  const int order = narrow(n), query = -1;
  double work_size;
  int iwork_size, info;
  LAPACK_dsyevd(&jobz, &uplo, &order, A, &order, eigenvalues, &work_size, &query, &iwork_size,
                &query, &info);
  if (info != 0 || work_size < 1 || work_size > (double)INT32_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "dsyevd has no workspace for order %zu", n);
  const int lwork = (int)work_size, liwork = iwork_size;
  double *work;
  NTK_TRY(ntk_alloc_doubles(context, (size_t)lwork, "eigenvalue workspace", &work));
  void *iwork = NULL;
  ntk_status status =
      ntk_alloc(context, (size_t)liwork, sizeof(int), "eigenvalue workspace", &iwork);
  if (status == NTK_OK) {
    LAPACK_dsyevd(&jobz, &uplo, &order, A, &order, eigenvalues, work, &lwork, iwork, &liwork,
                  &info);
    if (info != 0)
      status = ntk_fail(NTK_ERR_NUMERIC, "dsyevd did not converge (info %d)", info);
  }
  ntk_free(context, iwork);
  ntk_free(context, work);
  return status;
}

void ntk_blas_leave(int previous) {
  (void)ntk_blas_enter(previous);
}

/* ---- The check at start-up ---- */

enum { M = 37, N = 29, K = 53 }; /* odd, so that every kernel's tail is used */

/* An entry for tests: exact in double, so that every product and short sum is exact too and the
 * comparison needs no tolerance. */
static double small_integer(size_t i, size_t j) {
  return (double)((7 * i + 13 * j + i * j) % 17) - 8.0;
}

static bool gemm_is_right(void) {
  double A[M * K], B[N * K], C[M * N];
  for (size_t k = 0; k < K; k++) {
    for (size_t i = 0; i < M; i++)
      A[i * K + k] = small_integer(i, k);
    for (size_t j = 0; j < N; j++)
      B[j * K + k] = small_integer(j + 3, k);
  }
  ntk_dgemm('T', 'N', M, N, K, 1.0, A, K, B, K, 0.0, C, M); /* C = A^T B, column-major */
  for (size_t i = 0; i < M; i++)
    for (size_t j = 0; j < N; j++) {
      double sum = 0.0;
      for (size_t k = 0; k < K; k++)
        sum += A[i * K + k] * B[j * K + k];
      if (C[j * M + i] != sum)
        return false;
    }
  ntk_dsyrk('L', 'T', N, K, 1.0, B, K, 0.0, C, N);
  for (size_t j = 0; j < N; j++)
    for (size_t i = j; i < N; i++) {
      double sum = 0.0;
      for (size_t k = 0; k < K; k++)
        sum += B[i * K + k] * B[j * K + k];
      if (C[j * N + i] != sum)
        return false;
    }
  return true;
}

ntk_status ntk_blas_check(void) {
  if (!gemm_is_right())
    return ntk_fail(NTK_ERR_BLAS,
                    "the loaded BLAS (%s, core %s) multiplies matrices wrongly; install another%s",
                    ntk_blas_name(), ntk_blas_core(), ntk_blas_remedy());
  return NTK_OK;
}
