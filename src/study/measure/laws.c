/* Quantities of laws (ntkit/laws.h): how far measured eigenvalues are from Fan and Wang's, of K and
 * of its last block, and lambda_min over what Montanari and Zhong's law says. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "ntkit/laws.h"

#include <math.h>

/* What of the laws' results a quantity is; the results are one for each law. */
enum { CONJUGATE, FAN_WANG, MONTANARI_ZHONG, LAWS };
static const char *const names[LAWS] = {"conjugate", "fan-wang", "montanari-zhong"};

/* NaN where the law says nothing. */
static void put(ntk_outcome *outcome, const char *name, double value) {
  ntk_outcome_put(outcome, name, value, isfinite(value) ? NTK_VALUE_OK : NTK_VALUE_OUTSIDE);
}

void ntk_take_law_distance(const void *result, ntk_outcome *outcome) {
  put(outcome, "law_distance", ((const ntk_law_result *)result)[FAN_WANG].distance);
}

void ntk_take_law_distance_last(const void *result, ntk_outcome *outcome) {
  put(outcome, "law_distance_last", ((const ntk_law_result *)result)[CONJUGATE].distance);
}

void ntk_take_law_ratio(const void *result, ntk_outcome *outcome) {
  const ntk_law_result *law = &((const ntk_law_result *)result)[MONTANARI_ZHONG];
  put(outcome, "law_ratio", law->measured / law->lambda_min);
}

void ntk_take_law_constant_ratio(const void *result, ntk_outcome *outcome) {
  const ntk_law_result *law = &((const ntk_law_result *)result)[MONTANARI_ZHONG];
  put(outcome, "law_constant_ratio", law->measured / law->constant);
}

/* Which laws these quantities are of. */
static void laws_for(const ntk_quantity *const *quantity, size_t count, bool wanted[LAWS]) {
  for (size_t k = 0; k < LAWS; k++)
    wanted[k] = false;
  for (size_t q = 0; q < count; q++)
    wanted[quantity[q]->take == ntk_take_law_distance        ? FAN_WANG
           : quantity[q]->take == ntk_take_law_distance_last ? CONJUGATE
                                                             : MONTANARI_ZHONG] = true;
}

/* conjugate finds eigenvalues as many of a block, with the memory that full has of K. */
static ntk_spectrum_options options_for(const ntk_point *point, const ntk_quantity *const *quantity,
                                        size_t count) {
  bool wanted[LAWS];
  laws_for(quantity, count, wanted);
  return (ntk_spectrum_options){.outputs = point->outputs_of,
                                .precision = point->precision,
                                .method = "factor",
                                .full = wanted[FAN_WANG] || wanted[CONJUGATE]};
}

static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  const ntk_spectrum_options options = options_for(point, quantity, count);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  ntk_work_spectrum(&spec, point->N, &options, list);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  const ntk_spectrum_options options = options_for(point, quantity, count);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  return ntk_spectrum_memory(context, &spec, point->N, &options, bytes);
}

static ntk_status run_laws(ntk_context *context, const ntk_point *point, uint64_t seed,
                           const ntk_quantity *const *quantity, size_t count,
                           ntk_outcome *outcome) {
  ntk_spectrum_options options = options_for(point, quantity, count);
  options.seed = seed;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result spectrum = {0};
  ntk_law_result law[LAWS] = {{0}};
  bool wanted[LAWS];
  laws_for(quantity, count, wanted);
  ntk_status status = ntk_trial_begin(context, point, seed, &data, &network);
  if (status == NTK_OK && (wanted[FAN_WANG] || wanted[MONTANARI_ZHONG]))
    status = ntk_spectrum(context, network, data, &options, &spectrum);
  const ntk_spectrum_result *measured = spectrum.context != NULL ? &spectrum : NULL;
  for (size_t k = 0; k < LAWS && status == NTK_OK; k++)
    if (wanted[k])
      status = ntk_law(context, network, data, names[k], measured, &law[k]);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(law, outcome);
  for (size_t k = 0; k < LAWS; k++)
    ntk_law_clear(&law[k]);
  ntk_spectrum_clear(&spectrum);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_laws_measure = {work, bytes_needed, run_laws};
