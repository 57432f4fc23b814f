#include "spectrum/full.h"

#include "base/blas.h"
#include "base/memory.h"

ntk_status ntk_spectrum_full(const ntk_packed *A, double *values) {
  size_t entries;
  if (A->share.ranks > 1)
    return ntk_spectrum_full_spread(A, values);
  NTK_TRY(ntk_size_multiply(A->n, A->n, "the whole spectrum", &entries));
  double *square; /* column-major; the lower triangle is what LAPACK reads */
  NTK_TRY(ntk_alloc_doubles(A->context, entries, "the whole spectrum", &square));
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t j = 0; j < A->n; j++)
    for (size_t i = j; i < A->n; i++)
      square[i + j * A->n] = ntk_packed_get(A, i, j);
  /* Its thousands of short parallel steps cost more than they bring where A stays in cache, and
   * time slices each where the machine is busy. */
  const int previous = ntk_blas_enter(A->n < NTK_PACKED_THREADS ? 1 : ntk_team(A->context));
  const ntk_status status = ntk_dsyevd(A->context, 'N', A->n, square, values);
  ntk_blas_leave(previous);
  ntk_free(A->context, square);
  return status;
}

/* LAPACK's workspace: under 40 n, its blocks being of 32 columns. */
double ntk_spectrum_full_bytes(size_t n) {
  return (double)sizeof(double) * (double)n * ((double)n + 40.0);
}
