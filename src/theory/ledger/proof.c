/* The kernels of Section 3.1 and the inequalities between them. With f = f_{L-2}, b = D_L
 * phi'(g_{L-1}), f~ and b~ centred by expectations over X, M = E[f~ (x) b~], a and c the scales of
 * W_{L-1} and its bias (1 and 0 in the paper), s_i = a <f~_i (x) b~_i, M> and nu = a ||M||_F^2:
 *
 *   K_{L-2}       = (a F F^T + c) o B B^T                                 (10)
 *   J~_FB J~_FB^T = a F~ F~^T o B~ B~^T                                   step (a)
 *   (J~ J~^T)_ij  = (J~_FB J~_FB^T)_ij - s_i - s_j + nu                   step (b), (11)
 *
 * The last difference is s 1^T + 1 s^T - nu 1 1^T: for every t >= nu a PSD matrix s s^T / t +
 * (t - nu) 1 1^T less one of rank one, q q^T with q = s / sqrt t - sqrt t 1. So lambda_min(J~_FB
 * J~_FB^T) >= lambda_min(J~ J~^T) - ||q||^2. Only lambda_min of a difference counts against the
 * theorem: its operator norm holds the means' large PSD part too. Derivations: docs/algorithm.md,
 * "The proof in numbers". */
#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "theory/ledger/kernels.h"
#include "theory/ledger/norm2.h"

#include <math.h>
#include <string.h>

/* s and nu. */
static ntk_status centre_rows(ntk_verification *v, double *nu) {
  const ntk_network *network = v->network;
  double *g;
  NTK_TRY(ntk_alloc_doubles(v->context, network->parameters, "ledger", &g));
  memset(g, 0, network->parameters * sizeof(double));
  memcpy(g + ntk_layer_offset(network, v->L - 1), v->population->M, v->n * v->m * sizeof(double));
  const ntk_status status = ntk_jacobian_apply(v->centred, g, v->s);
  const double norm = ntk_dnrm2(v->n * v->m, v->population->M);
  *nu = v->a * (norm * norm);
  ntk_dscal(v->N, v->a, v->s);
  ntk_free(v->context, g);
  return status;
}

/* eta2, entry by entry: from K's diagonal, less 2 s_i, it would cancel. */
static ntk_status square_rows(ntk_verification *v) {
  const size_t n = v->n, m = v->m;
  const double *M = v->population->M;
  double *f;
  NTK_TRY(ntk_alloc_doubles(v->context, v->N * (n + m), "ledger", &f));
  double *b = f + v->N * n;
  ntk_features_values(v->centred, false, v->L - 2, f);
  ntk_features_values(v->centred, true, v->L - 1, b);
  ntk_watch watch = {.context = v->context, .phase = "kernels of the proof"};
#pragma omp parallel for schedule(static) num_threads(ntk_team(v->context))
  for (size_t i = 0; i < v->N; i++) {
    v->eta2[i] = 0.0;
    if (!ntk_watch_on(&watch, 0.0))
      continue;
    for (size_t a = 0; a < n; a++) {
      double square = 0.0;
      for (size_t c = 0; c < m; c++) {
        const double entry = f[i * n + a] * b[i * m + c] - M[a * m + c];
        square += entry * entry;
      }
      v->eta2[i] += square;
    }
    v->eta2[i] *= v->a;
  }
  ntk_free(v->context, f);
  return watch.status;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* lambda_min of a kernel over its order; whatever the constant: only a sweep of sizes can tell. */
static ntk_ledger_row *row_lambda(ntk_verification *v, ntk_row id, const ntk_extremes *e) {
  const bool resolved = e->verdict != NTK_VERDICT_BELOW_RESOLUTION;
  ntk_ledger_row *row = ntk_ledger_add(v, id, 0, resolved ? e->lambda_min : NAN);
  row->error = e->resolution;
  ntk_ledger_judge(row, 0.0, 1e2);
  if (e->verdict == NTK_VERDICT_RANK_DEFICIENT) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    ntk_ledger_note(row, "0: %s", e->reason);
  } else if (isnan(row->value)) {
    ntk_ledger_note(row, "%s", e->reason);
  }
  return row;
}

