/* Whose database it is: the study, its points, and the builds that computed its trials. */
#include "study/store.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's points");
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Names of the variables, as a JSON list; to be freed. */
static char *names_text(const ntk_grid *grid) {
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

static ntk_status write_point(const ntk_store *store, sqlite3_stmt *insert, const ntk_study *study,
                              size_t i, const ntk_point_cost *cost) {
  ntk_point point;
  NTK_TRY(ntk_study_point(study, i, &point));
  char *values = values_text(&study->grid, i);
  if (values == NULL)
    return no_memory();
  const double last = (double)point.width[point.depth - 1];
  const double before = (double)point.width[point.depth - 2];
  int code = sqlite3_bind_int64(insert, 1, (sqlite3_int64)i);
  code |= sqlite3_bind_text(insert, 2, values, -1, SQLITE_TRANSIENT);
  code |= sqlite3_bind_double(insert, 3, cost->flops);
  code |= sqlite3_bind_int64(insert, 4, (sqlite3_int64)cost->bytes);
  code |= sqlite3_bind_double(insert, 5, before * last);
  code |= sqlite3_bind_double(insert, 6, (double)point.width[0] * last);
  free(values);
  return code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
}

static ntk_status write_points(const ntk_store *store, const ntk_study *study,
                               const ntk_point_cost *costs) {
  sqlite3_stmt *insert;
  NTK_TRY(ntk_store_prepare(store, "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?)", &insert));
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < study->grid.points && status == NTK_OK; i++)
    status = write_point(store, insert, study, i, &costs[i]);
  (void)sqlite3_finalize(insert);
  return status;
}

