/* The linear model, r <- r - eta scale K_0 (...), stepped beside the network: its loss is that of
 * the exact discrete steps, not of a flow. Of a round of clients the step is K_0 D r
 * (fit/federated). */
#include "fit/train/track.h"

#include "base/blas.h"
#include "base/memory.h"

#include <string.h>

/* The residual's part in a step, over t->scale: of some samples their rows, weighed. */
static const double *part(const ntk_training *t, const ntk_batch *batch, double *scratch) {
  const double *r = t->tracker->r;
  const size_t outputs = t->network->width[t->L];
  if (batch == NULL)
    return r;
  memset(scratch, 0, t->R * sizeof *scratch);
  for (size_t i = 0; i < batch->count; i++)
    for (size_t row = batch->row[i] * outputs; row < (batch->row[i] + 1) * outputs; row++)
      scratch[row] = batch->scale / t->scale * r[row];
  return scratch;
}

ntk_status ntk_tracker_advance(ntk_training *t, const ntk_batch *batch) {
  ntk_tracker *k = t->tracker;
  if (k->r == NULL)
    return NTK_OK;
  const double start = ntk_clock();
  if (batch == NULL)
    memcpy(k->before, k->m, t->R * sizeof *k->m);
  const double *r = part(t, batch, k->before);
  if (t->law != NULL)
    ntk_law_apply(t->law, r, k->direction);
  else
    ntk_optimizer_direction(t->optimizer, t->momentum, t->R, r, k->m, k->direction);
  const ntk_status status = ntk_kernel_multiply(k->K, k->direction, 1, k->Kd);
  if (status != NTK_OK && batch == NULL) { /* interrupted: this step has not been made */
    memcpy(k->m, k->before, t->R * sizeof *k->m);
    return status;
  }
  NTK_TRY(status);
  ntk_daxpy(t->R, t->law != NULL ? -1.0 : -t->lr * t->scale, k->Kd, k->r);
  t->tracking += ntk_clock() - start;
  return NTK_OK;
}
