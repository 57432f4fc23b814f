/* The linear model trained by gradient flow or descent from theta_0, in closed form. With
 * K = V Lambda V^T, eta the steps' size and T the time,
 *
 *     a(T) = V g(Lambda) V^T r,    r - K a(T) = V s(Lambda) V^T r,    g = (1 - s) / lambda,
 *     s = exp(-T lambda) of flow, (1 - eta lambda)^T of steps,
 *
 * both without cancellation: s is not 1 less what is near 1, nor g made of 1 less that; nor is the
 * norm, a^T K a = sum lambda g^2 q^2 with q = V^T r. Eigenvalues at or below the resolution are
 * taken for 0: what is left of r along their vectors stays. There g = T, and as K v = 0 that adds
 * nothing to what a predicts; but K v is rounding, so g grows only as long as this cannot be seen.
 * LAPACK's dsyevd with vectors: 9 N^3 flops, about 3 N^2 numbers. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/kernel.h"
#include "spectrum/certificate.h"
#include "spectrum/packed/packed.h"

#include <math.h>

/* s and g of one eigenvalue lambda >= 0. */
typedef struct factors {
  double s, g;
} factors;

static factors of_flow(double T, double lambda) {
  const double x = T * lambda;
  return (factors){exp(-x), lambda > 0.0 ? -expm1(-x) / lambda : T};
}

/* |1 - eta lambda| = e^q; its power is negative where eta lambda > 1 and T is odd. */
static factors of_steps(double T, double eta, double lambda) {
  const double x = eta * lambda;
  if (lambda == 0.0 || T == 0.0)
    return (factors){1.0, eta * T};
  const double q = x < 1.0 ? log1p(-x) : log1p(x - 2.0); /* -INFINITY where x = 1 */
  const bool negative = x > 1.0 && fmod(T, 2.0) == 1.0;
  const double power = exp(T * q);
  return negative ? (factors){-power, (1.0 + power) / lambda}
                  : (factors){power, -expm1(T * q) / lambda};
}

/* Steps as they are counted have eta scale; so has time. Of an eigenvalue taken for 0 K v is not
 * above the resolution, and g times that not above UNSEEN. */
static factors at_time(const ntk_regressor *s, double T, double lambda) {
  static const double UNSEEN = 1e-10;
  const double lr = s->options.lr;
  factors f = lr > 0.0 ? of_steps(T, lr * s->scale, lambda) : of_flow(T * s->scale, lambda);
  if (lambda == 0.0)
    f.g = fmin(f.g, UNSEEN / s->to->resolution);
  return f;
}

static ntk_status check_steps(const ntk_regressor *s, double lambda_max) {
  const double lr = s->options.lr, most = 2.0 / (s->scale * lambda_max);
  if (lr == 0.0 || lr < most)
    return NTK_OK;
  return ntk_fail_about(
      ntk_fail(NTK_ERR_ARGUMENT,
               "lr is %g, and steps from 2 / lambda_max = %.6g on diverge; accepted: below that",
               lr, most),
      (ntk_error){.option = "lr"});
}

/* Below that short parallel steps cost more than they bring (spectrum/full.c). */
static int threads_of(const ntk_regressor *s) {
  return s->rows < NTK_PACKED_THREADS ? 1 : ntk_team(s->context);
}

/* lambda, ascending, and in place of `square` the vectors, one a column. */
static ntk_status decompose(const ntk_regressor *s, double *square, double *lambda) {
  NTK_TRY(ntk_kernel_values(s->K, square));
  NTK_TRY(ntk_progress_report(s->context, "eigenvectors", 0.0));
  const int previous = ntk_blas_enter(threads_of(s));
  const ntk_status status = ntk_dsyevd(s->context, 'V', s->rows, square, lambda);
  ntk_blas_leave(previous);
  return status;
}

/* Of a K that is known to be singular nobody has asked for it yet. */
static ntk_status find_resolution(const ntk_regressor *s, ntk_extremes *e) {
  const size_t L = s->network->depth;
  double *norms = NULL, *each = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, L + 1, "resolutions", &each));
  ntk_status status = ntk_features_take_norms(s->features, &norms);
  if (status == NTK_OK) {
    const ntk_norms of = {NTK_OUTPUTS_ALL, s->rows, norms, norms + L * s->rows};
    status = ntk_resolutions(s->network, &of, each);
    e->resolution = each[L];
  }
  ntk_free(s->context, norms);
  ntk_free(s->context, each);
  return status;
}

