#include "base/lanes.h"

#include "base/lanes_math.h"
#include "spectrum/stream.h"

enum {
  P = NTK_PANEL_BYTES / sizeof(real),
  VECTORS = 3, /* of rows that go together: with NTK_PACKED_VECTORS vectors 12 sums */
  ROWS = VECTORS * DOUBLES,
  AHEAD = P,
  CHUNK = 64 /* columns; of a panel they stay in the L1 cache while its rows are gone through */
};
_Static_assert(P % ROWS == 0, "a panel is whole registers");

#define INLINE static inline __attribute__((always_inline))

typedef void rows_fn(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y);
typedef void columns_fn(const ntk_piece *A, size_t m, const double *X, double *S);
rows_fn LANES_NAME(ntk_stream_rows);
columns_fn LANES_NAME(ntk_stream_columns);
void LANES_NAME(ntk_stream_both)(const ntk_piece *A, size_t m, const double *X, size_t ldx,
                                 const double *X_p, double *Y, double *S);
void LANES_NAME(ntk_stream_triangle)(const ntk_piece *L, bool transposed, size_t m, double *Y);

/* DOUBLES entries of the matrix. */
INLINE vd load_entries(const real *p) {
#ifdef NTK_SINGLE
  return vd_widen(p);
#else
  return vd_load(p);
#endif
}

/* ROWS entries of a column, and those of a column AHEAD asked for: what the processor foresees by
 * itself keeps up with doubles, but not with floats. */
INLINE void load_column(const real *A, vd a[VECTORS]) {
  for (size_t v = 0; v < VECTORS; v++) {
    a[v] = load_entries(A + v * DOUBLES);
    __builtin_prefetch(A + AHEAD * P + v * DOUBLES);
  }
}

/* Y -= A X over ROWS rows; m is a constant once inlined. */
INLINE void few_rows(size_t columns, const real *A, size_t m, const double *X, size_t ldx,
                     double *Y) {
  vd sum[NTK_PACKED_VECTORS][VECTORS];
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      sum[c][v] = vd_load(Y + c * P + v * DOUBLES);
  for (size_t j = 0; j < columns; j++) {
    vd a[VECTORS];
    load_column(A + j * P, a);
    for (size_t c = 0; c < m; c++) {
      const vd x = X[j + c * ldx] - (vd){0};
      for (size_t v = 0; v < VECTORS; v++)
        sum[c][v] -= a[v] * x;
    }
  }
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      vd_store(Y + c * P + v * DOUBLES, sum[c][v]);
}

INLINE void rows(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y) {
  for (size_t j = 0; j < A->columns; j += CHUNK)
    for (size_t r = 0; r < P; r += ROWS)
      few_rows(A->columns - j < CHUNK ? A->columns - j : CHUNK,
               (const real *)A->entries + j * P + r, m, X + j, ldx, Y + r);
}

/* S += A^T X over ROWS rows. */
INLINE void few_columns(size_t columns, const real *A, size_t m, const double *X, double *S) {
  vd x[NTK_PACKED_VECTORS][VECTORS];
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      x[c][v] = vd_load(X + c * P + v * DOUBLES);
  for (size_t j = 0; j < columns; j++) {
    vd a[VECTORS];
    load_column(A + j * P, a);
    for (size_t c = 0; c < m; c++) {
      double *lanes = S + (j * m + c) * NTK_PIECE_LANES;
      vd sum = vd_load(lanes);
      for (size_t v = 0; v < VECTORS; v++)
        sum += a[v] * x[c][v];
      vd_store(lanes, sum);
    }
  }
}

INLINE void columns(const ntk_piece *A, size_t m, const double *X, double *S) {
  for (size_t j = 0; j < A->columns; j += CHUNK)
    for (size_t r = 0; r < P; r += ROWS)
      few_columns(A->columns - j < CHUNK ? A->columns - j : CHUNK,
                  (const real *)A->entries + j * P + r, m, X + r, S + j * m * NTK_PIECE_LANES);
}

