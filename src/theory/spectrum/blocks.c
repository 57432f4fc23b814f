#include "theory/spectrum/job.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"

#include <string.h>

/* The file of block k. */
static ntk_status write_block(const ntk_job *j, size_t k, const ntk_kernel *K_k) {
  const char *folder = j->options.block_path;
  const size_t size = strlen(folder) + 32;
  void *path = NULL;
  NTK_TRY(ntk_alloc(j->context, size, 1, "a file's name", &path));
  (void)ntk_format(path, size, "%s/block%zu.npy", folder, k);
  const ntk_status status = ntk_kernel_save(K_k, path);
  ntk_free(j->context, path);
  return status;
}

/* lambda_min of K_k, where `chosen` names it, unless it is known; vector: scratch, rows. */
static ntk_status measure(ntk_job *j, size_t k, const bool *chosen, double *vector) {
  const ntk_held held = ntk_dataset_held(j->data);
  ntk_block_result *block = &j->result->block[k];
  ntk_deficiency deficiency = {.cause = "of K"};
  if (j->options.per_block && j->result->verdict != NTK_VERDICT_RANK_DEFICIENT) /* else K_k <= K */
    NTK_TRY(ntk_deficiency_find(j->given, j->options.outputs, &held, k, &deficiency));
  if (j->options.per_block && deficiency.cause != NULL) {
    block->lambda_min = 0.0;
    block->verdict = NTK_VERDICT_RANK_DEFICIENT;
  }
  if (deficiency.cause != NULL && j->options.block_path == NULL)
    return NTK_OK;
  ntk_kernel *K_k = NULL;
  ntk_extremes e = {.resolution = j->resolution[k]};
  ntk_status status = ntk_kernel_create(j->features, chosen, &K_k);
  if (status == NTK_OK && j->options.block_path != NULL)
    status = write_block(j, k, K_k);
  if (status == NTK_OK && deficiency.cause == NULL) {
    status = ntk_extremes_smallest(K_k, j->options.tolerance, j->options.seed, vector, &e);
    if (status == NTK_OK)
      status = ntk_job_digits(j, k, vector, &e);
    block->lambda_min = e.lambda_min;
    block->verdict = e.verdict;
  }
  ntk_kernel_destroy(K_k);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status; /* not converged: not known */
}

ntk_status ntk_job_blocks(ntk_job *j) {
  const double start = ntk_clock();
  double *vector = NULL;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(j->context, j->L, sizeof(bool), "blocks", &pointer));
  bool *chosen = pointer;
  ntk_status status = ntk_alloc_doubles(j->context, j->rows, "eigenvector", &vector);
  for (size_t k = 0; k < j->L && status == NTK_OK; k++) {
    memset(chosen, 0, j->L * sizeof(bool));
    chosen[k] = true;
    status = measure(j, k, chosen, vector);
  }
  ntk_free(j->context, vector);
  ntk_free(j->context, chosen);
  j->result->seconds.blocks = ntk_clock() - start;
  return status;
}
