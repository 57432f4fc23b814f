/* Step sizes. The linearised loss has the curvature scale K: with lambda its largest and mu its
 * smallest eigenvalue,
 *
 *   gd        eta = 1 / lambda, half of what is stable
 *   momentum  eta = (2 / (sqrt lambda + sqrt mu))^2, beta = ((sqrt lambda - sqrt mu) /
 *             (sqrt lambda + sqrt mu))^2: Polyak's, the fastest on a quadratic
 *   nesterov  eta = 1 / lambda, beta = (1 - sqrt(eta mu)) / (1 + sqrt(eta mu))
 *   adam      1 / (10 sqrt N), the authors' script
 *   best      the fastest of the linear model at these two (rates.c, of batches batch_law.c)
 *   theory    Theorem 4.2 with C = 1 and gamma n_{L-1} = ||W_L||^2 / n_L, its expectation
 *
 * Of clients it is 1 / max_c s_c lambda_max(K_cc) (fit/federated/law.c).
 * In batches gd's step is that of batch_law.c, and momentum's or nesterov's 1 - momentum times it,
 * a guess: steps add up to 1 / (1 - momentum) of themselves.
 *
 * Polyak's step is at the edge of stability when lambda / mu is large, and K changes: for the two
 * methods with momentum lambda is taken larger by MARGIN, and mu at least lambda / MOST_CONDITION,
 * which keeps beta at 0.95 (nesterov: 0.975) and the weights from being carried far from where K
 * was measured. */
#include "fit/train/batch.h"
#include "fit/train/rates.h"

#include "base/blas.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>

static const double MARGIN = 1.25, MOST_CONDITION = 6000.0, USUAL_MOMENTUM = 0.9;

void ntk_schedule_needs(const ntk_training *t, bool *lambda_max, bool *lambda_min) {
  const bool by_rule = t->options.lr == 0.0 && t->rule != NTK_LR_THEORY;
  *lambda_max = t->optimizer->linear && by_rule;
  *lambda_min = *lambda_max && t->optimizer->has_momentum && t->options.momentum == 0.0 &&
                t->options.batch == 0;
  *lambda_min = *lambda_min || (*lambda_max && t->rule == NTK_LR_BEST);
}

double ntk_training_largest_lr(const ntk_training *t, double lambda_max, double momentum) {
  if (t->rounds != NULL)
    return t->law != NULL ? 2.0 / t->law->curvature : NAN;
  if (t->options.batch == 0)
    return ntk_optimizer_largest_lr(t->optimizer, t->scale * lambda_max, momentum);
  return t->optimizer->theorem ? ntk_batch_largest_lr(t, lambda_max) : NAN;
}

static ntk_status from_theory(ntk_training *t) {
  const double norm = ntk_dnrm2(ntk_training_last_weights(t), t->network->W[t->L]) /
                      sqrt((double)t->network->width[t->L]);
  const double d = (double)t->network->width[0];
  t->lr = 1.0 / ((double)t->N * d * norm * norm * t->scale);
  if (!isfinite(t->lr))
    return ntk_fail(NTK_ERR_ARGUMENT, "Theorem 4.2's step size is not finite: W_L is 0");
  snprintf(t->lr_source, sizeof t->lr_source, "Theorem 4.2: 1 / (gamma N d n_{L-1})%s, C = 1",
           t->mean ? " N / 2" : "");
  return NTK_OK;
}

/* Stable whatever the split (law.c), and half of what may grow. */
static ntk_status from_clients(ntk_training *t) {
  double curvature = 0.0;
  if (t->law != NULL)
    curvature = t->law->curvature;
  else
    NTK_TRY(ntk_training_find_curvature(t, &curvature));
  t->lr = 1.0 / curvature;
  snprintf(t->lr_source, sizeof t->lr_source, "1 / the largest curvature of a client's loss");
  return NTK_OK;
}

static void from_batches(ntk_training *t, const ntk_extremes *e) {
  t->lr = ntk_batch_lr(t, e->lambda_max);
  snprintf(t->lr_source, sizeof t->lr_source,
           "Ma, Bassily and Belkin's for batches of %zu, from K at the start", t->options.batch);
  if (!t->optimizer->has_momentum)
    return;
  t->momentum = t->momentum == 0.0 ? USUAL_MOMENTUM : t->momentum;
  t->lr *= 1.0 - t->momentum;
  snprintf(t->lr_source, sizeof t->lr_source,
           "1 - momentum times gd's for batches of %zu, from K at the start: a guess",
           t->options.batch);
}

