/* The implicit QL algorithm with Wilkinson's shifts, which carries the first row of the
 * eigenvectors along and nothing else of them: that is all a quadrature rule needs (Golub and
 * Welsch, Math. Comp. 23, 1969). */
#include "spectrum/density/tridiagonal.h"

#include <float.h>
#include <math.h>

enum { MOST_SWEEPS = 60 }; /* for one eigenvalue; two or three are usual */

/* The first m >= l after which T falls into two, to rounding. */
static size_t end_of_block(size_t n, size_t l, const double *d, const double *e) {
  size_t m = l;
  while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])) + DBL_MIN)
    m++;
  return m;
}

/* Chases the bulge from m up to l. */
static void sweep(size_t l, size_t m, double *d, double *e, double *z) {
  const double half = (d[l + 1] - d[l]) / (2.0 * e[l]);
  double g = d[m] - d[l] + e[l] / (half + copysign(sqrt(half * half + 1.0), half));
  double s = 1.0, c = 1.0, shift = 0.0;
  for (size_t i = m; i-- > l;) {
    const double f = s * e[i], b = c * e[i], r = sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r == 0.0) { /* falls apart here */
      d[i + 1] -= shift;
      e[m] = 0.0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - shift;
    const double t = (d[i] - g) * s + 2.0 * c * b;
    shift = s * t;
    d[i + 1] = g + shift;
    g = c * t - b;
    const double above = z[i], below = z[i + 1];
    z[i + 1] = s * above + c * below;
    z[i] = c * above - s * below;
  }
  d[l] -= shift;
  e[l] = g;
  e[m] = 0.0;
}

static void sort(size_t n, double *d, double *z) {
  for (size_t i = 1; i < n; i++) {
    const double value = d[i], weight = z[i];
    size_t j = i;
    for (; j > 0 && d[j - 1] > value; j--) {
      d[j] = d[j - 1];
      z[j] = z[j - 1];
    }
    d[j] = value;
    z[j] = weight;
  }
}

bool ntk_tridiagonal_measure(size_t n, double *diagonal, double *off, double *first) {
  double scale = 0.0;
  bool finite = true;
  for (size_t i = 0; i < n; i++) {
    off[i] = i + 1 < n ? off[i] : 0.0;
    scale = fmax(scale, fmax(fabs(diagonal[i]), fabs(off[i])));
    finite = finite && isfinite(diagonal[i]) && isfinite(off[i]);
    first[i] = i == 0 ? 1.0 : 0.0;
  }
  if (!finite)
    return false;
  for (size_t i = 0; i < n && scale > 0.0; i++) { /* squares neither overflow nor vanish */
    diagonal[i] /= scale;
    off[i] /= scale;
  }
  for (size_t l = 0; l < n; l++)
    for (int sweeps = 0; end_of_block(n, l, diagonal, off) > l; sweeps++) {
      if (sweeps == MOST_SWEEPS)
        return false;
      sweep(l, end_of_block(n, l, diagonal, off), diagonal, off, first);
    }
  sort(n, diagonal, first);
  for (size_t i = 0; i < n; i++) {
    diagonal[i] *= scale > 0.0 ? scale : 1.0;
    first[i] *= first[i];
  }
  return true;
}
