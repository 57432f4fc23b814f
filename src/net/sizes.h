/* How large the layers of a network are, where double precision does not hold their numbers. */
#ifndef NTK_NET_SIZES_H
#define NTK_NET_SIZES_H

#include "net/network.h"

/* Exponents of two of the largest |x|, as ilogb's, whole numbers of any size; -INFINITY: all are 0.
 */
typedef struct ntk_sizes {
  double *g, *least; /* of G_l, l = 1..L-1; of its smallest that is not 0 (0 too, if phi(0) != 0);
                      * -INFINITY where elu, say, makes -1 of all that a sample has there */
  double *f;         /* of F_l, l = 0..L-1 */
  double *b;         /* of B_k, k = 1..L; b[L] = 0 */
  double last;       /* of W_L; 0: all are 0 */
} ntk_sizes;

/* Room for them, -INFINITY and of least INFINITY, to be destroyed: NTK_ERR_MEMORY. */
ntk_status ntk_sizes_create(const ntk_network *network, ntk_sizes *sizes);
void ntk_sizes_destroy(const ntk_network *network, ntk_sizes *sizes);
/* Those of N samples X (N x d) added. Each layer is divided by a power of two before it is
 * multiplied: 2 N P (n_L + 1) flops, on one thread. NTK_ERR_NOT_FINITE where a phi has no power
 * law at what goes into it, and that leaves double precision; _MEMORY, _CANCELLED. */
ntk_status ntk_sizes_add(const ntk_network *network, size_t N, const double *X, ntk_sizes *sizes);
/* Bytes that these two hold at most. */
double ntk_sizes_bytes(const ntk_network_spec *spec);

/* A power law of phi: phi(g) = 2^f phi(2^-g g), and phi'(g) = 2^(f - g) phi'(2^-g g), for all that
 * goes into a layer, with numbers near 1 on the right: of relu, of x^2, of tanh near 0 and of gelu
 * far from it, to 2^-100 at least. Both 0: none is needed, or there is none. */
typedef struct ntk_power {
  double g, f;
} ntk_power;
/* From exponents, as above. below: what F_{l-1} is divided by, where nothing else is known. */
ntk_power ntk_power_of(const ntk_activation *phi, double most, double least, double below);

/* x 2^e, without an error unless it leaves the range of double. */
double ntk_times_power(double x, double e);

#endif
