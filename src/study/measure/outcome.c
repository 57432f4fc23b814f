#include "study/measure/outcome.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const verdicts[NTK_VALUE_VERDICTS] = {
    [NTK_VALUE_OK] = "ok",
    [NTK_VALUE_RANK_DEFICIENT] = "rank_deficient",
    [NTK_VALUE_INACCURATE] = "inaccurate",
    [NTK_VALUE_BELOW_RESOLUTION] = "below_resolution",
    [NTK_VALUE_DIVERGED] = "diverged",
    [NTK_VALUE_NOT_REACHED] = "not_reached",
    [NTK_VALUE_NO_STEP] = "no_step",
    [NTK_VALUE_NOT_CERTIFIED] = "not_certified",
    [NTK_VALUE_OUTSIDE] = "outside",
    [NTK_VALUE_FAILED] = "failed",
};

const char *ntk_value_verdict_name(ntk_value_verdict verdict) {
  return verdicts[verdict];
}

bool ntk_value_verdict_find(const char *name, ntk_value_verdict *verdict) {
  for (size_t i = 0; i < NTK_VALUE_VERDICTS; i++)
    if (strcmp(verdicts[i], name) == 0) {
      *verdict = (ntk_value_verdict)i;
      return true;
    }
  return false;
}

void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value,
                     ntk_value_verdict verdict) {
  ntk_value *v = &outcome->value[outcome->count++];
  snprintf(v->quantity, sizeof v->quantity, "%s", name);
  v->verdict = verdict;
  v->value = verdict < NTK_VALUE_BELOW_RESOLUTION ? value : NAN;
}

void ntk_outcome_put_block(ntk_outcome *outcome, const char *stem, size_t k, double value,
                           ntk_value_verdict verdict) {
  char name[sizeof outcome->value[0].quantity];
  snprintf(name, sizeof name, "%.20s_%u", stem, (unsigned)k % 1000u); /* k < NTK_MOST_DEPTH */
  ntk_outcome_put(outcome, name, value, verdict);
}
