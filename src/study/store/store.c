/* Opening, locking, and small wrappers that turn SQLite's results into statuses. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "study/store/store.h"
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  APPLICATION = 0x6e746b73,
  SCHEMA = 3,
  SUMS = 2,
  PATIENCE = 20000
}; /* "ntks"; milliseconds */

/* Schema 1. */
static const char tables[] =
    "CREATE TABLE studies (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL,"
    " spec TEXT NOT NULL, variables TEXT NOT NULL, points INTEGER NOT NULL,"
    " trials INTEGER NOT NULL, flops REAL NOT NULL, created TEXT NOT NULL);"
    "CREATE TABLE environment (id INTEGER PRIMARY KEY, version TEXT NOT NULL,"
    " commit_id TEXT NOT NULL, compiler TEXT NOT NULL, blas TEXT NOT NULL,"
    " blas_core TEXT NOT NULL, simd TEXT NOT NULL, backend TEXT NOT NULL, cpu TEXT NOT NULL,"
    " UNIQUE (version, commit_id, compiler, blas, blas_core, simd, backend, cpu));"
    "CREATE TABLE points (id INTEGER PRIMARY KEY, variables TEXT NOT NULL, flops REAL NOT NULL,"
    " bytes INTEGER NOT NULL, lower_scale REAL NOT NULL, upper_scale REAL NOT NULL);"
    "CREATE TABLE trials (point INTEGER NOT NULL REFERENCES points, trial INTEGER NOT NULL,"
    " seed INTEGER NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, seconds REAL NOT NULL,"
    " attempts INTEGER NOT NULL, environment INTEGER NOT NULL REFERENCES environment,"
    " finished TEXT NOT NULL, PRIMARY KEY (point, trial)) WITHOUT ROWID;"
    "CREATE TABLE results (point INTEGER NOT NULL, trial INTEGER NOT NULL,"
    " ordinal INTEGER NOT NULL, quantity TEXT NOT NULL, value REAL, status TEXT NOT NULL,"
    " PRIMARY KEY (point, trial, ordinal)) WITHOUT ROWID;";

/* What schema 2 adds: stored.h; and how many trials are there. */
static const char sums[] = "ALTER TABLE studies ADD COLUMN written INTEGER NOT NULL DEFAULT 0;"
                           "ALTER TABLE studies ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
                           "ALTER TABLE environment ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
                           "ALTER TABLE points ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
                           "ALTER TABLE trials ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
                           "PRAGMA user_version = 2;";

/* Why reading or writing failed, which SQLite calls a "disk I/O error" whatever it was; 0: unknown.
 */
static int system_error(const ntk_store *store) {
  int error = store->db != NULL ? sqlite3_system_errno(store->db) : 0;
  if (error == 0 && store->db != NULL)
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

ntk_status ntk_store_error(const ntk_store *store, int code) {
  const char *why = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
  switch (code & 0xff) {
  case SQLITE_NOMEM:
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory", store->path);
  case SQLITE_FULL:
    return ntk_fail(NTK_ERR_FILE, "%s: the disk is full; what was committed is safe", store->path);
  case SQLITE_IOERR:
    return ntk_fail(NTK_ERR_FILE, "%s: %s; what was committed is safe", store->path,
                    system_error(store) != 0 ? strerror(system_error(store)) : why);
  case SQLITE_READONLY:
    return ntk_fail(NTK_ERR_FILE, "%s may not be written to (%s)", store->path, why);
  case SQLITE_CANTOPEN:
    return ntk_fail(NTK_ERR_FILE, "%s cannot be opened (%s)", store->path, why);
  case SQLITE_CORRUPT:
    return ntk_fail(NTK_ERR_FORMAT, "%s is damaged (%s); take a copy of it, or another database",
                    store->path, why);
  case SQLITE_NOTADB:
    return ntk_fail(NTK_ERR_FORMAT, "%s is not a study's database (%s)", store->path, why);
  default:
    return ntk_fail(NTK_ERR_FILE, "%s: %s", store->path, why);
  }
}

ntk_status ntk_store_execute(const ntk_store *store, const char *sql) {
  const int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? NTK_OK : ntk_store_error(store, code);
}

ntk_status ntk_store_prepare(const ntk_store *store, const char *sql, sqlite3_stmt **statement) {
  *statement = NULL;
  const int code = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);
  return code == SQLITE_OK ? NTK_OK : ntk_store_error(store, code);
}

