/* Conjugate gradients (Hestenes and Stiefel, 1952) for A x = b, A any positive definite operator;
 * preconditioned by A.solve where there is one, which may be the inverse of something near A. */
#ifndef NTK_SPECTRUM_CONJUGATE_H
#define NTK_SPECTRUM_CONJUGATE_H

#include "base/context.h"

/* x (n entries, written) until ||b - A x|| <= tolerance ||b|| by the recurrence, or no longer: at
 * most `most` products, NTK_OK either way. *residual: what was reached, relative; *products: how
 * many it took. x is the iterate of the least residual seen. One product, one solve and 12 n flops
 * a step. */
ntk_status ntk_conjugate_gradients(ntk_context *context, const ntk_operator *A, const double *b,
                                   double tolerance, size_t most, double *x, double *residual,
                                   size_t *products);

#endif