static ntk_status write_study(const ntk_store *store, const ntk_study *study, double flops) {
  sqlite3_stmt *insert;
  char *spec = ntk_settings_text(&study->settings), *names = names_text(&study->grid);
  ntk_status status = spec != NULL && names != NULL
                          ? ntk_store_prepare(store,
                                              "INSERT INTO studies VALUES (1, ?, ?, ?, ?, ?, ?,"
                                              " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                                              &insert)
                          : no_memory();
  if (status == NTK_OK) {
    int code = sqlite3_bind_text(insert, 1, study->name, -1, SQLITE_STATIC);
    code |= sqlite3_bind_text(insert, 2, spec, -1, SQLITE_STATIC);
    code |= sqlite3_bind_text(insert, 3, names, -1, SQLITE_STATIC);
    code |= sqlite3_bind_int64(insert, 4, (sqlite3_int64)study->grid.points);
    code |= sqlite3_bind_int64(insert, 5, (sqlite3_int64)study->trials);
    code |= sqlite3_bind_double(insert, 6, flops);
    status = code == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
    (void)sqlite3_finalize(insert);
  }
  free(spec);
  free(names);
  return status;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* The stored study file and number of trials; *spec NULL when there is none yet, else to be
 * freed. */
static ntk_status read_study(const ntk_store *store, char **spec, size_t *trials) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, "SELECT spec, trials FROM studies", &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  *spec = NULL;
  if (code == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(select, 0);
    *spec = text != NULL ? strdup(text) : NULL;
    *trials = (size_t)sqlite3_column_int64(select, 1);
    if (*spec == NULL)
      status = no_memory();
  } else if (code != SQLITE_DONE) {
    status = ntk_store_error(store, code);
  }
  (void)sqlite3_finalize(select);
  return status;
}

/* More trials are more of the same: the stored number grows. */
static ntk_status extend(const ntk_store *store, const ntk_study *study) {
  sqlite3_stmt *update;
  char *spec = ntk_settings_text(&study->settings);
  if (spec == NULL)
    return no_memory();
  ntk_status status = ntk_store_prepare(store, "UPDATE studies SET spec = ?, trials = ?", &update);
  if (status == NTK_OK) {
    int code = sqlite3_bind_text(update, 1, spec, -1, SQLITE_STATIC);
    code |= sqlite3_bind_int64(update, 2, (sqlite3_int64)study->trials);
    status = code == SQLITE_OK ? ntk_store_step(store, update) : no_memory();
  }
  (void)sqlite3_finalize(update);
  free(spec);
  return status;
}

/* The stored study with this one's number of trials is this one. */
static ntk_status compare(const ntk_store *store, const ntk_study *study, const char *spec,
                          size_t trials) {
  ntk_settings stored;
  char why[500], number[32];
  NTK_TRY(ntk_settings_parse(spec, strlen(spec), store->path, &stored));
  snprintf(number, sizeof number, "trials=%zu", study->trials);
  ntk_status status = ntk_settings_override(&stored, number);
  if (status == NTK_OK && !ntk_settings_equal(&stored, store->path, &study->settings,
                                              "the one asked for", sizeof why, why))
    status = ntk_fail(NTK_ERR_ARGUMENT, "%s holds another study: %s; use another database",
                      store->path, why);
  ntk_settings_clear(&stored);
  if (status == NTK_OK && study->trials < trials)
    status =
        ntk_fail(NTK_ERR_ARGUMENT,
                 "%s has %zu trials of each point already, and %zu are asked for; accepted: as "
                 "many or more",
                 store->path, trials, study->trials);
  return status;
}

ntk_status ntk_store_adopt(const ntk_store *store, const ntk_study *study,
                           const ntk_point_cost *costs) {
  char *spec = NULL;
  size_t trials = 0;
  double flops = 0.0;
  for (size_t i = 0; i < study->grid.points; i++)
    flops += costs[i].flops;
  ntk_status status = read_study(store, &spec, &trials);
  if (status == NTK_OK && spec == NULL) {
    status = write_points(store, study, costs);
    if (status == NTK_OK)
      status = write_study(store, study, flops);
  } else if (status == NTK_OK) {
    status = compare(store, study, spec, trials);
    if (status == NTK_OK && study->trials > trials)
      status = extend(store, study);
  }
  free(spec);
  return status;
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

/* A trial's build that is not this one. */
static ntk_status check_build(const ntk_store *store, const ntk_environment *e) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT version, commit_id, compiler FROM environment WHERE"
                            " (version != ?1 OR commit_id != ?2 OR compiler != ?3) AND"
                            " id IN (SELECT environment FROM trials)",
                            &select));
  int code = sqlite3_bind_text(select, 1, e->version, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(select, 2, e->commit, -1, SQLITE_STATIC);
  code |= sqlite3_bind_text(select, 3, e->compiler, -1, SQLITE_STATIC);
  ntk_status status = code == SQLITE_OK ? NTK_OK : no_memory();
  code = status == NTK_OK ? sqlite3_step(select) : SQLITE_DONE;
  if (code == SQLITE_ROW)
    status = ntk_fail(NTK_ERR_ARGUMENT,
                      "%s was computed by ntkit %s (%s, %s) and this is ntkit %s (%s, %s): results "
                      "may differ; --other-code goes on all the same",
                      store->path, sqlite3_column_text(select, 0), sqlite3_column_text(select, 1),
                      sqlite3_column_text(select, 2), e->version, e->commit, e->compiler);
  else if (code != SQLITE_DONE)
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status find_environment(const ntk_store *store, const ntk_environment *e,
                                   sqlite3_int64 *id) {
  sqlite3_stmt *insert, *select;
  NTK_TRY(ntk_store_prepare(
      store, "INSERT OR IGNORE INTO environment VALUES (NULL,?,?,?,?,?,?,?,?)", &insert));
  ntk_status status =
      bind_environment(insert, e) == SQLITE_OK ? ntk_store_step(store, insert) : no_memory();
  (void)sqlite3_finalize(insert);
  NTK_TRY(status);
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT id FROM environment WHERE version = ? AND commit_id = ? AND"
                            " compiler = ? AND blas = ? AND blas_core = ? AND simd = ? AND"
                            " backend = ? AND cpu = ?",
                            &select));
  const int code = bind_environment(select, e) == SQLITE_OK ? sqlite3_step(select) : SQLITE_NOMEM;
  if (code == SQLITE_ROW)
    *id = sqlite3_column_int64(select, 0);
  else
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

ntk_status ntk_store_environment(const ntk_store *store, const ntk_environment *environment,
                                 bool other_code, sqlite3_int64 *id) {
  if (!other_code)
    NTK_TRY(check_build(store, environment));
  return find_environment(store, environment, id);
}
