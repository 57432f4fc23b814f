/* The quantity "ledger": all rows of ntk_verify, which redraws nothing and keeps no spectra here:
 * trials have weights of their own, and ends of spectra do. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "net/network.h"

#include "ntkit/verify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* NTK_MOST_VALUES has room for so many: up to 82 values, 16 a hidden layer, and the other
 * quantities. */
enum { DEEPEST = 10, POPULATION = 100000 };

static ntk_verify_options options_of(const ntk_point *point, uint64_t seed) {
  return (ntk_verify_options){.population = point->population, .seed = seed};
}

/* 6 P a population sample (forward, backward, M), and 10000 samples each for tails and psi; four
 * kernels and three factors, and the difference of step (a) by products. */
static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  static const char phase[] = "ledger";
  (void)quantity;
  (void)count;
  const double N = (double)point->N;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  const ntk_shape shape = ntk_shape_of(&spec);
  const double columns = (double)point->width[0] + 2.0 * shape.columns;
  const double samples = (double)(point->population > 0 ? point->population : POPULATION);
  const double passes = 6.0 * samples + 12.0 * 2.0 * 10000.0;
  *list = (ntk_work_list){0};
  ntk_put(list, phase, NTK_WORK_FORWARD, passes * shape.weights, 0.0, samples * shape.columns);
  ntk_put(list, phase, NTK_WORK_KERNEL, 5.0 * N * N * columns, 0.0, 5.0 * N * N);
  ntk_put(list, phase, NTK_WORK_FACTOR, 5.0 / 3.0 * N * N * N, 0.0, 2.5 * N * N);
  ntk_put(list, phase, NTK_WORK_CACHED, 400.0 * N * N, 800.0 * N * N, 0.0);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  (void)quantity;
  (void)count;
  if (point->depth > DEEPEST)
    return ntk_fail(NTK_ERR_LIMIT, "a depth of %zu; accepted for the ledger: up to %d",
                    point->depth, DEEPEST);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  const ntk_verify_options options = options_of(point, 0);
  return ntk_verify_memory(context, &spec, point->N, &options, bytes);
}

/* NaN where there is no value, which an outcome says by its verdict. */
static void put(ntk_outcome *outcome, const char *name, double value) {
  ntk_outcome_put(outcome, name, value,
                  isfinite(value) ? NTK_VALUE_OK : NTK_VALUE_BELOW_RESOLUTION);
}

static void put_row(const ntk_ledger_row *row, ntk_outcome *outcome) {
  if (row->claim == NTK_CLAIM_AT_LEAST || row->claim == NTK_CLAIM_AT_MOST) {
    put(outcome, row->key,
        row->verdict == NTK_LEDGER_HOLDS   ? 1.0
        : row->verdict == NTK_LEDGER_FAILS ? 0.0
                                           : NAN);
    return;
  }
  put(outcome, row->key, row->value);
  if (row->order[0] == '\0')
    return;
  char name[sizeof outcome->value[0].quantity + 8];
  snprintf(name, sizeof name, "%s.order", row->key);
  put(outcome, name, row->scale);
}

void ntk_take_ledger(const void *result, ntk_outcome *outcome) {
  const ntk_ledger *ledger = result;
  for (size_t i = 0; i < ledger->rows; i++)
    put_row(&ledger->row[i], outcome);
}

bool ntk_ledger_gives(const char *name) {
  ntk_ledger_row row;
  char key[sizeof row.key];
  snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "."), name); /* KEY.order, perhaps cut */
  return ntk_ledger_describe(key, &row) == NTK_OK;
}

static ntk_status run_ledger(ntk_context *context, const ntk_point *point, uint64_t seed,
                             const ntk_quantity *const *quantity, size_t count,
                             ntk_outcome *outcome) {
  const ntk_verify_options options = options_of(point, seed);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_ledger ledger = {0};
  ntk_status status = ntk_trial_begin(context, point, seed, &data, &network);
  if (status == NTK_OK)
    status = ntk_verify(context, network, data, point->from_file ? NULL : point->source, &options,
                        &ledger);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&ledger, outcome);
  ntk_ledger_clear(&ledger);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_ledger_measure = {work, bytes_needed, run_ledger};
