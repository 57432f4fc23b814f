/* phi and phi' together, from one exponential where they share it: both are needed wherever one is,
 * and the transcendental function is most of the cost. Where the shared one would cancel, in the
 * tails of tanh' and gelu, a second is called for, by the few vectors that reach there. */
#include "base/lanes_math.h"

#include "net/activation.h"

typedef struct pair {
  vr phi, dphi;
} pair;

/* exp(-|g|) never overflows; both halves of the sigmoid follow from it without cancellation. */
static inline pair sigmoid(vr g) {
  const vr one = vr_set(1.0);
  const vr t = SLEEF(exp, u10)(-vr_abs(g));
  const vr r = one / (one + t);
  return (pair){vr_select(g < vr_set(0.0), t * r, r), t * r * r};
}

/* df where |g| <= 3; beyond, where 1 - f cancels, tanh' = 4 t / (1 + t)^2, t = exp(-2 |g|). */
static __attribute__((noinline, cold)) vr tanh_slope_far(vr g, vr df) {
  const vr one = vr_set(1.0);
  const vr t = SLEEF(exp, u10)(vr_set(-2.0) * vr_abs(g));
  const vr r = one / (one + t);
  return vr_select(vr_abs(g) > vr_set(3.0), vr_set(4.0) * t * r * r, df);
}

static inline pair tanh_near(vr g) {
  const vr one = vr_set(1.0), f = SLEEF(tanh, u10)(g);
  return (pair){f, (one - f) * (one + f)};
}
static inline pair hyperbolic_tangent(vr g) {
  const pair near = tanh_near(g);
  return (pair){near.phi, vr_any_negative(vr_set(3.0) - vr_abs(g)) ? tanh_slope_far(g, near.dphi)
                                                                   : near.dphi};
}

static inline pair softplus(vr g, vr beta) {
  const vr zero = vr_set(0.0), one = vr_set(1.0);
  const vr t = SLEEF(exp, u10)(-vr_abs(beta * g));
  const vr r = one / (one + t);
  const vi negative = g < zero;
  return (pair){vr_select(negative, zero, g) + SLEEF(log1p, u10)(t) * (one / beta),
                vr_select(negative, t * r, r)};
}

static inline pair usual_softplus(vr g, vr beta) {
  (void)beta;
  return softplus(g, vr_set(1.0));
}

static inline pair error_function(vr g) {
  const vr two_over_sqrt_pi = vr_set((real)1.1283791670955126);
  return (pair){SLEEF(erf, u10)(g), two_over_sqrt_pi * SLEEF(exp, u10)(-g * g)};
}

/* g Phi(g) with Phi, and its derivative Phi + g Phi', of the standard normal. 1 + erf cancels as
 * erf nears -1; erfc does not. */
static inline pair gelu(vr g) {
  const vr sqrt_half = vr_set((real)0.70710678118654752),
           density_at_0 = vr_set((real)0.39894228040143268);
  const vr half = vr_set(0.5), x = sqrt_half * g;
  vr Phi = half + half * SLEEF(erf, u10)(x);
  if (vr_any_negative(g + vr_set(2.5)))
    Phi = vr_select(g < vr_set(-2.5), half * SLEEF(erfc, u15)(-x), Phi);
  return (pair){g * Phi, Phi + g * density_at_0 * SLEEF(exp, u10)(-half * g * g)};
}

static inline pair sine(vr g) {
  const vr2 both = SLEEF(sincos, u10)(g);
  return (pair){both.x, both.y};
}

/* phi'(0) = 0. What is not a number stays none. */
static inline pair relu(vr g) {
  const vi off = g <= vr_set(0.0);
  return (pair){vr_select(off, vr_set(0.0), g), vr_select(off, vr_set(0.0), vr_set(1.0))};
}

static inline pair identity(vr g) {
  return (pair){g, vr_set(1.0)};
}

/* g s(z), s the sigmoid, and its derivative s + s (1 - s) g z', gz = g z'. Below 0 s is small, and
 * its factor exp(-|z|) comes in two halves, each of which is 0 only where all is: one would lose
 * its digits to underflow before g or gz makes it large again. */
