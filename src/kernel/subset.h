/* Something near K^{-1} from the columns of K that belong to a subset S of the samples: with K_SS =
 * U Lambda U^T and V = K_S U Lambda^{-1/2}, K - V V^T is small but for what no other sample
 * knows,
 *
 *     M = V V^T + D,   D_i = max(d_i, mean d / 3),   d_i = K_ii - |V_i|^2
 *
 * D being the least for the samples of S themselves, where d_i = 0 (Nystroem's approximation with a
 * diagonal correction, as of Gaussian processes: Snelson and Ghahramani, 2006). V V^T has the
 * centring directions of Section 3.1, the linear part of K and whatever else is low in rank. Of
 * samples that ranks share each rank has its rows of V; all that is m x m, and D, are whole. */
#ifndef NTK_KERNEL_SUBSET_H
#define NTK_KERNEL_SUBSET_H

#include "kernel/implicit.h"
#include "spectrum/packed/packed.h"

typedef struct ntk_subset {
  ntk_context *context;
  size_t n, m;       /* rows of K; those of the subset */
  ntk_share share;   /* which of K's are here, */
  size_t own;        /* so many */
  size_t *chosen;    /* the samples of the subset */
  double *V;         /* own x m, row-major: D^{-1/2} V */
  double *root;      /* n: D^{1/2} */
  ntk_packed factor; /* of I + V^T V, m x m */
  double *work;      /* m */
  double *rows;      /* own: of a vector */
} ntk_subset;

/* From `samples` of the K->N samples, 1 or more: half of them evenly spread, and the others where
 * these leave most of diagonal, K_ii. A zeroed struct may be destroyed. Columns of K, half of them
 * twice, and 4.5 n m^2 + 11 m^3 flops; the bits do not depend on threads. */
ntk_status ntk_subset_create(ntk_implicit *K, size_t samples, const double *diagonal,
                             ntk_subset *subset);
void ntk_subset_destroy(ntk_subset *subset);
/* The most it takes, but for features and workspace of those samples; rows: of K, and whose. */
double ntk_subset_bytes(const ntk_context *context, const ntk_share *rows, size_t m);

/* V <- M^{-1} V for `count` vectors; 4 n m flops each. user: an ntk_subset. */
ntk_status ntk_subset_solve(void *user, double *V, size_t count);

#endif
