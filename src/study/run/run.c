/* ntk_study_run: one process hands trials to workers, gathers what they answer, and is the only one
 * that writes. Answers are written a few times a second, in one transaction each time: what an
 * interruption can cost is computed again, to the same bits. */
#include "study/run/run.h"

#include "study/run/plan.h"
#include "study/run/worker.h"

#include "base/context.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORKERS = 1024, MOST_WAITING = 64 };
enum { LOOK = 100, LAST_WAIT = 2000 }; /* milliseconds */
static const double WRITE_EVERY = 0.5; /* seconds */

/* An answer that is not in the database yet. */
typedef struct answer {
  ntk_task task;
  bool again; /* the trial is there, failed or in part */
  ntk_outcome outcome;
} answer;

typedef struct run {
  const ntk_study *study;
  const ntk_study_options *options;
  ntk_context *context; /* for predictions; computes nothing */
  ntk_store *store;     /* the caller's, open until that closes it */
  sqlite3_int64 environment;
  ntk_point_cost *costs;
  ntk_study_marks marks;
  ntk_agenda plan;
  size_t workers;
  ntk_worker *worker;
  struct pollfd *polled;
  size_t memory, in_use; /* bytes allowed, and predicted for what is in flight */
  size_t waiting;
  answer *answers; /* MOST_WAITING */
  double start, written;
  double expected; /* seconds in all, before a trial has told; NaN: not known */
  size_t finished, done, failed;
  double cost_finished;     /* by this run */
  bool stopped;             /* by the user, while it waited to write */
  ntk_store_counter before; /* how far the database was */
} run;

/* ---- Answers --------------------------------------------------------------------------------- */

static ntk_status write_answer(run *r, const answer *a) {
  const ntk_study *study = r->study;
  ntk_stored_trial trial = {.point = r->marks.id[a->task.point],
                            .trial = a->task.trial,
                            .seed = ntk_study_seed(study, a->task.point, a->task.trial),
                            .environment = r->environment,
                            .attempts = 1,
                            .outcome = a->outcome};
  if (a->again) {
    ntk_stored_trial before;
    NTK_TRY(ntk_store_get(r->store, trial.point, trial.trial, &before));
    ntk_outcome_join(&before.outcome, study->quantity, study->quantities, &trial.outcome);
    trial.attempts += before.attempts;
  }
  ntk_store_time(trial.finished);
  return ntk_store_put(r->store, &trial, a->again);
}

static ntk_status write_answers(run *r) {
  r->written = ntk_clock();
  if (r->waiting == 0)
    return NTK_OK;
  NTK_TRY(ntk_store_begin(r->store));
  ntk_status status = NTK_OK;
  size_t rows = 0;
  for (size_t i = 0; i < r->waiting && status == NTK_OK; i++) {
    status = write_answer(r, &r->answers[i]);
    rows += !r->answers[i].again;
  }
  if (status == NTK_OK)
    status = ntk_store_change_study(r->store, &(ntk_study_change){.rows = rows});
  status = ntk_store_end(r->store, status);
  r->waiting = 0;
  return status;
}

/* A failed trial has its values too, all missing, so that tables show it. */
static ntk_status name_missing(const run *r, const ntk_worker *w, ntk_outcome *outcome) {
  const ntk_study *study = r->study;
  const ntk_quantity *lacks[NTK_MOST_QUANTITIES];
  ntk_point point;
  NTK_TRY(ntk_study_point(study, w->point, &point));
  const size_t count = ntk_quantity_some(study->quantity, study->quantities, w->lacks, lacks);
  ntk_outcome_name_values(outcome, lacks, count, point.depth);
  return NTK_OK;
}

static ntk_status keep(run *r, const ntk_worker *w) {
  answer *a = &r->answers[r->waiting];
  a->task = (ntk_task){w->point, w->trial};
  a->outcome = w->outcome;
  unsigned char *state = &r->marks.states[w->point * r->study->trials + w->trial];
  a->again = *state != NTK_TRIAL_MISSING;
  r->failed -= *state == NTK_TRIAL_FAILED;
  if (a->outcome.status == NTK_OK) {
    *state = NTK_TRIAL_DONE;
    r->done++;
  } else {
    *state = NTK_TRIAL_FAILED;
    r->failed++;
    NTK_TRY(name_missing(r, w, &a->outcome));
  }
  r->waiting++;
  r->finished++;
  r->cost_finished += ntk_agenda_cost(&r->plan, w->point);
  r->in_use -= r->costs[w->point].bytes;
  return r->waiting == MOST_WAITING ? write_answers(r) : NTK_OK;
}

/* ---- Workers --------------------------------------------------------------------------------- */

static void give_work(run *r, ntk_worker *w) {
  ntk_task task;
  if (!ntk_agenda_take(&r->plan, r->memory - r->in_use, &task))
    return;
  r->in_use += r->costs[task.point].bytes;
  ntk_worker_give(w, task.point, task.trial,
                  r->marks.lacks[task.point * r->study->trials + task.trial]);
}

