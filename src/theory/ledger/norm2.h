/* Operator norms of rectangular arrays. */
#ifndef NTK_THEORY_NORM2_H
#define NTK_THEORY_NORM2_H

#include "base/context.h"

/* ||A||_2 of A (rows x columns, row-major) to a relative 1e-4, from below: the root of the largest
 * eigenvalue of A^T A by Lanczos. 0 for an array of zeros. */
ntk_status ntk_norm2(ntk_context *context, const double *A, size_t rows, size_t columns,
                     uint64_t seed, double *norm);

#endif
