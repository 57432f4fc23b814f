/* How many of n eigenvalues a set of random vectors tells of. */
#ifndef NTK_SPECTRUM_COUNTS_H
#define NTK_SPECTRUM_COUNTS_H

#include <stddef.h>

/* P(B <= x) of Beta(a, b), a and b > 0, x from 0 to 1: the regularised incomplete beta function, to
 * about 1e-9, and 1e-8 where a + b is some millions. */
double ntk_beta_cdf(double a, double b, double x);

/* `probes` normal vectors of n entries have a share between low and high of their squares along k
 * unit vectors. least <= k <= most with a probability of 1 - 2 tail at least, whatever k is. */
void ntk_count_interval(size_t n, size_t probes, double low, double high, double tail,
                        size_t *least, size_t *most);

#endif
