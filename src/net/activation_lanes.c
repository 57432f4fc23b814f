/* phi and phi' together, from one exponential where they share it: both are needed wherever one is,
 * and the transcendental function is most of the cost. */
#include "base/lanes.h"

#include "net/activation.h"

typedef struct pair {
  vd phi, dphi;
} pair;

/* exp(-|g|) never overflows; both halves of the sigmoid follow from it without cancellation. */
static inline pair sigmoid(vd g) {
  const vd one = vd_set(1.0);
  const vd t = SLEEF(exp, u10)(-vd_abs(g));
  const vd r = one / (one + t);
  return (pair){vd_select(g < vd_set(0.0), t * r, r), t * r * r};
}

static inline pair hyperbolic_tangent(vd g) {
  const vd f = SLEEF(tanh, u10)(g);
  return (pair){f, (vd_set(1.0) - f) * (vd_set(1.0) + f)};
}

static inline pair softplus(vd g) {
  const vd zero = vd_set(0.0), one = vd_set(1.0);
  const vd t = SLEEF(exp, u10)(-vd_abs(g));
  const vd r = one / (one + t);
  const vi negative = g < zero;
  return (pair){vd_select(negative, zero, g) + SLEEF(log1p, u10)(t), vd_select(negative, t * r, r)};
}

static inline pair error_function(vd g) {
  const vd two_over_sqrt_pi = vd_set(1.1283791670955126);
  return (pair){SLEEF(erf, u10)(g), two_over_sqrt_pi * SLEEF(exp, u10)(-g * g)};
}

/* g Phi(g) with Phi, and its derivative Phi + g Phi', of the standard normal. */
static inline pair gelu(vd g) {
  const vd sqrt_half = vd_set(0.70710678118654752), density_at_0 = vd_set(0.39894228040143268);
  const vd half = vd_set(0.5);
  const vd Phi = half + half * SLEEF(erf, u10)(sqrt_half * g);
  return (pair){g * Phi, Phi + g * density_at_0 * SLEEF(exp, u10)(-half * g * g)};
}

static inline pair sine(vd g) {
  const vd2 both = SLEEF(sincos, u10)(g);
  return (pair){both.x, both.y};
}

/* phi'(0) = 0. */
static inline pair relu(vd g) {
  const vi positive = g > vd_set(0.0);
  return (pair){vd_select(positive, g, vd_set(0.0)), vd_select(positive, vd_set(1.0), vd_set(0.0))};
}

static inline pair identity(vd g) {
  return (pair){g, vd_set(1.0)};
}

/* The tail goes through a full vector too, so that a value does not depend on where it stands. */
static inline __attribute__((always_inline)) void map(pair (*function)(vd), size_t n,
                                                      const double *g, double *f, double *df) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const pair result = function(vd_load(g + i));
    vd_store(f + i, result.phi);
    vd_store(df + i, result.dphi);
  }
  if (i < n) {
    double in[LANES] = {0}, phi[LANES], dphi[LANES];
    memcpy(in, g + i, (n - i) * sizeof *g);
    const pair result = function(vd_load(in));
    vd_store(phi, result.phi);
    vd_store(dphi, result.dphi);
    memcpy(f + i, phi, (n - i) * sizeof *f);
    memcpy(df + i, dphi, (n - i) * sizeof *df);
  }
}

static void map_sigmoid(size_t n, const double *g, double *f, double *df) {
  map(sigmoid, n, g, f, df);
}
static void map_tanh(size_t n, const double *g, double *f, double *df) {
  map(hyperbolic_tangent, n, g, f, df);
}
static void map_softplus(size_t n, const double *g, double *f, double *df) {
  map(softplus, n, g, f, df);
}
static void map_erf(size_t n, const double *g, double *f, double *df) {
  map(error_function, n, g, f, df);
}
static void map_gelu(size_t n, const double *g, double *f, double *df) {
  map(gelu, n, g, f, df);
}
static void map_sin(size_t n, const double *g, double *f, double *df) {
  map(sine, n, g, f, df);
}
static void map_relu(size_t n, const double *g, double *f, double *df) {
  map(relu, n, g, f, df);
}
static void map_identity(size_t n, const double *g, double *f, double *df) {
  map(identity, n, g, f, df);
}

/* In the order of the table in activation.c. */
extern const ntk_activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT];
const ntk_activation_fn LANES_NAME(ntk_activation_evals)[NTK_ACTIVATION_COUNT] = {
    map_sigmoid, map_tanh, map_softplus, map_erf, map_gelu, map_sin, map_relu, map_identity,
};
