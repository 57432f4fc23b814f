#include "spectrum/basis.h"

#include "base/blas.h"

#include <string.h>

/* A single vector goes through dgemv: dgemm would copy all of Q into its panels for each. */
void ntk_basis_project_out(size_t n, size_t size, const double *Q, size_t count, double *V,
                           double *C) {
  if (count == 1) {
    ntk_dgemv('T', n, size, 1.0, Q, n, V, 0.0, C);
    ntk_dgemv('N', n, size, -1.0, Q, n, C, 1.0, V);
  } else {
    ntk_dgemm('T', 'N', size, count, n, 1.0, Q, n, V, n, 0.0, C, size);
    ntk_dgemm('N', 'N', n, count, size, -1.0, Q, n, C, size, 1.0, V, n);
  }
}

/* Row block by row block. */
void ntk_basis_rotate(size_t n, size_t size, size_t keep, const double *S, double *Q) {
  double rows[64 * NTK_BASIS_KEEP];
  for (size_t first = 0; first < n; first += 64) {
    const size_t count = n - first < 64 ? n - first : 64;
    ntk_dgemm('N', 'N', count, keep, size, 1.0, Q + first, n, S, size, 0.0, rows, 64);
    for (size_t p = 0; p < keep; p++)
      memcpy(Q + p * n + first, rows + p * 64, count * sizeof(double));
  }
}
