/* lambda_min of the kernels of the first samples, from the one factor there is: the leading block
 * of K = L L^T is that of L times its transpose. The smallest eigenvalue of the first m rows is the
 * largest of their inverse, by solves with the first m rows of L; its value and residual are those
 * of K's leading block itself, by a product. By Cauchy's interlacing none is below lambda_min(K).
 * Where that is not resolved, each has its own resolution and verdict, as a run on these samples
 * would say: L is there up to the pivot that failed. Where K is known to be singular there is no
 * factor, and the largest prefix of which that is not known has a run of its own. */
#include "theory/spectrum/job.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"
#include "kernel/ends/near_rows.h"
#include "spectrum/eigen.h"

#include <math.h>
#include <string.h>

enum { MOST = 1000 };

ntk_status ntk_job_check_prefixes(const ntk_job *j) {
  const size_t *prefix = j->options.prefixes;
  if (j->options.prefix_count > MOST)
    return ntk_fail(NTK_ERR_ARGUMENT, "%zu prefixes are asked for; accepted: up to %d",
                    j->options.prefix_count, MOST);
  for (size_t p = 0; p < j->options.prefix_count; p++) {
    if (prefix[p] == 0 || prefix[p] > j->N)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "a prefix of %zu samples; accepted: 1 to %zu, all there are", prefix[p],
                      j->N);
    if (p > 0 && prefix[p] <= prefix[p - 1])
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "a prefix of %zu samples comes after one of %zu; accepted: ascending ones",
                      prefix[p], prefix[p - 1]);
  }
  return NTK_OK;
}

typedef struct search {
  ntk_job *j;
  size_t samples, order;
  double *f2, *b2, *resolution, *pivot, *vector; /* scratch */
} search;

static search search_for(ntk_job *j, double *scratch, size_t samples) {
  const size_t norms = j->L * j->rows;
  search s = {j, samples, samples * (j->rows / j->N), .f2 = scratch};
  s.b2 = s.f2 + norms;
  s.vector = s.b2 + norms;
  s.pivot = s.vector + j->rows;
  s.resolution = s.pivot + j->rows;
  return s;
}

static size_t scratch_of(const ntk_job *j) {
  return 2 * (j->L + 1) * j->rows + j->L + 1;
}

/* Row norms of the samples alone. */
static ntk_norms norms_of(const search *s) {
  const ntk_job *j = s->j;
  for (size_t k = 0; k < j->L; k++) {
    memcpy(s->f2 + k * s->order, j->f2 + k * j->rows, s->order * sizeof(double));
    memcpy(s->b2 + k * s->order, j->b2 + k * j->rows, s->order * sizeof(double));
  }
  return (ntk_norms){j->options.outputs, s->order, s->f2, s->b2};
}

static ntk_held held_of(const search *s) {
  return ntk_held_leading(ntk_dataset_held(s->j->data), s->samples);
}

static ntk_status find_deficiency(const search *s, ntk_deficiency *deficiency) {
  const ntk_job *j = s->j;
  const ntk_held held = held_of(s);
  const ntk_norms norms = norms_of(s);
  NTK_TRY(ntk_deficiency_find(j->given, j->options.outputs, &held, j->L, deficiency));
  return ntk_deficiency_of_norms(j->network, &held, &norms, deficiency);
}

static double trace_of(const ntk_job *j, const ntk_norms *norms) {
  double trace = 0.0;
  for (size_t k = 0; k < j->L; k++)
    for (size_t i = 0; i < norms->rows; i++)
      trace += ntk_diagonal_part(j->network, k, norms->f2[k * norms->rows + i],
                                 norms->b2[k * norms->rows + i]);
  return trace;
}

/* Whether the factor has these rows, and no pivot says that lambda_min is below the resolution. */
static bool factored(const search *s, double resolution) {
  const ntk_kernel *factor = s->j->factor;
  if (factor->leading < s->order)
    return false;
  ntk_kernel_pivots(factor, s->pivot);
  for (size_t i = 0; i < s->order; i++)
    if (!(s->pivot[i] > resolution))
      return false;
  return true;
}

/* By the factor, and confirmed by products. */
static ntk_status find(const search *s, double trace, ntk_extremes *e, double *residual) {
  ntk_job *j = s->j;
  ntk_leading of_factor = {j->factor, s->order}, of_K = {j->K, s->order};
  const ntk_operator inverse = ntk_leading_operator(&of_factor, trace);
  ntk_features first;
  ntk_operator K;
  if (j->K != NULL) {
    K = ntk_leading_operator(&of_K, trace);
  } else {
    first = ntk_features_leading(j->features, s->samples);
    K = ntk_features_operator(&first);
  }
  ntk_eigenpair pair;
  NTK_TRY(ntk_eigen_smallest(j->context, &inverse, j->options.tolerance, j->options.seed, &pair,
                             s->vector));
  NTK_TRY(ntk_eigen_gap(j->context, &inverse, j->options.seed, pair.value, s->vector, &e->gap));
  NTK_TRY(K.apply(K.user, s->vector, 1, j->scratch));
  const double quotient = ntk_ddot(s->order, s->vector, j->scratch);
  ntk_daxpy(s->order, -quotient, s->vector, j->scratch);
  *residual = e->residual = ntk_dnrm2(s->order, j->scratch);
  ntk_extremes_judge(e, quotient);
  const ntk_norms norms = norms_of(s);
  const ntk_held held = ntk_dataset_held(j->data);
  return ntk_digits_measure(j->network, &held, &norms, j->L, s->vector, e);
}

