/* Studies that grow.
 * Property: new values, trials and quantities join a database, only they are computed, and in the
 * end it says, bit for bit, what a fresh run of the whole study says; what was there stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study/measure/quantity.h"
#include "study_database.h"
#include "study_support.h"

static const char base[] = "name: g\nquantity: lambda_min\n"
                           "network: {widths: [d, 2*m], activation: phi}\n"
                           "grid: {N: [12, 20], d: 5, m: d + 1, phi: [tanh, erf]}\ntrials: 2\n";

static const char trained[] = "name: g\nquantity: [final_loss, memorize_error]\n"
                              "network: {widths: [d, 2*d], activation: tanh}\n"
                              "train: {epochs: 3, labels: sign}\ngrid: {N: 12, d: 5}\n";

/* How many trials a run has computed, and how many it said it would. */
typedef struct counted {
  size_t finished, tasks, before, partial, stop; /* stop: after so many; 0: never */
} counted;

static bool count(const ntk_study_progress *progress, void *user) {
  counted *c = user;
  c->finished = progress->finished;
  c->tasks = progress->tasks;
  c->before = progress->before;
  c->partial = progress->partial;
  return c->stop == 0 || progress->finished < c->stop;
}

/* The overrides are texts with blanks between them; NULL: none. */
static ntk_study *make(const char *text, const char *overrides) {
  char copy[300];
  const char *list[8];
  size_t listed = 0;
  ntk_study *study = NULL;
  snprintf(copy, sizeof copy, "%s", overrides != NULL ? overrides : "");
  char *rest = copy;
  for (char *at; (at = strtok_r(rest, " ", &rest)) != NULL && listed < COUNT(list);)
    list[listed++] = at;
  assert_ok(ntk_study_parse(text, "test.yaml", list, listed, &study));
  return study;
}

static ntk_status run(const char *text, const char *overrides, const char *database, counted *c) {
  ntk_study *study = make(text, overrides);
  ntk_study_status status;
  const ntk_study_options options = {
      .workers = 2, .retry = true, .progress = count, .progress_user = c};
  const ntk_status result = ntk_study_run(study, database, &options, &status);
  if (result == NTK_OK || result == NTK_ERR_CANCELLED)
    ntk_study_status_clear(&status);
  ntk_study_destroy(study);
  return result;
}

static size_t finished(const char *text, const char *overrides, const char *database) {
  counted c = {0};
  assert_ok(run(text, overrides, database, &c));
  assert_int_equal(c.finished, c.tasks);
  return c.finished;
}

/* ---- Growth ---------------------------------------------------------------------------------- */

static void test_axes(void **state) {
  (void)state;
  static const struct {
    const char *text, *from, *to;
    size_t computed;
  } cases[] = {
      {base, "grid.N=20", "grid.N=12,20", 4},               /* before what is there */
      {base, "grid.N=12", "grid.N=12:20:8", 4},             /* behind it, said otherwise */
      {base, "grid.N=12,20", "grid.N=12,16,20", 4},         /* in the middle */
      {base, "grid.d=5,7", "grid.d=5,6,7", 8},              /* m follows from d */
      {base, "grid.phi=tanh", "grid.phi=relu,tanh,erf", 8}, /* names */
      {base, "trials=1", "trials=3", 8},                    /* 2 new of each of 4 points */
      {base, "grid.N=20 trials=1", "grid.phi=erf,tanh,relu trials=2", 10},
      {base, "grid.N=12", "grid.d=4,5 grid.phi=erf,relu,tanh", 20},
      {base, NULL, "quantity=lambda_min,condition", 8}, /* of each of 8 trials */
      {base, NULL, "quantity=condition,lambda_min", 8},
      {base, NULL, "quantity=per_block,lambda_min,lambda_max grid.N=12,20,30", 12},
      {base, NULL, "quantity=certified,lambda_min,lambda_min_lower,ratio_upper", 8},
      {base, NULL, "quantity=lambda_min,final_loss,rate train.epochs=4 train.labels=sign", 8},
      {base, NULL, "quantity=lambda_min,memorize_error", 8},
      {base, NULL, "quantity=lambda_min,ledger ledger.population=2048", 8},
      {trained, NULL, "quantity=final_loss,memorize_error,rate,smallest_loss", 1},
      {trained, "quantity=final_loss", "quantity=memorize_error,final_loss", 1},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *grown = fresh("grown.db"), *whole = fresh("whole.db");
    (void)finished(cases[i].text, cases[i].from, grown);
    const size_t computed = finished(cases[i].text, cases[i].to, grown);
    if (computed != cases[i].computed)
      fail_msg("%s: %zu computed, not %zu", cases[i].to, computed, cases[i].computed);
    (void)finished(cases[i].text, cases[i].to, whole);
    assert_same_tables(grown, whole);
    assert_int_equal(finished(cases[i].text, cases[i].to, grown), 0);
    unlink(grown);
    unlink(whole);
  }
}

