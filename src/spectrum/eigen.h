/* What the public eigensolver (ntkit.h) needs besides. */
#ifndef NTK_SPECTRUM_EIGEN_H
#define NTK_SPECTRUM_EIGEN_H

#include "base/context.h"

/* The smallest pairs in ascending order, or the largest in descending, up to NTK_LANCZOS_PAIRS
 * (lanczos.h) and the order; vectors: n each, one after the other, unit and orthogonal. An
 * eigenvalue is found as often as it occurs, up to 16 times. Of one they
 * are ntk_eigen_smallest and _largest. */
ntk_status ntk_eigen_smallest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                    uint64_t seed, size_t count, ntk_eigenpair *pair,
                                    double *vectors);
ntk_status ntk_eigen_largest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                   uint64_t seed, size_t count, ntk_eigenpair *pair,
                                   double *vectors);
size_t ntk_eigen_pairs_bytes(size_t n, size_t count);

/* How far, in parts of it, the next eigenvalue is above the smallest, `value` with that unit
 * vector: at least *gap > 0, where there seems to be no nearer one; else -*gap > 0 is what was
 * found, not to be told from 0 for sure. An estimate, as is that `value` is the smallest. Some 10
 * solves where the gap is a tenth, up to three times those of ntk_eigen_smallest where it is next
 * to nothing. */
ntk_status ntk_eigen_gap(ntk_context *context, const ntk_operator *A, uint64_t seed, double value,
                         const double *vector, double *gap);

/* Vectors that it solves for at once in a matrix of order n. */
size_t ntk_eigen_block(size_t n);
/* Bytes that ntk_eigen_smallest or _largest of a packed matrix holds at its peak for order n, its
 * products included. */
size_t ntk_eigen_bytes(size_t n);

#endif