static inline pair gated(vr g, vr z, vr gz) {
  const vr one = vr_set(1.0);
  const vr h = SLEEF(exp, u10)(vr_set(-0.5) * vr_abs(z)), t = h * h;
  const vr r = one / (one + t);
  const vi negative = z < vr_set(0.0);
  const vr half = vr_select(negative, h, one);
  const vr complement = vr_select(negative, r, t * r);
  return (pair){g * r * half * half, (one + gz * complement) * r * half * half};
}

/* Beyond 2000 s is 0 or 1, and beta g might overflow. */
static inline pair silu(vr g, vr beta) {
  const vr end = vr_set(2000.0), y = beta * g;
  const vr low = vr_select(y < -end, -end, y), z = vr_select(low > end, end, low);
  return gated(g, z, z);
}

static inline pair usual_silu(vr g, vr beta) {
  (void)beta;
  return gated(g, g, g);
}

/* (1 + tanh y) / 2 = s(2 y). Beyond 32 s is 0 or 1, and the cube might overflow. */
static inline pair gelu_tanh(vr g) {
  const vr end = vr_set(32.0), one = vr_set(1.0), cubic = vr_set((real)0.044715);
  const vr two_c = vr_set((real)1.5957691216057307), three = vr_set(3.0); /* 2 sqrt(2/pi) */
  const vr low = vr_select(g < -end, -end, g), x = vr_select(low > end, end, low);
  const vr square = cubic * x * x;
  return gated(g, two_c * x * (one + square), two_c * x * (one + three * square));
}

/* exp(g) where g < -3; above, 1 + expm1(g) keeps enough. */
static __attribute__((noinline, cold)) vr exp_far(vr g, vr near) {
  return vr_select(g < vr_set(-3.0), SLEEF(exp, u10)(g), near);
}

/* above g where g > 0, else below (exp(g) - 1). At 0 the slope is the left one, as relu's is. */
static inline pair exponential_unit(vr g, vr above, vr below) {
  const vi on = g > vr_set(0.0);
  const vr x = vr_select(on, vr_set(0.0), g);
  const vr m = SLEEF(expm1, u10)(x);
  vr e = vr_set(1.0) + m;
  if (vr_any_negative(x + vr_set(3.0)))
    e = exp_far(x, e);
  return (pair){vr_select(on, above * g, below * m), vr_select(on, above, below * e)};
}
static inline pair elu(vr g, vr alpha) {
  return exponential_unit(g, vr_set(1.0), alpha);
}
static inline pair selu(vr g) { /* lambda, lambda alpha */
  return exponential_unit(g, vr_set((real)1.0507009873554805), vr_set((real)1.7580993408473769));
}

/* Next to 0 phi is g to the last bit, and the product would lose the smallest numbers' digits. */
static inline pair celu(vr g, vr alpha) {
  const vr one = vr_set(1.0);
  const pair unit = exponential_unit(g * (one / alpha), one, one);
  const vi same = g >= vr_set((real)-1e-20) * alpha;
  return (pair){vr_select(same, g, alpha * unit.phi), unit.dphi};
}

static inline pair quadratic(vr g) {
  return (pair){g * g, g + g};
}

static inline pair softsign(vr g) {
  const vr r = vr_set(1.0) / (vr_set(1.0) + vr_abs(g));
  return (pair){g * r, r * r};
}

/* Beyond 1e10 1 + g^2 is g^2, which might overflow. */
static inline pair arctangent(vr g) {
  const vr one = vr_set(1.0);
  const vi far = vr_abs(g) > vr_set((real)1e10);
  const vr r = one / vr_select(far, g, one + g * g);
  return (pair){SLEEF(atan, u10)(g), vr_select(far, r * r, r)};
}

/* In halves, as in gated: g makes the tail larger again. */
static inline pair gaussian(vr g) {
  const vr h = SLEEF(exp, u10)(vr_set(-0.5) * g * g);
  return (pair){h * h, g * h * (vr_set(-2.0) * h)};
}

