/* How much memory ntk_spectrum and ntk_verify take, known before anything is allocated. */
#ifndef NTK_THEORY_FOOTPRINT_H
#define NTK_THEORY_FOOTPRINT_H

#include "net/network.h"

#include "ntkit/verify.h"

/* Whether K is kept beside its factor, for products with it: in the memory the features leave, or
 * where it is small enough to stay in cache. */
bool ntk_footprint_keeps_kernel(size_t depth, const size_t *width, size_t N);

/* ntk_spectrum_memory for a network and data set that are there already. */
ntk_status ntk_footprint_check(const ntk_context *context, const ntk_network *network, size_t N,
                               const ntk_spectrum_options *options);

/* ntk_verify_memory for a network and data set that are there already. */
ntk_status ntk_verify_footprint_check(const ntk_context *context, const ntk_network *network,
                                      size_t N, const ntk_verify_options *options);

#endif
