/* The question asked of the limit of infinite width: the ends of its spectrum, by one factorisation
 * as those of K, and K's distance from it in Frobenius norm. Cost: two to three kernels, N^3/3
 * flops. */
#include "ntkit/limit.h"

#include "base/memory.h"
#include "base/text.h"
#include "kernel/ends/extremes.h"
#include "kernel/kernel.h"
#include "spectrum/certificate.h"

#include <math.h>
#include <string.h>

/* Entries err by at most so much of sqrt(K_ii K_jj), and eigenvalues of the trace, for the norm of
 * such a matrix is at most its Frobenius norm. */
static const double ERROR = 1e-13;

typedef struct job {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_dataset *data;
  ntk_limit_options options; /* defaults resolved */
  ntk_limit_result *result;
  double *vector; /* N */
} job;

static ntk_status make(const job *j, const bool *blocks, ntk_kernel **K) {
  return j->options.covariance ? ntk_limit_covariance(j->context, j->spec, j->data, K)
                               : ntk_limit_kernel(j->context, j->spec, j->data, blocks, K);
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

static ntk_extremes begin(const ntk_kernel *K, double *trace) {
  ntk_extremes e = {.lambda_min = NAN, .lambda_max = NAN, .deficiency = NTK_NO_DEFICIENCY};
  double least = 0.0;
  ntk_kernel_diagonal(K, trace, &least);
  e.resolution = ntk_cholesky_bound(K->N, *trace) + ERROR * *trace;
  ntk_extremes_judge(&e, NAN);
  return e;
}

/* As of K (theory/spectrum/certify.c): K is the stored matrix, and stays. */
static ntk_status certify(const job *j, const ntk_kernel *K) {
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
    c->kernel_lower = lower - ERROR * trace;
    c->kernel_upper = upper + ERROR * trace;
  }
  return NTK_OK;
}

/* Both ends, with what is left of K; the stored matrix comes with *copy. */
static ntk_status find_ends(job *j, ntk_kernel *K, ntk_kernel **copy) {
  ntk_limit_result *r = j->result;
  const ntk_operator A = ntk_kernel_operator(K);
  ntk_eigenpair pair;
  ntk_extremes e = begin(K, &r->trace);
  NTK_TRY(
      ntk_eigen_largest(j->context, &A, j->options.tolerance, j->options.seed, &pair, j->vector));
  r->lambda_max = pair.value;
  NTK_TRY(find_residual(K, j->vector, r->lambda_max, &r->residual_max));
  NTK_TRY(ntk_kernel_copy(K, copy));
  NTK_TRY(ntk_extremes_smallest(K, j->options.tolerance, j->options.seed, j->vector, &e));
  r->lambda_min = e.lambda_min;
  r->resolution = e.resolution;
  r->verdict = e.verdict;
  memcpy(r->reason, e.reason, sizeof r->reason);
  if (e.verdict != NTK_VERDICT_OK)
    return NTK_OK;
  NTK_TRY(find_residual(*copy, j->vector, e.lambda_min, &r->residual_min));
  NTK_TRY(ntk_alloc_doubles(j->context, r->samples, "eigenvector", &r->eigenvector));
  memcpy(r->eigenvector, j->vector, r->samples * sizeof *j->vector);
  return NTK_OK;
}

