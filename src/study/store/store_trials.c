/* Trials and what they found: written one by one, counted, listed. */
#include "study/store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's trials");
}

/* ---- Writing --------------------------------------------------------------------------------- */

static ntk_status put_row(const ntk_store *store, const ntk_stored_trial *t) {
  sqlite3_stmt *insert = store->put_trial;
  const ntk_outcome *outcome = &t->outcome;
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)t->point);
  code |= sqlite3_bind_int64(insert, 2, (sqlite3_int64)t->trial);
  code |= sqlite3_bind_int64(insert, 3, (sqlite3_int64)t->seed);
  code |=
      sqlite3_bind_text(insert, 4, outcome->status == NTK_OK ? "ok" : "failed", -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(insert, 5, outcome->error, -1, SQLITE_STATIC);
  code |= sqlite3_bind_double(insert, 6, outcome->seconds);
  code |= sqlite3_bind_int64(insert, 7, t->attempts);
  code |= sqlite3_bind_int64(insert, 8, t->environment);
  code |= sqlite3_bind_text(insert, 9, t->finished, -1, SQLITE_STATIC);
  code |= sqlite3_bind_int64(insert, 10, ntk_sum_trial(t));
  return code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
}

static ntk_status put_value(const ntk_store *store, const ntk_stored_trial *t, size_t i) {
  sqlite3_stmt *insert = store->put_value;
  const ntk_value *v = &t->outcome.value[i];
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)t->point);
  code |= sqlite3_bind_int64(insert, 2, (sqlite3_int64)t->trial);
  code |= sqlite3_bind_int64(insert, 3, (sqlite3_int64)i);
  code |= sqlite3_bind_text(insert, 4, v->quantity, -1, SQLITE_STATIC);
  code |= isnan(v->value) ? sqlite3_bind_null(insert, 5) : sqlite3_bind_double(insert, 5, v->value);
  code |= sqlite3_bind_text(insert, 6, ntk_value_verdict_name(v->verdict), -1, SQLITE_STATIC);
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

ntk_status ntk_store_put(ntk_store *store, const ntk_stored_trial *trial, bool again) {
  if (store->put_trial == NULL)
    NTK_TRY(ntk_store_prepare(store, "INSERT OR REPLACE INTO trials VALUES (?,?,?,?,?,?,?,?,?,?)",
                              &store->put_trial));
  if (store->put_value == NULL)
    NTK_TRY(ntk_store_prepare(store, "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?)",
                              &store->put_value));
  NTK_TRY(put_row(store, trial));
  if (again)
    NTK_TRY(forget_values(store, trial->point, trial->trial));
  for (size_t i = 0; i < trial->outcome.count; i++)
    NTK_TRY(put_value(store, trial, i));
  return NTK_OK;
}

