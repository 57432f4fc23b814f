/* ntk_store_walk: the one way in which a database is read. Four selections in the order of their
 * keys go side by side, so that each row is read once, and nothing is shown before it was checked.
 */
#include "study/store/store.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls `what` of every visitor; returns when one has failed. */
#define SHOW(w, what, ...)                                                      \
  do {                                                                          \
    for (const ntk_store_visitor *v_ = (w)->visitor; v_ != NULL; v_ = v_->next) \
      if (v_->what != NULL)                                                     \
        NTK_TRY(v_->what(v_->user, __VA_ARGS__));                               \
  } while (0)

/* A selection and where it stands. */
typedef struct rows {
  sqlite3_stmt *select;
  const char *table;
  const char *kinds; /* a letter a column: integer, text, real, or value: real or none */
  bool there;        /* it stands at a row */
} rows;

typedef struct walk {
  const ntk_store *store;
  const ntk_store_visitor *visitor;
  bool sums;        /* there are check sums */
  ntk_study *study; /* as the file's study has it, without its data */
  ntk_stored_study stored;
  rows studies, builds, points, trials, results;
  size_t ids, room; /* of builds */
  sqlite3_int64 *id;
  json_t *list;  /* values of the point's variables */
  uint64_t hash; /* of these, for seeds */
  bool is_text[NTK_MOST_VARIABLES];
  size_t count; /* trials so far */
  ntk_stored_point point;
  ntk_stored_trial trial;
} walk;

static ntk_status no_memory(const walk *w) {
  return ntk_fail(NTK_ERR_MEMORY, "%s: no memory", w->store->path);
}

