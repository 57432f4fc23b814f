/* The database of a study.
 * Property: what belongs to another study, another build, a newer schema or no study at all is
 * refused with what differs, and nothing is changed by a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study_support.h"

#include <sqlite3.h>
#include <sys/stat.h>

/* Changes a database behind ntkit's back. */
static void execute(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  char *why = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", sql, why);
  sqlite3_close(db);
}

static ntk_status run(const char *text, const char *override, const char *database,
                      bool other_code) {
  ntk_study *study = override != NULL ? make_study_with(text, override) : make_study(text);
  ntk_study_status status;
  const ntk_status result =
      ntk_study_run(study, database, &(ntk_study_options){.other_code = other_code}, &status);
  if (result == NTK_OK)
    ntk_study_status_clear(&status);
  ntk_study_destroy(study);
  return result;
}

static const char tiny[] = "name: tiny\nnetwork: {widths: [d, d]}\ngrid: {N: [12, 20], d: 5}\n"
                           "trials: 3\n";

static void test_another_study(void **state) {
  (void)state;
  const char *database = fresh("tiny.db"), *before = fresh("before.db");
  assert_ok(run(tiny, NULL, database, false));
  assert_ok(run(tiny, NULL, before, false));
  static const struct {
    const char *override, *says;
  } cases[] = {
      {"name=other", "name is 'tiny' in"},
      {"seed=1", "seed is '0' in"},
      {"grid.N=12,21", "grid.N is '12, 20' in"},
      {"grid.k=1,2", "grid.k is not there in"},
      {"network.activation=tanh", "network.activation is 'sigmoid' in"},
      {"quantity=lambda_max", "quantity is 'lambda_min' in"},
      {"trials=2", "has 3 trials of each point already, and 2 are asked for"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_refused(run(tiny, cases[i].override, database, false), NTK_ERR_ARGUMENT, cases[i].says);
  assert_same_tables(database, before);
  unlink(database);
  unlink(before);
}

static void test_another_build(void **state) {
  (void)state;
  const char *database = fresh("build.db");
  assert_ok(run(tiny, NULL, database, false));
  execute(database, "UPDATE environment SET commit_id = 'abcdef0'");
  assert_refused(run(tiny, "trials=4", database, false), NTK_ERR_ARGUMENT, "abcdef0");
  ntk_study_status status;
  assert_ok(ntk_study_status_read(database, &status));
  assert_int_equal(status.total, 6); /* the refusal has changed nothing */
  ntk_study_status_clear(&status);
  assert_ok(run(tiny, "trials=4", database, true));
  assert_ok(ntk_study_status_read(database, &status));
  assert_int_equal(status.builds, 2);
  assert_int_equal(status.done, 8);
  ntk_study_status_clear(&status);
  unlink(database);
}

static void test_no_study(void **state) {
  (void)state;
  const char *database = fresh("kind.db");
  ntk_study_table table;
  ntk_study_status status;
  assert_refused(ntk_study_table_read(database, &table), NTK_ERR_FILE, "No such file");
  execute(database, "CREATE TABLE t (x)");
  assert_refused(run(tiny, NULL, database, false), NTK_ERR_FORMAT, "not a study's");
  assert_refused(ntk_study_status_read(database, &status), NTK_ERR_FORMAT, "not a study's");
  unlink(database);

  FILE *file = fopen(database, "w");
  assert_non_null(file);
  fputs("this is a text, and long enough to be taken for a header of a database: 0123456789 "
        "0123456789 0123456789",
        file);
  fclose(file);
  assert_refused(run(tiny, NULL, database, false), NTK_ERR_FORMAT, "not a study's database");
  unlink(database);

  assert_ok(run(tiny, NULL, database, false));
  execute(database, "PRAGMA user_version = 2");
  assert_refused(run(tiny, NULL, database, false), NTK_ERR_FORMAT, "schema 2 of a newer ntkit");
  assert_refused(ntk_study_table_read(database, &table), NTK_ERR_FORMAT, "schema 2");
  unlink(database);

  /* What a run leaves that is killed before its first transaction: an empty file. */
  file = fopen(database, "w");
  assert_non_null(file);
  fclose(file);
  assert_refused(ntk_study_status_read(database, &status), NTK_ERR_FORMAT, "is empty");
  assert_ok(run(tiny, NULL, database, false));
  unlink(database);
}

static void test_read_only(void **state) {
  (void)state;
  if (geteuid() == 0)
    skip(); /* root may write everywhere */
  const char *database = fresh("readonly.db");
  assert_ok(run(tiny, NULL, database, false));
  assert_int_equal(chmod(database, 0444), 0);
  assert_refused(run(tiny, "trials=4", database, false), NTK_ERR_FILE, "may not be written to");
  ntk_study_status status;
  assert_ok(ntk_study_status_read(database, &status));
  ntk_study_status_clear(&status);
  unlink(database);
}

/* What another writer left there does not leak into means. */
static void test_foreign_rows(void **state) {
  (void)state;
  const char *database = fresh("foreign.db");
  ntk_study_table table;
  assert_ok(run(tiny, NULL, database, false));
  execute(database, "UPDATE results SET value = 5, status = 'failed' WHERE point = 0");
  assert_ok(ntk_study_table_read(database, &table));
  assert_string_equal(table.row[0].status, "failed");
  assert_true(isnan(table.row[0].value));
  assert_true(table.row[table.rows - 1].value > 0.0);
  ntk_study_table_clear(&table);
  execute(database, "UPDATE points SET variables = '[12.0, \"five\"]' WHERE id = 1");
  assert_refused(ntk_study_table_read(database, &table), NTK_ERR_FORMAT, "d is not of one kind");
  execute(database, "UPDATE points SET variables = '[12.0, null]' WHERE id = 1");
  assert_refused(ntk_study_table_read(database, &table), NTK_ERR_FORMAT, "d is not of one kind");
  unlink(database);
}

/* ---- Merging --------------------------------------------------------------------------------- */

static void test_merge_refusals(void **state) {
  (void)state;
  const char *a = fresh("a.db"), *b = fresh("b.db"), *out = fresh("out.db");
  const char *const both[] = {a, b};
  assert_ok(run(tiny, NULL, a, false));
  assert_ok(run(tiny, "seed=1", b, false));
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT, "seed is '0' in");
  unlink(b);

  assert_ok(run(tiny, NULL, b, false));
  execute(b, "UPDATE results SET value = value * (1 + 1e-15) WHERE point = 1 AND trial = 2");
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT, "point 1, trial 2");
  unlink(b);

  assert_ok(run(tiny, NULL, b, false));
  execute(b, "UPDATE environment SET compiler = 'other'");
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT, "different builds");
  assert_int_not_equal(access(out, F_OK), 0);
  assert_ok(ntk_study_merge(both, 2, true, out));
  assert_same_tables(a, out);
  assert_refused(ntk_study_merge(both, 2, true, out), NTK_ERR_FILE, "is there already");
  const char *const missing[] = {a, "/nowhere.db"};
  assert_refused(ntk_study_merge(missing, 2, false, fresh("other.db")), NTK_ERR_FILE,
                 "/nowhere.db");
  unlink(a);
  unlink(b);
  unlink(out);
}

/* A trial that failed in one and not in the other is taken from the other, in either order. */
static void test_merge_failed(void **state) {
  (void)state;
  const char *whole = fresh("a.db"), *failed = fresh("b.db");
  assert_ok(run(tiny, NULL, whole, false));
  assert_ok(run(tiny, NULL, failed, false));
  execute(failed, "UPDATE trials SET status = 'failed', error = 'e' WHERE trial = 1;"
                  "UPDATE results SET status = 'failed', value = NULL WHERE trial = 1;"
                  "DELETE FROM results WHERE trial = 2; DELETE FROM trials WHERE trial = 2");
  const char *const orders[2][2] = {{whole, failed}, {failed, whole}};
  for (size_t i = 0; i < 2; i++) {
    const char *out = fresh("out.db");
    assert_ok(ntk_study_merge(orders[i], 2, false, out));
    assert_same_tables(whole, out);
    unlink(out);
  }
  unlink(whole);
  unlink(failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_another_study), cmocka_unit_test(test_another_build),
      cmocka_unit_test(test_no_study),      cmocka_unit_test(test_read_only),
      cmocka_unit_test(test_foreign_rows),  cmocka_unit_test(test_merge_refusals),
      cmocka_unit_test(test_merge_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
