/* ntk_verify: expectations first, then the ledger, section by section. */
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"
#include "theory/ledger/ledger.h"

#include <math.h>
#include <string.h>

enum { POPULATION = 100000 };

/* min_i K_ii, and whether K has a trace at all. */
static ntk_status diagonal(ntk_verification *v) {
  double *norms = NULL, trace = 0.0;
  NTK_TRY(ntk_features_take_norms(v->features, &norms));
  v->least_diagonal = INFINITY;
  for (size_t i = 0; i < v->N; i++) {
    double entry = 0.0;
    for (size_t k = 0; k < v->L; k++)
      entry += ntk_diagonal_part(v->network, k, norms[k * v->N + i], norms[(v->L + k) * v->N + i]);
    v->least_diagonal = fmin(v->least_diagonal, entry);
    trace += entry;
  }
  ntk_free(v->context, norms);
  if (!isfinite(trace))
    return ntk_fail(NTK_ERR_NOT_FINITE, "the kernel overflows: its trace is not finite");
  return NTK_OK;
}

/* f_{L-2} with a constant coordinate for b_{L-1} has 0 there once it is centred: J~_FB and J~ are
 * of W_{L-1} alone, and the scale of b_{L-1} is 0 to them. */
static void leave_bias_out(ntk_verification *v, double *scale) {
  memcpy(scale, v->network->scale, 2 * v->L * sizeof *scale);
  scale[2 * (v->L - 2) + 1] = 0.0;
  v->centring = *v->network;
  v->centring.scale = scale;
  v->centred->network = &v->centring;
}

static ntk_status expectations(ntk_verification *v) {
  ntk_extremes unused;
  NTK_TRY(ntk_features_create(v->network, v->data, &v->features));
  NTK_TRY(diagonal(v));
  NTK_TRY(ntk_extremes_foresee(v->features, v->L, &unused)); /* refuses what is out of range */
  const double start = ntk_clock();
  NTK_TRY(ntk_population_create(v->context, v->network, &v->source, v->options.population,
                                &v->population));
  NTK_TRY(ntk_features_centre(v->features, v->population->mean_f[v->L - 2], v->population->mean_b,
                              &v->centred));
  NTK_TRY(ntk_alloc_doubles(v->context, 3 * v->N + 2 * v->L, "ledger", &v->s));
  v->eta2 = v->s + v->N;
  v->top = v->eta2 + v->N;
  leave_bias_out(v, v->top + v->N);
  v->ledger->population = v->population->samples;
  v->ledger->seconds_population = ntk_clock() - start;
  return NTK_OK;
}

static void release(ntk_verification *v) {
  ntk_features_destroy(v->centred);
  ntk_features_destroy(v->features);
  ntk_population_destroy(v->population);
  ntk_free(v->context, v->s);
}

/* Population 0 stands for the default; the sizes must agree and be what memory allows. */
static ntk_status check_verification(ntk_verification *v) {
  const ntk_held held = ntk_dataset_held(v->data);
  NTK_TRY(ntk_held_whole(&held, "the ledger"));
  if (v->options.population == 0)
    v->options.population = POPULATION;
  if (v->options.population < NTK_LEAST_POPULATION)
    return ntk_fail(NTK_ERR_ARGUMENT, "%zu population samples; accepted: %d and up",
                    v->options.population, NTK_LEAST_POPULATION);
  NTK_TRY(ntk_dim_check(v->data, v->network->width[0]));
  return ntk_verify_check_memory(v);
}

static ntk_status sections(ntk_verification *v) {
  const ntk_network_spec spec = ntk_spec_of(v->network);
  const char *beyond = ntk_beyond_paper(&spec);
  void *rows = NULL;
  NTK_TRY(ntk_alloc(v->context, ntk_ledger_most(v->L), sizeof *v->ledger->row, "ledger", &rows));
  v->ledger->row = rows;
  NTK_TRY(expectations(v));
  NTK_TRY(ntk_verify_assumptions(v));
  NTK_TRY(ntk_verify_kernels(v));
  NTK_TRY(ntk_verify_norms(v));
  NTK_TRY(ntk_verify_proposition(v));
  for (size_t i = 0; i < v->ledger->rows && beyond != NULL; i++)
    ntk_ledger_outside(&v->ledger->row[i], beyond);
  return v->options.spec != NULL ? ntk_verify_weights(v) : NTK_OK;
}

ntk_status ntk_verify(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                      const char *distribution, const ntk_verify_options *options,
                      ntk_ledger *ledger) {
  const double start = ntk_clock();
  ntk_ledger made = {.context = context, .samples = data->N, .empirical = distribution == NULL};
  ntk_verification v = {.context = context,
                        .network = network,
                        .data = data,
                        .options = options != NULL ? *options : (ntk_verify_options){0},
                        .N = data->N,
                        .L = network->depth,
                        .n = network->width[network->depth - 2],
                        .m = network->width[network->depth - 1],
                        .a = network->scale[2 * (network->depth - 2)],
                        .ledger = &made,
                        .lambda_min_centred = NAN};
  v.source = (ntk_source){.data = data, .seed = v.options.seed};
  if (distribution != NULL)
    NTK_TRY(ntk_distribution_find(distribution, &v.source.distribution));
  NTK_TRY(check_verification(&v));
  const ntk_status status = sections(&v);
  release(&v);
  made.seconds = ntk_clock() - start;
  if (status == NTK_OK)
    *ledger = made;
  else
    ntk_ledger_clear(&made);
  return status;
}

void ntk_ledger_clear(ntk_ledger *ledger) {
  if (ledger->context == NULL)
    return;
  for (size_t i = 0; i < NTK_LEDGER_SPECTRA; i++)
    ntk_free(ledger->context, ledger->spectrum[i].values);
  ntk_free(ledger->context, ledger->row);
  *ledger = (ntk_ledger){0};
}
