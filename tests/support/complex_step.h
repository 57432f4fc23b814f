/* Activations of complex numbers, for derivatives by the complex step. */
#ifndef NTK_TESTS_COMPLEX_STEP_H
#define NTK_TESTS_COMPLEX_STEP_H

#include <complex.h>
#include <stddef.h>

typedef long double complex number; /* its errors are 2^-11 of double's */

/* erf z = 2/sqrt(pi) exp(-z^2) sum_n 2^n z^{2n+1} / (2n+1)!!. */
static inline number complex_erf(number z) {
  number term = z, sum = z;
  for (int n = 1; cabsl(term) > 1e-21L * cabsl(sum); n++) {
    term *= 2.0L * z * z / (2.0L * n + 1.0L);
    sum += term;
  }
  return 1.12837916709551257389615890312154517L * cexpl(-z * z) * sum;
}
static inline number sigmoid(number z) {
  return 1.0L / (1.0L + cexpl(-z));
}
static inline number softplus(number z) {
  return clogl(1.0L + cexpl(z));
}
static inline number gelu(number z) {
  return z * (1.0L + complex_erf(z * 0.707106781186547524400844362104849039L)) / 2.0L;
}
static inline number relu(number z) {
  return creall(z) > 0.0L ? z : 0.0L;
}
static inline number identity(number z) {
  return z;
}
static inline number silu(number z) {
  return z * sigmoid(z);
}
static inline number gelu_tanh(number z) { /* sqrt(2/pi) = 0.7978... */
  const number y = 0.797884560802865355879892119868763737L * (z + 0.044715L * z * z * z);
  return z * (1.0L + ctanhl(y)) / 2.0L;
}
static inline number elu(number z) {
  return creall(z) > 0.0L ? z : cexpl(z) - 1.0L;
}
static inline number selu(number z) {
  const long double alpha = 1.6732632423543772848170429916717L;
  return 1.0507009873554804934193349852946L * (creall(z) > 0.0L ? z : alpha * elu(z));
}
static inline number softsign(number z) {
  return z / (1.0L + (creall(z) > 0.0L ? z : -z));
}
static inline number gaussian(number z) {
  return cexpl(-z * z);
}
static inline number leaky_relu(number z) {
  return creall(z) > 0.0L ? z : 0.01L * z;
}
static const struct {
  const char *name;
  number (*phi)(number);
} activations[] = {{"sigmoid", sigmoid},   {"tanh", ctanhl},
                   {"softplus", softplus}, {"erf", complex_erf},
                   {"gelu", gelu},         {"sin", csinl},
                   {"relu", relu},         {"identity", identity},
                   {"silu", silu},         {"gelu_tanh", gelu_tanh},
                   {"elu", elu},           {"selu", selu},
                   {"softsign", softsign}, {"atan", catanl},
                   {"gaussian", gaussian}, {"leaky_relu", leaky_relu}};

#endif
