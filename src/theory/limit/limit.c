/* The question asked of the limit of infinite width: the ends of its spectrum, by one factorisation
 * as those of K, and K's distance from it in Frobenius norm. Cost: two to three kernels, N^3/3
 * flops. */
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/near_rows.h"
#include "kernel/kernel.h"
#include "spectrum/certificate.h"
#include "theory/limit/job.h"

#include <math.h>
#include <string.h>

ntk_status ntk_limit_job_make(ntk_limit_job *j, const bool *blocks, ntk_kernel **K) {
  if (!j->options.covariance)
    ntk_limit_choose(&j->limit, blocks);
  return ntk_limit_build(&j->limit, K);
}

/* ||A v - value v|| for a unit vector. */
static ntk_status find_residual(const ntk_kernel *A, const double *v, double value,
                                double *residual) {
  double *Av = NULL, sum = 0.0;
  NTK_TRY(ntk_alloc_doubles(A->context, A->N, "a residual", &Av));
  const ntk_status status = ntk_kernel_multiply(A, v, 1, Av);
  for (size_t i = 0; i < A->N && status == NTK_OK; i++)
    sum += (Av[i] - value * v[i]) * (Av[i] - value * v[i]);
  ntk_free(A->context, Av);
  if (status == NTK_OK)
    *residual = sqrt(sum);
  return status;
}

ntk_status ntk_limit_job_begin(const ntk_limit_job *j, const ntk_kernel *K, size_t k, double *trace,
                               ntk_extremes *e) {
  ntk_deficiency deficiency;
  double least = 0.0;
  *e = (ntk_extremes){.lambda_min = NAN,
                      .lambda_max = NAN,
                      .exponent = j->limit.exponent,
                      .deficiency = NTK_NO_DEFICIENCY};
  ntk_kernel_diagonal(K, trace, &least);
  /* such a matrix has a norm of at most its Frobenius norm, and so this part of the trace */
  e->resolution = ntk_cholesky_bound(K->N, *trace) + j->limit.error * *trace;
  ntk_extremes_judge(e, NAN);
  NTK_TRY(ntk_limit_job_known(j, k, &deficiency));
  if (deficiency.cause != NULL)
    ntk_extremes_deficient(e, &deficiency);
  return NTK_OK;
}

/* As of K (theory/spectrum/certify.c): K is the stored matrix, and stays. */
static ntk_status certify(const ntk_limit_job *j, const ntk_kernel *K) {
  ntk_certificate *c = &j->result->certificate;
  const double trace = j->result->trace;
  double shifts[NTK_SHIFTS], upper = NAN;
  c->kernel.reason = "a limit of infinite width comes from quadrature, whose error is an estimate";
  NTK_TRY(ntk_kernel_certify_upper(K, j->result->eigenvector, &upper));
  ntk_certify_shifts(j->result->lambda_min, ntk_cholesky_bound(K->N, trace), shifts);
  for (size_t s = 0; s < NTK_SHIFTS && !c->certified; s++) {
    ntk_kernel *copy = NULL;
    double lower = NAN;
    NTK_TRY(ntk_kernel_copy(K, &copy));
    const ntk_status status = ntk_kernel_certify_lower(copy, shifts[s], &c->certified, &lower);
    ntk_kernel_destroy(copy);
    NTK_TRY(status);
    if (!c->certified)
      continue;
    c->lower = lower;
    c->upper = upper;
    c->kernel_lower = lower - j->limit.error * trace;
    c->kernel_upper = upper + j->limit.error * trace;
  }
  return NTK_OK;
}

/* lambda_min = 0: an argument about the limit, which of a stored matrix proves nothing. */
static void tell_singular(ntk_limit_job *j) {
  ntk_certificate *c = &j->result->certificate;
  if (j->options.certify) {
    c->kernel_lower = c->kernel_upper = 0.0;
    c->kernel = (ntk_kernel_proof){true, 0.0, 0.0, ""};
  }
}

/* lambda_min, its residual and vector, of a copy; *e is what is known. */
static ntk_status find_smallest(ntk_limit_job *j, ntk_kernel *K, const ntk_kernel *copy,
                                ntk_extremes *e) {
  ntk_limit_result *r = j->result;
  if (e->verdict != NTK_VERDICT_RANK_DEFICIENT)
    NTK_TRY(ntk_extremes_smallest(K, j->options.tolerance, j->options.seed, j->vector, e));
  r->lambda_min = e->lambda_min;
  r->resolution = e->resolution;
  r->verdict = e->verdict;
  r->deficiency = e->deficiency;
  memcpy(r->reason, e->reason, sizeof r->reason);
  if (e->verdict == NTK_VERDICT_RANK_DEFICIENT)
    tell_singular(j);
  if (e->verdict == NTK_VERDICT_BELOW_RESOLUTION) {
    const ntk_held held = ntk_dataset_held(j->data);
    return ntk_near_rows_say(j->narrow, &held, sizeof r->reason, r->reason);
  }
  if (e->verdict != NTK_VERDICT_OK)
    return NTK_OK;
  NTK_TRY(find_residual(copy, j->vector, e->lambda_min, &r->residual_min));
  NTK_TRY(ntk_alloc_doubles(j->context, r->samples, "eigenvector", &r->eigenvector));
  memcpy(r->eigenvector, j->vector, r->samples * sizeof *j->vector);
  return NTK_OK;
}

