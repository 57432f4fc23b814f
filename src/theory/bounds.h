/* Theorem 3.1 and what follows from counting, on one instance. */
#ifndef NTK_THEORY_BOUNDS_H
#define NTK_THEORY_BOUNDS_H

#include "net/network.h"

/* Scales of (6) and (7); the ratios and the diagonal are the caller's to fill in. */
ntk_bounds ntk_theorem31(const ntk_network *network);

/* Largest rank that block k (k = 0..L-1), or K as a whole (k = L), can have whatever the data: the
 * number of parameters it differentiates by; for the identity activation, whose Jacobian is linear
 * in x, also d. */
size_t ntk_rank_bound(const ntk_network *network, size_t k);

/* Whether lambda_min(K) = 0 is known without computing: more samples than the rank, or two equal
 * rows of X (N x d). reason: one line. *known is false, and reason untouched, otherwise. O(N d + N
 * log N). */
ntk_status ntk_deficiency(const ntk_network *network, const double *X, size_t N, bool *known,
                          char *reason, size_t capacity);

#endif
