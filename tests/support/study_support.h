/* What the tests of studies share: small studies, temporary files, tables compared bit for bit.
 * Include after <cmocka.h>. */
#ifndef NTK_TESTS_STUDY_SUPPORT_H
#define NTK_TESTS_STUDY_SUPPORT_H

#include "ntkit/study.h"
#include "support.h"

#include <string.h>
#include <unistd.h>

/* 2 x 2 x 2 points, 4 trials each: 32 trials of a few milliseconds. */
static const char small_study[] = "name: small\n"
                                  "quantity: [lambda_min, lambda_max]\n"
                                  "network: {widths: [2*d, d], activation: phi}\n"
                                  "grid: {N: [40, 90], d: [8, 12], phi: [tanh, gelu]}\n"
                                  "trials: 4\n"
                                  "seed: 7\n";

static inline ntk_study *make_study(const char *text) {
  ntk_study *study = NULL;
  assert_ok(ntk_study_parse(text, "test.yaml", NULL, 0, &study));
  return study;
}

/* The same with one setting replaced. */
static inline ntk_study *make_study_with(const char *text, const char *assignment) {
  ntk_study *study = NULL;
  assert_ok(ntk_study_parse(text, "test.yaml", &assignment, 1, &study));
  return study;
}

/* A path in a directory of this process's own, without anything left there from before. */
static inline const char *fresh(const char *name) {
  static char path[8][256];
  static int next;
  char *made = path[next++ % 8];
  snprintf(made, 256, "%s/ntkit_test_%ld_%s", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
           (long)getpid(), name);
  (void)unlink(made);
  return made;
}

static inline void run_study(const ntk_study *study, const char *database,
                             const ntk_study_options *options) {
  ntk_study_status status;
  assert_ok(ntk_study_run(study, database, options, &status));
  ntk_study_status_clear(&status);
}

static inline ntk_study_table read_table(const char *database) {
  ntk_study_table table;
  assert_ok(ntk_study_table_read(database, &table));
  return table;
}

static inline void refuse_study(const char *text, ntk_status status, const char *says) {
  ntk_study *study = NULL;
  assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), status, says);
  assert_null(study);
}

/* A study from its text to its table, and a context of one thread to compute the same in. */
typedef struct ran_study {
  const char *database;
  ntk_study *study;
  ntk_context *context;
  ntk_study_table table;
} ran_study;

static inline ran_study run_to_table(const char *name, const char *text,
                                     const ntk_study_options *options) {
  ran_study ran = {.database = fresh(name), .study = make_study(text)};
  run_study(ran.study, ran.database, options);
  ran.context = make_context(1);
  ran.table = read_table(ran.database);
  return ran;
}

static inline void end_study(ran_study *ran) {
  ntk_study_table_clear(&ran->table);
  ntk_context_destroy(ran->context);
  ntk_study_destroy(ran->study);
  unlink(ran->database);
}

/* Everything but the seconds is the same, values to the last bit. */
static inline void assert_same_tables(const char *a, const char *b) {
  ntk_study_table left = read_table(a), right = read_table(b);
  assert_int_equal(left.rows, right.rows);
  for (size_t i = 0; i < left.rows; i++) {
    const ntk_study_row *x = &left.row[i], *y = &right.row[i];
    assert_int_equal(x->point, y->point);
    assert_int_equal(x->trial, y->trial);
    assert_true(x->seed == y->seed);
    assert_string_equal(x->quantity, y->quantity);
    assert_string_equal(x->verdict, y->verdict);
    assert_memory_equal(&x->value, &y->value, sizeof x->value);
  }
  ntk_study_table_clear(&left);
  ntk_study_table_clear(&right);
}

#endif
