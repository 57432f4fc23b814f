/* The database of a study.
 * Property: what belongs to another study, another build, a newer schema or no study at all is
 * refused with what differs, and nothing is changed by a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study_support.h"

#include "study_database.h"

#include <sys/stat.h>

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
      {"grid.N=4*d", "grid.N is '12, 20' in"},
      {"grid.k=1,2", "grid.k is not there in"},
      {"network.activation=tanh", "network.activation is 'sigmoid' in"},
      {"data.source=cube", "data.source is 'gaussian' in"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_refused(run(tiny, cases[i].override, database, false), NTK_ERR_ARGUMENT, cases[i].says);
  assert_same_tables(database, before);
  unlink(database);
  unlink(before);
}

/* The study's quantity by the name that it had, and by its own: no other study. */
static void test_former_name(void **state) {
  (void)state;
  const char *former = fresh("former.db"), *present = fresh("present.db"), *all = fresh("all.db");
  assert_ok(run(tiny, "quantity=per_layer", former, false));
  assert_ok(run(tiny, "quantity=per_block", former, false));
  assert_ok(run(tiny, "quantity=per_block", present, false));
  assert_same_tables(former, present);
  const char *const both[] = {former, present};
  assert_ok(ntk_study_merge(both, 2, false, all));
  assert_same_tables(all, present);
  unlink(former);
  unlink(present);
  unlink(all);
}

static void test_another_build(void **state) {
  (void)state;
  const char *database = fresh("build.db");
  assert_ok(run(tiny, NULL, database, false));
  make_old(database); /* else it is damaged */
  execute(database,
          "UPDATE environment SET version = '0.0', commit_id = 'abcdef0', compiler = 'cc 1'");
  assert_refused(run(tiny, "trials=4", database, false), NTK_ERR_ARGUMENT,
                 "computed by ntkit 0.0 (abcdef0, cc 1)");
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
  execute(database, "PRAGMA user_version = 4");
  assert_refused(run(tiny, NULL, database, false), NTK_ERR_FORMAT, "schema 4 of a newer ntkit");
  assert_refused(ntk_study_table_read(database, &table), NTK_ERR_FORMAT, "schema 4");
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

/* What SQLite takes for no file, or for another one, and what is no plain file. */
static void test_no_file(void **state) {
  (void)state;
  const char *database = fresh("file.db"), *merged = fresh("m.db");
  static const struct {
    const char *name, *says;
    ntk_status status;
  } cases[] = {
      {"", "name is empty", NTK_ERR_ARGUMENT},
      {":memory:", "accepted: a file's name", NTK_ERR_ARGUMENT},
      {"file:x.db", "./file:x.db for one that is called so", NTK_ERR_ARGUMENT},
      {"file:x.db?mode=memory", "accepted: a file's name", NTK_ERR_ARGUMENT},
      {"file::memory:", "accepted: a file's name", NTK_ERR_ARGUMENT},
      {"/tmp", "/tmp is a directory", NTK_ERR_FILE},
      {"/dev/null", "/dev/null is not a regular file", NTK_ERR_FILE},
  };
  assert_ok(run(tiny, NULL, database, false));
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *name = cases[i].name, *const sources[] = {database, name};
    ntk_study_table table;
    ntk_study_status status;
    assert_refused(run(tiny, NULL, name, false), cases[i].status, cases[i].says);
    assert_refused(ntk_study_table_read(name, &table), cases[i].status, cases[i].says);
    assert_refused(ntk_study_status_read(name, &status), cases[i].status, cases[i].says);
    assert_refused(ntk_study_merge(sources, 2, false, merged), cases[i].status, cases[i].says);
    assert_refused(ntk_study_merge(sources, 1, false, name), cases[i].status, cases[i].says);
  }
  assert_int_not_equal(access("/tmp.lock", F_OK), 0);
  assert_int_not_equal(access("/dev/null.lock", F_OK), 0);
  unlink(database);
}

/* ---- Schema 1 -------------------------------------------------------------------------------- */

/* A database without check sums is read, goes on, and has them then. */
static void test_old(void **state) {
  (void)state;
  const char *old = fresh("old.db"), *whole = fresh("whole.db"), *merged = fresh("merged.db");
  const char *both[] = {old, whole};
  ntk_study_status status;
  assert_ok(run(tiny, NULL, old, false));
  assert_ok(run(tiny, "trials=5", whole, false));
  make_old(old);
  assert_ok(ntk_study_status_read(old, &status));
  assert_int_equal(status.done, 6);
  ntk_study_status_clear(&status);
  assert_ok(ntk_study_merge(both, 1, false, merged));
  assert_same_tables(old, merged);
  assert_ok(run(tiny, "trials=5", old, false));
  assert_same_tables(old, whole);
  execute(old, "UPDATE results SET value = 2 * value WHERE point = 1 AND trial = 0");
  assert_refused(ntk_study_status_read(old, &status), NTK_ERR_FORMAT,
                 "trial 0 of point 1 and its check sum disagree");
  unlink(old);
  unlink(whole);
  unlink(merged);
}

