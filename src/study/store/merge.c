/* ntk_study_merge: trials of several databases of one study, shards say, in a new one. */
#define _DEFAULT_SOURCE
#include "study/spec/yaml.h"
#include "study/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the new database has of a trial. */
typedef struct taken {
  unsigned char state;   /* ntk_trial_state */
  uint64_t seed, values; /* a hash of its values */
} taken;

typedef struct merging {
  const char *first, *path; /* the first database, and the one that is being read */
  size_t number;            /* of that one */
  bool other_code;
  ntk_store *store;      /* the new one */
  ntk_settings settings; /* of the first */
  size_t trials;         /* of each point */
  taken *taken;          /* points x trials */
  size_t rows;           /* of them that are there */
  size_t builds;
  sqlite3_int64 *build; /* ids in the new one of those of path */
} merging;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory to merge databases");
}

/* ---- What each database shows ---------------------------------------------------------------- */

/* The new one's study, for now without trials. Takes the settings over. */
static ntk_status put_study(merging *m, const ntk_stored_study *study, ntk_settings settings) {
  ntk_stored_study empty = *study;
  ntk_settings_clear(&m->settings);
  m->settings = settings;
  empty.rows = 0;
  return ntk_store_put_study(m->store, &empty);
}

static ntk_status see_study(void *user, const ntk_stored_study *study) {
  merging *m = user;
  ntk_settings settings;
  NTK_TRY(ntk_settings_parse(study->spec, strlen(study->spec), m->path, &settings));
  if (m->number == 0) {
    NTK_TRY(put_study(m, study, settings));
    m->trials = study->trials;
    m->taken = calloc(study->points, study->trials * sizeof *m->taken);
    return m->taken != NULL ? NTK_OK : no_memory();
  }
  char why[500];
  const bool same = ntk_settings_equal(&m->settings, m->first, &settings, m->path, sizeof why, why);
  if (same && settings.count > m->settings.count) /* the first is from before one was kept */
    return put_study(m, study, settings);
  ntk_settings_clear(&settings);
  return same ? NTK_OK : ntk_fail(NTK_ERR_ARGUMENT, "these are different studies: %s", why);
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
  const merging *m = user;
  return m->number == 0 ? ntk_store_put_point(m->store, point) : NTK_OK;
}

static ntk_status differ(const merging *m, const ntk_stored_trial *trial, const char *what) {
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%s and %s have different %s for one trial (point %zu, trial %zu)", m->first,
                  m->path, what, trial->point, trial->trial);
}

/* Where two have a trial, one that did not fail is kept. */
static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  merging *m = user;
  taken *t = &m->taken[point->id * m->trials + trial->trial];
  const taken before = *t;
  const bool failed = trial->outcome.status != NTK_OK;
  const taken now = {failed ? NTK_TRIAL_FAILED : NTK_TRIAL_DONE, trial->seed,
                     ntk_sum_values(trial)};
  if (before.state != NTK_TRIAL_MISSING && before.seed != now.seed)
    return differ(m, trial, "seeds");
  if (before.state == NTK_TRIAL_DONE && !failed && before.values != now.values)
    return differ(m, trial, "results");
  if (before.state == NTK_TRIAL_DONE || (before.state == NTK_TRIAL_FAILED && failed))
    return NTK_OK;
  ntk_stored_trial copy = *trial;
  copy.environment = m->build[trial->build];
  m->rows += before.state == NTK_TRIAL_MISSING;
  *t = now;
  return ntk_store_put(m->store, &copy, before.state != NTK_TRIAL_MISSING);
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

static ntk_status add_database(merging *m, size_t number, const char *path) {
  const ntk_store_visitor visitor = {
      .user = m, .study = see_study, .build = see_build, .point = see_point, .trial = see_trial};
  ntk_store source;
  m->number = number;
  m->path = path;
  m->builds = 0;
  ntk_status status = ntk_store_open(path, &source);
  if (status == NTK_OK)
    status = ntk_store_walk(&source, &visitor);
  ntk_store_close(&source);
  return status == NTK_OK && m->number > 0 && !m->other_code ? check_builds(m) : status;
}

/* The temporary name is always the same and locked: what a killed run left is removed. */
static ntk_status open_new(const char *temporary, ntk_store *store) {
  const bool left = access(temporary, F_OK) == 0;
  const ntk_status status = ntk_store_open_for_run(temporary, store);
  if (!left || store->lock < 0)
    return status;
  (void)unlink(temporary);
  ntk_store_close(store);
  return ntk_store_open_for_run(temporary, store);
}

static ntk_status merge_into(const char *const *databases, size_t count, bool other_code,
                             const char *temporary, const char *output) {
  ntk_store store;
  merging m = {.first = databases[0], .other_code = other_code, .store = &store};
  ntk_status status = open_new(temporary, &store);
  if (status == NTK_OK)
    status = ntk_store_begin(&store);
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    status = add_database(&m, i, databases[i]);
  if (status == NTK_OK)
    status = ntk_store_add_rows(&store, m.rows);
  status = store.db != NULL ? ntk_store_end(&store, status) : status;
  if (status == NTK_OK && rename(temporary, output) != 0)
    status = ntk_fail(NTK_ERR_FILE, "%s: %s", output, strerror(errno));
  if (status != NTK_OK && store.lock >= 0) /* else it is another's */
    (void)unlink(temporary);
  ntk_store_close(&store);
  ntk_settings_clear(&m.settings);
  free(m.taken);
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
