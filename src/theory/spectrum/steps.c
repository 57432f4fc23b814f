#include "theory/spectrum/job.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "kernel/ends/mixed.h"
#include "kernel/ends/near_rows.h"
#include "kernel/resolve/resolve.h"
#include "theory/bounds.h"

#include <math.h>
#include <string.h>

ntk_operator ntk_job_product(const ntk_job *j) {
  if (j->K != NULL)
    return ntk_kernel_operator(j->K);
  return j->features != NULL ? ntk_features_operator(j->features)
                             : ntk_implicit_operator((ntk_implicit *)&j->implicit);
}

ntk_status ntk_job_rayleigh(ntk_job *j, ntk_operator A, const double *v, double *value,
                            double *residual) {
  NTK_TRY(A.apply(A.user, v, 1, j->scratch));
  double quotient = 0.0;
  for (size_t i = 0; i < j->rows; i++)
    quotient += v[i] * j->scratch[i];
  for (size_t i = 0; i < j->rows; i++)
    j->scratch[i] -= quotient * v[i];
  *value = quotient;
  *residual = ntk_dnrm2(j->rows, j->scratch); /* whatever the kernel's scale */
  return NTK_OK;
}

ntk_status ntk_job_features(ntk_job *j) {
  const double start = ntk_clock();
  if (j->way == NTK_WAY_OPERATOR)
    NTK_TRY(ntk_implicit_create(j->network, j->data, j->options.outputs, j->layout.block,
                                &j->implicit));
  else
    NTK_TRY(ntk_features_create_of(j->network, j->data, j->options.outputs, &j->features));
  j->result->seconds.forward += ntk_clock() - start;
  return NTK_OK;
}

ntk_status ntk_job_norms(ntk_job *j) {
  NTK_TRY(j->way == NTK_WAY_OPERATOR ? ntk_implicit_norms(&j->implicit, j->f2, j->b2)
                                     : ntk_features_norms(j->features, j->f2, j->b2));
  ntk_spectrum_result *r = j->result;
  r->bounds = ntk_theorem31(j->L, j->network->width);
  r->bounds.diagonal_min = INFINITY;
  j->trace = 0.0;
  for (size_t k = 0; k < j->L; k++)
    r->block[k] = (ntk_block_result){.lambda_min = NAN, .verdict = NTK_VERDICT_OK};
  for (size_t i = 0; i < j->rows; i++) {
    double diagonal = 0.0;
    for (size_t k = 0; k < j->L; k++) {
      const double entry =
          ntk_diagonal_part(j->network, k, j->f2[k * j->rows + i], j->b2[k * j->rows + i]);
      r->block[k].trace += entry;
      diagonal += entry;
    }
    r->bounds.diagonal_min = fmin(r->bounds.diagonal_min, diagonal);
    j->trace += diagonal;
  }
  const ntk_norms norms = ntk_job_row_norms(j);
  NTK_TRY(ntk_resolutions(j->network, &norms, j->resolution));
  r->resolution = j->resolution[j->L];
  return NTK_OK;
}

ntk_status ntk_job_kernel(ntk_job *j) {
  double start = ntk_clock();
  if (j->way == NTK_WAY_MIXED_SMALLER)
    NTK_TRY(ntk_kernel_create_in(
        j->features, NULL, ntk_mixed_form(j->rows, j->trace, NTK_PRECISION_FLOAT), &j->factor));
  else
    NTK_TRY(ntk_kernel_create(j->features, NULL, &j->factor));
  j->result->seconds.kernel = ntk_clock() - start;
  if (j->options.kernel_path != NULL)
    NTK_TRY(ntk_kernel_save(j->factor, j->options.kernel_path));
  if (j->options.full) {
    start = ntk_clock();
    NTK_TRY(ntk_progress_report(j->context, "whole spectrum", 0.0));
    NTK_TRY(ntk_alloc_doubles(j->context, j->rows, "eigenvalues", &j->result->eigenvalues));
    NTK_TRY(ntk_kernel_full(j->factor, j->result->eigenvalues));
    for (size_t i = 0; i < j->rows; i++) /* K is positive semi-definite: 0 is nearer */
      j->result->eigenvalues[i] = fmax(0.0, j->result->eigenvalues[i]);
    if (j->result->verdict == NTK_VERDICT_RANK_DEFICIENT)
      j->result->eigenvalues[0] = 0.0;
    j->result->seconds.full = ntk_clock() - start;
  }
  return NTK_OK;
}

