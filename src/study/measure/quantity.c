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
  ROW(law_distance, "Kolmogorov-Smirnov distance of K's eigenvalues from Fan and Wang's law",      \
      laws, law_distance, NULL)                                                                    \
  ROW(law_distance_last, "the same of the last block, K_{L-1}", laws, law_distance_last, NULL)     \
  ROW(law_ratio, "lambda_min over what Montanari and Zhong's law predicts, of two layers", laws,   \
      law_ratio, NULL)                                                                             \
  ROW(law_constant_ratio, "lambda_min over the constant of that law", laws, law_constant_ratio,    \
      NULL)                                                                                        \
  ROW(final_loss, "loss after training", training, final_loss, NULL)                               \
  ROW(smallest_loss, "smallest loss of all epochs", training, smallest_loss, NULL)                 \
  ROW(plateau_loss, "twice the mean loss over the train.plateau epochs before those that rose",    \
      training, plateau_loss, NULL)                                                                \
  ROW(epochs_to, "epochs until the loss is at most train.target", training, epochs_to, NULL)       \
  ROW(epochs_to_margin, "epochs until every y_i f_L(x_i) is train.margin or more", training,       \
      epochs_to_margin, NULL)                                                                      \
  ROW(rate, "(last loss / first loss)^(1 / epochs)", training, rate, NULL)                         \
  ROW(linear_rate, "rate in the end of the linear model, by both ends of K_0", training,           \
      linear_rate, NULL)                                                                           \
  ROW(gap, "1 - rho, rho^2 the loss's factor an epoch over the second half of the epochs",         \
      training, gap, NULL)                                                                         \
  ROW(linear_gap, "1 - rho of the linear model, rho^2 its rate in the end", training, linear_gap,  \
      NULL)                                                                                        \
  ROW(drift, "largest spread of the clients' weights in a round", training, drift, NULL)           \
  ROW(memorize_error, "||F_L - Y|| / ||Y|| of the weights that ntk_memorize finds", memorization,  \
      memorize_error, NULL)                                                                        \
  ROW(memorize_fits, "1 where that is 1e-10 or less, else 0", memorization, memorize_fits, NULL)   \
  ROW(margin_fits, "1 where weights have y_i F_L(x_i) >= 1, of random labels +-1, else 0", margin, \
      margin_fits, NULL)                                                                           \
  ROW(margin_separation, "margin by which the features of layer L-2 separate them, or 0", margin,  \
      margin_separation, NULL)                                                                     \
  ROW(margin_cover, "probability of that by Cover's count, of n_{L-2} m parameters", margin,       \
      margin_cover, NULL)                                                                          \
  ROW(limit_lambda_min, "smallest eigenvalue of the limit of K at infinite width", limit,          \
      limit_lambda_min, NULL)                                                                      \
  ROW(limit_distance, "||K - limit|| / ||limit||, Frobenius norms", limit, limit_distance, NULL)   \
  ROW(limit_distances, "the same of every block: limit_distance_0, limit_distance_1, ...", limit,  \
      limit_distances, "limit_distance")                                                           \
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
      ntk_outcome_put(outcome, quantity[q]->info.name, NAN, NTK_VALUE_FAILED);
    for (size_t k = 0; stem != NULL && k < depth; k++)
      ntk_outcome_put_block(outcome, stem, k, NAN, NTK_VALUE_FAILED);
  }
}

uint32_t ntk_outcome_lacks(const ntk_outcome *outcome, const ntk_quantity *const *quantity,
                           size_t count, bool *failed) {
  uint32_t lacks = 0;
  *failed = false;
  for (size_t q = 0; q < count; q++) {
    size_t i = 0;
    while (i < outcome->count && !ntk_quantity_gives(quantity[q], outcome->value[i].quantity))
      i++;
    const bool there = i < outcome->count;
    const bool fails = there && outcome->value[i].verdict == NTK_VALUE_FAILED;
    lacks |= (uint32_t)(!there || fails) << q;
    *failed |= fails;
  }
  return lacks;
}

size_t ntk_quantity_some(const ntk_quantity *const *quantity, size_t count, uint32_t some,
                         const ntk_quantity *own[NTK_MOST_QUANTITIES]) {
  size_t found = 0;
  for (size_t q = 0; q < count; q++)
    if ((some >> q & 1) != 0)
      own[found++] = quantity[q];
  return found;
}

/* Adds the values of a quantity, which NULL stands for all of, unless they are there; and the
 * seconds that they took, if this is the first time. */
static void add_values(ntk_outcome *made, const ntk_outcome *from, const ntk_quantity *quantity,
                       bool *used) {
  for (size_t i = 0; i < from->count; i++) {
    const ntk_value *value = &from->value[i];
    size_t k = 0;
    if (quantity != NULL && !ntk_quantity_gives(quantity, value->quantity))
      continue;
    while (k < made->count && strcmp(made->value[k].quantity, value->quantity) != 0)
      k++;
    if (k < made->count || made->count == NTK_MOST_VALUES)
      continue;
    made->value[made->count++] = *value;
    made->seconds += *used ? 0.0 : from->seconds;
    *used = true;
  }
}

void ntk_outcome_join(const ntk_outcome *before, const ntk_quantity *const *quantity, size_t count,
                      ntk_outcome *outcome) {
  ntk_outcome made = {.status = NTK_OK};
  bool failed = false, old = false, new = false; /* which are used */
  for (size_t q = 0; q < count; q++) {
    const ntk_quantity *own[NTK_MOST_QUANTITIES];
    const size_t group = ntk_quantity_group(quantity, count, q, own);
    for (size_t k = 0; k < group; k++) {
      const bool lacks = ntk_outcome_lacks(outcome, &own[k], 1, &failed) != 0;
      const bool lacked = ntk_outcome_lacks(before, &own[k], 1, &failed) != 0;
      if (!lacks || lacked)
        add_values(&made, outcome, own[k], &new);
      add_values(&made, before, own[k], &old);
    }
  }
  add_values(&made, before, NULL, &old);
  add_values(&made, outcome, NULL, &new);
  failed = false;
  for (size_t i = 0; i < made.count; i++)
    failed |= made.value[i].verdict == NTK_VALUE_FAILED;
  if (failed) {
    const ntk_outcome *why = outcome->status != NTK_OK ? outcome : before;
    made.status = NTK_ERR_NUMERIC;
    memcpy(made.error, why->error, sizeof made.error);
  }
  *outcome = made;
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
