/* phi and phi' in double-double, every row of the table of activation.c. Error analysis: each step
 * has a few u^2, u = 2^-53, of dd.h; what enlarges them is the argument of an exponential, by up to
 * 745 before it underflows, so that exp(z) errs by at most 745 times the error of z and 2^-94. The
 * longest chain to such an argument has 20 u^2 (gelu_tanh's): 2^-92. */
#include "net/exact/elementary.h"

#include "net/exact/exact.h"

typedef struct pair {
  dd phi, dphi;
} pair;

static inline dd one(void) {
  return dd_set(1.0, 0.0);
}
static inline dd constant(const double *c) {
  return dd_set(c[0], c[1]);
}
static inline vi below_0(dd a) {
  return a.hi < vr_set(0.0);
}

/* exp(-|z|), and the sigmoid of z from it: both halves without cancellation. */
typedef struct logistic {
  dd t, s, slope;
} logistic;

static inline logistic logistic_of(dd z) {
  const dd t = dd_exp(dd_neg(dd_abs(z))), r = dd_div(one(), dd_add_real(t, vr_set(1.0)));
  const dd rest = dd_mul(t, r);
  return (logistic){t, dd_select(below_0(z), rest, r), dd_mul(rest, r)};
}

static inline pair sigmoid(dd g, vr p) {
  (void)p;
  const logistic s = logistic_of(g);
  return (pair){s.s, s.slope};
}

/* -m / (2 + m), m = exp(-2 |g|) - 1; slope 4 e / (1 + e)^2, e = exp(-2 |g|). */
static inline pair hyperbolic_tangent(dd g, vr p) {
  (void)p;
  const dd_exponential parts =
      dd_exp_parts(dd_at_least(dd_scale(dd_abs(g), vr_set(-2.0)), -1100.0));
  const dd m = dd_expm1_of(parts), e = dd_exp_of(parts);
  const dd t = dd_div(dd_neg(m), dd_add_real(m, vr_set(2.0)));
  const dd r = dd_div(dd_set(2.0, 0.0), dd_add_real(e, vr_set(1.0)));
  return (pair){dd_select(below_0(g), dd_neg(t), t), dd_mul(dd_mul(e, r), r)};
}

static inline pair softplus(dd g, vr beta) {
  const logistic s = logistic_of(dd_mul_real(dd_within(g, 0x1p900), beta));
  const dd rest = dd_div(dd_log1p(s.t), dd_from(beta));
  return (pair){dd_select(below_0(g), rest, dd_add(g, rest)), s.s};
}

/* exp(-factor g^2): from |g| = 64 on it is 0. */
static inline dd bell(dd g, double factor) {
  return dd_exp(dd_scale(dd_square(dd_within(g, 64.0)), vr_set(-factor)));
}

static inline pair error_function(dd g, vr p) {
  (void)p;
  const dd f = dd_erf(dd_abs(g));
  return (pair){dd_select(below_0(g), dd_neg(f), f),
                dd_mul(constant(TWO_OVER_ROOT_PI), bell(g, 1.0))};
}

static inline pair gelu(dd g, vr p) {
  (void)p;
  const dd half = dd_scale(dd_erfc(dd_mul(dd_abs(g), constant(ROOT_HALF))), vr_set(0.5));
  const dd Phi = dd_select(below_0(g), half, dd_sub(one(), half));
  const dd density = dd_mul(constant(NORMAL_AT_0), bell(g, 0.5));
  return (pair){dd_mul(g, Phi), dd_add(Phi, dd_mul(dd_within(g, 64.0), density))};
}

static inline pair sine(dd g, vr p) {
  (void)p;
  const dd_circle at = dd_sincos(g);
  return (pair){at.sin, at.cos};
}

/* above g and above where g > 0, else below g and below: the slope at 0 is the left one. */
static inline pair broken(dd g, dd above, dd below) {
  const vi off = g.hi <= vr_set(0.0);
  const dd slope = dd_select(off, below, above);
  const pair known = {dd_mul(g, slope), slope};
  const dd none = dd_from(g.hi - g.hi); /* 0, or not a number */
  return (pair){known.phi, dd_add(known.dphi, none)};
}
static inline pair relu(dd g, vr p) {
  (void)p;
  return broken(g, one(), dd_set(0.0, 0.0));
}
static inline pair leaky_relu(dd g, vr slope) {
  return broken(g, one(), dd_from(slope));
}
static inline pair identity(dd g, vr p) {
  (void)p;
  return (pair){g, one()};
}
static inline pair quadratic(dd g, vr p) {
  (void)p;
  return (pair){dd_square(g), dd_scale(g, vr_set(2.0))};
}

/* g s(z), s the sigmoid, and s + s (1 - s) gz, gz = g z'. */
static inline pair gated(dd g, dd z, dd gz) {
  const logistic s = logistic_of(z);
  return (pair){dd_mul(g, s.s), dd_add(s.s, dd_mul(s.slope, gz))};
}
static inline pair silu(dd g, vr beta) { /* beyond 2000 s is 0 or 1 */
  const dd z = dd_within(dd_mul_real(dd_within(g, 0x1p900), beta), 2000.0);
  return gated(g, z, z);
}
static inline pair gelu_tanh(dd g, vr p) { /* (1 + tanh y) / 2 = s(2 y) */
  (void)p;
  const dd x = dd_within(g, 64.0), cubic = dd_mul(constant(GELU_CUBIC), dd_square(x));
  const dd y = dd_mul(constant(TWO_ROOT_2_OVER_PI), x);
  return gated(g, dd_mul(y, dd_add_real(cubic, vr_set(1.0))),
               dd_mul(y, dd_add_real(dd_mul_real(cubic, vr_set(3.0)), vr_set(1.0))));
}

