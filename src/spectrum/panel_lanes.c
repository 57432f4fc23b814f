#include "base/lanes.h"

#include "spectrum/panel.h"

enum {
  COLUMNS = 4,
  CHUNK = 2048
}; /* CHUNK rows of four vectors fit an L2 cache; long runs suit the prefetcher */

#define INLINE static inline __attribute__((always_inline))

typedef void panel_fn(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                      const double *X, size_t ldx, double *Y, size_t ldy);
panel_fn LANES_NAME(ntk_panel_subtract), LANES_NAME(ntk_panel_subtract_transposed);

/* Rows [0, rows) of Y -= A(:, 0..q) X(0..q, :); q and m are constants once inlined. */
INLINE void subtract_columns(size_t rows, size_t q, const double *A, size_t lda, size_t m,
                             const double *X, size_t ldx, double *Y, size_t ldy) {
  vr x[COLUMNS][NTK_PANEL_VECTORS];
  for (size_t j = 0; j < q; j++)
    for (size_t c = 0; c < m; c++)
      x[j][c] = vr_set(X[j + c * ldx]);
  size_t i = 0;
  for (; i + LANES <= rows; i += LANES) {
    vr a[COLUMNS];
    for (size_t j = 0; j < q; j++)
      a[j] = vr_load(A + i + j * lda);
    for (size_t c = 0; c < m; c++) {
      vr y = vr_load(Y + i + c * ldy);
      for (size_t j = 0; j < q; j++)
        y -= a[j] * x[j][c];
      vr_store(Y + i + c * ldy, y);
    }
  }
  for (; i < rows; i++)
    for (size_t c = 0; c < m; c++)
      for (size_t j = 0; j < q; j++)
        Y[i + c * ldy] -= A[i + j * lda] * X[j + c * ldx];
}

INLINE void subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                     const double *X, size_t ldx, double *Y, size_t ldy) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const size_t count = rows - first < CHUNK ? rows - first : CHUNK;
    const double *a = A + first;
    size_t j = 0;
    for (; j + COLUMNS <= columns; j += COLUMNS)
      subtract_columns(count, COLUMNS, a + j * lda, lda, m, X + j, ldx, Y + first, ldy);
    for (; j < columns; j++)
      subtract_columns(count, 1, a + j * lda, lda, m, X + j, ldx, Y + first, ldy);
  }
}

INLINE double sum_lanes(vr v) {
  double lanes[LANES], sum = 0.0;
  vr_store(lanes, v);
  for (int i = 0; i < LANES; i++)
    sum += lanes[i];
  return sum;
}

INLINE void dot_columns(size_t rows, size_t q, const double *A, size_t lda, size_t m,
                        const double *X, size_t ldx, double *Y, size_t ldy) {
  vr sum[COLUMNS][NTK_PANEL_VECTORS];
  for (size_t j = 0; j < q; j++)
    for (size_t c = 0; c < m; c++)
      sum[j][c] = vr_set(0.0);
  size_t i = 0;
  for (; i + LANES <= rows; i += LANES) {
    vr x[NTK_PANEL_VECTORS];
    for (size_t c = 0; c < m; c++)
      x[c] = vr_load(X + i + c * ldx);
    for (size_t j = 0; j < q; j++) {
      const vr a = vr_load(A + i + j * lda);
      for (size_t c = 0; c < m; c++)
        sum[j][c] += a * x[c];
    }
  }
  for (size_t j = 0; j < q; j++)
    for (size_t c = 0; c < m; c++) {
      double total = sum_lanes(sum[j][c]);
      for (size_t r = i; r < rows; r++)
        total += A[r + j * lda] * X[r + c * ldx];
      Y[j + c * ldy] -= total;
    }
}

INLINE void subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                                const double *X, size_t ldx, double *Y, size_t ldy) {
  size_t j = 0;
  for (; j + COLUMNS <= columns; j += COLUMNS)
    dot_columns(rows, COLUMNS, A + j * lda, lda, m, X, ldx, Y + j, ldy);
  for (; j < columns; j++)
    dot_columns(rows, 1, A + j * lda, lda, m, X, ldx, Y + j, ldy);
}

/* A constant m lets the compiler keep sums and broadcast entries in registers. */
void LANES_NAME(ntk_panel_subtract)(size_t rows, size_t columns, const double *A, size_t lda,
                                    size_t m, const double *X, size_t ldx, double *Y, size_t ldy) {
  switch (m) {
  case 1:
    subtract(rows, columns, A, lda, 1, X, ldx, Y, ldy);
    break;
  case 2:
    subtract(rows, columns, A, lda, 2, X, ldx, Y, ldy);
    break;
  case 3:
    subtract(rows, columns, A, lda, 3, X, ldx, Y, ldy);
    break;
  default:
    subtract(rows, columns, A, lda, 4, X, ldx, Y, ldy);
  }
}

void LANES_NAME(ntk_panel_subtract_transposed)(size_t rows, size_t columns, const double *A,
                                               size_t lda, size_t m, const double *X, size_t ldx,
                                               double *Y, size_t ldy) {
  switch (m) {
  case 1:
    subtract_transposed(rows, columns, A, lda, 1, X, ldx, Y, ldy);
    break;
  case 2:
    subtract_transposed(rows, columns, A, lda, 2, X, ldx, Y, ldy);
    break;
  case 3:
    subtract_transposed(rows, columns, A, lda, 3, X, ldx, Y, ldy);
    break;
  default:
    subtract_transposed(rows, columns, A, lda, 4, X, ldx, Y, ldy);
  }
}
