/* (K + R I) a = r, by Cholesky's factor of a copy. Without a ridge the ends of K's spectrum come
 * first: where its smallest eigenvalue is 0, or is not told from that, a would be noise, or would
 * depend on which of many solutions rounding takes. With one no eigenvalue is below it. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/range.h"
#include "spectrum/certificate.h"

#include <math.h>
#include <string.h>

ntk_status ntk_regressor_residual(const ntk_regressor *s, const double *rest, double *residual) {
  const size_t R = s->rows, last = s->points - 1;
  double *Ka = NULL, off = 0.0, all = 0.0;
  NTK_TRY(ntk_alloc_doubles(s->context, R, "a residual", &Ka));
  ntk_status status = NTK_OK;
  for (size_t c = 0; c < s->vectors && status == NTK_OK; c++) {
    const double *a = s->a + (c * s->points + last) * R, *r = s->r + c * R;
    status = ntk_kernel_multiply(s->K, a, 1, Ka);
    for (size_t i = 0; i < R && status == NTK_OK; i++) {
      const double wanted = r[i] - (rest != NULL ? rest[c * R + i] : 0.0);
      const double e = Ka[i] + s->options.ridge * a[i] - wanted;
      off += e * e;
      all += r[i] * r[i];
    }
  }
  ntk_free(s->context, Ka);
  if (status == NTK_OK)
    *residual = all > 0.0 ? sqrt(off) / sqrt(all) : sqrt(off);
  return status;
}

ntk_status ntk_regressor_foresee(const ntk_regressor *s, ntk_extremes *e) {
  static const double LIMIT_ERROR = 1e-13; /* of a limit's entries, as theory/limit has it */
  double trace = 0.0, least = 0.0;
  if (s->features != NULL)
    return ntk_extremes_foresee(s->features, s->network->depth, e);
  ntk_kernel_diagonal(s->K, &trace, &least);
  *e = (ntk_extremes){.lambda_min = NAN, .lambda_max = NAN, .deficiency = NTK_NO_DEFICIENCY};
  e->resolution = ntk_cholesky_bound(s->rows, trace) + LIMIT_ERROR * trace;
  return NTK_OK;
}

void ntk_regressor_tell(const ntk_regressor *s, const ntk_extremes *e) {
  s->to->verdict = e->verdict;
  memcpy(s->to->reason, e->reason, sizeof s->to->reason);
  s->to->lambda_min = e->lambda_min;
  s->to->lambda_max = e->lambda_max;
  s->to->resolution = e->resolution;
}

/* What is needed is a ridge. */
static ntk_status refuse(const ntk_regressor *s, const ntk_extremes *e) {
  const char *of = s->features != NULL ? "K" : "the limit";
  return ntk_fail_about(ntk_fail(NTK_ERR_NUMERIC,
                                 "%s is %s: %s; accepted: a ridge above 0, or times", of,
                                 ntk_verdict_name(e->verdict), e->reason),
                        (ntk_error){.option = "ridge"});
}

/* The factor of K, whose ends are found on the way. */
static ntk_status factor(const ntk_regressor *s, ntk_kernel *copy) {
  ntk_extremes e;
  double *vector = NULL;
  NTK_TRY(ntk_regressor_foresee(s, &e));
  if (e.verdict == NTK_VERDICT_RANK_DEFICIENT)
    return refuse(s, &e);
  NTK_TRY(ntk_alloc_doubles(s->context, s->rows, "eigenvector", &vector));
  const ntk_status status =
      ntk_extremes_ends(copy, NTK_TOLERANCE, s->options.seed, vector, &e, NULL);
  ntk_free(s->context, vector);
  NTK_TRY(status);
  if (e.verdict != NTK_VERDICT_OK)
    return refuse(s, &e);
  ntk_regressor_tell(s, &e);
  return NTK_OK;
}

/* That of K + R I, none of whose eigenvalues is below R, but for rounding. */
static ntk_status factor_with_ridge(const ntk_regressor *s, ntk_kernel *copy) {
  const double ridge = s->options.ridge;
  double trace = 0.0, least = 0.0;
  ntk_extremes e = {.lambda_min = NAN, .lambda_max = NAN, .verdict = NTK_VERDICT_OK};
  if (s->features != NULL)
    NTK_TRY(ntk_range_check(s->features, s->network->depth));
  ntk_kernel_diagonal(s->K, &trace, &least);
  e.resolution = ntk_cholesky_bound(s->rows, trace + (double)s->rows * ridge);
  if (!(ridge > e.resolution))
    return ntk_fail_about(
        ntk_fail(NTK_ERR_NUMERIC,
                 "the ridge, %g, is below %.2g, what double precision can tell from 0 for this "
                 "kernel; accepted: a larger one, or 0",
                 ridge, e.resolution),
        (ntk_error){.option = "ridge"});
  ntk_regressor_tell(s, &e);
  return ntk_kernel_factor(copy, -ridge);
}

ntk_status ntk_regressor_solve(ntk_regressor *s) {
  const size_t R = s->rows, count = R * s->vectors;
  ntk_kernel *copy = NULL;
  NTK_TRY(ntk_kernel_copy(s->K, &copy));
  ntk_status status = s->options.ridge > 0.0 ? factor_with_ridge(s, copy) : factor(s, copy);
  memcpy(s->a, s->r, count * sizeof *s->a);
  if (status == NTK_OK)
    status = ntk_kernel_solve(copy, s->a, s->vectors);
  ntk_kernel_destroy(copy);
  if (status == NTK_OK)
    status = ntk_kernel_multiply(s->K, s->a, s->vectors, s->left);
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    s->left[i] = s->r[i] - s->left[i];
  return status == NTK_OK ? ntk_regressor_residual(s, NULL, &s->to->residual) : status;
}
