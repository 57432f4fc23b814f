/* The database of a study: SQLite, schema in docs/studies.md. Every change is one transaction with
 * synchronous=FULL: after any interruption it holds what was committed, whole. What is read is
 * checked first: every reader goes by ntk_store_walk. */
#ifndef NTK_STUDY_STORE_H
#define NTK_STUDY_STORE_H

#include "study/store/stored.h"

typedef struct ntk_store {
  sqlite3 *db;
  char *path;
  int lock;        /* descriptor of the lock file; -1: none */
  char *lock_path; /* kept, to be removed when there is no memory either */
  int schema; /* of the file; 1 has neither check sums nor the number of trials that are there, 3
                 has grown */
  sqlite3_stmt *put_trial, *put_value; /* of ntk_store_put, once used */
} ntk_store;

/* How far a trial is, as the database has it. */
typedef enum ntk_trial_state {
  NTK_TRIAL_MISSING,
  NTK_TRIAL_DONE,
  NTK_TRIAL_FAILED,
  NTK_TRIAL_PARTIAL /* it lacks a quantity, and none has failed */
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
/* The same for one that was opened for a run, and removes it: while it is locked, for then another
 * run may have its name. */
void ntk_store_remove(ntk_store *store);

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
/* Schema 3: points may stand in any order, not all of the grid's may be there, and trials may lack
 * quantities; within ntk_store_begin and _end. */
ntk_status ntk_store_mark_grown(ntk_store *store);

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

/* The study alone, as of ntk_study_outline. */
ntk_status ntk_store_outline(const ntk_store *store, ntk_study **study);

/* ---- store_study.c: whose database it is; within ntk_store_begin and _end -------------------- */

/* Of a trial of every point, for the store and for the plan. */
typedef struct ntk_point_cost {
  double flops, seconds; /* seconds: NaN where nothing is known of the machine */
  size_t bytes;
} ntk_point_cost;

/* Names of the variables, as a JSON list; to be freed. NULL for want of memory. */
char *ntk_store_names(const ntk_grid *grid);
/* The values of the variables of `grid`, texts where these are not NULL, in the order that `names`
 * has, the same. */
char *ntk_store_values(const ntk_grid *names, const ntk_grid *grid, const double *value,
                       const char *const *text);

/* The study's row and its points, as they are; those that are there already are replaced. */
ntk_status ntk_store_put_study(const ntk_store *store, const ntk_stored_study *study);
ntk_status ntk_store_put_point(const ntk_store *store, const ntk_stored_point *point);
/* Point i of the study under this id, its variables in the order of `names`. */
ntk_status ntk_store_write_point(const ntk_store *store, const ntk_study *study, size_t i,
                                 const ntk_point_cost *cost, const ntk_grid *names, size_t id);
/* What changes in the study's row, the rest of which stays. */
typedef struct ntk_study_change {
  const char *spec; /* NULL: it stays, and points and trials with it */
  size_t points, trials;
  size_t rows; /* trials that are there and were not */
} ntk_study_change;
ntk_status ntk_store_change_study(const ntk_store *store, const ntk_study_change *change);
/* Row of environment, added if need be. */
ntk_status ntk_store_find_build(const ntk_store *store, const ntk_environment *build,
                                sqlite3_int64 *id);
/* NTK_ERR_ARGUMENT when trials were computed by another build. */
ntk_status ntk_store_check_build(const ntk_store *store, const ntk_environment *build);

/* ---- store_adopt.c --------------------------------------------------------------------------- */

/* What of a study is in its database. */
typedef struct ntk_study_marks {
  size_t *id;            /* points entries: by which the database knows them */
  unsigned char *states; /* points x trials: ntk_trial_state */
  uint32_t *lacks;       /* the same: quantities that are to be computed, a bit each */
  bool changed;          /* the database's own study is another than before */
} ntk_study_marks;

/* Takes the study into a database. One that is empty gets it; one that holds a study of other
 * values, quantities or trials grows to have both (spec/join.h), and keeps all that it has. Another
 * study is refused with what differs. costs: study->grid.points entries. marks: with room. also: is
 * shown what is there already. A database of schema 1 becomes one of schema 2, one that grows by
 * more than trials one of schema 3. Within ntk_store_begin and _end. */
ntk_status ntk_store_adopt(ntk_store *store, const ntk_study *study, const ntk_point_cost *costs,
                           ntk_study_marks *marks, const ntk_store_visitor *also);

/* ---- store_trials.c -------------------------------------------------------------------------- */

/* Replaces what was known of a trial, if `again`. Within ntk_store_begin and _end. */
ntk_status ntk_store_put(ntk_store *store, const ntk_stored_trial *trial, bool again);
/* A trial that is there, by its point's id and its number; checked by a walk before. */
ntk_status ntk_store_get(const ntk_store *store, size_t point, size_t trial,
                         ntk_stored_trial *found);
/* The time now, as it stands there. */
void ntk_store_time(char text[NTK_STORED_TIME]);
ntk_status ntk_store_status(const ntk_store *store, ntk_study_status *status);

/* The same for those who walk anyway. */
typedef struct ntk_store_counter {
  ntk_study_status made;  /* without fraction; all zero: no walk, to be cleared after a failure */
  double flops;           /* of what is done */
  const ntk_study *study; /* of the walk */
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
