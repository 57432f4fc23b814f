/* Trials and what they found: written one by one, counted, listed. */
#include "study/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's trials");
}

ntk_status ntk_store_states(const ntk_store *store, size_t points, size_t trials,
                            unsigned char *states) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, "SELECT point, trial, status = 'failed' FROM trials", &select));
  memset(states, NTK_TRIAL_MISSING, points * trials);
  int code;
  while ((code = sqlite3_step(select)) == SQLITE_ROW) {
    const size_t point = (size_t)sqlite3_column_int64(select, 0);
    const size_t trial = (size_t)sqlite3_column_int64(select, 1);
    if (point < points && trial < trials)
      states[point * trials + trial] =
          sqlite3_column_int(select, 2) ? NTK_TRIAL_FAILED : NTK_TRIAL_DONE;
  }
  const ntk_status status = code == SQLITE_DONE ? NTK_OK : ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static ntk_status put_trial(const ntk_store *store, size_t point, size_t trial, uint64_t seed,
                            const ntk_outcome *outcome, sqlite3_int64 environment) {
  sqlite3_stmt *insert;
  NTK_TRY(ntk_store_prepare(
      store,
      "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, 1, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"
      " ON CONFLICT (point, trial) DO UPDATE SET status = excluded.status, error = excluded.error,"
      " seconds = excluded.seconds, attempts = attempts + 1, environment = excluded.environment,"
      " finished = excluded.finished",
      &insert));
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)point);
  code |= sqlite3_bind_int64(insert, 2, (sqlite3_int64)trial);
  code |= sqlite3_bind_int64(insert, 3, (sqlite3_int64)seed);
  code |=
      sqlite3_bind_text(insert, 4, outcome->status == NTK_OK ? "ok" : "failed", -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(insert, 5, outcome->error, -1, SQLITE_TRANSIENT);
  code |= sqlite3_bind_double(insert, 6, outcome->seconds);
  code |= sqlite3_bind_int64(insert, 7, environment);
  const ntk_status status = code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
  (void)sqlite3_finalize(insert);
  return status;
}

static ntk_status put_value(const ntk_store *store, sqlite3_stmt *insert, size_t point,
                            size_t trial, size_t ordinal, const ntk_value *v, bool failed) {
  const char *status = failed ? "failed" : ntk_value_status_name(v->status);
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)point);
  code |= sqlite3_bind_int64(insert, 2, (sqlite3_int64)trial);
  code |= sqlite3_bind_int64(insert, 3, (sqlite3_int64)ordinal);
  code |= sqlite3_bind_text(insert, 4, v->quantity, -1, SQLITE_TRANSIENT);
  code |= isnan(v->value) || failed ? sqlite3_bind_null(insert, 5)
                                    : sqlite3_bind_double(insert, 5, v->value);
  code |= sqlite3_bind_text(insert, 6, status, -1, SQLITE_STATIC);
  return code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
}

/* An earlier attempt's values: there may have been more of them. */
static ntk_status forget_values(const ntk_store *store, size_t point, size_t trial) {
  sqlite3_stmt *statement;
  NTK_TRY(
      ntk_store_prepare(store, "DELETE FROM results WHERE point = ? AND trial = ?", &statement));
  int code = sqlite3_bind_int64(statement, 1, (sqlite3_int64)point);
  code |= sqlite3_bind_int64(statement, 2, (sqlite3_int64)trial);
  const ntk_status status = code == SQLITE_OK ? ntk_store_step(store, statement) : no_memory();
  (void)sqlite3_finalize(statement);
  return status;
}

ntk_status ntk_store_put(const ntk_store *store, size_t point, size_t trial, uint64_t seed,
                         const ntk_outcome *outcome, sqlite3_int64 environment) {
  sqlite3_stmt *insert;
  NTK_TRY(put_trial(store, point, trial, seed, outcome, environment));
  NTK_TRY(forget_values(store, point, trial));
  NTK_TRY(ntk_store_prepare(store, "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)",
                            &insert));
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < outcome->count && status == NTK_OK; i++)
    status =
        put_value(store, insert, point, trial, i, &outcome->value[i], outcome->status != NTK_OK);
  (void)sqlite3_finalize(insert);
  return status;
}

/* ---- How far it is --------------------------------------------------------------------------- */

/* Column i as a text of its own; "" for NULL. */
static char *text(sqlite3_stmt *select, int i) {
  const char *column = (const char *)sqlite3_column_text(select, i);
  return strdup(column != NULL ? column : "");
}

/* Trials done of which some quantity has no value. */
#define VALUELESS                                            \
  " FROM (SELECT DISTINCT point, trial, status FROM results" \
  " WHERE value IS NULL AND status != 'failed')"

ntk_status ntk_store_status(const ntk_store *store, ntk_study_status *status) {
  static const char sql[] =
      "SELECT s.name, s.spec, s.points, s.trials, t.done, t.failed, t.flops, s.flops * s.trials,"
      " t.seconds, (SELECT count(DISTINCT environment) FROM trials),"
      " (SELECT error FROM trials WHERE status = 'failed' ORDER BY finished DESC LIMIT 1),"
      " (SELECT count(*) FROM (SELECT DISTINCT point, trial" VALUELESS ")),"
      " (SELECT group_concat(said, ', ') FROM (SELECT count(*) || ' ' || status AS said" VALUELESS
      " GROUP BY status ORDER BY status))"
      " FROM studies s, (SELECT total(t.status = 'ok') AS done, total(t.status = 'failed') AS"
      " failed, total(CASE WHEN t.status = 'ok' THEN p.flops END) AS flops,"
      " total(t.seconds) AS seconds FROM trials t JOIN points p ON p.id = t.point) t";
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, sql, &select));
  const int code = sqlite3_step(select);
  ntk_status result = NTK_OK;
  if (code == SQLITE_ROW) {
    ntk_study_status made = {
        .name = text(select, 0),
        .spec = text(select, 1),
        .points = (size_t)sqlite3_column_int64(select, 2),
        .trials = (size_t)sqlite3_column_int64(select, 3),
        .done = (size_t)sqlite3_column_int64(select, 4),
        .failed = (size_t)sqlite3_column_int64(select, 5),
        .flops = sqlite3_column_double(select, 7),
        .seconds = sqlite3_column_double(select, 8),
        .builds = (size_t)sqlite3_column_int64(select, 9),
        .last_error = text(select, 10),
        .valueless = (size_t)sqlite3_column_int64(select, 11),
        .why_valueless = text(select, 12),
    };
    made.total = made.points * made.trials;
    made.fraction = fmin(1.0, sqlite3_column_double(select, 6) / made.flops);
    if (made.done == made.total)
      made.fraction = 1.0;
    if (made.name != NULL && made.spec != NULL && made.last_error != NULL &&
        made.why_valueless != NULL) {
      *status = made;
    } else {
      ntk_study_status_clear(&made);
      result = no_memory();
    }
  } else if (code == SQLITE_DONE) {
    result = ntk_fail(NTK_ERR_FORMAT, "%s holds no study yet", store->path);
  } else {
    result = ntk_store_error(store, code);
  }
  (void)sqlite3_finalize(select);
  return result;
}

ntk_status ntk_study_status_read(const char *database, ntk_study_status *status) {
  ntk_store store;
  ntk_status result = ntk_store_open(database, &store);
  if (result == NTK_OK)
    result = ntk_store_status(&store, status);
  ntk_store_close(&store);
  return result;
}

void ntk_study_status_clear(ntk_study_status *status) {
  free(status->name);
  free(status->spec);
  free(status->last_error);
  free(status->why_valueless);
  *status = (ntk_study_status){0};
}
