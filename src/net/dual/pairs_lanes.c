/* Dual activations of pairs. With c = sqrt(ab) rho, t = acos rho and D = (1 + 2a)(1 + 2b) - 4 c^2 =
 * 1 + 2 (a + b) + 4 a b sin^2 t:
 *   lines, s below 0  same = sqrt(ab) [(1 + s^2)/2 rho + (1 - s)^2/2 (sin t - t cos t)/pi],
 *                     slopes = s + (1 - s)^2 (pi - t) / (2 pi)     (Cho and Saul, 2009: s = 0)
 *   erf               same = (2/pi) atan(2c / sqrt D), slopes = (4/pi) / sqrt D (Williams, 1997)
 *   sin               same = exp(-(a+b)/2) sinh c, slopes the same with cosh
 *   exp(-x^2)         same = 1 / sqrt D, slopes = 4c / D^(3/2)
 *   x^2               same = ab + 2 c^2, slopes = 4c
 * What cancels near rho = 1 and -1 is had from z = +-(1 - |rho|): sin^2 t = |z| (2 - |z|). */
#include "base/lanes_math.h"

#include "net/dual/dual.h"

ntk_dual_evaluator LANES_NAME(ntk_dual_evaluate_in);
ntk_dual_shifter LANES_NAME(ntk_dual_shift_in);

#define PI 3.14159265358979323846

typedef struct answer {
  vr same, slopes;
} answer;

/* One vector of pairs: z, with distance its size and rho = +-(1 - distance). */
typedef struct pair {
  vr a, root, size; /* u's */
  vr z, distance, rho;
} pair;

static inline vr constant(double x) {
  return vr_set(x);
}

static inline vr minimum(vr a, vr b) {
  return vr_select(a < b, a, b);
}
/* |a| with the sign of b, of -0 too. */
static inline vr with_sign(vr a, vr b) {
  const vi sign = ~(vi){0} ^ (vi)((vi){0} + LANES_ALL_BUT_SIGN);
  return (vr)(((vi)a & ~sign) | ((vi)b & sign));
}

static inline vr sine_squared(const pair *p) {
  return p->distance * (constant(2.0) - p->distance);
}

/* The angle to the nearer of rho = 1 and -1: 2 asin x, x^2 = distance / 2 <= 1/2. asin(x) / x as
 * the polynomial in x^2 that is it at the 20 nodes of Chebyshev of [0, 1/2]: within 8e-18 of
 * itself, and what rounding leaves. Even and odd terms are summed beside each other. */
static inline vr near_angle(const pair *p) {
  static const double terms[] = {1.0,
                                 0.16666666666666963,
                                 0.07499999999921603,
                                 0.044642857225197834,
                                 0.030381939881673394,
                                 0.022372313172485805,
                                 0.017349310327158196,
                                 0.01401917204006966,
                                 0.01092934906491237,
                                 0.015091795028583365,
                                 -0.026316324552338826,
                                 0.1809574620911065,
                                 -0.6641236302549411,
                                 2.0016041109291547,
                                 -4.535791802822955,
                                 7.768165374555008,
                                 -9.669659398550623,
                                 8.32498352944691,
                                 -4.438816692066939,
                                 1.1264192878807509};
  const vr x2 = constant(0.5) * p->distance, x4 = x2 * x2;
  vr even = constant(terms[18]), odd = constant(terms[19]);
#pragma GCC unroll 9
  for (size_t i = 18; i > 0; i -= 2) {
    even = even * x4 + constant(terms[i - 2]);
    odd = odd * x4 + constant(terms[i - 1]);
  }
  return constant(2.0) * vr_sqrt(x2) * (even + x2 * odd);
}

