/* ntk_study_merge: trials of several databases of one study, shards say, or other values of its
 * variables, in a new one. */
#define _DEFAULT_SOURCE
#include "study/spec/join.h"
#include "study/spec/locate.h"
#include "study/store/store.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct merging {
  const char *first, *path; /* the first database, and the one that is being read */
  bool other_code;
  ntk_store *store;      /* the new one */
  ntk_study *joined;     /* of all of them */
  ntk_grid_index index;  /* of its grid */
  bool grown;            /* some have what others have not */
  char *names, *created; /* of its row */
  size_t *id;            /* of its points in the new database; SIZE_MAX: not there yet */
  bool *there;           /* its trials: points x trials */
  size_t points, rows;   /* that are there */
  double flops;
  size_t at;        /* the point that the walk is at */
  ntk_study *study; /* whose trials these are */
  size_t builds;
  sqlite3_int64 *build; /* ids in the new one of those of path */
} merging;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory to merge databases");
}

/* ---- One study for all ----------------------------------------------------------------------- */

/* The joined study becomes that of it and this one. */
static ntk_status join_study(merging *m, const ntk_study *study) {
  ntk_join join;
  ntk_status status = ntk_study_join(m->joined, m->first, study, m->path, &join);
  if (status == NTK_ERR_ARGUMENT) {
    char why[500];
    snprintf(why, sizeof why, "%s", ntk_error_message());
    status = ntk_fail(status, "these are different studies: %s", why);
  }
  char *spec = status == NTK_OK ? ntk_settings_text(&join.settings) : NULL;
  if (status == NTK_OK && spec == NULL)
    status = no_memory();
  if (status == NTK_OK) {
    ntk_study_destroy(m->joined);
    m->joined = NULL;
    m->grown |= join.values || join.quantities;
    status = ntk_study_outline(spec, m->first, &m->joined);
  }
  free(spec);
  ntk_settings_clear(&join.settings);
  return status;
}

static ntk_status see_file(merging *m, const char *path) {
  ntk_store source;
  ntk_study *study = NULL;
  m->path = path;
  ntk_status status = ntk_store_open(path, &source);
  m->grown |= source.schema > 2;
  if (status == NTK_OK)
    status = ntk_store_outline(&source, m->joined == NULL ? &m->joined : &study);
  ntk_store_close(&source);
  if (status == NTK_OK && study != NULL) {
    status = join_study(m, study);
    ntk_study_destroy(study);
  }
  return status;
}

static ntk_status see_files(merging *m, const char *const *databases, size_t count) {
  for (size_t i = 0; i < count; i++)
    NTK_TRY(see_file(m, databases[i]));
  const size_t points = m->joined->grid.points, trials = m->joined->trials;
  m->names = ntk_store_names(&m->joined->grid);
  m->id = calloc(points, sizeof *m->id);
  m->there = calloc(points, trials * sizeof *m->there);
  if (m->names == NULL || m->id == NULL || m->there == NULL)
    return no_memory();
  for (size_t i = 0; i < points; i++)
    m->id[i] = SIZE_MAX;
  return ntk_grid_index_make(&m->joined->grid, &m->index);
}

/* ---- What each database shows ---------------------------------------------------------------- */

static ntk_status see_study(void *user, const ntk_stored_study *study) {
  merging *m = user;
  if (m->created == NULL)
    m->created = strdup(study->created);
  ntk_study_destroy(m->study);
  m->study = NULL;
  NTK_TRY(ntk_study_outline(study->spec, m->path, &m->study));
  return m->created != NULL ? NTK_OK : no_memory();
}

static ntk_status see_build(void *user, sqlite3_int64 id, const ntk_environment *build) {
  merging *m = user;
  (void)id;
  sqlite3_int64 *larger = realloc(m->build, (m->builds + 1) * sizeof *larger);
  if (larger == NULL)
    return no_memory();
  m->build = larger;
  return ntk_store_find_build(m->store, build, &m->build[m->builds++]);
}

static ntk_status see_point(void *user, const ntk_stored_point *point) {
  merging *m = user;
  const ntk_grid *names = &m->study->grid;
  NTK_TRY(ntk_grid_locate(&m->index, names, point->value, point->text, &m->at));
  if (m->at == SIZE_MAX || m->id[m->at] != SIZE_MAX) /* the first: nothing of it will be taken */
    return NTK_OK;
  m->id[m->at] = m->points++;
  m->flops += point->flops;
  ntk_stored_point copy = *point;
  char *values = ntk_store_values(&m->joined->grid, names, point->value, point->text);
  if (values == NULL)
    return no_memory();
  copy.id = m->id[m->at];
  copy.variables = values;
  const ntk_status status = ntk_store_put_point(m->store, &copy);
  free(values);
  return status;
}

/* What both have a value of is the same in both. */
static ntk_status compare(const merging *m, const ntk_stored_trial *trial,
                          const ntk_outcome *before) {
  const ntk_outcome *now = &trial->outcome;
  for (size_t i = 0; i < now->count; i++)
    for (size_t k = 0; k < before->count; k++) {
      const ntk_value *a = &before->value[k], *b = &now->value[i];
      if (strcmp(a->quantity, b->quantity) == 0 && a->verdict != NTK_VALUE_FAILED &&
          b->verdict != NTK_VALUE_FAILED &&
          (a->verdict != b->verdict || (a->value != b->value && !isnan(b->value))))
        return ntk_fail(NTK_ERR_ARGUMENT,
                        "%s and %s have different results for one trial (point %zu, trial %zu): "
                        "%s is %.17g (%s) and %.17g (%s)",
                        m->first, m->path, trial->point, trial->trial, a->quantity, a->value,
                        ntk_value_verdict_name(a->verdict), b->value,
                        ntk_value_verdict_name(b->verdict));
    }
  return NTK_OK;
}

