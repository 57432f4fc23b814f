/* The measures, and what of their results each quantity is. */
#ifndef NTK_STUDY_MEASURES_H
#define NTK_STUDY_MEASURES_H

#include "study/measure/outcome.h"
#include "study/measure/trial.h"
#include "theory/plan/work.h"

#include "ntkit/study.h"

typedef struct ntk_quantity ntk_quantity;

/* A computation that gives one or more quantities. */
typedef struct ntk_measure {
  /* What it does; memory in bytes, or the status that says why it cannot be. */
  void (*work)(const ntk_point *point, const ntk_quantity *const *quantity, size_t count,
               ntk_work_list *list);
  ntk_status (*bytes)(ntk_context *context, const ntk_point *point,
                      const ntk_quantity *const *quantity, size_t count, size_t *bytes);
  /* Fills count and value of the outcome for these quantities, all of this measure. */
  ntk_status (*run)(ntk_context *context, const ntk_point *point, uint64_t seed,
                    const ntk_quantity *const *quantity, size_t count, ntk_outcome *outcome);
} ntk_measure;

struct ntk_quantity {
  ntk_quantity_info info; /* begins with the name */
  const ntk_measure *measure;
  /* What of the measure's result it is; the measure knows the type. */
  void (*take)(const void *result, ntk_outcome *outcome);
  const char *per_block; /* one value a layer k, named "this_k"; NULL: one, named as the quantity */
};

/* One ntk_spectrum. */
extern const ntk_measure ntk_spectrum_measure;
void ntk_take_lambda_min(const void *result, ntk_outcome *outcome);
void ntk_take_lambda_max(const void *result, ntk_outcome *outcome);
void ntk_take_condition(const void *result, ntk_outcome *outcome);
void ntk_take_lower(const void *result, ntk_outcome *outcome);
void ntk_take_upper(const void *result, ntk_outcome *outcome);
void ntk_take_certified(const void *result, ntk_outcome *outcome);
void ntk_take_ratio_lower(const void *result, ntk_outcome *outcome);
void ntk_take_ratio_upper(const void *result, ntk_outcome *outcome);
void ntk_take_blocks(const void *result, ntk_outcome *outcome);

/* Laws beside one ntk_spectrum. */
extern const ntk_measure ntk_laws_measure;
void ntk_take_law_distance(const void *result, ntk_outcome *outcome);
void ntk_take_law_distance_last(const void *result, ntk_outcome *outcome);
void ntk_take_law_ratio(const void *result, ntk_outcome *outcome);
void ntk_take_law_constant_ratio(const void *result, ntk_outcome *outcome);

/* One ntk_limit_spectrum. */
extern const ntk_measure ntk_limit_measure;
void ntk_take_limit_lambda_min(const void *result, ntk_outcome *outcome);
void ntk_take_limit_distance(const void *result, ntk_outcome *outcome);
void ntk_take_limit_distances(const void *result, ntk_outcome *outcome);

/* One ntk_train. */
extern const ntk_measure ntk_training_measure;
void ntk_take_final_loss(const void *result, ntk_outcome *outcome);
void ntk_take_smallest_loss(const void *result, ntk_outcome *outcome);
void ntk_take_plateau_loss(const void *result, ntk_outcome *outcome);
void ntk_take_epochs_to(const void *result, ntk_outcome *outcome);
void ntk_take_epochs_to_margin(const void *result, ntk_outcome *outcome);
void ntk_take_rate(const void *result, ntk_outcome *outcome);
void ntk_take_linear_rate(const void *result, ntk_outcome *outcome);
void ntk_take_gap(const void *result, ntk_outcome *outcome);
void ntk_take_linear_gap(const void *result, ntk_outcome *outcome);
void ntk_take_drift(const void *result, ntk_outcome *outcome);

/* One ntk_memorize. */
extern const ntk_measure ntk_memorization_measure;
void ntk_take_memorize_error(const void *result, ntk_outcome *outcome);
void ntk_take_memorize_fits(const void *result, ntk_outcome *outcome);

/* One ntk_memorize with a margin. */
extern const ntk_measure ntk_margin_measure;
void ntk_take_margin_fits(const void *result, ntk_outcome *outcome);
void ntk_take_margin_separation(const void *result, ntk_outcome *outcome);
void ntk_take_margin_cover(const void *result, ntk_outcome *outcome);

/* One ntk_verify: every row under its key, and its order as "key.order"; an inequality is 1 where
 * it holds and 0 where it fails. */
extern const ntk_measure ntk_ledger_measure;
void ntk_take_ledger(const void *result, ntk_outcome *outcome);
/* Whether it has a value of this name. */
bool ntk_ledger_gives(const char *name);

#endif
