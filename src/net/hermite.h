/* What an activation does to a Gaussian number, by its Hermite coefficients. */
#ifndef NTK_NET_HERMITE_H
#define NTK_NET_HERMITE_H

#include "net/activation.h"

enum { NTK_HERMITE_DEGREES = 9 };

/* Of g = shift + deviation xi, xi ~ N(0, 1): mu_k = E[f(g) h_k(xi)] with h_k = He_k / sqrt(k!), so
 * that E f^2 = sum_k mu_k^2; f is phi, and phi'. */
typedef struct ntk_hermite {
  double phi[NTK_HERMITE_DEGREES], slope[NTK_HERMITE_DEGREES]; /* mu_k(phi), mu_k(phi') */
  double phi2, slope2, both; /* E phi(g)^2, E phi'(g)^2, E phi(g) phi'(g) */
  double error; /* of a coefficient over sqrt(E f^2), of a square over E f^2: the last halving's */
} ntk_hermite;

/* deviation > 0. NTK_ERR_NUMERIC where they do not settle, as of a phi that turns many times within
 * the deviation. Usually 10^4 evaluations of phi, 2 10^6 at most; no allocation. */
ntk_status ntk_hermite_of(const ntk_activation *phi, double shift, double deviation,
                          ntk_hermite *h);

#endif
