/* Kernel operations that floors above use besides the public ones (ntkit.h). */
#ifndef NTK_KERNEL_KERNEL_H
#define NTK_KERNEL_KERNEL_H

#include "data/held.h"
#include "kernel/backend.h"

/* A second copy of an unfactorised K. */
ntk_status ntk_kernel_copy(const ntk_kernel *from, ntk_kernel **kernel);
/* In single precision, beside K in double and from its features: for ntk_kernel_multiply, _factor
 * and _solve, which are of K itself, whatever the form's scale; what reads entries is off by it. */
ntk_status ntk_kernel_copy_in(const ntk_kernel *from, ntk_kernel_form form, ntk_kernel **kernel);
ntk_status ntk_kernel_create_in(const ntk_features *features, const bool *blocks,
                                ntk_kernel_form form, ntk_kernel **kernel);

/* Rows of K: N, or N n_L of all outputs (SIZE_MAX past that). */
size_t ntk_kernel_rows(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);
/* K_ii's part of block k, from the squared norms of its rows. */
static inline double ntk_diagonal_part(const ntk_network *network, size_t k, double f2, double b2) {
  return (network->scale[2 * k] * f2 + network->scale[2 * k + 1]) * b2;
}

/* Features with F_{L-2} - 1 f^T and B_{L-1} - 1 b^T, the others copied: f: n_{L-2}, b: n_{L-1}. */
ntk_status ntk_features_centre(const ntk_features *features, const double *f, const double *b,
                               ntk_features **centred);

/* The features of the first samples, 1 to N, which these ones hold: a view, not to be destroyed. */
ntk_features ntk_features_leading(const ntk_features *features, size_t samples);

/* The samples of features. */
static inline ntk_held ntk_features_held(const ntk_features *features) {
  return (ntk_held){.share = features->share, .d = features->network->width[0], .X = features->X};
}

/* Squared row norms, both L x rows, of the rows that row i of K has: f2[k rows + i] of F_k's, and
 * b2 of B_{k+1}'s. */
ntk_status ntk_features_norms(const ntk_features *features, double *f2, double *b2);
/* The same in memory of their own: *norms has 2 L rows numbers, f2 and then b2; to be freed with
 * the features' context. */
ntk_status ntk_features_take_norms(const ntk_features *features, double **norms);
/* F_l, or B_l with b, N x n_l or as many as B_l has (l = 0..L-1; B_l from 1), to the caller's
 * memory: of samples that ranks share the rows that are here. Whether the weights are still those
 * is not asked. */
void ntk_features_values(const ntk_features *features, bool b, size_t l, double *values);
/* The same of some samples from `first` on, as many of them as are here; from any thread. */
void ntk_features_rows(const ntk_features *features, bool b, size_t l, size_t first, size_t samples,
                       double *values);

/* Of K before it is factorised, else NTK_ERR_ARGUMENT: row i (N); its eigenvalues, ascending (N);
 * A_ij += x_i + x_j; A_ij *= x_i x_j; A += alpha B, of one order; an interval around lambda_min:
 * proved, whether K - shift I is positive definite, lower then; upper, the Rayleigh quotient of v.
 */
ntk_status ntk_kernel_row(const ntk_kernel *kernel, size_t i, double *row);
ntk_status ntk_kernel_full(const ntk_kernel *kernel, double *eigenvalues);
ntk_status ntk_kernel_add_sums(ntk_kernel *kernel, const double *x);
ntk_status ntk_kernel_scale(ntk_kernel *kernel, const double *x);
ntk_status ntk_kernel_add(ntk_kernel *kernel, double alpha, const ntk_kernel *other);
ntk_status ntk_kernel_certify_lower(ntk_kernel *kernel, double shift, bool *proved, double *lower);
ntk_status ntk_kernel_certify_upper(const ntk_kernel *kernel, const double *v, double *upper);
/* U = K V: m vectors of N entries, contiguous. */
ntk_status ntk_kernel_multiply(const ntk_kernel *kernel, const double *V, size_t m, double *U);
/* That and ntk_kernel_solve with the leading block of that order, 1 to N, whose factor is the
 * leading block of the factor, also of one that failed at a later pivot. V, B, U: order x m. */
ntk_status ntk_kernel_multiply_leading(const ntk_kernel *kernel, size_t order, const double *V,
                                       size_t m, double *U);
ntk_status ntk_kernel_solve_leading(const ntk_kernel *factor, size_t order, double *B, size_t m);
/* g = J^T v, or u = J g, for ntk_kernel_apply in two halves: g has sum_l (n_{l-1} + 1 where there
 * is a bias) times the columns of B_l numbers, P but for a mean over outputs, whose J^T v of every
 * output lie side by side. */
ntk_status ntk_kernel_gather(const ntk_features *features, const double *v, double *g);
ntk_status ntk_kernel_spread(const ntk_features *features, const double *g, double *u);
/* Sum and smallest of the diagonal: of K, or of its factor L. */
void ntk_kernel_diagonal(const ntk_kernel *kernel, double *sum, double *smallest);

/* An upper bound on lambda_min of what was factorised, from the factor's diagonal: min_i l_ii^2,
 * for l_ii^2 = 1 / (A_i^{-1})_ii >= lambda_min(A_i) >= lambda_min(A) with A_i the leading i x i
 * block. */
double ntk_kernel_smallest_pivot(const ntk_kernel *factor);
/* l_ii^2 for all i (N): the squared distance, in the metric of what was factorised, of row i from
 * those before it. */
void ntk_kernel_pivots(const ntk_kernel *factor, double *pivots);
/* The factor itself, L_ij, i >= j, at both [i N + j] and [j N + i]. NTK_ERR_ARGUMENT where there is
 * none, _CANCELLED. */
ntk_status ntk_kernel_factor_values(const ntk_kernel *factor, double *L);

/* ntk_kernel_cross for features that may be dealt, of a data set that is not with it: the rows of
 * those that are here. */
ntk_status ntk_kernel_cross_own(const ntk_features *features, const ntk_features *other,
                                const bool *blocks, double *A);

/* What the backend holds and needs, in bytes: the objects, and the workspaces of who makes or asks
 * them. Forecasts of memory add these up. */
struct ntk_kernel_bytes {
  double features, kernel; /* an object each */
  double create, output;   /* workspaces: of ntk_features_create, ntk_network_output, */
  double build, full;      /* ntk_kernel_create, ntk_kernel_full, */
  double single;           /* an object: K stored in single precision */
  double product, apply;   /* ntk_jacobian_adjoint and _apply, ntk_kernel_apply */
};
/* Of N samples as the context's ranks share them, or as said: the same numbers on every rank. */
ntk_kernel_bytes ntk_kernel_bytes_of(const ntk_context *context, const ntk_network_spec *spec,
                                     ntk_outputs outputs, size_t N);
ntk_kernel_bytes ntk_kernel_bytes_in(const ntk_context *context, const ntk_network_spec *spec,
                                     ntk_outputs outputs, const ntk_share *share);

/* What the eigensolver sees, borrowing its argument: of K the product, of its factor the solve, of
 * features the product J (J^T v). */
ntk_operator ntk_kernel_operator(ntk_kernel *kernel);
ntk_operator ntk_features_operator(ntk_features *features);
/* The first of these for the leading block of that order, of K or of a factor that has it; trace:
 * of that block. */
typedef struct ntk_leading {
  const ntk_kernel *kernel;
  size_t order;
} ntk_leading;
ntk_operator ntk_leading_operator(ntk_leading *of, double trace);

#endif