static ntk_status whole(job *j) {
  ntk_kernel *K = NULL, *copy = NULL;
  const double start = ntk_clock();
  NTK_TRY(make(j, NULL, &K));
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

static ntk_status write_block(const job *j, size_t k, const ntk_kernel *K) {
  const char *folder = j->options.block_path;
  const size_t size = strlen(folder) + 40;
  void *path = NULL;
  NTK_TRY(ntk_alloc(j->context, size, 1, "a file's name", &path));
  (void)ntk_format(path, size, "%s/limit_block%zu.npy", folder, k);
  const ntk_status status = ntk_kernel_save(K, path);
  ntk_free(j->context, path);
  return status;
}

/* Block k, for itself. */
static ntk_status one_block(job *j, size_t k, bool *blocks) {
  ntk_limit_block *block = &j->result->block[k];
  ntk_kernel *K = NULL;
  memset(blocks, 0, j->spec->depth * sizeof *blocks);
  blocks[k] = true;
  NTK_TRY(make(j, blocks, &K));
  ntk_extremes e = begin(K, &block->trace);
  ntk_status status = NTK_OK;
  if (j->options.block_path != NULL)
    status = write_block(j, k, K);
  if (status == NTK_OK && j->options.per_block) {
    status = ntk_extremes_smallest(K, j->options.tolerance, j->options.seed, j->vector, &e);
    block->lambda_min = e.lambda_min;
    block->verdict = e.verdict;
  }
  ntk_kernel_destroy(K);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status; /* not converged: not known */
}

/* ||K - limit||_F / ||limit||_F of the chosen blocks. row: 2 N. */
static ntk_status find_distance(const job *j, const ntk_features *features, const bool *blocks,
                                double *row, double *distance) {
  const size_t N = j->result->samples;
  ntk_kernel *K = NULL, *limit = NULL;
  double apart = 0.0, size = 0.0;
  NTK_TRY(ntk_kernel_create(features, blocks, &K));
  ntk_status status = make(j, blocks, &limit);
  for (size_t i = 0; i < N && status == NTK_OK; i++) {
    status = ntk_progress_poll(j->context, "distance", (double)i / (double)N);
    if (status == NTK_OK)
      status = ntk_kernel_row(K, i, row);
    if (status == NTK_OK)
      status = ntk_kernel_row(limit, i, row + N);
    for (size_t c = 0; c < N && status == NTK_OK; c++) {
      apart += (row[c] - row[N + c]) * (row[c] - row[N + c]);
      size += row[N + c] * row[N + c];
    }
  }
  ntk_kernel_destroy(K);
  ntk_kernel_destroy(limit);
  if (status == NTK_OK && size > 0.0)
    *distance = sqrt(apart) / sqrt(size);
  return status;
}

static ntk_status distances(job *j, bool *blocks) {
  ntk_features *features = NULL;
  double *row = NULL;
  NTK_TRY(ntk_features_create(j->options.network, j->data, &features));
  ntk_status status = ntk_alloc_doubles(j->context, 2 * j->result->samples, "rows", &row);
  if (status == NTK_OK)
    status = find_distance(j, features, NULL, row, &j->result->distance);
  for (size_t k = 0; k < j->spec->depth && status == NTK_OK; k++) {
    memset(blocks, 0, j->spec->depth * sizeof *blocks);
    blocks[k] = true;
    status = find_distance(j, features, blocks, row, &j->result->block[k].distance);
  }
  ntk_free(j->context, row);
  ntk_features_destroy(features);
  return status;
}

static ntk_status run(job *j, bool *blocks) {
  NTK_TRY(whole(j));
  for (size_t k = 0; k < j->result->blocks; k++)
    NTK_TRY(one_block(j, k, blocks));
  return j->options.network != NULL && !j->options.covariance ? distances(j, blocks) : NTK_OK;
}

/* The network beside it has this spec's widths, activations, biases and scales are up to the
 * caller. */
static ntk_status check(const job *j) {
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

static ntk_status prepare(job *j, bool **blocks) {
  void *pointer = NULL;
  const size_t L = j->spec->depth;
  NTK_TRY(ntk_alloc(j->context, L, sizeof **blocks, "blocks of the limit", &pointer));
  *blocks = pointer;
  NTK_TRY(ntk_alloc(j->context, L, sizeof(ntk_limit_block), "blocks of the limit", &pointer));
  j->result->block = pointer;
  for (size_t k = 0; k < L; k++)
    j->result->block[k] = (ntk_limit_block){.lambda_min = NAN, .trace = NAN, .distance = NAN};
  return ntk_alloc_doubles(j->context, j->result->samples, "eigenvector", &j->vector);
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
      .certificate = {.lower = NAN,
                      .upper = NAN,
                      .kernel_lower = NAN,
                      .kernel_upper = NAN,
                      .kernel = {.lower = NAN, .upper = NAN, .reason = "no proof was asked for"}}};
  job j = {.context = context, .spec = spec, .data = data, .result = &made};
  bool *blocks = NULL;
  size_t parameters = 0;
  if (options != NULL)
    j.options = *options;
  j.options.tolerance = j.options.tolerance == 0.0 ? NTK_TOLERANCE : j.options.tolerance;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  NTK_TRY(check(&j));
  made.blocks = j.options.covariance ? 0 : spec->depth;
  ntk_status status = prepare(&j, &blocks);
  if (status == NTK_OK)
    status = run(&j, blocks);
  ntk_free(context, blocks);
  ntk_free(context, j.vector);
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
