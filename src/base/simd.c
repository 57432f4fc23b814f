#include "base/simd.h"

typedef void (*box_muller_fn)(size_t, const double *, const double *, double *, double *);
void ntk_box_muller_base(size_t, const double *, const double *, double *, double *);
#ifdef NTK_HAVE_X86_LANES
void ntk_box_muller_avx2(size_t, const double *, const double *, double *, double *);
void ntk_box_muller_avx512(size_t, const double *, const double *, double *, double *);
#endif

ntk_simd_level ntk_simd_best(void) {
#ifdef NTK_HAVE_X86_LANES
  if (__builtin_cpu_supports("avx512f"))
    return NTK_SIMD_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
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
  box_muller_fn fn = ntk_box_muller_base;
#ifdef NTK_HAVE_X86_LANES
  const ntk_simd_level level = ntk_simd_best();
  if (level == NTK_SIMD_AVX512)
    fn = ntk_box_muller_avx512;
  else if (level == NTK_SIMD_AVX2)
    fn = ntk_box_muller_avx2;
#endif
  fn(pairs, u, v, x, y);
}
