/* What a study measures. A new quantity is a row of the table in quantity.c; one that needs another
 * computation than those of measures.h brings its ntk_measure. */
#ifndef NTK_STUDY_QUANTITY_H
#define NTK_STUDY_QUANTITY_H

#include "study/measure/measures.h"

enum { NTK_MOST_QUANTITIES = 24 };

/* The present name of a quantity under one that it had, else the name itself. */
const char *ntk_quantity_present_name(const char *name);

ntk_status ntk_quantity_find(const char *name, const ntk_quantity **quantity);
/* Whether a value of this name is of this quantity. */
bool ntk_quantity_gives(const ntk_quantity *quantity, const char *name);
/* Whether a trial trains for it. */
bool ntk_quantity_trains(const ntk_quantity *quantity);

/* The quantities, out of `count`, that quantity q's measure gives, into own; how many they are: 0
 * when an earlier quantity has the same measure, so that each measure comes up once. */
size_t ntk_quantity_group(const ntk_quantity *const *quantity, size_t count, size_t q,
                          const ntk_quantity *own[NTK_MOST_QUANTITIES]);

/* Appends a value, NaN and named but otherwise empty, for each that these quantities give. */
void ntk_outcome_name_values(ntk_outcome *outcome, const ntk_quantity *const *quantity,
                             size_t count, size_t depth);

/* Which of the quantities, bit q for quantity[q], an outcome has no value of, or a failed one;
 * *failed: whether there is one of the latter. */
uint32_t ntk_outcome_lacks(const ntk_outcome *outcome, const ntk_quantity *const *quantity,
                           size_t count, bool *failed);
/* The quantities that have their bits in `some`, into own; how many. */
size_t ntk_quantity_some(const ntk_quantity *const *quantity, size_t count, uint32_t some,
                         const ntk_quantity *own[NTK_MOST_QUANTITIES]);
/* Two outcomes of one trial in one: values of these quantities come first, in the order in which a
 * trial measures them, of each those of `before` where `outcome` lacks them. The status is that of
 * the values. */
void ntk_outcome_join(const ntk_outcome *before, const ntk_quantity *const *quantity, size_t count,
                      ntk_outcome *outcome);

#endif
