/* Where a study's points lie in Theorem 3.1's assumptions.
 * Property: counts that the grids below were made to have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "study/spec/join.h"
#include "study/spec/yaml.h"
#include "study_database.h"
#include "study_support.h"

enum { DATA, ACTIVATION, WIDTHS, SAMPLES, WEIGHTS };

/* The counts along `variable`, one curve for each `group`. */
static void count(const char *text, const char *variable, const char *group,
                  ntk_assumption counts[NTK_ASSUMPTIONS]) {
  const char *database = fresh("assumptions.db");
  ntk_study *study = make_study(text);
  run_study(study, database, NULL);
  ntk_study_table table = read_table(database);
  const ntk_summary_options options = {.x = variable, .group = group};
  assert_ok(ntk_study_assumptions(&table, &options, counts));
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(database);
}

static void check(const ntk_assumption *counts, size_t points, const size_t *outside) {
  for (size_t a = 0; a < NTK_ASSUMPTIONS; a++) {
    assert_int_equal(counts[a].points, points);
    assert_int_equal(counts[a].outside, outside[a]);
  }
}

/* Two trials at each point: points are counted, not trials. */
static void test_inside(void **state) {
  (void)state;
  ntk_assumption counts[NTK_ASSUMPTIONS];
  count("name: inside\nnetwork: {widths: [2*d, 3*d], activation: tanh}\n"
        "grid: {d: [4, 6, 8], N: floor(d^2/4)}\ntrials: 2\n",
        "d", NULL, counts);
  check(counts, 3, (size_t[]){0, 0, 0, 0, 0}); /* a constant factor is no matter */
  assert_string_equal(counts[SAMPLES].note, "N is up to 0.0417 times that"); /* 1/24 */
}

/* d = 8 stays: n = 16, 24 are outside although no layer widens by more than 3; n = 4, 8 are not. */
static void test_widths(void **state) {
  (void)state;
  ntk_assumption counts[NTK_ASSUMPTIONS];
  static const char text[] = "name: widths\nnetwork: {widths: [n, n], activation: phi}\n"
                             "grid: {d: 8, n: [4, 8, 16, 24], N: 20, phi: [tanh, relu]}\n";
  count(text, "n", "phi", counts);
  check(counts, 8, (size_t[]){0, 4, 4, 2, 0}); /* 20 > 4 * 4, at one point of each curve */
  assert_non_null(strstr(counts[WIDTHS].note, "n_1 is up to 3 times d"));
  assert_non_null(strstr(counts[SAMPLES].note, "it is fixed"));
  assert_string_equal(counts[ACTIVATION].note, "relu has a kink");
  /* By itself no point tells that a ratio grows: above 4 it is outside all the same. */
  count("name: wide\nnetwork: {widths: [30, 30], init: he, activation: identity}\n"
        "grid: {d: 6, N: [4, 5]}\n",
        "N", NULL, counts);
  check(counts, 2, (size_t[]){0, 2, 2, 0, 2});
}

/* beta_l is a constant (Section 2): a law of the weights that changes with the widths is another
 * one at each point, whatever it is called. Between curves it may differ. */
