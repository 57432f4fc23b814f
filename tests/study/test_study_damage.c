/* Damaged databases.
 * Property: whatever bytes of a database are changed, and whatever of it is edited, each reader
 * refuses it in one line, or says what it said before; a run that goes on gives what it would have
 * given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study_database.h"
#include "study_support.h"

/* Three trials of each of four points. */
static const char text[] = "name: d\nquantity: [lambda_min, per_block]\n"
                           "network: {widths: [d, d], activation: phi}\n"
                           "grid: {N: [9, 14], d: 5, phi: [tanh, relu]}\ntrials: 3\n";

/* ---- What a database says -------------------------------------------------------------------- */

static void write_status(FILE *out, const ntk_study_status *s) {
  fprintf(out, "%s\n%s\n%zu %zu %zu %zu %zu %a %a %a %zu %s %zu %s\n", s->name, s->spec, s->points,
          s->trials, s->total, s->done, s->failed, s->fraction, s->flops, s->seconds, s->builds,
          s->last_error, s->valueless, s->why_valueless);
}

/* times: the seconds that trials took, too. */
static void write_table(FILE *out, const ntk_study_table *table, bool times) {
  fprintf(out, "%s", table->name);
  for (size_t v = 0; v < table->variables; v++)
    fprintf(out, " %s %d", table->variable[v], table->is_text[v]);
  for (size_t q = 0; q < table->quantities; q++)
    fprintf(out, " %s", table->quantity[q]);
  fprintf(out, " %zu %zu", table->trials, table->missing);
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *row = &table->row[i];
    fprintf(out, "\n%zu %zu %llu %a %a %s %a %s %a %s", row->point, row->trial,
            (unsigned long long)row->seed, row->lower_scale, row->upper_scale, row->quantity,
            row->value, row->verdict, times ? row->seconds : 0.0, row->error);
    for (size_t v = 0; v < table->variables; v++)
      fprintf(out, " %a %s", row->variable[v], row->text[v] != NULL ? row->text[v] : "");
  }
}

/* A refusal is one line that names the file. */
static bool refused(ntk_status status, const char *path) {
  const char *why = ntk_error_message();
  if (status != NTK_OK && (strstr(why, path) == NULL || strchr(why, '\n') != NULL))
    fail_msg("the message is '%s'", why);
  return status != NTK_OK;
}

/* What its status and its table say; NULL: refused. */
static char *describe(const char *path, bool times) {
  ntk_study_status status;
  ntk_study_table table;
  char *made = NULL;
  size_t size = 0;
  const bool no_status = refused(ntk_study_status_read(path, &status), path);
  const bool no_table = refused(ntk_study_table_read(path, &table), path);
  assert_true(no_status == no_table);
  if (no_status)
    return NULL;
  FILE *out = open_memstream(&made, &size);
  assert_non_null(out);
  if (times)
    write_status(out, &status);
  write_table(out, &table, times);
  assert_int_equal(fclose(out), 0);
  ntk_study_status_clear(&status);
  ntk_study_table_clear(&table);
  return made;
}

/* ---- What is done to it ---------------------------------------------------------------------- */

static const char *merged;

typedef struct counts {
  size_t refused, same;
} counts;

/* Reads the damaged file at path: it is refused, or says `whole`. */
static void check_readers(const char *path, const char *whole, const char *what, counts *c) {
  char *said = describe(path, true);
  if (said != NULL && strcmp(said, whole) != 0)
    fail_msg("%s: it says\n%s\ninstead of\n%s", what, said, whole);
  c->refused += said == NULL;
  c->same += said != NULL;
  free(said);
}

/* The same for a merge with itself, and for a run that goes on, to `end`. */
static void check_writers(const char *path, const char *whole, const char *end, const char *what,
                          counts *c) {
  const char *const both[] = {path, path};
  ntk_study *study = make_study(text);
  ntk_study_status status;
  if (!refused(ntk_study_merge(both, 2, false, merged), path)) {
    char *said = describe(merged, true);
    if (said == NULL || strcmp(said, whole) != 0)
      fail_msg("%s: merged it says\n%s\ninstead of\n%s", what, said, whole);
    free(said);
    assert_int_equal(unlink(merged), 0);
  }
  const ntk_study_options options = {.workers = 1, .retry = true};
  if (!refused(ntk_study_run(study, path, &options, &status), path)) {
    ntk_study_status_clear(&status);
    char *said = describe(path, false);
    if (said == NULL || strcmp(said, end) != 0)
      fail_msg("%s: a run goes on to\n%s\ninstead of\n%s", what, said, end);
    free(said);
    c->same++;
  } else {
    c->refused++;
  }
  ntk_study_destroy(study);
}

static bool stop_at_once(const ntk_study_progress *progress, void *user) {
  (void)user;
  return progress->finished < 5;
}

/* A database with trials that are done, have failed and are missing; and what it says when the run
 * has gone on to its end. */
static char *make_database(const char *path, const char *finished) {
  ntk_study *study = make_study(text);
  ntk_study_status status;
  assert_refused(ntk_study_run(study, path,
                               &(ntk_study_options){.workers = 1, .progress = stop_at_once},
                               &status),
                 NTK_ERR_CANCELLED, "interrupted");
  assert_true(status.done >= 5 && status.done < 12);
  ntk_study_status_clear(&status);
  make_old(path); /* to fail a trial by hand; the next run adds the sums */
  execute(path, "UPDATE trials SET status = 'failed', error = 'by hand' WHERE trial = 1;"
                "UPDATE results SET status = 'failed', value = NULL WHERE trial = 1");
  assert_refused(ntk_study_run(study, path,
                               &(ntk_study_options){.workers = 1, .progress = stop_at_once},
                               &status),
                 NTK_ERR_CANCELLED, "interrupted");
  ntk_study_status_clear(&status);
  copy_file(path, finished);
  run_study(study, finished, &(ntk_study_options){.retry = true});
  ntk_study_destroy(study);
  char *said = describe(finished, false);
  unlink(finished);
  assert_non_null(said);
  return said;
}

