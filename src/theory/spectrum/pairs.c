/* More of the ends of the spectrum than the two eigenvalues: so many of the smallest, by the
 * factor, and of the largest, by products. Value and residual are those of K itself. Nothing is
 * proved of them: a residual says that an eigenvalue of K is so near, not that it is the k-th. */
#include "theory/spectrum/job.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/eigen.h"
#include "spectrum/lanczos.h"

#include <string.h>

ntk_status ntk_job_check_vectors(const ntk_job *j) {
  const size_t most = j->rows < NTK_LANCZOS_PAIRS ? j->rows : NTK_LANCZOS_PAIRS;
  if (j->options.vectors <= most)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%zu eigenvectors at each end of %zu are asked for; accepted: up to %zu",
                  j->options.vectors, j->rows, most);
}

typedef ntk_status find_fn(ntk_context *context, const ntk_operator *A, double tolerance,
                           uint64_t seed, size_t count, ntk_eigenpair *pair, double *vectors);

/* *pairs, their vectors in one array that the first one's is the beginning of. */
static ntk_status find(ntk_job *j, find_fn *finder, ntk_operator A, ntk_spectrum_pair **pairs) {
  const size_t m = j->options.vectors;
  ntk_eigenpair found[NTK_LANCZOS_PAIRS];
  double *vectors = NULL;
  void *pointer = NULL;
  const ntk_operator product = ntk_job_product(j);
  NTK_TRY(ntk_alloc(j->context, m, sizeof **pairs, "eigenvectors", &pointer));
  ntk_spectrum_pair *made = pointer;
  ntk_status status = ntk_alloc_doubles(j->context, m * j->rows, "eigenvectors", &vectors);
  if (status == NTK_OK)
    status = finder(j->context, &A, j->options.tolerance, j->options.seed, m, found, vectors);
  for (size_t p = 0; p < m && status == NTK_OK; p++) {
    made[p] = (ntk_spectrum_pair){.order = j->rows, .vector = vectors + p * j->rows};
    status = ntk_job_rayleigh(j, product, made[p].vector, &made[p].value, &made[p].residual);
  }
  if (status == NTK_OK) {
    *pairs = made;
    return NTK_OK;
  }
  ntk_free(j->context, vectors);
  ntk_free(j->context, made);
  return status;
}

ntk_status ntk_job_vectors(ntk_job *j) {
  const double start = ntk_clock();
  ntk_spectrum_result *r = j->result;
  if (j->options.vectors == 0)
    return NTK_OK;
  NTK_TRY(find(j, ntk_eigen_largest_pairs, ntk_job_product(j), &r->largest));
  r->largest_count = j->options.vectors;
  if (r->verdict == NTK_VERDICT_OK) {
    NTK_TRY(j->way == NTK_WAY_OPERATOR
                ? find(j, ntk_job_smallest_pairs, ntk_job_preconditioned(j), &r->smallest)
                : find(j, ntk_eigen_smallest_pairs, ntk_kernel_operator(j->factor), &r->smallest));
    r->smallest_count = j->options.vectors;
  }
  r->seconds.eigen += ntk_clock() - start;
  return NTK_OK;
}

void ntk_job_release_pairs(ntk_context *context, ntk_spectrum_pair *pairs) {
  if (pairs != NULL)
    ntk_free(context, pairs[0].vector);
  ntk_free(context, pairs);
}