/* What is there is not computed again, and stays although the study asks for less, or for other
 * values: a value that was changed by hand is still there. */
static void test_untouched(void **state) {
  (void)state;
  static const char *const asked[] = {"quantity=lambda_min,lambda_max", "grid.N=20", "grid.N=30",
                                      "trials=1", "trials=4 grid.phi=tanh,erf,relu"};
  const char *database = fresh("u.db");
  (void)finished(base, NULL, database);
  make_old(database);
  execute(database, "UPDATE results SET value = 1234 WHERE point = 0 AND trial = 1");
  size_t rows = 8;
  for (size_t i = 0; i < COUNT(asked); i++) {
    (void)finished(base, asked[i], database);
    ntk_study_table table = read_table(database);
    size_t found = 0;
    for (size_t k = 0; k < table.rows; k++)
      found += table.row[k].value == 1234.0;
    assert_int_equal(found, 1);
    assert_true(table.rows >= rows);
    rows = table.rows;
    ntk_study_table_clear(&table);
  }
  unlink(database);
}

/* A trial that lacks a quantity counts as neither done nor missing; the next run brings it. */
static void test_partial(void **state) {
  (void)state;
  const char *database = fresh("p.db"), *whole = fresh("w.db");
  ntk_study_status status;
  (void)finished(base, NULL, database);
  counted c = {.stop = 3};
  assert_int_equal(run(base, "quantity=lambda_min,condition grid.N=12,20,30", database, &c),
                   NTK_ERR_CANCELLED);
  assert_int_equal(c.before, 0);
  assert_int_equal(c.tasks, 12);
  assert_int_equal(c.partial, 8);
  assert_ok(ntk_study_status_read(database, &status));
  assert_int_equal(status.total, 12);
  assert_true(status.done >= 3 && status.done < 12 && status.partial > 0);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.missing, status.total - status.done);
  ntk_study_table_clear(&table);
  ntk_study_status_clear(&status);
  (void)finished(base, "quantity=lambda_min,condition grid.N=12,20,30", database);
  (void)finished(base, "quantity=lambda_min,condition grid.N=12,20,30", whole);
  assert_same_tables(database, whole);
  unlink(database);
  unlink(whole);
}

static int schema(const char *path) {
  sqlite3 *db = NULL;
  sqlite3_stmt *select = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &select, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(select), SQLITE_ROW);
  const int found = sqlite3_column_int(select, 0);
  sqlite3_finalize(select);
  sqlite3_close(db);
  return found;
}

/* A database of any schema goes on and grows; an older ntkit takes more trials, and refuses what
 * has grown otherwise by its schema. */
static void test_schema(void **state) {
  (void)state;
  const char *database = fresh("s.db"), *whole = fresh("w.db");
  (void)finished(base, "trials=1", database);
  make_old(database);
  (void)finished(base, NULL, database);
  assert_int_equal(schema(database), 2);
  make_old(database);
  (void)finished(base, "grid.N=12,16,20", database);
  assert_int_equal(schema(database), 3);
  (void)finished(base, "grid.N=12,16,20", whole);
  assert_int_equal(schema(whole), 2);
  assert_same_tables(database, whole);
  unlink(database);
  unlink(whole);
}

