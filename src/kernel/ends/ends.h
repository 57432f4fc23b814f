/* Both ends of a kernel's spectrum from its features, in double or in mixed precision: the one
 * place that decides between them. */
#ifndef NTK_KERNEL_ENDS_H
#define NTK_KERNEL_ENDS_H

#include "kernel/ends/extremes.h"

/* What is factorised, and what products are with. */
typedef enum ntk_way {
  NTK_WAY_DOUBLE,        /* K; a copy of it, or the features */
  NTK_WAY_MIXED,         /* K in single precision; K in double */
  NTK_WAY_MIXED_SMALLER, /* the same; the features */
  NTK_WAY_OPERATOR /* nothing; K that is not stored: of ntk_spectrum alone (theory/spectrum) */
} ntk_way;

/* Which way mode and memory leave for so many rows of K, by the bytes of a computation in double,
 * and of NTK_WAY_MIXED; cheap: that is ntk_products_cheap, and K in double is for products alone.
 */
ntk_way ntk_way_choose(ntk_mode mode, size_t rows, bool cheap, double available, double in_double,
                       double mixed);
/* Whether the few products with the features that NTK_WAY_MIXED_SMALLER makes cost less than K in
 * double does, beyond K summed in single. */
bool ntk_products_cheap(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);

/* K in single precision, from K in double where it is there, else (NULL) from the features, summed
 * in single too; *trace: of K. */
ntk_status ntk_rough_create(const ntk_features *features, const ntk_kernel *K, double *trace,
                            ntk_kernel **rough);

/* Both ends of K, which is built, and factorised unless lambda_min is known to be 0. kept: K
 * itself, for the caller to destroy; NULL: no. A lambda_min that the eigensolver does not find is
 * NaN. e->why: mixed precision did not suffice, and it is double's. One kernel and factorisation,
 * ntk_ends_bytes. */
ntk_status ntk_ends_find(ntk_features *features, ntk_way way, uint64_t seed, ntk_extremes *e,
                         ntk_kernel **kept);
/* Bytes that it holds at its peak besides features and what is kept; rows: of K; digits: what
 * ntk_digits_of holds. */
double ntk_ends_bytes(const ntk_kernel_bytes *of, ntk_way way, size_t rows, double digits);

#endif
