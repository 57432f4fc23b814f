/* The measures, and what of their results each quantity is. */
#ifndef NTK_STUDY_MEASURES_H
#define NTK_STUDY_MEASURES_H

#include "study/measure/quantity.h"

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
void ntk_take_layers(const void *result, ntk_outcome *outcome);

/* One ntk_train. */
extern const ntk_measure ntk_training_measure;
void ntk_take_final_loss(const void *result, ntk_outcome *outcome);
void ntk_take_smallest_loss(const void *result, ntk_outcome *outcome);
void ntk_take_plateau_loss(const void *result, ntk_outcome *outcome);
void ntk_take_epochs_to(const void *result, ntk_outcome *outcome);
void ntk_take_rate(const void *result, ntk_outcome *outcome);

/* One ntk_memorize. */
extern const ntk_measure ntk_memorization_measure;
void ntk_take_memorize_error(const void *result, ntk_outcome *outcome);

/* One ntk_verify: every row under its key, and its order as "key.order"; an inequality is 1 where
 * it holds and 0 where it fails. */
extern const ntk_measure ntk_ledger_measure;
void ntk_take_ledger(const void *result, ntk_outcome *outcome);
/* Whether it has a value of this name. */
bool ntk_ledger_gives(const char *name);

#endif
