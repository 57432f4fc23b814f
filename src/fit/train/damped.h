/* (K + mu I) c = r, for Levenberg-Marquardt: by a factor in double precision, or by one in single
 * that guides conjugate gradients with K in double, or the features' products. */
#ifndef NTK_FIT_DAMPED_H
#define NTK_FIT_DAMPED_H

#include "kernel/ends/ends.h"

typedef struct ntk_damped {
  ntk_features *features; /* borrowed */
  ntk_way way;            /* DOUBLE once single precision has not sufficed, */
  const char *why;        /* and why it has not; else NULL */
  double trace, damping;  /* of K; mu */
  ntk_kernel *K, *factor; /* in double beside a factor in single; that of K + mu I. NULL: none */
} ntk_damped;

/* K for features and way, not factorised; to be destroyed even when this failed. */
ntk_status ntk_damped_create(ntk_damped *s);
void ntk_damped_destroy(ntk_damped *s);
/* NTK_ERR_NUMERIC: K + mu I has no factor in double. */
ntk_status ntk_damped_factor(ntk_damped *s, double damping);
/* c, N; as near as a factor in double comes. */
ntk_status ntk_damped_solve(ntk_damped *s, const double *r, double *c);
/* Bytes besides features; rows: of K. */
double ntk_damped_bytes(const ntk_kernel_bytes *of, ntk_way way, size_t rows);

#endif
