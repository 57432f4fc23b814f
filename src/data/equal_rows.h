/* Samples that stand in a data set more than once. */
#ifndef NTK_DATA_EQUAL_ROWS_H
#define NTK_DATA_EQUAL_ROWS_H

#include "base/context.h"

/* first[i] = the least row that equals row i of X (N x d): i itself unless there is an earlier one.
 * -0 equals 0. O(N d + N log N). */
ntk_status ntk_equal_rows(ntk_context *context, const double *X, size_t N, size_t d, size_t *first);

#endif
