/* Running studies.
 * Property: a trial's value is that of ntk_spectrum with its seed on one thread, and depends
 * neither on workers, shards and interruptions nor on how often the study was run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "study_support.h"

#include <sys/wait.h>

enum { ROWS = 64 }; /* of small_study: 32 trials, two quantities */

/* ---- Values ---------------------------------------------------------------------------------- */

static double find(const ntk_study_table *table, const ntk_study_row *row, const char *name) {
  for (size_t v = 0; v < table->variables; v++)
    if (strcmp(table->variable[v], name) == 0)
      return row->variable[v];
  fail_msg("no variable %s", name);
  return NAN;
}

/* lambda_min of a row, computed here. */
static double lambda_min_of(ntk_context *context, const ntk_study_table *table,
                            const ntk_study_row *row) {
  const size_t N = (size_t)find(table, row, "N"), d = (size_t)find(table, row, "d");
  const size_t width[] = {d, 2 * d, d};
  ntk_dataset *data = NULL;
  ntk_spectrum_result result;
  assert_ok(ntk_dataset_generate(context, "gaussian", N, d, row->seed, &data));
  ntk_network *network = make_network(context, 3, width, row->text[2], "paper", row->seed);
  const ntk_spectrum_options options = {.seed = row->seed};
  assert_ok(ntk_spectrum(context, network, data, &options, &result));
  const double value = result.lambda_min;
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return value;
}

static void test_values(void **state) {
  (void)state;
  ran_study ran = run_to_table("values.db", small_study, NULL);
  assert_int_equal(ran.table.rows, ROWS);
  for (size_t i = 0; i < ran.table.rows; i++) {
    const ntk_study_row *row = &ran.table.row[i];
    assert_string_equal(row->verdict, "ok");
    if (strcmp(row->quantity, "lambda_min") == 0) {
      const double expected = lambda_min_of(ran.context, &ran.table, row);
      assert_memory_equal(&row->value, &expected, sizeof expected);
    }
    const size_t n1 = 2 * (size_t)find(&ran.table, row, "d"), n2 = n1 / 2;
    assert_near(row->lower_scale, (double)(n1 * n2), 0.0, "n_{L-2} n_{L-1}");
    assert_near(row->upper_scale, (double)(n2 * n2), 0.0, "d n_{L-1}");
  }
  end_study(&ran);
}

/* One layer's width is too small for N: rank deficient, 0 exactly; per_block gives one value a
 * layer, which sum to at most lambda_min (Weyl). */
static void test_verdicts_and_layers(void **state) {
  (void)state;
  const char *database = fresh("layers.db");
  ntk_study *study = make_study("name: x\nquantity: [lambda_min, condition, per_block]\n"
                                "network: {widths: [d, d, d]}\ngrid: {N: [20, 200], d: 6}\n"
                                "trials: 3\n");
  run_study(study, database, NULL);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.quantities, 2 + 4);
  assert_string_equal(table.quantity[0], "lambda_min");
  assert_string_equal(table.quantity[5], "lambda_min_3");
  for (size_t i = 0; i < table.rows; i += 6) {
    const ntk_study_row *row = &table.row[i];
    const bool deficient = row->variable[0] > 100.0; /* P = 6 * 6 * 3 + 6 = 114 */
    assert_string_equal(row[0].verdict, deficient ? "rank_deficient" : "ok");
    assert_true(deficient ? row[0].value == 0.0 : row[0].value > 0.0);
    assert_true(deficient == isnan(row[1].value));
    double sum = 0.0;
    for (size_t k = 0; k < 4; k++)
      sum += row[2 + k].value;
    assert_true(!(sum > row[0].value * (1.0 + 1e-9)));
  }
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(database);
}

/* ---- Workers, shards, interruptions ---------------------------------------------------------- */

static void test_workers_and_shards(void **state) {
  (void)state;
  const char *whole = fresh("whole.db"), *three = fresh("three.db"), *merged = fresh("merged.db");
  const char *part[] = {fresh("part1.db"), fresh("part2.db"), fresh("part3.db")};
  ntk_study *study = make_study(small_study);
  run_study(study, whole, &(ntk_study_options){.workers = 1});
  run_study(study, three, &(ntk_study_options){.workers = 3});
  assert_same_tables(whole, three);
  size_t done = 0;
  for (size_t s = 0; s < 3; s++) {
    ntk_study_status status;
    assert_ok(ntk_study_run(
        study, part[s], &(ntk_study_options){.shard = s + 1, .shards = 3, .workers = 2}, &status));
    assert_true(status.done == 10 || status.done == 11);
    done += status.done;
    ntk_study_status_clear(&status);
  }
  assert_int_equal(done, 32);
  assert_ok(ntk_study_merge(part, 3, false, merged));
  assert_same_tables(whole, merged);
  run_study(study, merged, NULL); /* nothing is left to do */
  assert_same_tables(whole, merged);
  ntk_study_destroy(study);
  for (size_t s = 0; s < 3; s++)
    unlink(part[s]);
  unlink(whole);
  unlink(three);
  unlink(merged);
}

