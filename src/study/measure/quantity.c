/* The table of quantities. */
#include "study/measure/quantity.h"

#include "base/names.h"

#include <math.h>
#include <string.h>

/* Name, what it is, measure, what of that, and the stem of its values where each block has one. */
#define QUANTITIES(ROW)                                                                            \
  ROW(lambda_min, "smallest eigenvalue of K", spectrum, lambda_min, NULL)                          \
  ROW(lambda_max, "largest eigenvalue of K", spectrum, lambda_max, NULL)                           \
  ROW(condition, "lambda_max / lambda_min", spectrum, condition, NULL)                             \
  ROW(per_block, "smallest eigenvalue of every block: lambda_min_0, lambda_min_1, ...", spectrum,  \
      blocks, "lambda_min")                                                                        \
  ROW(lambda_min_lower, "what is proved to lie below lambda_min of the stored K", spectrum, lower, \
      NULL)                                                                                        \
  ROW(lambda_min_upper, "what is proved to lie above lambda_min of the stored K", spectrum, upper, \
      NULL)                                                                                        \
  ROW(certified, "1 where both are proved, else 0", spectrum, certified, NULL)                     \
  ROW(ratio_lower, "lambda_min / (n_{L-2} n_{L-1}), of (6)", spectrum, ratio_lower, NULL)          \
  ROW(ratio_upper, "lambda_min / (d n_{L-1}), of (7)", spectrum, ratio_upper, NULL)                \
  ROW(final_loss, "loss after training", training, final_loss, NULL)                               \
  ROW(smallest_loss, "smallest loss of all epochs", training, smallest_loss, NULL)                 \
  ROW(plateau_loss, "twice the mean loss over the train.plateau epochs before those that rose",    \
      training, plateau_loss, NULL)                                                                \
  ROW(epochs_to, "epochs until the loss is at most train.target", training, epochs_to, NULL)       \
  ROW(rate, "(last loss / first loss)^(1 / epochs)", training, rate, NULL)                         \
  ROW(memorize_error, "||F_L - Y|| / ||Y|| of the weights that ntk_memorize finds", memorization,  \
      memorize_error, NULL)                                                                        \
  ROW(ledger, "every row of `ntkit verify`, by its key: lambda_min_K, f1_norm, ...", ledger,       \
      ledger, NULL)
#define INFO(name, says, of, what, stem) {#name, says},
#define QUANTITY(name, says, of, what, stem) \
  {{#name, says}, &ntk_##of##_measure, ntk_take_##what, stem},
static const ntk_quantity_info list[] = {QUANTITIES(INFO)};
static const ntk_quantity table[] = {QUANTITIES(QUANTITY)};
enum { ROWS = sizeof table / sizeof table[0] };

const ntk_quantity_info *ntk_quantity_list(size_t *count) {
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
    const char *stem = quantity[q]->per_block;
    if (stem == NULL)
      ntk_outcome_put(outcome, quantity[q]->info.name, NAN, NTK_VALUE_OK);
    for (size_t k = 0; stem != NULL && k < depth; k++)
      ntk_outcome_put_block(outcome, stem, k, NAN, NTK_VALUE_OK);
  }
}

const char *ntk_quantity_present_name(const char *name) {
  return strcmp(name, "per_layer") == 0 ? "per_block" : name;
}

ntk_status ntk_quantity_find(const char *name, const ntk_quantity **quantity) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("quantity", ntk_quantity_present_name(name), table, ROWS, &row));
  *quantity = &table[row];
  return NTK_OK;
}

bool ntk_quantity_gives(const ntk_quantity *quantity, const char *name) {
  if (quantity->per_block != NULL) {
    const size_t stem = strlen(quantity->per_block);
    const char *k = name + stem + 1;
    return strncmp(name, quantity->per_block, stem) == 0 && name[stem] == '_' && k[0] != '\0' &&
           k[strspn(k, "0123456789")] == '\0';
  }
  return strcmp(quantity->info.name, name) == 0 ||
         (quantity->measure == &ntk_ledger_measure && ntk_ledger_gives(name));
}

bool ntk_quantity_trains(const ntk_quantity *quantity) {
  return quantity->measure == &ntk_training_measure;
}
