/* Kernel operations that floors above use besides the public ones (ntkit.h). */
#ifndef NTK_KERNEL_KERNEL_H
#define NTK_KERNEL_KERNEL_H

#include "kernel/backend.h"

/* A second copy of an unfactorised K. */
ntk_status ntk_kernel_copy(const ntk_kernel *from, ntk_kernel **kernel);

/* Features with F_{L-2} - 1 f^T and B_{L-1} - 1 b^T, the others copied: f: n_{L-2}, b: n_{L-1}. */
ntk_status ntk_features_centre(const ntk_features *features, const double *f, const double *b,
                               ntk_features **centred);

/* An upper bound on lambda_min of what was factorised, from the factor's diagonal: min_i l_ii^2,
 * for l_ii^2 = 1 / (A_i^{-1})_ii >= lambda_min(A_i) >= lambda_min(A) with A_i the leading i x i
 * block. */
double ntk_kernel_smallest_pivot(const ntk_kernel *factor);
/* l_ii^2 for all i (N): the squared distance, in the metric of what was factorised, of row i from
 * those before it. */
void ntk_kernel_pivots(const ntk_kernel *factor, double *pivots);

/* What the eigensolver sees, borrowing its argument: of K the product, of its factor the solve, of
 * features the product J (J^T v). */
ntk_operator ntk_kernel_operator(ntk_kernel *kernel);
ntk_operator ntk_features_operator(ntk_features *features);

#endif
