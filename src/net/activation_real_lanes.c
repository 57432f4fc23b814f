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

static inline pair softplus(vr g) {
  const vr zero = vr_set(0.0), one = vr_set(1.0);
  const vr t = SLEEF(exp, u10)(-vr_abs(g));
  const vr r = one / (one + t);
  const vi negative = g < zero;
  return (pair){vr_select(negative, zero, g) + SLEEF(log1p, u10)(t), vr_select(negative, t * r, r)};
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

/* The tail goes through a full vector too, so that a value does not depend on where it stands. */
static inline __attribute__((always_inline)) void map(pair (*function)(vr), size_t n, const real *g,
                                                      real *f, real *df) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const pair result = function(vr_load(g + i));
    vr_store(f + i, result.phi);
    vr_store(df + i, result.dphi);
  }
  if (i < n) {
    real in[LANES] = {0}, phi[LANES], dphi[LANES];
    memcpy(in, g + i, (n - i) * sizeof *g);
    const pair result = function(vr_load(in));
    vr_store(phi, result.phi);
    vr_store(dphi, result.dphi);
    memcpy(f + i, phi, (n - i) * sizeof *f);
    memcpy(df + i, dphi, (n - i) * sizeof *df);
  }
}

static void map_sigmoid(size_t n, const real *g, real *f, real *df) {
  map(sigmoid, n, g, f, df);
}
/* Whether any vector of a block reaches far is asked before its calls, once. */
static void map_tanh(size_t n, const real *g, real *f, real *df) {
  enum { BLOCK = 4 * LANES };
  const vr far = vr_set(3.0);
  size_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    vi beyond = far < vr_abs(vr_load(g + i));
    for (size_t k = LANES; k < BLOCK; k += LANES)
      beyond |= far < vr_abs(vr_load(g + i + k));
    if (vr_any_negative((vr)beyond))
      map(hyperbolic_tangent, BLOCK, g + i, f + i, df + i);
    else
      map(tanh_near, BLOCK, g + i, f + i, df + i);
  }
  map(hyperbolic_tangent, n - i, g + i, f + i, df + i);
}
static void map_softplus(size_t n, const real *g, real *f, real *df) {
  map(softplus, n, g, f, df);
}
static void map_erf(size_t n, const real *g, real *f, real *df) {
  map(error_function, n, g, f, df);
}
static void map_gelu(size_t n, const real *g, real *f, real *df) {
  map(gelu, n, g, f, df);
}
static void map_sin(size_t n, const real *g, real *f, real *df) {
  map(sine, n, g, f, df);
}
static void map_relu(size_t n, const real *g, real *f, real *df) {
  map(relu, n, g, f, df);
}
static void map_identity(size_t n, const real *g, real *f, real *df) {
  map(identity, n, g, f, df);
}

/* In the order of the table in activation.c. */
typedef void (*activation_fn)(size_t n, const real *g, real *f, real *df);
extern const activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT];
const activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT] = {
    map_sigmoid, map_tanh, map_softplus, map_erf, map_gelu, map_sin, map_relu, map_identity,
};