/* A worker that has died is replaced. */
static ntk_status hear(run *r, size_t which) {
  ntk_worker *w = &r->worker[which];
  const bool busy = w->busy;
  switch (ntk_worker_read(w)) {
  case NTK_WORKER_NOTHING:
    return NTK_OK;
  case NTK_WORKER_ANSWER: {
    const ntk_worker heard = *w;
    give_work(r, w); /* at once: writing may take a while */
    return keep(r, &heard);
  }
  case NTK_WORKER_DEAD:
    break;
  }
  if (busy) {
    w->busy = false;
    NTK_TRY(keep(r, w));
  }
  return ntk_worker_start(r->study, r->worker, r->workers, which, r->store->lock);
}

static size_t busy_workers(const run *r) {
  size_t busy = 0;
  for (size_t w = 0; w < r->workers; w++)
    busy += r->worker[w].busy;
  return busy;
}

static ntk_status listen_to_all(run *r) {
  for (size_t w = 0; w < r->workers; w++)
    r->polled[w] = (struct pollfd){.fd = r->worker[w].socket, .events = POLLIN};
  const int ready = poll(r->polled, (nfds_t)r->workers, LOOK);
  if (ready < 0 && errno != EINTR)
    return ntk_fail(NTK_ERR_FILE, "waiting for the workers: %s", strerror(errno));
  for (size_t w = 0; w < r->workers; w++)
    if (ready <= 0 || r->polled[w].revents != 0)
      NTK_TRY(hear(r, w));
  for (size_t w = 0; w < r->workers; w++)
    NTK_TRY(ntk_worker_revive(r->study, r->worker, r->workers, w, r->store->lock));
  return NTK_OK;
}

/* ---- Progress -------------------------------------------------------------------------------- */

/* By what has been done, and before that by the plan's model. */
static double seconds_left(const run *r, double elapsed) {
  const double left = r->plan.cost_total - r->plan.cost_done - r->cost_finished;
  if (r->finished > 0)
    return fmax(0.0, left) * elapsed / r->cost_finished;
  return r->expected < elapsed ? 0.0 : r->expected - elapsed; /* of NaN NaN */
}

static ntk_status report(const run *r) {
  if (r->options->progress == NULL)
    return NTK_OK;
  const ntk_agenda *p = &r->plan;
  const double elapsed = ntk_clock() - r->start;
  const ntk_study_progress progress = {
      .total = p->total,
      .done = r->done,
      .failed = r->failed,
      .in_flight = busy_workers(r),
      .finished = r->finished,
      .before = p->done,
      .tasks = p->count,
      .partial = p->partial,
      .elapsed = elapsed,
      .rate = r->finished > 0 ? (double)r->finished / elapsed : NAN,
      .left = seconds_left(r, elapsed),
      .fraction = fmin(1.0, (p->cost_done + r->cost_finished) / p->cost_total),
  };
  if (r->options->progress(&progress, r->options->progress_user))
    return NTK_OK;
  return ntk_fail(NTK_ERR_CANCELLED,
                  "interrupted: %zu of %zu trials are done; the same command "
                  "goes on from there",
                  r->done, p->total);
}

/* SQLite calls this while a reader keeps it from writing: it waits, however long, unless the user
 * wants to stop. */
static int wait_for_reader(void *user, int times) {
  run *r = user;
  (void)times;
  if (r->stopped || report(r) != NTK_OK) {
    r->stopped = true;
    return 0;
  }
  (void)poll(NULL, 0, LOOK / 2);
  return 1;
}

/* ---- The run --------------------------------------------------------------------------------- */

static ntk_status loop(run *r) {
  for (size_t w = 0; w < r->workers; w++)
    NTK_TRY(ntk_worker_start(r->study, r->worker, r->workers, w, r->store->lock));
  for (;;) {
    for (size_t w = 0; w < r->workers; w++)
      if (!r->worker[w].busy)
        give_work(r, &r->worker[w]);
    if (busy_workers(r) == 0)
      return NTK_OK;
    NTK_TRY(listen_to_all(r));
    if (ntk_clock() - r->written >= WRITE_EVERY)
      NTK_TRY(write_answers(r));
    NTK_TRY(report(r));
  }
}

static ntk_status allocate_run(run *r) {
  const size_t points = r->study->grid.points, trials = r->study->trials;
  r->costs = calloc(points, sizeof *r->costs);
  r->marks = (ntk_study_marks){.id = calloc(points, sizeof *r->marks.id),
                               .states = calloc(points, trials),
                               .lacks = calloc(points, trials * sizeof *r->marks.lacks)};
  r->worker = calloc(r->workers, sizeof *r->worker);
  r->polled = calloc(r->workers, sizeof *r->polled);
  r->answers = calloc(MOST_WAITING, sizeof *r->answers);
  if (!r->costs || !r->marks.id || !r->marks.states || !r->marks.lacks || !r->worker ||
      !r->polled || !r->answers)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a run of %zu points, %zu trials each", points,
                    trials);
  return NTK_OK;
}

