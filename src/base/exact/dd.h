/* Double-double arithmetic: an unevaluated sum hi + lo of two vectors of doubles, |lo| <= u |hi|,
 * u = 2^-53, which carries 106 bits. Only *_exact_lanes.c files include this: there products and
 * sums are not fused behind the code's back, which error-free transformations do not survive.
 * Relative error bounds, where nothing over- or underflows (Joldes, Muller, Popescu, ACM TOMS 44,
 * 2017, with the algorithm's number there; the square root: Lefevre, Louvet, Muller, Picot, Rideau,
 * ACM TOMS 49, 2023):
 *   dd_add 3 u^2 / (1 - 4 u) (6)   dd_add_real 2 u^2 (4)    dd_mul 5 u^2 (12)
 *   dd_mul_real 2 u^2 (9)          dd_div 9.8 u^2 (18)      dd_sqrt 25/8 u^2
 *   dd_add_less 9 u^2
 * A product whose error is below 2^-1074 loses that much. */
#ifndef NTK_BASE_EXACT_DD_H
#define NTK_BASE_EXACT_DD_H

#include "base/lanes.h"

typedef struct dd {
  vr hi, lo;
} dd;

static inline dd dd_from(vr a) {
  return (dd){a, vr_set(0.0)};
}
static inline dd dd_set(double hi, double lo) {
  return (dd){vr_set(hi), vr_set(lo)};
}
static inline dd dd_load(const double *hi, const double *lo) {
  return (dd){vr_load(hi), vr_load(lo)};
}
static inline void dd_store(double *hi, double *lo, dd a) {
  vr_store(hi, a.hi);
  vr_store(lo, a.lo);
}
static inline dd dd_neg(dd a) {
  return (dd){-a.hi, -a.lo};
}
static inline dd dd_select(vi mask, dd a, dd b) {
  return (dd){vr_select(mask, a.hi, b.hi), vr_select(mask, a.lo, b.lo)};
}
/* Times a power of two: exact. */
static inline dd dd_scale(dd a, vr power) {
  return (dd){a.hi * power, a.lo * power};
}
static inline dd dd_abs(dd a) {
  return dd_select(a.hi < vr_set(0.0), dd_neg(a), a);
}

/* a b + c, rounded once: one operation where the processor has it, else the C library's. */
static inline vr vr_fma(vr a, vr b, vr c) {
  for (int i = 0; i < LANES; i++)
    a[i] = __builtin_fma(a[i], b[i], c[i]);
  return a;
}

/* Exactly a + b; the second where |a| >= |b| or a is 0. */
static inline dd dd_two_sum(vr a, vr b) {
  const vr s = a + b, t = s - b, e = s - t;
  return (dd){s, (a - t) + (b - e)};
}
static inline dd dd_fast_two_sum(vr a, vr b) {
  const vr s = a + b;
  return (dd){s, b - (s - a)};
}
/* Exactly a b. */
static inline dd dd_two_prod(vr a, vr b) {
  const vr p = a * b;
  return (dd){p, vr_fma(a, b, -p)};
}

static inline dd dd_add(dd a, dd b) {
  const dd s = dd_two_sum(a.hi, b.hi), t = dd_two_sum(a.lo, b.lo);
  const dd v = dd_fast_two_sum(s.hi, s.lo + t.hi);
  return dd_fast_two_sum(v.hi, t.lo + v.lo);
}
/* Of |b| <= |a| / 2, for half the operations: rounding of lo + lo, at most 3 / 2 u^2 |a|, and of
 * all that is added to the sum of hi, 3 u^2 |a|, which are 9 u^2 of the result. */
static inline dd dd_add_less(dd a, dd b) {
  const dd s = dd_fast_two_sum(a.hi, b.hi);
  return dd_fast_two_sum(s.hi, s.lo + (a.lo + b.lo));
}
static inline dd dd_sub(dd a, dd b) {
  return dd_add(a, dd_neg(b));
}
static inline dd dd_add_real(dd a, vr b) {
  const dd s = dd_two_sum(a.hi, b);
  return dd_fast_two_sum(s.hi, a.lo + s.lo);
}
static inline dd dd_mul(dd a, dd b) {
  const dd p = dd_two_prod(a.hi, b.hi);
  const vr cross = vr_fma(a.lo, b.hi, vr_fma(a.hi, b.lo, a.lo * b.lo));
  return dd_fast_two_sum(p.hi, p.lo + cross);
}
static inline dd dd_mul_real(dd a, vr b) {
  const dd p = dd_two_prod(a.hi, b);
  return dd_fast_two_sum(p.hi, vr_fma(a.lo, b, p.lo));
}
static inline dd dd_square(dd a) {
  return dd_mul(a, a);
}
static inline dd dd_div(dd a, dd b) {
  const vr t = vr_set(1.0) / b.hi, h = vr_fma(-b.hi, t, vr_set(1.0));
  const dd d = dd_mul_real(dd_fast_two_sum(h, -(b.lo * t)), t);
  return dd_mul(a, dd_add_real(d, t));
}
/* Of a > 0; 0 of 0. */
static inline dd dd_sqrt(dd a) {
  const vr s = vr_sqrt(a.hi), rest = vr_fma(-s, s, a.hi) + a.lo;
  const dd root = dd_fast_two_sum(s, rest / (s + s));
  return dd_select(a.hi == vr_set(0.0), a, root);
}

#endif
