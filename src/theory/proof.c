/* The kernels of Section 3.1 and the inequalities between them. With f = f_{L-2}, b = D_L
 * phi'(g_{L-1}), f~ and b~ centred by expectations over X, M = E[f~ (x) b~] and s_i = <f~_i (x)
 * b~_i, M>:
 *
 *   K_{L-2}    = F F^T o B B^T
 *   J~_FB J~_FB^T = F~ F~^T o B~ B~^T                                     step (a)
 *   (J~ J~^T)_ij  = (J~_FB J~_FB^T)_ij - s_i - s_j + ||M||_F^2            step (b), (11)
 *
 * The last difference is s 1^T + 1 s^T - mu 1 1^T with mu = ||M||_F^2, that is, a PSD matrix s s^T
 * / mu less one of rank one, q q^T with q = s / sqrt mu - sqrt mu 1. So lambda_min(J~_FB J~_FB^T)
 * >= lambda_min(J~ J~^T) - ||q||^2. Only lambda_min of a difference counts against the theorem: its
 * operator norm holds the means' large PSD part too. */
#include "theory/ledger.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FULL_UP_TO = 6000 }; /* order of matrices whose whole spectrum is taken */

typedef enum which { WHOLE, BLOCK, FB, CENTRED } which;
static const char *const names[] = {"K", "K_{L-2}", "F~ F~^T o B~ B~^T", "J~ J~^T"};

/* s and ||M||^2. */
static ntk_status centre_rows(ntk_verification *v, double *mu) {
  const ntk_network *network = v->network;
  double *g;
  NTK_TRY(ntk_alloc_doubles(v->context, network->parameters, "ledger", &g));
  memset(g, 0, network->parameters * sizeof(double));
  memcpy(g + (network->W[v->L - 1] - network->theta), v->population->M,
         v->n * v->m * sizeof(double));
  const ntk_status status = ntk_jacobian_apply(v->centred, g, v->s);
  const double norm = ntk_dnrm2(v->n * v->m, v->population->M);
  *mu = norm * norm;
  ntk_free(v->context, g);
  return status;
}

/* Kernel k, to be destroyed. */
static ntk_status build(ntk_verification *v, which k, double mu, ntk_kernel **kernel) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(v->context, v->L, sizeof(bool), "blocks", &pointer));
  bool *block = memset(pointer, 0, v->L * sizeof(bool));
  block[v->L - 2] = true;
  ntk_status status =
      ntk_kernel_create(k >= FB ? v->centred : v->features, k == WHOLE ? NULL : block, kernel);
  ntk_free(v->context, block);
  if (status != NTK_OK || k != CENTRED)
    return status;
  double *x;
  status = ntk_alloc_doubles(v->context, v->N, "ledger", &x);
  if (status == NTK_OK) {
    for (size_t i = 0; i < v->N; i++)
      x[i] = 0.5 * mu - v->s[i];
    (*kernel)->backend->kernel_add_sums(*kernel, x);
    ntk_free(v->context, x);
  } else {
    ntk_kernel_destroy(*kernel);
  }
  return status;
}

/* Extreme eigenvalues; NaN below resolution. */
typedef struct extremes {
  double low, high, resolution;
} extremes;

/* Takes the kernel over. values: N ascending, or NULL. */
static ntk_status whole_spectrum(ntk_verification *v, ntk_kernel *K, double *values, extremes *e) {
  double *own = values;
  ntk_status status = NTK_OK;
  if (own == NULL)
    status = ntk_alloc_doubles(v->context, v->N, "eigenvalues", &own);
  if (status == NTK_OK)
    status = K->backend->kernel_full(K, own);
  if (status == NTK_OK) {
    e->low = own[0];
    e->high = own[v->N - 1];
    e->resolution =
        8.0 * (DBL_EPSILON / 2) * sqrt((double)v->N) * fmax(fabs(e->low), fabs(e->high));
  }
  if (own != values)
    ntk_free(v->context, own);
  ntk_kernel_destroy(K);
  return status;
}

/* The same by Lanczos, for matrices too large for LAPACK; of positive semi-definite ones alone. */
static ntk_status ends_of_spectrum(ntk_verification *v, ntk_kernel *K, extremes *e) {
  double *vector, trace = 0.0, least = 0.0;
  ntk_eigenpair pair;
  NTK_TRY(ntk_alloc_doubles(v->context, v->N, "eigenvector", &vector));
  ntk_operator A = ntk_kernel_operator(K);
  ntk_status status = ntk_eigen_largest(v->context, &A, 1e-6, v->options.seed, &pair, vector);
  if (status == NTK_OK) {
    e->high = pair.value;
    K->backend->kernel_diagonal(K, &trace, &least);
    e->resolution = ntk_cholesky_bound(v->N, trace);
    status = ntk_kernel_factor(K, 0.0);
    if (status == NTK_OK) {
      A = ntk_kernel_operator(K);
      status = ntk_eigen_smallest(v->context, &A, 1e-6, v->options.seed, &pair, vector);
      e->low = status == NTK_OK ? pair.value : NAN;
    }
    if (status == NTK_ERR_NUMERIC) { /* singular to rounding */
      e->low = NAN;
      status = NTK_OK;
    }
  }
  ntk_free(v->context, vector);
  ntk_kernel_destroy(K);
  return status;
}