static ntk_status check_options(const ntk_study_options *o) {
  if (o->workers < 0 || o->workers > MOST_WORKERS)
    return ntk_fail(NTK_ERR_ARGUMENT, "workers is %d; accepted: 1 to %d, or 0 for one per core",
                    o->workers, MOST_WORKERS);
  if (o->shard > o->shards || (o->shards > 0 && o->shard == 0))
    return ntk_fail(NTK_ERR_ARGUMENT, "shard %zu of %zu; accepted: 1 to the number of shards",
                    o->shard, o->shards);
  return NTK_OK;
}

static ntk_status prepare_store(run *r) {
  const ntk_study_options *o = r->options;
  const ntk_environment environment = ntk_context_environment(r->context);
  const ntk_store_visitor counting = ntk_store_counting(&r->before);
  NTK_TRY(ntk_store_adopt(r->store, r->study, r->costs, &r->marks, &counting));
  if (!o->other_code)
    NTK_TRY(ntk_store_check_build(r->store, &environment));
  NTK_TRY(ntk_store_find_build(r->store, &environment, &r->environment));
  return ntk_agenda_make(r->study, r->costs, r->marks.states, o->shards > 0 ? o->shard : 1,
                         o->shards > 0 ? o->shards : 1, o->retry, &r->plan);
}

/* Everything that can be refused is refused here, before a process is started. */
static ntk_status prepare(run *r, const char *database) {
  const ntk_study_options *o = r->options;
  NTK_TRY(check_options(o));
  NTK_TRY(ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = o->memory_limit},
                             &r->context));
  r->workers = o->workers > 0 ? (size_t)o->workers : (size_t)omp_get_num_procs();
  r->memory = ntk_memory_available(r->context);
  NTK_TRY(allocate_run(r));
  NTK_TRY(ntk_agenda_costs(r->study, r->context, r->memory, r->costs));
  NTK_TRY(ntk_store_open_for_run(database, r->store));
  NTK_TRY(ntk_store_begin(r->store));
  NTK_TRY(ntk_store_end(r->store, prepare_store(r))); /* a refusal changes nothing */
  (void)sqlite3_busy_handler(r->store->db, wait_for_reader, r);
  return NTK_OK;
}

static void release(run *r) {
  (void)ntk_store_counted(&r->before, NTK_ERR_CANCELLED, NULL); /* what has not been taken */
  for (size_t w = 0; w < r->workers && r->worker != NULL; w++)
    ntk_worker_stop(&r->worker[w]);
  ntk_agenda_clear(&r->plan);
  ntk_context_destroy(r->context);
  free(r->costs);
  free(r->marks.id);
  free(r->marks.states);
  free(r->marks.lacks);
  free(r->worker);
  free(r->polled);
  free(r->answers);
}

/* What a failure leaves to be written, and said, without losing the failure's own message. */
static ntk_status write_rest(run *r, ntk_status status) {
  char why[500];
  snprintf(why, sizeof why, "%s", ntk_error_message());
  for (size_t w = 0; w < r->workers; w++)
    ntk_worker_stop(&r->worker[w]);
  (void)sqlite3_busy_timeout(r->store->db, LAST_WAIT);
  const ntk_status written = write_answers(r);
  if (status == NTK_OK)
    return written;
  return (ntk_fail_message("%s", why), status);
}

ntk_status ntk_run_into(const ntk_study *study, const char *database,
                        const ntk_study_options *options, ntk_store *store,
                        ntk_study_status *status) {
  static const ntk_study_options defaults;
  run r = {.study = study,
           .options = options != NULL ? options : &defaults,
           .store = store,
           .start = ntk_clock(),
           .written = ntk_clock()};
  *store = (ntk_store){.lock = -1};
  ntk_status result = prepare(&r, database);
  if (result == NTK_OK) {
    r.expected = ntk_agenda_seconds(&r.plan) / (double)r.workers;
    r.done = r.plan.done;
    r.failed = r.plan.failed;
    result = loop(&r);
    if (result != NTK_OK && r.stopped)
      result = ntk_fail(NTK_ERR_CANCELLED,
                        "interrupted while %s was being read: the same command "
                        "goes on",
                        store->path);
    result = write_rest(&r, result);
    if (result == NTK_OK)
      (void)report(&r); /* the last one: all is done, and it is too late to stop */
  }
  if (result == NTK_OK || result == NTK_ERR_CANCELLED) {
    char why[500];
    snprintf(why, sizeof why, "%s", ntk_error_message());
    const bool same = r.finished == 0 && !r.marks.changed;
    const ntk_status read =
        same ? ntk_store_counted(&r.before, NTK_OK, status) : ntk_store_status(r.store, status);
    if (read != NTK_OK)
      result = read;
    else if (result == NTK_ERR_CANCELLED)
      ntk_fail_message("%s", why);
  }
  release(&r);
  return result;
}

ntk_status ntk_study_run(const ntk_study *study, const char *database,
                         const ntk_study_options *options, ntk_study_status *status) {
  ntk_store store;
  if (database == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "no database is named; accepted: a file's name");
  const ntk_status result = ntk_run_into(study, database, options, &store, status);
  ntk_store_close(&store);
  return result;
}
