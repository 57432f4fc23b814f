/* The limit block by block, and beside K. */
#include "theory/limit/job.h"

#include "base/memory.h"
#include "base/text.h"
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

static ntk_status write_block(const ntk_limit_job *j, size_t k, const ntk_kernel *K) {
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
static ntk_status one_block(ntk_limit_job *j, size_t k) {
  ntk_limit_block *block = &j->result->block[k];
  ntk_kernel *K = NULL;
  ntk_extremes e;
  memset(j->blocks, 0, j->spec->depth * sizeof *j->blocks);
  j->blocks[k] = true;
  NTK_TRY(ntk_limit_job_make(j, j->blocks, &K));
  ntk_status status = ntk_limit_job_begin(j, K, k, &block->trace, &e);
  if (status == NTK_OK && j->options.block_path != NULL)
    status = write_block(j, k, K);
  if (status == NTK_OK && j->options.per_block) {
    if (e.verdict != NTK_VERDICT_RANK_DEFICIENT)
      status = ntk_extremes_smallest(K, j->options.tolerance, j->options.seed, j->vector, &e);
    block->lambda_min = e.lambda_min;
    block->verdict = e.verdict;
  }
  ntk_kernel_destroy(K);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status; /* not converged: not known */
}

/* ||K - limit||_F / ||limit||_F of the chosen blocks. */
static ntk_status find_distance(ntk_limit_job *j, const ntk_features *features, const bool *blocks,
                                double *distance) {
  const size_t N = j->result->samples;
  double *row = j->row, apart = 0.0, size = 0.0;
  ntk_kernel *K = NULL, *limit = NULL;
  NTK_TRY(ntk_kernel_create(features, blocks, &K));
  ntk_status status = ntk_limit_job_make(j, blocks, &limit);
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

ntk_status ntk_limit_job_distances(ntk_limit_job *j) {
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create(j->options.network, j->data, &features));
  ntk_status status = find_distance(j, features, NULL, &j->result->distance);
  for (size_t k = 0; k < j->spec->depth && status == NTK_OK; k++) {
    memset(j->blocks, 0, j->spec->depth * sizeof *j->blocks);
    j->blocks[k] = true;
    status = find_distance(j, features, j->blocks, &j->result->block[k].distance);
  }
  ntk_features_destroy(features);
  return status;
}

/* Traces need no kernel; what else is asked for does. */
ntk_status ntk_limit_job_blocks(ntk_limit_job *j) {
  ntk_limit_result *r = j->result;
  double *trace = NULL;
  if (r->blocks == 0)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(j->context, r->blocks, "traces of blocks", &trace));
  ntk_limit_traces(&j->limit, trace);
  for (size_t k = 0; k < r->blocks; k++)
    r->block[k].trace = trace[k];
  ntk_free(j->context, trace);
  const bool asked = j->options.per_block || j->options.block_path != NULL;
  for (size_t k = 0; k < r->blocks && asked; k++) {
    NTK_TRY(ntk_progress_report(j->context, "blocks of the limit", (double)k / (double)r->blocks));
    NTK_TRY(one_block(j, k));
  }
  return NTK_OK;
}
