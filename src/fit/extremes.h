/* What (21) is about: smallest and largest singular values of the Jacobian, through K, and how far
 * it is from another one, through products with both. */
#ifndef NTK_FIT_EXTREMES_H
#define NTK_FIT_EXTREMES_H

#include "kernel/kernel.h"

typedef struct ntk_extremes {
  double lambda_min; /* of K = sigma_min(J)^2; 0 when N > P; NaN: below resolution */
  double lambda_max; /* ||J||^2 */
} ntk_extremes;

/* Builds K, and factorises it for lambda_min. kept: K itself, for the caller to destroy; NULL: no.
 * One kernel and factorisation, 4 N^2 bytes (with kept twice that). */
ntk_status ntk_extremes_find(const ntk_features *features, uint64_t seed, ntk_extremes *extremes,
                             ntk_kernel **kept);

/* lambda_max alone, by products J (J^T v): needs no K. */
ntk_status ntk_extremes_largest(ntk_features *features, uint64_t seed, double *lambda_max);

/* *norm = ||J - J_0||_2 for two sets of features of one data set, to three digits or more: Lanczos
 * on D D^T, D = J - J_0, by J^T v - J_0^T v and J g - J_0 g. Small differences lose no digits, as
 * they would in K - K(theta, theta_0) - K(theta_0, theta) + K_0. lambda_max: of K, for the size of
 * rounding errors. About 8 N P flops a step. */
ntk_status ntk_jacobian_distance(const ntk_features *features, const ntk_features *start,
                                 double lambda_max, uint64_t seed, double *norm);

#endif
