#include "kernel/gram.h"

#include "base/simd.h"

typedef void tile_fn(const ntk_tile *tile, const ntk_gram_factor *F, const ntk_gram_factor *B,
                     bool add, double *workspace);
tile_fn ntk_gram_tile_base;
#ifdef NTK_HAVE_X86_LANES
tile_fn ntk_gram_tile_avx2, ntk_gram_tile_avx512;
#endif

/* The widest micro-tile of any level. */
enum { WIDEST_ROWS = 24, WIDEST_COLUMNS = 8 };

size_t ntk_gram_workspace(size_t columns, size_t n) {
  return (columns + WIDEST_COLUMNS + WIDEST_ROWS) * n;
}

void ntk_gram_tile(const ntk_tile *tile, const ntk_gram_factor *F, const ntk_gram_factor *B,
                   bool add, double *workspace) {
  tile_fn *fn = ntk_gram_tile_base;
#ifdef NTK_HAVE_X86_LANES
  const ntk_simd_level level = ntk_simd_best();
  if (level == NTK_SIMD_AVX512)
    fn = ntk_gram_tile_avx512;
  else if (level == NTK_SIMD_AVX2)
    fn = ntk_gram_tile_avx2;
#endif
  fn(tile, F, B, add, workspace);
}
