#include "fit/train/checkpoint.h"

#include "base/hash.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"

#include <string.h>

enum { ARCHITECTURE, METHOD, STEP, TRACK, DATA, LABELS, WEIGHTS, WORDS };
_Static_assert((int)WORDS == (int)NTK_IDENTITIES, "one word a part");
/* In the order in which they are compared: what changes others comes before them. */
static const char *const parts[NTK_IDENTITIES] = {
    [ARCHITECTURE] = "another network (widths, activation, biases or scales)",
    [METHOD] = "another optimizer, loss, margin, precision, batch or clients, "
               "or other draws of these (seed)",
    [STEP] = "another step size or momentum",
    [TRACK] = "other epochs to track, or other weights kept of them",
    [DATA] = "other data",
    [LABELS] = "other labels",
    [WEIGHTS] = "other first weights (seed, init, beta, gamma)",
};

const char *ntk_identity_part(size_t i) {
  return parts[i];
}

static uint64_t hash_text(uint64_t hash, const char *text) {
  return ntk_hash_words(hash, text, strlen(text) + 1);
}

/* The samples' hashes, each with its place, summed over all of them. */
uint64_t ntk_training_hash_data(const ntk_training *t) {
  const ntk_share *share = &t->data->share;
  const size_t d = t->data->d, here = ntk_share_count(share, share->rank);
  enum { PIECES = 4, BITS = 16 }; /* of the sum: numbers that doubles add exactly */
  uint64_t sum = 0, all = 0;
  double piece[PIECES];
  for (size_t i = 0; i < here; i++) {
    const size_t row = ntk_share_row(share, i);
    const uint64_t place = ntk_hash_words(NTK_HASH_START, &row, sizeof row);
    sum += ntk_hash_words(place, t->data->X + i * d, d * sizeof(double));
  }
  if (share->ranks == 1)
    return sum;
  for (int k = 0; k < PIECES; k++)
    piece[k] = (double)(sum >> (k * BITS) & 0xffff);
  ntk_ranks_sum(t->context, PIECES, piece, NTK_PRECISION_DOUBLE);
  for (int k = 0; k < PIECES; k++)
    all += (uint64_t)piece[k] << (k * BITS);
  return all;
}

void ntk_training_identify(const ntk_training *t, uint64_t identity[NTK_IDENTITIES]) {
  const ntk_train_options *o = &t->options;
  uint64_t hash = ntk_hash_words(NTK_HASH_START, t->network->width, (t->L + 1) * sizeof(size_t));
  hash = hash_text(hash, t->network->activations);
  if (!ntk_training_is_plain(t)) { /* which older checkpoints are of */
    hash = ntk_hash_words(hash, t->network->bias, t->L * sizeof *t->network->bias);
    hash = ntk_hash_words(hash, t->network->scale, 2 * t->L * sizeof(double));
  }
  identity[ARCHITECTURE] = hash;
  identity[WEIGHTS] = ntk_hash_words(NTK_HASH_START, t->first, t->P * sizeof(double));
  hash = ntk_hash_words(NTK_HASH_START, &t->data->N, sizeof t->data->N);
  identity[DATA] = ntk_hash_words(hash, &t->data_hash, sizeof t->data_hash);
  identity[LABELS] = ntk_hash_words(NTK_HASH_START, t->Y, t->R * sizeof(double));
  hash = hash_text(hash_text(hash_text(NTK_HASH_START, o->optimizer), o->loss), o->precision);
  if (o->batch > 0)
    hash =
        ntk_hash_words(ntk_hash_words(hash, &o->batch, sizeof o->batch), &o->seed, sizeof o->seed);
  if (t->rounds != NULL) {
    const ntk_split *split = t->rounds->split;
    hash = ntk_hash_words(hash, &t->rounds->local_steps, sizeof(size_t));
    hash = ntk_hash_words(hash, &split->clients, sizeof(size_t));
    hash = ntk_hash_words(hash, split->of, split->N * sizeof *split->of);
    if (t->rounds->by_size && split->smallest < split->largest)
      hash = hash_text(hash, "size");
  }
  if (o->margin > 0.0)
    hash = ntk_hash_words(hash_text(hash, "margin"), &o->margin, sizeof o->margin);
  identity[METHOD] = hash;
  bool of_kernel = false, with_least = false;
  ntk_schedule_needs(t, &of_kernel, &with_least);
  /* A rule's numbers come of eigenvalues, whose last digits are those of the way they were found.
   */
  const double step[2] = {of_kernel ? 0.0 : t->lr, of_kernel ? t->options.momentum : t->momentum};
  identity[STEP] = ntk_hash_words(NTK_HASH_START, step, sizeof step);
  if (of_kernel && t->rule == NTK_LR_BEST)
    identity[STEP] = hash_text(identity[STEP], "best");
  identity[TRACK] = ntk_hash_words(NTK_HASH_START, &o->track, sizeof o->track);
  if (o->track_epochs != NULL)
    identity[TRACK] = hash_text(identity[TRACK], o->track_epochs);
  if (o->track_weights)
    identity[TRACK] = hash_text(identity[TRACK], "weights");
}
