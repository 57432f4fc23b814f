/* ||f - f0|| in the kernel's space, where a is of one factorisation; at times flow.c has it from
 * the eigenvalues. In a K that is singular but for a ridge R a has as much as r / R along vectors
 * that K has for 0: a^T K a would have that squared in rounding, of which J^T a loses a root. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "net/network.h"

#include <math.h>

double ntk_regressor_length(size_t n, const double *x) {
  double largest = 0.0, sum = 0.0;
  for (size_t i = 0; i < n; i++)
    largest = fmax(largest, fabs(x[i]));
  for (size_t i = 0; i < n && largest > 0.0; i++)
    sum += x[i] / largest * (x[i] / largest);
  return largest * sqrt(sum);
}

/* The root of g^T C g, layer by layer; g = J^T a: P. */
static double weigh(const ntk_network *network, const double *g) {
  double length = 0.0;
  for (size_t l = 1; l <= network->depth; l++) {
    const size_t n = network->width[l], entries = network->width[l - 1] * n;
    const double *scale = network->scale + 2 * l - 2;
    length = hypot(length, sqrt(scale[0]) * ntk_regressor_length(entries, g));
    g += entries;
    if (network->b[l] == NULL)
      continue;
    length = hypot(length, sqrt(scale[1]) * ntk_regressor_length(n, g));
    g += n;
  }
  return length;
}

/* sqrt(a^T K a), K a = r - left, summed over the outputs of a limit. */
static double by_kernel(const ntk_regressor *s) {
  const size_t count = s->rows * s->vectors;
  double a = 0.0, r = 0.0, sum = 0.0;
  for (size_t i = 0; i < count; i++) {
    a = fmax(a, fabs(s->a[i]));
    r = fmax(r, fabs(s->r[i] - s->left[i]));
  }
  for (size_t i = 0; i < count && a > 0.0 && r > 0.0; i++)
    sum += s->a[i] / a * ((s->r[i] - s->left[i]) / r);
  return sqrt(fmax(sum, 0.0)) * sqrt(a) * sqrt(r);
}

ntk_status ntk_regressor_norm(const ntk_regressor *s, double *norm) {
  double *g = NULL;
  if (s->features == NULL) {
    *norm = by_kernel(s);
    return NTK_OK;
  }
  NTK_TRY(ntk_alloc_doubles(s->context, s->network->parameters, "J^T a", &g));
  const ntk_status status = ntk_jacobian_adjoint(s->features, s->a, g);
  if (status == NTK_OK)
    *norm = weigh(s->network, g);
  ntk_free(s->context, g);
  return status;
}
