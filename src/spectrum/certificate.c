#include "spectrum/certificate.h"

#include "base/blas.h"

#include <float.h>
#include <math.h>

/* Every bound below is a short expression of non-negative terms: its own rounding errors are a few
 * units in the last place, which this factor covers. Sums of n terms get ntk_gamma(n) besides. */
static const double UP = 1.0 + 64 * DBL_EPSILON;

/* Roundings an entry of the factor may see beyond the n of its inner product: the factorisation
 * multiplies by the reciprocal of a pivot where the textbook divides (one more), and the square
 * root. */
enum { EXTRA_ROUNDINGS = 8 };

double ntk_gamma(size_t k) {
  const double ku = (double)k * (DBL_EPSILON / 2);
  return ku < 0.5 ? UP * ku / (1.0 - ku) : INFINITY;
}

/* n^2 inner products of at most n terms, each losing under 2^-1074 by underflow: far below this. */
static double underflow(size_t n) {
  const double order = (double)n + EXTRA_ROUNDINGS;
  return order * order * DBL_MIN;
}

double ntk_cholesky_bound(size_t n, double trace) {
  const double gamma = ntk_gamma(n + EXTRA_ROUNDINGS);
  if (!(gamma < 1.0))
    return INFINITY;
  return UP * UP * (gamma / (1.0 - gamma) * trace * (1.0 + ntk_gamma(n)) + underflow(n));
}

void ntk_certify_shifts(double lambda_min, double bound, double *shift) {
  const double near = (1.0 - 1e-9) * lambda_min - 2.5 * bound, far = 0.9 * lambda_min;
  shift[0] = fmax(near, far);
  shift[1] = fmin(near, far);
  shift[2] = 0.5 * lambda_min;
}

ntk_status ntk_certify_lower(ntk_packed *A, double shift, bool *proved, double *lower) {
  /* Subtracting the shift rounds each diagonal entry: a diagonal perturbation, by at most u times
   * the largest result. The trace of the rounded matrix bounds the factorisation's own error. */
  double largest = 0.0, trace = 0.0, diagonal[NTK_DIAGONAL];
  for (size_t i = 0, some; (some = ntk_packed_diagonal(A, i, NTK_DIAGONAL, diagonal)) > 0;
       i += some)
    for (size_t j = 0; j < some; j++) {
      const double shifted = fabs(diagonal[j] - shift);
      largest = fmax(largest, shifted);
      trace += shifted;
    }
  *proved = false;
  if (!isfinite(trace))
    return NTK_OK;
  const ntk_status status = ntk_packed_factor(A, shift);
  if (status == NTK_ERR_NUMERIC)
    return NTK_OK;
  if (status != NTK_OK)
    return status;
  const double bound = ntk_cholesky_bound(A->n, trace) + DBL_EPSILON * largest;
  *lower = nextafter(shift - UP * bound, -INFINITY);
  *proved = true;
  return NTK_OK;
}

ntk_status ntk_certify_upper(const ntk_packed *A, const double *v, double *Av, double *upper) {
  NTK_TRY(ntk_packed_multiply(A, v, 1, Av));
  const double norm2 = ntk_ddot(A->n, v, v), quotient = ntk_ddot(A->n, v, Av) / norm2;
  if (!(norm2 > 1e-290)) { /* underflow may have taken most of v^T v */
    *upper = INFINITY;
    return NTK_OK;
  }
  /* v^T fl(A v) and the dot product err by at most gamma_{2n+8} |v|^T |A| |v|, and |A| has norm at
   * most ||A||_F, of whose sums the longest is that of a panel, 24 n squares, and then one over
   * ranks; dividing by fl(v^T v) adds gamma_{n+1} of the quotient. */
  const double frobenius =
      ntk_packed_frobenius(A) * (1.0 + ntk_gamma(13 * A->n + 32 + (size_t)A->share.ranks));
  const double error = ntk_gamma(2 * A->n + 8) * frobenius / (1.0 - ntk_gamma(A->n + 1)) +
                       ntk_gamma(A->n + 4) * fabs(quotient) + underflow(A->n) / norm2;
  *upper = nextafter(quotient + UP * error, INFINITY);
  return NTK_OK;
}
