#include "spectrum/conjugate.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

/* The recurrence; work: 3 n. */
static ntk_status iterate(ntk_context *context, const ntk_operator *A, double tolerance,
                          size_t most, double norm, double *work, double *x, double *residual,
                          size_t *products) {
  const size_t n = A->n;
  double *r = work, *p = r + n, *Ap = p + n;
  double rr = norm * norm;
  for (*products = 0; *products < most && sqrt(rr) > tolerance * norm; ++*products) {
    if (*products % 16 == 0)
      NTK_TRY(ntk_progress_report(context, "conjugate gradients",
                                  fmin(1.0, log(norm / sqrt(rr)) / log(1.0 / tolerance))));
    NTK_TRY(A->apply(A->user, p, 1, Ap));
    const double curvature = ntk_ddot(n, p, Ap);
    if (!(curvature > 0.0)) /* rounding is all that is left */
      break;
    const double alpha = rr / curvature, before = rr;
    ntk_daxpy(n, alpha, p, x);
    ntk_daxpy(n, -alpha, Ap, r);
    rr = ntk_ddot(n, r, r);
    ntk_dscal(n, rr / before, p);
    ntk_daxpy(n, 1.0, r, p);
  }
  *residual = sqrt(rr) / norm;
  return NTK_OK;
}

ntk_status ntk_conjugate_gradients(ntk_context *context, const ntk_operator *A, const double *b,
                                   double tolerance, size_t most, double *x, double *residual,
                                   size_t *products) {
  const size_t n = A->n;
  const double norm = ntk_dnrm2(n, b);
  memset(x, 0, n * sizeof *x);
  *residual = 0.0;
  *products = 0;
  if (norm == 0.0)
    return NTK_OK;
  double *work;
  NTK_TRY(ntk_alloc_doubles(context, 3 * n, "conjugate gradients", &work));
  memcpy(work, b, n * sizeof *b);
  memcpy(work + n, b, n * sizeof *b);
  const ntk_status status = iterate(context, A, tolerance, most, norm, work, x, residual, products);
  ntk_free(context, work);
  return status;
}
