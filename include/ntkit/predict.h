/* ntkit/predict.h - predictions of a kernel: regression by K, the network linearised at theta_0, or
 * by its limit of infinite width, the mean of a Gaussian process trained by gradient descent
 * (Jacot et al., 2018):
 *
 *     f(x) = f0(x) + k(x, X) (K + R I)^{-1} (Y - f0(X))
 *
 * with a ridge R, at the end of gradient flow (R = 0), or at times on the way. docs/predict.md. */
#ifndef NTKIT_PREDICT_H
#define NTKIT_PREDICT_H

#include "ntkit/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ntk_regression_options {
  const ntk_network_spec *limit; /* the kernel is that of this spec at infinite width, the same for
                                    each output; NULL: the network's own */
  bool centered;             /* f0 = 0: the change of the outputs is fitted, and predicted, alone */
  double ridge;              /* R >= 0 */
  const double *ridge_list;  /* R's to choose from, in the place of ridge, which is 0: by the error
                                of each sample when the others are fitted */
  size_t ridges;             /* how many; 0: ridge alone */
  const double *test_labels; /* M x n_L, for the errors there; NULL: not known */
  const char *loss;          /* of ntk_loss_list: of losses and, as ntk_train's, of times and lr;
                                NULL: "half-sum" */
  const double *time;        /* times, from 0: of gradient flow, with lr numbers of steps of
                                gradient descent; NULL: to the end. Not with a ridge */
  size_t times;              /* how many; 0: to the end */
  double lr;                 /* eta, below 2 / lambda_max in the units of ntk_train; 0: flow */
  uint64_t seed;             /* of the eigensolver's start vectors */
} ntk_regression_options;

/* NaN: not known. */
typedef struct ntk_regression_point {
  double time;                          /* or steps; NaN: the end */
  double ridge;                         /* R; of times 0 */
  double train_loss, test_loss;         /* of N, and of M samples */
  double train_error, test_error;       /* ||f - Y|| / ||Y||; of Y = 0 the norm itself */
  double train_accuracy, test_accuracy; /* part of the samples of the right class: of labels 1 and
                                           -1, or 1 and 0, the nearer; of one-hot labels, whose
                                           others are -1 or 0, the largest. NaN: other labels */
  double loo_error;    /* ||f_i(x_i) - Y_i|| over i / ||Y||, f_i fitted to all samples but the i-th;
                          NaN but for ridge_list */
  double loo_accuracy; /* the same, as train_accuracy */
  double norm; /* ||f - f0|| in the kernel's space, sqrt(a^T K a): how far the weights move */
} ntk_regression_point;

typedef struct ntk_regression_result {
  ntk_context *context;                   /* that owns the arrays below; NULL in a cleared result */
  ntk_verdict verdict;                    /* on lambda_min of K + R I; INACCURATE: rounding in K
                                             may move predictions by over 1e-3 of the labels */
  char reason[256];                       /* one line when the verdict is not OK, else "" */
  size_t samples, outputs, tests, points; /* N, n_L, M; times, at least 1 */
  size_t numbers, test_numbers;           /* N n_L, M n_L */
  double ridge;                           /* of the chosen point */
  double lambda_min, lambda_max; /* of K; NaN: not resolved, or not asked for (no R is 0) */
  double resolution;             /* eigenvalues of this size and below are lost in rounding */
  double residual; /* ||(K + R I) a - r|| / ||r||, r = Y - f0(X), recomputed; of a time, K a - the
                      part of r that is fitted by then */
  ntk_regression_point *point; /* by time, or by ridge */
  ntk_regression_point chosen; /* of times the last, of ridges the first of least loo_error; its: */
  double *prediction;          /* M x n_L: f at the test data */
  double *fitted;              /* N x n_L: f at the training data */
  double *coefficient;         /* N x n_L: a */
  double seconds, seconds_kernel, seconds_solve, seconds_predict; /* all; of these for each */
} ntk_regression_result;

/* network: K's, f0's; with options.limit f0's alone, and NULL: 0. Y: N x n_L. 8 N^2 n_L^2 bytes and
 * N^3 n_L^3 / 3 flops, of times 28 and 9, of ridge_list 16 and 2 / 3 for each (of a limit without
 * n_L), and the kernel; test data go by in slabs. NTK_ERR_NUMERIC: K + R I is singular, or not told
 * from that; _ARGUMENT, _SHAPE, _NOT_FINITE, _LIMIT, _MEMORY, _CANCELLED. options may be NULL. One
 * process. *result is filled on NTK_OK and released by ntk_regression_clear. */
NTK_API ntk_status ntk_regression(ntk_context *context, const ntk_network *network,
                                  const ntk_dataset *data, const double *Y, const ntk_dataset *test,
                                  const ntk_regression_options *options,
                                  ntk_regression_result *result);
/* Bytes that it holds at most, data and weights included, for N and M samples, and whether they
 * fit. NTK_ERR_ARGUMENT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_regression_memory(ntk_context *context, const ntk_network_spec *spec,
                                         size_t N, size_t M, const ntk_regression_options *options,
                                         size_t *bytes);
NTK_API void ntk_regression_clear(ntk_regression_result *result);

#ifdef __cplusplus
}
#endif
#endif