static ntk_status damaged(const walk *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static ntk_status damaged(const walk *w, const char *format, ...) {
  char what[300];
  if (sqlite3_errcode(w->store->db) == SQLITE_NOMEM) /* a text was not to be had */
    return no_memory(w);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return ntk_fail(NTK_ERR_FORMAT, "%s is damaged: %s; take a copy of it, or another database",
                  w->store->path, what);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Every column is what it should be. */
static bool of_kinds(const rows *r) {
  static const char letters[] = {
      [SQLITE_INTEGER] = 'i', [SQLITE_FLOAT] = 'r', [SQLITE_TEXT] = 't', [SQLITE_BLOB] = 'b'};
  for (int i = 0; r->kinds[i] != '\0'; i++) {
    const int type = sqlite3_column_type(r->select, i);
    const bool none = type == SQLITE_NULL && r->kinds[i] == 'v';
    if (!none && (type == SQLITE_NULL || letters[type] != (r->kinds[i] == 'v' ? 'r' : r->kinds[i])))
      return false;
  }
  return true;
}

static ntk_status next(const walk *w, rows *r) {
  const int code = sqlite3_step(r->select);
  r->there = code == SQLITE_ROW;
  if (!r->there && code != SQLITE_DONE)
    return ntk_store_error(w->store, code);
  if (r->there && !w->sums && !of_kinds(r)) /* else sums say whether what is read is what was */
    return damaged(w, "a row of %s holds what ntkit writes nowhere", r->table);
  return NTK_OK;
}

/* The columns in the order of kinds, then the check sum; begins with the first row. */
static ntk_status select_from(walk *w, rows *r, const char *table, const char *columns,
                              const char *kinds, const char *order) {
  char sql[300];
  const bool sum = w->sums && strcmp(table, "results") != 0; /* the trial's */
  snprintf(sql, sizeof sql, "SELECT %s, %s FROM %s ORDER BY %s", columns, sum ? "sum" : "0", table,
           order);
  *r = (rows){.table = table, .kinds = kinds};
  NTK_TRY(ntk_store_prepare(w->store, sql, &r->select));
  return next(w, r);
}

static sqlite3_int64 whole(const rows *r, int column) {
  return sqlite3_column_int64(r->select, column);
}

static double real(const rows *r, int column) {
  return sqlite3_column_double(r->select, column);
}

static const char *text(const rows *r, int column) {
  const char *found = (const char *)sqlite3_column_text(r->select, column);
  return found != NULL ? found : "";
}

static bool sum_is(const walk *w, const rows *r, sqlite3_int64 sum) {
  return !w->sums || whole(r, (int)strlen(r->kinds) - 1) == sum;
}

/* ---- The study and its builds ---------------------------------------------------------------- */

static ntk_status check_study(walk *w) {
  const ntk_stored_study *s = &w->stored;
  NTK_TRY(ntk_study_outline(s->spec, w->store->path, &w->study));
  char *names = ntk_store_names(&w->study->grid);
  if (names == NULL)
    return no_memory(w);
  const bool all = w->store->schema > 2 || s->points == w->study->grid.points;
  const bool fits = strcmp(s->variables, names) == 0 && strcmp(s->name, w->study->name) == 0 &&
                    s->trials == w->study->trials && all;
  free(names);
  w->stored.study = w->study;
  return fits ? NTK_OK : damaged(w, "the row of studies and its own study file disagree");
}

static ntk_status read_study(walk *w) {
  rows *r = &w->studies;
  NTK_TRY(select_from(w, r, "studies",
                      w->sums ? "name, spec, variables, points, trials, flops, created, written"
                              : "name, spec, variables, points, trials, flops, created, 0",
                      "tttiirtii", "id"));
  if (!r->there)
    return ntk_fail(NTK_ERR_FORMAT, "%s holds no study yet", w->store->path);
  w->stored = (ntk_stored_study){.name = text(r, 0),
                                 .spec = text(r, 1),
                                 .variables = text(r, 2),
                                 .points = (size_t)whole(r, 3),
                                 .trials = (size_t)whole(r, 4),
                                 .flops = real(r, 5),
                                 .created = text(r, 6),
                                 .rows = (size_t)whole(r, 7)};
  if (!sum_is(w, r, ntk_sum_study(&w->stored)))
    return damaged(w, "the row of studies and its check sum disagree");
  NTK_TRY(check_study(w));
  SHOW(w, study, &w->stored);
  return NTK_OK;
}

static ntk_status keep_id(walk *w, sqlite3_int64 id) {
  if (w->ids == w->room) {
    const size_t room = 2 * w->room + 8;
    sqlite3_int64 *larger = realloc(w->id, room * sizeof *larger);
    if (larger == NULL)
      return no_memory(w);
    w->id = larger;
    w->room = room;
  }
  w->id[w->ids++] = id;
  return NTK_OK;
}

static ntk_status read_builds(walk *w) {
  rows *r = &w->builds;
  NTK_TRY(select_from(w, r, "environment",
                      "id, version, commit_id, compiler, blas, blas_core, simd, backend, cpu",
                      "itttttttti", "id"));
  for (; r->there;) {
    const sqlite3_int64 id = whole(r, 0);
    const ntk_environment build = {.version = text(r, 1),
                                   .commit = text(r, 2),
                                   .compiler = text(r, 3),
                                   .blas = text(r, 4),
                                   .blas_core = text(r, 5),
                                   .simd = text(r, 6),
                                   .backend = text(r, 7),
                                   .cpu = text(r, 8)};
    if (!sum_is(w, r, ntk_sum_build(id, &build)))
      return damaged(w, "row %lld of environment and its check sum disagree", (long long)id);
    NTK_TRY(keep_id(w, id));
    SHOW(w, build, id, &build);
    NTK_TRY(next(w, r));
  }
  return NTK_OK;
}

/* Which one it is; w->ids: none. */
static size_t find_build(const walk *w, sqlite3_int64 id) {
  size_t i = 0;
  while (i < w->ids && w->id[i] != id)
    i++;
  return i;
}

/* ---- Trials ---------------------------------------------------------------------------------- */

/* The quantity is one of the study's. Mostly it is that of the trial before, which was looked at.
 */
static ntk_status read_name(walk *w, ntk_value *value, const char *name) {
  if (strcmp(value->quantity, name) == 0)
    return NTK_OK;
  bool known = false;
  for (size_t q = 0; q < w->study->quantities && !known; q++)
    known = ntk_quantity_gives(w->study->quantity[q], name);
  if (!known || strlen(name) >= sizeof value->quantity)
    return damaged(w, "'%.40s' is no quantity of this study", name);
  memcpy(value->quantity, name, strlen(name) + 1);
  return NTK_OK;
}

/* The result that the selection stands at. */
static ntk_status read_value(walk *w) {
  const rows *r = &w->results;
  ntk_outcome *outcome = &w->trial.outcome;
  const char *status = text(r, 5);
  if (outcome->count == NTK_MOST_VALUES || whole(r, 2) != (sqlite3_int64)outcome->count)
    return damaged(w, "results of trial %zu of point %zu are missing, or too many", w->trial.trial,
                   w->trial.point);
  ntk_value *value = &outcome->value[outcome->count++];
  NTK_TRY(read_name(w, value, text(r, 3)));
  const bool none = sqlite3_column_type(r->select, 4) == SQLITE_NULL;
  value->value = none ? NAN : real(r, 4);
  if (!ntk_value_verdict_find(status, &value->verdict))
    return damaged(w, "'%.40s' is no status", status);
  const bool failed = value->verdict == NTK_VALUE_FAILED;
  const bool may = value->verdict < NTK_VALUE_BELOW_RESOLUTION;
  const bool known_before = w->store->schema > 2 && !failed; /* a quantity added later has failed */
  if ((failed != (outcome->status != NTK_OK) && !known_before) || !(may || none))
    return damaged(w, "trial %zu of point %zu has a %s that is '%s'", w->trial.trial,
                   w->trial.point, value->quantity, status);
  return NTK_OK;
}

/* The trial's own row. */
static ntk_status read_row(walk *w) {
  const rows *r = &w->trials;
  ntk_stored_trial *t = &w->trial;
  const char *status = text(r, 3), *error = text(r, 4), *finished = text(r, 8);
  const size_t trial = (size_t)whole(r, 1);
  const size_t build = find_build(w, whole(r, 7));
  const bool failed = strcmp(status, "failed") == 0;
  if (trial >= w->stored.trials || strlen(error) >= sizeof t->outcome.error ||
      strlen(finished) >= sizeof t->finished || (!failed && strcmp(status, "ok") != 0) ||
      (!failed && error[0] != '\0') || !(real(r, 5) >= 0.0) || build == w->ids)
    return damaged(w, "the row of trial %zu of point %zu cannot be", trial, w->point.id);
  t->point = w->point.id;
  t->trial = trial;
  t->seed = (uint64_t)whole(r, 2);
  t->attempts = whole(r, 6);
  t->environment = whole(r, 7);
  t->build = build;
  memcpy(t->finished, finished, strlen(finished) + 1);
  t->outcome.status = failed ? NTK_ERR_NUMERIC : NTK_OK;
  memcpy(t->outcome.error, error, strlen(error) + 1);
  t->outcome.seconds = real(r, 5);
  t->outcome.count = 0;
  return NTK_OK;
}

static bool is_of(const rows *r, size_t point) {
  return r->there && whole(r, 0) == (sqlite3_int64)point;
}

static ntk_status read_trial(walk *w) {
  const ntk_stored_trial *t = &w->trial;
  NTK_TRY(read_row(w));
  while (is_of(&w->results, t->point) && whole(&w->results, 1) == (sqlite3_int64)t->trial) {
    NTK_TRY(read_value(w));
    NTK_TRY(next(w, &w->results));
  }
  if (!sum_is(w, &w->trials, ntk_sum_trial(t)))
    return damaged(w, "trial %zu of point %zu and its check sum disagree", t->trial, t->point);
  if (t->outcome.count < (w->store->schema > 2 ? 1 : w->study->quantities))
    return damaged(w, "results of trial %zu of point %zu are missing", t->trial, t->point);
  if (t->seed != ntk_trial_seed(w->study->seed, w->hash, t->trial))
    return damaged(w, "trial %zu of point %zu has a seed that is not its own", t->trial, t->point);
  w->count++;
  SHOW(w, trial, &w->point, t);
  return NTK_OK;
}

/* ---- Points ---------------------------------------------------------------------------------- */

/* A variable is a text at every point, or at none. */
static ntk_status read_variables(walk *w) {
  ntk_stored_point *p = &w->point;
  const ntk_grid *grid = &w->study->grid;
  json_decref(w->list);
  w->list = json_loads(p->variables, 0, NULL);
  if (w->list == NULL && w->sums) /* it is as it was written */
    return no_memory(w);
  if (json_array_size(w->list) != grid->count)
    return damaged(w, "a point's variables are '%.100s'; expected %zu of them", p->variables,
                   grid->count);
  w->hash = 0;
  for (size_t v = 0; v < grid->count; v++) {
    const json_t *entry = json_array_get(w->list, v);
    p->text[v] = json_string_value(entry);
    p->value[v] = p->text[v] != NULL ? NAN : json_number_value(entry);
    if ((p->text[v] == NULL && !json_is_number(entry)) ||
        (p->id > 0 && w->is_text[v] != (p->text[v] != NULL)))
      return damaged(w, "a point's variables are '%.100s': %s is not of one kind", p->variables,
                     grid->name[v]);
    w->is_text[v] = p->text[v] != NULL;
    w->hash += ntk_variable_hash(grid->name[v], p->value[v], p->text[v]);
  }
  return NTK_OK;
}

static ntk_status read_point(walk *w) {
  const rows *r = &w->points;
  ntk_stored_point *p = &w->point;
  p->variables = text(r, 1);
  p->flops = real(r, 2);
  p->bytes = whole(r, 3);
  p->lower_scale = real(r, 4);
  p->upper_scale = real(r, 5);
  if (!sum_is(w, r, ntk_sum_point(p)))
    return damaged(w, "point %zu and its check sum disagree", p->id);
  NTK_TRY(read_variables(w));
  SHOW(w, point, p);
  for (size_t before = SIZE_MAX; is_of(&w->trials, p->id); before = w->trial.trial) {
    if (before != SIZE_MAX && (size_t)whole(&w->trials, 1) <= before)
      return damaged(w, "trial %zu of point %zu stands there twice", before, p->id);
    NTK_TRY(read_trial(w));
    NTK_TRY(next(w, &w->trials));
  }
  return NTK_OK;
}

static ntk_status read_points(walk *w) {
  NTK_TRY(select_from(w, &w->points, "points",
                      "id, variables, flops, bytes, lower_scale, upper_scale", "itrirri", "id"));
  NTK_TRY(select_from(w, &w->trials, "trials",
                      "point, trial, seed, status, error, seconds, attempts, environment, finished",
                      "iiittriiti", "point, trial"));
  NTK_TRY(select_from(w, &w->results, "results", "point, trial, ordinal, quantity, value, status",
                      "iiitvti", "point, trial, ordinal"));
  for (w->point.id = 0; is_of(&w->points, w->point.id); w->point.id++) {
    NTK_TRY(read_point(w));
    NTK_TRY(next(w, &w->points));
  }
  if (w->point.id != w->stored.points || w->points.there)
    return damaged(w, "it has %zu of %zu points", w->point.id, w->stored.points);
  if (w->trials.there || w->results.there)
    return damaged(w, "there are %s of what is not there", w->trials.there ? "trials" : "results");
  if (w->sums && w->count != w->stored.rows)
    return damaged(w, "it has %zu of the %zu trials that were written", w->count, w->stored.rows);
  return NTK_OK;
}

static ntk_status leave(walk *w, ntk_status status) {
  rows *const all[] = {&w->studies, &w->builds, &w->points, &w->trials, &w->results};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    (void)sqlite3_finalize(all[i]->select);
  json_decref(w->list);
  free(w->id);
  ntk_study_destroy(w->study);
  return status;
}

ntk_status ntk_store_outline(const ntk_store *store, ntk_study **study) {
  walk w = {.store = store, .sums = store->schema > 1};
  const ntk_status status = read_study(&w);
  if (status == NTK_OK) {
    *study = w.study;
    w.study = NULL;
  }
  return leave(&w, status);
}

ntk_status ntk_store_walk(const ntk_store *store, const ntk_store_visitor *visitor) {
  walk w = {.store = store, .visitor = visitor, .sums = store->schema > 1};
  const bool own = sqlite3_get_autocommit(store->db) != 0; /* else within the caller's */
  ntk_status status = own ? ntk_store_execute(store, "BEGIN") : NTK_OK;
  if (status == NTK_OK)
    status = read_study(&w);
  if (status == NTK_OK)
    status = read_builds(&w);
  if (status == NTK_OK)
    status = read_points(&w);
  status = leave(&w, status);
  return own ? ntk_store_end(store, status) : status;
}
