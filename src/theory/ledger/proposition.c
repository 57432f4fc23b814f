/* Proposition 3.3 with numbers. The rows of J~ are independent copies of z = f~ (x) b~ - M, times
 * the root of W_{L-1}'s scale where that is not 1; their
 * sub-exponential norm is sup_W || <W, z> ||_{psi_1} over unit W. It is estimated over some W, from
 * fresh samples, and so from below: random dense ones, random ones of rank one, and the direction
 * in which the data's own J~ is largest, W = J~^T y / ||J~^T y|| for the top eigenvector y of J~
 * J~^T (the sum of y_i f~_i b~_i^T less (sum y) M; not where the law is unknown, for the samples
 * would be those that made it). With K = 1 and K' = eta_max / sqrt(n_{L-2}
 * n_{L-1}), for which the last term of (14) is 0 on these data, xi = psi K + K'. */
#include "theory/ledger/ledger.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { DENSE = 3, RANK_ONE = 8, DIRECTIONS = DENSE + RANK_ONE + 1, SAMPLES = 10000 };

typedef struct directions {
  size_t samples;
  double *W; /* DIRECTIONS x n m, unit */
  double *z; /* DIRECTIONS x samples: <W, f~ (x) b~ - M> */
  double *g; /* P */
  double *u; /* NTK_POPULATION_PIECE */
} directions;

static void normalise(size_t n, double *w) {
  const double norm = ntk_dnrm2(n, w);
  if (norm > 0.0)
    ntk_dscal(n, 1.0 / norm, w);
}

static ntk_status choose(const ntk_verification *v, directions *d) {
  const size_t n = v->n, m = v->m, entries = n * m;
  const ntk_random source = {v->options.seed, NTK_STREAM_PROBES, NTK_PROBE_PSI};
  for (size_t q = 0; q < DENSE; q++)
    ntk_random_normal(source, q, entries, d->W + q * entries);
  double *a;
  NTK_TRY(ntk_alloc_doubles(v->context, n + m, "directions", &a));
  for (size_t q = DENSE; q < DENSE + RANK_ONE; q++) {
    ntk_random_normal(source, q, n + m, a);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < m; j++)
        d->W[q * entries + i * m + j] = a[i] * a[n + j];
  }
  ntk_free(v->context, a);
  NTK_TRY(ntk_jacobian_adjoint(v->centred, v->top, d->g));
  double *worst = d->W + (DIRECTIONS - 1) * entries, sum = 0.0;
  memcpy(worst, d->g + ntk_layer_offset(v->network, v->L - 1), entries * sizeof *worst);
  for (size_t i = 0; i < v->N; i++)
    sum += v->top[i];
  ntk_daxpy(entries, -sum, v->population->M, worst);
  for (size_t q = 0; q < DIRECTIONS; q++)
    normalise(entries, d->W + q * entries);
  memset(d->g, 0, v->network->parameters * sizeof *d->g);
  return NTK_OK;
}

/* Projections of one piece of samples. */
static ntk_status project(const ntk_verification *v, directions *d, size_t at,
                          const ntk_features *centred) {
  const size_t entries = v->n * v->m;
  double *G = d->g + ntk_layer_offset(v->network, v->L - 1);
  for (size_t q = 0; q < DIRECTIONS; q++) {
    const double *W = d->W + q * entries;
    const double mean = ntk_ddot(entries, W, v->population->M);
    memcpy(G, W, entries * sizeof *G);
    NTK_TRY(ntk_jacobian_apply(centred, d->g, d->u));
    for (size_t i = 0; i < centred->N; i++)
      d->z[q * d->samples + at + i] = sqrt(v->a) * (d->u[i] - mean);
  }
  return NTK_OK;
}

