#include "theory/spectrum/job.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/extremes.h"

#include <string.h>

/* lambda_min of K_k, where `chosen` names it; vector: scratch, rows. */
static ntk_status measure(ntk_job *j, size_t k, const bool *chosen, double *vector) {
  ntk_block_result *block = &j->result->block[k];
  ntk_deficiency deficiency = {true, ""};
  if (j->result->verdict != NTK_VERDICT_RANK_DEFICIENT) /* else: K_k <= K */
    NTK_TRY(ntk_deficiency_find(j->network, j->options.outputs, ntk_dataset_values(j->data), j->N,
                                k, &deficiency));
  if (deficiency.known) {
    block->lambda_min = 0.0;
    block->verdict = NTK_VERDICT_RANK_DEFICIENT;
    return NTK_OK;
  }
  ntk_kernel *K_k = NULL;
  ntk_extremes e = {.resolution = j->resolution[k]};
  ntk_status status = ntk_kernel_create(j->features, chosen, &K_k);
  if (status == NTK_OK)
    status = ntk_extremes_smallest(K_k, j->options.tolerance, j->options.seed, vector, &e);
  ntk_kernel_destroy(K_k);
  block->lambda_min = e.lambda_min;
  block->verdict = e.verdict;
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