/* Variables in another order are the same points. */
static void test_order(void **state) {
  (void)state;
  static const char other[] = "name: g\nquantity: lambda_min\n"
                              "network: {widths: [d, 2*m], activation: phi}\n"
                              "grid: {phi: [tanh, erf], m: d + 1, N: [12, 20, 30], d: 5}\n"
                              "trials: 2\n";
  const char *database = fresh("o.db"), *whole = fresh("w.db");
  (void)finished(base, NULL, database);
  assert_int_equal(finished(other, "grid.N=12,20", database), 0);
  assert_int_equal(finished(other, NULL, database), 4);
  (void)finished(base, "grid.N=12,20,30", whole);
  assert_same_tables(database, whole);
  unlink(database);
  unlink(whole);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *override, *says;
  } cases[] = {
      {base, "grid.k=1", "grid.k is not there in"},
      {base, "grid.m=7", "grid.m is 'd + 1' in"},
      {base, "grid.m=d+2", "grid.m is 'd + 1' in"},
      {base, "network.init=he", "network.init is 'paper' in"},
      {trained, "train.epochs=4", "train.epochs is '3' in"},
      {trained, "train.target=0.1", "train.target is not there in"},
      {trained, "train.labels=gaussian", "train.labels is 'sign' in"},
  };
  const char *database = fresh("r.db");
  for (size_t i = 0; i < COUNT(cases); i++) {
    counted c = {0};
    unlink(database);
    (void)finished(cases[i].text, NULL, database);
    size_t before = 0, after = 0;
    unsigned char *bytes = read_bytes(database, &before);
    assert_refused(run(cases[i].text, cases[i].override, database, &c), NTK_ERR_ARGUMENT,
                   cases[i].says);
    unsigned char *same = read_bytes(database, &after);
    assert_int_equal(before, after);
    assert_memory_equal(bytes, same, before);
    free(bytes);
    free(same);
  }
  unlink(database);
}

/* A study that does not train memorises Gaussian labels: trained on others it is another one. */
static void test_labels(void **state) {
  (void)state;
  static const char memorizes[] = "name: g\nquantity: memorize_error\n"
                                  "network: {widths: [d, 2*d], activation: tanh}\n"
                                  "grid: {N: 12, d: 5}\n";
  const char *database = fresh("l.db");
  counted c = {0};
  (void)finished(memorizes, NULL, database);
  assert_refused(run(trained, NULL, database, &c), NTK_ERR_ARGUMENT,
                 "train.labels is not there in");
  assert_int_equal(finished(trained, "train.labels=gaussian", database), 1);
  unlink(database);
}

/* ---- Failures and neighbours ----------------------------------------------------------------- */

/* A quantity that is added later fails: the trial has failed, and keeps what it had. */
static void test_failure(void **state) {
  (void)state;
  const ntk_quantity *both[2];
  assert_ok(ntk_quantity_find("lambda_min", &both[0]));
  assert_ok(ntk_quantity_find("condition", &both[1]));
  ntk_outcome before = {.status = NTK_OK, .seconds = 1.0},
              failed = {.status = NTK_ERR_NUMERIC, .error = "why", .seconds = 2.0};
  ntk_outcome_put(&before, "lambda_min", 5.0, NTK_VALUE_OK);
  ntk_outcome_name_values(&failed, &both[1], 1, 2);
  ntk_outcome_join(&before, both, 2, &failed);
  assert_true(failed.status == NTK_ERR_NUMERIC && failed.count == 2);
  assert_string_equal(failed.error, "why");
  assert_near(failed.value[0].value, 5.0, 0.0, "what there was");
  assert_near(failed.seconds, 3.0, 0.0, "seconds");
  bool some = false;
  assert_int_equal(ntk_outcome_lacks(&failed, both, 2, &some), 2);
  assert_true(some);
  ntk_outcome again = {.status = NTK_OK, .seconds = 4.0};
  ntk_outcome_put(&again, "condition", 7.0, NTK_VALUE_OK);
  ntk_outcome_join(&failed, both, 2, &again);
  assert_true(again.status == NTK_OK && again.count == 2 && again.error[0] == '\0');
  assert_near(again.value[1].value, 7.0, 0.0, "what failed before");
  assert_int_equal(ntk_outcome_lacks(&again, both, 2, &some), 0);
}

