/* lambda_min of the kernels of the first samples, from the one factor there is: the leading block
 * of K = L L^T is that of L times its transpose. The smallest eigenvalue of the first m rows is the
 * largest of their inverse, by solves with the first m rows of L; its value and residual are those
 * of K's leading block itself, by a product of K with the vector that is 0 past it. By Cauchy's
 * interlacing none is below lambda_min(K): where that is resolved they are. */
#include "theory/spectrum/job.h"

#include "base/blas.h"
#include "base/memory.h"

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

typedef struct leading {
  const ntk_kernel *factor;
  size_t order;
} leading;

static ntk_status solve(void *user, double *V, size_t m) {
  const leading *l = user;
  return ntk_kernel_solve_leading(l->factor, l->order, V, m);
}

/* v: scratch, rows. */
static ntk_status find(ntk_job *j, size_t order, double *v, ntk_spectrum_prefix *found) {
  const ntk_operator K =
      j->K != NULL ? ntk_kernel_operator(j->K) : ntk_features_operator(j->features);
  leading user = {j->factor, order};
  const ntk_operator A = {
      .n = order, .solve = solve, .user = &user, .noise = ntk_kernel_operator(j->factor).noise};
  ntk_eigenpair pair;
  const ntk_status status =
      ntk_eigen_smallest(j->context, &A, j->options.tolerance, j->options.seed, &pair, v);
  if (status == NTK_ERR_NUMERIC) /* it did not converge, and is not known */
    return NTK_OK;
  NTK_TRY(status);
  memset(v + order, 0, (j->rows - order) * sizeof *v);
  NTK_TRY(K.apply(K.user, v, 1, j->scratch));
  const double quotient = ntk_ddot(order, v, j->scratch);
  ntk_daxpy(order, -quotient, v, j->scratch);
  found->lambda_min = quotient;
  found->residual = ntk_dnrm2(order, j->scratch);
  return NTK_OK;
}

ntk_status ntk_job_prefixes(ntk_job *j) {
  const double start = ntk_clock();
  ntk_spectrum_result *r = j->result;
  const size_t count = j->options.prefix_count;
  void *pointer = NULL;
  double *vector = NULL;
  if (count == 0)
    return NTK_OK;
  NTK_TRY(ntk_alloc(j->context, count, sizeof *r->prefix, "prefixes", &pointer));
  r->prefix = pointer;
  r->prefixes = count;
  for (size_t p = 0; p < count; p++)
    r->prefix[p] = (ntk_spectrum_prefix){j->options.prefixes[p], NAN, NAN};
  if (r->verdict != NTK_VERDICT_OK)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(j->context, j->rows, "eigenvector", &vector));
  ntk_status status = NTK_OK;
  for (size_t p = 0; p < count && status == NTK_OK; p++)
    status = find(j, r->prefix[p].samples * (j->rows / j->N), vector, &r->prefix[p]);
  ntk_free(j->context, vector);
  r->seconds.eigen += ntk_clock() - start;
  return status;
}
