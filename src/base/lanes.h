/* A vector of doubles at the level this source is compiled for, and SLEEF's functions on it. Only
 * *_lanes.c files include this; NTK_LEVEL is base, avx2 or avx512. Arithmetic on vd uses the
 * compiler's vector extension (+ - * /). */
#ifndef NTK_BASE_LANES_H
#define NTK_BASE_LANES_H

#include <sleef.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
enum { LANES = 8 };
typedef __m512d vd;
typedef Sleef___m512d_2 vd2;
#define SLEEF(name, accuracy) Sleef_##name##d8_##accuracy##avx512f
#define LANES_SET(a) _mm512_set1_pd(a)
#define LANES_ZIP(a, b, i)                                                                  \
  __builtin_shufflevector(a, b, (i), (i) + 8, (i) + 1, (i) + 9, (i) + 2, (i) + 10, (i) + 3, \
                          (i) + 11)
#elif defined(__AVX2__)
enum { LANES = 4 };
typedef __m256d vd;
typedef Sleef___m256d_2 vd2;
#define SLEEF(name, accuracy) Sleef_##name##d4_##accuracy##avx2
#define LANES_SET(a) _mm256_set1_pd(a)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 4, (i) + 1, (i) + 5)
#elif defined(__SSE2__)
enum { LANES = 2 };
typedef __m128d vd;
typedef Sleef___m128d_2 vd2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##sse2
#define LANES_SET(a) _mm_set1_pd(a)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#elif defined(__ARM_NEON)
enum { LANES = 2 };
typedef float64x2_t vd;
typedef Sleef_float64x2_t_2 vd2;
#define SLEEF(name, accuracy) Sleef_##name##d2_##accuracy##advsimd
#define LANES_SET(a) vdupq_n_f64(a)
#define LANES_ZIP(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#else
#error "no vector type known for this processor: add it here"
#endif

#define LANES_PASTE2(name, level) name##_##level
#define LANES_PASTE(name, level) LANES_PASTE2(name, level)
#define LANES_NAME(name) LANES_PASTE(name, NTK_LEVEL)

typedef int64_t vi __attribute__((vector_size(sizeof(vd))));

static inline vd vd_load(const double *p) {
  vd v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline void vd_store(double *p, vd v) {
  memcpy(p, &v, sizeof v);
}
static inline vd vd_set(double a) {
  return LANES_SET(a);
}
/* mask ? a : b, lane by lane; comparisons of vd give such masks. */
static inline vd vd_select(vi mask, vd a, vd b) {
  return (vd)((mask & (vi)a) | (~mask & (vi)b));
}
/* a0 b0 a1 b1 ...: the lower halves of a and b zipped, or the upper ones. */
static inline vd vd_zip_low(vd a, vd b) {
  return LANES_ZIP(a, b, 0);
}
static inline vd vd_zip_high(vd a, vd b) {
  return LANES_ZIP(a, b, LANES / 2);
}
static inline vd vd_abs(vd a) {
  return (vd)((vi)a & INT64_MAX);
}

#endif
