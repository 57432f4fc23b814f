/* Conjugate gradients (Hestenes and Stiefel, 1952) for A x = b, A any positive definite operator;
 * preconditioned by A.solve where there is one, which may be the inverse of something near A. */
#ifndef NTK_SPECTRUM_CONJUGATE_H
#define NTK_SPECTRUM_CONJUGATE_H

#include "spectrum/lanczos.h"

/* x (n entries, written) until ||b - A x|| <= tolerance ||b|| by the recurrence, or no longer: at
 * most `most` products, NTK_OK either way. *residual: what was reached, relative; *products: how
 * many it took. x is the iterate of the least residual seen. One product, one solve and 12 n flops
 * a step. */
ntk_status ntk_conjugate_gradients(ntk_context *context, const ntk_operator *A, const double *b,
                                   double tolerance, size_t most, double *x, double *residual,
                                   size_t *products);

/* (M - theta) t = r orthogonal to X, the `size` lowest vectors up to that of theta; M.solve alone
 * is used. near: the lowest vectors of M as far as they are known, in that order, or NULL. */
typedef struct ntk_correction {
  const ntk_operator *M;
  size_t size;
  const double *X; /* n x size, orthonormal */
  double theta;
  const ntk_near *near;
  size_t most;     /* solves */
  double gain;     /* what may be left of r */
  double *scratch; /* 4 n */
  double *C;       /* size */
} ntk_correction;

/* M^{-1} r becomes t, or what has been found of it by `most` solves, or until the equation proves
 * not to be positive definite. */
ntk_status ntk_conjugate_correct(const ntk_correction *c, double *r);

#endif
