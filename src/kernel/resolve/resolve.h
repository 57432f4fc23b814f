/* lambda_min(K) = sigma_min(J)^2 where rounding in K hides it. */
#ifndef NTK_KERNEL_RESOLVE_H
#define NTK_KERNEL_RESOLVE_H

#include "kernel/ends/extremes.h"

/* *e: verdict, lambda_min, residual, solves, rounds and resolution, in place of what a factor of K
 * in double would find; vector: rows, its eigenvector where there is one. noise: e->resolution of
 * K in double; trace: of K. Of N samples X (N x d), all here. 2 N^2 P flops a round, of which one
 * usually suffices. NTK_ERR_LIMIT, _MEMORY, _CANCELLED, and _NOT_FINITE of
 * a trace outside of 1e-150 to 1e150. */
typedef struct ntk_resolving {
  const ntk_network *network;
  ntk_outputs outputs;
  size_t N;
  const double *X;
  double noise, trace, tolerance;
  uint64_t seed;
  ntk_certificate *certificate; /* NULL: none; filled in where the verdict is OK (enclose.h) */
} ntk_resolving;
ntk_status ntk_resolve(const ntk_resolving *of, double *vector, ntk_extremes *e);
/* Bytes that it holds at its peak. */
double ntk_resolve_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N, bool certify);
/* Columns of J, for 2 N^2 of flops each a round. */
double ntk_resolve_columns(const ntk_network_spec *spec, ntk_outputs outputs);

#endif
