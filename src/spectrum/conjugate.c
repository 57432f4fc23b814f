#include "spectrum/conjugate.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/basis.h"

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

/* Least of 1 - theta / mu that is believed of another vector of M. */
static const double LEAST = 1e-3;

static void project(const ntk_correction *c, double *r) {
  ntk_basis_project_out(c->M->n, c->size, c->X, 1, r, c->C);
}

/* r <- P (I + V (D^{-1} - I) V^T) r, where V are the known vectors but for the lowest `size`, and D
 * is the diagonal of I - theta V^T M^{-1} V: the inverse of I - theta M^{-1} as far as they tell,
 * after which conjugate gradients have to do with the eigenvalues of M above theirs only. */
static void soften(const ntk_correction *c, double *r) {
  const size_t n = c->M->n;
  for (size_t j = c->size; c->near != NULL && j < c->near->count; j++) {
    const double *v = c->near->V + j * n;
    const double d = fmax(1.0 - c->theta * c->near->pair[j].value, LEAST);
    ntk_daxpy(n, (1.0 / d - 1.0) * ntk_ddot(n, v, r), v, r);
  }
  project(c, r);
}

/* By P (I - theta M^{-1}) P t = P M^{-1} r, P = I - X X^T, as in the Jacobi-Davidson method. */
ntk_status ntk_conjugate_correct(const ntk_correction *c, double *r) {
  const size_t n = c->M->n;
  double *t = c->scratch, *d = t + n, *z = d + n, *y = z + n;
  project(c, r);
  ntk_dscal(n, 1.0 / ntk_dnrm2(n, r), r);
  memset(t, 0, n * sizeof(double));
  memcpy(d, r, n * sizeof(double));
  soften(c, d);
  double square = ntk_ddot(n, r, d);
  const double least = c->gain * c->gain * square;
  for (size_t k = 0; k < c->most && square > least; k++) {
    memcpy(z, d, n * sizeof(double));
    NTK_TRY(c->M->solve(c->M->user, z, 1));
    for (size_t i = 0; i < n; i++)
      z[i] = d[i] - c->theta * z[i];
    project(c, z);
    const double curvature = ntk_ddot(n, d, z);
    if (!(curvature > 0.0)) /* theta is not below the rest of M's eigenvalues; or not a number */
      break;
    ntk_daxpy(n, square / curvature, d, t);
    ntk_daxpy(n, -square / curvature, z, r);
    memcpy(y, r, n * sizeof(double));
    soften(c, y);
    const double before = square;
    square = ntk_ddot(n, r, y);
    ntk_dscal(n, square / before, d);
    ntk_daxpy(n, 1.0, y, d);
  }
  if (ntk_dnrm2(n, t) > 0.0)
    memcpy(r, t, n * sizeof(double));
  return NTK_OK;
}
