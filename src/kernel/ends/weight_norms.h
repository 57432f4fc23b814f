/* Norms of weights, from above: what bounds of errors multiply by. */
#ifndef NTK_KERNEL_ENDS_WEIGHT_NORMS_H
#define NTK_KERNEL_ENDS_WEIGHT_NORMS_H

#include <stddef.h>

/* Covers the rounding of sums of terms that are not negative, n of them with n < 2^30. */
#define NTK_SLACK (1.0 + 1e-6)
/* Most that two operations lose by underflow. */
#define NTK_ETA 0x1p-1074

/* Of one W_l (rows x columns), each at least what it says. */
typedef struct ntk_weight_norms {
  double spectral;        /* ||W||_2: the smaller of ||W||_F and sqrt(||W||_1 ||W||_inf) */
  double frobenius, bias; /* ||W||_F; |b|, 0 without */
  double row, column;     /* largest norms of a row, max |W b| <= row |b|, and of a column */
  double largest;         /* entry of b */
} ntk_weight_norms;

/* b: NULL or columns entries. column: scratch, columns. 5 rows columns operations. */
ntk_weight_norms ntk_weight_norms_of(const double *W, const double *b, size_t rows, size_t columns,
                                     double *column);

/* ||W||_2 <= this, within a fourth of it where no norm of entries is within a factor sqrt(n) / 2 of
 * it: the eighth root of ||A_3||_F, A_t = A_{t-1}^T A_{t-1}, A_0 the W whose ||W||_F <= frobenius,
 * with the rounding of these products. room: 2 m^2 numbers, m the lesser of rows and columns, which
 * takes 2 m^2 (rows + columns + m) flops by BLAS, on as many threads as the caller has said. */
double ntk_weight_spectral(const double *W, size_t rows, size_t columns, double frobenius,
                           double *room);

/* At least the norm of n entries whose squares were summed to square: what underflowed is made up
 * for, the rounding is not. */
double ntk_norm_above(double square, size_t n);

#endif
