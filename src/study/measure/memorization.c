/* The quantity of one ntk_memorize. Labels are those of train.labels in a study that trains as
 * well, so that both fit the same; else Gaussian. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "base/memory.h"
#include "net/network.h"

static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  ntk_work_memorize(&spec, point->N, false, list);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  return ntk_memorize_memory(context, &spec, point->N, 1, NULL, bytes);
}

/* Not to reach what was wanted is a result: beyond the capacity nothing else is to be had. */
void ntk_take_memorize_error(const void *result, ntk_outcome *outcome) {
  const ntk_memorize_result *r = result;
  ntk_outcome_put(outcome, "memorize_error", r->relative_error, NTK_VALUE_OK);
}

void ntk_take_memorize_fits(const void *result, ntk_outcome *outcome) {
  const ntk_memorize_result *r = result;
  ntk_outcome_put(outcome, "memorize_fits", r->relative_error <= 1e-10 ? 1.0 : 0.0, NTK_VALUE_OK);
}

static ntk_status run_memorization(ntk_context *context, const ntk_point *point, uint64_t seed,
                                   const ntk_quantity *const *quantity, size_t count,
                                   ntk_outcome *outcome) {
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  const ntk_memorize_options options = {.seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  double *Y = NULL;
  ntk_memorize_result result;
  ntk_status status = ntk_trial_data(context, point, seed, &data);
  if (status == NTK_OK)
    status = ntk_trial_labels(context, point, seed, data, &Y);
  if (status == NTK_OK)
    status = ntk_memorize(context, &spec, data, Y, 1, &options, &network, &result);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&result, outcome);
  ntk_free(context, Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_memorization_measure = {work, bytes_needed, run_memorization};