/* Both ends, with what is left of K; the stored matrix comes with *copy. */
static ntk_status find_ends(ntk_limit_job *j, ntk_kernel *K, ntk_kernel **copy) {
  ntk_limit_result *r = j->result;
  const ntk_operator A = ntk_kernel_operator(K);
  ntk_eigenpair pair;
  ntk_extremes e;
  NTK_TRY(ntk_limit_job_begin(j, K, j->spec->depth, &r->trace, &e));
  NTK_TRY(
      ntk_eigen_largest(j->context, &A, j->options.tolerance, j->options.seed, &pair, j->vector));
  r->lambda_max = pair.value;
  NTK_TRY(find_residual(K, j->vector, r->lambda_max, &r->residual_max));
  NTK_TRY(ntk_kernel_copy(K, copy));
  return find_smallest(j, K, *copy, &e);
}

static ntk_status whole(ntk_limit_job *j) {
  ntk_kernel *K = NULL, *copy = NULL;
  const double start = ntk_clock();
  NTK_TRY(
      ntk_limit_open(j->context, j->spec, j->data, NULL, NULL, j->options.covariance, &j->limit));
  j->result->exponent = j->limit.exponent;
  NTK_TRY(ntk_limit_job_make(j, NULL, &K));
  j->result->seconds_kernel = ntk_clock() - start;
  ntk_status status = NTK_OK;
  if (j->options.kernel_path != NULL)
    status = ntk_kernel_save(K, j->options.kernel_path);
  if (status == NTK_OK)
    status = find_ends(j, K, &copy);
  ntk_kernel_destroy(K);
  if (status == NTK_OK && j->options.certify && j->result->verdict == NTK_VERDICT_OK)
    status = certify(j, copy);
  ntk_kernel_destroy(copy);
  return status;
}

static ntk_status run(ntk_limit_job *j) {
  NTK_TRY(ntk_limit_check(j->context, j->spec, j->data, NULL));
  NTK_TRY(ntk_limit_narrow(j->context, j->spec, &j->narrow));
  NTK_TRY(whole(j));
  NTK_TRY(ntk_limit_job_blocks(j));
  const bool beside = j->options.network != NULL && !j->options.covariance;
  return beside && j->limit.exponent == 0.0 ? ntk_limit_job_distances(j) : NTK_OK;
}

/* The network beside it has this spec's widths, activations, biases and scales are up to the
 * caller. */
static ntk_status check(const ntk_limit_job *j) {
  const ntk_network *network = j->options.network;
  const double tolerance = j->options.tolerance;
  if (!(tolerance > 0.0 && tolerance < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the tolerance is %g; accepted: above 0 and below 1",
                    tolerance);
  bool same = network == NULL || network->depth == j->spec->depth;
  for (size_t l = 0; network != NULL && same && l < network->depth; l++)
    same = network->width[l] == j->spec->width[l];
  return same ? NTK_OK
              : ntk_fail(NTK_ERR_SHAPE, "the network beside the limit has other widths than the "
                                        "spec; accepted: one that was drawn by it");
}

static ntk_status prepare(ntk_limit_job *j) {
  void *pointer = NULL;
  const size_t L = j->spec->depth, N = j->result->samples;
  NTK_TRY(ntk_alloc(j->context, L, sizeof *j->blocks, "blocks of the limit", &pointer));
  j->blocks = pointer;
  NTK_TRY(ntk_alloc(j->context, L, sizeof(ntk_limit_block), "blocks of the limit", &pointer));
  j->result->block = pointer;
  for (size_t k = 0; k < L; k++)
    j->result->block[k] = (ntk_limit_block){.lambda_min = NAN, .trace = NAN, .distance = NAN};
  NTK_TRY(ntk_alloc_doubles(j->context, N, "eigenvector", &j->vector));
  return ntk_alloc_doubles(j->context, 2 * N, "rows", &j->row);
}

static void release(ntk_limit_job *j) {
  if (j->limit.context != NULL)
    ntk_limit_release(&j->limit);
  ntk_network_destroy(j->narrow);
  ntk_free(j->context, j->blocks);
  ntk_free(j->context, j->vector);
  ntk_free(j->context, j->row);
}

ntk_status ntk_limit_spectrum(ntk_context *context, const ntk_network_spec *spec,
                              const ntk_dataset *data, const ntk_limit_options *options,
                              ntk_limit_result *result) {
  const double start = ntk_clock();
  ntk_limit_result made = {
      .context = context,
      .samples = ntk_dataset_samples(data),
      .lambda_min = NAN,
      .lambda_max = NAN,
      .residual_min = NAN,
      .residual_max = NAN,
      .distance = NAN,
      .deficiency = NTK_NO_DEFICIENCY,
      .certificate = {.lower = NAN,
                      .upper = NAN,
                      .kernel_lower = NAN,
                      .kernel_upper = NAN,
                      .kernel = {.lower = NAN, .upper = NAN, .reason = "no proof was asked for"}}};
  ntk_limit_job j = {.context = context, .spec = spec, .data = data, .result = &made};
  size_t parameters = 0;
  if (options != NULL)
    j.options = *options;
  j.options.tolerance = j.options.tolerance == 0.0 ? NTK_TOLERANCE : j.options.tolerance;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  NTK_TRY(check(&j));
  made.blocks = j.options.covariance ? 0 : spec->depth;
  ntk_status status = prepare(&j);
  if (status == NTK_OK)
    status = run(&j);
  release(&j);
  made.seconds = ntk_clock() - start;
  if (status == NTK_OK)
    *result = made;
  else
    ntk_limit_clear(&made);
  return status;
}

void ntk_limit_clear(ntk_limit_result *result) {
  if (result->context == NULL)
    return;
  ntk_free(result->context, result->block);
  ntk_free(result->context, result->eigenvector);
  *result = (ntk_limit_result){0};
}
