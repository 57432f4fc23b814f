/* Activations by their definitions, in long double. */
#ifndef NTK_TESTS_ACTIVATION_REFERENCE_H
#define NTK_TESTS_ACTIVATION_REFERENCE_H

#include <math.h>
#include <string.h>

typedef struct activation_value {
  long double phi, dphi, d2phi;
} activation_value;

/* Without cancellation: relative errors below 2^-60 of |phi| + |g phi'| and of |phi'| + |g phi''|.
 */
static inline activation_value sigmoid_value(long double x) {
  const long double e = expl(-fabsl(x)), s = x < 0 ? e / (1 + e) : 1 / (1 + e);
  return (activation_value){s, e / ((1 + e) * (1 + e)), e / ((1 + e) * (1 + e)) * (1 - 2 * s)};
}
static inline activation_value tanh_value(long double x) { /* tanh' = sech^2 */
  const long double e = expl(-2 * fabsl(x)), slope = 4 * e / ((1 + e) * (1 + e));
  return (activation_value){tanhl(x), slope, -2 * tanhl(x) * slope};
}
static inline activation_value softplus_value(long double x) {
  const activation_value s = sigmoid_value(x);
  return (activation_value){fmaxl(x, 0) + log1pl(expl(-fabsl(x))), s.phi, s.dphi};
}
static inline activation_value erf_value(long double x) { /* 2/sqrt(pi) = 1.128379167... */
  const long double slope = 1.12837916709551257389615890312154517L * expl(-x * x);
  return (activation_value){erfl(x), slope, slope > 0 ? -2 * x * slope : 0};
}
/* Phi(x) = erfc(-x / sqrt 2) / 2, Phi'(0) = 1/sqrt(2 pi); not infinity times 0. */
static inline activation_value gelu_value(long double x) {
  const long double Phi = erfcl(-x * 0.707106781186547524400844362104849039L) / 2;
  const long double q = 0.398942280401432677939946059934381868L * expl(-x * x / 2);
  return (activation_value){Phi > 0 ? x * Phi : 0, Phi + (q > 0 ? x * q : 0),
                            q > 0 ? (2 - x * x) * q : 0};
}
static inline activation_value sin_value(long double x) {
  return (activation_value){sinl(x), cosl(x), -sinl(x)};
}
static inline activation_value relu_value(long double x) {
  return (activation_value){x > 0 ? x : 0, x > 0, 0};
}
static inline activation_value identity_value(long double x) {
  return (activation_value){x, 1, 0};
}
/* x s(z), s the sigmoid, z' and z'' by x. */
static inline activation_value gated_value(long double x, long double z, long double z1,
                                           long double z2) {
  const activation_value s = sigmoid_value(z);
  const long double s2 = s.d2phi;
  return (activation_value){x * s.phi, s.phi + x * z1 * s.dphi,
                            2 * s.dphi * z1 + x * s2 * z1 * z1 + x * s.dphi * z2};
}
static inline activation_value silu_value(long double x) {
  return gated_value(x, x, 1, 0);
}
static inline activation_value gelu_tanh_value(long double x) { /* 2 sqrt(2/pi) = 1.5957... */
  const long double c = 1.59576912160573071175978423973752747L, a = 0.044715L;
  return gated_value(x, c * (x + a * x * x * x), c * (1 + 3 * a * x * x), c * 6 * a * x);
}
static inline activation_value elu_value(long double x) {
  return x > 0 ? (activation_value){x, 1, 0} : (activation_value){expm1l(x), expl(x), expl(x)};
}
static inline activation_value selu_value(long double x) {
  const long double lambda = 1.0507009873554804934193349852946L;
  const long double both = lambda * 1.6732632423543772848170429916717L;
  const activation_value e = elu_value(x);
  const long double factor = x > 0 ? lambda : both;
  return (activation_value){factor * e.phi, factor * e.dphi, factor * e.d2phi};
}
static inline activation_value softsign_value(long double x) {
  const long double r = 1 / (1 + fabsl(x));
  return (activation_value){x * r, r * r, -2 * copysignl(r * r * r, x)};
}
static inline activation_value atan_value(long double x) {
  const long double r = 1 / (1 + x * x);
  return (activation_value){atanl(x), r, -2 * x * r * r};
}
static inline activation_value gaussian_value(long double x) {
  const long double e = expl(-x * x);
  return (activation_value){e, -2 * x * e, (4 * x * x - 2) * e};
}
static inline activation_value leaky_relu_value(long double x) {
  return x > 0 ? (activation_value){x, 1, 0} : (activation_value){x / 100, 0.01L, 0};
}
static inline activation_value quadratic_value(long double x) {
  return (activation_value){x * x, 2 * x, 2};
}

/* ---- With a parameter ------------------------------------------------------------------------ */

static inline activation_value leaky_relu_of(long double x, long double slope) {
  return x > 0 ? (activation_value){x, 1, 0} : (activation_value){slope * x, slope, 0};
}
static inline activation_value elu_of(long double x, long double alpha) {
  const activation_value e = elu_value(x);
  return x > 0 ? e : (activation_value){alpha * e.phi, alpha * e.dphi, alpha * e.d2phi};
}
static inline activation_value celu_of(long double x, long double alpha) {
  const activation_value e = elu_value(x / alpha);
  return (activation_value){x > 0 ? x : alpha * e.phi, e.dphi, e.d2phi / alpha};
}
static inline activation_value softplus_of(long double x, long double beta) {
  const activation_value s = softplus_value(beta * x);
  return (activation_value){s.phi / beta, s.dphi, s.d2phi * beta};
}
static inline activation_value silu_of(long double x, long double beta) {
  return gated_value(x, beta * x, beta, 0);
}

typedef struct activation_reference {
  const char *name;
  activation_value (*at)(long double x);
  int symmetry;     /* of phi: 1 even, -1 odd */
  long double jump; /* of phi' at 0 */
  long double kink; /* where phi'' jumps at 0, its largest slope beside it */
} activation_reference;

/* In the order of ntk_activation_list. */
static const activation_reference activation_references[] = {
    {"sigmoid", sigmoid_value, 0, 0, 0},
    {"tanh", tanh_value, -1, 0, 0},
    {"softplus", softplus_value, 0, 0, 0},
    {"erf", erf_value, -1, 0, 0},
    {"gelu", gelu_value, 0, 0, 0},
    {"sin", sin_value, -1, 0, 0},
    {"relu", relu_value, 0, 1, 0},
    {"identity", identity_value, -1, 0, 0},
    {"silu", silu_value, 0, 0, 0},
    {"gelu_tanh", gelu_tanh_value, 0, 0, 0},
    {"elu", elu_value, 0, 0, 1},
    {"selu", selu_value, 0, 0.7073983534929L, 0},
    {"softsign", softsign_value, -1, 0, 6},
    {"atan", atan_value, -1, 0, 0},
    {"gaussian", gaussian_value, 1, 0, 0},
    {"leaky_relu", leaky_relu_value, 0, 0.99L, 0},
    {"celu", elu_value, 0, 0, 1},
    {"quadratic", quadratic_value, 1, 0, 0},
};

/* phi, phi' and phi'' of that name at x. */
static inline activation_value activation_by_name(const char *name, long double x) {
  size_t k = 0;
  while (strcmp(activation_references[k].name, name) != 0)
    k++;
  return activation_references[k].at(x);
}

#endif
