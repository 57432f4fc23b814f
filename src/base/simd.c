#include "base/simd.h"

#include <stdbool.h>

typedef void box_muller_fn(size_t pairs, const double *u, const double *v, double *x, double *y);
extern NTK_LANES_DECLARE(box_muller_fn, ntk_box_muller);

ntk_simd_level ntk_simd_best(void) {
#ifdef NTK_HAVE_X86_LANES
  const bool fma = __builtin_cpu_supports("fma");
  if (__builtin_cpu_supports("avx512f") && fma)
    return NTK_SIMD_AVX512;
  if (__builtin_cpu_supports("avx2") && fma)
    return NTK_SIMD_AVX2;
#endif
  return NTK_SIMD_BASE;
}

const char *ntk_simd_name(ntk_simd_level level) {
  switch (level) {
  case NTK_SIMD_AVX512:
    return "avx512f";
  case NTK_SIMD_AVX2:
    return "avx2+fma";
  default:
    return "baseline";
  }
}

void ntk_box_muller(size_t pairs, const double *u, const double *v, double *x, double *y) {
  NTK_LANES_BEST(ntk_box_muller)(pairs, u, v, x, y);
}
