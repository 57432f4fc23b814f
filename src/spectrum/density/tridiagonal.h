/* Symmetric tridiagonal matrices of a few hundred rows. */
#ifndef NTK_SPECTRUM_TRIDIAGONAL_H
#define NTK_SPECTRUM_TRIDIAGONAL_H

#include <stdbool.h>
#include <stddef.h>

/* Eigenvalues, ascending, and the first entries of their unit vectors, and the last ones unless
 * last is NULL, of the matrix with that diagonal (n) and subdiagonal (n - 1 entries of n, used up).
 * Errors are a few roundings of the largest entry. About 20 n^2 flops. False for what is not
 * finite, or does not converge. */
bool ntk_tridiagonal_measure(size_t n, double *diagonal, double *off, double *first, double *last);

#endif
