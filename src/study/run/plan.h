/* What a run has to do, and in which order: the costliest trials first, so that the last ones to
 * end are short. */
#ifndef NTK_STUDY_PLAN_H
#define NTK_STUDY_PLAN_H

#include "study/store/store.h"

typedef struct ntk_task {
  size_t point, trial;
} ntk_task;

typedef struct ntk_agenda {
  const ntk_point_cost *costs;  /* borrowed */
  size_t total;                 /* trials of this shard */
  size_t done, failed, partial; /* of these, before the run began */
  double cost_total, cost_done;
  size_t count;   /* tasks: trials that are to be computed */
  ntk_task *task; /* costliest first; those taken are not moved */
  bool *taken;
  size_t next; /* all before it are taken */
} ntk_agenda;

/* Flops, seconds and bytes of every point into costs (points entries), as ntk_plan_make has them.
 * NTK_ERR_MEMORY names the first point that needs more than limit bytes. */
ntk_status ntk_agenda_costs(const ntk_study *study, ntk_context *context, size_t limit,
                            ntk_point_cost *costs);

/* Shard shard (1..shards) of the trials, those left out that are done, and, unless retry, those
 * that have failed. states as of ntk_store_states. Which trials a shard has does not depend on
 * them. */
ntk_status ntk_agenda_make(const ntk_study *study, const ntk_point_cost *costs,
                           const unsigned char *states, size_t shard, size_t shards, bool retry,
                           ntk_agenda *plan);
void ntk_agenda_clear(ntk_agenda *plan);

/* Takes the costliest task that needs at most `bytes`; false when there is none. */
bool ntk_agenda_take(ntk_agenda *plan, size_t bytes, ntk_task *task);

/* Seconds of all tasks, were they done one by one; NaN: not known. */
double ntk_agenda_seconds(const ntk_agenda *plan);

/* Predicted cost of a trial of this point, in units that compare. */
double ntk_agenda_cost(const ntk_agenda *plan, size_t point);

#endif
