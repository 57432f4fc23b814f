#include "study/measure/outcome.h"

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
