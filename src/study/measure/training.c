/* Quantities of one ntk_train. */
#include "study/measure/measures.h"
#include "study/measure/trial.h"

#include "base/memory.h"
#include "net/network.h"

#include <math.h>
#include <string.h>

/* What of its epochs a training takes that stops at a plateau: the authors' rule, for one, stops
 * after 300 to 2700 of 10^4; and how many steps lm takes. Guesses, for the order of the trials. */
static const double PLATEAU_PART = 0.15, LM_STEPS = 20.0;

static void work(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
                 ntk_work_list *list) {
  (void)quantity;
  (void)count;
  ntk_train_options options = point->training.options;
  const double epochs = (double)options.epochs;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  if (strcmp(options.optimizer, "lm") == 0)
    options.epochs = (size_t)fmin(epochs, LM_STEPS);
  else if (options.plateau > 0)
    options.epochs = (size_t)fmax(1.0, PLATEAU_PART * epochs);
  ntk_work_train(&spec, point->N, &options, false, list);
}

static ntk_status bytes_needed(ntk_context *context, const ntk_point *point,
                               const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  (void)quantity;
  (void)count;
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  NTK_TRY(ntk_train_memory(context, &spec, point->N, &point->training.options, bytes));
  *bytes += point->training.split != NULL ? point->N * sizeof(double) : 0;
  return NTK_OK;
}

/* What the quantities are taken from. */
typedef struct trained {
  ntk_train_result result;
  double target;
} trained;

static ntk_value_verdict verdict_of(const trained *t) {
  return t->result.stopped == NTK_STOP_DIVERGED ? NTK_VALUE_DIVERGED : NTK_VALUE_OK;
}

void ntk_take_final_loss(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_outcome_put(outcome, "final_loss", t->result.loss_final, verdict_of(t));
}

void ntk_take_smallest_loss(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_outcome_put(outcome, "smallest_loss", t->result.loss_smallest, verdict_of(t));
}

/* Training may end before there is a whole window: at its target, or as lm does. */
void ntk_take_plateau_loss(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && isnan(t->result.loss_plateau))
    verdict = NTK_VALUE_NOT_REACHED;
  ntk_outcome_put(outcome, "plateau_loss", t->result.loss_plateau, verdict);
}

/* Epochs are counted until the loss is there, whatever training was stopped by. */
void ntk_take_epochs_to(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  size_t epoch = 0;
  while (epoch <= t->result.epochs && !(t->result.loss[epoch] <= t->target))
    epoch++;
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && epoch > t->result.epochs)
    verdict = NTK_VALUE_NOT_REACHED;
  ntk_outcome_put(outcome, "epochs_to", (double)epoch, verdict);
}

void ntk_take_epochs_to_margin(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && t->result.stopped != NTK_STOP_MARGIN)
    verdict = NTK_VALUE_NOT_REACHED;
  ntk_outcome_put(outcome, "epochs_to_margin", (double)t->result.epochs, verdict);
}

/* A loss that is small enough from the start makes no step, and has no rate. */
void ntk_take_rate(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && isnan(t->result.rate_measured))
    verdict = NTK_VALUE_NO_STEP;
  ntk_outcome_put(outcome, "rate", t->result.rate_measured, verdict);
}

/* Of gd, momentum and nesterov on all samples, or of a round of clients; of others there is none.
 */
static double linear_rate(const ntk_train_result *r) {
  return r->federated.clients > 0 ? r->federated.rate : r->linear.rate;
}

void ntk_take_linear_rate(const void *result, ntk_outcome *outcome) {
  const double rate = linear_rate(&((const trained *)result)->result);
  ntk_outcome_put(outcome, "linear_rate", rate,
                  isnan(rate) ? NTK_VALUE_BELOW_RESOLUTION : NTK_VALUE_OK);
}

/* The spectral radius rho by which a residual falls an epoch in the end: from the losses, whose
 * factor is rho^2, of the second half of the epochs. */
void ntk_take_gap(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  const size_t last = t->result.epochs, half = last / 2;
  double gap = NAN;
  if (last > half && t->result.loss[last] > 0.0)
    gap = -expm1(0.5 * log(t->result.loss[last] / t->result.loss[half]) / (double)(last - half));
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && isnan(gap))
    verdict = NTK_VALUE_NO_STEP;
  ntk_outcome_put(outcome, "gap", gap, verdict);
}

/* The same of the linear model. */
void ntk_take_linear_gap(const void *result, ntk_outcome *outcome) {
  const double rate = linear_rate(&((const trained *)result)->result);
  ntk_outcome_put(outcome, "linear_gap", 1.0 - sqrt(rate),
                  isnan(rate) ? NTK_VALUE_BELOW_RESOLUTION : NTK_VALUE_OK);
}

void ntk_take_drift(const void *result, ntk_outcome *outcome) {
  const trained *t = result;
  ntk_value_verdict verdict = verdict_of(t);
  if (verdict == NTK_VALUE_OK && t->result.epochs == 0)
    verdict = NTK_VALUE_NO_STEP;
  ntk_outcome_put(outcome, "drift", t->result.federated.drift_largest, verdict);
}

/* Whose the samples are, from a file, which may be replaced at any moment; else *client is NULL. */
static ntk_status load_split(ntk_context *context, const ntk_point *point, const ntk_dataset *data,
                             double **client) {
  const ntk_point_training *training = &point->training;
  if (training->split == NULL)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(context, point->N, "split", client));
  NTK_TRY(ntk_file_unchanged(training->split, &training->split_file));
  NTK_TRY(ntk_labels_load(context, training->split, data, *client));
  return ntk_file_unchanged(training->split, &training->split_file);
}

static ntk_status run_training(ntk_context *context, const ntk_point *point, uint64_t seed,
                               const ntk_quantity *const *quantity, size_t count,
                               ntk_outcome *outcome) {
  ntk_train_options options = point->training.options;
  options.seed = seed;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  double *Y = NULL, *client = NULL;
  trained t = {.target = options.target};
  ntk_status status = ntk_trial_begin(context, point, seed, &data, &network);
  if (status == NTK_OK)
    status = ntk_trial_labels(context, point, seed, data, &Y);
  if (status == NTK_OK)
    status = load_split(context, point, data, &client);
  options.client = client;
  if (status == NTK_OK)
    status = ntk_train(context, network, data, Y, &options, &t.result);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&t, outcome);
  ntk_train_clear(&t.result);
  ntk_free(context, client);
  ntk_free(context, Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

const ntk_measure ntk_training_measure = {work, bytes_needed, run_training};
