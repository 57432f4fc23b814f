/* The implicit QL algorithm with Wilkinson's shifts, which carries the first row of the
 * eigenvectors along, and at most the last besides: that is all a quadrature rule needs (Golub and
 * Welsch, Math. Comp. 23, 1969). */
#include "spectrum/density/tridiagonal.h"

#include <float.h>
#include <math.h>

enum { MOST_SWEEPS = 60 }; /* for one eigenvalue; two or three are usual */

/* The first m >= l after which T, whose largest entry is 1, falls into two, to rounding of that:
 * what is smaller is noise, and the noise of a null space need not converge. */
static size_t end_of_block(size_t n, size_t l, const double *d, const double *e) {
  size_t m = l;
  while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * fmax(fabs(d[m]) + fabs(d[m + 1]), 0.25))
    m++;
  return m;
}

/* Of two neighbours in a row. */
static void rotate(double c, double s, double *z) {
  const double above = z[0], below = z[1];
  z[1] = s * above + c * below;
  z[0] = c * above - s * below;
}

/* Chases the bulge from m up to l. */
static void sweep(size_t l, size_t m, double *d, double *e, double *first, double *last) {
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
    rotate(c, s, first + i);
    if (last != NULL)
      rotate(c, s, last + i);
  }
  d[l] -= shift;
  e[l] = g;
  e[m] = 0.0;
}

static void swap(double *a, double *b) {
  const double kept = *a;
  *a = *b;
  *b = kept;
}

static void sort(size_t n, double *d, double *first, double *last) {
  for (size_t i = 1; i < n; i++)
    for (size_t j = i; j > 0 && d[j - 1] > d[j]; j--) {
      swap(&d[j - 1], &d[j]);
      swap(&first[j - 1], &first[j]);
      if (last != NULL)
        swap(&last[j - 1], &last[j]);
    }
}

bool ntk_tridiagonal_measure(size_t n, double *diagonal, double *off, double *first, double *last) {
  double scale = 0.0;
  bool finite = true;
  for (size_t i = 0; i < n; i++) {
    off[i] = i + 1 < n ? off[i] : 0.0;
    scale = fmax(scale, fmax(fabs(diagonal[i]), fabs(off[i])));
    finite = finite && isfinite(diagonal[i]) && isfinite(off[i]);
    first[i] = i == 0 ? 1.0 : 0.0;
    if (last != NULL)
      last[i] = i + 1 == n ? 1.0 : 0.0;
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
      sweep(l, end_of_block(n, l, diagonal, off), diagonal, off, first, last);
    }
  sort(n, diagonal, first, last);
  for (size_t i = 0; i < n && scale > 0.0; i++)
    diagonal[i] *= scale;
  return true;
}
