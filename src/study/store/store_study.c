/* Whose database it is: the study, its points, and the builds that computed its trials. */
#include "study/spec/yaml.h"
#include "study/store/store.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's points");
}

/* ---- Writing --------------------------------------------------------------------------------- */

char *ntk_store_names(const ntk_grid *grid) {
  json_t *list = json_array();
  for (size_t v = 0; v < grid->count; v++)
    if (json_array_append_new(list, json_string(grid->name[v])) != 0) {
      json_decref(list);
      return NULL;
    }
  char *text = json_dumps(list, JSON_COMPACT);
  json_decref(list);
  return text;
}

/* Values of the variables at point i, numbers and texts, as a JSON list; to be freed. */
static char *values_text(const ntk_grid *grid, size_t i) {
  double value[NTK_MOST_VARIABLES];
  if (ntk_grid_values(grid, i, value) != NTK_OK)
    return NULL;
  json_t *list = json_array();
  for (size_t v = 0; v < grid->count; v++) {
    const char *name = ntk_grid_text(grid, v, i);
    if (json_array_append_new(list, name != NULL ? json_string(name) : json_real(value[v])) != 0) {
      json_decref(list);
      return NULL;
    }
  }
  char *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(list);
  return text;
}

ntk_status ntk_store_put_point(const ntk_store *store, const ntk_stored_point *point) {
  sqlite3_stmt *insert;
  NTK_TRY(ntk_store_prepare(store, "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?)", &insert));
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)point->id);
  code |= sqlite3_bind_text(insert, 2, point->variables, -1, SQLITE_STATIC);
  code |= sqlite3_bind_double(insert, 3, point->flops);
  code |= sqlite3_bind_int64(insert, 4, point->bytes);
  code |= sqlite3_bind_double(insert, 5, point->lower_scale);
  code |= sqlite3_bind_double(insert, 6, point->upper_scale);
  code |= sqlite3_bind_int64(insert, 7, ntk_sum_point(point));
  const ntk_status status = code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
  (void)sqlite3_finalize(insert);
  return status;
}

static ntk_status write_points(const ntk_store *store, const ntk_study *study,
                               const ntk_point_cost *costs) {
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < study->grid.points && status == NTK_OK; i++) {
    ntk_point point;
    NTK_TRY(ntk_study_point(study, i, &point));
    char *values = values_text(&study->grid, i);
    if (values == NULL)
      return no_memory();
    const double last = (double)point.width[point.depth - 1];
    const ntk_stored_point row = {.id = i,
                                  .variables = values,
                                  .flops = costs[i].flops,
                                  .bytes = (sqlite3_int64)costs[i].bytes,
                                  .lower_scale = (double)point.width[point.depth - 2] * last,
                                  .upper_scale = (double)point.width[0] * last};
    status = ntk_store_put_point(store, &row);
    free(values);
  }
  return status;
}

