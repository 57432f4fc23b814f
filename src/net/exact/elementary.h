/* Elementary functions in double-double, of *_exact_lanes.c files: reduction of the argument, then
 * Taylor's series, whose high terms count so little that a double holds them. What the series leave
 * out is below 2^-107 of the result (tools/exact_tables.py --bounds). Where a first guess of a
 * library is corrected, the correction is checked to be tiny: what it is worth does not matter. */
#ifndef NTK_NET_EXACT_ELEMENTARY_H
#define NTK_NET_EXACT_ELEMENTARY_H

#include "base/exact/dd.h"
#include "base/lanes_math.h"
#include "net/exact/tables.h"

static inline dd dd_table(const double *table, size_t i) {
  return dd_set(table[2 * i], table[2 * i + 1]);
}

/* ---- Integers in doubles -------------------------------------------------------------------- */

/* The nearest integer of |a| < 2^51. */
static inline vr vr_round(vr a) {
  const vr magic = vr_set(0x1.8p52);
  return (a + magic) - magic;
}
/* 2^k of an integer -1022 <= k <= 1023. */
static inline vr vr_power2(vr k) {
  const vr magic = vr_set(0x1.8p52);
  return (vr)(((vi)(k + magic) - (vi)magic + 1023) << 52);
}
static inline vr vr_at_least(vr a, double least) { /* NaN stays */
  return vr_select(a < vr_set(least), vr_set(least), a);
}

/* Where hi is beyond least, that instead. */
static inline dd dd_at_least(dd a, double least) {
  return dd_select(a.hi < vr_set(least), dd_set(least, 0.0), a);
}
static inline dd dd_within(dd a, double most) {
  return dd_neg(dd_at_least(dd_neg(dd_at_least(a, -most)), -most));
}

/* sum over n = first .. last of x^(n - first) / n! stepping by step with alternating signs where
 * sign is -1: the part of a series that a double holds. */
static inline __attribute__((always_inline)) vr low_terms(vr x, int first, int last, int step,
                                                          double sign) {
  vr sum = vr_set(INVERSE_FACTORIAL[2 * last]);
  for (int n = last - step; n >= first; n -= step)
    sum = vr_fma(vr_set(sign) * sum, x, vr_set(INVERSE_FACTORIAL[2 * n]));
  return sum;
}
/* The same from n = first on, in double-double until n = middle, where tail goes on; |x| < 1, first
 * at least 2, so that what is added is less than half. */
static inline __attribute__((always_inline)) dd high_terms(dd x, vr tail, int first, int middle,
                                                           int step, double sign) {
  dd sum = dd_add_real(dd_table(INVERSE_FACTORIAL, (size_t)middle), vr_set(sign) * x.hi * tail);
  for (int n = middle - step; n >= first; n -= step)
    sum =
        dd_add_less(dd_table(INVERSE_FACTORIAL, (size_t)n), dd_scale(dd_mul(sum, x), vr_set(sign)));
  return sum;
}

/* ---- exp and log1p -------------------------------------------------------------------------- */

/* exp(x) = 2^k (1 + m), |m| < 0.42, for -1500 <= x <= 700. The remainder errs by 4 u^2 |x|. */
typedef struct dd_exponential {
  vr k;
  dd m;
} dd_exponential;

static inline dd_exponential dd_exp_parts(dd x) {
  const vr k = vr_round(x.hi * vr_set(0x1.71547652b82fep0)); /* 1 / log 2 */
  const dd high = dd_two_prod(k, vr_set(LN2[0])), middle = dd_two_prod(k, vr_set(LN2[1]));
  dd r = dd_two_sum(x.hi, -high.hi);
  dd rest = dd_sub(dd_two_sum(x.lo, -high.lo), middle);
  r = dd_add(r, dd_add_real(rest, -k * vr_set(LN2[2])));
  const vr tail = low_terms(r.hi, 15, 23, 1, 1.0);
  const dd sum = high_terms(r, tail, 2, 14, 1, 1.0);
  return (dd_exponential){k, dd_add(r, dd_mul(dd_square(r), sum))};
}
static inline dd dd_exp_of(dd_exponential e) {
  const vr half = vr_round(vr_set(0.5) * e.k);
  const dd value = dd_scale(dd_add_real(e.m, vr_set(1.0)), vr_power2(half));
  return dd_scale(value, vr_power2(e.k - half));
}
/* exp(x), x <= 0: relative error 2^-94 beyond what underflows. */
static inline dd dd_exp(dd x) {
  return dd_exp_of(dd_exp_parts(dd_at_least(x, -1100.0)));
}
/* exp(x) - 1, x <= 0, relative. From 2^-300 on it is -1. */
static inline dd dd_expm1_of(dd_exponential e) {
  const vr power = vr_power2(vr_at_least(e.k, -300.0));
  return dd_add(dd_scale(e.m, power), dd_two_sum(power, vr_set(-1.0)));
}
static inline dd dd_expm1(dd x) {
  return dd_expm1_of(dd_exp_parts(dd_at_least(x, -1100.0)));
}

