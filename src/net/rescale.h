/* A network whose features double precision holds, for the kernel of one whose it does not. */
#ifndef NTK_NET_RESCALE_H
#define NTK_NET_RESCALE_H

#include "net/sizes.h"

/* *scaled: a network of the same phi, with W_l and b_l times powers of two, other scales of K's
 * blocks and a slope (network.h), so that its K, times 2^exponent, is the kernel of `network`, and
 * none of its layers under- or overflows on the data of these sizes. Not for outputs or gradients.
 * *exponent is 0 where K's largest entry is within 2^room and 2^-room. A block that is 2^-1000 of K
 * may have the scale 0. NTK_ERR_MEMORY; _NOT_FINITE where no
 * power of two does it: where data are too small or large themselves, say. */
ntk_status ntk_network_rescale(const ntk_network *network, const ntk_sizes *sizes, double room,
                               ntk_network **scaled, double *exponent);
/* Bytes of it. */
double ntk_rescaled_bytes(const ntk_network_spec *spec);

#endif
