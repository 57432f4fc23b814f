/* K that is not stored: products with it, row norms and some of its columns, from features that are
 * kept, or made anew for each pass over the samples, a block of them at a time. Of samples that
 * ranks share all of these are operations of all ranks, each with blocks of its own samples. */
#ifndef NTK_KERNEL_IMPLICIT_H
#define NTK_KERNEL_IMPLICIT_H

#include "kernel/kernel.h"

typedef struct ntk_implicit {
  ntk_context *context;
  const ntk_network *network;
  const ntk_dataset *data;
  ntk_outputs outputs;
  size_t N, rows;         /* samples; rows of K */
  ntk_share share;        /* which rows of K are here */
  size_t block;           /* samples whose features are there at once: all here, or fewer */
  ntk_features *features; /* of all, where the block has them */
  size_t inner;           /* numbers in J^T v, as of ntk_kernel_gather */
  double *g; /* where the block has not: J^T v, a block's part of it, and own rows of v */
} ntk_implicit;

/* Of a network and data, borrowed. block: the most samples that a rank has, or fewer. Features are
 * made for all now, or twice in every product, which then takes three times as long. A zeroed
 * struct may be destroyed. */
ntk_status ntk_implicit_create(const ntk_network *network, const ntk_dataset *data,
                               ntk_outputs outputs, size_t block, ntk_implicit *K);
void ntk_implicit_destroy(ntk_implicit *K);
/* Bytes held, and besides them in a product, for `block` samples at a time. */
double ntk_implicit_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, const ntk_share *share, size_t block);

/* The product, 4 N P flops a vector; K is borrowed. noise is 0. */
ntk_operator ntk_implicit_operator(ntk_implicit *K);
/* As ntk_features_norms. */
ntk_status ntk_implicit_norms(ntk_implicit *K, double *f2, double *b2);
/* Columns of K, the rows that are here x those of `other`, features of some samples that every rank
 * has: row by row into A. */
ntk_status ntk_implicit_columns(ntk_implicit *K, const ntk_features *other, double *A);

#endif