/* Lanes whose correction w is not tiny, beside a or by itself, or not a number, are not known: NaN.
 */
static inline dd dd_checked(dd value, vr w, vr a) {
  const vi tiny = vr_abs(w) <= vr_set(0x1p-40) * vr_abs(a) + vr_set(0x1p-1010);
  return dd_select(tiny, value, dd_from(vr_set(NAN)));
}

/* log(1 + t), 0 <= t <= 1: one step of Newton's method, y + log((1 + t) exp(-y)). */
static inline dd dd_log1p(dd t) {
  const vr y = SLEEF(log1p, u10)(t.hi);
  const dd m = dd_expm1(dd_from(-y));
  const dd w = dd_add(dd_add(t, m), dd_mul(t, m));
  const dd step = dd_sub(w, dd_scale(dd_square(w), vr_set(0.5)));
  return dd_checked(dd_add_real(step, y), w.hi, t.hi);
}

/* ---- sin, cos, atan ------------------------------------------------------------------------- */

typedef struct dd_circle {
  dd sin, cos;
} dd_circle;

/* Within 2^-96 (1 + |x|) of both, and relative for the sine of |x| < 0.7; |x| <= 2^30, else NaN. */
static inline dd_circle dd_sincos(dd x) {
  const vr k = vr_round(x.hi * vr_set(0x1.45f306dc9c883p-1)); /* 2 / pi */
  const dd high = dd_two_prod(k, vr_set(HALF_PI[0])), middle = dd_two_prod(k, vr_set(HALF_PI[1]));
  dd r = dd_two_sum(x.hi, -high.hi);
  dd rest = dd_sub(dd_two_sum(x.lo, -high.lo), middle);
  r = dd_add(r, dd_add_real(rest, -k * vr_set(HALF_PI[2])));
  r = dd_select(vr_abs(x.hi) <= vr_set(0x1p30), r, dd_from(vr_set(NAN)));
  const dd z = dd_square(r);
  const dd odd = high_terms(z, low_terms(z.hi, 19, 27, 2, -1.0), 3, 17, 2, -1.0);
  const dd even = high_terms(z, low_terms(z.hi, 20, 28, 2, -1.0), 2, 18, 2, -1.0);
  const dd s = dd_sub(r, dd_mul(dd_mul(z, r), odd));
  const dd c = dd_sub(dd_from(vr_set(1.0)), dd_mul(z, even));
  const vr quarter = k - vr_set(4.0) * vr_round(vr_set(0.25) * k); /* -2 .. 2 */
  const vi swapped = vr_abs(quarter) == vr_set(1.0), half = vr_abs(quarter) == vr_set(2.0);
  const vi minus_s = half | (quarter == vr_set(-1.0)), minus_c = half | (quarter == vr_set(1.0));
  const dd sine = dd_select(swapped, c, s), cosine = dd_select(swapped, s, c);
  return (dd_circle){dd_select(minus_s, dd_neg(sine), sine),
                     dd_select(minus_c, dd_neg(cosine), cosine)};
}

/* atan x = y + atan((x cos y - sin y) / (cos y + x sin y)), y near it. Beyond 2^200 it is pi/2. */
static inline dd dd_atan(dd x) {
  const dd a = dd_within(x, 0x1p200);
  const vr y = SLEEF(atan, u10)(a.hi);
  const dd_circle at = dd_sincos(dd_from(y));
  const dd w = dd_div(dd_sub(dd_mul(a, at.cos), at.sin), dd_add(at.cos, dd_mul(a, at.sin)));
  return dd_checked(dd_add_real(w, y), w.hi, y);
}

/* ---- erf and erfc --------------------------------------------------------------------------- */

