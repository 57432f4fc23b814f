#include "theory/spectrum/job.h"

#include "kernel/ends/accuracy.h"
#include "kernel/ends/proof.h"
#include "spectrum/certificate.h"

#include <math.h>

/* The stored matrix once more in j->K, whatever became of it. */
static ntk_status recover_kernel(ntk_job *j) {
  if (j->K != NULL)
    return NTK_OK;
  if (j->features == NULL)
    NTK_TRY(ntk_features_create_of(j->network, j->data, j->options.outputs, &j->features));
  return ntk_kernel_create(j->features, NULL, &j->K);
}

/* What was proved of the stored matrix, for the kernel in exact arithmetic: an estimate, and a
 * proof.
 */
static ntk_status carry_over(ntk_job *j, ntk_certificate *c) {
  ntk_accuracy accuracy;
  const ntk_norms norms = ntk_job_row_norms(j);
  NTK_TRY(ntk_kernel_accuracy(j->network, &norms, &accuracy));
  ntk_accuracy_carry(&accuracy, c->lower, c->upper, &c->kernel_lower, &c->kernel_upper);
  c->kernel.reason = ntk_proof_refuses(j->network);
  if (c->kernel.reason != NULL)
    return NTK_OK;
  if (j->features == NULL)
    NTK_TRY(ntk_features_create_of(j->network, j->data, j->options.outputs, &j->features));
  return ntk_proof_find(j->features, &norms, c->lower, c->upper, &c->kernel);
}

ntk_status ntk_job_certify(ntk_job *j) {
  const double start = ntk_clock();
  ntk_spectrum_result *r = j->result;
  ntk_certificate *c = &r->certificate;
  c->kernel.reason = "nothing is proved of the stored matrix";
  ntk_kernel_destroy(j->factor); /* its memory is K's now */
  j->factor = NULL;
  NTK_TRY(recover_kernel(j));
  double upper;
  NTK_TRY(ntk_kernel_certify_upper(j->K, r->eigenvector, &upper));
  /* Each shift costs a kernel and a factorisation. */
  double shifts[NTK_SHIFTS];
  ntk_certify_shifts(r->lambda_min, ntk_cholesky_bound(j->rows, j->trace), shifts);
  for (size_t s = 0; s < NTK_SHIFTS && !c->certified; s++) {
    NTK_TRY(ntk_progress_report(j->context, "proof for stored K", 0.3 * (double)s));
    NTK_TRY(recover_kernel(j));
    double lower;
    NTK_TRY(ntk_kernel_certify_lower(j->K, shifts[s], &c->certified, &lower));
    ntk_kernel_destroy(j->K);
    j->K = NULL;
    if (c->certified) {
      c->lower = lower;
      c->upper = upper;
    }
  }
  if (c->certified)
    NTK_TRY(carry_over(j, c));
  r->seconds.certify = ntk_clock() - start;
  return NTK_OK;
}
