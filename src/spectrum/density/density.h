/* How many eigenvalues of a positive semi-definite operator lie below any number, from products
 * with it and, where there are some, with its inverse: stochastic Lanczos quadrature. */
#ifndef NTK_SPECTRUM_DENSITY_H
#define NTK_SPECTRUM_DENSITY_H

#include "spectrum/density/envelope.h"

typedef struct ntk_density_measure {
  ntk_context *context; /* borrowed */
  size_t n, probes, steps;
  uint64_t seed;
  int products, solves;
  double lowest;          /* least node that has digits; infinite: none */
  ntk_envelope *envelope; /* `probes` of them */
} ntk_density_measure;

/* What is known of the spectrum besides. */
typedef struct ntk_density_ends {
  double least;      /* lambda_min; 0: not known */
  double largest;    /* lambda_max */
  double resolution; /* eigenvalues up to this are not told from 0 */
  double trace;      /* of the operator */
  size_t zeros;      /* eigenvalues that are 0, at least */
} ntk_density_ends;

/* Steps are as many as n at most. A zeroed struct before. */
ntk_status ntk_density_begin(ntk_context *context, size_t n, size_t probes, size_t steps,
                             uint64_t seed, ntk_density_measure *m);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_density_end(ntk_density_measure *m);
/* What it holds; and what ntk_density_add holds besides, a product with a packed matrix too. */
double ntk_density_bytes(size_t probes, size_t steps);
double ntk_density_working_bytes(size_t n, size_t probes, size_t steps);

/* Measures by A's products, and by its solves: in any order, each at most once. The bits do not
 * depend on the number of threads where A's do not. Cost: `probes` vectors a step, and 8 n probes
 * steps^2 flops. */
ntk_status ntk_density_add(ntk_density_measure *m, const ntk_operator *A, bool inverse);

/* What has been measured: *density, to be released by ntk_density_clear. */
ntk_status ntk_density_make(ntk_density_measure *m, const ntk_density_ends *ends,
                            ntk_density *density);
void ntk_density_clear(ntk_context *context, ntk_density *density);

#endif
