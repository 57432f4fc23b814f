/* Eigenvalues by plain loops: nothing is shared with what they check. */
#ifndef NTK_TESTS_JACOBI_H
#define NTK_TESTS_JACOBI_H

#include <math.h>
#include <stddef.h>

/* Eigenvalues, ascending, of a symmetric A (n x n, destroyed): cyclic Jacobi. */
static inline void plain_eigenvalues(size_t n, double *A, double *values) {
  for (int sweep = 0; sweep < 60; sweep++)
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++) {
        if (A[p * n + q] == 0.0)
          continue;
        const double theta = (A[q * n + q] - A[p * n + p]) / (2.0 * A[p * n + q]);
        const double t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + hypot(theta, 1.0));
        const double c = 1.0 / hypot(t, 1.0), s = t * c;
        for (size_t k = 0; k < n; k++) {
          const double u = A[k * n + p], v = A[k * n + q];
          A[k * n + p] = c * u - s * v;
          A[k * n + q] = s * u + c * v;
        }
        for (size_t k = 0; k < n; k++) {
          const double u = A[p * n + k], v = A[q * n + k];
          A[p * n + k] = c * u - s * v;
          A[q * n + k] = s * u + c * v;
        }
      }
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at > 0 && values[at - 1] > A[i * n + i]; at--)
      values[at] = values[at - 1];
    values[at] = A[i * n + i];
  }
}

#endif
