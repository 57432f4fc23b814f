#include "fit/train/optimizer.h"

#include "base/names.h"

#include <math.h>

static const ntk_name_info infos[] = {
    {"gd", "gradient descent: theta -= eta grad, eq. (19)"},
    {"momentum", "heavy ball (Polyak): m = momentum m + grad, theta -= eta m"},
    {"nesterov", "momentum with the gradient ahead: theta -= eta (grad + momentum m)"},
    {"adam", "Adam (Kingma and Ba, 2015): betas 0.9 and 0.999, epsilon 1e-8"},
    {"lm", "Levenberg-Marquardt: theta -= J^T (K + mu I)^{-1} (F - Y)"},
};
enum { OPTIMIZERS = sizeof infos / sizeof infos[0] };

/* Row by row as in infos. */
static const ntk_optimizer optimizers[OPTIMIZERS] = {
    {.rule = NTK_RULE_GD, .linear = true, .theorem = true},
    {.rule = NTK_RULE_MOMENTUM, .linear = true, .has_momentum = true},
    {.rule = NTK_RULE_NESTEROV, .linear = true, .has_momentum = true},
    {.rule = NTK_RULE_ADAM},
    {.second_order = true},
};

static const ntk_name_info losses[] = {
    {"half-sum", "1/2 sum_i (f_L(x_i) - Y_i)^2, eq. (19)"},
    {"mean", "1/N sum_i (f_L(x_i) - Y_i)^2, the authors' script"},
};
enum { LOSSES = sizeof losses / sizeof losses[0] };

static const ntk_name_info rules[] = {
    {"auto", "from the eigenvalues of K at the start; adam: 1 / (10 sqrt N), the authors'"},
    {"theory", "Theorem 4.2's 1 / (gamma N d n_{L-1})"},
    {"best", "the fastest of the linear model at the start, momentum too, without a margin"},
};
enum { RULES = sizeof rules / sizeof rules[0] };

const ntk_name_info *ntk_optimizer_list(size_t *count) {
  *count = OPTIMIZERS;
  return infos;
}

const ntk_name_info *ntk_loss_list(size_t *count) {
  *count = LOSSES;
  return losses;
}

const ntk_name_info *ntk_lr_list(size_t *count) {
  *count = RULES;
  return rules;
}

ntk_status ntk_optimizer_find(const char *name, const ntk_optimizer **optimizer) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("optimizer", name, infos, OPTIMIZERS, &row));
  *optimizer = &optimizers[row];
  return NTK_OK;
}

ntk_status ntk_loss_find(const char *name, bool *mean) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("loss", name, losses, LOSSES, &row));
  *mean = row == 1;
  return NTK_OK;
}

ntk_status ntk_lr_find(const char *name, ntk_lr_rule *rule) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("rule for the step size", name, rules, RULES, &row));
  *rule = (ntk_lr_rule)row;
  return NTK_OK;
}

size_t ntk_optimizer_slots(const ntk_optimizer *optimizer) {
  if (optimizer->second_order || optimizer->rule == NTK_RULE_GD)
    return 1;
  return optimizer->rule == NTK_RULE_ADAM ? 3 : 2;
}

/* Roots of z^2 - (1 + b - eta lambda) z + b (heavy ball) and of z^2 - (1 + b)(1 - eta lambda) z +
 * b (1 - eta lambda) (Nesterov) leave the unit disc at z = -1. */
double ntk_optimizer_largest_lr(const ntk_optimizer *optimizer, double lambda, double momentum) {
  if (!optimizer->linear)
    return NAN;
  if (!optimizer->has_momentum)
    return 2.0 / lambda;
  const double b = momentum;
  return (optimizer->rule == NTK_RULE_MOMENTUM ? 2.0 * (1.0 + b)
                                               : 2.0 * (1.0 + b) / (1.0 + 2.0 * b)) /
         lambda;
}

void ntk_optimizer_direction(const ntk_optimizer *optimizer, double momentum, size_t N,
                             const double *r, double *m, double *direction) {
  for (size_t i = 0; i < N; i++) {
    if (optimizer->has_momentum)
      m[i] = momentum * m[i] + r[i];
    switch (optimizer->rule) {
    case NTK_RULE_MOMENTUM:
      direction[i] = m[i];
      break;
    case NTK_RULE_NESTEROV:
      direction[i] = r[i] + momentum * m[i];
      break;
    default:
      direction[i] = r[i];
    }
  }
}