/* What cannot be is found without check sums, too: by every reader, and nothing is changed. */
static void test_foreign_rows(void **state) {
  (void)state;
  static const struct {
    const char *edit, *says;
  } cases[] = {
      {"UPDATE results SET value = 5, status = 'failed' WHERE point = 0", "that is 'failed'"},
      {"UPDATE results SET status = 'fine' WHERE point = 0", "'fine' is no status"},
      {"UPDATE results SET status = 'diverged' WHERE point = 0", "that is 'diverged'"},
      {"UPDATE results SET value = 'much' WHERE point = 0", "a row of results"},
      {"UPDATE results SET quantity = 'lambda' WHERE point = 1", "'lambda' is no quantity"},
      {"UPDATE results SET ordinal = 1 WHERE point = 1", "are missing, or too many"},
      {"DELETE FROM results WHERE point = 1 AND trial = 2", "trial 2 of point 1 are missing"},
      {"INSERT INTO results VALUES (1, 0, 1, 'lambda', 1, 'ok')", "'lambda' is no quantity"},
      {"INSERT INTO results VALUES (1, 7, 0, 'lambda_min', 1, 'ok')", "results of what is not"},
      {"UPDATE trials SET status = 'started' WHERE trial = 1", "row of trial 1 of point 0"},
      {"UPDATE trials SET seed = seed + 1 WHERE trial = 1", "has a seed that is not its own"},
      {"UPDATE trials SET seconds = -1 WHERE trial = 1", "row of trial 1 of point 0"},
      {"UPDATE trials SET environment = 9 WHERE trial = 1", "row of trial 1 of point 0"},
      {"UPDATE trials SET trial = 7 WHERE trial = 2", "row of trial 7 of point 0"},
      {"UPDATE trials SET point = 7 WHERE point = 1", "trials of what is not there"},
      {"UPDATE points SET variables = '[12.0, \"five\"]' WHERE id = 1", "d is not of one kind"},
      {"UPDATE points SET variables = '[12.0, null]' WHERE id = 1", "d is not of one kind"},
      {"UPDATE points SET variables = '[12.0]' WHERE id = 1", "expected 2 of them"},
      {"UPDATE points SET variables = '[13.0, 5.0]' WHERE id = 1", "has a seed that is not"},
      {"DELETE FROM points WHERE id = 1", "it has 1 of 2 points"},
      {"UPDATE studies SET name = 'big'", "disagree"},
      {"UPDATE studies SET trials = 4", "disagree"},
      {"UPDATE studies SET variables = '[\"d\",\"N\"]'", "disagree"},
      {"UPDATE studies SET spec = replace(spec, 'seed', 'sead')",
       "unknown key 'sead'; did you mean 'seed'?"},
  };
  const char *whole = fresh("whole.db"), *database = fresh("foreign.db"), *out = fresh("m.db");
  assert_ok(run(tiny, NULL, whole, false));
  make_old(whole);
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *const both[] = {whole, database};
    ntk_study_table table;
    ntk_study_status status;
    copy_file(whole, database);
    execute(database, cases[i].edit);
    const ntk_status refused = ntk_study_table_read(database, &table);
    if (refused != NTK_ERR_FORMAT && refused != NTK_ERR_ARGUMENT)
      fail_msg("%s: %s", cases[i].edit, ntk_status_name(refused));
    assert_refused(refused, refused, cases[i].says);
    assert_refused(ntk_study_status_read(database, &status), refused, cases[i].says);
    assert_refused(ntk_study_merge(both, 2, false, out), refused, cases[i].says);
    assert_int_not_equal(run(tiny, "trials=4", database, true), NTK_OK);
    assert_refused(ntk_study_status_read(database, &status), refused, cases[i].says);
  }
  unlink(whole);
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
  make_old(b);
  execute(b, "UPDATE results SET value = value * (1 + 1e-15) WHERE point = 1 AND trial = 2");
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT, "point 1, trial 2");
  unlink(b);

  assert_ok(run(tiny, NULL, b, false));
  make_old(b);
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
  make_old(failed);
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
      cmocka_unit_test(test_no_file),       cmocka_unit_test(test_old),
      cmocka_unit_test(test_foreign_rows),  cmocka_unit_test(test_merge_refusals),
      cmocka_unit_test(test_merge_failed),  cmocka_unit_test(test_former_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
