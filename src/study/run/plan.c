#include "study/run/plan.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a trial costs besides its flops, as flops: a few milliseconds. */
static const double OVERHEAD = 1e8;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's plan");
}

/* Flops of one trial, and, unless context is NULL, its bytes, and seconds on this machine. */
static ntk_status point_cost(const ntk_study *study, ntk_context *context,
                             const ntk_machine *machine, size_t i, ntk_point_cost *cost) {
  ntk_work_list list;
  ntk_point point;
  NTK_TRY(ntk_study_point(study, i, &point));
  *cost = (ntk_point_cost){0};
  for (size_t q = 0; q < study->quantities; q++) {
    const ntk_measure *m = study->quantity[q]->measure;
    const ntk_quantity *own[NTK_MOST_QUANTITIES];
    const size_t count = ntk_quantity_group(study->quantity, study->quantities, q, own);
    size_t bytes = 0;
    if (count == 0)
      continue;
    if (context != NULL)
      NTK_TRY(m->bytes(context, &point, own, count, &bytes));
    m->work(&point, own, count, &list);
    cost->flops += ntk_work_flops(&list);
    for (size_t k = 0; k < list.count && machine != NULL; k++)
      cost->seconds += ntk_work_seconds(machine, &list.work[k]);
    cost->bytes = bytes > cost->bytes ? bytes : cost->bytes;
  }
  return NTK_OK;
}

ntk_status ntk_study_flops(const ntk_study *study, double *flops) {
  double sum = 0.0;
  for (size_t i = 0; i < study->grid.points; i++) {
    ntk_point_cost cost;
    NTK_TRY(point_cost(study, NULL, NULL, i, &cost));
    sum += cost.flops * (double)study->trials;
  }
  *flops = sum;
  return NTK_OK;
}

ntk_status ntk_agenda_costs(const ntk_study *study, ntk_context *context, size_t limit,
                            ntk_point_cost *costs) {
  ntk_machine machine = {0}; /* of which nothing is known: seconds are NaN */
  if (ntk_calibrate(context, NTK_CALIBRATE_KEPT, &machine) != NTK_OK)
    machine = (ntk_machine){0};
  for (size_t i = 0; i < study->grid.points; i++) {
    ntk_status status = point_cost(study, context, &machine, i, &costs[i]);
    char needed[NTK_AMOUNT], allowed[NTK_AMOUNT];
    if (status == NTK_OK && costs[i].bytes > limit)
      status =
          ntk_fail(NTK_ERR_MEMORY, "one trial needs %s of memory, and %s are allowed",
                   ntk_amount((double)costs[i].bytes, needed), ntk_amount((double)limit, allowed));
    if (status != NTK_OK)
      return ntk_study_refuse_point(study, NULL, i, status);
  }
  return NTK_OK;
}

double ntk_agenda_cost(const ntk_agenda *plan, size_t point) {
  return plan->costs[point].flops + OVERHEAD;
}

double ntk_agenda_seconds(const ntk_agenda *plan) {
  double seconds = 0.0;
  for (size_t k = 0; k < plan->count; k++)
    seconds += plan->costs[plan->task[k].point].seconds;
  return seconds;
}

/* ---- Order ----------------------------------------------------------------------------------- */

typedef struct ranked {
  double flops;
  size_t point;
} ranked;

static int by_cost(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->flops != y->flops)
    return x->flops < y->flops ? 1 : -1;
  return (x->point > y->point) - (x->point < y->point);
}

static ranked *rank_points(const ntk_study *study, const ntk_point_cost *costs) {
  ranked *order = calloc(study->grid.points, sizeof *order);
  if (order == NULL)
    return NULL;
  for (size_t i = 0; i < study->grid.points; i++)
    order[i] = (ranked){costs[i].flops, i};
  qsort(order, study->grid.points, sizeof *order, by_cost);
  return order;
}

static void add(ntk_agenda *plan, ntk_task task, unsigned char state, bool retry) {
  const double cost = ntk_agenda_cost(plan, task.point);
  plan->total++;
  plan->cost_total += cost;
  plan->done += state == NTK_TRIAL_DONE;
  plan->failed += state == NTK_TRIAL_FAILED;
  plan->partial += state == NTK_TRIAL_PARTIAL;
  if (state == NTK_TRIAL_MISSING || state == NTK_TRIAL_PARTIAL ||
      (retry && state == NTK_TRIAL_FAILED))
    plan->task[plan->count++] = task;
  else
    plan->cost_done += cost;
}

ntk_status ntk_agenda_make(const ntk_study *study, const ntk_point_cost *costs,
                           const unsigned char *states, size_t shard, size_t shards, bool retry,
                           ntk_agenda *plan) {
  const size_t points = study->grid.points, trials = study->trials;
  const size_t most = points * trials / shards + 1;
  ranked *order = rank_points(study, costs);
  ntk_agenda made = {.costs = costs,
                     .task = calloc(most, sizeof *made.task),
                     .taken = calloc(most, sizeof *made.taken)};
  if (order == NULL || made.task == NULL || made.taken == NULL) {
    free(order);
    ntk_agenda_clear(&made);
    return no_memory();
  }
  for (size_t k = shard - 1; k < points * trials; k += shards) { /* dealt like cards */
    const ntk_task task = {order[k / trials].point, k % trials};
    add(&made, task, states[task.point * trials + task.trial], retry);
  }
  free(order);
  *plan = made;
  return NTK_OK;
}

void ntk_agenda_clear(ntk_agenda *plan) {
  free(plan->task);
  free(plan->taken);
  *plan = (ntk_agenda){0};
}

bool ntk_agenda_take(ntk_agenda *plan, size_t bytes, ntk_task *task) {
  while (plan->next < plan->count && plan->taken[plan->next])
    plan->next++;
  for (size_t k = plan->next; k < plan->count; k++)
    if (!plan->taken[k] && plan->costs[plan->task[k].point].bytes <= bytes) {
      plan->taken[k] = true;
      *task = plan->task[k];
      return true;
    }
  return false;
}
