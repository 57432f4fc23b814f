#include "fit/train/training.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"

#include <math.h>
#include <string.h>

static const double ADAM_BETA1 = 0.9, ADAM_BETA2 = 0.999, ADAM_EPSILON = 1e-8;

ntk_status ntk_training_agree(const ntk_training *t, ntk_status own, const char *place) {
  return ntk_ranks_agree(t->context, own, ntk_ranks_what(place, t->N, t->P, t->epoch));
}

ntk_status ntk_training_agree_first(const ntk_training *t, ntk_status own, const char *place) {
  return ntk_ranks_agree_first(t->context, own, ntk_ranks_what(place, t->N, t->P, t->epoch));
}

static ntk_status grow(const ntk_training *t, size_t capacity, double **list) {
  double *longer;
  NTK_TRY(ntk_alloc_doubles(t->context, capacity, "losses", &longer));
  if (t->capacity > 0)
    memcpy(longer, *list, t->capacity * sizeof(double));
  ntk_free(t->context, *list);
  *list = longer;
  return NTK_OK;
}

ntk_status ntk_training_room(ntk_training *t, size_t count) {
  if (count <= t->capacity)
    return NTK_OK;
  const size_t capacity = 2 * count + 1024;
  if (t->options.clients > 0)
    NTK_TRY(grow(t, capacity, &t->drift));
  if (t->drift != NULL)
    t->drift[0] = 0.0; /* no round came before */
  NTK_TRY(grow(t, capacity, &t->loss));
  t->capacity = capacity;
  return NTK_OK;
}

size_t ntk_training_last_weights(const ntk_training *t) {
  return t->network->width[t->L - 1] * t->network->width[t->L];
}

bool ntk_training_is_plain(const ntk_training *t) {
  bool plain = t->network->width[t->L] == 1;
  for (size_t l = 1; l <= t->L; l++)
    plain = plain && t->network->b[l] == NULL && t->network->scale[2 * l - 2] == 1.0;
  return plain;
}

ntk_update ntk_training_update(const ntk_training *t, size_t step) {
  const bool adam = t->optimizer->rule == NTK_RULE_ADAM;
  return (ntk_update){.rule = t->optimizer->rule,
                      .lr = t->lr,
                      .beta1 = adam ? ADAM_BETA1 : t->momentum,
                      .beta2 = ADAM_BETA2,
                      .epsilon = ADAM_EPSILON,
                      .step = step};
}

bool ntk_training_is_theorem(const ntk_training *t) {
  return t->optimizer->theorem && t->options.batch == 0 && t->options.clients == 0 &&
         t->options.margin == 0.0;
}

bool ntk_training_is_linear(const ntk_training *t) {
  return t->optimizer->linear && t->options.batch == 0 && t->options.clients == 0 &&
         t->options.margin == 0.0;
}

bool ntk_training_follows(const ntk_training *t) {
  const bool law = t->R <= NTK_LAW_MOST && ntk_ranks_count(t->context) == 1;
  return t->optimizer->linear && (t->options.clients == 0 || law);
}

ntk_status ntk_training_interrupted(const ntk_training *t) {
  return ntk_fail(NTK_ERR_CANCELLED, "interrupted after %zu epochs, at a loss of %.6g", t->epoch,
                  t->loss[t->epoch]);
}

void ntk_training_sync(ntk_training *t) {
  if (t->descent == NULL)
    return;
  ntk_descent_read(t->descent, NTK_SLOT_THETA, t->network->theta);
  ntk_network_set(t->network, t->network->theta);
}

void ntk_training_note(ntk_training *t, const char *why) {
  t->mixed = t->mixed || (t->way != NTK_WAY_DOUBLE && why == NULL);
  if (why != NULL && t->kernel_reason[0] == '\0')
    t->kernel_reason = why;
}