/* Stops once so many trials have finished. */
static bool stop_after(const ntk_study_progress *progress, void *user) {
  const size_t *limit = user;
  return progress->finished < *limit;
}

static void test_interruptions(void **state) {
  (void)state;
  const char *whole = fresh("whole.db"), *database = fresh("interrupted.db");
  ntk_study *study = make_study(small_study);
  run_study(study, whole, NULL);
  size_t limit = 3, before = 0;
  for (;;) {
    ntk_study_status status;
    const ntk_status result = ntk_study_run(
        study, database,
        &(ntk_study_options){.workers = 2, .progress = stop_after, .progress_user = &limit},
        &status);
    assert_true(status.done >= before + (result == NTK_OK ? 0 : limit));
    before = status.done;
    ntk_study_status_clear(&status);
    if (result == NTK_OK)
      break;
    assert_refused(result, NTK_ERR_CANCELLED, "of 32 trials are done; the same command goes on");
  }
  assert_int_equal(before, 32);
  assert_same_tables(whole, database);
  ntk_study_destroy(study);
  unlink(whole);
  unlink(database);
}

/* More trials are more of the same: what was there stays, and equals a study of that size. */
static void test_more_trials(void **state) {
  (void)state;
  const char *grown = fresh("grown.db"), *whole = fresh("whole.db");
  ntk_study *four = make_study(small_study);
  ntk_study *six = make_study_with(small_study, "trials=6");
  run_study(four, grown, NULL);
  run_study(six, grown, NULL);
  run_study(six, whole, NULL);
  assert_same_tables(grown, whole);
  run_study(four, grown, NULL); /* asks for less than is there */
  assert_same_tables(grown, whole);
  ntk_study_destroy(four);
  ntk_study_destroy(six);
  unlink(grown);
  unlink(whole);
}

/* ---- While it runs --------------------------------------------------------------------------- */

typedef struct onlooker {
  const ntk_study *study;
  const char *database;
  size_t seen;
  bool refused;
} onlooker;

/* From another process the same database is refused; reading it works. */
static bool look(const ntk_study_progress *progress, void *user) {
  onlooker *o = user;
  ntk_study_table table;
  if (ntk_study_table_read(o->database, &table) == NTK_OK) {
    o->seen++;
    assert_true(table.rows <= 2 * progress->total);
    ntk_study_table_clear(&table);
  }
  if (!o->refused && progress->in_flight > 0) {
    const pid_t child = fork();
    if (child == 0) {
      ntk_study_status status;
      const char *link = fresh("link.db"); /* under another name, too */
      if (symlink(o->database, link) != 0)
        _exit(2);
      const ntk_status result = ntk_study_run(o->study, link, NULL, &status);
      (void)unlink(link);
      _exit(result == NTK_ERR_FILE && strstr(ntk_error_message(), "another run") ? 0 : 1);
    }
    int ended = 1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    o->refused = true;
  }
  return true;
}

static void test_onlookers(void **state) {
  (void)state;
  const char *database = fresh("watched.db");
  ntk_study *study = make_study_with(small_study, "trials=20");
  onlooker o = {.study = study, .database = database};
  run_study(study, database,
            &(ntk_study_options){.workers = 2, .progress = look, .progress_user = &o});
  assert_true(o.refused && o.seen > 0);
  ntk_study_destroy(study);
  unlink(database);
}

/* ---- Failures -------------------------------------------------------------------------------- */

/* The data file is gone when the workers want it: every trial fails and says so; --retry, with the
 * file back, computes what would have been computed. */