/* Every 13th byte, and all of the first 128, the file's head; one bit, the highest, or all. */
static void test_bytes(void **state) {
  (void)state;
  static const unsigned char masks[] = {0x01, 0x80, 0xff, 0x10};
  const char *path = fresh("damaged.db"), *original = fresh("original.db");
  char *end = make_database(original, fresh("finished.db")), *whole = describe(original, true);
  size_t count = 0, tried = 0;
  unsigned char *bytes = read_bytes(original, &count);
  counts readers = {0}, writers = {0};
  assert_non_null(whole);
  for (size_t i = 0; i < count; i += i < 128 ? 1 : 13, tried++) {
    char what[100];
    const unsigned char mask = masks[tried % COUNT(masks)];
    snprintf(what, sizeof what, "byte %zu of %zu, changed by 0x%02x", i, count, mask);
    bytes[i] ^= mask;
    write_bytes(path, bytes, count);
    check_readers(path, whole, what, &readers);
    if (i < 128 || tried % 16 == 0)
      check_writers(path, whole, end, what, &writers);
    bytes[i] ^= mask;
  }
  assert_true(readers.refused > 300 && readers.same > 300); /* much of a file is free */
  assert_true(writers.refused > 20 && writers.same > 20);
  free(bytes);
  free(whole);
  free(end);
  unlink(path);
  unlink(original);
}

static const char *const edits[] = {
    "UPDATE studies SET name = 'e'",
    "UPDATE studies SET spec = replace(spec, 'seed: [\"0\"]', 'seed: [\"1\"]')",
    "UPDATE studies SET points = 3",
    "UPDATE studies SET trials = 4",
    "UPDATE studies SET flops = 2 * flops",
    "UPDATE studies SET created = ''",
    "UPDATE studies SET written = written - 1",
    "UPDATE studies SET sum = sum + 1",
    "DELETE FROM studies",
    "UPDATE environment SET cpu = 'other'",
    "UPDATE environment SET id = 2",
    "DELETE FROM environment",
    "UPDATE points SET variables = '[9.0,6.0,\"tanh\"]' WHERE id = 0",
    "UPDATE points SET flops = 0 WHERE id = 0",
    "UPDATE points SET bytes = 0 WHERE id = 0",
    "UPDATE points SET lower_scale = lower_scale + 1 WHERE id = 0",
    "UPDATE points SET upper_scale = -upper_scale WHERE id = 0",
    "UPDATE points SET id = 4 WHERE id = 3",
    "DELETE FROM points WHERE id = 3",
    "INSERT INTO points SELECT 4, variables, flops, bytes, lower_scale, upper_scale, sum"
    " FROM points WHERE id = 3",
    "UPDATE trials SET seed = seed + 1 WHERE trial = 0",
    "UPDATE trials SET status = 'failed' WHERE trial = 0",
    "UPDATE trials SET status = 'ok' WHERE trial = 1",
    "UPDATE trials SET error = 'by me' WHERE trial = 1",
    "UPDATE trials SET seconds = 2 * seconds WHERE trial = 0",
    "UPDATE trials SET attempts = 7 WHERE trial = 0",
    "UPDATE trials SET finished = '2000-01-01T00:00:00Z' WHERE trial = 1",
    "UPDATE trials SET sum = 0",
    "UPDATE trials SET trial = 3 WHERE trial = 0",
    "DELETE FROM trials WHERE trial = 0",
    "DELETE FROM trials WHERE trial = 0; DELETE FROM results WHERE trial = 0",
    "DELETE FROM trials; DELETE FROM results",
    "UPDATE results SET value = value * (1 + 1e-15) WHERE trial = 0",
    "UPDATE results SET value = NULL WHERE trial = 0",
    "UPDATE results SET value = 0 WHERE trial = 0 AND ordinal = 1",
    "UPDATE results SET status = 'rank_deficient' WHERE trial = 0",
    "UPDATE results SET quantity = 'lambda_min_7' WHERE ordinal = 2",
    "UPDATE results SET ordinal = 9 WHERE ordinal = 3",
    "DELETE FROM results WHERE ordinal = 3",
    "DELETE FROM results WHERE ordinal = 0",
    "DELETE FROM results",
    "INSERT INTO results SELECT point, trial, 4, quantity, value, status FROM results"
    " WHERE ordinal = 3",
    "UPDATE results SET trial = 8 WHERE trial = 0",
    "DROP TABLE results",
    "DROP TABLE environment",
    "PRAGMA user_version = 1",
    "PRAGMA user_version = 0",
    "PRAGMA application_id = 0",
};

static void test_edits(void **state) {
  (void)state;
  const char *path = fresh("damaged.db"), *original = fresh("original.db");
  char *end = make_database(original, fresh("finished.db")), *whole = describe(original, true);
  for (size_t i = 0; i < COUNT(edits); i++) {
    counts c = {0};
    copy_file(original, path);
    execute(path, edits[i]);
    check_readers(path, whole, edits[i], &c);
    check_writers(path, whole, end, edits[i], &c);
    if (c.refused != 2)
      fail_msg("%s: refused %zu times", edits[i], c.refused);
  }
  free(whole);
  free(end);
  unlink(path);
  unlink(original);
}

static int set_up(void **state) {
  static char name[256];
  (void)state;
  merged = strcpy(name, fresh("merged.db"));
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_edits)};
  return cmocka_run_group_tests(tests, set_up, NULL);
}
