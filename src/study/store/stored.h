/* The rows of a study's database, and the check sums that stand in them. */
#ifndef NTK_STUDY_STORED_H
#define NTK_STUDY_STORED_H

#include "study/spec/study.h"

#include <sqlite3.h>

/* Texts end with the walk, or the call, that gave them. */
typedef struct ntk_stored_study {
  const char *name, *spec;
  const char *variables;  /* JSON, a list of names */
  const ntk_study *study; /* its outline, as of ntk_study_outline; only in a walk */
  size_t points, trials;  /* trials of each point */
  double flops;
  const char *created;
  size_t rows; /* trials that have been written */
} ntk_stored_study;

typedef struct ntk_stored_point {
  size_t id;
  const char *variables; /* JSON, a list of values */
  double flops;
  sqlite3_int64 bytes;
  double lower_scale, upper_scale;
  /* The same values; NaN and NULL where it is a text and where it is none. */
  double value[NTK_MOST_VARIABLES];
  const char *text[NTK_MOST_VARIABLES];
} ntk_stored_point;

enum { NTK_STORED_TIME = 24 };

typedef struct ntk_stored_trial {
  size_t point, trial;
  uint64_t seed;
  sqlite3_int64 attempts, environment;
  size_t build;                   /* which of the builds that a walk shows; stored by its id */
  char finished[NTK_STORED_TIME]; /* 2026-01-31T23:59:59Z */
  ntk_outcome outcome;            /* its status: NTK_OK, or that it failed */
} ntk_stored_trial;

/* Of everything that stands in the row, a trial's with its results: a damage to one number or to
 * eight characters is always found, any other all but surely. */
sqlite3_int64 ntk_sum_study(const ntk_stored_study *study);
sqlite3_int64 ntk_sum_build(sqlite3_int64 id, const ntk_environment *build);
sqlite3_int64 ntk_sum_point(const ntk_stored_point *point);
sqlite3_int64 ntk_sum_trial(const ntk_stored_trial *trial);
/* Of a trial's results alone. */
uint64_t ntk_sum_values(const ntk_stored_trial *trial);

#endif
