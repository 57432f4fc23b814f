/* What a round of federated averaging does in the linear model. */
#ifndef NTK_FIT_LAW_H
#define NTK_FIT_LAW_H

#include "fit/federated/clients.h"
#include "kernel/ends/extremes.h"
#include "kernel/kernel.h"

typedef struct ntk_law {
  const ntk_clients *rounds; /* borrowed */
  const ntk_kernel *K;       /* borrowed; K_0 */
  size_t outputs, R;         /* R = N outputs: rows of K */
  size_t *at;                /* clients: where a block begins */
  double *block;             /* of client c: the eigenvectors of K_cc, and then D_c; R_c x R_c */
  double *values;            /* R: eigenvalues of the K_cc, client by client */
  double *own, *changed;     /* R: scratch */
  double curvature;          /* the largest s_c lambda_max(K_cc) */
  double radius;             /* of I - K D; NaN: not known, */
  const char *reason;        /* and why not; else "" */
} ntk_law;

/* The reason where (1 - x)^E is past the largest number, or E is even and an x above 2. */
extern const char NTK_LAW_GROWS[];

/* The blocks' eigenvalues. */
ntk_status ntk_law_create(const ntk_clients *rounds, const ntk_kernel *K, size_t outputs,
                          ntk_law **law);
void ntk_law_destroy(ntk_law *law);
/* D for this step size, and the radius. */
ntk_status ntk_law_finish(ntk_law *law, double lr);
/* direction = D r, R each: a round changes the linear model's residual by -K of that. */
void ntk_law_apply(const ntk_law *law, const double *r, double *direction);
/* Bytes of it and its making, at most: where one client has nearly all samples. */
double ntk_law_bytes(double R, double clients);

#endif
