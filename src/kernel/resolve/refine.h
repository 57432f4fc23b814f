/* An eigenvector of J J^T, made as good as J is known in double-double. */
#ifndef NTK_KERNEL_RESOLVE_REFINE_H
#define NTK_KERNEL_RESOLVE_REFINE_H

#include "kernel/resolve/columns.h"
#include "spectrum/packed/packed.h"

/* v (rows), near that of the smallest eigenvalue, becomes it by M, M M^T being about J J^T. */
typedef struct ntk_refined {
  double value;    /* |J^T v|^2 */
  double residual; /* sqrt(value) ||M^{-1} (K v - value v)||: no more than the usual residual, and
                      not drowned by ||K|| u as that is */
  int steps;       /* products with K, and solves */
} ntk_refined;
/* 4 N P products in double-double a step, usually one or two, 40 at most. NTK_ERR_MEMORY,
 * _CANCELLED. */
ntk_status ntk_refine(const ntk_columns *J, const ntk_packed *M, double *v, ntk_refined *refined);

/* Bytes, without those of products (kernel/resolve/rayleigh.h). */
double ntk_refine_bytes(size_t rows);

#endif
