/* How far the stored kernel can be from the kernel in exact arithmetic of the stored X and W. */
#ifndef NTK_KERNEL_ENDS_ACCURACY_H
#define NTK_KERNEL_ENDS_ACCURACY_H

#include "kernel/backend.h"

typedef struct ntk_accuracy {
  double gram; /* ||K_stored - J^ J^^T||_2 <= gram, J^ being the Jacobian that the stored F and B
                  define: a bound for any order of summation */
  double jacobian; /* ||J^ - J||_F, J exact: a bound where phi' is Lipschitz and the activation
                      functions are as accurate as they say; for relu it assumes that rounding flips
                      the sign of no pre-activation */
} ntk_accuracy;

/* Of the blocks into of[0..L-1], of K into of[L]. typical: jacobian as rounding is expected to grow
 * from layer to layer: no bound, but one multiplies the norms of all layers and says nothing of a
 * deep network. O(N L + P) operations. */
ntk_status ntk_kernel_accuracies(const ntk_network *network, const ntk_norms *norms, bool typical,
                                 ntk_accuracy *of);
/* The bounds, of K alone. */
ntk_status ntk_kernel_accuracy(const ntk_network *network, const ntk_norms *norms,
                               ntk_accuracy *accuracy);

/* The largest lambda_min that may be found by factorising the stored kernel, of that trace, where
 * that of the exact one is 0: the factorisation's own error, gram, and jacobian^2. */
double ntk_resolution(size_t N, double trace, const ntk_accuracy *accuracy);

/* *bound: |F_L(x_i) as computed - exact| <= bound for every sample, as accurate as the activation
 * functions say they are. f2: L x N, as above. */
ntk_status ntk_output_accuracy(const ntk_network *network, size_t N, const double *f2,
                               double *bound);

/* Carries proved bounds on lambda_min of the stored matrix over to the exact kernel:
 * sigma_min(J) differs from sqrt(lambda_min(J^ J^^T)) by at most ||J^ - J||. */
void ntk_accuracy_carry(const ntk_accuracy *accuracy, double lower, double upper,
                        double *kernel_lower, double *kernel_upper);

#endif
