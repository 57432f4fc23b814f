/* A vector of reals at the level this source is compiled for. Only *_lanes.c files include this;
 * NTK_LEVEL is base, avx2 or avx512. A real is a double; a file named *_real_lanes.c is compiled a
 * second time with NTK_SINGLE, where it is a float. Arithmetic on vr uses the compiler's vector
 * extension (+ - * /); what takes the processor's own words, or SLEEF, is in lanes_math.h. */
#ifndef NTK_BASE_LANES_H
#define NTK_BASE_LANES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef NTK_SINGLE
typedef float real;
typedef int32_t real_bits;
#define LANES_ALL_BUT_SIGN INT32_MAX
#define LANES_SUFFIX _f32
#define LANES_SQRT sqrtf
#else
typedef double real;
typedef int64_t real_bits;
#define LANES_ALL_BUT_SIGN INT64_MAX
#define LANES_SUFFIX
#define LANES_SQRT sqrt
#endif

#ifdef __AVX512F__
#define LANES_BYTES 64
#elif defined(__AVX2__)
#define LANES_BYTES 32
#elif defined(__SSE2__) || defined(__ARM_NEON)
#define LANES_BYTES 16
#else
#error "no width of vectors known for this processor: add it here"
#endif
enum { LANES = LANES_BYTES / sizeof(real) };
typedef real vr __attribute__((vector_size(LANES_BYTES)));
typedef real_bits vi __attribute__((vector_size(LANES_BYTES)));

/* name_avx2, say, and name_avx2_f32 in float. */
#define LANES_PASTE2(name, level, suffix) name##_##level##suffix
#define LANES_PASTE(name, level, suffix) LANES_PASTE2(name, level, suffix)
#define LANES_NAME(name) LANES_PASTE(name, NTK_LEVEL, LANES_SUFFIX)

static inline vr vr_load(const real *p) {
  vr v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline void vr_store(real *p, vr v) {
  memcpy(p, &v, sizeof v);
}
static inline vr vr_set(real a) {
  return a - (vr){0}; /* a scalar counts in every lane, and a - 0 is a, of -0 too */
}
/* mask ? a : b, lane by lane; comparisons of vr give such masks. */
static inline vr vr_select(vi mask, vr a, vr b) {
  return (vr)((mask & (vi)a) | (~mask & (vi)b));
}
static inline vr vr_abs(vr a) {
  return (vr)((vi)a & LANES_ALL_BUT_SIGN);
}
/* Correctly rounded; without errno one operation. */
static inline vr vr_sqrt(vr a) {
  for (int i = 0; i < LANES; i++)
    a[i] = LANES_SQRT(a[i]);
  return a;
}
#define LANES_ZIP_2(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#define LANES_ZIP_4(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 4, (i) + 1, (i) + 5)
#define LANES_ZIP_8(a, b, i)                                                                \
  __builtin_shufflevector(a, b, (i), (i) + 8, (i) + 1, (i) + 9, (i) + 2, (i) + 10, (i) + 3, \
                          (i) + 11)
#define LANES_ZIP_16(a, b, i)                                                                 \
  __builtin_shufflevector(a, b, (i), (i) + 16, (i) + 1, (i) + 17, (i) + 2, (i) + 18, (i) + 3, \
                          (i) + 19, (i) + 4, (i) + 20, (i) + 5, (i) + 21, (i) + 6, (i) + 22,  \
                          (i) + 7, (i) + 23)
#if LANES_BYTES == 64
#define LANES_ZIP_DOUBLES LANES_ZIP_8
#define LANES_ZIP_FLOATS LANES_ZIP_16
#elif LANES_BYTES == 32
#define LANES_ZIP_DOUBLES LANES_ZIP_4
#define LANES_ZIP_FLOATS LANES_ZIP_8
#else
#define LANES_ZIP_DOUBLES LANES_ZIP_2
#define LANES_ZIP_FLOATS LANES_ZIP_4
#endif
#ifdef NTK_SINGLE
#define LANES_ZIP LANES_ZIP_FLOATS
#else
#define LANES_ZIP LANES_ZIP_DOUBLES
#endif
/* a0 b0 a1 b1 ...: the lower halves of a and b zipped, or the upper ones. */
static inline vr vr_zip_low(vr a, vr b) {
  return LANES_ZIP(a, b, 0);
}
static inline vr vr_zip_high(vr a, vr b) {
  return LANES_ZIP(a, b, LANES / 2);
}
/* Zips vector i with vector i + LANES/2. */
static inline __attribute__((always_inline)) void vr_zip_all(const vr in[LANES], vr out[LANES]) {
#pragma GCC unroll 8
  for (size_t i = 0; i < LANES / 2; i++) {
    out[2 * i] = vr_zip_low(in[i], in[i + LANES / 2]);
    out[2 * i + 1] = vr_zip_high(in[i], in[i + LANES / 2]);
  }
}
/* The matrix whose rows these are, transposed: by log2 LANES times of that, in registers. */
static inline __attribute__((always_inline)) void vr_transpose(vr v[LANES]) {
  vr w[LANES];
  vr_zip_all(v, w);
  if (LANES > 2) {
    vr_zip_all(w, v);
    if (LANES > 4)
      vr_zip_all(v, w);
    if (LANES > 8)
      vr_zip_all(w, v);
  }
  if (LANES == 2 || LANES == 8)
#pragma GCC unroll 8
    for (size_t i = 0; i < LANES; i++)
      v[i] = w[i];
}

/* A vector of doubles, in single too. */
typedef double vd __attribute__((vector_size(LANES_BYTES)));
enum { DOUBLES = LANES_BYTES / sizeof(double) };
static inline vd vd_load(const double *p) {
  vd v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline void vd_store(double *p, vd v) {
  memcpy(p, &v, sizeof v);
}
/* Every other lane of a beside that of b, and every other pair: within 16 bytes, and across them.
 */
#if LANES_BYTES == 64
#define LANES_EVEN(a, b, i)                                                                  \
  __builtin_shufflevector(a, b, (i), (i) + 8, (i) + 2, (i) + 10, (i) + 4, (i) + 12, (i) + 6, \
                          (i) + 14)
#define LANES_PAIRS(a, b, i)                                                                \
  __builtin_shufflevector(a, b, (i), (i) + 1, (i) + 4, (i) + 5, (i) + 8, (i) + 9, (i) + 12, \
                          (i) + 13)
#elif LANES_BYTES == 32
#define LANES_EVEN(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 4, (i) + 2, (i) + 6)
#define LANES_PAIRS(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 1, (i) + 4, (i) + 5)
#else
#define LANES_EVEN(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 2)
#define LANES_PAIRS(a, b, i) __builtin_shufflevector(a, b, (i), (i) + 1) /* none: one is all */
#endif
/* Lane i: the sum of the lanes of v[i]. v is of no further use. */
static inline __attribute__((always_inline)) vd vd_sums(vd v[DOUBLES]) {
#pragma GCC unroll 4
  for (size_t i = 0; i < DOUBLES / 2; i++)
    v[i] = LANES_EVEN(v[2 * i], v[2 * i + 1], 0) + LANES_EVEN(v[2 * i], v[2 * i + 1], 1);
#pragma GCC unroll 3
  for (size_t half = DOUBLES / 4; half > 0; half /= 2)
#pragma GCC unroll 4
    for (size_t i = 0; i < half; i++)
      v[i] = LANES_PAIRS(v[2 * i], v[2 * i + 1], 0) + LANES_PAIRS(v[2 * i], v[2 * i + 1], 2);
  return v[0];
}

#endif
