#include "spectrum/stream.h"

#include "base/simd.h"

typedef void rows_fn(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y);
typedef void columns_fn(const ntk_piece *A, size_t m, const double *X, double *S);
typedef void both_fn(const ntk_piece *A, size_t m, const double *X, size_t ldx, const double *X_p,
                     double *Y, double *S);
typedef void triangle_fn(const ntk_piece *L, bool transposed, size_t m, double *Y);
extern NTK_LANES_DECLARE(rows_fn, ntk_stream_rows);
extern NTK_LANES_DECLARE_SINGLE(rows_fn, ntk_stream_rows);
extern NTK_LANES_DECLARE(columns_fn, ntk_stream_columns);
extern NTK_LANES_DECLARE_SINGLE(columns_fn, ntk_stream_columns);
extern NTK_LANES_DECLARE(both_fn, ntk_stream_both);
extern NTK_LANES_DECLARE_SINGLE(both_fn, ntk_stream_both);
extern NTK_LANES_DECLARE(triangle_fn, ntk_stream_triangle);
extern NTK_LANES_DECLARE_SINGLE(triangle_fn, ntk_stream_triangle);

void ntk_stream_rows(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y) {
  if (A->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_rows)(A, m, X, ldx, Y);
  else
    NTK_LANES_BEST(ntk_stream_rows)(A, m, X, ldx, Y);
}

void ntk_stream_columns(const ntk_piece *A, size_t m, const double *X, double *S) {
  if (A->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_columns)(A, m, X, S);
  else
    NTK_LANES_BEST(ntk_stream_columns)(A, m, X, S);
}

void ntk_stream_both(const ntk_piece *A, size_t m, const double *X, size_t ldx, const double *X_p,
                     double *Y, double *S) {
  if (A->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_both)(A, m, X, ldx, X_p, Y, S);
  else
    NTK_LANES_BEST(ntk_stream_both)(A, m, X, ldx, X_p, Y, S);
}

void ntk_stream_triangle(const ntk_piece *L, bool transposed, size_t m, double *Y) {
  if (L->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_triangle)(L, transposed, m, Y);
  else
    NTK_LANES_BEST(ntk_stream_triangle)(L, transposed, m, Y);
}

void ntk_stream_reduce(size_t columns, size_t m, const double *S, double *Y, size_t ldy) {
  for (size_t j = 0; j < columns; j++)
    for (size_t c = 0; c < m; c++) {
      const double *lanes = S + (j * m + c) * NTK_PIECE_LANES;
      double sum = 0.0;
      for (size_t i = 0; i < NTK_PIECE_LANES; i++)
        sum += lanes[i];
      Y[j + c * ldy] -= sum;
    }
}
