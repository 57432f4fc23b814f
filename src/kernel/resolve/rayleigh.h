/* |J^T v|^2 in double-double. */
#ifndef NTK_KERNEL_RESOLVE_RAYLEIGH_H
#define NTK_KERNEL_RESOLVE_RAYLEIGH_H

#include "kernel/resolve/columns.h"

/* *value = |J^T v|^2, v: rows. N P products. NTK_ERR_MEMORY, _CANCELLED. */
ntk_status ntk_rayleigh_find(const ntk_columns *J, ntk_exact_entries v, double value[2]);
double ntk_rayleigh_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, size_t N);

#endif
