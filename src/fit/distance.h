/* How far one Jacobian is from another, through products with both. */
#ifndef NTK_FIT_DISTANCE_H
#define NTK_FIT_DISTANCE_H

#include "kernel/kernel.h"

/* *norm = ||J - J_0||_2 (of scaled blocks ||(J - J_0) C^(1/2)||_2) for two sets of features of one
 * data set and all outputs, to three digits or more: Lanczos
 * on D D^T, D = J - J_0, by J^T v - J_0^T v and J g - J_0 g. Small differences lose no digits, as
 * they would in K - K(theta, theta_0) - K(theta_0, theta) + K_0. lambda_max: of K, for the size of
 * rounding errors. About 8 N P flops a step. */
ntk_status ntk_jacobian_distance(const ntk_features *features, const ntk_features *start,
                                 double lambda_max, uint64_t seed, double *norm);

#endif