static ntk_status get_values(const ntk_store *store, sqlite3_stmt *select, ntk_outcome *outcome) {
  int code;
  while ((code = sqlite3_step(select)) == SQLITE_ROW && outcome->count < NTK_MOST_VALUES) {
    const char *name = (const char *)sqlite3_column_text(select, 0);
    const char *verdict = (const char *)sqlite3_column_text(select, 2);
    ntk_value *v = &outcome->value[outcome->count++];
    if (name == NULL || verdict == NULL || !ntk_value_verdict_find(verdict, &v->verdict))
      return no_memory();
    snprintf(v->quantity, sizeof v->quantity, "%s", name);
    v->value =
        sqlite3_column_type(select, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(select, 1);
  }
  return code == SQLITE_DONE ? NTK_OK : ntk_store_error(store, code);
}

static ntk_status get_row(const ntk_store *store, sqlite3_stmt *select, ntk_stored_trial *t) {
  const int code = sqlite3_step(select);
  const char *error = code == SQLITE_ROW ? (const char *)sqlite3_column_text(select, 3) : NULL;
  if (error == NULL)
    return ntk_store_error(store, code);
  t->attempts = sqlite3_column_int64(select, 0);
  t->environment = sqlite3_column_int64(select, 1);
  t->outcome.seconds = sqlite3_column_double(select, 2);
  snprintf(t->outcome.error, sizeof t->outcome.error, "%s", error);
  t->outcome.status = error[0] != '\0' ? NTK_ERR_NUMERIC : NTK_OK;
  return NTK_OK;
}

ntk_status ntk_store_get(const ntk_store *store, size_t point, size_t trial,
                         ntk_stored_trial *found) {
  static const char *const texts[] = {
      "SELECT attempts, environment, seconds, error FROM trials WHERE point = ? AND trial = ?",
      "SELECT quantity, value, status FROM results WHERE point = ? AND trial = ? ORDER BY ordinal"};
  sqlite3_stmt *select[2] = {NULL};
  ntk_status status = NTK_OK;
  *found = (ntk_stored_trial){.point = point, .trial = trial};
  for (size_t i = 0; i < 2 && status == NTK_OK; i++) {
    status = ntk_store_prepare(store, texts[i], &select[i]);
    if (status != NTK_OK)
      break;
    int code = sqlite3_bind_int64(select[i], 1, (sqlite3_int64)point);
    code |= sqlite3_bind_int64(select[i], 2, (sqlite3_int64)trial);
    status = code == SQLITE_OK ? NTK_OK : no_memory();
  }
  if (status == NTK_OK)
    status = get_row(store, select[0], found);
  if (status == NTK_OK)
    status = get_values(store, select[1], &found->outcome);
  for (size_t i = 0; i < 2; i++)
    (void)sqlite3_finalize(select[i]);
  return status;
}

void ntk_store_time(char text[NTK_STORED_TIME]) {
  const time_t now = time(NULL);
  struct tm parts = {0};
  (void)gmtime_r(&now, &parts);
  (void)strftime(text, NTK_STORED_TIME, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* ---- How far it is --------------------------------------------------------------------------- */

/* The one that text points to becomes a copy of value. */
static ntk_status copy(char **text, const char *value) {
  free(*text);
  *text = strdup(value);
  return *text != NULL ? NTK_OK : no_memory();
}

static ntk_status see_study(void *user, const ntk_stored_study *study) {
  ntk_study_status *made = &((ntk_store_counter *)user)->made;
  ((ntk_store_counter *)user)->study = study->study;
  made->points = study->points;
  made->trials = study->trials;
  made->total = study->points * study->trials;
  made->flops = study->flops * (double)study->trials;
  NTK_TRY(copy(&made->name, study->name));
  NTK_TRY(copy(&made->spec, study->spec));
  return copy(&made->last_error, "");
}

static ntk_status see_build(void *user, sqlite3_int64 id, const ntk_environment *build) {
  ntk_store_counter *c = user;
  (void)id;
  (void)build;
  bool *larger = realloc(c->used, (c->builds + 1) * sizeof *larger);
  if (larger == NULL)
    return no_memory();
  c->used = larger;
  c->used[c->builds++] = false;
  return NTK_OK;
}

/* A trial that is done, and why it has not all values. */
static void note_valueless(ntk_store_counter *c, const ntk_outcome *outcome) {
  bool why[NTK_VALUE_VERDICTS] = {false}, some = false;
  for (size_t i = 0; i < outcome->count; i++)
    if (isnan(outcome->value[i].value))
      some = why[outcome->value[i].verdict] = true;
  c->made.valueless += some;
  for (size_t s = 0; s < NTK_VALUE_VERDICTS; s++)
    c->valueless[s] += why[s];
}

static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  ntk_store_counter *c = user;
  c->made.builds += !c->used[trial->build];
  c->used[trial->build] = true;
  c->made.seconds += trial->outcome.seconds;
  if (trial->outcome.status == NTK_OK) {
    bool failed;
    const bool part =
        ntk_outcome_lacks(&trial->outcome, c->study->quantity, c->study->quantities, &failed) != 0;
    c->made.partial += part;
    c->made.done += !part;
    c->flops += part ? 0.0 : point->flops;
    note_valueless(c, &trial->outcome);
    return NTK_OK;
  }
  c->made.failed++;
  if (strcmp(trial->finished, c->last) < 0)
    return NTK_OK;
  memcpy(c->last, trial->finished, sizeof c->last);
  return copy(&c->made.last_error, trial->outcome.error);
}

ntk_store_visitor ntk_store_counting(ntk_store_counter *counter) {
  return (ntk_store_visitor){
      .user = counter, .study = see_study, .build = see_build, .trial = see_trial};
}

/* "3 diverged, 1 not_reached" */
static ntk_status tell_valueless(ntk_store_counter *c) {
  char text[200] = "";
  size_t used = 0;
  for (size_t s = 0; s < NTK_VALUE_VERDICTS && used < sizeof text; s++)
    if (c->valueless[s] > 0)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu %s", used > 0 ? ", " : "",
                               c->valueless[s], ntk_value_verdict_name((ntk_value_verdict)s));
  return copy(&c->made.why_valueless, text);
}

ntk_status ntk_store_counted(ntk_store_counter *counter, ntk_status result,
                             ntk_study_status *status) {
  ntk_study_status *made = &counter->made;
  free(counter->used);
  counter->used = NULL;
  if (result == NTK_OK)
    result = tell_valueless(counter);
  if (result != NTK_OK) {
    ntk_study_status_clear(made);
    return result;
  }
  made->fraction = made->done == made->total ? 1.0 : fmin(1.0, counter->flops / made->flops);
  *status = *made;
  *made = (ntk_study_status){0};
  return NTK_OK;
}

ntk_status ntk_store_status(const ntk_store *store, ntk_study_status *status) {
  ntk_store_counter counter = {0};
  const ntk_store_visitor visitor = ntk_store_counting(&counter);
  return ntk_store_counted(&counter, ntk_store_walk(store, &visitor), status);
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