ntk_status ntk_store_step(const ntk_store *store, sqlite3_stmt *statement) {
  const int code = sqlite3_step(statement);
  const ntk_status status = code == SQLITE_DONE ? NTK_OK : ntk_store_error(store, code);
  (void)sqlite3_reset(statement); /* repeats the failure of the step */
  return status;
}

ntk_status ntk_store_begin(const ntk_store *store) {
  return ntk_store_execute(store, "BEGIN IMMEDIATE");
}

ntk_status ntk_store_end(const ntk_store *store, ntk_status status) {
  if (status == NTK_OK)
    status = ntk_store_execute(store, "COMMIT");
  if (status != NTK_OK && sqlite3_get_autocommit(store->db) == 0)
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return status;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static ntk_status pragma(const ntk_store *store, const char *sql, int *value) {
  sqlite3_stmt *statement;
  NTK_TRY(ntk_store_prepare(store, sql, &statement));
  const int code = sqlite3_step(statement);
  ntk_status status = NTK_OK;
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int(statement, 0);
  else
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(statement);
  return status;
}

/* *empty: nothing is in it yet, as after a run that was killed at its very start. */
static ntk_status check_kind(ntk_store *store, bool *empty) {
  int application = 0, version = 0, things = 0, columns = 0;
  NTK_TRY(pragma(store, "PRAGMA application_id", &application));
  NTK_TRY(pragma(store, "PRAGMA user_version", &version));
  NTK_TRY(pragma(store, "SELECT count(*) FROM sqlite_master", &things));
  NTK_TRY(pragma(store, "SELECT count(*) FROM pragma_table_info('trials') WHERE name = 'sum'",
                 &columns));
  *empty = things == 0 && application == 0 && version == 0;
  if (!*empty && application != APPLICATION)
    return ntk_fail(NTK_ERR_FORMAT, "%s is a database, but not a study's", store->path);
  if (version > SCHEMA)
    return ntk_fail(NTK_ERR_FORMAT, "%s has schema %d of a newer ntkit; this one reads up to %d",
                    store->path, version, SCHEMA);
  const int least = 1 + columns, most = columns > 0 ? SCHEMA : 1;
  if (!*empty &&
      (version < least || version > most)) /* else damage to one number would switch checks off */
    return ntk_fail(NTK_ERR_FORMAT, "%s is damaged: it says that its schema is %d", store->path,
                    version);
  store->schema = version;
  return NTK_OK;
}

ntk_status ntk_store_add_sums(ntk_store *store) {
  NTK_TRY(ntk_store_execute(store, sums));
  store->schema = SUMS;
  return NTK_OK;
}

ntk_status ntk_store_mark_grown(ntk_store *store) {
  NTK_TRY(ntk_store_execute(store, "PRAGMA user_version = 3"));
  store->schema = SCHEMA;
  return NTK_OK;
}

static ntk_status create_tables(ntk_store *store) {
  char number[100];
  snprintf(number, sizeof number, "PRAGMA application_id = %d;", APPLICATION);
  NTK_TRY(ntk_store_begin(store));
  ntk_status status = ntk_store_execute(store, tables);
  if (status == NTK_OK)
    status = ntk_store_execute(store, number);
  if (status == NTK_OK)
    status = ntk_store_add_sums(store);
  return ntk_store_end(store, status);
}

ntk_status ntk_store_check_path(const char *path) {
  struct stat found;
  if (path[0] == '\0')
    return ntk_fail(NTK_ERR_ARGUMENT, "the database's name is empty; accepted: a file's name");
  if (strncmp(path, "file:", 5) == 0 || strcmp(path, ":memory:") == 0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "%s is SQLite's name for what is no file, or a file of "
                    "another name; accepted: a file's name (./%s for one that is called so)",
                    path, path);
  if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s is %s; accepted: a file's name", path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  return NTK_OK;
}

static ntk_status open_database(ntk_store *store, const char *file, int flags) {
  /* One thread has it: no lock for every column that is read. */
  const int code = sqlite3_open_v2(file, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK)
    return ntk_store_error(store, code);
  (void)sqlite3_extended_result_codes(store->db, 1);
  (void)sqlite3_busy_timeout(store->db, PATIENCE);
  return NTK_OK;
}

/* "FILE.lock" beside the database, whatever links lead to that; to be freed. */
static char *lock_path(const ntk_store *store) {
  char *real = realpath(store->path, NULL); /* NULL: it is not there yet */
  const char *path = real != NULL ? real : store->path;
  const size_t size = strlen(path) + sizeof ".lock";
  char *made = malloc(size);
  if (made != NULL)
    snprintf(made, size, "%s.lock", path);
  free(real);
  return made;
}

/* Where there are no locks of open files, one of the process: it does not see another run of its.
 */
#ifndef F_OFD_SETLK
#define F_OFD_SETLK F_SETLK
#endif

/* The lock is the system's, on a file of its own: SQLite's locks on the database must not be
 * disturbed. It ends with the process, however that ends: workers close their descriptor of it. */
static ntk_status take_lock(ntk_store *store) {
  enum { MOST_TRIES = 100 };
  const char *path = store->lock_path = lock_path(store);
  if (path == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file's name");
  ntk_status status = NTK_OK;
  int why = ESTALE;
  for (int tries = 0; why == ESTALE && tries < MOST_TRIES && status == NTK_OK; tries++) {
    const int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    why = 0;
    if (opened < 0)
      status = ntk_fail(NTK_ERR_FILE, "%s cannot be written: %s", store->path, strerror(errno));
    else if (fcntl(opened, F_OFD_SETLK, &whole) != 0)
      status = errno == EACCES || errno == EAGAIN
                   ? ntk_fail(NTK_ERR_FILE, "%s: another run is writing to it now", store->path)
                   : ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
    else
      why = ntk_writer_named(opened, path, true);
    if (status == NTK_OK && why == 0) {
      store->lock = opened;
    } else if (opened >= 0) {
      if (status == NTK_OK && why != ESTALE)
        (void)unlink(path); /* while it is locked */
      (void)close(opened);
    }
  }
  if (status == NTK_OK && why != 0)
    status = ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(why));
  return status;
}

static void release_lock(ntk_store *store) {
  if (store->lock >= 0) {
    (void)unlink(store->lock_path); /* left behind it does no harm */
    (void)close(store->lock);
  }
  free(store->lock_path);
}

static ntk_status start(const char *path, ntk_store *store) {
  *store = (ntk_store){.lock = -1, .path = strdup(path)};
  return store->path != NULL ? NTK_OK : ntk_fail(NTK_ERR_MEMORY, "no memory for a file's name");
}

ntk_status ntk_store_open(const char *path, ntk_store *store) {
  bool empty = false;
  NTK_TRY(start(path, store));
  NTK_TRY(ntk_store_check_path(path));
  if (access(path, F_OK) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  /* Not read-only: a reader, too, must be able to undo a half-written transaction. Where the file
   * is write-protected SQLite falls back to reading by itself. */
  NTK_TRY(open_database(store, path, SQLITE_OPEN_READWRITE));
  NTK_TRY(check_kind(store, &empty));
  return empty ? ntk_fail(NTK_ERR_FORMAT, "%s is empty: no study has been run into it", path)
               : NTK_OK;
}

ntk_status ntk_store_open_for_run(const char *path, ntk_store *store) {
  bool empty = false;
  NTK_TRY(start(path != NULL ? path : "the study in memory", store));
  if (path != NULL) {
    NTK_TRY(ntk_store_check_path(path));
    NTK_TRY(take_lock(store));
  }
  NTK_TRY(open_database(
      store, path != NULL ? path : ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  NTK_TRY(ntk_store_execute(store, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"));
  NTK_TRY(check_kind(store, &empty));
  if (sqlite3_db_readonly(store->db, "main") == 1)
    return ntk_fail(NTK_ERR_FILE, "%s may not be written to", store->path);
  return empty ? create_tables(store) : NTK_OK;
}

static void close_database(ntk_store *store) {
  (void)sqlite3_finalize(store->put_trial);
  (void)sqlite3_finalize(store->put_value);
  if (store->db != NULL)
    (void)sqlite3_close(store->db);
}

static void forget(ntk_store *store) {
  release_lock(store);
  free(store->path);
  *store = (ntk_store){.lock = -1};
}

void ntk_store_close(ntk_store *store) {
  close_database(store);
  forget(store);
}

/* SQLite removes its journal as it closes, if it has the memory for that. */
void ntk_store_remove(ntk_store *store) {
  char journal[4096 + sizeof "-journal"];
  close_database(store);
  if (snprintf(journal, sizeof journal, "%s-journal", store->path) < (int)sizeof journal)
    (void)unlink(journal);
  (void)unlink(store->path);
  forget(store);
}
