/* First-order training (19) behind the backend seam: one object holds data, labels,
 * parameters, their gradient and the optimizer's moments where the backend wants them and in its
 * precision. A step is ntk_descent_gradient, of some samples ntk_descent_batch, and then
 * ntk_descent_update; none of them allocates. */
#ifndef NTK_KERNEL_DESCENT_H
#define NTK_KERNEL_DESCENT_H

#include "base/ranks/share.h"
#include "kernel/backend.h"

/* Arrays of P numbers, in theta's order. */
typedef enum ntk_slot {
  NTK_SLOT_THETA,
  NTK_SLOT_GRADIENT, /* of the last ntk_descent_gradient; read only */
  NTK_SLOT_M,        /* moments; zero at the start */
  NTK_SLOT_V
} ntk_slot;

/* With g the gradient, m and v the moments, t the step:
 *   gd        theta -= eta g
 *   momentum  m = beta1 m + g,  theta -= eta m
 *   nesterov  m = beta1 m + g,  theta -= eta (g + beta1 m): theta is where the gradient is taken
 *   adam      m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
 *             theta -= eta / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)
 * where what is subtracted is multiplied by the scale of its block of K (network.h): K, which has
 * them, is then the kernel of the linear model of gd, momentum and nesterov. */
typedef enum ntk_rule { NTK_RULE_GD, NTK_RULE_MOMENTUM, NTK_RULE_NESTEROV, NTK_RULE_ADAM } ntk_rule;

struct ntk_update {
  ntk_rule rule;
  double lr, beta1, beta2, epsilon;
  size_t step; /* t, from 1 */
};

/* What a gradient is taken of. */
struct ntk_batch {
  const size_t *row; /* `count` samples by their numbers among all N, ascending; NULL: all */
  size_t count;
  double scale; /* the gradient is scale J^T r, of their rows */
  bool loss;    /* no gradient is wanted: the network is gone up alone */
};

struct ntk_descent {
  const ntk_backend *backend;
  ntk_context *context;       /* borrowed */
  const ntk_network *network; /* borrowed: the architecture, and theta at the start */
  ntk_share share;            /* which samples X has */
  const double *X, *Y;        /* those of the share x d; N x n_L; borrowed */
  size_t N;                   /* all samples */
  ntk_precision precision;
  double scale;   /* gradient = scale J^T r: 1 for the half-sum, 2 / N for the mean */
  bool one_sided; /* r_ic = 0 where Y_ic F_ic >= Y_ic^2; to be set once it is made */
  void *state;    /* the backend's own; NULL until created */
};

/* theta is the network's, moments are 0. data must have the network's d. */
ntk_status ntk_descent_create(const ntk_network *network, const ntk_dataset *data, const double *Y,
                              ntk_precision precision, double scale, ntk_descent **descent);
void ntk_descent_destroy(ntk_descent *descent);

/* *sum = sum_ic r_ic^2 with r = F_L(theta) - Y, accumulated in double; the gradient scale J^T r
 * stays inside. The bits do not depend on the number of threads. About 6 N sum_l n_{l-1} n_l flops.
 * NTK_ERR_CANCELLED: there is neither of them. */
ntk_status ntk_descent_gradient(ntk_descent *descent, double *sum);
/* The same of some samples, scale and sum those of `batch`. Of all of them, in their order, and
 * with the descent's scale, these are the bits of ntk_descent_gradient. */
ntk_status ntk_descent_batch(ntk_descent *descent, const ntk_batch *batch, double *sum);
/* *sum alone, with the bits of ntk_descent_gradient: a third of its flops. The gradient is lost. */
ntk_status ntk_descent_loss(ntk_descent *descent, double *sum);
void ntk_descent_update(ntk_descent *descent, const ntk_update *update);

/* Exact both ways for what has been read. values: P entries. */
void ntk_descent_read(const ntk_descent *descent, ntk_slot slot, double *values);
void ntk_descent_write(ntk_descent *descent, ntk_slot slot, const double *values);

/* Bytes that a descent of samples that are dealt so takes. */
double ntk_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         const ntk_share *share, ntk_precision precision);

#endif
