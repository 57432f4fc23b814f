/* The Jacobian by its columns, some at a time: from plain arrays of features, without ever having
 * all of it. */
#ifndef NTK_KERNEL_RESOLVE_COLUMNS_H
#define NTK_KERNEL_RESOLVE_COLUMNS_H

#include "base/exact/arrays.h"
#include "kernel/backend.h"

/* Block k: the columns (a, c), a = 0..in-1, c = 0..out-1, are F_k[:, a] o B_{k+1}[:, c] times
 * root[0], and root[1] for the last a, of a bias, for which F is 1. */
typedef struct ntk_columns_block {
  size_t in, width, out;  /* in: n_k, or 0 where the scale of W_{k+1} is 0, and 1 more of a bias */
  ntk_exact_entries F, B; /* N x width; rows x out, NULL: 1; lo where they are no doubles */
  double a, b;            /* the scales, of which root has the roots */
  double root[2];
  size_t first; /* its first column */
} ntk_columns_block;

/* That of a column, from an earlier block, or the same, on. */
static inline const ntk_columns_block *ntk_columns_block_of(const ntk_columns_block *k,
                                                            size_t column) {
  while (column >= k->first + k->in * k->out)
    k++;
  return k;
}

typedef struct ntk_columns {
  ntk_context *context;
  size_t N, rows, per, count; /* samples; rows of J, `per` of each sample; columns */
  size_t blocks;
  ntk_columns_block *block;
  double *storage; /* features */
  double *moved;   /* rows: |dJ_i|^2, what is not known of them (net/exact/passes.h) */
} ntk_columns;

/* Numbers of columns that J has: P, but for a mean over outputs and blocks whose scale is 0. */
double ntk_columns_count(const ntk_network_spec *spec, ntk_outputs outputs, const double *scale);

/* Of N samples X (N x d, borrowed). NTK_ERR_LIMIT, _MEMORY, _CANCELLED, _NOT_FINITE. To be
 * destroyed, also where it failed. Features are in double-double: about 100 N P flops. */
ntk_status ntk_columns_create(const ntk_network *network, ntk_outputs outputs, size_t N,
                              const double *X, ntk_columns *J);
void ntk_columns_destroy(ntk_columns *J);
double ntk_columns_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N);

/* `count` columns from the first on, rounded to double, to Y: row r of J is at r * distance,
 * contiguous. */
void ntk_columns_take(const ntk_columns *J, size_t first, size_t count, double *Y, size_t distance);

/* |J_r|^2, near enough for estimates. */
double ntk_columns_square(const ntk_columns *J, size_t r);

/* Entries of J J^T = K with rows i0..i0+m-1 and columns j0..j0+n-1 to C, column-major. scratch: 2 m
 * n. On one thread of BLAS. */
void ntk_columns_gram(const ntk_columns *J, size_t i0, size_t m, size_t j0, size_t n, double *C,
                      size_t distance, double *scratch);

#endif