static void rows_theorem31(ntk_verification *v, const ntk_extremes *K, const ntk_extremes *block) {
  const double least = v->least_diagonal;
  (void)row_lambda(v, NTK_ROW_LOWER, K);
  (void)row_lambda(v, NTK_ROW_UPPER, K);
  ntk_ledger_judge(ntk_ledger_add(v, NTK_ROW_DIAGONAL, 0, least), 0.0, 1e2);
  (void)ntk_ledger_add_bound(v, NTK_ROW_DIAGONAL_BOUND, least, K->lambda_min, K->resolution);
  (void)ntk_ledger_add_bound(v, NTK_ROW_BLOCK_BOUND, K->lambda_min, block->lambda_min,
                             K->resolution + block->resolution);
}

/* How far the means' sampling error moves J~_FB, whose rows are f~_i (x) b~_i: ||d_f|| ||B~|| +
 * ||d_b|| ||F~|| + sqrt N ||d_f|| ||d_b|| with E ||d_f||^2 = E ||f~||^2 / samples, and so for b.
 * sigma_min moves by no more (Weyl). */
static ntk_status row_sampling(ntk_verification *v, const ntk_extremes *fb) {
  const ntk_population *p = v->population;
  const double samples = (double)p->samples, N = (double)v->N;
  const double df = sqrt(fmax(0.0, p->centred[v->L - 2]) / samples);
  const double db = sqrt(fmax(0.0, p->centred_b) / samples);
  double *values, F = 0.0, B = 0.0;
  NTK_TRY(ntk_alloc_doubles(v->context, v->N * (v->n > v->m ? v->n : v->m), "ledger", &values));
  ntk_features_values(v->centred, false, v->L - 2, values);
  ntk_status status = ntk_norm2(v->context, values, v->N, v->n, v->options.seed, &F);
  if (status == NTK_OK) {
    ntk_features_values(v->centred, true, v->L - 1, values);
    status = ntk_norm2(v->context, values, v->N, v->m, v->options.seed, &B);
  }
  ntk_free(v->context, values);
  NTK_TRY(status);
  ntk_ledger_row *row =
      ntk_ledger_add(v, NTK_ROW_SAMPLING, 0, sqrt(v->a) * (df * B + db * F + sqrt(N) * df * db));
  row->scale = fb->verdict == NTK_VERDICT_OK ? sqrt(fb->lambda_min) : NAN;
  row->ratio = row->value / row->scale;
  if (row->ratio > 0.5)
    ntk_ledger_note(row, "a bound; 100 times as many population samples make it a tenth");
  return NTK_OK;
}

/* A part of lambda_min that is lost; 0 where rounding would be all of it. */
static double loss(double value, double resolution) {
  return value <= resolution ? 0.0 : value; /* NaN stays */
}

/* ||q||^2, the cost of (b), at the t that makes it least: ||s|| / sqrt N, or nu where that is more.
 * *psd: a bound on the norm of the PSD part, ||s||^2 / t + (t - nu) N. */
static double cost_of_b(const ntk_verification *v, double nu, double *psd) {
  const double n = (double)v->N, norm_s = ntk_dnrm2(v->N, v->s), t = fmax(nu, norm_s / sqrt(n));
  double cost = 0.0; /* s = 0 and M = 0 leave nothing to centre */
  for (size_t i = 0; i < v->N && t > 0.0; i++) {
    const double q = v->s[i] / sqrt(t) - sqrt(t);
    cost += q * q;
  }
  *psd = t > 0.0 ? norm_s * (norm_s / t) + (t - nu) * n : 0.0;
  return cost;
}

/* A mean of independent z that is 0 in truth has ||M||^2 about E ||z||^2 / samples; z = f~ (x) b~,
 * with ||z_i||^2 = ||J~_i||^2 + 2 s_i - nu. */
static bool is_noise(const ntk_verification *v, double nu) {
  double square = 0.0;
  for (size_t i = 0; i < v->N; i++)
    square += (v->eta2[i] + 2.0 * v->s[i] - nu) / (double)v->N;
  return nu <= 2.0 * square / (double)v->population->samples;
}