/* sin t - t cos t, t <= pi/2, to its last digits: by its series for t < 1/2. */
static inline vr lune(vr t, vr sine, vr cosine) {
  static const double terms[] = {
      16.0 / 355687428096000.0, 14.0 / 1307674368000.0, 12.0 / 6227020800.0, 10.0 / 39916800.0,
      8.0 / 362880.0,           6.0 / 5040.0,           4.0 / 120.0,         2.0 / 6.0};
  const vr t2 = t * t;
  vr sum = constant(-terms[0]);
  for (size_t i = 1; i < sizeof terms / sizeof *terms; i++)
    sum = sum * t2 + constant(i % 2 == 1 ? terms[i] : -terms[i]);
  return vr_select(t < constant(0.5), t * t2 * sum, sine - t * cosine);
}

/* share = (1 - s)^2 / (1 + s^2): 1 - rho' = q - share lune / pi; from the other end, with t = pi -
 * tau and p = 1 + rho, 1 + rho' = p + share (sin tau + (pi - tau) cos tau) / pi. */
static inline answer lines(pair *p, const ntk_dual_pairs *with) {
  const double s = with->dual->below, share = (1.0 - s) * (1.0 - s) / (1.0 + s * s);
  const vr one = constant(1.0), two = constant(2.0), pi = constant(PI);
  const vi positive = (vi)p->z >= (vi){0};
  const vr t = near_angle(p), sine = vr_sqrt(sine_squared(p)), cosine = one - p->distance;
  const vr near = p->distance - constant(share / PI) * lune(t, sine, cosine);
  const vr far = p->distance + constant(share / PI) * (sine + (pi - t) * cosine);
  /* 1 - rho' and 1 + rho', of which the one that is less is exact */
  const vr above = vr_select(positive, near, two - far);
  const vr below = vr_select(positive, two - near, far);
  const vr rest = vr_select(positive, pi - t, t); /* pi - t */
  p->z = vr_select(above <= below, above, -below);
  p->rho = vr_select(above <= below, one - above, below - one);
  return (answer){constant((1.0 + s * s) / 2.0 * with->v.root) * p->root * p->rho,
                  constant(s) + constant((1.0 - s) * (1.0 - s) / (2.0 * PI)) * rest};
}

/* D of the head of this file. */
static inline vr determinant(const pair *p, const ntk_dual_pairs *with) {
  const double b = with->v.variance;
  return constant(1.0) + constant(2.0) * (p->a + constant(b)) +
         constant(4.0 * b) * p->a * sine_squared(p);
}

static inline answer error_function(const pair *p, const ntk_dual_pairs *with) {
  const vr D = vr_sqrt(determinant(p, with)), c = constant(with->v.root) * p->root * p->rho;
  return (answer){constant(2.0 / PI) * SLEEF(atan2, u10)(constant(2.0) * c, D),
                  constant(4.0 / PI) / D};
}

/* exp(|c| - (a + b)/2) = exp(-(sqrt a - sqrt b)^2 / 2 - sqrt(ab) |z|) never overflows. */
static inline answer sine(const pair *p, const ntk_dual_pairs *with) {
  const vr product = constant(with->v.root) * p->root, apart = p->root - constant(with->v.root);
  const vr large =
      constant(0.5) * SLEEF(exp, u10)(constant(-0.5) * apart * apart - product * p->distance);
  const vr less = SLEEF(expm1, u10)(constant(-2.0) * vr_abs(product * p->rho));
  return (answer){with_sign(large * less, p->z), large * (constant(2.0) + less)};
}

static inline answer gaussian(const pair *p, const ntk_dual_pairs *with) {
  const vr D = determinant(p, with), r = constant(1.0) / vr_sqrt(D);
  return (answer){r, constant(4.0 * with->v.root) * p->root * p->rho * r / D};
}

static inline answer square(pair *p, const ntk_dual_pairs *with) {
  const vr c = constant(with->v.root) * p->root * p->rho;
  const vr answer_same = p->a * constant(with->v.variance) + constant(2.0) * c * c;
  p->z = constant(2.0 / 3.0) * sine_squared(p);
  return (answer){answer_same, constant(4.0) * c};
}

enum { GROUP = 3 /* vectors of pairs whose sums stay in registers */ };