/* Both at once: Y -= A X and S += A^T X_p over ROWS rows. */
INLINE void few_both(size_t columns, const real *A, size_t m, const double *X, size_t ldx,
                     const double *X_p, double *Y, double *S) {
  vd sum[NTK_PACKED_VECTORS][VECTORS], x_p[NTK_PACKED_VECTORS][VECTORS];
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++) {
      sum[c][v] = vd_load(Y + c * P + v * DOUBLES);
      x_p[c][v] = vd_load(X_p + c * P + v * DOUBLES);
    }
  for (size_t j = 0; j < columns; j++) {
    vd a[VECTORS];
    load_column(A + j * P, a);
    for (size_t c = 0; c < m; c++) {
      const vd x = X[j + c * ldx] - (vd){0};
      double *lanes = S + (j * m + c) * NTK_PIECE_LANES;
      vd across = vd_load(lanes);
      for (size_t v = 0; v < VECTORS; v++) {
        sum[c][v] -= a[v] * x;
        across += a[v] * x_p[c][v];
      }
      vd_store(lanes, across);
    }
  }
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      vd_store(Y + c * P + v * DOUBLES, sum[c][v]);
}

INLINE void both(const ntk_piece *A, size_t m, const double *X, size_t ldx, const double *X_p,
                 double *Y, double *S) {
  for (size_t j = 0; j < A->columns; j += CHUNK)
    for (size_t r = 0; r < P; r += ROWS)
      few_both(A->columns - j < CHUNK ? A->columns - j : CHUNK,
               (const real *)A->entries + j * P + r, m, X + j, ldx, X_p + r, Y + r,
               S + j * m * NTK_PIECE_LANES);
}

/* A constant m lets the compiler keep sums and entries in registers. */
void LANES_NAME(ntk_stream_rows)(const ntk_piece *A, size_t m, const double *X, size_t ldx,
                                 double *Y) {
  switch (m) {
  case 1:
    rows(A, 1, X, ldx, Y);
    break;
  case 2:
    rows(A, 2, X, ldx, Y);
    break;
  case 3:
    rows(A, 3, X, ldx, Y);
    break;
  default:
    rows(A, 4, X, ldx, Y);
  }
}

void LANES_NAME(ntk_stream_columns)(const ntk_piece *A, size_t m, const double *X, double *S) {
  switch (m) {
  case 1:
    columns(A, 1, X, S);
    break;
  case 2:
    columns(A, 2, X, S);
    break;
  case 3:
    columns(A, 3, X, S);
    break;
  default:
    columns(A, 4, X, S);
  }
}

void LANES_NAME(ntk_stream_both)(const ntk_piece *A, size_t m, const double *X, size_t ldx,
                                 const double *X_p, double *Y, double *S) {
  switch (m) {
  case 1:
    both(A, 1, X, ldx, X_p, Y, S);
    break;
  case 2:
    both(A, 2, X, ldx, X_p, Y, S);
    break;
  case 3:
    both(A, 3, X, ldx, X_p, Y, S);
    break;
  default:
    both(A, 4, X, ldx, X_p, Y, S);
  }
}

/* y <- L^{-1} y, column by column. Loops go over all rows of the panel, a number that the compiler
 * knows: above the diagonal L is 0, and rows past the last are not asked for. */
static void forward(size_t n, const real *L, double *y) {
  for (size_t j = 0; j < n; j++) {
    const double solved = y[j] / (double)L[j * P + j];
    for (size_t i = 0; i < P; i++)
      y[i] -= (double)L[j * P + i] * solved;
    y[j] = solved;
  }
}

/* y <- L^{-T} y. */
static void backward(size_t n, const real *L, double *y) {
  double solved[P] = {0}; /* so far */
  for (size_t j = n; j-- > 0;) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < P; i++)
      sum += (double)L[j * P + i] * solved[i];
    solved[j] = (y[j] - sum) / (double)L[j * P + j];
  }
  memcpy(y, solved, n * sizeof *y);
}

void LANES_NAME(ntk_stream_triangle)(const ntk_piece *L, bool transposed, size_t m, double *Y) {
  for (size_t c = 0; c < m; c++)
    (transposed ? backward : forward)(L->columns, L->entries, Y + c * P);
}
