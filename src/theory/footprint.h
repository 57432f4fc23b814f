/* How much memory ntk_spectrum takes, known before anything is allocated. */
#ifndef NTK_THEORY_FOOTPRINT_H
#define NTK_THEORY_FOOTPRINT_H

#include "net/network.h"

/* Bytes of the packed kernel, and of the features (F_l and B_l but not X). Saturate at SIZE_MAX. */
size_t ntk_half_square_bytes(size_t N);
size_t ntk_features_bytes(size_t depth, const size_t *width, size_t N);

/* ntk_spectrum_memory for a network and data set that are there already. */
ntk_status ntk_footprint_check(const ntk_context *context, const ntk_network *network, size_t N,
                               const ntk_spectrum_options *options);

#endif
