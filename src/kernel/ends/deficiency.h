/* Kernels that are known to be singular before anything is built: by counting parameters, or
 * because rows of the Jacobian are multiples of one another. Everyone who speaks of a lambda_min
 * asks here first, and calls it 0 where this does. */
#ifndef NTK_KERNEL_ENDS_DEFICIENCY_H
#define NTK_KERNEL_ENDS_DEFICIENCY_H

#include "data/parallel_rows.h"
#include "kernel/kernel.h"

#include <math.h>

/* Nothing is known. */
#define NTK_NO_DEFICIENCY ((ntk_deficiency){.factor = NAN})

/* The c of which the symmetry knows what becomes of F_L(c x). */
ntk_multiples ntk_multiples_of(ntk_symmetry symmetry);
/* What becomes of it for such a c, which is not 1, in a formula that holds for it. */
const char *ntk_symmetry_law(ntk_symmetry symmetry, double c);

/* Of block k, or of K (k = L), of these outputs, for these N samples, which ranks may have in
 * parts: then all call this and what follows, and get the same. For every activation: more samples
 * than the rank (rank_bound.h), or equal rows; x_k = c x_i, where the network's symmetry gives
 * F_L(c x) from F_L(x); x_i = 0, where phi(0) = 0 up to F_k (and of block 0 always). Biases leave
 * of the last two what they do not touch. O(N d + N log N + n_{L-2} n_{L-1}).
 */
ntk_status ntk_deficiency_find(const ntk_network *network, ntk_outputs outputs,
                               const ntk_held *held, size_t k, ntk_deficiency *deficiency);

/* The same of the limit at infinite width, for the part that does not count widths: a v for which
 * J^T v = 0 whatever the weights and widths are is in the null space of every K, and of what these
 * tend to; a rank that widths bound is not there. The network is of any widths, with the limit's
 * activations and biases; one output. Of its covariance too: F_L follows as J does. */
ntk_status ntk_deficiency_find_limit(const ntk_network *network, const ntk_held *held, size_t k,
                                     ntk_deficiency *deficiency);

/* Bytes that it holds meanwhile for K of N samples. */
double ntk_deficiency_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);

/* What K's diagonal adds, where nothing is known yet: K_ii = 0 where no parameter acts on x_i, as
 * when a layer of relu is 0 there; then all blocks have that row 0. A K_ii that only underflowed
 * adds nothing. O(N L), and O(P) for each K_ii
 * that is 0. */
ntk_status ntk_deficiency_of_norms(const ntk_network *network, const ntk_held *held,
                                   const ntk_norms *norms, ntk_deficiency *deficiency);

/* Of J~_FB J~_FB^T and J~ J~^T, whose rows are f~ (x) b~ and the same less M, f~ = f_{L-2} - E f,
 * b~ = b_{L-1} - E b: block L-2 by its count, equal rows, or a linear network, whose b~ is 0. */
ntk_status ntk_deficiency_find_centred(const ntk_network *network, const ntk_held *held,
                                       ntk_deficiency *deficiency);

#endif
