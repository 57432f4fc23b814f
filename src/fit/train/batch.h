/* Training by minibatches: which samples a step has, and what theory says of it. */
#ifndef NTK_FIT_BATCH_H
#define NTK_FIT_BATCH_H

#include "fit/train/training.h"

struct ntk_batches {
  ntk_context *context; /* borrowed */
  size_t steps;         /* an epoch */
  size_t *order;        /* N: samples, those of a step together and ascending */
  size_t *of;           /* N: the step that a sample is in */
  size_t *next;         /* steps: scratch */
  double *kept;         /* slots x P, 2 R: where the epoch began, and the linear model's r and m */
};

/* NTK_ERR_ARGUMENT for a batch larger than N. */
NTK_SIBLING ntk_status ntk_batch_check(const ntk_train_options *options, size_t N);

ntk_status ntk_batches_create(const ntk_training *t, ntk_batches **batches);
void ntk_batches_destroy(ntk_batches *b);
/* Bytes; slots: of the optimizer, P: parameters, R: residuals. */
double ntk_batches_bytes(size_t batch, double N, double slots, double P, double R);

/* The samples of the steps of an epoch: a shuffle of all N, which depends on seed and epoch alone.
 */
void ntk_batches_draw(ntk_batches *b, size_t N, size_t size, uint64_t seed, size_t epoch);

/* The steps of an epoch. On failure theta, moments and linear model are where they were before. */
ntk_status ntk_batches_epoch(ntk_training *t);

/* ---- Theory ---------------------------------------------------------------------------------- */

/* What a step of `size` of N samples does in the linear model. With r the residual, E the samples'
 * diagonal projection and h = lr (gradient's scale), theta moves by -h (N / size) J^T E r. */
typedef struct ntk_batch_law {
  double a, b; /* E of (the squared step's operator) <= lambda (a + b lambda), see batch_law.c */
} ntk_batch_law;
/* beta: largest ||J_i||^2. */
ntk_batch_law ntk_batch_law_of(size_t N, size_t size, double beta);
/* Bound on E ||theta - theta*||^2 after over before, along eigenvectors of K at lambda. */
double ntk_batch_factor(const ntk_batch_law *law, double h, double lambda);

/* The step size by the rule auto, that with the least bound, and the largest for which it does not
 * grow. */
double ntk_batch_lr(const ntk_training *t, double lambda_max);
double ntk_batch_best_lr(const ntk_training *t, const ntk_extremes *e);
double ntk_batch_largest_lr(const ntk_training *t, double lambda_max);
ntk_batch_rate ntk_batch_rate_of(const ntk_training *t);

#endif
