/* The table of optimizers: what a step does in parameters (the backend's rule), what it does to the
 * residual of a linear model, and which step size suits which spectrum. */
#ifndef NTK_FIT_OPTIMIZER_H
#define NTK_FIT_OPTIMIZER_H

#include "kernel/descent.h"

#include "ntkit/fit.h"

/* Rules for the step size, row by row. */
typedef enum ntk_lr_rule { NTK_LR_AUTO, NTK_LR_THEORY, NTK_LR_BEST } ntk_lr_rule;

typedef struct ntk_optimizer {
  ntk_rule rule;
  bool second_order; /* lm: no rule, no step size */
  bool linear; /* its steps are linear in the gradient, so that a linear model can be followed:
                  gd, momentum, nesterov */
  bool has_momentum;
  bool theorem; /* Theorem 4.2 is about it: gd */
} ntk_optimizer;

NTK_SIBLING ntk_status ntk_optimizer_find(const char *name, const ntk_optimizer **optimizer);
/* *mean: the loss is the mean, not the half-sum. */
NTK_SIBLING ntk_status ntk_loss_find(const char *name, bool *mean);
NTK_SIBLING ntk_status ntk_lr_find(const char *name, ntk_lr_rule *rule);

/* Arrays of P numbers that it goes on from: theta and, of a first-order one, its moments. */
size_t ntk_optimizer_slots(const ntk_optimizer *optimizer);

/* Largest eta for which the linearised steps do not grow: lambda is the curvature lambda_max(K)
 * times the gradient's scale. NaN for adam and lm. */
double ntk_optimizer_largest_lr(const ntk_optimizer *optimizer, double lambda, double momentum);

/* The step in the residual r of a linear model with kernel K: as theta changes by -eta times some
 * combination of gradients scale J^T r, r changes by -eta scale K times the same combination of r.
 * Updates the momentum's counterpart m and gives the combination; r, m, direction: N entries. */
void ntk_optimizer_direction(const ntk_optimizer *optimizer, double momentum, size_t N,
                             const double *r, double *m, double *direction);

#endif
