/* Training over ranks, for the table of ranks_backend.c. */
#ifndef NTK_KERNEL_RANKS_DESCENT_H
#define NTK_KERNEL_RANKS_DESCENT_H

#include "kernel/descent.h"

ntk_status ranks_descent_create(ntk_descent *descent);
void ranks_descent_destroy(ntk_descent *descent);
ntk_status ranks_descent_gradient(ntk_descent *descent, const ntk_batch *batch, double *sum);
void ranks_descent_sums(const ntk_descent *descent, void **gradient, size_t *count);
void ranks_descent_update(ntk_descent *descent, const ntk_update *update);
void ranks_descent_read(const ntk_descent *descent, int slot, double *values);
void ranks_descent_write(ntk_descent *descent, int slot, const double *values);
double ranks_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                           const ntk_share *share, ntk_precision precision);

#endif
