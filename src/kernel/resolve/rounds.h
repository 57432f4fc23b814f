/* A Cholesky factor of K = J J^T that is as good as J is known, not K. */
#ifndef NTK_KERNEL_RESOLVE_ROUNDS_H
#define NTK_KERNEL_RESOLVE_ROUNDS_H

#include "kernel/resolve/columns.h"
#include "spectrum/packed/packed.h"

/* M M^T = J J^T up to what rounding of J is, ||J|| u, in each row of M; M: packed, to be destroyed,
 * where *complete; else K is not told from a singular matrix in `rounds`, at most
 * NTK_ROUNDS_MOST. noise: more than an eigenvalue of K in double is off by. 2 N^2 P flops a round.
 * NTK_ERR_MEMORY, _CANCELLED. */
enum { NTK_ROUNDS_MOST = 4 };
ntk_status ntk_rounds_factor(const ntk_columns *J, double noise, ntk_packed *M, bool *complete,
                             int *rounds);
/* Bytes, at most, of it and of Lanczos' method with M. */
double ntk_rounds_bytes(const ntk_context *context, size_t rows);

#endif
