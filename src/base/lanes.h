/* A vector of reals at the level this source is compiled for, and SLEEF's functions on it. Only
 * *_lanes.c files include this; NTK_LEVEL is base, avx2 or avx512. A real is a double; a file named
 * *_real_lanes.c is compiled a second time with NTK_SINGLE, where it is a float. Arithmetic on vr
 * uses the compiler's vector extension (+ - * /). */
#ifndef NTK_BASE_LANES_H
#define NTK_BASE_LANES_H

#include <sleef.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef NTK_SINGLE
typedef float real;
typedef int32_t real_bits;
#define LANES_ALL_BUT_SIGN INT32_MAX
#define LANES_SUFFIX _f32
#else
typedef double real;
typedef int64_t real_bits;
#define LANES_ALL_BUT_SIGN INT64_MAX
#define LANES_SUFFIX
#endif

#if defined(__AVX512F__) && defined(NTK_SINGLE)
enum { LANES = 16 };
typedef __m512 vr;
typedef Sleef___m512_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f16_##accuracy##avx512f
#define LANES_SET(a) _mm512_set1_ps(a)
#define LANES_SQRT(a) _mm512_sqrt_ps(a)
#define LANES_NEGATIVE(a) _mm512_cmplt_epi32_mask((__m512i)(a), _mm512_setzero_si512())
#elif defined(__AVX512F__)
enum { LANES = 8 };
typedef __m512d vr;
typedef Sleef___m512d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d8_##accuracy##avx512f
#define LANES_SET(a) _mm512_set1_pd(a)
#define LANES_SQRT(a) _mm512_sqrt_pd(a)
#define LANES_NEGATIVE(a) _mm512_cmplt_epi64_mask((__m512i)(a), _mm512_setzero_si512())
#define LANES_ZIP(a, b, i)                                                                  \
  __builtin_shufflevector(a, b, (i), (i) + 8, (i) + 1, (i) + 9, (i) + 2, (i) + 10, (i) + 3, \
                          (i) + 11)
#elif defined(__AVX2__) && defined(NTK_SINGLE)
enum { LANES = 8 };
typedef __m256 vr;
typedef Sleef___m256_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f8_##accuracy##avx2
#define LANES_SET(a) _mm256_set1_ps(a)
#define LANES_SQRT(a) _mm256_sqrt_ps(a)
#define LANES_NEGATIVE(a) _mm256_movemask_ps(a)
#elif defined(__AVX2__)
enum { LANES = 4 };
typedef __m256d vr;
typedef Sleef___m256d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d4_##accuracy##avx2
#define LANES_SET(a) _mm256_set1_pd(a)
#define LANES_SQRT(a) _mm256_sqrt_pd(a)
#define LANES_NEGATIVE(a) _mm256_movemask_pd(a)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 4, (i) + 1, (i) + 5)
#elif defined(__SSE2__) && defined(NTK_SINGLE)
enum { LANES = 4 };
typedef __m128 vr;
typedef Sleef___m128_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f4_##accuracy##sse2
#define LANES_SET(a) _mm_set1_ps(a)
#define LANES_SQRT(a) _mm_sqrt_ps(a)
#define LANES_NEGATIVE(a) _mm_movemask_ps(a)
#elif defined(__SSE2__)
enum { LANES = 2 };
typedef __m128d vr;
typedef Sleef___m128d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##sse2
#define LANES_SET(a) _mm_set1_pd(a)
#define LANES_SQRT(a) _mm_sqrt_pd(a)
#define LANES_NEGATIVE(a) _mm_movemask_pd(a)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#elif defined(__ARM_NEON) && defined(NTK_SINGLE)
enum { LANES = 4 };
typedef float32x4_t vr;
typedef Sleef_float32x4_t_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f4_##accuracy##advsimd
#define LANES_SET(a) vdupq_n_f32(a)
#define LANES_SQRT(a) vsqrtq_f32(a)
#define LANES_NEGATIVE(a) (vminvq_s32((int32x4_t)(a)) < 0)
#elif defined(__ARM_NEON)
enum { LANES = 2 };
typedef float64x2_t vr;
typedef Sleef_float64x2_t_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##advsimd
#define LANES_SET(a) vdupq_n_f64(a)
#define LANES_SQRT(a) vsqrtq_f64(a)
#define LANES_NEGATIVE(a) \
  ((vgetq_lane_s64((int64x2_t)(a), 0) | vgetq_lane_s64((int64x2_t)(a), 1)) < 0)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#else
#error "no vector type known for this processor: add it here"
#endif

/* name_avx2, say, and name_avx2_f32 in float. */
#define LANES_PASTE2(name, level, suffix) name##_##level##suffix
#define LANES_PASTE(name, level, suffix) LANES_PASTE2(name, level, suffix)
#define LANES_NAME(name) LANES_PASTE(name, NTK_LEVEL, LANES_SUFFIX)

typedef real_bits vi __attribute__((vector_size(sizeof(vr))));

static inline vr vr_load(const real *p) {
  vr v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline void vr_store(real *p, vr v) {
  memcpy(p, &v, sizeof v);
}
static inline vr vr_set(real a) {
  return LANES_SET(a);
}
/* mask ? a : b, lane by lane; comparisons of vr give such masks. */
static inline vr vr_select(vi mask, vr a, vr b) {
  return (vr)((mask & (vi)a) | (~mask & (vi)b));
}
/* Whether any lane has its sign bit set. */
static inline bool vr_any_negative(vr a) {
  return LANES_NEGATIVE(a) != 0;
}
static inline vr vr_abs(vr a) {
  return (vr)((vi)a & LANES_ALL_BUT_SIGN);
}
/* Correctly rounded. */
static inline vr vr_sqrt(vr a) {
  return LANES_SQRT(a);
}
#ifndef NTK_SINGLE
/* a0 b0 a1 b1 ...: the lower halves of a and b zipped, or the upper ones. */
static inline vr vr_zip_low(vr a, vr b) {
  return LANES_ZIP(a, b, 0);
}
static inline vr vr_zip_high(vr a, vr b) {
  return LANES_ZIP(a, b, LANES / 2);
}
#endif

#endif