/* While one process makes a database grow no other does. */
static bool intrude(const ntk_study_progress *progress, void *user) {
  counted none = {0};
  (void)progress;
  assert_refused(run(base, "grid.N=12,20,40", user, &none), NTK_ERR_FILE,
                 "another run is writing to it now");
  return true;
}

static void test_two(void **state) {
  (void)state;
  const char *database = fresh("two.db"), *whole = fresh("w.db");
  (void)finished(base, NULL, database);
  ntk_study *study = make(base, "grid.N=12,20,30");
  const ntk_study_options options = {
      .workers = 1, .progress = intrude, .progress_user = (void *)database};
  run_study(study, database, &options);
  run_study(study, whole, NULL);
  ntk_study_destroy(study);
  assert_same_tables(database, whole);
  unlink(database);
  unlink(whole);
}

/* ---- Merging --------------------------------------------------------------------------------- */

/* Two studies of one kind and other grids, quantities or trials: the merged one is the study of
 * both, and what neither has is computed by the next run. */
static void test_merge(void **state) {
  (void)state;
  static const struct {
    const char *a, *b, *both;
    size_t computed;
  } cases[] = {
      {"grid.N=12", "grid.N=20", "grid.N=12,20", 0},          /* disjoint */
      {"grid.N=30,12", "grid.N=20,12", "grid.N=30,12,20", 0}, /* overlapping */
      {"grid.N=12", "grid.N=12,20 trials=3", "grid.N=12,20 trials=3", 0},
      {"grid.N=12 grid.phi=erf", "grid.N=20 grid.phi=tanh", "grid.phi=erf,tanh", 4}, /* corners */
      {"trials=3 grid.d=5", "grid.d=6,5", "trials=3 grid.d=6,5", 4},
      {NULL, "quantity=condition", "quantity=condition,lambda_min", 0},
      {"grid.N=12", "quantity=lambda_min,condition grid.N=20", "quantity=lambda_min,condition", 4},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *a = fresh("a.db"), *b = fresh("b.db"), *out = fresh("out.db");
    const char *whole = fresh("whole.db"), *const sources[] = {a, b};
    (void)finished(base, cases[i].a, a);
    (void)finished(base, cases[i].b, b);
    (void)finished(base, cases[i].both, whole);
    assert_ok(ntk_study_merge(sources, 2, false, out));
    const size_t computed = finished(base, cases[i].both, out);
    if (computed != cases[i].computed)
      fail_msg("%s: %zu computed, not %zu", cases[i].both, computed, cases[i].computed);
    assert_same_tables(out, whole);
    unlink(a);
    unlink(b);
    unlink(out);
    unlink(whole);
  }
}

static void test_merge_refusals(void **state) {
  (void)state;
  const char *a = fresh("a.db"), *b = fresh("b.db"), *out = fresh("out.db");
  const char *const both[] = {a, b};
  (void)finished(base, "grid.N=12,20", a);
  (void)finished(base, "grid.N=30,20", b);
  make_old(b);
  execute(b, "UPDATE results SET value = 2 WHERE point = 3 AND trial = 1"); /* N = 20, erf */
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT,
                 "different results for one trial (point 3, trial 1): lambda_min is");
  unlink(b);
  (void)finished(base, "grid.N=30 network.beta=2", b);
  assert_refused(ntk_study_merge(both, 2, false, out), NTK_ERR_ARGUMENT,
                 "these are different studies: network.beta is '1' in");
  assert_int_not_equal(access(out, F_OK), 0);
  unlink(a);
  unlink(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_axes),           cmocka_unit_test(test_untouched),
      cmocka_unit_test(test_partial),        cmocka_unit_test(test_order),
      cmocka_unit_test(test_refusals),       cmocka_unit_test(test_labels),
      cmocka_unit_test(test_failure),        cmocka_unit_test(test_two),
      cmocka_unit_test(test_schema),         cmocka_unit_test(test_merge),
      cmocka_unit_test(test_merge_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
