/* SLEEF's functions of the vectors of lanes.h, and two of the processor's own. Apart, for their
 * headers take longer to read than most sources take to compile. */
#ifndef NTK_BASE_LANES_MATH_H
#define NTK_BASE_LANES_MATH_H

#include "base/lanes.h"

#include <sleef.h>
#include <stdbool.h>

#if defined(__AVX512F__) && defined(NTK_SINGLE)
typedef Sleef___m512_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f16_##accuracy##avx512f
#define LANES_NEGATIVE(a) _mm512_cmplt_epi32_mask((__m512i)(a), _mm512_setzero_si512())
#elif defined(__AVX512F__)
typedef Sleef___m512d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d8_##accuracy##avx512f
#define LANES_NEGATIVE(a) _mm512_cmplt_epi64_mask((__m512i)(a), _mm512_setzero_si512())
#elif defined(__AVX2__) && defined(NTK_SINGLE)
typedef Sleef___m256_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f8_##accuracy##avx2
#define LANES_NEGATIVE(a) _mm256_movemask_ps(a)
#elif defined(__AVX2__)
typedef Sleef___m256d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d4_##accuracy##avx2
#define LANES_NEGATIVE(a) _mm256_movemask_pd(a)
#elif defined(__SSE2__) && defined(NTK_SINGLE)
typedef Sleef___m128_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f4_##accuracy##sse2
#define LANES_NEGATIVE(a) _mm_movemask_ps(a)
#elif defined(__SSE2__)
typedef Sleef___m128d_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##sse2
#define LANES_NEGATIVE(a) _mm_movemask_pd(a)
#elif defined(__ARM_NEON) && defined(NTK_SINGLE)
typedef Sleef_float32x4_t_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##f4_##accuracy##advsimd
#define LANES_NEGATIVE(a) (vminvq_s32((int32x4_t)(a)) < 0)
#elif defined(__ARM_NEON)
typedef Sleef_float64x2_t_2 vr2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##advsimd
#define LANES_NEGATIVE(a) \
  ((vgetq_lane_s64((int64x2_t)(a), 0) | vgetq_lane_s64((int64x2_t)(a), 1)) < 0)
#else
#error "no vector type known for this processor: add it here"
#endif

/* As many floats from p on as a vector has doubles, in double. (__builtin_convertvector takes GCC
 * several operations.) */
static inline vd vd_widen(const float *p) {
#if defined(__AVX512F__)
  return (vd)_mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif defined(__AVX2__)
  return (vd)_mm256_cvtps_pd(_mm_loadu_ps(p));
#else
  float v __attribute__((vector_size(LANES_BYTES / 2)));
  memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, vd);
#endif
}
/* And back, rounded. */
static inline void vd_narrow(float *p, vd v) {
#if defined(__AVX512F__)
  _mm256_storeu_ps(p, _mm512_cvtpd_ps((__m512d)v));
#elif defined(__AVX2__)
  _mm_storeu_ps(p, _mm256_cvtpd_ps((__m256d)v));
#else
  for (size_t i = 0; i < DOUBLES; i++)
    p[i] = (float)v[i];
#endif
}

/* Whether any lane has its sign bit set. */
static inline bool vr_any_negative(vr a) {
  return LANES_NEGATIVE(a) != 0;
}

#endif
