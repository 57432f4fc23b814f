/* Levenberg-Marquardt. The step minimises ||r + J delta||^2 + mu ||delta||^2; in the N x N system,
 *
 *     (K + mu I) c = r,   delta = -J^T c,   r + J delta = mu c,
 *
 * (with scales of blocks -C J^T c, K = J C J^T, and ||delta||^2 is delta^T C^{-1} delta),
 * so that the decrease predicted for r^T r is r^T r - mu^2 c^T c, and neither J nor a P x P matrix
 * is formed. mu starts at 1e-3 of K's mean diagonal. After a step whose decrease is near the
 * predicted one (the model is good) mu falls as the loss did, so that the last steps are
 * Gauss-Newton's; one that does not decrease is taken back, and mu grows.
 *
 * The factor is most of a step's cost: a kernel and N^3/3 against a forward pass, J^T c and a
 * solve. So each step is followed by corrections -J^T (K + mu I)^{-1} r with the same J and factor
 * at the new r (chord steps), for as long as one halves the loss. */
#include "fit/train/lm.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/range.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_TRIES = 10, MOST_CHORDS = 40 };
static const double FIRST_DAMPING = 1e-3, GOOD = 0.75, POOR = 0.25, ACCEPTED = 1e-4, CHORD = 0.5;

/* r = F - Y at the network's weights; *sum = r^T r, infinite where F is not finite. */
static ntk_status residual(const ntk_lm *lm, const ntk_network *network, double *r, double *sum) {
  NTK_TRY(ntk_network_output(network, lm->data, r));
  double total = 0.0;
  for (size_t i = 0; i < lm->N; i++) {
    r[i] -= lm->Y[i];
    total += r[i] * r[i];
  }
  *sum = isfinite(total) ? total : INFINITY;
  return NTK_OK;
}

static ntk_status allocate_system(ntk_lm *lm) {
  NTK_TRY(ntk_alloc_doubles(lm->context, 3 * lm->N, "Levenberg-Marquardt", &lm->r));
  lm->c = lm->r + lm->N;
  lm->trial_r = lm->c + lm->N;
  NTK_TRY(ntk_alloc_doubles(lm->context, 2 * lm->P, "Levenberg-Marquardt", &lm->theta));
  lm->step = lm->theta + lm->P;
  return ntk_network_copy(lm->network, &lm->trial);
}

/* Of a kernel that is 0 for underflow every step is, too. */
static ntk_status check_range(const ntk_training *t) {
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(t->network, t->data, NTK_OUTPUTS_ALL, &features));
  const ntk_status status = ntk_range_check(features, t->L);
  ntk_features_destroy(features);
  return status;
}

ntk_status ntk_lm_create(ntk_training *t, ntk_lm **lm) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, 1, sizeof **lm, "Levenberg-Marquardt", &pointer));
  ntk_lm *made = pointer;
  *made = (ntk_lm){.context = t->context,
                   .of = t,
                   .network = t->network,
                   .data = t->data,
                   .Y = t->Y,
                   .N = t->R,
                   .P = t->P};
  ntk_status status = check_range(t);
  if (status == NTK_OK)
    status = allocate_system(made);
  if (status == NTK_OK)
    status = ntk_lm_restart(made, 0.0);
  if (status == NTK_OK)
    *lm = made;
  else
    ntk_lm_destroy(made);
  return status;
}

void ntk_lm_destroy(ntk_lm *lm) {
  if (lm == NULL)
    return;
  ntk_free(lm->context, lm->r);
  ntk_free(lm->context, lm->theta);
  ntk_network_destroy(lm->trial);
  ntk_free(lm->context, lm);
}

ntk_status ntk_lm_restart(ntk_lm *lm, double damping) {
  lm->damping = damping;
  return residual(lm, lm->network, lm->r, &lm->sum);
}

/* K + mu I; NTK_ERR_NUMERIC: it has no factor. */
static ntk_status factorise(ntk_lm *lm, ntk_damped *system) {
  NTK_TRY(ntk_damped_create(system));
  const double mean = system->trace / (double)lm->N;
  if (lm->damping == 0.0)
    lm->damping = FIRST_DAMPING * mean;
  lm->damping = fmax(lm->damping, DBL_EPSILON * mean);
  return ntk_damped_factor(system, lm->damping);
}