static ntk_spectrum_prefix prefix_of(size_t samples, ntk_verdict verdict, double lambda_min,
                                     double residual, const char reason[256]) {
  ntk_spectrum_prefix prefix = {samples, verdict, lambda_min, residual, 0, ""};
  memcpy(prefix.reason, reason, sizeof prefix.reason);
  return prefix;
}

static ntk_status measure(const search *s, ntk_spectrum_prefix *found) {
  const ntk_spectrum_result *r = s->j->result;
  if (s->samples == s->j->N) {
    *found = prefix_of(s->samples, r->verdict, r->lambda_min, r->residual_min, r->reason);
    found->digits = r->digits;
    return NTK_OK;
  }
  const ntk_norms norms = norms_of(s);
  NTK_TRY(ntk_resolutions(s->j->network, &norms, s->resolution));
  ntk_extremes e = {.resolution = s->resolution[s->j->L], .exponent = r->exponent};
  double residual = NAN;
  ntk_extremes_judge(&e, NAN);
  const ntk_status status =
      factored(s, e.resolution) ? find(s, trace_of(s->j, &norms), &e, &residual) : NTK_OK;
  if (status != NTK_OK && status != NTK_ERR_NUMERIC) /* not converged: not known */
    return status;
  const ntk_held held = held_of(s);
  if (e.verdict == NTK_VERDICT_BELOW_RESOLUTION)
    NTK_TRY(ntk_near_rows_say(s->j->network, &held, sizeof e.reason, e.reason));
  *found = prefix_of(s->samples, e.verdict, e.lambda_min, isnan(e.lambda_min) ? NAN : residual,
                     e.reason);
  found->digits = e.digits;
  return NTK_OK;
}

/* Of which K is known to be singular, as the whole is: all but the first `count`, for a part of
 * what is not known to be so is not. */
static ntk_status count_regular(ntk_job *j, double *scratch, size_t *count) {
  size_t end = j->options.prefix_count;
  *count = 0;
  while (*count < end) {
    const size_t middle = (*count + end) / 2;
    const search s = search_for(j, scratch, j->options.prefixes[middle]);
    ntk_deficiency deficiency;
    NTK_TRY(find_deficiency(&s, &deficiency));
    if (deficiency.cause != NULL)
      end = middle;
    else
      *count = middle + 1;
  }
  return NTK_OK;
}

/* A run on the last of the first `count` alone, which has the others as prefixes. The whole has
 * been done, and gives its memory. */
static ntk_status run_apart(ntk_job *j, size_t count) {
  ntk_spectrum_result *r = j->result, made;
  const ntk_dataset first = ntk_dataset_leading(j->data, j->options.prefixes[count - 1]);
  const ntk_spectrum_options options = {.outputs = j->options.outputs,
                                        .tolerance = j->options.tolerance,
                                        .seed = j->options.seed,
                                        .prefixes = j->options.prefixes,
                                        .prefix_count = count};
  ntk_job part = ntk_job_begin(j->context, j->network, &first, &options, &made);
  part.given = j->given;
  part.way = j->way;
  part.part = true;
  ntk_job_release(j);
  NTK_TRY(ntk_job_run(&part));
  memcpy(r->prefix, made.prefix, count * sizeof *r->prefix);
  r->precision = made.precision;
  if (made.precision_reason[0] != '\0') /* else that of the whole stays */
    r->precision_reason = made.precision_reason;
  r->seconds.forward += made.seconds.forward;
  r->seconds.kernel += made.seconds.kernel;
  r->seconds.factor += made.seconds.factor;
  r->seconds.eigen += made.seconds.eigen;
  ntk_spectrum_clear(&made);
  return NTK_OK;
}

static ntk_status find_all(ntk_job *j, double **scratch) {
  const double start = ntk_clock();
  ntk_spectrum_result *r = j->result;
  const bool singular = r->verdict == NTK_VERDICT_RANK_DEFICIENT;
  size_t count = 0;
  if (singular)
    NTK_TRY(count_regular(j, *scratch, &count));
  for (size_t p = 0; p < r->prefixes; p++) {
    const search s = search_for(j, *scratch, j->options.prefixes[p]);
    ntk_deficiency deficiency;
    if (!singular) {
      NTK_TRY(measure(&s, &r->prefix[p]));
    } else if (p >= count) { /* the others have a run of their own */
      NTK_TRY(find_deficiency(&s, &deficiency));
      r->prefix[p] = prefix_of(s.samples, NTK_VERDICT_RANK_DEFICIENT, 0.0, NAN, deficiency.reason);
    }
  }
  r->seconds.eigen += ntk_clock() - start;
  ntk_free(j->context, *scratch);
  *scratch = NULL;
  return count > 0 ? run_apart(j, count) : NTK_OK;
}

ntk_status ntk_job_prefixes(ntk_job *j) {
  const size_t count = j->options.prefix_count;
  void *pointer = NULL;
  double *scratch = NULL;
  if (count == 0)
    return NTK_OK;
  NTK_TRY(ntk_alloc(j->context, count, sizeof *j->result->prefix, "prefixes", &pointer));
  j->result->prefix = pointer;
  j->result->prefixes = count;
  NTK_TRY(ntk_alloc_doubles(j->context, scratch_of(j), "prefixes", &scratch));
  const ntk_status status = find_all(j, &scratch);
  ntk_free(j->context, scratch);
  return status;
}
