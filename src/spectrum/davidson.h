/* The smallest eigenpairs of a positive definite operator by products, helped by a solve that is
 * the inverse of something near it: a factor in single precision, of a part, or nothing at all. */
#ifndef NTK_SPECTRUM_DAVIDSON_H
#define NTK_SPECTRUM_DAVIDSON_H

#include "spectrum/lanczos.h"

/* The `count` smallest eigenvalues of A in ascending order, their unit vectors (n each, one after
 * the other) and their residuals ||A v - theta v||, from products with A, rounding included.
 * A->solve: symmetric positive definite; NULL: none. options as for Lanczos: each pair's residual
 * comes below ntk_lanczos_wanted, or a value, which no smaller one is found to be under,
 * options->enough. `block` residuals are improved at once: an eigenvalue is found as often as it
 * occurs, up to `block` times for sure (up to NTK_LANCZOS_PAIRS). With options->inner, each may
 * cost so many solves more and saves products. start: n x starts, where the search begins (copied;
 * of more than 32 the first may be all), else NULL and 0. NTK_ERR_NUMERIC when max_products do not
 * suffice, or where a product or solve is not finite. Memory: ntk_davidson_bytes. */
ntk_status ntk_davidson_smallest(ntk_context *context, const ntk_operator *A,
                                 const ntk_lanczos_options *options, const double *start,
                                 size_t starts, ntk_eigenpair *pair, double *vectors);

/* Bytes it needs for order n. */
size_t ntk_davidson_bytes(size_t n, const ntk_lanczos_options *options);

#endif