ntk_status ntk_job_largest(ntk_job *j) {
  const bool rough = j->factor != NULL && j->way == NTK_WAY_MIXED_SMALLER;
  const bool stored = j->K == NULL && j->factor != NULL && !rough;
  const ntk_operator A = stored ? ntk_kernel_operator(j->factor) : ntk_job_product(j);
  const double start = ntk_clock();
  ntk_eigenpair pair;
  double *vector;
  NTK_TRY(ntk_alloc_doubles(j->context, j->rows, "eigenvector", &vector));
  ntk_spectrum_result *r = j->result;
  ntk_status status = rough ? ntk_mixed_largest(j->factor, &A, j->options.tolerance,
                                                j->options.seed, &pair, vector, j->scratch)
                            : ntk_eigen_largest(j->context, &A, j->options.tolerance,
                                                j->options.seed, &pair, vector);
  if (status == NTK_OK)
    status = ntk_job_rayleigh(j, A, vector, &r->lambda_max, &r->residual_max);
  if (status == NTK_OK)
    r->products = pair.applications + 1;
  ntk_free(j->context, vector);
  r->seconds.largest = ntk_clock() - start;
  r->seconds.eigen += r->seconds.largest;
  return status;
}

ntk_status ntk_job_keep_kernel(ntk_job *j) {
  const bool mixed = j->way == NTK_WAY_MIXED;
  if (j->way == NTK_WAY_MIXED_SMALLER || j->options.resolve || (!mixed && !ntk_job_keeps_kernel(j)))
    return NTK_OK;
  const double start = ntk_clock();
  ntk_features_destroy(j->features);
  j->features = NULL;
  j->K = j->factor;
  j->factor = NULL;
  const ntk_kernel_form single = ntk_mixed_form(j->rows, j->trace, NTK_PRECISION_DOUBLE);
  NTK_TRY(mixed ? ntk_kernel_copy_in(j->K, single, &j->factor) : ntk_kernel_copy(j->K, &j->factor));
  j->result->seconds.factor = ntk_clock() - start;
  return NTK_OK;
}

/* What double would have at this point; or the method operator, where double does not fit and the
 * options leave both open. */
static ntk_status begin_in_double(ntk_job *j) {
  const bool open = j->options.precision == NULL || strcmp(j->options.precision, "mixed") != 0;
  ntk_kernel_destroy(j->factor);
  j->factor = NULL;
  j->way = NTK_WAY_DOUBLE;
  if (j->K != NULL && ntk_job_keeps_kernel(j))
    return ntk_kernel_copy(j->K, &j->factor);
  ntk_features_destroy(j->features);
  j->features = NULL;
  if (j->K == NULL) { /* all of it has been given back */
    j->options.precision = "double";
    j->options.method = open ? j->options.method : "factor";
    NTK_TRY(ntk_job_check_memory(j));
  }
  NTK_TRY(ntk_job_features(j));
  j->factor = j->K;
  j->K = NULL;
  return j->factor != NULL || j->way == NTK_WAY_OPERATOR
             ? NTK_OK
             : ntk_kernel_create(j->features, NULL, &j->factor);
}

ntk_status ntk_job_fall_back(ntk_job *j, const char *why) {
  const ntk_status status = begin_in_double(j);
  j->result->precision_reason = why;
  j->result->method = ntk_job_method(j);
  if (status != NTK_ERR_MEMORY)
    return status;
  char line[200];
  (void)ntk_format(line, sizeof line, "%s", ntk_error_message());
  return ntk_fail(status,
                  "mixed precision does not suffice: %s; and double: %s; without a factor: "
                  "the method operator",
                  why, line);
}

/* K itself must say so too, of what a factor or a search found. */
static ntk_status confirm(ntk_job *j, ntk_extremes *e) {
  ntk_spectrum_result *r = j->result;
  double quotient = NAN;
  if (e->verdict != NTK_VERDICT_OK)
    return NTK_OK;
  NTK_TRY(ntk_job_rayleigh(j, ntk_job_product(j), r->eigenvector, &quotient, &r->residual_min));
  e->residual = r->residual_min;
  ntk_extremes_judge(e, quotient);
  return NTK_OK;
}

