#include "spectrum/panel.h"

#include "base/simd.h"

typedef void panel_fn(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                      const double *X, size_t ldx, double *Y, size_t ldy);
extern NTK_LANES_DECLARE(panel_fn, ntk_panel_subtract);
extern NTK_LANES_DECLARE(panel_fn, ntk_panel_subtract_transposed);

void ntk_panel_subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                        const double *X, size_t ldx, double *Y, size_t ldy) {
  NTK_LANES_BEST(ntk_panel_subtract)(rows, columns, A, lda, m, X, ldx, Y, ldy);
}

void ntk_panel_subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda,
                                   size_t m, const double *X, size_t ldx, double *Y, size_t ldy) {
  NTK_LANES_BEST(ntk_panel_subtract_transposed)(rows, columns, A, lda, m, X, ldx, Y, ldy);
}
