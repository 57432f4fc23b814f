#include "fit/train/damped.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/conjugate.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Of the recurrence; of a residual that is taken as it is; products before double is cheaper. */
static const double TOLERANCE = 1e-13, ACCEPTED = 1e-12;
enum { PRODUCTS = 40 };

ntk_status ntk_damped_create(ntk_damped *s) {
  double least;
  if (s->way == NTK_WAY_MIXED_SMALLER)
    return ntk_rough_create(s->features, NULL, &s->trace, &s->factor);
  NTK_TRY(ntk_kernel_create(s->features, NULL, &s->factor));
  ntk_kernel_diagonal(s->factor, &s->trace, &least);
  return NTK_OK;
}

void ntk_damped_destroy(ntk_damped *s) {
  ntk_kernel_destroy(s->factor);
  ntk_kernel_destroy(s->K);
  s->factor = s->K = NULL;
}

/* From mixed precision to double, for that reason. */
static ntk_status fall_back(ntk_damped *s, const char *why) {
  s->why = why;
  s->way = NTK_WAY_DOUBLE;
  ntk_kernel_destroy(s->factor);
  s->factor = s->K;
  s->K = NULL;
  if (s->factor == NULL)
    NTK_TRY(ntk_kernel_create(s->features, NULL, &s->factor));
  return ntk_kernel_factor(s->factor, -s->damping);
}

ntk_status ntk_damped_factor(ntk_damped *s, double damping) {
  s->damping = damping;
  if (s->way == NTK_WAY_MIXED) {
    s->K = s->factor;
    s->factor = NULL;
    NTK_TRY(ntk_rough_create(s->features, s->K, &s->trace, &s->factor));
  }
  const ntk_status status = ntk_kernel_factor(s->factor, -damping);
  return status == NTK_ERR_NUMERIC && s->way != NTK_WAY_DOUBLE
             ? fall_back(s, "a pivot of the factor in single precision is not positive")
             : status;
}

static ntk_status multiply(void *user, const double *V, size_t m, double *U) {
  const ntk_damped *s = user;
  NTK_TRY(s->K != NULL ? ntk_kernel_multiply(s->K, V, m, U)
                       : ntk_kernel_apply(s->features, NULL, V, m, U));
  ntk_daxpy(m * s->features->rows, s->damping, V, U);
  return NTK_OK;
}

static ntk_status guide(void *user, double *V, size_t m) {
  const ntk_damped *s = user;
  return ntk_kernel_solve(s->factor, V, m);
}

/* Whether c leaves no more of r than rounding does in double. left: scratch, rows. */
static ntk_status judge(ntk_damped *s, const double *r, const double *c, double *left, bool *near) {
  const size_t n = s->features->rows;
  NTK_TRY(multiply(s, c, 1, left));
  ntk_daxpy(n, -1.0, r, left);
  const double rounding = 4.0 * DBL_EPSILON * (s->trace + s->damping) * ntk_dnrm2(n, c);
  *near = ntk_dnrm2(n, left) <= fmax(ACCEPTED * ntk_dnrm2(n, r), rounding);
  return NTK_OK;
}

static ntk_status solve_mixed(ntk_damped *s, const double *r, double *c, bool *near) {
  const size_t n = s->features->rows;
  const ntk_operator A = {.n = n, .apply = multiply, .solve = guide, .user = s};
  double residual = 0.0, *left = NULL;
  size_t products = 0;
  NTK_TRY(ntk_conjugate_gradients(s->features->context, &A, r, TOLERANCE, PRODUCTS, c, &residual,
                                  &products));
  NTK_TRY(ntk_alloc_doubles(s->features->context, n, "residual", &left));
  const ntk_status status = judge(s, r, c, left, near);
  ntk_free(s->features->context, left);
  return status;
}

ntk_status ntk_damped_solve(ntk_damped *s, const double *r, double *c) {
  if (s->way != NTK_WAY_DOUBLE) {
    bool near = false;
    NTK_TRY(solve_mixed(s, r, c, &near));
    if (near)
      return NTK_OK;
    NTK_TRY(fall_back(s, "solves with the factor in single precision do not converge in double"));
  }
  memcpy(c, r, s->features->rows * sizeof *c);
  return ntk_kernel_solve(s->factor, c, 1);
}

double ntk_damped_bytes(const ntk_kernel_bytes *of, ntk_way way, size_t rows) {
  const double vectors = 48.0 * (double)rows; /* of conjugate gradients */
  return way == NTK_WAY_DOUBLE  ? of->kernel + of->build
         : way == NTK_WAY_MIXED ? of->kernel + of->single + vectors + of->build
                                : of->single + vectors + fmax(of->build, of->apply);
}
