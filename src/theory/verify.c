/* ntk_verify: expectations first, then the ledger, section by section. */
#include "theory/ledger.h"

#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POPULATION = 100000 };

const char *ntk_ledger_verdict_name(ntk_ledger_verdict verdict) {
  static const char *const names[] = {
      [NTK_LEDGER_MEASURED] = "measured",     [NTK_LEDGER_HOLDS] = "holds",
      [NTK_LEDGER_FAILS] = "fails",           [NTK_LEDGER_CONSISTENT] = "consistent",
      [NTK_LEDGER_SUSPECT] = "suspect",       [NTK_LEDGER_OUTSIDE] = "outside",
      [NTK_LEDGER_UNRESOLVED] = "unresolved",
  };
  const size_t count = sizeof names / sizeof names[0];
  return (size_t)verdict < count ? names[verdict] : "unknown";
}

static ntk_status make_room(ntk_ledger *ledger) {
  if (ledger->rows < ledger->capacity)
    return NTK_OK;
  const size_t capacity = 2 * ledger->capacity + 64;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(ledger->context, capacity, sizeof *ledger->row, "ledger", &pointer));
  if (ledger->rows > 0)
    memcpy(pointer, ledger->row, ledger->rows * sizeof *ledger->row);
  ntk_free(ledger->context, ledger->row);
  ledger->row = pointer;
  ledger->capacity = capacity;
  return NTK_OK;
}

ntk_ledger_row *ntk_ledger_add(ntk_ledger *ledger, const char *section, const char *name,
                               const char *equation, ntk_status *status) {
  *status = make_room(ledger);
  if (*status != NTK_OK)
    return NULL;
  ntk_ledger_row *row = &ledger->row[ledger->rows++];
  *row = (ntk_ledger_row){.value = NAN, .error = NAN, .scale = NAN, .ratio = NAN};
  snprintf(row->section, sizeof row->section, "%s", section);
  snprintf(row->name, sizeof row->name, "%s", name);
  snprintf(row->equation, sizeof row->equation, "%s", equation);
  return row;
}

void ntk_ledger_scale(ntk_ledger_row *row, const char *order, double scale) {
  snprintf(row->order, sizeof row->order, "%s", order);
  row->scale = scale;
  row->ratio = row->value / scale;
}

void ntk_ledger_judge(ntk_ledger_row *row, double low, double high) {
  if (isnan(row->ratio))
    row->verdict = NTK_LEDGER_UNRESOLVED;
  else
    row->verdict =
        row->ratio >= low && row->ratio <= high ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT;
}

static ntk_status expectations(ntk_verification *v) {
  const double start = ntk_clock();
  NTK_TRY(ntk_population_create(v->context, v->network, &v->source, v->options.population,
                                &v->population));
  NTK_TRY(ntk_features_create(v->network, v->data, &v->features));
  NTK_TRY(ntk_features_centre(v->features, v->population->mean_f[v->L - 2], v->population->mean_b,
                              &v->centred));
  NTK_TRY(ntk_alloc_doubles(v->context, 3 * v->N, "ledger", &v->s));
  v->eta2 = v->s + v->N;
  v->top = v->eta2 + v->N;
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
                        .ledger = &made,
                        .lambda_min_centred = NAN};
  if (v.options.population == 0)
    v.options.population = POPULATION;
  if (v.options.population < NTK_POPULATION_PIECE)
    return ntk_fail(NTK_ERR_ARGUMENT, "%zu population samples; accepted: %d and up",
                    v.options.population, NTK_POPULATION_PIECE);
  v.source = (ntk_source){.data = data, .seed = v.options.seed};
  if (distribution != NULL)
    NTK_TRY(ntk_distribution_find(distribution, &v.source.distribution));
  ntk_status status = expectations(&v);
  if (status == NTK_OK)
    status = ntk_verify_assumptions(&v);
  if (status == NTK_OK)
    status = ntk_verify_kernels(&v);
  if (status == NTK_OK)
    status = ntk_verify_norms(&v);
  if (status == NTK_OK)
    status = ntk_verify_proposition(&v);
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