/* The slope at 0 is the left one. */
static inline pair leaky_relu(vr g, vr slope) {
  const vi off = g <= vr_set(0.0);
  return (pair){vr_select(off, slope * g, g), vr_select(off, slope, vr_set(1.0))};
}

/* The tail goes through a full vector too, so that a value does not depend on where it stands. */
static inline __attribute__((always_inline)) void map(pair (*function)(vr, vr), size_t n, double p,
                                                      const real *g, real *f, real *df) {
  const vr parameter = vr_set((real)p);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const pair result = function(vr_load(g + i), parameter);
    vr_store(f + i, result.phi);
    vr_store(df + i, result.dphi);
  }
  if (i < n) {
    real in[LANES] = {0}, phi[LANES], dphi[LANES];
    memcpy(in, g + i, (n - i) * sizeof *g);
    const pair result = function(vr_load(in), parameter);
    vr_store(phi, result.phi);
    vr_store(dphi, result.dphi);
    memcpy(f + i, phi, (n - i) * sizeof *f);
    memcpy(df + i, dphi, (n - i) * sizeof *df);
  }
}

#define MAP(name)                                                                \
  static void map_##name(size_t n, double p, const real *g, real *f, real *df) { \
    map(name, n, p, g, f, df);                                                   \
  }
/* Of what its usual parameter, 1, leaves something out of. */
#define MAP_USUAL(name, usual)                                                   \
  static void map_##name(size_t n, double p, const real *g, real *f, real *df) { \
    if (p == 1.0)                                                                \
      map(usual, n, p, g, f, df);                                                \
    else                                                                         \
      map(name, n, p, g, f, df);                                                 \
  }
/* Of what has no parameter. */
#define MAP_PLAIN(name)                                                          \
  static inline pair plain_##name(vr g, vr parameter) {                          \
    (void)parameter;                                                             \
    return name(g);                                                              \
  }                                                                              \
  static void map_##name(size_t n, double p, const real *g, real *f, real *df) { \
    map(plain_##name, n, p, g, f, df);                                           \
  }
MAP_PLAIN(sigmoid)
MAP_USUAL(softplus, usual_softplus)
MAP_PLAIN(error_function)
MAP_PLAIN(gelu)
MAP_PLAIN(sine)
MAP_PLAIN(relu)
MAP_PLAIN(identity)
MAP_USUAL(silu, usual_silu)
MAP_PLAIN(gelu_tanh)
MAP(elu)
MAP_PLAIN(selu)
MAP_PLAIN(softsign)
MAP_PLAIN(arctangent)
MAP_PLAIN(gaussian)
MAP(leaky_relu)
MAP(celu)
MAP_PLAIN(quadratic)

static inline pair far_tanh(vr g, vr parameter) {
  (void)parameter;
  return hyperbolic_tangent(g);
}
static inline pair near_tanh(vr g, vr parameter) {
  (void)parameter;
  return tanh_near(g);
}

/* Whether any vector of a block reaches far is asked before its calls, once. */
static void map_tanh(size_t n, double p, const real *g, real *f, real *df) {
  enum { BLOCK = 4 * LANES };
  const vr far = vr_set(3.0);
  size_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    vi beyond = far < vr_abs(vr_load(g + i));
    for (size_t k = LANES; k < BLOCK; k += LANES)
      beyond |= far < vr_abs(vr_load(g + i + k));
    if (vr_any_negative((vr)beyond))
      map(far_tanh, BLOCK, p, g + i, f + i, df + i);
    else
      map(near_tanh, BLOCK, p, g + i, f + i, df + i);
  }
  map(far_tanh, n - i, p, g + i, f + i, df + i);
}

/* In the order of the table in activation.c. */
typedef void (*activation_fn)(size_t n, double p, const real *g, real *f, real *df);
extern const activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT];
const activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT] = {
    map_sigmoid,  map_tanh,       map_softplus, map_error_function, map_gelu, map_sine,
    map_relu,     map_identity,   map_silu,     map_gelu_tanh,      map_elu,  map_selu,
    map_softsign, map_arctangent, map_gaussian, map_leaky_relu,     map_celu, map_quadratic,
};
