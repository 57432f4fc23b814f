/* lambda_min of J J^T, enclosed, where K in double says nothing of it. */
#ifndef NTK_KERNEL_RESOLVE_ENCLOSE_H
#define NTK_KERNEL_RESOLVE_ENCLOSE_H

#include "kernel/resolve/columns.h"

enum { NTK_ENCLOSE_ROWS = 4096 };

/* *c, certified only here: lower and upper of K in double-double, and of the kernel in exact
 * arithmetic, from a lambda_min, `value`, with its vector v (rows). Of more than NTK_ENCLOSE_ROWS
 * rows, or where no lower bound is found, the reason says so. N^3 / 6 products in double-double,
 * K's and those of kernel/ends/proof.h; 16 N^2 bytes. NTK_ERR_MEMORY, _CANCELLED. */
ntk_status ntk_enclose(const ntk_network *network, ntk_outputs outputs, const ntk_columns *J,
                       const double *v, double value, ntk_certificate *c);
double ntk_enclose_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N);

#endif
