/* (K + R I) a = r, by Cholesky's factor of a copy for each R. All eigenvectors take as long as six
 * factors with their errors of one left out (N = 2000), and ridges to choose from are mostly as
 * few; and what is found with one does not depend on which others there are. Without a ridge the
 * ends of K's spectrum come first: where its smallest eigenvalue is 0, or is not told from that, a
 * would be noise, or would depend on which of many solutions rounding takes. With one no eigenvalue
 * is below it. Then a step or two of iterative refinement. */
#include "fit/regression/regression.h"

#include "base/exact/arrays.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/kernel.h"
#include "kernel/limit/limit.h"
#include "kernel/range.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

/* What of a limit is 0 by its samples and activations alone. */
static ntk_status find_limit(const ntk_regressor *s, ntk_deficiency *deficiency) {
  const ntk_network_spec *spec = s->options.limit;
  const ntk_held held = ntk_dataset_held(s->data);
  ntk_network *narrow = NULL;
  NTK_TRY(ntk_limit_narrow(s->context, spec, &narrow));
  const ntk_status status = ntk_deficiency_find_limit(narrow, &held, spec->depth, deficiency);
  ntk_network_destroy(narrow);
  return status;
}

ntk_status ntk_regressor_foresee(const ntk_regressor *s, ntk_extremes *e) {
  double trace = 0.0, least = 0.0;
  ntk_deficiency deficiency = NTK_NO_DEFICIENCY;
  if (s->features != NULL)
    return ntk_extremes_foresee(s->features, s->network->depth, e);
  ntk_kernel_diagonal(s->K, &trace, &least);
  *e = (ntk_extremes){.lambda_min = NAN, .lambda_max = NAN, .deficiency = NTK_NO_DEFICIENCY};
  e->resolution = ntk_cholesky_bound(s->rows, trace) + s->error * trace;
  NTK_TRY(find_limit(s, &deficiency));
  if (deficiency.cause != NULL)
    ntk_extremes_deficient(e, &deficiency);
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
                 "kernel; accepted: a larger one, or 0 where the kernel is not singular",
                 ridge, e.resolution),
        (ntk_error){.option = "ridge"});
  ntk_regressor_tell(s, &e);
  return ntk_kernel_factor(copy, -ridge);
}

/* left = r - K a, and rest = left - R a, for which products are summed in double-double: they are
 * of a as it is stored. row: R of each thread. */
static ntk_status look(const ntk_regressor *s, double *row, double *rest) {
  const size_t R = s->rows;
  ntk_watch watch = {.context = s->context, .phase = "refinement"};
  const double flops = 40.0 * (double)R * (double)R * (double)s->vectors;
#pragma omp parallel for schedule(dynamic, 16) num_threads(ntk_threads_for(s->context, flops))
  for (size_t i = 0; i < R; i++) {
    double *at = row + (size_t)omp_get_thread_num() * R;
    if (!ntk_watch_on(&watch, (double)i / (double)R))
      continue;
    const ntk_status status = ntk_kernel_row(s->K, i, at);
    for (size_t c = 0; c < s->vectors && status == NTK_OK; c++) {
      double Ka[2];
      ntk_exact_dot(R, (ntk_exact_entries){at, NULL}, (ntk_exact_entries){s->a + c * R, NULL}, Ka);
      s->left[c * R + i] = (s->r[c * R + i] - Ka[0]) - Ka[1];
      rest[c * R + i] = s->left[c * R + i] - s->options.ridge * s->a[c * R + i];
    }
  }
  return watch.status;
}

/* Iterative refinement: a as near to the solution for the stored K as doubles are. */
static ntk_status refine(const ntk_regressor *s, const ntk_kernel *factor, double *row,
                         double *rest) {
  enum { STEPS = 2 };
  const size_t count = s->rows * s->vectors;
  const double r = ntk_regressor_length(count, s->r);
  double *before = rest + count, least = INFINITY;
  for (int step = 0;; step++) {
    NTK_TRY(look(s, row, rest));
    const double size = ntk_regressor_length(count, rest);
    if (!(size < least)) { /* the last step was none */
      memcpy(s->a, before, count * sizeof *before);
      NTK_TRY(look(s, row, rest));
      break;
    }
    const bool enough = step == STEPS || size == 0.0 || !(size < 0.5 * least);
    least = size;
    if (enough)
      break;
    memcpy(before, s->a, count * sizeof *before);
    NTK_TRY(ntk_kernel_solve(factor, rest, s->vectors));
    for (size_t i = 0; i < count; i++)
      s->a[i] += rest[i];
  }
  s->to->residual = r > 0.0 ? least / r : least;
  return NTK_OK;
}