/* sum over m of table[m] basis_m, of two tables and two rows each. */
static inline __attribute__((always_inline)) void rows_of(const double *same, const double *slopes,
                                                          size_t M, size_t n, const double *basis,
                                                          vr sums[2][GROUP]) {
  for (size_t v = 0; v < GROUP; v++)
    sums[0][v] = sums[1][v] = constant(0.0);
  for (size_t m = 0; m < M; m++) {
    const vr a = constant(same[m]), b = constant(slopes[m]);
#pragma GCC unroll 3
    for (size_t v = 0; v < GROUP; v++) {
      const vr T = vr_load(basis + m * n + v * LANES);
      sums[0][v] += a * T;
      sums[1][v] += b * T;
    }
  }
}

/* GROUP vectors from pair i on: the series at x = 2 t / pi - 1. */
static void table(const ntk_dual_pairs *with, size_t i, const double *z, double *same,
                  double *slopes) {
  const ntk_dual_table *of = &with->dual->table;
  const size_t M = of->norms, K = of->angles;
  vr x[GROUP], before[GROUP], now[GROUP], total[2][GROUP];
  for (size_t v = 0; v < GROUP; v++) {
    const vr zv = vr_load(z + i + v * LANES);
    const pair p = {.distance = vr_abs(zv)};
    const vr t = constant(2.0 / PI) * near_angle(&p);
    x[v] = vr_select((vi)zv >= (vi){0}, t - constant(1.0), constant(1.0) - t);
    now[v] = constant(1.0);
    before[v] = x[v];
    total[0][v] = total[1][v] = constant(0.0);
  }
  for (size_t k = 0; k < K; k++) {
    vr sums[2][GROUP];
    rows_of(with->column + k * M, with->column + (K + k) * M, M, with->n, with->basis + i, sums);
#pragma GCC unroll 3
    for (size_t v = 0; v < GROUP; v++) {
      total[0][v] += sums[0][v] * now[v];
      total[1][v] += sums[1][v] * now[v];
      const vr next = constant(2.0) * x[v] * now[v] - before[v];
      before[v] = now[v];
      now[v] = next;
    }
  }
  for (size_t v = 0; v < GROUP; v++) {
    const size_t at = i + v * LANES;
    vr_store(same + at, total[0][v] * constant(with->v.size) * vr_load(with->size + at));
    vr_store(slopes + at, total[1][v] * constant(with->v.slope) * vr_load(with->slope + at));
  }
}

/* The same of a series, whose derivative comes from Horner's rule beside it: P(rho), or rho
 * P(rho^2) of an odd phi. */
static void series(const ntk_dual_pairs *with, size_t i, const double *z, double *same,
                   double *slopes) {
  const ntk_dual_series *of = &with->dual->series;
  const bool odd = of->step == 2;
  vr rho[GROUP], x[GROUP], p[GROUP], dp[GROUP];
  for (size_t v = 0; v < GROUP; v++) {
    const vr zv = vr_load(z + i + v * LANES);
    rho[v] = with_sign(constant(1.0) - vr_abs(zv), zv);
    x[v] = odd ? rho[v] * rho[v] : rho[v];
    p[v] = dp[v] = constant(0.0);
  }
  for (size_t k = of->terms; k-- > 0;) {
    const vr c = constant(with->column[k]);
#pragma GCC unroll 3
    for (size_t v = 0; v < GROUP; v++) {
      dp[v] = dp[v] * x[v] + p[v];
      p[v] = p[v] * x[v] + c * vr_load(with->basis + k * with->n + i + v * LANES);
    }
  }
  for (size_t v = 0; v < GROUP; v++) {
    const size_t at = i + v * LANES;
    const vr sizes = constant(with->v.size) * vr_load(with->size + at);
    const vr slope = odd ? p[v] + constant(2.0) * x[v] * dp[v] : dp[v];
    vr_store(same + at, sizes * (odd ? rho[v] * p[v] : p[v]));
    vr_store(slopes + at, sizes * slope / (constant(with->v.root) * vr_load(with->root + at)));
  }
}