static void test_beta(void **state) {
  (void)state;
  ntk_assumption counts[NTK_ASSUMPTIONS];
  static const char text[] = "name: beta\nnetwork: {widths: [d, d], activation: tanh, beta: %s}\n"
                             "grid: {d: [4, 6, 9], N: floor(d^2/4), b: [0.5, 2]}\n";
  char study[300];
  const struct {
    const char *beta;
    size_t outside;
    const char *note;
  } cases[] = {{"b", 0, ""},
               {"[1, b, 3]", 0, ""},
               {"[b, 1, 1/sqrt(d)]", 6, "beta_3 is 0.5 at one point of a curve, 0.408 at another"},
               {"[1, b*d, 1]", 6, "beta_2 is 8 at one point of a curve, 12 at another"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    snprintf(study, sizeof study, text, cases[i].beta);
    count(study, "d", "b", counts);
    check(counts, 6, (size_t[]){0, 0, 0, 0, cases[i].outside});
    assert_string_equal(counts[WEIGHTS].note, cases[i].note);
  }
  snprintf(study, sizeof study, text, "b");
  count(study, "d", NULL, counts); /* both on one curve */
  check(counts, 6, (size_t[]){0, 0, 0, 0, 6});
}

/* So is L: the bounds say nothing of how lambda_min changes with it, and least of all that it does
 * not, where all widths are the same. */
static void test_depth(void **state) {
  (void)state;
  ntk_assumption counts[NTK_ASSUMPTIONS];
  static const char text[] = "name: depth\n"
                             "network: {depth: k, widths: [n], activation: tanh}\n"
                             "grid: {k: [2, 3, 5], n: [6, 8], d: n, N: 8}\ntrials: 2\n";
  count(text, "k", "n", counts);
  check(counts, 6, (size_t[]){0, 0, 0, 0, 6});
  assert_string_equal(counts[WEIGHTS].note, "L is 2 at one point of a curve, 3 at another");
  count(text, "n", "k", counts);
  check(counts, 6, (size_t[]){0, 0, 0, 0, 0});
}

/* A file of 12 rows of 4, and a study of its first 10. */
static ntk_study *make_file_study(const char *path) {
  double X[12 * 4];
  char text[600];
  for (size_t i = 0; i < COUNT(X); i++)
    X[i] = (double)((i * 7919) % 101) / 50.0 - 1.0;
  assert_ok(ntk_npy_save(path, X, 2, (const size_t[]){12, 4}));
  snprintf(text, sizeof text,
           "name: file\nnetwork: {widths: [n, n], activation: tanh}\ndata: {source: %s}\n"
           "grid: {N: 10, n: [3, 6, 9]}\n",
           path);
  return make_study(text);
}

/* Of a file the law is not known; its d is, whatever becomes of it. */
static void test_file(void **state) {
  (void)state;
  const char *path = fresh("assumptions.npy"), *database = fresh("file.db");
  ntk_study *study = make_file_study(path);
  run_study(study, database, NULL);
  unlink(path);
  ntk_study_table table = read_table(database);
  ntk_assumption counts[NTK_ASSUMPTIONS];
  assert_int_equal(table.dim, 4);
  assert_ok(ntk_study_assumptions(&table, &(ntk_summary_options){.x = "n"}, counts));
  check(counts, 3, (size_t[]){0, 0, 2, 1, 0});
  assert_int_equal(counts[DATA].unknown, 3);
  char older[600], *dim = strstr(strcpy(older, table.spec), "  dim: [\"4\"]\n");
  assert_non_null(dim); /* databases from before it was kept have no such line */
  memmove(dim, dim + strlen("  dim: [\"4\"]\n"), strlen(dim + strlen("  dim: [\"4\"]\n")) + 1);
  table.spec = older;
  assert_ok(ntk_study_assumptions(&table, &(ntk_summary_options){.x = "n"}, counts));
  for (size_t a = 0; a < NTK_ASSUMPTIONS; a++)
    assert_true(counts[a].outside == 0 && counts[a].unknown == 3 && counts[a].points == 3);
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(database);
}

static size_t dim_of(const char *database) {
  ntk_study_table table = read_table(database);
  const size_t dim = table.dim;
  ntk_study_table_clear(&table);
  return dim;
}

/* A database from before d of a file was kept learns it from a run, and from what it is merged
 * with, whichever comes first. */
static void test_older_file(void **state) {
  (void)state;
  const char *path = fresh("older.npy"), *now = fresh("now.db"), *older = fresh("older.db");
  const char *merged = fresh("merged.db");
  ntk_study *study = make_file_study(path);
  run_study(study, now, NULL);
  copy_file(now, older);
  make_old(older);
  execute(older, "UPDATE studies SET spec = replace(spec, '  dim: [\"4\"]\n', '')");
  assert_int_equal(dim_of(older), 0);
  const char *const orders[][2] = {{now, older}, {older, now}};
  for (size_t i = 0; i < COUNT(orders); i++) {
    assert_ok(ntk_study_merge(orders[i], 2, false, merged));
    assert_int_equal(dim_of(merged), 4);
    unlink(merged);
  }
  run_study(study, older, NULL); /* nothing is left to be computed */
  assert_int_equal(dim_of(older), 4);
  ntk_study_destroy(study);
  unlink(path);
  unlink(now);
  unlink(older);
}

/* d of a file follows from what it holds: a study from before it was kept is the same. */
static void test_same_study(void **state) {
  (void)state;
#define OF_FILE "name: f\nnetwork: {widths: [d]}\ngrid: {N: 3}\n"
  static const char *const texts[] = {OF_FILE "data: {source: f.npy, fingerprint: a, dim: 4}\n",
                                      OF_FILE "data: {source: f.npy, fingerprint: a}\n",
                                      OF_FILE "data: {source: f.npy, fingerprint: b, dim: 4}\n"};
  static const size_t pairs[][2] = {{0, 1}, {1, 0}, {0, 2}};
  ntk_study *study[COUNT(texts)];
  for (size_t i = 0; i < COUNT(texts); i++)
    assert_ok(ntk_study_outline(texts[i], "t", &study[i]));
  for (size_t i = 0; i < COUNT(pairs); i++) {
    ntk_join join;
    const ntk_status status =
        ntk_study_join(study[pairs[i][0]], "a", study[pairs[i][1]], "b", &join);
    assert_int_equal(status, i < 2 ? NTK_OK : NTK_ERR_ARGUMENT);
    assert_true(i == 2 || ntk_settings_find(&join.settings, "data.dim") != NULL);
    ntk_settings_clear(&join.settings);
  }
  for (size_t i = 0; i < COUNT(texts); i++)
    ntk_study_destroy(study[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inside),     cmocka_unit_test(test_widths),
      cmocka_unit_test(test_beta),       cmocka_unit_test(test_depth),
      cmocka_unit_test(test_file),       cmocka_unit_test(test_older_file),
      cmocka_unit_test(test_same_study),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
