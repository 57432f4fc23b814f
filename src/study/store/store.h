/* The database of a study: SQLite, schema in docs/studies.md. Every change is one transaction with
 * synchronous=FULL: after any interruption it holds what was committed, whole. What is read is
 * checked first: every reader goes by ntk_store_walk. */
#ifndef NTK_STUDY_STORE_H
#define NTK_STUDY_STORE_H

#include "study/store/stored.h"

typedef struct ntk_store {
  sqlite3 *db;
  char *path;
  int lock;   /* descriptor of the lock file; -1: none */
  int schema; /* of the file; 1 has neither check sums nor the number of trials that are there */
  sqlite3_stmt *put_trial, *put_value; /* of ntk_store_put, once used */
} ntk_store;

/* How far a trial is, as the database has it. */
typedef enum ntk_trial_state {
  NTK_TRIAL_MISSING,
  NTK_TRIAL_DONE,
  NTK_TRIAL_FAILED
} ntk_trial_state;

/* NTK_ERR_ARGUMENT for what is no file's name, or SQLite takes for something else; NTK_ERR_FILE for
 * what is there and no plain file. */
ntk_status ntk_store_check_path(const char *path);

/* For reading, while others may write. NTK_ERR_FILE when it is not there or cannot be read;
 * NTK_ERR_FORMAT when it is no study's database, or one of a newer schema. */
ntk_status ntk_store_open(const char *path, ntk_store *store);
/* For the one run that may write: takes the lock file beside it, creates what is missing. path
 * NULL: in memory, gone when it is closed. */
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

/* Adds the columns that schema 2 has and schema 1 has not; within ntk_store_begin and _end. */
ntk_status ntk_store_add_sums(ntk_store *store);

/* A database of schema 1 becomes one of schema 2; within ntk_store_begin and _end. */
ntk_status ntk_store_upgrade(ntk_store *store);

/* ---- store_walk.c: everything that it holds, checked ----------------------------------------- */

/* Any of them may be NULL. Another status than NTK_OK ends the walk. */
typedef struct ntk_store_visitor {
  void *user;
  ntk_status (*study)(void *user, const ntk_stored_study *study);
  ntk_status (*build)(void *user, sqlite3_int64 id, const ntk_environment *build);
  ntk_status (*point)(void *user, const ntk_stored_point *point);
  ntk_status (*trial)(void *user, const ntk_stored_point *point, const ntk_stored_trial *trial);
  const struct ntk_store_visitor *next; /* is shown everything, too; NULL: nobody */
} ntk_store_visitor;

/* Shows the study, its builds, and its points, each with its trials behind it, all at one moment.
 * NTK_ERR_FORMAT, with where, for the first that is not as ntkit has written it: a check sum, the
 * number of rows, a status, quantity or seed that cannot be. Without sums (schema 1) it is the
 * latter alone. */
ntk_status ntk_store_walk(const ntk_store *store, const ntk_store_visitor *visitor);

/* ---- store_study.c: whose database it is; within ntk_store_begin and _end -------------------- */

/* Flops and bytes of every point, for the store and for the plan. */
typedef struct ntk_point_cost {
  double flops;
  size_t bytes;
} ntk_point_cost;

/* Names of the variables, as a JSON list; to be freed. NULL for want of memory. */
char *ntk_store_names(const ntk_grid *grid);

/* Writes the study into an empty database; else compares: another study is refused with what
 * differs, more trials than before are taken on. costs: study->grid.points entries. states: points
 * x trials entries, ntk_trial_state each. also: is shown what is there already. A database of
 * schema 1 becomes one of schema 2. */
ntk_status ntk_store_adopt(ntk_store *store, const ntk_study *study, const ntk_point_cost *costs,
                           unsigned char *states, const ntk_store_visitor *also);
/* The study's row and its points, as they are. */
ntk_status ntk_store_put_study(const ntk_store *store, const ntk_stored_study *study);
ntk_status ntk_store_put_point(const ntk_store *store, const ntk_stored_point *point);
/* Says that so many trials are there that were not. */
ntk_status ntk_store_add_rows(const ntk_store *store, size_t count);

/* Row of environment, added if need be. */
ntk_status ntk_store_find_build(const ntk_store *store, const ntk_environment *build,
                                sqlite3_int64 *id);
/* NTK_ERR_ARGUMENT when trials were computed by another build. */
ntk_status ntk_store_check_build(const ntk_store *store, const ntk_environment *build);

/* ---- store_trials.c -------------------------------------------------------------------------- */

/* Replaces what was known of a trial, if `again`. Within ntk_store_begin and _end. */
ntk_status ntk_store_put(ntk_store *store, const ntk_stored_trial *trial, bool again);
/* How often a trial was attempted. */
ntk_status ntk_store_attempts(const ntk_store *store, size_t point, size_t trial,
                              sqlite3_int64 *attempts);
/* The time now, as it stands there. */
void ntk_store_time(char text[NTK_STORED_TIME]);
ntk_status ntk_store_status(const ntk_store *store, ntk_study_status *status);

/* The same for those who walk anyway. */
typedef struct ntk_store_counter {
  ntk_study_status made; /* without fraction; all zero: no walk, to be cleared after a failure */
  double flops;          /* of what is done */
  size_t builds;
  size_t valueless[NTK_VALUE_VERDICTS];
  bool *used; /* whether a build has computed a trial; to be freed */
  char last[NTK_STORED_TIME];
} ntk_store_counter;
/* counter: all zero. */
ntk_store_visitor ntk_store_counting(ntk_store_counter *counter);
/* Ends it, also a second time: the result, NTK_OK or why there is none, is handed on. */
ntk_status ntk_store_counted(ntk_store_counter *counter, ntk_status result,
                             ntk_study_status *status);

#endif
