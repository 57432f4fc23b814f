#include "kernel/ends/extremes.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "kernel/ends/accuracy.h"
#include "kernel/range.h"
#include "ntkit/data.h"
#include "spectrum/eigen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

ntk_status ntk_resolutions(const ntk_network *network, const ntk_norms *norms, double *resolution) {
  const size_t L = network->depth, N = norms->rows;
  void *pointer = NULL;
  double trace = 0.0;
  NTK_TRY(ntk_alloc(network->context, L + 1, sizeof(ntk_accuracy), "resolution", &pointer));
  ntk_accuracy *of = pointer;
  const ntk_status status = ntk_kernel_accuracies(network, norms, false, of);
  for (size_t k = 0; k < L && status == NTK_OK; k++) {
    double part = 0.0;
    for (size_t i = 0; i < N; i++)
      part += ntk_diagonal_part(network, k, norms->f2[k * N + i], norms->b2[k * N + i]);
    of[k].jacobian = 0.0;
    resolution[k] = ntk_resolution(N, part, &of[k]);
    trace += part;
  }
  of[L].jacobian = 0.0;
  if (status == NTK_OK)
    resolution[L] = ntk_resolution(N, trace, &of[L]);
  ntk_free(network->context, pointer);
  return status;
}

void ntk_extremes_deficient(ntk_extremes *e, const ntk_deficiency *deficiency) {
  e->lambda_min = 0.0;
  e->verdict = NTK_VERDICT_RANK_DEFICIENT;
  e->deficiency = *deficiency;
  memcpy(e->reason, deficiency->reason, sizeof e->reason);
}

/* The resolution in K's unit. */
static const char *tell_resolution(const ntk_extremes *e, char text[NTK_DECIMAL]) {
  if (e->exponent != 0.0)
    return ntk_text_decimal(e->resolution, e->exponent, 2, 0, text);
  snprintf(text, NTK_DECIMAL, "%.2g", e->resolution);
  return text;
}

void ntk_extremes_judge(ntk_extremes *e, double lambda_min) {
  char text[NTK_DECIMAL];
  const bool resolved = lambda_min > e->resolution;
  e->lambda_min = resolved ? lambda_min : NAN;
  e->verdict = resolved ? NTK_VERDICT_OK : NTK_VERDICT_BELOW_RESOLUTION;
  e->reason[0] = '\0';
  if (!resolved)
    snprintf(e->reason, sizeof e->reason,
             "lambda_min is below %s, what double precision can tell from 0 for this %s",
             tell_resolution(e, text), e->rounds > 0 || e->exact ? "Jacobian" : "kernel");
}

/* What a residual leaves in lambda_min, in parts of that: its square over the gap to the next; all
 * of it where no gap was found, and as much again as the next is away, which may be the smaller.
 * Where nobody looked the gap is seldom below a tenth of lambda_min. */
static double left_by(double residual, double gap) {
  if (gap < 0.0)
    return 10.0 * residual - gap;
  return fmin(10.0 * residual, residual * residual / (gap > 0.0 ? fmin(gap, 0.1) : 0.1));
}

void ntk_extremes_carry(ntk_extremes *e, double lost, double rounding) {
  const double lambda = e->lambda_min;
  const double error = (2.0 * sqrt(lambda) * sqrt(lost) + lost + rounding) / lambda +
                       left_by(e->residual / lambda, e->gap);
  const double digits = floor(-log10(error));
  e->digits = digits > 0.0 ? (int)fmin(digits, NTK_DIGITS_MOST) : 0;
  if (!(lambda > e->resolution + lost)) {
    char text[NTK_DECIMAL];
    e->resolution += lost;
    ntk_extremes_judge(e, lambda);
    snprintf(e->reason, sizeof e->reason,
             "lambda_min is below %s, what rounding in the network, which grows from layer to "
             "layer, can make of 0",
             tell_resolution(e, text));
  } else if (e->digits < NTK_DIGITS_ENOUGH) {
    e->verdict = NTK_VERDICT_INACCURATE;
    snprintf(
        e->reason, sizeof e->reason,
        "%d digit%s of lambda_min sure: rounding in the network and in K, and the residual, may "
        "change it by %.1g of itself",
        e->digits, e->digits == 1 ? " is" : "s are", error);
  }
}

void ntk_extremes_offer(const ntk_context *context, ntk_verdict verdict, const char *by,
                        size_t size, char *reason) {
  const size_t length = strlen(reason);
  if ((verdict == NTK_VERDICT_BELOW_RESOLUTION || verdict == NTK_VERDICT_INACCURATE) &&
      ntk_ranks_count(context) == 1)
    (void)ntk_format(reason + length, size - length, "; %s looks beyond", by);
}

/* What the eigensolver finds is of the factor, whose error the resolution has; so is the least
 * pivot, which is no smaller. */
