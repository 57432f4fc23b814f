/* Theorem 3.1 on one instance. */
#ifndef NTK_THEORY_BOUNDS_H
#define NTK_THEORY_BOUNDS_H

#include "net/network.h"

/* Assumption 2.4 is asymptotic: a layer wider than the one below by more than this factor is called
 * outside where no reader would call the factor a constant. */
enum { NTK_WIDENS = 4 };

/* Scales of (6) and (7), of n_0, ..., n_{L-1}; the ratios and the diagonal are the caller's to fill
 * in. */
ntk_bounds ntk_theorem31(size_t L, const size_t *width);

#endif
