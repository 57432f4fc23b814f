/* The quantities of one ntk_memorize with a margin, of labels +-1 that are drawn from the trial's
 * seed, and Cover's count of how often such labels can be separated by as many parameters. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "base/memory.h"

#include <math.h>

typedef struct margin_result {
  ntk_memorize_result memorize;
  double cover;
} margin_result;

static const ntk_memorize_options options = {.margin = 1.0};

/* Newton steps, about, each with a kernel of some of the samples and its factor. */
enum { STEPS = 20 };

static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  ntk_work_memorize(&spec, point->N, false, list);
  for (size_t i = 0; i < list->count; i++) {
    list->work[i].flops *= STEPS;
    list->work[i].bytes *= STEPS;
    list->work[i].entries *= STEPS;
  }
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  return ntk_memorize_memory(context, &spec, point->N, 1, &options, bytes);
}

void ntk_take_margin_fits(const void *result, ntk_outcome *outcome) {
  const margin_result *r = result;
  ntk_outcome_put(outcome, "margin_fits", r->memorize.reached ? 1.0 : 0.0, NTK_VALUE_OK);
}

void ntk_take_margin_separation(const void *result, ntk_outcome *outcome) {
  const margin_result *r = result;
  ntk_outcome_put(outcome, "margin_separation", fmax(0.0, r->memorize.separation), NTK_VALUE_OK);
}

void ntk_take_margin_cover(const void *result, ntk_outcome *outcome) {
  const margin_result *r = result;
  ntk_outcome_put(outcome, "margin_cover", r->cover, NTK_VALUE_OK);
}

/* Labels of several outputs are drawn one by one: all of them must be separable. */
static double cover_of(const ntk_network_spec *spec, size_t N) {
  const size_t L = spec->depth, outputs = spec->outputs > 0 ? spec->outputs : 1;
  const bool bias = spec->bias != NULL && spec->bias[L - 2];
  const size_t rows = spec->width[L - 2] + (bias ? 1 : 0);
  const size_t parameters = rows * (spec->width[L - 1] / 2 / outputs);
  return exp((double)outputs * ntk_cover_log_probability(N, parameters));
}

static ntk_status run_margin(ntk_context *context, const ntk_point *point, uint64_t seed,
                             const ntk_quantity *const *quantity, size_t count,
                             ntk_outcome *outcome) {
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  double *Y = NULL;
  margin_result result = {.cover = cover_of(&spec, point->N)};
  size_t labels = 0;
  ntk_status status = ntk_trial_data(context, point, seed, &data);
  if (status == NTK_OK)
    status = ntk_size_multiply(point->N, ntk_trial_outputs(point), "labels", &labels);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, labels, "labels", &Y);
  if (status == NTK_OK)
    status = ntk_labels_generate(context, "sign", &spec, data, seed, Y);
  if (status == NTK_OK)
    status = ntk_memorize(context, &spec, data, Y, 1, &options, &network, &result.memorize);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&result, outcome);
  ntk_free(context, Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_margin_measure = {work, bytes_needed, run_margin};