/* above g where g > 0, else below (exp(x) - 1), whose slope is inner exp(x). */
static inline pair exponential_unit(dd g, dd x, dd above, dd below, dd inner) {
  const vi on = g.hi > vr_set(0.0);
  const dd z = dd_select(on, dd_set(0.0, 0.0), x);
  const dd_exponential parts = dd_exp_parts(dd_at_least(z, -1100.0));
  return (pair){dd_select(on, dd_mul(above, g), dd_mul(below, dd_expm1_of(parts))),
                dd_select(on, above, dd_mul(inner, dd_exp_of(parts)))};
}
static inline pair elu(dd g, vr alpha) {
  return exponential_unit(g, g, one(), dd_from(alpha), dd_from(alpha));
}
static inline pair selu(dd g, vr p) {
  (void)p;
  return exponential_unit(g, g, constant(SELU_ABOVE), constant(SELU_BELOW), constant(SELU_BELOW));
}
static inline pair celu(dd g, vr alpha) {
  const dd x = dd_div(dd_at_least(g, -0x1p100), dd_from(alpha));
  return exponential_unit(g, x, one(), dd_from(alpha), one());
}

/* q = 1 / (1 + |g|): beyond 2^500 all of it is scaled, for a division's own steps would overflow.
 */
static inline pair softsign(dd g, vr p) {
  (void)p;
  const vr down = vr_select(vr_abs(g.hi) > vr_set(0x1p500), vr_set(0x1p-600), vr_set(1.0));
  const dd a = dd_scale(g, down), q = dd_div(one(), dd_add_real(dd_abs(a), down));
  return (pair){dd_mul(a, q), dd_square(dd_scale(q, down))};
}

static inline pair arctangent(dd g, vr p) {
  (void)p;
  const vi far = vr_abs(g.hi) > vr_set(0x1p200);
  const dd x = dd_select(far, one(), g);
  const dd r = dd_div(one(), dd_add_real(dd_square(x), vr_set(1.0)));
  const vr down = vr_set(0x1p-600);
  const dd inverse = dd_scale(dd_div(one(), dd_scale(dd_select(far, g, one()), down)), down);
  return (pair){dd_atan(g), dd_select(far, dd_square(inverse), r)};
}

static inline pair gaussian(dd g, vr p) {
  (void)p;
  const dd f = bell(g, 1.0);
  return (pair){f, dd_scale(dd_mul(dd_within(g, 64.0), f), vr_set(-2.0))};
}

/* n numbers, by whole vectors: the tail goes through one too. */
static inline __attribute__((always_inline)) void map(pair (*function)(dd, vr), size_t n, double p,
                                                      ntk_exact_entries g, ntk_exact_entries f,
                                                      ntk_exact_entries df) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    double in[2][LANES] = {{0.0}}, out[4][LANES];
    memcpy(in[0], g.hi + i, count * sizeof(double));
    if (g.lo != NULL)
      memcpy(in[1], g.lo + i, count * sizeof(double));
    const pair v = function(dd_load(in[0], in[1]), vr_set(p));
    dd_store(out[0], out[1], v.phi);
    dd_store(out[2], out[3], v.dphi);
    memcpy(f.hi + i, out[0], count * sizeof(double));
    memcpy(f.lo + i, out[1], count * sizeof(double));
    memcpy(df.hi + i, out[2], count * sizeof(double));
    memcpy(df.lo + i, out[3], count * sizeof(double));
  }
}

#define MAP(name)                                                                      \
  static void map_##name(size_t n, double p, ntk_exact_entries g, ntk_exact_entries f, \
                         ntk_exact_entries df) {                                       \
    map(name, n, p, g, f, df);                                                         \
  }
MAP(sigmoid)
MAP(hyperbolic_tangent)
MAP(softplus)
MAP(error_function)
MAP(gelu)
MAP(sine)
MAP(relu)
MAP(identity)
MAP(silu)
MAP(gelu_tanh)
MAP(elu)
MAP(selu)
MAP(softsign)
MAP(arctangent)
MAP(gaussian)
MAP(leaky_relu)
MAP(celu)
MAP(quadratic)

/* In the order of the table in activation.c. */
typedef void (*exact_fn)(size_t n, double p, ntk_exact_entries g, ntk_exact_entries f,
                         ntk_exact_entries df);
extern const exact_fn LANES_NAME(ntk_exact_evals)[NTK_ACTIVATION_COUNT];
const exact_fn LANES_NAME(ntk_exact_evals)[NTK_ACTIVATION_COUNT] = {
    map_sigmoid,  map_hyperbolic_tangent, map_softplus, map_error_function, map_gelu, map_sine,
    map_relu,     map_identity,           map_silu,     map_gelu_tanh,      map_elu,  map_selu,
    map_softsign, map_arctangent,         map_gaussian, map_leaky_relu,     map_celu, map_quadratic,
};