/* What rounding in K's entries can change K a by, in parts of the labels. */
static void judge(const ntk_regressor *s) {
  static const double MOST = 1e-3; /* NTK_DIGITS_ENOUGH of them are sure */
  const size_t count = s->rows * s->vectors;
  const double r = ntk_regressor_length(count, s->r), a = ntk_regressor_length(count, s->a);
  double trace = 0.0, least = 0.0;
  ntk_kernel_diagonal(s->K, &trace, &least);
  const double lost = r > 0.0 ? fmax(0.5 * DBL_EPSILON * trace * (a / r), s->to->residual) : 0.0;
  if (s->to->verdict != NTK_VERDICT_OK || lost <= MOST)
    return;
  s->to->verdict = NTK_VERDICT_INACCURATE;
  snprintf(s->to->reason, sizeof s->to->reason,
           "rounding in the kernel may change predictions by %.1g of the labels; with a larger "
           "ridge it does less",
           lost);
}

/* Of one R. */
static ntk_status finish(const ntk_regressor *s, const ntk_kernel *factor) {
  const size_t count = s->rows * s->vectors, rows = (size_t)s->context->threads * s->rows;
  double *room = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, 2 * count + rows, "refinement", &room));
  ntk_status status = refine(s, factor, room + 2 * count, room);
  ntk_free(s->context, room);
  if (status == NTK_OK)
    status = ntk_regressor_norm(s, &s->to->point[0].norm);
  if (status == NTK_OK)
    judge(s);
  return status == NTK_OK && s->out != NULL ? ntk_regressor_leave_out(s, factor) : status;
}

static ntk_status solve(const ntk_regressor *s) {
  ntk_kernel *copy = NULL;
  NTK_TRY(ntk_kernel_copy(s->K, &copy));
  ntk_status status = s->options.ridge > 0.0 ? factor_with_ridge(s, copy) : factor(s, copy);
  memcpy(s->a, s->r, s->rows * s->vectors * sizeof *s->a);
  if (status == NTK_OK)
    status = ntk_kernel_solve(copy, s->a, s->vectors);
  if (status == NTK_OK)
    status = finish(s, copy);
  ntk_kernel_destroy(copy);
  return status;
}

/* ---- Each ridge, and the one that is chosen -------------------------------------------------- */

/* That of point t, in room of its own: 3 rows x vectors. */
static ntk_status solve_point(const ntk_regressor *s, size_t t, double *room,
                              ntk_regression_result *part) {
  const size_t R = s->rows, count = R * s->vectors;
  double *const all[] = {s->a, s->left, s->out};
  ntk_regressor one = *s;
  one.points = 1;
  one.options.ridge = s->ridge[t];
  one.to = part;
  one.a = room;
  one.left = room + count;
  one.out = s->out != NULL ? room + 2 * count : NULL;
  NTK_TRY(solve(&one));
  for (size_t k = 0; k < 3 && all[k] != NULL; k++)
    for (size_t c = 0; c < s->vectors; c++)
      memcpy(all[k] + (c * s->points + t) * R, room + k * count + c * R, R * sizeof *room);
  return NTK_OK;
}

static void keep(const ntk_regressor *s, const ntk_regression_result *part, double ridge) {
  ntk_regression_result *to = s->to;
  to->verdict = part->verdict;
  memcpy(to->reason, part->reason, sizeof to->reason);
  to->resolution = part->resolution;
  to->residual = part->residual;
  to->ridge = ridge;
}

static ntk_status solve_points(const ntk_regressor *s, double *room, size_t *chosen) {
  const size_t count = s->rows * s->vectors;
  double least = INFINITY;
  for (size_t t = 0; t < s->points; t++) {
    ntk_regression_result part = {.point = &s->to->point[t], .lambda_min = NAN, .lambda_max = NAN};
    NTK_TRY(solve_point(s, t, room, &part));
    if (!isnan(part.lambda_max)) { /* the ends of K are found where R is 0 */
      s->to->lambda_min = part.lambda_min;
      s->to->lambda_max = part.lambda_max;
    }
    const double error = s->out != NULL ? ntk_regressor_length(count, room + 2 * count) : 0.0;
    if (t > 0 && !(error < least))
      continue;
    least = error;
    *chosen = t;
    keep(s, &part, s->ridge[t]);
  }
  return NTK_OK;
}

ntk_status ntk_regressor_solve(ntk_regressor *s, size_t *chosen) {
  double *room = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, 3 * s->rows * s->vectors, "coefficients", &room));
  const ntk_status status = solve_points(s, room, chosen);
  ntk_free(s->context, room);
  return status;
}
