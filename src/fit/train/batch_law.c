/* Gradient descent on minibatches in the linear model (Ma, Bassily and Belkin, "The Power of
 * Interpolation", ICML 2018), for a batch S of m of N samples drawn without replacement. A step is
 * e <- (I - h H) e in e = theta - theta*, with H = (N / m) sum_{i in S} J_i^T J_i, E H = J^T J and,
 * as two samples are in S together with probability m (m - 1) / (N (N - 1)),
 *
 *   E H^2 = N (N - m) / (m (N - 1)) sum_i ||J_i||^2 J_i^T J_i + N (m - 1) / (m (N - 1)) (J^T J)^2
 *        <= a J^T J + b (J^T J)^2,   a = beta N (N - m) / (m (N - 1)),  b = N (m - 1) / (m (N - 1))
 *
 * so that E ||e||^2 falls to at most g(lambda) = 1 - 2 h lambda + h^2 lambda (a + b lambda) of its
 * part at the eigenvalue lambda of K; g is convex, its most is at an end of the spectrum. (Batches
 * drawn with replacement have a = beta N / m and b = (m - 1) / m, the paper's numbers.) The rule is
 * h = 1 / (a + b lambda_max), for which g <= 1 - h lambda; the best h is 1 / (a + b lambda_min)
 * while that leaves g at lambda_max no more than at lambda_min, else 2 / (a + b (lambda_min +
 * lambda_max)); both meet at m = (N beta + lambda_max - lambda_min) / (beta + lambda_max -
 * lambda_min). */
#include "fit/train/batch.h"
#include "fit/train/track.h"

#include <math.h>
#include <stdio.h>

ntk_batch_law ntk_batch_law_of(size_t N, size_t size, double beta) {
  const double n = (double)N, m = (double)size;
  if (size == N)
    return (ntk_batch_law){.b = 1.0};
  return (ntk_batch_law){.a = beta * n * (n - m) / (m * (n - 1.0)),
                         .b = n * (m - 1.0) / (m * (n - 1.0))};
}

/* The square of 1 - h lambda, and what batches add: not negative, as N beta >= lambda. */
double ntk_batch_factor(const ntk_batch_law *law, double h, double lambda) {
  const double x = h * lambda, left = 1.0 - x;
  return left * left + h * x * fmax(law->a - (1.0 - law->b) * lambda, 0.0);
}

static ntk_batch_law law_of(const ntk_training *t) {
  return ntk_batch_law_of(t->N, t->options.batch, t->tracker->norm_largest);
}

double ntk_batch_lr(const ntk_training *t, double lambda_max) {
  const ntk_batch_law law = law_of(t);
  return 1.0 / (t->scale * (law.a + law.b * lambda_max));
}

double ntk_batch_best_lr(const ntk_training *t, const ntk_extremes *e) {
  const ntk_batch_law law = law_of(t);
  return fmin(1.0 / (law.a + law.b * e->lambda_min),
              2.0 / (law.a + law.b * (e->lambda_min + e->lambda_max))) /
         t->scale;
}

double ntk_batch_largest_lr(const ntk_training *t, double lambda_max) {
  return 2.0 * ntk_batch_lr(t, lambda_max);
}

/* The most of both ends. */
static double worst(const ntk_batch_law *law, double h, const ntk_extremes *e) {
  return fmax(ntk_batch_factor(law, h, e->lambda_min), ntk_batch_factor(law, h, e->lambda_max));
}

/* An epoch at the step h of whole batches; the last one has `left` samples, of the same weight. */
static double epoch(const ntk_training *t, const ntk_batch_law *law, double h) {
  const size_t m = t->options.batch, left = t->N % m, whole = t->N / m;
  const ntk_extremes *e = &t->tracker->at_start;
  double rate = pow(worst(law, h, e), (double)whole);
  if (left > 0) {
    const ntk_batch_law last = ntk_batch_law_of(t->N, left, t->tracker->norm_largest);
    rate *= worst(&last, h * (double)left / (double)m, e);
  }
  return rate;
}

/* Why there is no rate; "": there is one. */
static const char *why_none(const ntk_training *t, const ntk_extremes *e) {
  return t->options.margin > 0.0      ? "it is of squares, not of a margin"
         : !t->optimizer->theorem     ? "it is of gradient descent"
         : e->lambda_min > 0.0        ? ""
         : e->reason[0] != '\0'       ? e->reason
         : t->R > NTK_KERNEL_AT_START ? "lambda_min of K_0 is found up to 8192 rows"
                                      : "lambda_min of K_0 was not found";
}

ntk_batch_rate ntk_batch_rate_of(const ntk_training *t) {
  ntk_batch_rate r = {.norm_largest = NAN,
                      .critical = NAN,
                      .rate = NAN,
                      .lr_best = NAN,
                      .rate_best = NAN,
                      .size = t->options.batch};
  if (r.size == 0)
    return r;
  const ntk_extremes *e = &t->tracker->at_start;
  r.steps = t->batches->steps;
  snprintf(r.reason, sizeof r.reason, "%s", why_none(t, e));
  if (!t->optimizer->theorem || t->options.margin > 0.0)
    return r;
  const double span = e->lambda_max - e->lambda_min;
  const ntk_batch_law law = law_of(t);
  r.norm_largest = t->tracker->norm_largest;
  r.critical = ((double)t->N * r.norm_largest + span) / (r.norm_largest + span);
  if (r.reason[0] != '\0')
    return r;
  r.rate = epoch(t, &law, t->lr * t->scale);
  r.lr_best = ntk_batch_best_lr(t, e);
  r.rate_best = epoch(t, &law, r.lr_best * t->scale);
  return r;
}