/* theta - J^T c with (K + mu I) c = r in the trial; *sum becomes its r^T r. The state is as it
 * was. */
static ntk_status try_step(ntk_lm *lm, ntk_damped *system, double *sum) {
  NTK_TRY(ntk_damped_solve(system, lm->r, lm->c));
  NTK_TRY(ntk_jacobian_adjoint(system->features, lm->c, lm->step));
  ntk_scale_parameters(lm->network, lm->step);
  for (size_t p = 0; p < lm->P; p++)
    lm->trial->theta[p] = lm->theta[p] - lm->step[p];
  return residual(lm, lm->trial, lm->trial_r, sum);
}

/* Makes the trial the state. */
static void accept(ntk_lm *lm, double sum) {
  memcpy(lm->theta, lm->trial->theta, lm->P * sizeof(double));
  memcpy(lm->r, lm->trial_r, lm->N * sizeof(double));
  lm->sum = sum;
}

/* Corrections with the factor of the step before; the one that does not gain enough is taken back.
 */
static ntk_status chords(ntk_lm *lm, ntk_damped *system) {
  for (int i = 0; i < MOST_CHORDS && lm->sum > 0.0; i++) {
    double sum = INFINITY;
    NTK_TRY(try_step(lm, system, &sum));
    if (!(sum <= CHORD * lm->sum))
      return NTK_OK;
    accept(lm, sum);
  }
  return NTK_OK;
}

/* One factorisation. *accepted: a step was made; *hopeless: none can gain anything. */
static ntk_status attempt(ntk_lm *lm, ntk_features *features, bool *accepted, bool *hopeless) {
  ntk_damped system = {.features = features, .way = lm->of->way};
  double sum = INFINITY;
  ntk_status status = factorise(lm, &system);
  if (status == NTK_OK)
    status = try_step(lm, &system, &sum);
  if (status == NTK_OK) {
    const double mu_c = lm->damping * ntk_dnrm2(lm->N, lm->c), predicted = lm->sum - mu_c * mu_c;
    const double gain = (lm->sum - sum) / predicted;
    *accepted = predicted > 0.0 && gain > ACCEPTED;
    /* A prediction that is no decrease: mu is too small for K + mu I to be solved with. */
    *hopeless =
        !*accepted && ntk_dnrm2(lm->P, lm->step) <= DBL_EPSILON * ntk_dnrm2(lm->P, lm->theta);
    if (*accepted) {
      const double before = lm->sum;
      accept(lm, sum);
      if (gain > GOOD)
        status = chords(lm, &system);
      if (gain > GOOD)
        lm->damping *= fmin(0.5, fmax(1e-4, lm->sum / before));
      else if (gain < POOR)
        lm->damping *= 4.0;
    }
  }
  ntk_damped_destroy(&system);
  ntk_training_note(lm->of, system.why);
  return status;
}

ntk_status ntk_lm_step(ntk_lm *lm, double *sum, bool *stalled) {
  bool accepted = false, hopeless = lm->sum == 0.0;
  double growth = 4.0;
  const double damping = lm->damping;
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(lm->network, lm->data, NTK_OUTPUTS_ALL, &features));
  memcpy(lm->theta, lm->network->theta, lm->P * sizeof(double));
  ntk_status status = NTK_OK;
  for (int i = 0; i < MOST_TRIES && !accepted && !hopeless && status == NTK_OK; i++) {
    status = attempt(lm, features, &accepted, &hopeless);
    if (status == NTK_ERR_NUMERIC) /* no factor: a larger mu has one */
      status = NTK_OK;
    if (!accepted) {
      lm->damping *= growth;
      growth *= 4.0;
    }
  }
  ntk_features_destroy(features);
  if (status != NTK_OK || !accepted) /* the step will be made again, from the same state */
    lm->damping = damping;
  NTK_TRY(status);
  if (accepted)
    ntk_network_set(lm->network, lm->theta);
  *sum = lm->sum;
  *stalled = !accepted;
  return NTK_OK;
}

double ntk_lm_bytes(size_t N, size_t P) {
  return 8.0 * (3.0 * (double)N + 3.0 * (double)P);
}
