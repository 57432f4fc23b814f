/* The quantity of one ntk_memorize. Labels are those of train.labels in a study that trains as
 * well, so that both fit the same; else Gaussian. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "base/memory.h"
#include "net/network.h"

/* Corrections, each a solve with the factor, two passes with the base network and one with the
 * whole. A guess, for the order of the trials. */
static const double CORRECTIONS = 6.0;

static double flops(const ntk_point *point, const ntk_quantity *const *quantity, size_t count) {
  (void)quantity;
  (void)count;
  const double N = (double)point->N, m = (double)point->width[point->depth - 1] / 2.0;
  const double n = (double)point->width[point->depth - 2];
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  const double parameters = ntk_shape_of(&spec).weights;
  return N * N * (n + m) + N * N * N / 3.0 + CORRECTIONS * (2.0 * N * N + 6.0 * N * parameters);
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

const ntk_measure ntk_memorization_measure = {flops, bytes_needed, run_memorization};
