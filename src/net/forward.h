/* Forward pass F_l of (1) and backward pass B_k of (9), together. */
#ifndef NTK_NET_FORWARD_H
#define NTK_NET_FORWARD_H

#include "net/network.h"

/* Both of these can be cancelled (NTK_ERR_CANCELLED). F[0] = X (N x d) is read; F[l] (N x n_l, l
 * = 1..L-1) and B[k] (N x copies x n_k, k = 1..L-1, of the kernel of these outputs: ntk_copies) are
 * written; F_L (N x n_L) too unless NULL. The bits of a row do not depend on the number of threads.
 * 2 N n_{l-1} n_l flops forward for each layer, n_L times as many back. */
ntk_status ntk_forward_backward(const ntk_network *network, ntk_outputs outputs, size_t N,
                                double *const *F, double *const *B, double *F_L);
/* Bytes of its workspace, at most: they do not grow with N. */
double ntk_forward_backward_bytes(const ntk_context *context, const ntk_network_spec *spec);

/* F_L (N x n_L) alone, from X (N x d): no array of N rows besides. 2 N sum_l n_{l-1} n_l flops.
 */
ntk_status ntk_forward(const ntk_network *network, size_t N, const double *X, double *F_L);
double ntk_forward_bytes(const ntk_context *context, const ntk_network_spec *spec);

#endif
