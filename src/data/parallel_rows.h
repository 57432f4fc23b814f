/* Samples that are multiples of one another. */
#ifndef NTK_DATA_PARALLEL_ROWS_H
#define NTK_DATA_PARALLEL_ROWS_H

#include "base/context.h"

/* Which c count in x_k = c x_i. */
typedef enum ntk_multiples {
  NTK_MULTIPLES_EQUAL,    /* 1 */
  NTK_MULTIPLES_OPPOSITE, /* 1 and -1 */
  NTK_MULTIPLES_POSITIVE, /* above 0 */
  NTK_MULTIPLES_ALL       /* any but 0 */
} ntk_multiples;

/* The earliest rows i < k of X (N x d) with x_k = c x_i to the last bit, 0 being a multiple of 0
 * alone: *first = i, *second = k, *factor = c (rounded). *first = N: there are none. O(N d + N log
 * N), 16 N bytes. */
ntk_status ntk_parallel_rows(ntk_context *context, const double *X, size_t N, size_t d,
                             ntk_multiples multiples, size_t *first, size_t *second,
                             double *factor);

#endif
