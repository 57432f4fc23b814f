/* All eigenvalues of a packed symmetric matrix. */
#ifndef NTK_SPECTRUM_FULL_H
#define NTK_SPECTRUM_FULL_H

#include "spectrum/packed/packed.h"

/* values: n entries, ascending; A is kept. LAPACK's dsyevd, values only: 4/3 n^3 flops, half of
 * them bound by memory, and a little over 8 n^2 bytes while it runs. */
ntk_status ntk_spectrum_full(const ntk_packed *A, double *values);
/* What it holds besides. */
double ntk_spectrum_full_bytes(size_t n);

#endif