static ntk_status project_all(const ntk_verification *v, directions *d) {
  const ntk_population *p = v->population;
  for (size_t first = 0; first < d->samples; first += NTK_POPULATION_PIECE) {
    const size_t left = d->samples - first;
    ntk_dataset *piece = NULL;
    ntk_features *features = NULL, *centred = NULL;
    NTK_TRY(ntk_progress_report(v->context, "sub-exponential norm",
                                (double)first / (double)d->samples));
    NTK_TRY(ntk_source_features(v->context, v->network, &v->source, first,
                                left < NTK_POPULATION_PIECE ? left : NTK_POPULATION_PIECE, &piece,
                                &features));
    ntk_status status = ntk_features_centre(features, p->mean_f[v->L - 2], p->mean_b, &centred);
    if (status == NTK_OK)
      status = project(v, d, first, centred);
    ntk_features_destroy(centred);
    ntk_features_destroy(features);
    ntk_dataset_destroy(piece);
    NTK_TRY(status);
  }
  return NTK_OK;
}

static ntk_status estimate_psi(const ntk_verification *v, double *random, double *worst) {
  const size_t available = v->population->samples, entries = v->n * v->m;
  directions d = {.samples = available < SAMPLES ? available : SAMPLES};
  NTK_TRY(ntk_alloc_doubles(v->context,
                            DIRECTIONS * (entries + d.samples) + v->network->parameters +
                                NTK_POPULATION_PIECE,
                            "directions", &d.W));
  d.z = d.W + DIRECTIONS * entries;
  d.g = d.z + DIRECTIONS * d.samples;
  d.u = d.g + v->network->parameters;
  ntk_status status = choose(v, &d);
  if (status == NTK_OK)
    status = project_all(v, &d);
  *random = 0.0;
  for (size_t q = 0; q + 1 < DIRECTIONS && status == NTK_OK; q++)
    *random = fmax(*random, ntk_psi1(d.z + q * d.samples, d.samples));
  if (status == NTK_OK && v->source.distribution != NULL)
    *worst = ntk_psi1(d.z + (DIRECTIONS - 1) * d.samples, d.samples);
  ntk_free(v->context, d.W);
  return status;
}

ntk_status ntk_verify_proposition(ntk_verification *v) {
  const double nn = (double)v->n * (double)v->m, N = (double)v->N;
  double least = INFINITY, most = 0.0, random = NAN, worst = NAN;
  for (size_t i = 0; i < v->N; i++) {
    least = fmin(least, v->eta2[i]);
    most = fmax(most, v->eta2[i]);
  }
  NTK_TRY(estimate_psi(v, &random, &worst));
  const double psi = fmax(random, worst), xi = psi + sqrt(most / nn);
  const double delta = xi * xi * pow(N, 0.25) * pow(nn, 0.75);
  (void)ntk_ledger_add(v, NTK_ROW_ETA_MIN, 0, sqrt(least));
  (void)ntk_ledger_add(v, NTK_ROW_ETA_MAX, 0, sqrt(most));
  ntk_ledger_note(ntk_ledger_add(v, NTK_ROW_PSI_RANDOM, 0, random), "a lower estimate");
  ntk_ledger_note(ntk_ledger_add(v, NTK_ROW_PSI_WORST, 0, worst),
                  v->source.distribution != NULL ? "a lower estimate"
                                                 : "the direction is made from these samples");
  ntk_ledger_note(ntk_ledger_add(v, NTK_ROW_XI, 0, xi), "K' = eta_max / sqrt(n_{L-2} n_{L-1})");
  ntk_ledger_note(ntk_ledger_add(v, NTK_ROW_DELTA, 0, delta),
                  "o(n_{L-2} n_{L-1}) when N is, for xi = O(1)");
  const double C = delta > 0.0 && !isnan(v->lambda_min_centred)
                       ? fmax(0.0, (least - v->lambda_min_centred) / delta)
                       : NAN;
  ntk_ledger_note(ntk_ledger_add(v, NTK_ROW_C13, 0, C),
                  isnan(v->lambda_min_centred)
                      ? "lambda_min(J~ J~^T) is not resolved"
                      : "with psi as estimated; a larger psi makes C smaller");
  return NTK_OK;
}
