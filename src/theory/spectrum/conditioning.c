/* How well is K conditioned? ntk_spectrum, from features to verdict:
 *
 *   features  ->  norms: traces, min_i K_ii (16)  ->  out of double's range? scale the network
 *             ->  known to be singular? say so
 *             ->  blocks, if asked  ->  K  ->  density's products, if asked
 *             ->  largest eigenvalue (Lanczos on K)  ->  Cholesky of K
 *             ->  smallest (Lanczos on K^{-1})  ->  residuals  ->  density's solves  -> certificate
 *
 * By the method operator K and its factor are left out: products and a search (operator.c) find
 * both.
 *
 * The factor takes K's place, so that memory stays at half a square. Where K is no larger than the
 * features, which the factorisation does not need, K moves into their place instead and serves for
 * residual and certificate; else the residual comes from J (J^T v), and the certificate from K
 * built anew, which gives the same bits. */
#include "theory/spectrum/job.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"

#include <math.h>
#include <string.h>

const char *ntk_verdict_name(ntk_verdict verdict) {
  switch (verdict) {
  case NTK_VERDICT_OK:
    return "ok";
  case NTK_VERDICT_RANK_DEFICIENT:
    return "rank_deficient";
  case NTK_VERDICT_INACCURATE:
    return "inaccurate";
  default:
    return "below_resolution";
  }
}

/* K is known to be singular: lambda_max needs no K, unless that is less, and nothing else is left
 * to find. */
static ntk_status singular(ntk_job *j) {
  ntk_spectrum_result *r = j->result;
  r->verdict = NTK_VERDICT_RANK_DEFICIENT;
  r->lambda_min = 0.0;
  r->residual_min = NAN;
  /* An argument about the kernel; of a stored matrix it proves nothing. */
  if (j->options.certify) {
    r->certificate.kernel_lower = r->certificate.kernel_upper = 0.0;
    r->certificate.kernel = (ntk_kernel_proof){true, 0.0, 0.0, ""};
  }
  if (j->options.per_block || j->options.block_path != NULL)
    NTK_TRY(ntk_job_blocks(j));
  if (j->options.full || j->options.kernel_path != NULL || j->options.density) {
    NTK_TRY(ntk_job_kernel(j));
    NTK_TRY(ntk_job_density_products(j));
  }
  ntk_kernel_destroy(j->factor); /* written and taken apart, it has served */
  j->factor = NULL;
  if (ntk_job_multiplies_kernel(j))
    NTK_TRY(ntk_kernel_create(j->features, NULL, &j->K));
  NTK_TRY(ntk_job_largest(j));
  NTK_TRY(ntk_job_density(j));
  NTK_TRY(ntk_job_vectors(j));
  return ntk_job_prefixes(j);
}

static ntk_status run_steps(ntk_job *j) {
  ntk_spectrum_result *r = j->result;
  NTK_TRY(ntk_job_features(j));
  NTK_TRY(ntk_job_norms(j));
  NTK_TRY(ntk_job_fit_range(j));
  ntk_deficiency deficiency;
  const ntk_norms norms = ntk_job_row_norms(j);
  const ntk_held held = ntk_dataset_held(j->data);
  NTK_TRY(ntk_deficiency_find(j->given, j->options.outputs, &held, j->L, &deficiency));
  NTK_TRY(ntk_deficiency_of_norms(j->network, &held, &norms, &deficiency));
  r->deficiency = deficiency;
  if (deficiency.cause != NULL) {
    memcpy(r->reason, deficiency.reason, sizeof r->reason);
    j->zeros = deficiency.zeros;
    NTK_TRY(singular(j));
  } else {
    if (j->options.per_block || j->options.block_path != NULL)
      NTK_TRY(ntk_job_blocks(j));
    if (j->way != NTK_WAY_OPERATOR) {
      NTK_TRY(ntk_job_kernel(j));
      NTK_TRY(ntk_job_density_products(j));
      NTK_TRY(ntk_job_keep_kernel(j));
    }
    NTK_TRY(ntk_job_largest(j));
    NTK_TRY(ntk_job_smallest(j));
    NTK_TRY(ntk_job_density(j));
    NTK_TRY(ntk_job_prefixes(j));
    NTK_TRY(ntk_job_vectors(j));
    if (j->options.certify && !j->options.resolve && r->verdict == NTK_VERDICT_OK)
      NTK_TRY(ntk_job_certify(j));
  }
  r->bounds.ratio_lower = r->lambda_min / r->bounds.lower_scale;
  r->bounds.ratio_upper = r->lambda_min / r->bounds.upper_scale;
  return NTK_OK;
}

void ntk_job_release(ntk_job *j) {
  ntk_kernel_destroy(j->factor);
  ntk_kernel_destroy(j->K);
  ntk_features_destroy(j->features);
  ntk_density_end(&j->density);
  ntk_implicit_destroy(&j->implicit);
  ntk_subset_destroy(&j->subset);
  ntk_free(j->context, j->f2);
  ntk_free(j->context, j->b2);
  ntk_free(j->context, j->scratch);
  ntk_free(j->context, j->resolution);
  j->factor = j->K = NULL;
  j->features = NULL;
  j->f2 = j->b2 = j->scratch = j->resolution = NULL;
}

