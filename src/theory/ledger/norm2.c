#include "theory/ledger/norm2.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

typedef struct array {
  const double *A; /* rows x columns; to BLAS the transposed of it, columns x rows */
  size_t rows, columns;
  double *product; /* rows */
} array;

/* U = A^T (A V). */
static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  const array *a = user;
  for (size_t c = 0; c < m; c++) {
    ntk_dgemv('T', a->columns, a->rows, 1.0, a->A, a->columns, V + c * a->columns, 0.0, a->product);
    ntk_dgemv('N', a->columns, a->rows, 1.0, a->A, a->columns, a->product, 0.0, U + c * a->columns);
  }
  return NTK_OK;
}

ntk_status ntk_norm2(ntk_context *context, const double *A, size_t rows, size_t columns,
                     uint64_t seed, double *norm) {
  const double frobenius = ntk_dnrm2(rows * columns, A);
  if (frobenius == 0.0) {
    *norm = 0.0;
    return NTK_OK;
  }
  double *work;
  NTK_TRY(ntk_alloc_doubles(context, rows + columns, "an operator norm", &work));
  array a = {A, rows, columns, work};
  const ntk_operator gram = {.n = columns, .apply = apply, .user = &a};
  ntk_eigenpair pair;
  const int previous = ntk_blas_enter(1); /* the same bits for any number of threads */
  const ntk_status status = ntk_eigen_largest(context, &gram, 1e-4, seed, &pair, work + rows);
  ntk_blas_leave(previous);
  if (status == NTK_OK)
    *norm = sqrt(fmax(0.0, pair.value));
  ntk_free(context, work);
  return status;
}
