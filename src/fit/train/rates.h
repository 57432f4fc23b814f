/* What theory says of a training's steps on all samples, in the linear model. */
#ifndef NTK_FIT_RATES_H
#define NTK_FIT_RATES_H

#include "fit/train/training.h"

/* A step's way with the residual along an eigenvector of K: x = eta scale lambda, at momentum b. */
typedef struct ntk_roots {
  double radius; /* the larger modulus of its recursion's roots */
  bool complex;  /* they are a pair, or double */
} ntk_roots;
ntk_roots ntk_step_roots(const ntk_optimizer *optimizer, double x, double b);

/* The fastest step size (times the scale) and momentum for a spectrum in [least, most], and the
 * radius that both ends have then. 0 < least. */
typedef struct ntk_best_step {
  double lr, momentum, radius;
} ntk_best_step;
ntk_best_step ntk_best_step_of(const ntk_optimizer *optimizer, double least, double most);

/* e: both ends of K_0. */
ntk_linear_rate ntk_linear_rate_of(const ntk_training *t, const ntk_extremes *e);
/* rate, rate_linear and drift of tracked point i, which those before it are needed for. */
void ntk_rates_of_point(const ntk_training *t, ntk_track_point *point, size_t i);

#endif
