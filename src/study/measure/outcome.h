/* What a trial found: values with their verdicts, as they go through a pipe and stand in the
 * database. */
#ifndef NTK_STUDY_OUTCOME_H
#define NTK_STUDY_OUTCOME_H

#include "base/status.h"

enum { NTK_MOST_VALUES = 256 };

/* What there is to say of a value; by its name it stands in the database. */
typedef enum ntk_value_verdict {
  NTK_VALUE_OK,
  NTK_VALUE_RANK_DEFICIENT,
  NTK_VALUE_INACCURATE,       /* a value of which fewer than 3 digits are sure */
  NTK_VALUE_BELOW_RESOLUTION, /* this one and those that follow: there is no value */
  NTK_VALUE_DIVERGED,
  NTK_VALUE_NOT_REACHED,
  NTK_VALUE_NO_STEP,
  NTK_VALUE_NOT_CERTIFIED,
  NTK_VALUE_OUTSIDE, /* the law says nothing of these sizes */
  NTK_VALUE_FAILED,  /* the trial did, before it had this one */
  NTK_VALUE_VERDICTS /* how many there are */
} ntk_value_verdict;
const char *ntk_value_verdict_name(ntk_value_verdict verdict);
/* False when there is none of this name. */
bool ntk_value_verdict_find(const char *name, ntk_value_verdict *verdict);

/* One number that a trial found. */
typedef struct ntk_value {
  char quantity[32];
  double value; /* NaN when there is none */
  ntk_value_verdict verdict;
} ntk_value;

/* What a trial found, or why it did not; plain memory, for it goes through a pipe. */
typedef struct ntk_outcome {
  ntk_status status;
  char error[256]; /* "" when status is NTK_OK */
  double seconds;
  size_t count;
  ntk_value value[NTK_MOST_VALUES];
} ntk_outcome;

/* Appends a value. */
void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value,
                     ntk_value_verdict verdict);
/* The same, named "stem_k". */
void ntk_outcome_put_block(ntk_outcome *outcome, const char *stem, size_t k, double value,
                           ntk_value_verdict verdict);

#endif