ntk_status ntk_extremes_smallest(ntk_kernel *K, double tolerance, uint64_t seed, double *vector,
                                 ntk_extremes *e) {
  const double start = ntk_clock();
  ntk_extremes_judge(e, NAN);
  ntk_status status = ntk_kernel_factor(K, 0.0);
  e->seconds_factor = ntk_clock() - start;
  if (status == NTK_ERR_NUMERIC)
    return NTK_OK;
  if (status != NTK_OK || !(ntk_kernel_smallest_pivot(K) > e->resolution))
    return status;
  const ntk_operator A = ntk_kernel_operator(K);
  ntk_eigenpair pair;
  NTK_TRY(ntk_eigen_smallest(K->context, &A, tolerance, seed, &pair, vector));
  e->solves = pair.applications;
  e->residual = pair.residual;
  ntk_extremes_judge(e, pair.value);
  return e->verdict == NTK_VERDICT_OK
             ? ntk_eigen_gap(K->context, &A, seed, pair.value, vector, &e->gap)
             : NTK_OK;
}

/* NTK_ERR_NOT_FINITE where K's trace leaves double precision no room: what is known to be 0 exactly
 * is not asked. */
static ntk_status check_range(const ntk_network *network, const ntk_norms *norms) {
  const size_t n = norms->rows;
  double trace = 0.0;
  for (size_t l = 0; l < network->depth; l++)
    for (size_t i = 0; i < n; i++)
      trace += ntk_diagonal_part(network, l, norms->f2[l * n + i], norms->b2[l * n + i]);
  return ntk_range_holds(trace)
             ? NTK_OK
             : ntk_fail(NTK_ERR_NOT_FINITE,
                        "the layers %s double precision: the kernel's trace is %.3g; accepted: "
                        "other scales of weights or data, or 'spectrum', which scales the layers",
                        trace < 1.0 ? "underflow" : "overflow", trace);
}

/* f2: scratch, 2 L rows + L + 1. */
static ntk_status look_before(const ntk_features *features, size_t k, double *f2, ntk_extremes *e) {
  const ntk_network *network = features->network;
  const size_t count = network->depth * features->rows;
  double *b2 = f2 + count, *resolution = b2 + count;
  const ntk_norms norms = {features->outputs, features->rows, f2, b2};
  const ntk_held held = ntk_features_held(features);
  ntk_deficiency deficiency;
  NTK_TRY(ntk_deficiency_find(network, features->outputs, &held, k, &deficiency));
  NTK_TRY(ntk_features_norms(features, f2, b2));
  NTK_TRY(ntk_deficiency_of_norms(network, &held, &norms, &deficiency));
  e->deficiency = deficiency;
  if (deficiency.cause != NULL) {
    ntk_extremes_deficient(e, &deficiency);
    return NTK_OK;
  }
  if (k == network->depth) /* a block's diagonal memorisation looks at itself */
    NTK_TRY(check_range(network, &norms));
  NTK_TRY(ntk_resolutions(network, &norms, resolution));
  e->resolution = resolution[k];
  return NTK_OK;
}

ntk_status ntk_extremes_foresee(const ntk_features *features, size_t k, ntk_extremes *e) {
  const size_t L = features->network->depth;
  double *norms = NULL;
  *e = (ntk_extremes){
      .lambda_min = NAN, .lambda_max = NAN, .resolution = NAN, .deficiency = NTK_NO_DEFICIENCY};
  NTK_TRY(
      ntk_alloc_doubles(features->context, 2 * L * features->rows + L + 1, "row norms", &norms));
  const ntk_status status = look_before(features, k, norms, e);
  ntk_free(features->context, norms);
  return status;
}

ntk_status ntk_extremes_ends(ntk_kernel *K, double tolerance, uint64_t seed, double *vector,
                             ntk_extremes *e, ntk_kernel **copy) {
  const ntk_operator A = ntk_kernel_operator(K);
  ntk_eigenpair pair;
  if (e->verdict != NTK_VERDICT_RANK_DEFICIENT)
    ntk_extremes_judge(e, NAN); /* until it is found */
  NTK_TRY(ntk_eigen_largest(K->context, &A, tolerance, seed, &pair, vector));
  e->lambda_max = pair.value;
  if (copy != NULL)
    NTK_TRY(ntk_kernel_copy(K, copy));
  if (e->verdict == NTK_VERDICT_RANK_DEFICIENT)
    return NTK_OK;
  const ntk_status status = ntk_extremes_smallest(K, tolerance, seed, vector, e);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

ntk_status ntk_extremes_largest(ntk_features *features, uint64_t seed, double *lambda_max) {
  double *vector;
  NTK_TRY(ntk_alloc_doubles(features->context, features->rows, "eigenvector", &vector));
  const ntk_operator A = ntk_features_operator(features);
  ntk_eigenpair pair = {.value = NAN};
  const ntk_status status =
      ntk_eigen_largest(features->context, &A, NTK_TOLERANCE, seed, &pair, vector);
  ntk_free(features->context, vector);
  if (status == NTK_OK)
    *lambda_max = pair.value;
  return status;
}
