/* What iterations do with an orthonormal basis Q of n entries a vector, column-major. */
#ifndef NTK_SPECTRUM_BASIS_H
#define NTK_SPECTRUM_BASIS_H

#include <stddef.h>

/* V (n x count) -= Q C with C = Q^T V (size x count, written). */
void ntk_basis_project_out(size_t n, size_t size, const double *Q, size_t count, double *V,
                           double *C);

/* Q <- Q S in the first `keep` vectors of Q, S size x keep; in place. keep: up to
 * NTK_BASIS_KEEP. */
enum { NTK_BASIS_KEEP = 152 };
void ntk_basis_rotate(size_t n, size_t size, size_t keep, const double *S, double *Q);

#endif