/* Where two have a trial, what one lacks is taken from the other. */
static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  merging *m = user;
  const ntk_study *joined = m->joined;
  (void)point;
  if (m->at == SIZE_MAX || trial->trial >= joined->trials)
    return ntk_fail(NTK_ERR_FILE, "%s has grown while it was merged; merge it again", m->path);
  bool *there = &m->there[m->at * joined->trials + trial->trial];
  ntk_stored_trial copy = *trial, before;
  copy.point = m->id[m->at];
  copy.environment = m->build[trial->build];
  if (*there) {
    NTK_TRY(ntk_store_get(m->store, copy.point, trial->trial, &before));
    NTK_TRY(compare(m, trial, &before.outcome));
    bool failed;
    if (ntk_outcome_lacks(&before.outcome, joined->quantity, joined->quantities, &failed) == 0)
      return NTK_OK;
    ntk_outcome_join(&before.outcome, joined->quantity, joined->quantities, &copy.outcome);
  }
  m->rows += !*there;
  const bool again = *there;
  *there = true;
  return ntk_store_put(m->store, &copy, again);
}

/* ---- The new database ------------------------------------------------------------------------ */

/* Of those that are there now. */
static ntk_status check_builds(const merging *m) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(
      m->store,
      "SELECT a.version || ' ' || a.commit_id, b.version || ' ' || b.commit_id"
      " FROM environment a JOIN environment b ON a.id < b.id"
      " WHERE a.version != b.version OR a.commit_id != b.commit_id OR a.compiler != b.compiler",
      &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code == SQLITE_ROW)
    status =
        ntk_fail(NTK_ERR_ARGUMENT,
                 "%s and %s were computed by different builds; --allow-other-build merges them all "
                 "the same (%s, %s)",
                 m->first, m->path, sqlite3_column_text(select, 0), sqlite3_column_text(select, 1));
  else if (code != SQLITE_DONE)
    status = ntk_store_error(m->store, code);
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status add_database(merging *m, const char *path) {
  const ntk_store_visitor visitor = {
      .user = m, .study = see_study, .build = see_build, .point = see_point, .trial = see_trial};
  ntk_store source;
  m->path = path;
  m->builds = 0;
  ntk_status status = ntk_store_open(path, &source);
  if (status == NTK_OK)
    status = ntk_store_walk(&source, &visitor);
  ntk_store_close(&source);
  return status == NTK_OK && path != m->first && !m->other_code ? check_builds(m) : status;
}

/* The temporary name is always the same and locked: what a killed run left is removed. */
static ntk_status open_new(const char *temporary, ntk_store *store) {
  const bool left = access(temporary, F_OK) == 0;
  const ntk_status status = ntk_store_open_for_run(temporary, store);
  if (!left || store->lock < 0)
    return status;
  ntk_store_remove(store);
  return ntk_store_open_for_run(temporary, store);
}

static ntk_status put_study(const merging *m) {
  char *spec = ntk_settings_text(&m->joined->settings);
  const ntk_stored_study row = {.name = m->joined->name,
                                .spec = spec,
                                .variables = m->names,
                                .points = m->points,
                                .trials = m->joined->trials,
                                .flops = m->flops,
                                .created = m->created,
                                .rows = m->rows};
  ntk_status status = spec != NULL ? ntk_store_put_study(m->store, &row) : no_memory();
  if (status == NTK_OK && m->grown)
    status = ntk_store_mark_grown(m->store);
  free(spec);
  return status;
}

static ntk_status merge_into(const char *const *databases, size_t count, bool other_code,
                             const char *temporary, const char *output) {
  ntk_store store;
  merging m = {.first = databases[0], .other_code = other_code, .store = &store};
  ntk_status status = open_new(temporary, &store);
  if (status == NTK_OK)
    status = see_files(&m, databases, count);
  if (status == NTK_OK)
    status = ntk_store_begin(&store);
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    status = add_database(&m, databases[i]);
  if (status == NTK_OK)
    status = put_study(&m);
  status = store.db != NULL ? ntk_store_end(&store, status) : status;
  if (status == NTK_OK && rename(temporary, output) != 0)
    status = ntk_fail(NTK_ERR_FILE, "%s: %s", output, strerror(errno));
  if (status != NTK_OK && store.lock >= 0) /* else it is another's */
    ntk_store_remove(&store);
  else
    ntk_store_close(&store);
  ntk_grid_index_clear(&m.index);
  ntk_study_destroy(m.joined);
  ntk_study_destroy(m.study);
  free(m.names);
  free(m.created);
  free(m.id);
  free(m.there);
  free(m.build);
  return status;
}

ntk_status ntk_study_merge(const char *const *databases, size_t count, bool other_code,
                           const char *output) {
  if (count == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "nothing to merge; accepted: one database or more");
  NTK_TRY(ntk_store_check_path(output));
  if (access(output, F_OK) == 0)
    return ntk_fail(NTK_ERR_FILE, "%s is there already; merging writes a new file", output);
  char *temporary = malloc(strlen(output) + 32);
  if (temporary == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file's name");
  snprintf(temporary, strlen(output) + 32, "%s.ntkit-tmp", output);
  const ntk_status status = merge_into(databases, count, other_code, temporary, output);
  free(temporary);
  return status;
}
