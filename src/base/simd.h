/* Which instruction set the vector loops use. Sources named *_lanes.c are compiled once for each
 * level (CMakeLists.txt), *_real_lanes.c for double and again for float, and picked at run time by
 * the best level of the processor. */
#ifndef NTK_BASE_SIMD_H
#define NTK_BASE_SIMD_H

#include <stddef.h>

typedef enum ntk_simd_level {
  NTK_SIMD_BASE = 0,  /* what the compiler assumes: SSE2 on x86-64, NEON on arm64 */
  NTK_SIMD_AVX2 = 1,  /* with FMA */
  NTK_SIMD_AVX512 = 2 /* with FMA */
} ntk_simd_level;

ntk_simd_level ntk_simd_best(void);
const char *ntk_simd_name(ntk_simd_level level);

/* What a *_lanes.c file defines as name_base, name_avx2, name_avx512: its declaration (after
 * extern), of a function or array type, and the one for this processor. */
#ifdef NTK_HAVE_X86_LANES
#define NTK_LANES_DECLARE(type, name) type name##_base, name##_avx2, name##_avx512
#define NTK_LANES_BEST(name)                          \
  (ntk_simd_best() == NTK_SIMD_AVX512 ? name##_avx512 \
   : ntk_simd_best() == NTK_SIMD_AVX2 ? name##_avx2   \
                                      : name##_base)
#else
#define NTK_LANES_DECLARE(type, name) type name##_base
#define NTK_LANES_BEST(name) name##_base
#endif

/* The same of what a *_real_lanes.c file defines in float: name_base_f32 and so on. */
#ifdef NTK_HAVE_X86_LANES
#define NTK_LANES_DECLARE_SINGLE(type, name) \
  type name##_base_f32, name##_avx2_f32, name##_avx512_f32
#define NTK_LANES_BEST_SINGLE(name)                       \
  (ntk_simd_best() == NTK_SIMD_AVX512 ? name##_avx512_f32 \
   : ntk_simd_best() == NTK_SIMD_AVX2 ? name##_avx2_f32   \
                                      : name##_base_f32)
#else
#define NTK_LANES_DECLARE_SINGLE(type, name) type name##_base_f32
#define NTK_LANES_BEST_SINGLE(name) name##_base_f32
#endif

/* x = sqrt(-2 log u) cos 2 pi v, y = ... sin ...; pairs a multiple of 8, u in (0, 1). */
void ntk_box_muller(size_t pairs, const double *u, const double *v, double *x, double *y);

#endif
