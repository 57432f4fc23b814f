#include "kernel/ends/vanishing.h"

#include "base/memory.h"

#include <math.h>

static const long double DOUBT = 1e-12L; /* of the terms' sum; far more than rounding makes */

/* f (n) over its largest entry; false when all are 0. */
static bool scale(size_t n, long double *f) {
  long double largest = 0.0L;
  for (size_t j = 0; j < n; j++)
    largest = fmaxl(largest, fabsl(f[j]));
  for (size_t j = 0; j < n && largest > 0.0L; j++)
    f[j] /= largest;
  return largest > 0.0L;
}

/* g (n) = max(0, W^T f), W rows x n; either way of size 1. *doubtful: rounding may have had the
 * sign of an entry. size: scratch, n. */
static bool rectified_layer(const double *W, size_t rows, size_t n, const long double *f,
                            long double *g, long double *size, bool *doubtful) {
  for (size_t j = 0; j < n; j++)
    g[j] = size[j] = 0.0L;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++) {
      const long double term = f[i] * (long double)W[i * n + j];
      g[j] += term;
      size[j] += fabsl(term);
    }
  for (size_t j = 0; j < n; j++) {
    *doubtful |= size[j] > 0.0L && fabsl(g[j]) <= DOUBT * size[j];
    g[j] = fmaxl(0.0L, g[j]);
  }
  return scale(n, g);
}

/* relu, and no softplus(1000), which is as good as 0 at -1, but not 0: phi(c g) = c phi(g). */
static bool rectifies(const ntk_activation *phi) {
  const double points[] = {-1.0, 1.0};
  double f[2], slope[2];
  ntk_activation_eval(phi, 2, points, f, slope);
  return phi->symmetry.degree == 1.0 && f[0] == 0.0 && f[1] == 1.0;
}

ntk_status ntk_vanishes(const ntk_network *network, const double *x, bool *vanishes) {
  const size_t L = network->depth, *n = network->width;
  *vanishes = false;
  for (size_t layer = 1; layer <= L; layer++)
    if (network->bias[layer - 1])
      return NTK_OK; /* a layer that is 0 leaves the bias above it, and is no matter of signs */
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t widest = ntk_widest(&spec, 0);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(network->context, 3 * widest, sizeof(long double), "one sample's layers",
                    &pointer));
  long double *f = pointer, *g = f + widest, *size = g + widest;
  for (size_t j = 0; j < n[0]; j++)
    f[j] = (long double)x[j];
  bool alive = scale(n[0], f), doubtful = false;
  size_t l = 1; /* F_{l-1} is f, or 0 */
  for (; l < L && alive && rectifies(&network->activation[l]); l++) {
    alive = rectified_layer(network->W[l], n[l - 1], n[l], f, g, size, &doubtful);
    long double *swap = f;
    f = g;
    g = swap;
  }
  ntk_free(network->context, pointer);
  for (; l < L && !alive; l++) /* and what comes of 0 */
    alive = !network->activation[l].vanishes;
  *vanishes = !alive && !doubtful;
  return NTK_OK;
}
