/* |J^T v|^2 and J (J^T v) in double-double. */
#ifndef NTK_KERNEL_RESOLVE_RAYLEIGH_H
#define NTK_KERNEL_RESOLVE_RAYLEIGH_H

#include "kernel/resolve/columns.h"

typedef struct ntk_rayleigh {
  const ntk_columns *J;
  struct ntk_rayleigh_piece *pieces; /* of J^T v */
  size_t count, of_thread;
  double *room; /* threads x of_thread */
} ntk_rayleigh;

/* What J is worked with in; J is borrowed. NTK_ERR_MEMORY. To be destroyed, also where it failed.
 */
ntk_status ntk_rayleigh_create(const ntk_columns *J, ntk_rayleigh *R);
void ntk_rayleigh_destroy(ntk_rayleigh *R);
/* *value = |J^T v|^2, v: rows. N P products. y (rows), unless it is NULL, = J (J^T v), for as many
 * more. Both products err by 2^-100 or so of |J| |v|. NTK_ERR_CANCELLED. */
ntk_status ntk_rayleigh_find(const ntk_rayleigh *R, ntk_exact_entries v, double value[2],
                             const ntk_exact_entries *y);
double ntk_rayleigh_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, size_t N);

#endif