static ntk_status allocate_result(ntk_job *j) {
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(j->L, j->rows, "row norms", &entries));
  NTK_TRY(ntk_alloc_doubles(j->context, entries, "row norms", &j->f2));
  NTK_TRY(ntk_alloc_doubles(j->context, entries, "row norms", &j->b2));
  NTK_TRY(ntk_alloc_doubles(j->context, j->rows, "row norms", &j->scratch));
  NTK_TRY(ntk_alloc_doubles(j->context, j->L + 1, "resolution", &j->resolution));
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(j->context, j->L, sizeof(ntk_block_result), "blocks", &pointer));
  j->result->block = pointer;
  return NTK_OK;
}

ntk_job ntk_job_begin(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                      const ntk_spectrum_options *options, ntk_spectrum_result *result) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t N = ntk_dataset_samples(data);
  *result = (ntk_spectrum_result){
      .context = context,
      .samples = N,
      .order = ntk_kernel_rows(&spec, options->outputs, N),
      .blocks = network->depth,
      .lambda_min = NAN,
      .lambda_max = NAN,
      .residual_min = NAN,
      .residual_max = NAN,
      .precision = ntk_mode_name(NTK_MODE_DOUBLE),
      .precision_reason = "",
      .deficiency = NTK_NO_DEFICIENCY,
      .certificate = {false, NAN, NAN, NAN, NAN, {false, NAN, NAN, ""}},
  };
  return (ntk_job){.context = context,
                   .network = network,
                   .given = network,
                   .data = data,
                   .options = *options,
                   .N = N,
                   .rows = result->order,
                   .L = network->depth,
                   .result = result};
}

ntk_status ntk_job_run(ntk_job *j) {
  const double start = ntk_clock();
  ntk_status status = allocate_result(j);
  if (status == NTK_OK)
    status = run_steps(j);
  ntk_job_release(j);
  ntk_network_destroy(j->scaled);
  j->scaled = NULL;
  j->result->seconds.total = ntk_clock() - start;
  if (status != NTK_OK)
    ntk_spectrum_clear(j->result);
  return status;
}

/* What is found from J has no factor of K beside it. */
static ntk_status check_resolve(const ntk_job *j) {
  const ntk_spectrum_options *o = &j->options;
  const char *what = !o->resolve                       ? NULL
                     : o->vectors > 0                  ? "several eigenvectors"
                     : o->full                         ? "the full spectrum, which is of K"
                     : o->density                      ? "the density"
                     : o->prefix_count > 0             ? "prefixes"
                     : ntk_ranks_count(j->context) > 1 ? "several ranks"
                     : o->precision != NULL && strcmp(o->precision, "mixed") == 0
                         ? "the precision mixed"
                         : NULL;
  return what == NULL ? NTK_OK
                      : ntk_fail(NTK_ERR_ARGUMENT,
                                 "resolve finds lambda_min alone, in one process and in double or "
                                 "more; accepted: resolve without %s",
                                 what);
}

ntk_status ntk_job_check(ntk_job *j) {
  if (j->options.tolerance == 0.0)
    j->options.tolerance = NTK_TOLERANCE;
  if (!(j->options.tolerance > 0.0 && j->options.tolerance < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "tolerance is %g; accepted: above 0, below 1",
                    j->options.tolerance);
  size_t count = 0;
  (void)ntk_outputs_list(&count);
  if ((size_t)j->options.outputs >= count)
    return ntk_fail(NTK_ERR_ARGUMENT, "outputs is %d; accepted: 0 to %zu", (int)j->options.outputs,
                    count - 1);
  NTK_TRY(check_resolve(j));
  NTK_TRY(ntk_job_check_vectors(j));
  NTK_TRY(ntk_job_check_density(j));
  return ntk_job_check_prefixes(j);
}

/* What a rank's own count is of no use for, and whether each has come to its end. */
static ntk_status end_together(ntk_context *context, ntk_status status, ntk_spectrum_result *made) {
  status = ntk_ranks_agree(context, status, ntk_ranks_what("spectrum", made->order, 0, 0));
  if (status != NTK_OK) {
    ntk_spectrum_clear(made);
    return status;
  }
  made->memory_bytes = (size_t)-ntk_ranks_least(context, -(double)made->memory_bytes);
  made->traffic = -ntk_ranks_least(context, -made->traffic);
  return NTK_OK;
}

ntk_status ntk_spectrum(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                        const ntk_spectrum_options *options, ntk_spectrum_result *result) {
  static const ntk_spectrum_options defaults;
  ntk_spectrum_result made;
  ntk_job j = ntk_job_begin(context, network, data, options != NULL ? options : &defaults, &made);
  NTK_TRY(ntk_job_check(&j));
  NTK_TRY(ntk_job_check_memory(&j));
  made.method = ntk_job_method(&j);
  made.ranks = ntk_ranks_count(context);
  const double received = ntk_ranks_traffic(context).bytes;
  const size_t peak = ntk_memory_peak_enter(context);
  ntk_status status = ntk_job_run(&j);
  made.memory_bytes = ntk_memory_peak_leave(context, peak);
  made.traffic = ntk_ranks_traffic(context).bytes - received;
  status = end_together(context, status, &made);
  if (status == NTK_OK)
    *result = made;
  return status;
}

void ntk_spectrum_clear(ntk_spectrum_result *result) {
  if (result->context == NULL)
    return;
  ntk_free(result->context, result->block);
  ntk_free(result->context, result->eigenvector);
  ntk_free(result->context, result->eigenvalues);
  ntk_job_release_pairs(result->context, result->smallest);
  ntk_job_release_pairs(result->context, result->largest);
  ntk_density_clear(result->context, &result->density);
  ntk_free(result->context, result->prefix);
  *result = (ntk_spectrum_result){0};
}
