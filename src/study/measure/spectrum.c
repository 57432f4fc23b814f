/* Quantities of one ntk_spectrum. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include <math.h>
#include <string.h>

static ntk_value_verdict verdict_of(ntk_verdict verdict) {
  switch (verdict) {
  case NTK_VERDICT_OK:
    return NTK_VALUE_OK;
  case NTK_VERDICT_RANK_DEFICIENT:
    return NTK_VALUE_RANK_DEFICIENT;
  case NTK_VERDICT_INACCURATE:
    return NTK_VALUE_INACCURATE;
  case NTK_VERDICT_BELOW_RESOLUTION:
    break;
  }
  return NTK_VALUE_BELOW_RESOLUTION;
}

void ntk_take_lambda_min(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "lambda_min", r->lambda_min, verdict_of(r->verdict));
}

void ntk_take_lambda_max(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "lambda_max", r->lambda_max, NTK_VALUE_OK);
}

void ntk_take_condition(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  const bool singular = r->verdict == NTK_VERDICT_RANK_DEFICIENT;
  ntk_outcome_put(outcome, "condition", singular ? NAN : r->lambda_max / r->lambda_min,
                  verdict_of(r->verdict));
}

/* An end of the certificate, which is of the stored matrix: what is known of a singular kernel
 * without building it proves nothing of one. */
static void put_end(const ntk_spectrum_result *r, const char *name, double end,
                    ntk_outcome *outcome) {
  const bool none = !isnan(r->lambda_min) && isnan(end) && r->verdict != NTK_VERDICT_RANK_DEFICIENT;
  const ntk_value_verdict verdict = none ? NTK_VALUE_NOT_CERTIFIED : verdict_of(r->verdict);
  ntk_outcome_put(outcome, name, end, verdict);
}

void ntk_take_lower(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  put_end(r, "lambda_min_lower", r->certificate.lower, outcome);
}

void ntk_take_upper(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  put_end(r, "lambda_min_upper", r->certificate.upper, outcome);
}

void ntk_take_certified(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "certified", r->certificate.certified ? 1.0 : 0.0, NTK_VALUE_OK);
}

void ntk_take_ratio_lower(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "ratio_lower", r->bounds.ratio_lower, verdict_of(r->verdict));
}

void ntk_take_ratio_upper(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "ratio_upper", r->bounds.ratio_upper, verdict_of(r->verdict));
}

void ntk_take_blocks(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  for (size_t k = 0; k < r->blocks; k++)
    ntk_outcome_put_block(outcome, "lambda_min", k, r->block[k].lambda_min,
                          verdict_of(r->block[k].verdict));
}

static ntk_spectrum_options options_for(const ntk_point *point, const ntk_quantity *const *quantity,
                                        size_t count) {
  ntk_spectrum_options options = {
      .outputs = point->outputs_of, .precision = point->precision, .method = "factor"};
  for (size_t q = 0; q < count; q++) {
    options.per_block |= quantity[q]->per_block != NULL;
    options.certify |= quantity[q]->take == ntk_take_lower || quantity[q]->take == ntk_take_upper ||
                       quantity[q]->take == ntk_take_certified;
  }
  return options;
}

static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  const ntk_spectrum_options options = options_for(point, quantity, count);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  if (point->precision != NULL && strcmp(point->precision, "mixed") == 0 && !options.per_block &&
      !options.certify)
    ntk_work_mixed(&spec, point->N, &options, true, list);
  else
    ntk_work_spectrum(&spec, point->N, &options, list);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  const ntk_spectrum_options options = options_for(point, quantity, count);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  return ntk_spectrum_memory(context, &spec, point->N, &options, bytes);
}

static ntk_status run_spectrum(ntk_context *context, const ntk_point *point, uint64_t seed,
                               const ntk_quantity *const *quantity, size_t count,
                               ntk_outcome *outcome) {
  ntk_spectrum_options options = options_for(point, quantity, count);
  options.seed = seed;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result result = {0};
  ntk_status status = ntk_trial_begin(context, point, seed, &data, &network);
  if (status == NTK_OK)
    status = ntk_spectrum(context, network, data, &options, &result);
  if (status == NTK_OK && result.exponent != 0.0)
    status = ntk_fail(NTK_ERR_NOT_FINITE,
                      "K is near 2^%.0f, which the numbers of a study do not hold; accepted: other "
                      "scales of weights or data",
                      result.exponent);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&result, outcome);
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_spectrum_measure = {work, bytes_needed, run_spectrum};
