/* Whose database it is: the study, its points, and the builds that computed its trials. */
#include "data/json_text.h"
#include "study/store/store.h"

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
  char *text = ntk_json_text(list, JSON_COMPACT);
  json_decref(list);
  return text;
}

char *ntk_store_values(const ntk_grid *names, const ntk_grid *grid, const double *value,
                       const char *const *text) {
  json_t *list = json_array();
  for (size_t v = 0; v < names->count; v++) {
    const size_t w = ntk_grid_find(grid, names->name[v]);
    if (w == grid->count ||
        json_array_append_new(list, text[w] != NULL ? json_string(text[w]) : json_real(value[w])) !=
            0) {
      json_decref(list);
      return NULL;
    }
  }
  char *made = ntk_json_text(list, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(list);
  return made;
}

ntk_status ntk_store_put_point(const ntk_store *store, const ntk_stored_point *point) {
  sqlite3_stmt *insert;
  NTK_TRY(ntk_store_prepare(store, "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?)",
                            &insert));
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

ntk_status ntk_store_write_point(const ntk_store *store, const ntk_study *study, size_t i,
                                 const ntk_point_cost *cost, const ntk_grid *names, size_t id) {
  double value[NTK_MOST_VARIABLES];
  const char *text[NTK_MOST_VARIABLES];
  ntk_point point;
  NTK_TRY(ntk_study_point(study, i, &point));
  NTK_TRY(ntk_grid_values(&study->grid, i, value));
  for (size_t v = 0; v < study->grid.count; v++)
    text[v] = ntk_grid_text(&study->grid, v, i);
  char *values = ntk_store_values(names, &study->grid, value, text);
  if (values == NULL)
    return no_memory();
  const double last = (double)point.width[point.depth - 1];
  const ntk_stored_point row = {.id = id,
                                .variables = values,
                                .flops = cost->flops,
                                .bytes = (sqlite3_int64)cost->bytes,
                                .lower_scale = (double)point.width[point.depth - 2] * last,
                                .upper_scale = (double)point.width[0] * last};
  const ntk_status status = ntk_store_put_point(store, &row);
  free(values);
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

ntk_status ntk_store_change_study(const ntk_store *store, const ntk_study_change *change) {
  sqlite3_stmt *select;
  const bool grown = change->spec != NULL;
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT name, spec, variables, points, trials, flops, created, written,"
                            " (SELECT total(flops) FROM points) FROM studies",
                            &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code != SQLITE_ROW) {
    status = ntk_store_error(store, code);
  } else {
    const ntk_stored_study changed = {
        .name = (const char *)sqlite3_column_text(select, 0),
        .spec = grown ? change->spec : (const char *)sqlite3_column_text(select, 1),
        .variables = (const char *)sqlite3_column_text(select, 2),
        .points = grown ? change->points : (size_t)sqlite3_column_int64(select, 3),
        .trials = grown ? change->trials : (size_t)sqlite3_column_int64(select, 4),
        .flops = sqlite3_column_double(select, grown ? 8 : 5),
        .created = (const char *)sqlite3_column_text(select, 6),
        .rows = (size_t)sqlite3_column_int64(select, 7) + change->rows,
    };
    status = changed.name != NULL && changed.spec != NULL && changed.variables != NULL &&
                     changed.created != NULL
                 ? ntk_store_put_study(store, &changed)
                 : no_memory();
  }
  (void)sqlite3_finalize(select);
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
