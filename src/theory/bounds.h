/* Theorem 3.1 on one instance. */
#ifndef NTK_THEORY_BOUNDS_H
#define NTK_THEORY_BOUNDS_H

#include "net/network.h"

/* Scales of (6) and (7); the ratios and the diagonal are the caller's to fill in. */
ntk_bounds ntk_theorem31(const ntk_network *network);

#endif
