/* Forward and backward pass, (1) and (9), in double-double. */
#ifndef NTK_NET_EXACT_PASSES_H
#define NTK_NET_EXACT_PASSES_H

#include "base/exact/arrays.h"
#include "net/network.h"

/* F[l] (N x n_l, l = 1..L-1) and B[k] (N x ntk_copies x n_k, k = 1..L-1) as ntk_forward_backward
 * has them, from X (N x d); B[L] is not written. moved: N x outputs, or N in their mean: the sum of
 * |dJ_i|^2 over parameters, and an outputs' mean, of a second pass with a relative error of
 * 2^-88 in every phi, phi' and product, several times what the first may have. About 30 (2 +
 * copies) P N flops. NTK_ERR_MEMORY, _CANCELLED. The bits of a row do not depend on threads. */
ntk_status ntk_exact_passes(const ntk_network *network, ntk_outputs outputs, size_t N,
                            const double *X, const ntk_exact_entries *F, const ntk_exact_entries *B,
                            double *moved);
/* W_L^T (n_L x n_{L-1}) and the norms of its columns, sqrt(sum_c w_c^2) (n_{L-1}); in the mean over
 * several outputs both over sqrt n_L. W_L^T is exact but there; else an entry errs by (2 n_L + 64)
 * 2^-106 of itself and 2^-400, at most. */
void ntk_exact_last(const ntk_network *network, ntk_outputs outputs, ntk_exact_entries last,
                    ntk_exact_entries own);
double ntk_exact_passes_bytes(const ntk_context *context, const ntk_network_spec *spec);

#endif
