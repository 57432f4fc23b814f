/* What is known of a limit before it is factored. A finite network's J has a v of data alone with
 * J^T v = 0 for all weights where samples follow one another or F_L is a polynomial: then v^T K v =
 * 0 for every network, and for what these tend to. Ranks that widths bound are no part of it. */
#include "theory/limit/job.h"

#include "data/dataset.h"

#include <stdio.h>

static void say_zero(const char *cause, const char *reason, ntk_deficiency *d) {
  *d = (ntk_deficiency){.cause = cause, .factor = NAN};
  (void)snprintf(d->reason, sizeof d->reason, "%s", reason);
}

/* Block k, or all, where nothing is left of it. */
static void look_at_constants(const ntk_limit_job *j, size_t k, ntk_deficiency *d) {
  bool scaled = false, reached = false;
  for (size_t b = 0; b < j->spec->depth; b++) {
    const bool present = b == 0 ? j->limit.present : j->limit.layer[b - 1].present;
    bool back = true;
    if (k < j->spec->depth && b != k)
      continue;
    for (size_t l = b + 1; l <= j->limit.hidden; l++)
      back = back && !j->limit.layer[l - 1].cut;
    scaled = scaled || present;
    reached = reached || (present && back);
  }
  if (!scaled)
    say_zero("scales", "0: its scales are", d);
  else if (!reached)
    say_zero("pairs", "0: the units of the last hidden layer come in pairs that cancel", d);
  if (!scaled || !reached)
    d->zeros = j->result->samples;
}

ntk_status ntk_limit_job_known(const ntk_limit_job *j, size_t k, ntk_deficiency *deficiency) {
  const ntk_held held = ntk_dataset_held(j->data);
  *deficiency = NTK_NO_DEFICIENCY;
  if (!j->options.covariance)
    look_at_constants(j, k, deficiency);
  if (deficiency->cause != NULL)
    return NTK_OK;
  return ntk_deficiency_find_limit(j->narrow, &held, k, deficiency);
}