static ntk_status spectrum_of(ntk_verification *v, which k, double mu, extremes *e) {
  ntk_kernel *K = NULL;
  double *values = NULL;
  NTK_TRY(build(v, k, mu, &K));
  if (k == CENTRED) { /* what Proposition 3.3 needs of it */
    ntk_eigenpair pair;
    const ntk_operator A = ntk_kernel_operator(K);
    const ntk_status status =
        ntk_eigen_largest(v->context, &A, 1e-3, v->options.seed, &pair, v->top);
    if (status != NTK_OK) {
      ntk_kernel_destroy(K);
      return status;
    }
  }
  if (v->N > FULL_UP_TO)
    return ends_of_spectrum(v, K, e);
  ntk_ledger_spectrum *keep = &v->ledger->spectrum[k];
  keep->name = names[k];
  if (v->options.spectra) {
    const ntk_status status = ntk_alloc_doubles(v->context, v->N, "eigenvalues", &values);
    if (status != NTK_OK) {
      ntk_kernel_destroy(K);
      return status;
    }
    keep->values = values;
  }
  return whole_spectrum(v, K, values, e);
}

/* Spectrum of kernel a less kernel b. */
static ntk_status difference(ntk_verification *v, which a, which b, double mu, extremes *e) {
  ntk_kernel *A = NULL, *B = NULL;
  *e = (extremes){NAN, NAN, NAN};
  if (v->N > FULL_UP_TO)
    return NTK_OK;
  NTK_TRY(build(v, a, mu, &A));
  const ntk_status status = build(v, b, mu, &B);
  if (status != NTK_OK) {
    ntk_kernel_destroy(A);
    return status;
  }
  A->backend->kernel_add(A, -1.0, B);
  ntk_kernel_destroy(B);
  return whole_spectrum(v, A, NULL, e);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static const char *const NN = "n_{L-2} n_{L-1}";

static double product_of_widths(const ntk_verification *v) {
  return (double)v->n * (double)v->m;
}

/* lambda_min of a kernel over n_{L-2} n_{L-1}. */
static ntk_status row_lambda(ntk_verification *v, const char *section, const char *name,
                             const char *equation, const extremes *e) {
  ntk_status status;
  ntk_ledger_row *row = ntk_ledger_add(v->ledger, section, name, equation, &status);
  if (row == NULL)
    return status;
  row->value = e->low > e->resolution ? e->low : NAN;
  row->error = e->resolution;
  ntk_ledger_scale(row, NN, product_of_widths(v));
  ntk_ledger_judge(row, 0.0, 1e2); /* whatever the constant: only a ladder of sizes can tell */
  if (isnan(row->value))
    snprintf(row->note, sizeof row->note, "below %.2g, what double precision can tell from 0 here",
             e->resolution);
  return NTK_OK;
}

/* What a step costs lambda_min, over n_{L-2} n_{L-1}: to be o(1). */
static ntk_status row_slack(ntk_verification *v, const char *section, const char *name,
                            const char *equation, double value, const char *note) {
  ntk_status status;
  ntk_ledger_row *row = ntk_ledger_add(v->ledger, section, name, equation, &status);
  if (row == NULL)
    return status;
  row->value = value;
  ntk_ledger_scale(row, NN, product_of_widths(v));
  row->verdict = isnan(value) ? NTK_LEDGER_UNRESOLVED : NTK_LEDGER_MEASURED;
  snprintf(row->note, sizeof row->note, "%s", note);
  return NTK_OK;
}

/* An inequality between measured numbers, value >= bound - slack. */
static ntk_status row_inequality(ntk_verification *v, const char *section, const char *name,
                                 const char *equation, double value, double bound, double slack) {
  ntk_status status;
  ntk_ledger_row *row = ntk_ledger_add(v->ledger, section, name, equation, &status);
  if (row == NULL)
    return status;
  row->value = value;
  ntk_ledger_scale(row, "right side", bound);
  if (isnan(value) || isnan(bound))
    row->verdict = NTK_LEDGER_UNRESOLVED;
  else
    row->verdict = value >= bound - slack ? NTK_LEDGER_HOLDS : NTK_LEDGER_FAILS;
  return NTK_OK;
}

static ntk_status rows_theorem31(ntk_verification *v, const extremes *e) {
  ntk_status status;
  NTK_TRY(row_lambda(v, "Theorem 3.1", "lambda_min(K)", "(6)", &e[WHOLE]));
  ntk_ledger_row *row = ntk_ledger_add(v->ledger, "Theorem 3.1", "lambda_min(K)", "(7)", &status);
  if (row == NULL)
    return status;
  row->value = e[WHOLE].low > e[WHOLE].resolution ? e[WHOLE].low : NAN;
  ntk_ledger_scale(row, "d n_{L-1}", (double)v->network->width[0] * (double)v->m);
  ntk_ledger_judge(row, 0.0, 1e2);
  double *norms;
  NTK_TRY(ntk_alloc_doubles(v->context, 2 * v->L * v->N, "row norms", &norms));
  status = v->features->backend->features_norms(v->features, norms, norms + v->L * v->N);
  double least = INFINITY;
  for (size_t i = 0; i < v->N && status == NTK_OK; i++) {
    double diagonal = 0.0;
    for (size_t k = 0; k < v->L; k++)
      diagonal += norms[k * v->N + i] * norms[(v->L + k) * v->N + i];
    least = fmin(least, diagonal);
  }
  ntk_free(v->context, norms);
  if (status != NTK_OK)
    return status;
  return row_inequality(v, "Theorem 3.1", "min_i K_ii >= lambda_min(K)", "(16)", least,
                        e[WHOLE].low, e[WHOLE].resolution);
}

static ntk_status rows_steps(ntk_verification *v, const extremes *e, double mu) {
  const char *section = "Theorem 3.2";
  extremes a, b;
  NTK_TRY(difference(v, BLOCK, FB, mu, &a));
  NTK_TRY(difference(v, FB, CENTRED, mu, &b));
  double rank_one = 0.0;
  for (size_t i = 0; i < v->N; i++) {
    const double q = v->s[i] / sqrt(mu) - sqrt(mu);
    rank_one += q * q;
  }
  const double norm_s = ntk_dnrm2(v->N, v->s);
  NTK_TRY(row_lambda(v, section, "lambda_min(K_{L-2})", "(10)", &e[BLOCK]));
  NTK_TRY(row_lambda(v, section, "lambda_min(F~ F~^T o B~ B~^T)", "step (a)", &e[FB]));
  NTK_TRY(row_slack(v, section, "what step (a) costs at most: -lambda_min(difference)", "step (a)",
                    fmax(0.0, -a.low), "theorem: o(n_{L-2} n_{L-1})"));
  NTK_TRY(row_slack(v, section, "||difference of step (a)||", "step (a)", fmax(-a.low, a.high),
                    "mostly the means' PSD part, which only helps"));
  NTK_TRY(row_inequality(v, section, "K_{L-2}: lambda_min >= centred one - cost of (a)", "step (a)",
                         e[BLOCK].low, e[FB].low - fmax(0.0, -a.low), e[BLOCK].resolution));
  NTK_TRY(row_slack(v, section, "||q||^2, rank-one part of step (b)", "step (b)", rank_one,
                    "theorem: o(n_{L-2} n_{L-1})"));
  NTK_TRY(row_slack(v, section, "||s||^2 / ||M||^2, PSD part of step (b)", "step (b)",
                    norm_s * norm_s / mu, "it only helps"));
  NTK_TRY(
      row_slack(v, section, "||difference of step (b)||", "step (b)", fmax(-b.low, b.high), ""));
  NTK_TRY(row_inequality(v, section, "F~ o B~: lambda_min >= that of J~ J~^T - ||q||^2", "step (b)",
                         e[FB].low, e[CENTRED].low - rank_one, e[FB].resolution));
  NTK_TRY(row_slack(v, section, "lambda_min(J~ J~^T) - lambda_min(K_{L-2})", "(12)",
                    fmax(0.0, e[CENTRED].low - e[BLOCK].low), "theorem: o(n_{L-2} n_{L-1})"));
  return row_inequality(v, "Section 3.1", "lambda_min(K) >= lambda_min(K_{L-2})", "(8)",
                        e[WHOLE].low, e[BLOCK].low, e[WHOLE].resolution);
}

ntk_status ntk_verify_kernels(ntk_verification *v) {
  extremes e[NTK_LEDGER_SPECTRA];
  double mu = 0.0;
  NTK_TRY(centre_rows(v, &mu));
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    NTK_TRY(
        ntk_progress_report(v->context, "kernels of the proof", (double)k / NTK_LEDGER_SPECTRA));
    NTK_TRY(spectrum_of(v, (which)k, mu, &e[k]));
  }
  v->lambda_min_centred = e[CENTRED].low;
  double *norms;
  NTK_TRY(ntk_alloc_doubles(v->context, 2 * v->L * v->N, "row norms", &norms));
  const ntk_status status =
      v->centred->backend->features_norms(v->centred, norms, norms + v->L * v->N);
  for (size_t i = 0; i < v->N && status == NTK_OK; i++)
    v->eta2[i] =
        norms[(v->L - 2) * v->N + i] * norms[(2 * v->L - 2) * v->N + i] - 2.0 * v->s[i] + mu;
  ntk_free(v->context, norms);
  NTK_TRY(status);
  NTK_TRY(rows_theorem31(v, e));
  NTK_TRY(rows_steps(v, e, mu));
  return row_lambda(v, "Theorem 3.4", "lambda_min(J~ J~^T)", "(15)", &e[CENTRED]);
}
