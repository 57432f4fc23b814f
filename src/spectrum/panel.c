#include "spectrum/panel.h"

#include "base/simd.h"

typedef void panel_fn(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                      const double *X, size_t ldx, double *Y, size_t ldy);
panel_fn ntk_panel_subtract_base, ntk_panel_subtract_transposed_base;
#ifdef NTK_HAVE_X86_LANES
panel_fn ntk_panel_subtract_avx2, ntk_panel_subtract_transposed_avx2;
panel_fn ntk_panel_subtract_avx512, ntk_panel_subtract_transposed_avx512;
#endif

void ntk_panel_subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                        const double *X, size_t ldx, double *Y, size_t ldy) {
  panel_fn *fn = ntk_panel_subtract_base;
#ifdef NTK_HAVE_X86_LANES
  const ntk_simd_level level = ntk_simd_best();
  if (level == NTK_SIMD_AVX512)
    fn = ntk_panel_subtract_avx512;
  else if (level == NTK_SIMD_AVX2)
    fn = ntk_panel_subtract_avx2;
#endif
  fn(rows, columns, A, lda, m, X, ldx, Y, ldy);
}

void ntk_panel_subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda,
                                   size_t m, const double *X, size_t ldx, double *Y, size_t ldy) {
  panel_fn *fn = ntk_panel_subtract_transposed_base;
#ifdef NTK_HAVE_X86_LANES
  const ntk_simd_level level = ntk_simd_best();
  if (level == NTK_SIMD_AVX512)
    fn = ntk_panel_subtract_transposed_avx512;
  else if (level == NTK_SIMD_AVX2)
    fn = ntk_panel_subtract_transposed_avx2;
#endif
  fn(rows, columns, A, lda, m, X, ldx, Y, ldy);
}
