/* K = J J^T in double-double. */
#ifndef NTK_KERNEL_RESOLVE_GRAM_H
#define NTK_KERNEL_RESOLVE_GRAM_H

#include "kernel/resolve/columns.h"

/* Rows of K (rows x rows) from their diagonal on; what is before it is of no use. room:
 * ntk_exact_gram_numbers. N^2 / 2 sum_k (n_k + n_{k+1}) products. NTK_ERR_CANCELLED. The bits do
 * not depend on threads. */
ntk_status ntk_exact_gram(const ntk_columns *J, double *room, ntk_watch *watch,
                          ntk_exact_entries K);
double ntk_exact_gram_numbers(const ntk_columns *J);
double ntk_exact_gram_bytes(const ntk_context *context, const ntk_network_spec *spec,
                            ntk_outputs outputs, size_t N);

/* ||K as made - J J^T||_2 <= this, J being the columns' own; ||J||_F^2 <= *trace. */
double ntk_exact_gram_error(const ntk_columns *J, double *trace);

#endif
