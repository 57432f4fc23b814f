/* The functions of every SIMD level, and the bounds of net/activation.h on what they give. */
#ifndef NTK_TESTS_ACTIVATION_CHECK_H
#define NTK_TESTS_ACTIVATION_CHECK_H

#include "base/simd.h"
#include "net/activation.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "activation_reference.h"
#include "support.h"

extern const ntk_activation_fn ntk_activation_evals_base[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_base_f32[NTK_ACTIVATION_COUNT];
#ifdef __x86_64__
extern const ntk_activation_fn ntk_activation_evals_avx2[NTK_ACTIVATION_COUNT];
extern const ntk_activation_fn ntk_activation_evals_avx512[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_avx2_f32[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_avx512_f32[NTK_ACTIVATION_COUNT];
#endif

/* Rows of functions at the levels this processor has; returns how many. */
static inline size_t levels(const ntk_activation_fn *rows[3]) {
  size_t count = 0;
  rows[count++] = ntk_activation_evals_base;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    rows[count++] = ntk_activation_evals_avx2;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    rows[count++] = ntk_activation_evals_avx512;
#endif
  return count;
}

static inline size_t single_levels(const ntk_activation_single_fn *rows[3]) {
  size_t count = 0;
  rows[count++] = ntk_activation_evals_base_f32;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    rows[count++] = ntk_activation_evals_avx2_f32;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    rows[count++] = ntk_activation_evals_avx512_f32;
#endif
  return count;
}

/* What phi gave at a finite g, with v there; least: the smallest number of the precision. */
static inline void check_value(const ntk_activation *phi, activation_value v, size_t level,
                               double g, double f, double df, double u, double least) {
  const double e = phi->error * u, floor = 8.0 * least * (isinf(phi->error) ? 8.0 : phi->error);
  const long double most = u > U ? FLT_MAX : DBL_MAX; /* selu and x^2 overflow */
  const long double size = fabsl(v.phi) + fabsl(g * v.dphi);
  const long double slope_size = fabsl(v.dphi) + fabsl(g * v.d2phi);
  const long double error = fabsl(v.phi) > most && isinf(f) && f * v.phi > 0 ? 0 : fabsl(f - v.phi);
  const long double slope_error =
      fabsl(v.dphi) > most && isinf(df) && df * v.dphi > 0 ? 0 : fabsl(df - v.dphi);
  if (!(error <= e * (1.0 + fabs(g)) && error <= 32.0 * u * size + floor))
    fail_msg("%s at %.17g = %.17g, level %zu: error %.3Lg u (1 + |g|), %.3Lg u (|phi| + |g phi'|)",
             phi->text, g, f, level, error / u / (1.0 + fabs(g)), error / u / size);
  if (!(slope_error <= e && slope_error <= 32.0 * u * slope_size + floor))
    fail_msg("%s' at %.17g = %.17g, level %zu: error %.3Lg u, %.3Lg u (|phi'| + |g phi''|)",
             phi->text, g, df, level, slope_error / u, slope_error / u / slope_size);
}

#endif
