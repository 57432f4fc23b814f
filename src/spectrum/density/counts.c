/* Of m standard normal vectors z_p in n dimensions the squares of the parts along k orthonormal
 * vectors sum to a chi-square of m k degrees of freedom, and those along the n - k others to an
 * independent one of m (n - k): so their share is Beta(m k / 2, m (n - k) / 2), exactly, whatever
 * the vectors are. That law grows with k; the k for which the share seen is no surprise in either
 * direction are an interval with that confidence (Clopper and Pearson, Biometrika 26, 1934, do so
 * for the binomial law). A share that is known between two numbers alone takes from each the end
 * that errs outwards. */
#define _DEFAULT_SOURCE 1 /* lgamma_r: lgamma has a global variable */

#include "spectrum/density/counts.h"

#include <float.h>
#include <math.h>

/* Lentz' evaluation of the continued fraction, which converges within some sqrt(a + b) terms for x
 * up to the mean. */
static double fraction(double a, double b, double x) {
  enum { MOST = 100000 };
  const double tiny = DBL_MIN / DBL_EPSILON;
  double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), value;
  d = 1.0 / (fabs(d) < tiny ? tiny : d);
  value = d;
  for (int m = 1; m < MOST; m++) {
    const double i = (double)m, odd = a + 2.0 * i;
    const double terms[] = {i * (b - i) * x / ((odd - 1.0) * odd),
                            -(a + i) * (a + b + i) * x / (odd * (odd + 1.0))};
    double change = 1.0;
    for (int k = 0; k < 2; k++) {
      d = 1.0 + terms[k] * d;
      d = 1.0 / (fabs(d) < tiny ? tiny : d);
      c = 1.0 + terms[k] / c;
      c = fabs(c) < tiny ? tiny : c;
      change = c * d;
      value *= change;
    }
    if (fabs(change - 1.0) < 4.0 * DBL_EPSILON)
      break;
  }
  return value;
}

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

double ntk_beta_cdf(double a, double b, double x) {
  if (!(x > 0.0))
    return 0.0;
  if (x >= 1.0)
    return 1.0;
  const double front =
      exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
  return x <= (a + 1.0) / (a + b + 2.0) ? front * fraction(a, b, x) / a
                                        : 1.0 - front * fraction(b, a, 1.0 - x) / b;
}

/* P(share <= x) with k of n. */
static double at_most(size_t n, size_t probes, size_t k, double x) {
  const double half = 0.5 * (double)probes;
  if (k == 0)
    return 1.0;
  if (k == n)
    return x >= 1.0 ? 1.0 : 0.0;
  return ntk_beta_cdf(half * (double)k, half * (double)(n - k), x);
}

/* P(share >= x) with k of n. */
static double at_least(size_t n, size_t probes, size_t k, double x) {
  return at_most(n, probes, n - k, 1.0 - x);
}

void ntk_count_interval(size_t n, size_t probes, double low, double high, double tail,
                        size_t *least, size_t *most) {
  size_t under = 0, reach = n; /* the smallest k for which a share of low or more is no surprise */
  while (under < reach) {
    const size_t k = under + (reach - under) / 2;
    if (at_least(n, probes, k, low) > tail)
      reach = k;
    else
      under = k + 1;
  }
  *least = under;
  under = 0, reach = n; /* the largest for which one of high or less is none */
  while (under < reach) {
    const size_t k = reach - (reach - under) / 2;
    if (at_most(n, probes, k, high) > tail)
      under = k;
    else
      reach = k - 1;
  }
  *most = under;
  if (*least > *most) { /* of few: none is likely, and these two are the least unlikely */
    *most = *least;
    *least = under;
  }
}
