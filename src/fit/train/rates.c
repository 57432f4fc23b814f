/* Rates of the linear model r <- r - eta scale K_0 (...), eigenvalue by eigenvalue. With x = eta
 * scale lambda and b the momentum the residual's part at lambda follows
 *
 *   gd        r' = (1 - x) r
 *   momentum  r'' = (1 + b - x) r' - b r                      (heavy ball)
 *   nesterov  r'' = (1 + b) (1 - x) r' - b (1 - x) r
 *
 * and falls, in the end, as the larger root of z^2 - p z + q does. In x that falls until 1 is
 * reached (heavy ball: is sqrt b while the roots are a complex pair) and rises after: over an
 * interval it is largest at an end. The fastest steps for [mu, lambda], kappa = lambda / mu:
 *
 *   gd        2 / (lambda + mu):                      (kappa - 1) / (kappa + 1)
 *   momentum  Polyak's:                               (sqrt kappa - 1) / (sqrt kappa + 1)
 *   nesterov  4 / (3 lambda + mu) (Lessard, Recht, Packard 2016): 1 - 2 / sqrt(3 kappa + 1)
 *
 * Where the pair at mu is the slowest, the radius is 1 - c / sqrt kappa with a c that does not
 * depend on kappa: accelerated. Wang, Lin and Abernethy (2021) take eta = 1 / lambda and b = (1 - 1
 * / (2 sqrt kappa))^2: c = 1/2. */
#include "fit/train/rates.h"

#include <math.h>

static const double EDGE = 1e-9;  /* of a double root's discriminant, to rounding and more */
static const double EQUAL = 1e-6; /* two radii that are one: by such a discriminant's root */

ntk_roots ntk_step_roots(const ntk_optimizer *optimizer, double x, double b) {
  if (!optimizer->has_momentum)
    return (ntk_roots){.radius = fabs(1.0 - x)};
  const bool ball = optimizer->rule == NTK_RULE_MOMENTUM;
  const double p = ball ? 1.0 + b - x : (1.0 + b) * (1.0 - x), q = ball ? b : b * (1.0 - x);
  const double D = p * p - 4.0 * q;
  return (ntk_roots){.radius = D < 0.0 ? sqrt(q) : 0.5 * (fabs(p) + sqrt(D)),
                     .complex = D <= EDGE * p * p};
}

ntk_best_step ntk_best_step_of(const ntk_optimizer *optimizer, double least, double most) {
  const double kappa = fmax(1.0, most / least); /* of one eigenvalue, found twice */
  const double root = sqrt(kappa), sum = sqrt(least) + sqrt(most);
  if (!optimizer->has_momentum)
    return (ntk_best_step){.lr = 2.0 / (least + most), .radius = (kappa - 1.0) / (kappa + 1.0)};
  if (optimizer->rule == NTK_RULE_MOMENTUM) {
    const double radius = (root - 1.0) / (root + 1.0);
    return (ntk_best_step){.lr = 4.0 / (sum * sum), .momentum = radius * radius, .radius = radius};
  }
  const double third = sqrt(3.0 * kappa + 1.0);
  return (ntk_best_step){.lr = 4.0 / (3.0 * most + least),
                         .momentum = (third - 2.0) / (third + 2.0),
                         .radius = 1.0 - 2.0 / third};
}

/* The slower end, whether it is the lower one's pair. */
static ntk_roots slower(const ntk_training *t, double least, double most) {
  const double h = t->lr * t->scale;
  const ntk_roots low = ntk_step_roots(t->optimizer, h * least, t->momentum);
  const ntk_roots high = ntk_step_roots(t->optimizer, h * most, t->momentum);
  const bool pair = low.complex && high.radius <= low.radius * (1.0 + EQUAL);
  return (ntk_roots){.radius = fmax(low.radius, high.radius), .complex = pair};
}

ntk_linear_rate ntk_linear_rate_of(const ntk_training *t, const ntk_extremes *e) {
  ntk_linear_rate r = {.condition = NAN,
                       .rate = NAN,
                       .c = NAN,
                       .lr_best = NAN,
                       .momentum_best = NAN,
                       .rate_best = NAN,
                       .rate_gd = NAN};
  const double least = e->lambda_min, most = e->lambda_max;
  if (!ntk_training_is_linear(t) || !(least > 0.0))
    return r;
  static const ntk_optimizer gd = {.rule = NTK_RULE_GD, .linear = true};
  const ntk_roots roots = slower(t, least, most);
  const ntk_best_step best = ntk_best_step_of(t->optimizer, least, most);
  const double radius_gd = ntk_best_step_of(&gd, least, most).radius;
  r.condition = most / least;
  r.rate = roots.radius * roots.radius;
  r.c = (1.0 - roots.radius) * sqrt(r.condition);
  r.accelerated_known = t->optimizer->has_momentum && r.condition > 1.0 + EDGE;
  r.accelerated = r.accelerated_known && roots.complex;
  r.lr_best = best.lr / t->scale;
  r.momentum_best = t->optimizer->has_momentum ? best.momentum : NAN;
  r.rate_best = best.radius * best.radius;
  r.rate_gd = radius_gd * radius_gd;
  return r;
}

void ntk_rates_of_point(const ntk_training *t, ntk_track_point *point, size_t i) {
  ntk_track_point *p = &point[i];
  p->rate = p->rate_linear = NAN;
  p->drift = t->drift != NULL ? t->drift[p->epoch] : NAN;
  if (i > 0)
    p->rate = pow(p->loss / point[i - 1].loss, 1.0 / (double)(p->epoch - point[i - 1].epoch));
  if (!ntk_training_is_linear(t) || !(p->lambda_min > 0.0))
    return;
  const double radius = slower(t, p->lambda_min, p->lambda_max).radius;
  p->rate_linear = radius * radius;
}