static void test_failed_trials(void **state) {
  (void)state;
  const char *file = fresh("data.npy"), *moved = fresh("moved.npy");
  const char *database = fresh("failed.db"), *whole = fresh("whole.db");
  char text[500];
  double *X = make_normal(3, 30 * 5);
  assert_ok(ntk_npy_save(file, X, 2, (const size_t[]){30, 5}));
  snprintf(text, sizeof text,
           "name: f\nnetwork: {widths: [20, 9]}\ndata: {source: %s}\ngrid: {N: [20, 30]}\n"
           "trials: 2\n",
           file);
  ntk_study *study = make_study(text);
  run_study(study, whole, NULL);

  ntk_study_status status;
  assert_int_equal(rename(file, moved), 0);
  assert_ok(ntk_study_run(study, database, NULL, &status));
  assert_int_equal(status.failed, 4);
  assert_int_equal(status.done, 0);
  assert_non_null(strstr(status.last_error, file));
  ntk_study_status_clear(&status);
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 4);
  assert_string_equal(table.row[0].verdict, "failed");
  assert_true(isnan(table.row[0].value));
  assert_non_null(strstr(table.row[0].error, file));
  ntk_study_table_clear(&table);

  assert_int_equal(rename(moved, file), 0);
  assert_ok(
      ntk_study_run(study, database, NULL, &status)); /* failures are not tried by themselves */
  assert_int_equal(status.failed, 4);
  ntk_study_status_clear(&status);
  assert_ok(ntk_study_run(study, database, &(ntk_study_options){.retry = true}, &status));
  assert_int_equal(status.failed, 0);
  assert_int_equal(status.done, 4);
  ntk_study_status_clear(&status);
  assert_same_tables(whole, database);
  ntk_study_destroy(study);
  free(X);
  unlink(file);
  unlink(whole);
  unlink(database);
}

/* Replaces the data once the run has begun. */
static bool replace_data(const ntk_study_progress *progress, void *user) {
  const char *const *files = user;
  if (progress->finished >= 2)
    (void)rename(files[1], files[0]);
  return true;
}

/* A file that changes under a run makes its trials fail: two data sets are never mixed. */
static void test_changing_data(void **state) {
  (void)state;
  const char *file = fresh("data.npy"), *other = fresh("other.npy"), *database = fresh("mixed.db");
  const char *whole = fresh("whole.db"), *files[] = {file, other};
  char text[500];
  double *X = make_normal(3, 60 * 5), *Y = make_normal(4, 60 * 5);
  assert_ok(ntk_npy_save(file, X, 2, (const size_t[]){60, 5}));
  assert_ok(ntk_npy_save(other, Y, 2, (const size_t[]){60, 5}));
  snprintf(text, sizeof text,
           "name: f\nnetwork: {widths: [20, 9]}\ndata: {source: %s}\ngrid: {N: [40, 60]}\n"
           "trials: 30\n",
           file);
  ntk_study *study = make_study(text);
  run_study(study, whole, NULL);
  ntk_study_status status;
  assert_ok(ntk_study_run(study, database,
                          &(ntk_study_options){.progress = replace_data, .progress_user = files},
                          &status));
  assert_true(status.failed > 0 && status.done > 0);
  assert_non_null(strstr(status.last_error, "has changed since the run began"));
  ntk_study_status_clear(&status);
  ntk_study_table got = read_table(database), clean = read_table(whole);
  for (size_t i = 0; i < got.rows; i++)
    if (strcmp(got.row[i].verdict, "failed") != 0)
      assert_memory_equal(&got.row[i].value, &clean.row[i].value, sizeof(double));
  ntk_study_table_clear(&got);
  ntk_study_table_clear(&clean);
  ntk_study_destroy(study);
  free(X);
  free(Y);
  unlink(file);
  unlink(database);
  unlink(whole);
}

static void test_refusals(void **state) {
  (void)state;
  const char *database = fresh("none.db");
  ntk_study *study = make_study(small_study);
  ntk_study_status status;
  const ntk_study_options negative = {.workers = -1}, shard = {.shard = 3, .shards = 2};
  const ntk_study_options little = {.memory_limit = 100000};
  assert_refused(ntk_study_run(study, database, &negative, &status), NTK_ERR_ARGUMENT,
                 "workers is -1");
  assert_refused(ntk_study_run(study, database, &shard, &status), NTK_ERR_ARGUMENT, "shard 3 of 2");
  assert_refused(ntk_study_run(study, database, &little, &status), NTK_ERR_MEMORY, "at N = ");
  assert_int_not_equal(access(database, F_OK), 0); /* nothing was made */
  assert_refused(ntk_study_run(study, "/nowhere/x.db", NULL, &status), NTK_ERR_FILE, "/nowhere");
  ntk_study_destroy(study);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_verdicts_and_layers),
      cmocka_unit_test(test_workers_and_shards),
      cmocka_unit_test(test_interruptions),
      cmocka_unit_test(test_more_trials),
      cmocka_unit_test(test_onlookers),
      cmocka_unit_test(test_failed_trials),
      cmocka_unit_test(test_changing_data),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
