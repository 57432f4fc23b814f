#include "theory/ledger/psi.h"

#include "ntkit/verify.h"

#include <math.h>
#include <stdlib.h>

/* mean exp(|z| / s) - 2; falls as s grows. */
static double excess(const double *z, size_t n, double s) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += exp(fabs(z[i]) / s);
  return sum / (double)n - 2.0;
}

double ntk_psi1(const double *z, size_t n) {
  double largest = 0.0;
  for (size_t i = 0; i < n; i++)
    largest = fmax(largest, fabs(z[i]));
  if (n == 0 || largest == 0.0)
    return 0.0;
  /* At s = largest / log 2 no term exceeds 2; at largest / log(2 n) one alone makes the mean 2. */
  double low = largest / log(2.0 * (double)n), high = largest / log(2.0);
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (excess(z, n, middle) > 0.0)
      low = middle;
    else
      high = middle;
  }
  return 0.5 * (low + high);
}

static int by_size(const void *a, const void *b) {
  const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
  return (x > y) - (x < y);
}

void ntk_concentration(size_t n, double *z, double *c, double *bulk) {
  double mean = 0.0;
  for (size_t i = 0; i < n; i++)
    mean += z[i] / (double)n;
  for (size_t i = 0; i < n; i++) /* what rounding leaves of equal numbers is no tail */
    z[i] = fabs(z[i] - mean) > 1e-13 * fabs(mean) ? z[i] - mean : 0.0;
  qsort(z, n, sizeof *z, by_size);
  *c = *bulk = INFINITY;
  for (size_t beyond = 5; beyond <= n / 10; beyond++) {
    const double t = fabs(z[n - 1 - beyond]), p = (double)beyond / (double)n;
    *bulk = t > 0.0 ? -log(p / 2.0) / (t * t) : INFINITY;
    *c = fmin(*c, *bulk);
  }
}
