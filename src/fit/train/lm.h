/* Levenberg-Marquardt through the N x N system: the natural second-order method where there are
 * more parameters than samples. */
#ifndef NTK_FIT_LM_H
#define NTK_FIT_LM_H

#include "fit/train/damped.h"
#include "fit/train/training.h"

struct ntk_lm {
  ntk_context *context; /* borrowed */
  ntk_training *of;     /* borrowed: told how systems are solved */
  ntk_network *network; /* as the last step left it; borrowed */
  ntk_network *trial;   /* the weights of a trial */
  const ntk_dataset *data;
  const double *Y;      /* N n_L */
  size_t N, P;          /* N: rows of J, N n_L */
  double *r, *c;        /* N: F - Y at theta; (K + mu I)^{-1} r */
  double *trial_r;      /* N: F - Y at a trial */
  double *theta, *step; /* P: theta as far as the step under way has come; J^T c */
  double sum;           /* r^T r */
  double damping;       /* mu; 0: not chosen yet */
};

/* At the network's present weights. */
ntk_status ntk_lm_create(ntk_training *t, ntk_lm **lm);
void ntk_lm_destroy(ntk_lm *lm);

/* One step, in the network's weights; *sum becomes r^T r after it. *stalled: none makes it smaller,
 * and the weights are as they were. On failure they are, too. */
ntk_status ntk_lm_step(ntk_lm *lm, double *sum, bool *stalled);

/* Goes on at the network's present weights with this damping. */
ntk_status ntk_lm_restart(ntk_lm *lm, double damping);

/* Bytes besides features and kernel. */
double ntk_lm_bytes(size_t N, size_t P);

#endif
