/* The database of a study: SQLite, schema in docs/studies.md. Every change is one transaction with
 * synchronous=FULL: after any interruption it holds what was committed, whole. */
#ifndef NTK_STUDY_STORE_H
#define NTK_STUDY_STORE_H

#include "study/study.h"

#include <sqlite3.h>

typedef struct ntk_store {
  sqlite3 *db;
  char *path;
  int lock; /* descriptor of the lock file; -1: none */
} ntk_store;

/* How far a trial is, as the database has it. */
typedef enum ntk_trial_state {
  NTK_TRIAL_MISSING,
  NTK_TRIAL_DONE,
  NTK_TRIAL_FAILED
} ntk_trial_state;

/* For reading, while others may write. NTK_ERR_FILE when it is not there or cannot be read;
 * NTK_ERR_FORMAT when it is no study's database, or one of a newer schema. */
ntk_status ntk_store_open(const char *path, ntk_store *store);
/* For the one run that may write: takes the lock file beside it, creates what is missing. */
ntk_status ntk_store_open_for_run(const char *path, ntk_store *store);
/* Also after a failed open. */
void ntk_store_close(ntk_store *store);

/* A failure of SQLite as a status, path and reason in the message. */
ntk_status ntk_store_error(const ntk_store *store, int code);
ntk_status ntk_store_execute(const ntk_store *store, const char *sql);
/* *statement is NULL on failure; sqlite3_finalize takes both. */
ntk_status ntk_store_prepare(const ntk_store *store, const char *sql, sqlite3_stmt **statement);
/* Runs a statement that gives no rows, and makes it ready to be bound again. */
ntk_status ntk_store_step(const ntk_store *store, sqlite3_stmt *statement);

ntk_status ntk_store_begin(const ntk_store *store);
/* Commits when status is NTK_OK, else rolls back and hands status on. */
ntk_status ntk_store_end(const ntk_store *store, ntk_status status);

/* ---- store_study.c: whose database it is; both within ntk_store_begin and _end
 * ----------------------------------------------------- */

/* Flops and bytes of every point, for the store and for the plan. */
typedef struct ntk_point_cost {
  double flops;
  size_t bytes;
} ntk_point_cost;

/* Writes the study into an empty database; else compares: another study is refused with what
 * differs, more trials than before are taken on. costs: study->grid.points entries. */
ntk_status ntk_store_adopt(const ntk_store *store, const ntk_study *study,
                           const ntk_point_cost *costs);
/* Row of environment, added if need be. NTK_ERR_ARGUMENT when trials were computed by another
 * build, unless other_code. */
ntk_status ntk_store_environment(const ntk_store *store, const ntk_environment *environment,
                                 bool other_code, sqlite3_int64 *id);

/* ---- store_trials.c -------------------------------------------------------------------------- */

/* states: points x trials entries, ntk_trial_state each. */
ntk_status ntk_store_states(const ntk_store *store, size_t points, size_t trials,
                            unsigned char *states);
/* Replaces what was known of a trial. Within ntk_store_begin and _end. */
ntk_status ntk_store_put(const ntk_store *store, size_t point, size_t trial, uint64_t seed,
                         const ntk_outcome *outcome, sqlite3_int64 environment);
ntk_status ntk_store_status(const ntk_store *store, ntk_study_status *status);

#endif
