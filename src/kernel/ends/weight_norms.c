#include "kernel/ends/weight_norms.h"

#include "base/blas.h"
#include "spectrum/certificate.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

double ntk_norm_above(double square, size_t n) {
  return sqrt(square + 2.0 * NTK_ETA * (double)n);
}

/* Sum of |w_j| into *sum, each added to column[j]; the sum of squares. Four at a time, for speed.
 */
static double row_sums(const double *w, size_t n, double *column, double *sum) {
  double squares[4] = {0.0}, sums[4] = {0.0};
  size_t j = 0;
  for (; j + 4 <= n; j += 4)
    for (size_t k = 0; k < 4; k++) {
      const double size = fabs(w[j + k]);
      squares[k] += size * size;
      sums[k] += size;
      column[j + k] += size;
    }
  for (; j < n; j++) {
    squares[0] += w[j] * w[j];
    sums[0] += fabs(w[j]);
    column[j] += fabs(w[j]);
  }
  *sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

/* The largest sum of squares of a column. sum: scratch, columns. */
static double largest_column(const double *W, size_t rows, size_t columns, double *sum) {
  double most = 0.0;
  memset(sum, 0, columns * sizeof *sum);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      sum[j] += W[i * columns + j] * W[i * columns + j];
  for (size_t j = 0; j < columns; j++)
    most = fmax(most, sum[j]);
  return most;
}

/* Squares of tiny weights underflow, which ntk_norm_above makes up for. */
ntk_weight_norms ntk_weight_norms_of(const double *W, const double *b, size_t rows, size_t columns,
                                     double *column) {
  double bias = 0.0, largest = 0.0;
  for (size_t j = 0; j < columns && b != NULL; j++) {
    bias += b[j] * b[j];
    largest = fmax(largest, fabs(b[j]));
  }
  double squares = 0.0, row = 0.0, row_sum = 0.0, column_sum = 0.0;
  memset(column, 0, columns * sizeof *column);
  for (size_t i = 0; i < rows; i++) {
    double sum = 0.0;
    const double square = row_sums(W + i * columns, columns, column, &sum);
    squares += square;
    row = fmax(row, square);
    row_sum = fmax(row_sum, sum);
  }
  for (size_t j = 0; j < columns; j++)
    column_sum = fmax(column_sum, column[j]);
  const double frobenius = NTK_SLACK * ntk_norm_above(squares, rows * columns);
  /* Roots one by one: the product of the sums may under- or overflow. */
  const double spectral = NTK_SLACK * (sqrt(row_sum) * sqrt(column_sum));
  return (ntk_weight_norms){fmin(frobenius, spectral),
                            frobenius,
                            b != NULL ? NTK_SLACK * ntk_norm_above(bias, columns) : 0.0,
                            NTK_SLACK * ntk_norm_above(row, columns),
                            NTK_SLACK *
                                ntk_norm_above(largest_column(W, rows, columns, column), rows),
                            largest};
}

enum { SQUARES = 3 };

static double sum_of_squares(size_t n, const double *A) {
  double sum = 0.0;
  for (size_t e = 0; e < n; e++)
    sum += A[e] * A[e];
  return sum;
}

/* ||A||_2^2 = ||A^T A||_2, of which what is computed is off by gamma_k ||A||_F^2 at most. To BLAS W
 * is its transpose. */
double ntk_weight_spectral(const double *W, size_t rows, size_t columns, double frobenius,
                           double *room) {
  const bool flat = rows <= columns;
  const size_t m = flat ? rows : columns, k = flat ? columns : rows;
  double norm[SQUARES + 1] = {frobenius};
  for (size_t t = 1; t <= SQUARES; t++) {
    const double *A = t == 1 ? W : room + (t - 1) % 2 * m * m;
    double *square = room + t % 2 * m * m;
    ntk_dgemm(t > 1 || flat ? 'T' : 'N', t > 1 || flat ? 'N' : 'T', m, m, t == 1 ? k : m, 1.0, A,
              t == 1 ? columns : m, A, t == 1 ? columns : m, 0.0, square, m);
    norm[t] = NTK_SLACK * ntk_norm_above(sum_of_squares(m * m, square), m * m);
  }
  double bound = norm[SQUARES];
  for (size_t t = SQUARES; t >= 1; t--) {
    const size_t terms = t == 1 ? k : m;
    bound = NTK_SLACK * sqrt(bound + ntk_gamma(terms + 2) * norm[t - 1] * norm[t - 1] +
                             4.0 * NTK_ETA * (double)terms * (double)m);
  }
  return bound < frobenius ? bound : frobenius; /* what overflows says nothing */
}
