/* What every forecast of memory begins and ends with. Sums are made in double precision, which
 * cannot overflow and is exact up to 2^53 bytes. */
#ifndef NTK_KERNEL_FOOTPRINT_H
#define NTK_KERNEL_FOOTPRINT_H

#include "kernel/kernel.h"

/* What objects and lists take besides arrays. */
enum { NTK_SMALL_OBJECTS = 1 << 16 };

/* *parameters = P; NTK_ERR_ARGUMENT for N = 0 and for what is no architecture, NTK_ERR_LIMIT for
 * one whose weights no memory holds, *bytes being SIZE_MAX then. */
ntk_status ntk_footprint_begin(const ntk_network_spec *spec, size_t N, size_t *parameters,
                               size_t *bytes);
/* *bytes = total; NTK_ERR_LIMIT for an N past what packed storage holds, NTK_ERR_MEMORY when it is
 * not available. what: "this training". Of several ranks: total is a rank's; called by all. */
ntk_status ntk_footprint_end(ntk_context *context, double total, size_t N, const char *what,
                             size_t *bytes);

/* Bytes available, for what steers: the least of all ranks, on all of them; called by all. */
double ntk_memory_agreed(ntk_context *context);

#endif
