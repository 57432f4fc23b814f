/* The ends of the spectrum in mixed precision: a kernel in single precision leads to them, products
 * in double say what they are. */
#ifndef NTK_KERNEL_ENDS_MIXED_H
#define NTK_KERNEL_ENDS_MIXED_H

#include "kernel/ends/extremes.h"

/* K in single precision, its diagonal near 1, rounded from sums in that precision; trace: of K. */
ntk_kernel_form ntk_mixed_form(size_t N, double trace, ntk_precision sums);

/* lambda_max by `rough`, K in single, not factorised, and A, the product in double, whose pair it
 * is: value and residual. vector, scratch: n. */
ntk_status ntk_mixed_largest(ntk_kernel *rough, const ntk_operator *A, double tolerance,
                             uint64_t seed, ntk_eigenpair *pair, double *vector, double *scratch);

/* lambda_min of K, with its vector (n), by products in double with A, K's or the features';
 * `rough`, K in single, becomes its factor. Fills *e as ntk_extremes_smallest does, with residual
 * and products, where e->why is NULL; else that says what single precision cannot do here, and
 * nothing is known. */
ntk_status ntk_mixed_smallest(ntk_kernel *rough, const ntk_operator *A, double tolerance,
                              uint64_t seed, double *vector, ntk_extremes *e);
/* Bytes that it holds at its peak, besides. */
double ntk_mixed_bytes(size_t n);

#endif
