/* Kernels of infinite width between other samples and those of the data, as predictions need them.
 */
#ifndef NTK_KERNEL_LIMIT_CROSS_H
#define NTK_KERNEL_LIMIT_CROSS_H

#include "kernel/limit/limit.h"

typedef struct ntk_limit_cross ntk_limit_cross;

/* For M test samples and the N of the data, both of which are borrowed; blocks as of
 * ntk_limit_kernel, or covariance, of the outputs, whose blocks are NULL. Tables and series are for
 * the variances of both, so that entries are those of ntk_limit_kernel of [data; test] but for
 * rounding; of a test sample that is 0 they are 0 where
 * phi(0) = 0 and there are no biases. N + M numbers for each layer and term of its series. Errors
 * as of ntk_limit_kernel. */
ntk_status ntk_limit_cross_create(ntk_context *context, const ntk_network_spec *spec,
                                  const ntk_dataset *data, const ntk_dataset *test,
                                  const bool *blocks, bool covariance, ntk_limit_cross **cross);
void ntk_limit_cross_destroy(ntk_limit_cross *cross);

/* Rows first, ..., first + count - 1 of the M x N matrix, row-major, into out (count x N): entry
 * (m, i) is of test sample m and sample i. Some hundred rows at a time, which threads share in
 * groups of 24; the bits do not depend on their number. Without allocation; 2 count N d flops and
 * what pairs take. NTK_ERR_ARGUMENT for rows that there are not; _CANCELLED, and out is then of no
 * use. */
ntk_status ntk_limit_cross_rows(const ntk_limit_cross *cross, size_t first, size_t count,
                                double *out);

#endif
