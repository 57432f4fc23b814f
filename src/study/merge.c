/* ntk_study_merge: trials of several databases of one study, shards say, in a new one. */
#define _DEFAULT_SOURCE
#include "study/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The study of database `other`, which is attached, as settings. */
static ntk_status read_settings(const ntk_store *store, const char *table, const char *source,
                                ntk_settings *settings) {
  sqlite3_stmt *select;
  char sql[64];
  snprintf(sql, sizeof sql, "SELECT spec FROM %s.studies", table);
  NTK_TRY(ntk_store_prepare(store, sql, &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code == SQLITE_ROW) {
    const char *spec = (const char *)sqlite3_column_text(select, 0);
    status = ntk_settings_parse(spec != NULL ? spec : "", spec != NULL ? strlen(spec) : 0, source,
                                settings);
  } else if (code == SQLITE_DONE) {
    status = ntk_fail(NTK_ERR_FORMAT, "%s holds no study yet", source);
  } else {
    status = ntk_store_error(store, code);
  }
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status compare_studies(const ntk_store *store, const char *first, const char *other) {
  ntk_settings a = {0}, b = {0};
  char why[500];
  ntk_status status = read_settings(store, "main", first, &a);
  if (status == NTK_OK)
    status = read_settings(store, "other", other, &b);
  if (status == NTK_OK && !ntk_settings_equal(&a, first, &b, other, sizeof why, why))
    status = ntk_fail(NTK_ERR_ARGUMENT, "these are different studies: %s", why);
  ntk_settings_clear(&a);
  ntk_settings_clear(&b);
  return status;
}

/* NTK_ERR_ARGUMENT with message, whose %lld are the query's first two columns, when it has a row.
 */
static ntk_status refuse_if_any(const ntk_store *store, const char *sql, const char *first,
                                const char *other, const char *what) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, sql, &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code == SQLITE_ROW)
    status = ntk_fail(NTK_ERR_ARGUMENT, "%s and %s %s (%s, %s)", first, other, what,
                      sqlite3_column_text(select, 0), sqlite3_column_text(select, 1));
  else if (code != SQLITE_DONE)
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status check_builds(const ntk_store *store, const char *first, const char *other) {
  return refuse_if_any(
      store,
      "SELECT a.version || ' ' || a.commit_id, b.version || ' ' || b.commit_id"
      " FROM main.environment a, other.environment b"
      " WHERE (a.version != b.version OR a.commit_id != b.commit_id OR a.compiler != b.compiler)"
      " AND a.id IN (SELECT environment FROM main.trials)"
      " AND b.id IN (SELECT environment FROM other.trials)",
      first, other, "were computed by different builds; --other-code merges them all the same");
}

static ntk_status check_seeds(const ntk_store *store, const char *first, const char *other) {
  return refuse_if_any(store,
                       "SELECT 'point ' || a.point, 'trial ' || a.trial FROM main.trials a"
                       " JOIN other.trials b USING (point, trial) WHERE a.seed != b.seed",
                       first, other, "have different seeds for one trial");
}

static ntk_status check_results(const ntk_store *store, const char *first, const char *other) {
  return refuse_if_any(
      store,
      "SELECT 'point ' || a.point, 'trial ' || a.trial FROM main.results a JOIN other.results b"
      " USING (point, trial, ordinal) WHERE a.status != 'failed' AND b.status != 'failed'"
      " AND (a.value IS NOT b.value OR a.quantity != b.quantity OR a.status != b.status)",
      first, other, "have different results for one trial");
}

/* Where both have a trial, one that did not fail is kept. */
static const char copy[] =
    "INSERT OR IGNORE INTO main.environment SELECT NULL, version, commit_id, compiler, blas,"
    " blas_core, simd, backend, cpu FROM other.environment;"
    "CREATE TEMP TABLE taken AS SELECT b.point, b.trial FROM other.trials b"
    " LEFT JOIN main.trials a USING (point, trial)"
    " WHERE a.point IS NULL OR (a.status = 'failed' AND b.status != 'failed');"
    "INSERT OR REPLACE INTO main.trials SELECT b.point, b.trial, b.seed, b.status, b.error,"
    " b.seconds, b.attempts, (SELECT m.id FROM main.environment m JOIN other.environment o"
    " USING (version, commit_id, compiler, blas, blas_core, simd, backend, cpu)"
    " WHERE o.id = b.environment), b.finished"
    " FROM other.trials b JOIN temp.taken USING (point, trial);"
    "DELETE FROM main.results WHERE (point, trial) IN (SELECT point, trial FROM temp.taken);"
    "INSERT OR REPLACE INTO main.results SELECT b.* FROM other.results b"
    " JOIN temp.taken USING (point, trial);"
    "DROP TABLE temp.taken;";

static ntk_status attach(const ntk_store *store, const char *path) {
  sqlite3_stmt *statement;
  NTK_TRY(ntk_store_prepare(store, "ATTACH ? AS other", &statement));
  (void)sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
  const ntk_status status = ntk_store_step(store, statement);
  (void)sqlite3_finalize(statement);
  return status;
}

/* Adds the trials of one more database. */
static ntk_status add_database(const ntk_store *store, const char *first, const char *path,
                               bool other_code) {
  ntk_store check; /* of its kind and schema, with a message that names it */
  const ntk_status opened = ntk_store_open(path, &check);
  ntk_store_close(&check);
  NTK_TRY(opened);
  NTK_TRY(attach(store, path));
  ntk_status status = ntk_store_execute(store, "BEGIN");
  if (status == NTK_OK)
    status = compare_studies(store, first, path);
  if (status == NTK_OK && !other_code)
    status = check_builds(store, first, path);
  if (status == NTK_OK)
    status = check_seeds(store, first, path);
  if (status == NTK_OK)
    status = check_results(store, first, path);
  if (status == NTK_OK)
    status = ntk_store_execute(store, copy);
  status = ntk_store_end(store, status);
  if (status == NTK_OK)
    status = ntk_store_execute(store, "DETACH other");
  return status;
}

/* A copy of the first database, made by SQLite's own backup: it may be written to meanwhile. */
static ntk_status copy_database(const char *from, ntk_store *to) {
  ntk_store source;
  ntk_status status = ntk_store_open(from, &source);
  if (status == NTK_OK) {
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", source.db, "main");
    if (backup != NULL)
      (void)sqlite3_backup_step(backup, -1);
    const int code = backup != NULL ? sqlite3_backup_finish(backup) : sqlite3_errcode(to->db);
    if (code != SQLITE_OK)
      status = ntk_store_error(to, code);
  }
  ntk_store_close(&source);
  return status;
}

static ntk_status merge_into(const char *const *databases, size_t count, bool other_code,
                             const char *temporary) {
  ntk_store store;
  ntk_status status = ntk_store_open_for_run(temporary, &store);
  if (status == NTK_OK)
    status = copy_database(databases[0], &store);
  for (size_t i = 1; i < count && status == NTK_OK; i++)
    status = add_database(&store, databases[0], databases[i], other_code);
  ntk_store_close(&store);
  return status;
}

ntk_status ntk_study_merge(const char *const *databases, size_t count, bool other_code,
                           const char *output) {
  if (count == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "nothing to merge; accepted: one database or more");
  if (access(output, F_OK) == 0)
    return ntk_fail(NTK_ERR_FILE, "%s is there already; merging writes a new file", output);
  char *temporary = malloc(strlen(output) + 32);
  if (temporary == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file's name");
  snprintf(temporary, strlen(output) + 32, "%s.%ld.tmp", output, (long)getpid());
  ntk_status status = merge_into(databases, count, other_code, temporary);
  if (status == NTK_OK && rename(temporary, output) != 0)
    status = ntk_fail(NTK_ERR_FILE, "%s: %s", output, strerror(errno));
  if (status != NTK_OK)
    (void)unlink(temporary);
  free(temporary);
  return status;
}