/* That of rates.c, or of batch_law.c. */
static ntk_status from_theory_of_steps(ntk_training *t, const ntk_extremes *e) {
  if (!(e->lambda_min > 0.0))
    return ntk_fail(NTK_ERR_NUMERIC,
                    "the best step size needs lambda_min of K at the start, and %s; give one, or "
                    "take auto",
                    e->reason[0] != '\0' ? e->reason : "it was not found");
  const ntk_best_step best =
      ntk_best_step_of(t->optimizer, t->scale * e->lambda_min, t->scale * e->lambda_max);
  t->lr = t->options.batch > 0 ? ntk_batch_best_lr(t, e) : best.lr;
  if (t->optimizer->has_momentum)
    t->momentum = best.momentum;
  snprintf(t->lr_source, sizeof t->lr_source,
           "the fastest of the linear model%s, at both ends of K at the start",
           t->options.batch > 0 ? " by the bound for batches" : "");
  return NTK_OK;
}

static ntk_status from_eigenvalues(ntk_training *t, const ntk_extremes *e) {
  const double lambda = t->scale * e->lambda_max * (t->optimizer->has_momentum ? MARGIN : 1.0);
  const double least = isfinite(e->lambda_min) ? t->scale * e->lambda_min : 0.0;
  const double mu = fmax(least, lambda / MOST_CONDITION);
  const double sum = sqrt(lambda) + sqrt(mu);
  if (!(lambda > 0.0) || !isfinite(1.0 / lambda))
    return ntk_fail(NTK_ERR_NUMERIC,
                    "lambda_max(K) at the start is %g: there is no step size to take from it; "
                    "give one",
                    e->lambda_max);
  if (t->rounds != NULL)
    return from_clients(t);
  if (t->options.batch > 0) {
    from_batches(t, e);
    return NTK_OK;
  }
  t->lr = 1.0 / lambda;
  if (t->optimizer->has_momentum && t->momentum == 0.0) {
    t->momentum = (sqrt(lambda) - sqrt(mu)) / sum;
    if (t->optimizer->rule == NTK_RULE_MOMENTUM) {
      t->momentum *= t->momentum;
      t->lr = 4.0 / (sum * sum);
    }
    ntk_format(t->lr_source, sizeof t->lr_source,
               "%s at lambda_min and %g lambda_max of K at the start",
               t->optimizer->rule == NTK_RULE_MOMENTUM ? "Polyak's optimum" : "Nesterov's optimum",
               MARGIN);
  } else if (t->optimizer->has_momentum) {
    ntk_format(t->lr_source, sizeof t->lr_source, "%s / (%g lambda_max(K)) at the start",
               t->mean ? "N / 2" : "1", MARGIN);
  } else {
    snprintf(t->lr_source, sizeof t->lr_source, "%s / lambda_max(K) at the start, stable below %s",
             t->mean ? "N / 2" : "1", t->mean ? "N / lambda_max" : "2 / lambda_max");
  }
  return NTK_OK;
}

ntk_status ntk_schedule(ntk_training *t, const ntk_extremes *at_start) {
  t->lr = t->momentum = NAN;
  t->lr_source[0] = '\0';
  if (t->optimizer->second_order)
    return NTK_OK;
  if (t->optimizer->has_momentum)
    t->momentum = t->options.momentum;
  ntk_status status = NTK_OK;
  if (t->options.lr > 0.0) {
    t->lr = t->options.lr;
    const double most = ntk_training_largest_lr(t, at_start->lambda_max,
                                                t->momentum == 0.0 ? USUAL_MOMENTUM : t->momentum);
    if (isfinite(most))
      ntk_format(t->lr_source, sizeof t->lr_source, "given; stable below %.4g at the start", most);
    else
      snprintf(t->lr_source, sizeof t->lr_source, "given");
  } else if (t->rule == NTK_LR_THEORY) {
    status = from_theory(t);
  } else if (t->rule == NTK_LR_BEST) {
    return from_theory_of_steps(t, at_start);
  } else if (!t->optimizer->linear) {
    t->lr = 0.1 / sqrt((double)t->N);
    snprintf(t->lr_source, sizeof t->lr_source, "1 / (10 sqrt N), the authors' script");
  } else {
    status = from_eigenvalues(t, at_start);
  }
  if (t->momentum == 0.0)
    t->momentum = USUAL_MOMENTUM;
  return status;
}
