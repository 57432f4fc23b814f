/* What Theorem 4.2 speaks of, measured while training: the spectrum of K(theta_t), the Jacobian's
 * change, the distance travelled, the bound (20), and the loss of the linear model. */
#ifndef NTK_FIT_TRACK_H
#define NTK_FIT_TRACK_H

#include "fit/train/training.h"

struct ntk_tracker {
  ntk_context *context;                    /* borrowed */
  ntk_network *network;                    /* theta_0, where tracked; else NULL */
  ntk_features *features;                  /* at theta_0, where tracked */
  ntk_kernel *K;                           /* K_0, where the linear model is followed or asked */
  ntk_extremes at_start;                   /* NaN: not computed */
  double norm_largest;                     /* with batches and gd: the largest ||J_i||^2 */
  double floor;                            /* losses up to this are rounding in F_L; 0: not known */
  double *r, *m, *direction, *Kd, *before; /* R each: the linear model's residual and momentum,
                                              scratch */
  ntk_track_point *point;
  size_t count, capacity;
};

/* Frees points and the weights that they have. */
void ntk_track_points_free(ntk_context *context, ntk_track_point *point, size_t count);

/* At theta_0, which the network must hold. Computes of K_0 what options and step size need. */
ntk_status ntk_tracker_create(ntk_training *t, ntk_tracker **tracker);
void ntk_tracker_destroy(ntk_tracker *k);

/* Appends the measurements of the present epoch, unless they are there. */
ntk_status ntk_tracker_measure(ntk_training *t);
/* The present epoch is not the last: drops its point if it was measured as the last one of a run
 * that now goes on. */
void ntk_tracker_leave(ntk_training *t);
/* The linear model's step beside the network's, on all samples (batch NULL) or some; nothing where
 * it is not followed. One that fails has made no step on all. */
ntk_status ntk_tracker_advance(ntk_training *t, const ntk_batch *batch);

/* Theorem 4.2's constants, once the step size is known, into *c; *rate_bound as in
 * ntk_train_result. */
void ntk_tracker_theorem(const ntk_training *t, ntk_convergence *c, double *rate_bound);
/* Adds what the run showed: whether (20) and (21) held, how lazy it was. */
void ntk_tracker_conclude(const ntk_training *t, double rate_bound, ntk_convergence *c);

#endif