/* Of x >= 0 with c the nearest k / 16 up to 28, s = x - c, I = 2 / sqrt pi int_0^s exp(-2 c t -
 * t^2) dt: erfc(x) = exp(-c^2) (erfcx(c) - I). */
typedef struct dd_gauss {
  dd tail, erfcx, I;
} dd_gauss;

/* With k in the tail's place. Terms from the one numbered `exact` on are made in double. */
static inline __attribute__((always_inline)) dd_gauss dd_gauss_parts(dd x, double most, int terms,
                                                                     int exact) {
  const dd a = dd_neg(dd_at_least(dd_neg(x), -most));
  const vr k = vr_round(vr_set(16.0) * a.hi), c = k * vr_set(0.0625);
  const dd s = dd_add_real(a, -c);
  dd erfcx = dd_from(k); /* NaN stays */
  for (int i = 0; i < LANES; i++)
    if (k[i] >= 0.0 && k[i] <= 448.0) {
      erfcx.hi[i] = ERFCX[2 * (size_t)k[i]];
      erfcx.lo[i] = ERFCX[2 * (size_t)k[i] + 1];
    }
  /* u_n s^n of the integrand: u_{n+1} = -(2 c s u_n + 2 s^2 u_{n-1}) / (n + 1). */
  const dd one = dd_mul_real(s, vr_set(-2.0) * c), two = dd_scale(dd_square(s), vr_set(-2.0));
  dd before = dd_from(vr_set(1.0)), u = one, sum = before;
  for (int n = 1; n < exact; n++) {
    sum = dd_add_less(sum, dd_mul(u, dd_table(INVERSE, (size_t)n)));
    const dd next =
        dd_mul(dd_add(dd_mul(one, u), dd_mul(two, before)), dd_table(INVERSE, (size_t)n));
    before = u;
    u = next;
  }
  vr low = vr_set(0.0), v = u.hi, w = before.hi;
  for (int n = exact; n < terms; n++) {
    const vr inverse = vr_set(INVERSE[2 * n]), next = vr_fma(one.hi, v, two.hi * w) * inverse;
    low = vr_fma(v, inverse, low);
    w = v;
    v = next;
  }
  sum = dd_add_real(sum, low);
  const dd factor = dd_set(TWO_OVER_ROOT_PI[0], TWO_OVER_ROOT_PI[1]);
  return (dd_gauss){dd_from(k), erfcx, dd_mul(dd_mul(s, sum), factor)};
}
/* Where x <= 4: terms from the twelfth on are 2^-54 of I, and their rounding below 2^-101. */
static inline dd_gauss dd_gauss_near(dd x) {
  dd_gauss made = dd_gauss_parts(x, 4.0, 22, 12);
  const vr k = made.tail.hi; /* NaN stays */
  for (int i = 0; i < LANES; i++)
    if (k[i] >= 0.0 && k[i] <= 64.0) {
      made.tail.hi[i] = BELL[2 * (size_t)k[i]];
      made.tail.lo[i] = BELL[2 * (size_t)k[i] + 1];
    }
  return made;
}
static __attribute__((noinline, cold)) dd_gauss dd_gauss_far(dd x) {
  dd_gauss made = dd_gauss_parts(x, 28.0, 38, 38);
  const vr c = made.tail.hi * vr_set(0.0625);
  made.tail = dd_exp(dd_from(-c * c));
  return made;
}
static inline dd dd_erfc_of(dd_gauss g) {
  return dd_mul(g.tail, dd_sub(g.erfcx, g.I));
}
/* erfc(x), x >= 0, relative; from 28 on it underflows. */
static inline dd dd_erfc(dd x) {
  const dd near = dd_erfc_of(dd_gauss_near(x));
  if (!vr_any_negative(vr_set(4.0) - x.hi))
    return near;
  return dd_select(x.hi > vr_set(4.0), dd_erfc_of(dd_gauss_far(x)), near);
}
/* erf(x), x >= 0, relative. */
static inline dd dd_erf(dd x) {
  const dd_gauss g = dd_gauss_near(x);
  const dd one = dd_from(vr_set(1.0));
  const dd near = dd_add(dd_sub(one, dd_mul(g.tail, g.erfcx)), dd_mul(g.tail, g.I));
  if (!vr_any_negative(vr_set(4.0) - x.hi))
    return near;
  return dd_select(x.hi > vr_set(4.0), dd_sub(one, dd_erfc_of(dd_gauss_far(x))), near);
}

#endif
