/* Quantities of one ntk_limit_spectrum, of the network of the trial and beside its K. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "ntkit/limit.h"

static bool takes(const ntk_quantity *const *quantity, size_t count,
                  void (*take)(const void *, ntk_outcome *)) {
  for (size_t q = 0; q < count; q++)
    if (quantity[q]->take == take)
      return true;
  return false;
}

/* Whether K is wanted beside the limit. */
static bool has_distance(const ntk_quantity *const *quantity, size_t count) {
  return takes(quantity, count, ntk_take_limit_distance) ||
         takes(quantity, count, ntk_take_limit_distances);
}

void ntk_take_limit_lambda_min(const void *result, ntk_outcome *outcome) {
  const ntk_limit_result *r = result;
  ntk_outcome_put(outcome, "limit_lambda_min", r->lambda_min,
                  r->verdict == NTK_VERDICT_OK               ? NTK_VALUE_OK
                  : r->verdict == NTK_VERDICT_RANK_DEFICIENT ? NTK_VALUE_RANK_DEFICIENT
                                                             : NTK_VALUE_BELOW_RESOLUTION);
}

void ntk_take_limit_distance(const void *result, ntk_outcome *outcome) {
  const ntk_limit_result *r = result;
  ntk_outcome_put(outcome, "limit_distance", r->distance, NTK_VALUE_OK);
}

void ntk_take_limit_distances(const void *result, ntk_outcome *outcome) {
  const ntk_limit_result *r = result;
  for (size_t k = 0; k < r->blocks; k++)
    ntk_outcome_put_block(outcome, "limit_distance", k, r->block[k].distance, NTK_VALUE_OK);
}

/* The limit takes about as long as K and one factorisation, which is what is told. */
static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  ntk_work_spectrum(&spec, point->N, &(ntk_spectrum_options){.method = "factor"}, list);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  size_t beside = 0;
  if (has_distance(quantity, count)) /* with the features of K */
    NTK_TRY(ntk_spectrum_memory(context, &spec, point->N,
                                &(ntk_spectrum_options){.method = "factor"}, &beside));
  NTK_TRY(ntk_limit_memory(context, &spec, point->N, NULL, bytes));
  *bytes += beside;
  return NTK_OK;
}

static ntk_status run_limit(ntk_context *context, const ntk_point *point, uint64_t seed,
                            const ntk_quantity *const *quantity, size_t count,
                            ntk_outcome *outcome) {
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  ntk_limit_options options = {.seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_limit_result result = {0};
  ntk_status status = ntk_trial_begin(context, point, seed, &data, &network);
  if (has_distance(quantity, count))
    options.network = network;
  if (status == NTK_OK)
    status = ntk_limit_spectrum(context, &spec, data, &options, &result);
  if (status == NTK_OK && result.exponent != 0.0)
    status = ntk_fail(NTK_ERR_NOT_FINITE,
                      "the limit is near 2^%.0f, which the numbers of a study do not hold; "
                      "accepted: other scales of weights or data",
                      result.exponent);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&result, outcome);
  ntk_limit_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_limit_measure = {work, bytes_needed, run_limit};
