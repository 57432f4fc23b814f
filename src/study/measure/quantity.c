/* The table of quantities. */
#include "study/measure/measures.h"

#include "base/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const statuses[NTK_VALUE_STATUSES] = {
    [NTK_VALUE_OK] = "ok",
    [NTK_VALUE_RANK_DEFICIENT] = "rank_deficient",
    [NTK_VALUE_BELOW_RESOLUTION] = "below_resolution",
    [NTK_VALUE_DIVERGED] = "diverged",
    [NTK_VALUE_NOT_REACHED] = "not_reached",
    [NTK_VALUE_NO_STEP] = "no_step",
    [NTK_VALUE_NOT_CERTIFIED] = "not_certified",
};

const char *ntk_value_status_name(ntk_value_status status) {
  return statuses[status];
}

bool ntk_value_status_find(const char *name, ntk_value_status *status) {
  for (size_t i = 0; i < NTK_VALUE_STATUSES; i++)
    if (strcmp(statuses[i], name) == 0) {
      *status = (ntk_value_status)i;
      return true;
    }
  return false;
}

/* ---- Outcomes -------------------------------------------------------------------------------- */

void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value,
                     ntk_value_status status) {
  ntk_value *v = &outcome->value[outcome->count++];
  snprintf(v->quantity, sizeof v->quantity, "%s", name);
  v->status = status;
  v->value = status < NTK_VALUE_BELOW_RESOLUTION ? value : NAN;
}

void ntk_outcome_put_layer(ntk_outcome *outcome, const char *stem, size_t k, double value,
                           ntk_value_status status) {
  char name[sizeof outcome->value[0].quantity];
  snprintf(name, sizeof name, "%.20s_%u", stem, (unsigned)k % 1000u); /* k < NTK_MOST_DEPTH */
  ntk_outcome_put(outcome, name, value, status);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const ntk_quantity table[] = {
    {{"lambda_min", "smallest eigenvalue of K"}, &ntk_spectrum_measure, ntk_take_lambda_min, NULL},
    {{"lambda_max", "largest eigenvalue of K"}, &ntk_spectrum_measure, ntk_take_lambda_max, NULL},
    {{"condition", "lambda_max / lambda_min"}, &ntk_spectrum_measure, ntk_take_condition, NULL},
    {{"per_layer", "smallest eigenvalue of every block: lambda_min_0, lambda_min_1, ..."},
     &ntk_spectrum_measure,
     ntk_take_layers,
     "lambda_min"},
    {{"lambda_min_lower", "what is proved to lie below lambda_min of the stored K"},
     &ntk_spectrum_measure,
     ntk_take_lower,
     NULL},
    {{"lambda_min_upper", "what is proved to lie above lambda_min of the stored K"},
     &ntk_spectrum_measure,
     ntk_take_upper,
     NULL},
    {{"certified", "1 where both are proved, else 0"},
     &ntk_spectrum_measure,
     ntk_take_certified,
     NULL},
    {{"ratio_lower", "lambda_min / (n_{L-2} n_{L-1}), of (6)"},
     &ntk_spectrum_measure,
     ntk_take_ratio_lower,
     NULL},
    {{"ratio_upper", "lambda_min / (d n_{L-1}), of (7)"},
     &ntk_spectrum_measure,
     ntk_take_ratio_upper,
     NULL},
    {{"final_loss", "loss after training"}, &ntk_training_measure, ntk_take_final_loss, NULL},
    {{"smallest_loss", "smallest loss of all epochs"},
     &ntk_training_measure,
     ntk_take_smallest_loss,
     NULL},
    {{"plateau_loss", "twice the mean loss over the train.plateau epochs before those that rose"},
     &ntk_training_measure,
     ntk_take_plateau_loss,
     NULL},
    {{"epochs_to", "epochs until the loss is at most train.target"},
     &ntk_training_measure,
     ntk_take_epochs_to,
     NULL},
    {{"rate", "(last loss / first loss)^(1 / epochs)"}, &ntk_training_measure, ntk_take_rate, NULL},
    {{"memorize_error", "||F_L - Y|| / ||Y|| of the weights that ntk_memorize finds"},
     &ntk_memorization_measure,
     ntk_take_memorize_error,
     NULL},
    {{"ledger", "every row of `ntkit verify`, by its key: lambda_min_K, f1_norm, ..."},
     &ntk_ledger_measure,
     ntk_take_ledger,
     NULL},
};
enum { ROWS = sizeof table / sizeof table[0] };

const ntk_quantity_info *ntk_quantity_list(size_t *count) {
  static ntk_quantity_info list[ROWS];
  for (size_t i = 0; i < ROWS; i++)
    list[i] = table[i].info;
  *count = ROWS;
  return list;
}

size_t ntk_quantity_group(const ntk_quantity *const *quantity, size_t count, size_t q,
                          const ntk_quantity *own[NTK_MOST_QUANTITIES]) {
  size_t found = 0;
  for (size_t p = 0; p < count; p++)
    if (quantity[p]->measure == quantity[q]->measure) {
      if (p < q)
        return 0;
      own[found++] = quantity[p];
    }
  return found;
}

void ntk_outcome_name_values(ntk_outcome *outcome, const ntk_quantity *const *quantity,
                             size_t count, size_t depth) {
  for (size_t q = 0; q < count; q++) {
    const char *stem = quantity[q]->per_layer;
    if (stem == NULL)
      ntk_outcome_put(outcome, quantity[q]->info.name, NAN, NTK_VALUE_OK);
    for (size_t k = 0; stem != NULL && k < depth; k++)
      ntk_outcome_put_layer(outcome, stem, k, NAN, NTK_VALUE_OK);
  }
}

ntk_status ntk_quantity_find(const char *name, const ntk_quantity **quantity) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("quantity", name, table, ROWS, &row));
  *quantity = &table[row];
  return NTK_OK;
}

bool ntk_quantity_gives(const ntk_quantity *quantity, const char *name) {
  if (quantity->per_layer != NULL) {
    const size_t stem = strlen(quantity->per_layer);
    const char *layer = name + stem + 1;
    return strncmp(name, quantity->per_layer, stem) == 0 && name[stem] == '_' && layer[0] != '\0' &&
           layer[strspn(layer, "0123456789")] == '\0';
  }
  return strcmp(quantity->info.name, name) == 0 ||
         (quantity->measure == &ntk_ledger_measure && ntk_ledger_gives(name));
}

bool ntk_quantity_trains(const ntk_quantity *quantity) {
  return quantity->measure == &ntk_training_measure;
}
