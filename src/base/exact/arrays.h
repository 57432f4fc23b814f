/* Products of matrices in double-double (dd.h), and what goes with them entry by entry. */
#ifndef NTK_BASE_EXACT_ARRAYS_H
#define NTK_BASE_EXACT_ARRAYS_H

#include <stddef.h>

typedef struct ntk_exact_entries { /* unevaluated sums hi + lo, |lo| <= 2^-53 |hi|; lo NULL: 0 */
  double *hi, *lo;
} ntk_exact_entries;

/* C (m x n) = beta C + sign A B, inner dimension k; beta 0 or 1, sign +-1. Entry (i, k) of A is at
 * i A_row + k A_next; rows of B and C are contiguous. Entry by entry within (k + 2) (k + 6) u^2
 * (|beta C| + |A| |B|), u = 2^-53: sums of hi and of what they lose, side by side (Ogita, Rump and
 * Oishi's Dot2, SIAM J. Sci. Comput. 26, 2005). Where nothing under- or overflows. */
typedef struct ntk_exact_product {
  size_t m, n, k;
  ntk_exact_entries A, B, C;
  size_t A_row, A_next, B_row, C_row;
  double beta, sign;
} ntk_exact_product;
void ntk_exact_multiply(const ntk_exact_product *p);

/* C (m x n) = 1 b^T + A B, B of doubles; rows of A (m x k), B (k x n) and C are contiguous; b: n,
 * NULL: 0. grid (m): a power of two for each row, at least 4 (|b_j| + sum_k |A_ik B_kj|) for its
 * every j. Entry by entry within (k + 2) (k + 6) / 2 u^2 grid_i, for half the time of the above:
 * sums are made on a grid on which they are exact, and what is off it beside them (Rump, Ogita and
 * Oishi, SIAM J. Sci. Comput. 31, 2008). Where nothing underflows; a grid that overflows leaves
 * NaN. */
typedef struct ntk_exact_sums {
  size_t m, n, k;
  ntk_exact_entries A, C;
  const double *B, *b, *grid;
} ntk_exact_sums;
void ntk_exact_sum(const ntk_exact_sums *p);

/* z = x y, and x / y of one y, entry by entry; z may be x. */
void ntk_exact_times(size_t n, ntk_exact_entries x, ntk_exact_entries y, ntk_exact_entries z);
void ntk_exact_over(size_t n, ntk_exact_entries x, const double y[2], ntk_exact_entries z);
/* The sum of x y, and the root of x > 0. */
void ntk_exact_dot(size_t n, ntk_exact_entries x, ntk_exact_entries y, double sum[2]);
void ntk_exact_root(const double x[2], double root[2]);
/* x over its length. */
void ntk_exact_normalise(size_t n, ntk_exact_entries x);

/* sum += x y, or -= where sign is -1, of one entry each; x or y NULL: 1. */
void ntk_exact_add(ntk_exact_entries x, ntk_exact_entries y, double sign, ntk_exact_entries sum);

/* How many of n there are from the first on, `most` at a time. */
static inline size_t ntk_piece(size_t n, size_t first, size_t most) {
  return n - first < most ? n - first : most;
}

static inline ntk_exact_entries ntk_exact_at(ntk_exact_entries x, size_t i) {
  return (ntk_exact_entries){x.hi + i, x.lo != NULL ? x.lo + i : NULL};
}

#endif
