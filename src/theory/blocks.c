#include "theory/job.h"

#include "base/memory.h"
#include "spectrum/certificate.h"
#include "theory/bounds.h"

#include <math.h>
#include <string.h>

ntk_status ntk_job_blocks(ntk_job *j) {
  const double start = ntk_clock();
  double *vector = NULL;
  bool *chosen = NULL;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(j->context, j->L, sizeof(bool), "blocks", &pointer));
  chosen = pointer;
  ntk_status status = ntk_alloc_doubles(j->context, j->N, "eigenvector", &vector);
  for (size_t k = 0; k < j->L && status == NTK_OK; k++) {
    ntk_block_result *block = &j->result->layers[k];
    if (j->N > ntk_rank_bound(j->network, k) ||
        j->result->verdict == NTK_VERDICT_RANK_DEFICIENT) { /* K_k <= K */
      block->lambda_min = 0.0;
      block->verdict = NTK_VERDICT_RANK_DEFICIENT;
      continue;
    }
    memset(chosen, 0, j->L * sizeof(bool));
    chosen[k] = true;
    ntk_kernel *K_k = NULL;
    status = ntk_kernel_create(j->features, chosen, &K_k);
    if (status == NTK_OK)
      status = ntk_kernel_factor(K_k, 0.0);
    ntk_eigenpair pair = {.value = 0.0};
    const double resolution = ntk_cholesky_bound(j->N, block->trace);
    if (status == NTK_OK && ntk_kernel_smallest_pivot(K_k) > resolution) {
      const ntk_operator A = ntk_kernel_operator(K_k);
      status =
          ntk_eigen_smallest(j->context, &A, j->options.tolerance, j->options.seed, &pair, vector);
    }
    if (status == NTK_ERR_NUMERIC)
      status = NTK_OK; /* no factor, or no convergence: there is nothing to resolve */
    ntk_kernel_destroy(K_k);
    const bool resolved = pair.value > resolution;
    block->lambda_min = resolved ? pair.value : NAN;
    block->verdict = resolved ? NTK_VERDICT_OK : NTK_VERDICT_BELOW_RESOLUTION;
  }
  ntk_free(j->context, vector);
  ntk_free(j->context, chosen);
  j->result->seconds.layers = ntk_clock() - start;
  return status;
}
