/* Samples that are nearly one to the network: lambda_min is small for them, of the order of the
 * square of what they differ by, and not 0 as it is for those that deficiency.h knows. */
#ifndef NTK_KERNEL_ENDS_NEAR_ROWS_H
#define NTK_KERNEL_ENDS_NEAR_ROWS_H

#include "data/held.h"
#include "net/network.h"

/* x_k is near c x_i, and F_L(c x) is known from F_L(x), whatever the weights. */
typedef struct ntk_pair {
  size_t i, k;
  double factor, distance; /* c; ||x_k - c x_i|| / ||x_k|| */
  ntk_symmetry symmetry;
} ntk_pair;

/* Two samples with the c that suits them best. Of this and what follows: over ranks all call it,
 * and get the same. NTK_ERR_MEMORY, _RANKS. */
ntk_status ntk_pair_of(ntk_context *context, const ntk_held *held, ntk_symmetry symmetry, size_t i,
                       size_t k, ntk_pair *pair);

/* The nearest such pair at a distance to speak of; of exact ones, only where y_k is not c y_i to
 * slack; Y NULL: all. pair->distance: INFINITY: none. O(N d + N log N), and d for each two that are
 * near along one direction. */
ntk_status ntk_find_pair(ntk_context *context, const ntk_held *held, ntk_symmetry symmetry,
                         const double *Y, double slack, ntk_pair *pair);

/* Of a lambda_min that is not told from 0, though nothing makes it 0: adds the nearest pair to the
 * reason (size), where there is one. */
ntk_status ntk_near_rows_say(const ntk_network *network, const ntk_held *held, size_t size,
                             char *reason);

#endif
