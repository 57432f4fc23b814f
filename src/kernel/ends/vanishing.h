/* A zero on K's diagonal: exact, or only underflow? */
#ifndef NTK_KERNEL_ENDS_VANISHING_H
#define NTK_KERNEL_ENDS_VANISHING_H

#include "net/network.h"

/* Whether the output at the sample x (n_0) depends on no parameter, so that K_ii = 0 in exact
 * arithmetic: x = 0, or a layer of relu above layers of relu that is 0, the sign of no
 * pre-activation being lost to rounding, where phi(0) = 0 in the layers above it. The pass is made
 * in long double, each layer over its largest entry, which changes no sign: it tells such a 0 from
 * one of underflow. false, for not known, where a layer has a bias. O(P). */
ntk_status ntk_vanishes(const ntk_network *network, const double *x, bool *vanishes);

#endif
