/* Steps on some of the samples each. An epoch shuffles all N, by a stream of its own at (seed,
 * epoch), so that a run that is gone on with draws what it would have drawn, and deals them into
 * batches; within a batch samples go in their own order: one of all N has the bits of training
 * without batches. Every sample weighs as much: the gradient is N / B times that of the batch's
 * loss, also in the last one, which has what is left. */
#include "fit/train/batch.h"

#include "base/memory.h"
#include "base/random.h"
#include "fit/train/track.h"

#include <string.h>

static size_t steps_of(size_t N, size_t size) {
  return N / size + (N % size > 0);
}

ntk_status ntk_batch_check(const ntk_train_options *options, size_t N) {
  if (options->batch <= N)
    return NTK_OK;
  return ntk_fail_about(ntk_fail(NTK_ERR_ARGUMENT,
                                 "a batch is to have %zu samples, and there are %zu; accepted: "
                                 "from 1 to %zu",
                                 options->batch, N, N),
                        (ntk_error){.option = "batch"});
}

static ntk_status allocate_sizes(const ntk_batches *b, size_t count, size_t **array) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(b->context, count, sizeof **array, "batches", &pointer));
  *array = pointer;
  return NTK_OK;
}

static ntk_status allocate(const ntk_training *t, ntk_batches *b) {
  NTK_TRY(allocate_sizes(b, t->N, &b->order));
  NTK_TRY(allocate_sizes(b, t->N, &b->of));
  NTK_TRY(allocate_sizes(b, b->steps, &b->next));
  return ntk_alloc_doubles(b->context, ntk_optimizer_slots(t->optimizer) * t->P + 2 * t->R,
                           "batches", &b->kept);
}

ntk_status ntk_batches_create(const ntk_training *t, ntk_batches **batches) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, 1, sizeof(ntk_batches), "batches", &pointer));
  ntk_batches *b = pointer;
  *b = (ntk_batches){.context = t->context, .steps = steps_of(t->N, t->options.batch)};
  const ntk_status status = allocate(t, b);
  if (status == NTK_OK)
    *batches = b;
  else
    ntk_batches_destroy(b);
  return status;
}

void ntk_batches_destroy(ntk_batches *b) {
  if (b == NULL)
    return;
  ntk_free(b->context, b->order);
  ntk_free(b->context, b->of);
  ntk_free(b->context, b->next);
  ntk_free(b->context, b->kept);
  ntk_free(b->context, b);
}

double ntk_batches_bytes(size_t batch, double N, double slots, double P, double R) {
  if (batch == 0)
    return 0.0;
  return (double)sizeof(ntk_batches) + (double)sizeof(size_t) * (3.0 * N + 1.0) +
         8.0 * (slots * P + 2.0 * R);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

void ntk_batches_draw(ntk_batches *b, size_t N, size_t size, uint64_t seed, size_t epoch) {
  for (size_t i = 0; i < N; i++)
    b->of[i] = i / size;
  ntk_random_shuffle((ntk_random){seed, NTK_STREAM_BATCHES, 0}, epoch, N, b->of);
  for (size_t k = 0; k < b->steps; k++)
    b->next[k] = k * size;
  for (size_t i = 0; i < N; i++)
    b->order[b->next[b->of[i]]++] = i;
}

/* ---- An epoch -------------------------------------------------------------------------------- */

enum { MOST_SLOTS = 3 };
static const ntk_slot slots[MOST_SLOTS] = {NTK_SLOT_THETA, NTK_SLOT_M, NTK_SLOT_V};

/* theta and moments, and the linear model, to b->kept or back from it. */
static void keep(const ntk_training *t, bool back) {
  double *kept = t->batches->kept, *linear = t->tracker->r; /* r and then m */
  for (size_t s = 0; s < MOST_SLOTS && s < ntk_optimizer_slots(t->optimizer); s++, kept += t->P) {
    if (back)
      ntk_descent_write(t->descent, slots[s], kept);
    else
      ntk_descent_read(t->descent, slots[s], kept);
  }
  if (linear != NULL)
    memcpy(back ? linear : kept, back ? kept : linear, 2 * t->R * sizeof(double));
}

static ntk_status step(ntk_training *t, size_t k) {
  const size_t size = t->options.batch, first = k * size, left = t->N - first;
  const ntk_batch batch = {.row = t->batches->order + first,
                           .count = left < size ? left : size,
                           .scale = t->scale * ((double)t->N / (double)size)};
  const ntk_update update = ntk_training_update(t, t->epoch * t->batches->steps + k + 1);
  double sum = 0.0;
  NTK_TRY(ntk_descent_batch(t->descent, &batch, &sum));
  NTK_TRY(ntk_tracker_advance(t, &batch));
  ntk_descent_update(t->descent, &update);
  return NTK_OK;
}

ntk_status ntk_batches_epoch(ntk_training *t) {
  ntk_status status = NTK_OK;
  keep(t, false);
  ntk_batches_draw(t->batches, t->N, t->options.batch, t->options.seed, t->epoch);
  for (size_t k = 0; k < t->batches->steps && status == NTK_OK; k++)
    status = step(t, k);
  if (status != NTK_OK)
    keep(t, true);
  return status;
}
