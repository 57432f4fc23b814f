/* Levenberg-Marquardt. The step minimises ||r + J delta||^2 + mu ||delta||^2; in the N x N system,
 *
 *     (K + mu I) c = r,   delta = -J^T c,   r + J delta = mu c,
 *
 * so that the decrease predicted for the half-sum is (r^T r - mu^2 c^T c) / 2, and neither J nor a
 * P x P matrix is formed. mu starts at 1e-3 of K's mean diagonal. A step whose decrease is near
 * the predicted one (the model is good) makes mu a hundredth: the last steps are Gauss-Newton's,
 * and converge quadratically. One that does not decrease is taken back, and mu grows (Nielsen's
 * rule). Cost of a step: one kernel, N^3/3 for its factor, two passes. */
#include "fit/lm.h"

#include "base/blas.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_TRIES = 10 };
static const double FIRST_DAMPING = 1e-3, GOOD = 0.75, POOR = 0.25, ACCEPTED = 1e-4;

/* r = F - Y of these features; *sum = r^T r. */
static ntk_status residual(const ntk_lm *lm, const ntk_features *features, double *r, double *sum) {
  NTK_TRY(ntk_features_output(features, r));
  *sum = 0.0;
  for (size_t i = 0; i < lm->N; i++) {
    r[i] -= lm->Y[i];
    *sum += r[i] * r[i];
  }
  return NTK_OK;
}

static ntk_status allocate(ntk_lm *lm) {
  NTK_TRY(ntk_alloc_doubles(lm->context, 3 * lm->N, "Levenberg-Marquardt", &lm->r));
  lm->c = lm->r + lm->N;
  lm->trial_r = lm->c + lm->N;
  NTK_TRY(ntk_alloc_doubles(lm->context, 2 * lm->P, "Levenberg-Marquardt", &lm->theta));
  lm->step = lm->theta + lm->P;
  return NTK_OK;
}

ntk_status ntk_lm_create(const ntk_training *t, ntk_lm **lm) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, 1, sizeof **lm, "Levenberg-Marquardt", &pointer));
  ntk_lm *made = pointer;
  *made = (ntk_lm){.context = t->context,
                   .network = t->network,
                   .data = t->data,
                   .Y = t->Y,
                   .N = t->N,
                   .P = t->P};
  ntk_status status = allocate(made);
  if (status == NTK_OK)
    status = ntk_features_create(made->network, made->data, &made->features);
  if (status == NTK_OK)
    status = residual(made, made->features, made->r, &made->sum);
  if (status == NTK_OK)
    *lm = made;
  else
    ntk_lm_destroy(made);
  return status;
}

void ntk_lm_destroy(ntk_lm *lm) {
  if (lm == NULL)
    return;
  ntk_features_destroy(lm->features);
  ntk_free(lm->context, lm->r);
  ntk_free(lm->context, lm->theta);
  ntk_free(lm->context, lm);
}

ntk_status ntk_lm_restart(ntk_lm *lm, double damping) {
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create(lm->network, lm->data, &features));
  ntk_features_destroy(lm->features);
  lm->features = features;
  lm->damping = damping;
  return residual(lm, features, lm->r, &lm->sum);
}

/* c and step = J^T c for the present mu; NTK_ERR_NUMERIC when K + mu I has no factor. mean: K's
 * mean diagonal. */
static ntk_status solve(ntk_lm *lm, double *mean) {
  ntk_kernel *K = NULL;
  NTK_TRY(ntk_kernel_create(lm->features, NULL, &K));
  double trace = 0.0, least = 0.0;
  K->backend->kernel_diagonal(K, &trace, &least);
  *mean = trace / (double)lm->N;
  if (lm->damping == 0.0)
    lm->damping = FIRST_DAMPING * *mean;
  lm->damping = fmax(lm->damping, DBL_EPSILON * *mean);
  memcpy(lm->c, lm->r, lm->N * sizeof(double));
  ntk_status status = ntk_kernel_factor(K, -lm->damping);
  if (status == NTK_OK)
    status = ntk_kernel_solve(K, lm->c, 1);
  ntk_kernel_destroy(K);
  return status == NTK_OK ? ntk_jacobian_adjoint(lm->features, lm->c, lm->step) : status;
}

/* theta - step in the network: its features, residual and sum of squares; infinite where F is not
 * finite. */
static ntk_status try_step(ntk_lm *lm, ntk_features **features, double *sum) {
  for (size_t p = 0; p < lm->P; p++)
    lm->network->theta[p] = lm->theta[p] - lm->step[p];
  NTK_TRY(ntk_features_create(lm->network, lm->data, features));
  NTK_TRY(residual(lm, *features, lm->trial_r, sum));
  if (!isfinite(*sum))
    *sum = INFINITY;
  return NTK_OK;
}

static void accept(ntk_lm *lm, ntk_features *features, double sum, double gain) {
  ntk_features_destroy(lm->features);
  lm->features = features;
  memcpy(lm->r, lm->trial_r, lm->N * sizeof(double));
  lm->sum = sum;
  if (gain > GOOD)
    lm->damping *= 0.01;
  else if (gain < POOR)
    lm->damping *= 4.0;
}

/* One try: *done when it was accepted, or nothing is left to gain. */
static ntk_status attempt(ntk_lm *lm, bool *accepted, bool *hopeless) {
  double mean = 0.0, sum = INFINITY;
  NTK_TRY(solve(lm, &mean));
  const double mu_c = lm->damping * ntk_dnrm2(lm->N, lm->c);
  const double predicted = lm->sum - mu_c * mu_c;
  if (!(predicted > 0.0) ||
      ntk_dnrm2(lm->P, lm->step) <= DBL_EPSILON * ntk_dnrm2(lm->P, lm->theta)) {
    *hopeless = true;
    return NTK_OK;
  }
  ntk_features *features = NULL;
  const ntk_status status = try_step(lm, &features, &sum);
  const double gain = (lm->sum - sum) / predicted;
  if (status == NTK_OK && gain > ACCEPTED) {
    accept(lm, features, sum, gain);
    *accepted = true;
  } else {
    ntk_features_destroy(features);
    memcpy(lm->network->theta, lm->theta, lm->P * sizeof(double));
  }
  return status;
}

ntk_status ntk_lm_step(ntk_lm *lm, double *sum, bool *stalled) {
  bool accepted = false, hopeless = lm->sum == 0.0;
  double growth = 2.0;
  memcpy(lm->theta, lm->network->theta, lm->P * sizeof(double));
  for (int i = 0; i < MOST_TRIES && !accepted && !hopeless; i++) {
    const ntk_status status = attempt(lm, &accepted, &hopeless);
    if (status != NTK_OK && status != NTK_ERR_NUMERIC)
      return status;
    if (!accepted) {
      lm->damping *= growth;
      growth *= 2.0;
    }
  }
  *sum = lm->sum;
  *stalled = !accepted;
  return NTK_OK;
}

double ntk_lm_bytes(size_t N, size_t P) {
  return 8.0 * (3.0 * (double)N + 2.0 * (double)P);
}