/* The ends as they are found, but for what is known of K: what is not above the resolution is 0. */
static ntk_status judge(const ntk_regressor *s, double *lambda) {
  ntk_extremes e;
  NTK_TRY(ntk_regressor_foresee(s, &e));
  if (s->features != NULL && isnan(e.resolution))
    NTK_TRY(find_resolution(s, &e));
  if (!isfinite(e.resolution))
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "what rounding can make of 0 in this kernel is %g; "
                    "accepted: other scales of weights or data, fewer layers",
                    e.resolution);
  e.lambda_max = lambda[s->rows - 1];
  if (e.verdict != NTK_VERDICT_RANK_DEFICIENT)
    ntk_extremes_judge(&e, lambda[0]);
  ntk_regressor_tell(s, &e);
  for (size_t k = 0; k < s->rows; k++)
    if (!(lambda[k] > e.resolution))
      lambda[k] = 0.0;
  return NTK_OK;
}

/* The root of sum lambda (g q)^2 at time t; gq: R x (vectors points), of no use at t afterwards. */
static double norm_of(const ntk_regressor *s, const double *lambda, double *gq, size_t t) {
  double length = 0.0;
  for (size_t c = 0; c < s->vectors; c++) {
    double *column = gq + (c * s->points + t) * s->rows;
    for (size_t k = 0; k < s->rows; k++)
      column[k] *= sqrt(lambda[k]);
    length = hypot(length, ntk_regressor_length(s->rows, column));
  }
  return length;
}

/* out = V (f(lambda) o q) for all right-hand sides and times; f: g, or s. */
static void expand(const ntk_regressor *s, const double *V, const double *lambda, const double *q,
                   bool left, double *scratch, double *out) {
  const size_t R = s->rows, T = s->points;
  for (size_t t = 0; t < T; t++)
    for (size_t k = 0; k < R; k++) {
      const factors f = at_time(s, s->options.time[t], lambda[k]);
      for (size_t c = 0; c < s->vectors; c++)
        scratch[(c * T + t) * R + k] = (left ? f.s : f.g) * q[c * R + k];
    }
  ntk_dgemm('N', 'N', R, s->vectors * T, R, 1.0, V, R, scratch, R, 0.0, out, R);
}

/* ||K a - (r - left)|| / ||r|| of the last time. Ka: R. */
static ntk_status residual_of(const ntk_regressor *s, double *Ka, double *residual) {
  const size_t R = s->rows, last = s->points - 1;
  double off = 0.0;
  for (size_t c = 0; c < s->vectors; c++) {
    const size_t at = (c * s->points + last) * R;
    NTK_TRY(ntk_kernel_multiply(s->K, s->a + at, 1, Ka));
    for (size_t i = 0; i < R; i++)
      Ka[i] -= s->r[c * R + i] - s->left[at + i];
    off = hypot(off, ntk_regressor_length(R, Ka));
  }
  const double all = ntk_regressor_length(R * s->vectors, s->r);
  *residual = all > 0.0 ? off / all : off;
  return NTK_OK;
}

/* V: R x R; lambda: R; q: R x vectors; scratch: as a. */
static ntk_status flow(ntk_regressor *s, double *V, double *lambda, double *q, double *scratch) {
  const size_t R = s->rows;
  NTK_TRY(decompose(s, V, lambda));
  NTK_TRY(check_steps(s, lambda[R - 1]));
  NTK_TRY(judge(s, lambda));
  const int previous = ntk_blas_enter(threads_of(s));
  ntk_dgemm('T', 'N', R, s->vectors, R, 1.0, V, R, s->r, R, 0.0, q, R);
  expand(s, V, lambda, q, false, scratch, s->a);
  for (size_t t = 0; t < s->points; t++)
    s->to->point[t].norm = norm_of(s, lambda, scratch, t);
  expand(s, V, lambda, q, true, scratch, s->left);
  ntk_blas_leave(previous);
  return residual_of(s, scratch, &s->to->residual);
}

ntk_status ntk_regressor_flow(ntk_regressor *s) {
  const size_t R = s->rows;
  size_t square = 0, vectors = 0, all = 0;
  double *V = NULL, *rest = NULL;
  NTK_TRY(ntk_size_multiply(R, R, "eigenvectors", &square));
  NTK_TRY(ntk_size_multiply(R, s->vectors, "eigenvectors", &vectors));
  NTK_TRY(ntk_size_multiply(vectors, s->points, "eigenvectors", &all));
  NTK_TRY(ntk_alloc_doubles(s->context, square, "eigenvectors", &V));
  ntk_status status = ntk_alloc_doubles(s->context, R + vectors + all, "eigenvalues", &rest);
  if (status == NTK_OK)
    status = flow(s, V, rest, rest + R, rest + R + vectors);
  ntk_free(s->context, rest);
  ntk_free(s->context, V);
  return status;
}
