#include "spectrum/conjugate.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static const char PHASE[] = "conjugate gradients";

/* Vectors of n entries, slices of one block. */
typedef struct vectors {
  double *r, *p, *Ap;
  double *z;    /* A.solve of r; r itself without one */
  double *last; /* iterate under way: x is the best so far */
} vectors;

static ntk_status allocate_vectors(ntk_context *context, const ntk_operator *A, vectors *v) {
  const size_t n = A->n;
  NTK_TRY(ntk_alloc_doubles(context, (A->solve != NULL ? 5 : 4) * n, "conjugate gradients", &v->r));
  v->p = v->r + n;
  v->Ap = v->p + n;
  v->last = v->Ap + n;
  v->z = A->solve != NULL ? v->last + n : v->r;
  return NTK_OK;
}

/* z of the present r, and z^T r, which is negative only by rounding. */
static ntk_status precondition(const ntk_operator *A, vectors *v, double *zr) {
  if (A->solve != NULL) {
    memcpy(v->z, v->r, A->n * sizeof *v->z);
    NTK_TRY(A->solve(A->user, v->z, 1));
  }
  *zr = ntk_ddot(A->n, v->z, v->r);
  return NTK_OK;
}

static ntk_status iterate(ntk_context *context, const ntk_operator *A, double tolerance,
                          size_t most, double norm, vectors *v, double *x, double *residual,
                          size_t *products) {
  const size_t n = A->n;
  double zr = 0.0, size = norm, least = norm;
  NTK_TRY(precondition(A, v, &zr));
  memcpy(v->p, v->z, n * sizeof *v->p);
  for (*products = 0; *products < most && least > tolerance * norm; ++*products) {
    if (*products % 16 == 0)
      NTK_TRY(
          ntk_progress_report(context, PHASE, fmin(1.0, log(norm / least) / log(1.0 / tolerance))));
    NTK_TRY(A->apply(A->user, v->p, 1, v->Ap));
    NTK_TRY(ntk_progress_poll(context, PHASE, 0.0));
    const double curvature = ntk_ddot(n, v->p, v->Ap), before = zr;
    if (!(curvature > 0.0) || !(zr > 0.0)) /* rounding is all that is left */
      break;
    const double alpha = zr / curvature;
    ntk_daxpy(n, alpha, v->p, v->last);
    ntk_daxpy(n, -alpha, v->Ap, v->r);
    size = ntk_dnrm2(n, v->r);
    if (size < least) {
      least = size;
      memcpy(x, v->last, n * sizeof *x);
    }
    NTK_TRY(precondition(A, v, &zr));
    ntk_dscal(n, zr / before, v->p);
    ntk_daxpy(n, 1.0, v->z, v->p);
  }
  *residual = least / norm;
  return NTK_OK;
}

ntk_status ntk_conjugate_gradients(ntk_context *context, const ntk_operator *A, const double *b,
                                   double tolerance, size_t most, double *x, double *residual,
                                   size_t *products) {
  const size_t n = A->n;
  double largest = 0.0;
  int exponent = 0;
  for (size_t i = 0; i < n; i++)
    largest = fmax(largest, fabs(b[i]));
  memset(x, 0, n * sizeof *x);
  *residual = 0.0;
  *products = 0;
  if (largest == 0.0)
    return NTK_OK;
  vectors v;
  NTK_TRY(allocate_vectors(context, A, &v));
  /* For b of entries up to 1, so that no square is lost or overflows. */
  (void)frexp(largest, &exponent);
  for (size_t i = 0; i < n; i++)
    v.r[i] = ldexp(b[i], -exponent);
  memset(v.last, 0, n * sizeof *v.last);
  const double norm = ntk_dnrm2(n, v.r);
  const ntk_phase before = ntk_phase_enter(context, PHASE);
  const ntk_status status = iterate(context, A, tolerance, most, norm, &v, x, residual, products);
  ntk_phase_leave(context, before);
  for (size_t i = 0; i < n; i++)
    x[i] = ldexp(x[i], exponent);
  ntk_free(context, v.r);
  return status;
}