ntk_status ntk_store_put_study(const ntk_store *store, const ntk_stored_study *study) {
  sqlite3_stmt *insert;
  NTK_TRY(ntk_store_prepare(
      store, "INSERT OR REPLACE INTO studies VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &insert));
  int code = sqlite3_bind_text(insert, 1, study->name, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(insert, 2, study->spec, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(insert, 3, study->variables, -1, SQLITE_STATIC);
  code |= sqlite3_bind_int64(insert, 4, (sqlite3_int64)study->points);
  code |= sqlite3_bind_int64(insert, 5, (sqlite3_int64)study->trials);
  code |= sqlite3_bind_double(insert, 6, study->flops);
  code |= sqlite3_bind_text(insert, 7, study->created, -1, SQLITE_STATIC);
  code |= sqlite3_bind_int64(insert, 8, (sqlite3_int64)study->rows);
  code |= sqlite3_bind_int64(insert, 9, ntk_sum_study(study));
  const ntk_status status = code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
  (void)sqlite3_finalize(insert);
  return status;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

typedef struct adoption {
  const ntk_store *store;
  const ntk_study *study;
  unsigned char *states;
  size_t trials; /* of each point, stored */
  bool older;    /* the stored one lacks a setting that this one has */
} adoption;

/* The stored study with this one's number of trials is this one. */
static ntk_status compare(void *user, const ntk_stored_study *there) {
  adoption *a = user;
  const ntk_store *store = a->store;
  ntk_settings stored;
  char why[500], number[32];
  NTK_TRY(ntk_settings_parse(there->spec, strlen(there->spec), store->path, &stored));
  snprintf(number, sizeof number, "trials=%zu", a->study->trials);
  ntk_status status = ntk_settings_override(&stored, number);
  if (status == NTK_OK && !ntk_settings_equal(&stored, store->path, &a->study->settings,
                                              "the one asked for", sizeof why, why))
    status = ntk_fail(NTK_ERR_ARGUMENT, "%s holds another study: %s; use another database",
                      store->path, why);
  a->older = stored.count < a->study->settings.count;
  ntk_settings_clear(&stored);
  a->trials = there->trials;
  if (status == NTK_OK && a->study->trials < there->trials)
    status =
        ntk_fail(NTK_ERR_ARGUMENT,
                 "%s has %zu trials of each point already, and %zu are asked for; accepted: as "
                 "many or more",
                 store->path, there->trials, a->study->trials);
  return status;
}

static ntk_status note(void *user, const ntk_stored_point *point, const ntk_stored_trial *trial) {
  const adoption *a = user;
  a->states[point->id * a->study->trials + trial->trial] =
      trial->outcome.status == NTK_OK ? NTK_TRIAL_DONE : NTK_TRIAL_FAILED;
  return NTK_OK;
}

/* The study's row with so many more rows of trials and, unless study is NULL, with its trials. */
static ntk_status change(const ntk_store *store, size_t rows, const ntk_study *study) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(
      store, "SELECT name, spec, variables, points, trials, flops, created, written FROM studies",
      &select));
  char *spec = study != NULL ? ntk_settings_text(&study->settings) : NULL;
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code != SQLITE_ROW) {
    status = ntk_store_error(store, code);
  } else if (study != NULL && spec == NULL) {
    status = no_memory();
  } else {
    const ntk_stored_study changed = {
        .name = (const char *)sqlite3_column_text(select, 0),
        .spec = spec != NULL ? spec : (const char *)sqlite3_column_text(select, 1),
        .variables = (const char *)sqlite3_column_text(select, 2),
        .points = (size_t)sqlite3_column_int64(select, 3),
        .trials = study != NULL ? study->trials : (size_t)sqlite3_column_int64(select, 4),
        .flops = sqlite3_column_double(select, 5),
        .created = (const char *)sqlite3_column_text(select, 6),
        .rows = (size_t)sqlite3_column_int64(select, 7) + rows,
    };
    status = changed.name != NULL && changed.spec != NULL && changed.variables != NULL &&
                     changed.created != NULL
                 ? ntk_store_put_study(store, &changed)
                 : no_memory();
  }
  (void)sqlite3_finalize(select);
  free(spec);
  return status;
}

ntk_status ntk_store_add_rows(const ntk_store *store, size_t count) {
  return change(store, count, NULL);
}

static ntk_status write_study(const ntk_store *store, const ntk_study *study,
                              const ntk_point_cost *costs) {
  char created[NTK_STORED_TIME];
  char *spec = ntk_settings_text(&study->settings), *names = ntk_store_names(&study->grid);
  ntk_stored_study row = {.name = study->name,
                          .spec = spec,
                          .variables = names,
                          .points = study->grid.points,
                          .trials = study->trials,
                          .created = created};
  ntk_store_time(created);
  for (size_t i = 0; i < study->grid.points; i++)
    row.flops += costs[i].flops;
  const ntk_status status =
      spec != NULL && names != NULL ? ntk_store_put_study(store, &row) : no_memory();
  free(spec);
  free(names);
  return status;
}

static ntk_status has_study(const ntk_store *store, bool *begun) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, "SELECT 1 FROM studies", &select));
  const int code = sqlite3_step(select);
  *begun = code == SQLITE_ROW;
  const ntk_status status = *begun || code == SQLITE_DONE ? NTK_OK : ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