ntk_status ntk_job_digits(ntk_job *j, size_t k, const double *vector, ntk_extremes *e) {
  const ntk_norms norms = ntk_job_row_norms(j);
  const ntk_held held = ntk_dataset_held(j->data);
  return ntk_digits_measure(j->network, &held, &norms, k, vector, e);
}

static ntk_status smallest_by_products(ntk_job *j, ntk_extremes *e) {
  NTK_TRY(ntk_job_search(j, j->result->eigenvector, e));
  j->result->products += e->solves + 1;
  return confirm(j, e);
}

/* lambda_min with its residual in mixed precision, unless that does not suffice. */
static ntk_status smallest_mixed(ntk_job *j, ntk_extremes *e) {
  ntk_spectrum_result *r = j->result;
  const ntk_operator A =
      j->K != NULL ? ntk_kernel_operator(j->K) : ntk_features_operator(j->features);
  NTK_TRY(
      ntk_mixed_smallest(j->factor, &A, j->options.tolerance, j->options.seed, r->eigenvector, e));
  if (e->why != NULL)
    return ntk_job_fall_back(j, e->why);
  r->residual_min = e->residual;
  r->products += e->products;
  r->precision = ntk_mode_name(NTK_MODE_MIXED);
  return NTK_OK;
}

static ntk_status smallest_double(ntk_job *j, ntk_extremes *e) {
  ntk_spectrum_result *r = j->result;
  NTK_TRY(
      ntk_extremes_smallest(j->factor, j->options.tolerance, j->options.seed, r->eigenvector, e));
  return confirm(j, e);
}

/* From J: K has served, and the backend's features. */
static ntk_status smallest_resolved(ntk_job *j, ntk_extremes *e) {
  ntk_spectrum_result *r = j->result;
  const ntk_resolving of = {.network = j->network,
                            .outputs = j->options.outputs,
                            .N = j->N,
                            .X = ntk_dataset_values(j->data),
                            .noise = r->resolution,
                            .trace = j->trace,
                            .tolerance = j->options.tolerance,
                            .seed = j->options.seed,
                            .certificate = j->options.certify ? &r->certificate : NULL};
  ntk_kernel_destroy(j->factor);
  ntk_features_destroy(j->features);
  j->factor = NULL;
  j->features = NULL;
  NTK_TRY(ntk_resolve(&of, r->eigenvector, e));
  r->rounds = e->rounds;
  r->precision = e->exact ? "double-double" : r->precision;
  r->residual_min = e->residual;
  return NTK_OK;
}

ntk_status ntk_job_smallest(ntk_job *j) {
  ntk_spectrum_result *r = j->result;
  const double start = ntk_clock();
  ntk_extremes e = {.resolution = r->resolution, .exponent = r->exponent};
  NTK_TRY(ntk_alloc_doubles(j->context, j->rows, "eigenvector", &r->eigenvector));
  if (j->way == NTK_WAY_MIXED || j->way == NTK_WAY_MIXED_SMALLER)
    NTK_TRY(smallest_mixed(j, &e));
  if (j->way == NTK_WAY_OPERATOR)
    NTK_TRY(smallest_by_products(j, &e));
  else if (j->options.resolve)
    NTK_TRY(smallest_resolved(j, &e));
  else if (j->way == NTK_WAY_DOUBLE)
    NTK_TRY(smallest_double(j, &e));
  if (!j->options.resolve) /* which has its own */
    NTK_TRY(ntk_job_digits(j, j->L, r->eigenvector, &e));
  r->solves = e.solves;
  r->lambda_min = e.lambda_min;
  r->verdict = e.verdict;
  r->digits = e.digits;
  r->resolution = e.resolution;
  memcpy(r->reason, e.reason, sizeof r->reason);
  if (e.verdict == NTK_VERDICT_BELOW_RESOLUTION) {
    const ntk_held held = ntk_dataset_held(j->data);
    NTK_TRY(ntk_near_rows_say(j->network, &held, sizeof r->reason, r->reason));
  }
  if (!j->options.resolve)
    ntk_extremes_offer(j->context, r->verdict, "the option resolve", sizeof r->reason, r->reason);
  r->seconds.factor += e.seconds_factor;
  r->seconds.certify = e.seconds_certify;
  r->seconds.eigen += ntk_clock() - start - e.seconds_factor - e.seconds_certify;
  if (isnan(e.lambda_min)) {
    r->residual_min = NAN;
    ntk_free(j->context, r->eigenvector);
    r->eigenvector = NULL;
  }
  return NTK_OK;
}
