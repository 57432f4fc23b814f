/* All eigenvalues of a packed symmetric matrix. */
#ifndef NTK_SPECTRUM_FULL_H
#define NTK_SPECTRUM_FULL_H

#include "spectrum/packed/packed.h"

/* values: n entries, ascending; A is kept. LAPACK's dsyevd, values only: 4/3 n^3 flops, half of
 * them bound by memory, and a little over 8 n^2 bytes while it runs. */
ntk_status ntk_spectrum_full(const ntk_packed *A, double *values);
/* What it holds besides. */
double ntk_spectrum_full_bytes(size_t n);

/* The same of a matrix that is spread over several ranks, by all of them at the same time, which
 * get the same bits: ScaLAPACK's pdsyev, and 8 n^2 / ranks bytes; NTK_ERR_LIMIT where a rank's part
 * has 2^31 entries. For ntk_spectrum_full, which calls it; which file it is in is decided when
 * ntkit is built (full_scalapack.c, full_one.c). */
ntk_status ntk_spectrum_full_spread(const ntk_packed *A, double *values);
double ntk_spectrum_full_spread_bytes(size_t n, int ranks);

#endif