static inline __attribute__((always_inline)) answer closed(ntk_dual_kind kind, pair *p,
                                                           const ntk_dual_pairs *with) {
  switch (kind) {
  case NTK_DUAL_LINES:
    return lines(p, with);
  case NTK_DUAL_ERF:
    return error_function(p, with);
  case NTK_DUAL_SINE:
    return sine(p, with);
  case NTK_DUAL_GAUSSIAN:
    return gaussian(p, with);
  case NTK_DUAL_SQUARE:
    return square(p, with);
  case NTK_DUAL_TABLE:
  case NTK_DUAL_SERIES:
    break;
  }
  return (answer){p->z, p->z};
}

/* Equal u and v have equal phi, whatever rounding says. */
static inline vr lacking(const pair *p, vr same, const ntk_dual_pairs *with) {
  const vr ratio = vr_abs(same) / (constant(with->v.size) * p->size);
  const vr z = constant(1.0) - minimum(ratio, constant(1.0));
  const vi equal = ((vi)p->z == (vi){0}) & (p->a == constant(with->v.variance));
  return vr_select(equal, constant(0.0), with_sign(z, same));
}

void LANES_NAME(ntk_dual_evaluate_in)(const ntk_dual_pairs *with, double *z, double *same,
                                      double *slopes) {
  const ntk_dual_kind kind = with->dual->kind;
  const bool expanded = kind == NTK_DUAL_TABLE || kind == NTK_DUAL_SERIES;
  for (size_t i = 0; i < with->n && expanded; i += GROUP * LANES)
    if (kind == NTK_DUAL_TABLE)
      table(with, i, z, same, slopes);
    else
      series(with, i, z, same, slopes);
  for (size_t i = 0; i < with->n; i += LANES) {
    pair p = {.a = vr_load(with->variance + i),
              .root = vr_load(with->root + i),
              .size = vr_load(with->size + i),
              .z = vr_load(z + i)};
    p.distance = vr_abs(p.z);
    p.rho = with_sign(constant(1.0) - p.distance, p.z);
    if (expanded) {
      p.z = lacking(&p, vr_load(same + i), with);
    } else {
      const answer found = closed(kind, &p, with);
      vr_store(same + i, found.same);
      vr_store(slopes + i, found.slopes);
      if (kind != NTK_DUAL_LINES && kind != NTK_DUAL_SQUARE)
        p.z = lacking(&p, found.same, with);
    }
    vr_store(z + i, p.z);
  }
}

/* With A, B the squared sizes, g = sqrt(gain) and s = sqrt(shift): c = gain sqrt(AB) rho + shift,
 * and sqrt((gain A + shift)(gain B + shift)) - (gain sqrt(AB) + shift) = gain shift (sqrt A - sqrt
 * B)^2 / (their sum), without cancellation; the same from rho = -1. */
void LANES_NAME(ntk_dual_shift_in)(size_t n, double gain, double shift, const double *size,
                                   const double *root, const ntk_dual_one *v, double *z) {
  const vr s = constant(shift), two = constant(2.0);
  for (size_t i = 0; i < n; i += LANES) {
    const vr a = vr_load(size + i), zi = vr_load(z + i), apart = a - constant(v->size);
    const vr inner = constant(gain * v->size) * a, outer = constant(v->root) * vr_load(root + i);
    const vr q = vr_select((vi)zi >= (vi){0}, zi, two + zi), p = two - q;
    const vr p_exact = vr_select((vi)zi >= (vi){0}, p, -zi);
    const vr c = inner * with_sign(constant(1.0) - vr_abs(zi), zi) + s;
    const vr near = constant(gain) * s * apart * apart / (outer + inner + s) + inner * q;
    const vr squares = a * a + constant(v->size * v->size);
    const vr far = (constant(gain) * s * squares + s * s) / (outer + inner) + s + inner * p_exact;
    vr_store(z + i, vr_select(c >= constant(0.0), near / outer, -far / outer));
  }
}