static ntk_status rows_steps(ntk_verification *v, const ntk_extremes *block, const ntk_extremes *fb,
                             const ntk_extremes *centred, double nu) {
  ntk_extremes a;
  NTK_TRY(ntk_proof_step_a(v, block->resolution, &a));
  const ntk_extremes b = ntk_proof_step_b(v->N, v->s, nu);
  const double cost = loss(-a.lambda_min, a.resolution);
  double psd = 0.0;
  const double rank_one = cost_of_b(v, nu, &psd);
  const double slack = block->resolution + fb->resolution + a.resolution;
  (void)row_lambda(v, NTK_ROW_BLOCK, block);
  (void)row_lambda(v, NTK_ROW_FB, fb);
  ntk_ledger_row *row = ntk_ledger_add(v, NTK_ROW_A_COST, 0, cost);
  row->error = a.resolution;
  row = ntk_ledger_add(v, NTK_ROW_A_NORM, 0, fmax(-a.lambda_min, a.lambda_max));
  ntk_ledger_note(row, "mostly the means' PSD part, which only helps");
  (void)ntk_ledger_add_bound(v, NTK_ROW_A_BOUND, block->lambda_min, fb->lambda_min - cost, slack);
  row = ntk_ledger_add(v, NTK_ROW_B_COST, 0, rank_one);
  if (is_noise(v, nu))
    ntk_ledger_note(row, "the samples do not tell M from 0: sampling error, and less with more");
  row = ntk_ledger_add(v, NTK_ROW_B_PSD, 0, psd);
  ntk_ledger_note(row, "it only helps");
  (void)ntk_ledger_add(v, NTK_ROW_B_NORM, 0, fmax(-b.lambda_min, b.lambda_max));
  /* Where E is the mean over the data lambda_min(J~ J~^T) itself is 0, whatever its low says. */
  const double least = v->source.distribution != NULL ? centred->lambda_min : 0.0;
  (void)ntk_ledger_add_bound(v, NTK_ROW_B_BOUND, fb->lambda_min, least - rank_one,
                             fb->resolution + centred->resolution);
  (void)ntk_ledger_add(v, NTK_ROW_LOSS, 0, loss(centred->lambda_min - block->lambda_min, slack));
  /* Means over the data are what these rows are about, and have no error. */
  return v->source.distribution != NULL ? row_sampling(v, fb) : NTK_OK;
}

/* How rounding is expected to grow in every block, and in K. */
static ntk_status find_accuracy(ntk_verification *v) {
  void *pointer = NULL;
  double *norms = NULL;
  NTK_TRY(ntk_alloc(v->context, v->L + 1, sizeof *v->accuracy, "ledger", &pointer));
  v->accuracy = pointer;
  NTK_TRY(ntk_features_take_norms(v->features, &norms));
  const ntk_norms of = {NTK_OUTPUTS_TRACE, v->N, norms, norms + v->L * v->N};
  const ntk_held held = ntk_dataset_held(v->data);
  ntk_status status = ntk_kernel_accuracies(v->network, &of, true, v->accuracy);
  if (status == NTK_OK)
    status = ntk_deficiency_of_norms(v->network, &held, &of, &v->deficiency);
  ntk_free(v->context, norms);
  return status;
}

static ntk_status kernels(ntk_verification *v) {
  ntk_extremes e[NTK_LEDGER_SPECTRA];
  double nu = 0.0;
  NTK_TRY(centre_rows(v, &nu));
  NTK_TRY(square_rows(v));
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    NTK_TRY(
        ntk_progress_report(v->context, "kernels of the proof", (double)k / NTK_LEDGER_SPECTRA));
    NTK_TRY(ntk_proof_spectrum(v, (ntk_proof_kernel)k, nu, &e[k]));
  }
  v->ledger->deficiency = e[NTK_PROOF_K].deficiency;
  v->lambda_min_centred = e[NTK_PROOF_CENTRED].lambda_min;
  rows_theorem31(v, &e[NTK_PROOF_K], &e[NTK_PROOF_BLOCK]);
  NTK_TRY(rows_steps(v, &e[NTK_PROOF_BLOCK], &e[NTK_PROOF_FB], &e[NTK_PROOF_CENTRED], nu));
  ntk_ledger_row *row = row_lambda(v, NTK_ROW_CENTRED, &e[NTK_PROOF_CENTRED]);
  if (v->source.distribution == NULL && row->verdict != NTK_LEDGER_OUTSIDE)
    ntk_ledger_note(row,
                    isnan(row->value)
                        ? "0: the means over the data make J~^T 1 = 0; the next one is not known"
                        : "on the complement of 1: the means over the data make J~^T 1 = 0");
  return NTK_OK;
}

ntk_status ntk_verify_kernels(ntk_verification *v) {
  ntk_status status = find_accuracy(v);
  if (status == NTK_OK)
    status = kernels(v);
  ntk_free(v->context, v->accuracy);
  v->accuracy = NULL;
  return status;
}