ntk_status ntk_store_adopt(ntk_store *store, const ntk_study *study, const ntk_point_cost *costs,
                           unsigned char *states, const ntk_store_visitor *also) {
  bool begun = false;
  adoption a = {store, study, states, 0, false};
  const ntk_store_visitor visitor = {.user = &a, .study = compare, .trial = note, .next = also};
  memset(states, NTK_TRIAL_MISSING, study->grid.points * study->trials);
  NTK_TRY(has_study(store, &begun));
  if (store->schema == 1)
    NTK_TRY(begun ? ntk_store_upgrade(store) : ntk_store_add_sums(store));
  if (!begun) {
    NTK_TRY(write_points(store, study, costs));
    return write_study(store, study, costs);
  }
  NTK_TRY(ntk_store_walk(store, &visitor));
  return study->trials > a.trials || a.older ? change(store, 0, study) : NTK_OK;
}

/* ---- Builds ---------------------------------------------------------------------------------- */

static int bind_environment(sqlite3_stmt *statement, const ntk_environment *e) {
  const char *const column[] = {e->version,   e->commit, e->compiler, e->blas,
                                e->blas_core, e->simd,   e->backend,  e->cpu};
  int code = SQLITE_OK;
  for (int i = 0; i < 8; i++)
    code |=
        sqlite3_bind_text(statement, i + 1, column[i] != NULL ? column[i] : "", -1, SQLITE_STATIC);
  return code;
}

ntk_status ntk_store_check_build(const ntk_store *store, const ntk_environment *build) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT version, commit_id, compiler FROM environment WHERE"
                            " (version != ?1 OR commit_id != ?2 OR compiler != ?3) AND"
                            " id IN (SELECT environment FROM trials)",
                            &select));
  int code = sqlite3_bind_text(select, 1, build->version, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(select, 2, build->commit, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(select, 3, build->compiler, -1, SQLITE_STATIC);
  ntk_status status = code == SQLITE_OK ? NTK_OK : no_memory();
  code = status == NTK_OK ? sqlite3_step(select) : SQLITE_DONE;
  if (code == SQLITE_ROW)
    status =
        ntk_fail(NTK_ERR_ARGUMENT,
                 "%s was computed by ntkit %s (%s, %s) and this is ntkit %s (%s, %s): results "
                 "may differ; --allow-other-build goes on all the same",
                 store->path, sqlite3_column_text(select, 0), sqlite3_column_text(select, 1),
                 sqlite3_column_text(select, 2), build->version, build->commit, build->compiler);
  else if (code != SQLITE_DONE)
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

/* The row of this build; 0: there is none. next: the id of one to come. */
static ntk_status look_up(const ntk_store *store, const ntk_environment *e, sqlite3_int64 *id,
                          sqlite3_int64 *next) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT total(id * (version = ? AND commit_id = ? AND compiler = ?"
                            " AND blas = ? AND blas_core = ? AND simd = ? AND backend = ?"
                            " AND cpu = ?)), coalesce(max(id), 0) + 1 FROM environment",
                            &select));
  ntk_status status = NTK_OK;
  const int code = bind_environment(select, e) == SQLITE_OK ? sqlite3_step(select) : SQLITE_NOMEM;
  if (code == SQLITE_ROW) {
    *id = sqlite3_column_int64(select, 0);
    *next = sqlite3_column_int64(select, 1);
  } else {
    status = ntk_store_error(store, code);
  }
  (void)sqlite3_finalize(select);
  return status;
}

ntk_status ntk_store_find_build(const ntk_store *store, const ntk_environment *build,
                                sqlite3_int64 *id) {
  sqlite3_stmt *insert;
  sqlite3_int64 next = 0;
  NTK_TRY(look_up(store, build, id, &next));
  if (*id != 0)
    return NTK_OK;
  NTK_TRY(ntk_store_prepare(
      store, "INSERT INTO environment VALUES (?9, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10)", &insert));
  int code = bind_environment(insert, build);
  code |= sqlite3_bind_int64(insert, 9, next);
  code |= sqlite3_bind_int64(insert, 10, ntk_sum_build(next, build));
  const ntk_status status = code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
  (void)sqlite3_finalize(insert);
  if (status == NTK_OK)
    *id = next;
  return status;
}
