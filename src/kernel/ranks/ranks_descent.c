/* Training over ranks: each has a descent of the parent's on the samples that are here, and theta
 * and the moments whole. An epoch is the parent's gradient, the sum of all ranks' where it lies,
 * with the same bits on all, and the parent's step: theta stays the same everywhere. A sum of N
 * terms is then one of partial sums, P - 1 additions more: that much of rounding is between one
 * rank and P. */
#include "kernel/ranks/ranks_descent.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/ranks/rows.h"
#include "kernel/ranks/ranks.h"

#include <string.h>

typedef struct ranks_descent {
  ntk_descent own; /* the parent's */
  double *Y;       /* its labels, where they are not all; else NULL */
  size_t *row;     /* of a batch its samples: room for all that are here */
} ranks_descent;

static bool is_dealt(const ntk_descent *descent) {
  return descent->share.ranks > 1;
}

/* Labels of the samples that are here. */
static ntk_status take_labels(const ntk_descent *descent, size_t rows, ranks_descent *made) {
  const size_t n_L = descent->network->width[descent->network->depth];
  NTK_TRY(ntk_alloc_doubles(descent->context, rows * n_L, "labels", &made->Y));
  const ntk_share numbers = ntk_share_times(descent->share, n_L);
  ntk_rows_take(&numbers, descent->Y, made->Y);
  made->own.Y = made->Y;
  return NTK_OK;
}

static ntk_status make_own(ntk_descent *descent) {
  const size_t rows = ntk_share_count(&descent->share, descent->share.rank);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(descent->context, 1, sizeof(ranks_descent), "training", &pointer));
  ranks_descent *made = pointer;
  *made = (ranks_descent){.own = *descent};
  made->own.backend = ranks_parent();
  made->own.N = rows;
  made->own.share = ntk_share_whole(rows);
  descent->state = made;
  if (is_dealt(descent)) {
    NTK_TRY(
        ntk_alloc(descent->context, rows > 0 ? rows : 1, sizeof *made->row, "training", &pointer));
    made->row = pointer;
    NTK_TRY(take_labels(descent, rows, made));
  }
  return ranks_parent()->descent_create(&made->own);
}

ntk_status ranks_descent_create(ntk_descent *descent) {
  const ntk_status made = make_own(descent);
  return !is_dealt(descent)
             ? made
             : ntk_ranks_agree(descent->context, made,
                               ntk_ranks_what("training", descent->N, descent->network->parameters,
                                              (size_t)descent->precision));
}

void ranks_descent_destroy(ntk_descent *descent) {
  ranks_descent *made = descent->state;
  if (made == NULL)
    return;
  ranks_parent()->descent_destroy(&made->own);
  ntk_free(descent->context, made->Y);
  ntk_free(descent->context, made->row);
  ntk_free(descent->context, made);
  descent->state = NULL;
}

void ranks_descent_sums(const ntk_descent *descent, void **gradient, size_t *count) {
  const ranks_descent *made = descent->state;
  ranks_parent()->descent_sums(&made->own, gradient, count);
}

/* The batch's samples that are here, as those of the descent that is here. */
static ntk_batch own_batch(const ntk_descent *descent, const ntk_batch *batch) {
  const ntk_share *share = &descent->share;
  const ranks_descent *made = descent->state;
  ntk_batch own = *batch;
  ntk_run run = {0};
  size_t i = 0;
  own.count = batch->row == NULL ? made->own.N : 0;
  while (batch->row != NULL && ntk_share_next(share, share->rank, &run))
    for (; i < batch->count && batch->row[i] < run.row + run.count; i++)
      if (batch->row[i] >= run.row)
        made->row[own.count++] = run.here + batch->row[i] - run.row;
  own.row = batch->row == NULL ? NULL : made->row;
  return own;
}

/* Without samples here the gradient is 0. */
static ntk_status own_gradient(ntk_descent *own, const ntk_batch *batch, void *gradient,
                               size_t bytes, double *sum) {
  if (batch->count > 0)
    return ranks_parent()->descent_gradient(own, batch, sum);
  memset(gradient, 0, bytes);
  *sum = 0.0;
  return NTK_OK;
}

ntk_status ranks_descent_gradient(ntk_descent *descent, const ntk_batch *batch, double *sum) {
  ranks_descent *made = descent->state;
  made->own.one_sided = descent->one_sided;
  if (!is_dealt(descent))
    return ranks_parent()->descent_gradient(&made->own, batch, sum);
  const bool single = descent->precision == NTK_PRECISION_FLOAT;
  void *gradient = NULL;
  size_t count = 0;
  ranks_parent()->descent_sums(&made->own, &gradient, &count);
  const ntk_batch own = own_batch(descent, batch);
  const ntk_status status = own_gradient(&made->own, &own, gradient,
                                         count * (single ? sizeof(float) : sizeof(double)), sum);
  NTK_TRY(ntk_ranks_agree(descent->context, status,
                          ntk_ranks_what("gradient", descent->N, count, single)));
  if (!batch->loss)
    ntk_ranks_sum(descent->context, count, gradient, descent->precision);
  *sum = ntk_ranks_sum_one(descent->context, *sum);
  return NTK_OK;
}

void ranks_descent_update(ntk_descent *descent, const ntk_update *update) {
  ranks_descent *made = descent->state;
  ranks_parent()->descent_update(&made->own, update);
}

void ranks_descent_read(const ntk_descent *descent, int slot, double *values) {
  const ranks_descent *made = descent->state;
  ranks_parent()->descent_read(&made->own, slot, values);
}

void ranks_descent_write(ntk_descent *descent, int slot, const double *values) {
  ranks_descent *made = descent->state;
  ranks_parent()->descent_write(&made->own, slot, values);
}

double ranks_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                           const ntk_share *share, ntk_precision precision) {
  const size_t rows = ntk_share_most(share);
  const ntk_share own = ntk_share_whole(rows);
  const double labels = /* and numbers of samples */
      share->ranks > 1 ? 8.0 * (double)rows * (1.0 + (double)ntk_spec_width(spec, spec->depth))
                       : 0.0;
  return ranks_parent()->descent_bytes(context, spec, &own, precision) + labels +
         (double)sizeof(ranks_descent);
}
