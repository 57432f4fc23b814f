/* Study files: grids, points, seeds.
 * Property: a grid's values, the points' sizes and names are those computed here in C from the same
 * formulas; a seed depends on the study's seed, the point's variables and the trial alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "study/spec/study.h"
#include "study_support.h"

/* A study with widths, and these lines after "grid:". */
static ntk_study *make_grid(const char *lines) {
  char text[4000];
  snprintf(text, sizeof text, "name: g\nnetwork: {widths: d}\ngrid:\n%s", lines);
  return make_study(text);
}

static double value_at(const ntk_study *study, const char *name, size_t i) {
  double values[NTK_MOST_VARIABLES];
  assert_ok(ntk_grid_values(&study->grid, i, values));
  const size_t v = ntk_grid_find(&study->grid, name);
  assert_true(v < study->grid.count);
  return values[v];
}

static ntk_point point_at(const ntk_study *study, size_t i) {
  ntk_point point;
  assert_ok(ntk_study_point(study, i, &point));
  return point;
}

/* ---- Values of a variable -------------------------------------------------------------------- */

static void check_values(const char *form, const double *expected, size_t count) {
  char lines[300];
  snprintf(lines, sizeof lines, "  N: 5\n  d: 6\n  x: %s\n", form);
  ntk_study *study = make_grid(lines);
  if (ntk_study_points(study) != count)
    fail_msg("%s: %zu values instead of %zu", form, ntk_study_points(study), count);
  for (size_t i = 0; i < count; i++)
    assert_near(value_at(study, "x", i), expected[i], 1e-15 * fabs(expected[i]), form);
  ntk_study_destroy(study);
}

static void test_forms(void **state) {
  (void)state;
  const struct {
    const char *form;
    size_t count;
    double values[12];
  } forms[] = {
      {"7", 1, {7}},
      {"[3, 1, 2]", 3, {3, 1, 2}},
      {"3, 1, 2", 3, {3, 1, 2}},
      {"'3,1,2'", 3, {3, 1, 2}},
      {"[\"max(1, 2)\", 5]", 2, {2, 5}},
      {"max(1, 2), (3), min(max(5, 4), 9)", 3, {2, 3, 5}},
      {"\n  - 4\n  - 2^10\n  - -1.5", 3, {4, 1024, -1.5}},
      {"2:5", 4, {2, 3, 4, 5}},
      {"'2 : 5'", 4, {2, 3, 4, 5}},
      {"'2:5:2'", 2, {2, 4}},
      {"50:400:50", 8, {50, 100, 150, 200, 250, 300, 350, 400}},
      {"50:399:50", 7, {50, 100, 150, 200, 250, 300, 350}},
      {"5:1:-2", 3, {5, 3, 1}},
      {"5:2:-2", 2, {5, 3}},
      {"0:1:0.1",
       11,
       {0, .1, .2, .30000000000000004, .4, .5, .6000000000000001, .7000000000000001, .8, .9, 1}},
      {"-1:1:0.5", 5, {-1, -.5, 0, .5, 1}},
      {"3:3", 1, {3}},
      {"0:0.3:0.1", 4, {0, .1, .2, .30000000000000004}}, /* 0.3 / 0.1 < 3 */
      {"2^2:2^3:sqrt(4)", 3, {4, 6, 8}},
      {"[1:3, 10, 20:30:5]", 7, {1, 2, 3, 10, 20, 25, 30}},
      {"1:3, 10, 20:30:5", 7, {1, 2, 3, 10, 20, 25, 30}},
      {"2^i for i in 0:4", 5, {1, 2, 4, 8, 16}},
      {"max(i, 3)+i/8 for i in 2:4", 3, {3.25, 3.375, 4.5}},
      {"N^2 for N in 3:1:-1", 3, {9, 4, 1}},
      {"[2*k for k in 1:2, 100]", 3, {2, 4, 100}},
  };
  for (size_t i = 0; i < COUNT(forms); i++)
    check_values(forms[i].form, forms[i].values, forms[i].count);
}

/* d = floor(sqrt(1000 i)), i = 5, 55, ..., 955: Figure 1 of the paper. */
static void test_figure(void **state) {
  (void)state;
  double expected[20];
  for (size_t k = 0; k < 20; k++)
    expected[k] = floor(sqrt(1000.0 * (5.0 + 50.0 * (double)k)));
  assert_near(expected[0], 70, 0, "first");
  assert_near(expected[19], 977, 0, "last");
  check_values("floor(sqrt(1000*i)) for i in 5:955:50", expected, 20);
}

/* Variables that follow from others, and from one another in any order. */
static void test_follows(void **state) {
  (void)state;
  ntk_study *study = make_grid("  N: floor(d^2/4) + k\n  k: 3*m\n  d: 10:30:10\n  m: d+phi_1\n"
                               "  phi_1: [1, 2]\n  same: d\n");
  assert_int_equal(ntk_study_points(study), 6);
  for (size_t i = 0; i < 6; i++) {
    const double d = 10.0 * (double)(1 + i / 2), m = d + (double)(1 + i % 2);
    assert_near(value_at(study, "d", i), d, 0, "d");
    assert_near(value_at(study, "phi_1", i), (double)(1 + i % 2), 0, "phi_1");
    assert_near(value_at(study, "m", i), m, 0, "m");
    assert_near(value_at(study, "same", i), d, 0, "same");
    assert_near(value_at(study, "N", i), floor(d * d / 4.0) + 3.0 * m, 0, "N");
    assert_int_equal(point_at(study, i).N, (size_t)(d * d / 4.0 + 3.0 * m));
  }
  ntk_study_destroy(study);
}

/* The last variable of the file changes fastest; those that follow do not count. */
static void test_order(void **state) {
  (void)state;
  ntk_study *study = make_grid("  N: [4, 5]\n  f: 2*N\n  phi: [a, b, c]\n  d: [6, 7, 8, 9]\n");
  assert_int_equal(ntk_study_points(study), 24);
  for (size_t i = 0; i < 24; i++) {
    const char text[] = {(char)('a' + i / 4 % 3), '\0'};
    assert_near(value_at(study, "N", i), (double)(4 + i / 12), 0, "N");
    assert_near(value_at(study, "f", i), (double)(8 + 2 * (i / 12)), 0, "f");
    assert_near(value_at(study, "d", i), (double)(6 + i % 4), 0, "d");
    assert_true(isnan(value_at(study, "phi", i)));
    assert_string_equal(ntk_grid_text(&study->grid, 2, i), text);
    assert_null(ntk_grid_text(&study->grid, 0, i));
  }
  char text[100];
  ntk_study_point_text(study, 23, sizeof text, text);
  assert_string_equal(text, "N = 5, f = 10, phi = c, d = 9");
  ntk_study_destroy(study);
}

/* ---- Points ---------------------------------------------------------------------------------- */

static void check_network(const char *network, const char *grid, size_t depth, const size_t *width,
                          const double *beta) {
  char text[400];
  snprintf(text, sizeof text, "name: x\nnetwork: {%s}\ngrid: {%s}\n", network, grid);
  ntk_study *study = make_study(text);
  const ntk_point point = point_at(study, ntk_study_points(study) - 1);
  if (point.depth != depth)
    fail_msg("%s: depth %zu instead of %zu", network, point.depth, depth);
  for (size_t l = 0; l < depth; l++) {
    assert_near((double)point.width[l], (double)width[l], 0, network);
    assert_near(point.beta[l], beta[l], 1e-15, network);
  }
  ntk_study_destroy(study);
}

static void test_networks(void **state) {
  (void)state;
  const struct {
    const char *network, *grid;
    size_t depth, width[6];
    double beta[6];
  } cases[] = {
      {"widths: 12", "N: 9, d: 8", 2, {8, 12}, {1, 1}},
      {"widths: [2*d, d/2, N]", "N: 9, d: [6, 8]", 4, {8, 16, 4, 9}, {1, 1, 1, 1}},
      {"widths: 'n, max(n, 10)'", "N: 9, d: 8, n: d+1", 3, {8, 9, 10}, {1, 1, 1}},
      {"widths: d*l, depth: 5", "N: 9, d: 8", 5, {8, 8, 16, 24, 32}, {1, 1, 1, 1, 1}},
      {"widths: 10*(L-l), depth: k+1",
       "N: 9, d: 8, k: 2:4",
       5,
       {8, 40, 30, 20, 10},
       {1, 1, 1, 1, 1}},
      {"widths: [L+l, 20*l], depth: 3", "N: 9, d: 8", 3, {8, 4, 40}, {1, 1, 1}},
      {"widths: [d, d], beta: 0.5", "N: 9, d: 8", 3, {8, 8, 8}, {.5, .5, .5}},
      {"widths: [d, d], beta: [1, 2, b/L]", "N: 9, d: 8, b: 6", 3, {8, 8, 8}, {1, 2, 2}},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    check_network(cases[i].network, cases[i].grid, cases[i].depth, cases[i].width, cases[i].beta);
}

/* activation, init and source by name, by a variable, and by default. */
static void test_names(void **state) {
  (void)state;
  ntk_study *study = make_study("name: x\n"
                                "network: {widths: d, activation: phi, init: how}\n"
                                "data: {source: law}\n"
                                "grid: {N: 5, d: 6, phi: [tanh, erf], how: [he, lecun], "
                                "law: [cube, sphere]}\n");
  static const char *const phi[] = {"tanh", "erf"}, *const how[] = {"he", "lecun"};
  static const char *const law[] = {"cube", "sphere"};
  for (size_t i = 0; i < 8; i++) {
    const ntk_point point = point_at(study, i);
    assert_string_equal(point.activation, phi[i / 4]);
    assert_string_equal(point.init, how[i / 2 % 2]);
    assert_string_equal(point.source, law[i % 2]);
    assert_false(point.from_file);
  }
  ntk_study_destroy(study);
  study = make_study("name: x\nnetwork: {widths: d, activation: relu, init: standard}\n"
                     "data: {source: binary}\ngrid: {N: 5, d: 6, relu: [1, 2]}\n");
  const ntk_point point = point_at(study, 1);
  assert_string_equal(point.activation, "relu");
  assert_string_equal(point.init, "standard");
  assert_string_equal(point.source, "binary");
  ntk_study_destroy(study);
}

static void test_defaults_and_overrides(void **state) {
  (void)state;
  const char *text = "name: a b\nnetwork: {widths: d}\ngrid: {N: 5, d: [6, 7]}\n";
  ntk_study *study = make_study(text);
  const ntk_point p = point_at(study, 0);
  assert_string_equal(ntk_study_name(study), "a b");
  assert_int_equal(ntk_study_trials(study), 1);
  assert_true(study->seed == 0 && study->quantities == 1 && p.scaling == NTK_SCALE_NONE);
  assert_string_equal(study->quantity[0]->info.name, "lambda_min");
  assert_string_equal(p.activation, "sigmoid");
  assert_string_equal(p.init, "paper");
  assert_string_equal(p.source, "gaussian");
  ntk_study_destroy(study);
  const char *const overrides[] = {"trials=3",
                                   "grid.N=10, 20,30",
                                   "network.activation=tanh",
                                   "seed=18446744073709551615",
                                   "grid.m=1:2",
                                   "trials=1e3",
                                   "network.widths=max(d,9), N",
                                   "quantity=condition,per_layer"}; /* its former name */
  assert_ok(ntk_study_parse(text, "t", overrides, COUNT(overrides), &study));
  assert_int_equal(ntk_study_trials(study), 1000);
  assert_int_equal(ntk_study_points(study), 3 * 2 * 2);
  assert_true(study->seed == UINT64_MAX && study->quantities == 2);
  assert_string_equal(study->quantity[1]->info.name, "per_block");
  const ntk_point last = point_at(study, 11);
  assert_string_equal(last.activation, "tanh");
  assert_true(last.depth == 3 && last.width[1] == 9 && last.width[2] == 30);
  assert_near(value_at(study, "m", 11), 2, 0, "m, added by an override, is the last");
  assert_near(value_at(study, "m", 10), 1, 0, "m");
  ntk_study_destroy(study);
}

/* Width and rows from the file; what it holds is part of the study. */
static void test_data_file(void **state) {
  (void)state;
  const char *path = fresh("X.npy");
  double *X = make_normal(31, 7 * 5);
  const double last = X[34];
  const size_t shape[] = {7, 5};
  char text[400], before[20];
  snprintf(
      text, sizeof text,
      "name: x\nnetwork: {widths: 2*d}\ndata: {source: %s, scale: sphere}\ngrid: {N: [3, 7]}\n",
      path);
  assert_ok(ntk_npy_save(path, X, 2, shape));
  for (size_t k = 0; k < 3; k++) {
    ntk_study *study = k < 2 ? make_study(text) : make_study_with(text, "grid.d=5");
    const ntk_point point = point_at(study, 1);
    assert_true(point.from_file && point.N == 7 && point.width[0] == 5 && point.width[1] == 10);
    assert_true(point.scaling == NTK_SCALE_SPHERE);
    assert_string_equal(point.source, path);
    const char *print = ntk_settings_find(&study->settings, "data.fingerprint")->value[0];
    if (k == 0)
      snprintf(before, sizeof before, "%s", print);
    else
      assert_true((strcmp(before, print) == 0) == (k == 2));
    ntk_study_destroy(study);
    X[34] = k == 0 ? last + 1e-9 : last; /* the last number: changed, and back again */
    assert_ok(ntk_npy_save(path, X, 2, shape));
  }
  ntk_study *study;
  const struct {
    const char *assignment, *says;
  } refused[] = {{"grid.N=8", "grid.N: N is 8, and "},
                 {"grid.d=6", "grid.d: d is 6, and the rows"}};
  for (size_t k = 0; k < COUNT(refused); k++)
    assert_refused(ntk_study_parse(text, "t", &refused[k].assignment, 1, &study), NTK_ERR_SHAPE,
                   refused[k].says);
  unlink(path);
  assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), NTK_ERR_FILE, "t:3: data.source: ");
  free(X);
}

/* ---- Seeds ----------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* No two seeds among all trials of a study of this grid are the same, and all are below 2^53. */
static void check_all_differ(const char *lines, size_t trials) {
  ntk_study *study = make_grid(lines);
  const size_t count = ntk_study_points(study) * trials;
  uint64_t *seeds = malloc(count * sizeof *seeds), all = 0;
  assert_non_null(seeds);
  for (size_t k = 0; k < count; k++) {
    seeds[k] = ntk_study_seed(study, k / trials, k % trials);
    all |= seeds[k];
  }
  assert_true(all == (UINT64_C(1) << 53) - 1); /* every bit is used, and none above */
  qsort(seeds, count, sizeof *seeds, by_number);
  for (size_t k = 1; k < count; k++)
    if (seeds[k] == seeds[k - 1])
      fail_msg("%s: two trials have the seed %llu", lines, (unsigned long long)seeds[k]);
  free(seeds);
  ntk_study_destroy(study);
}

/* 10^5 trials: by chance, two agree with probability 10^10 / 2^54 < 10^-6. */
static void test_seeds_differ(void **state) {
  (void)state;
  check_all_differ("  N: 5\n  d: 6\n", 100000);
  check_all_differ("  N: 1:300\n  d: 1:300\n", 1);
  check_all_differ("  N: 100:1000:100\n  d: 100:1000:100\n  m: 1:10\n", 100);
  check_all_differ("  N: [1000, 2000, 3000]\n  d: 50:1000:50\n  a: [x, y]\n  b: [x, y]\n", 400);
}

/* The seed of the same point and trial, whatever the study around them. */
static void test_seeds_pure(void **state) {
  (void)state;
  ntk_study *a = make_grid("  N: [10, 20]\n  d: [6, 7, 8]\n  phi: [x, y]\n");
  ntk_study *b =
      make_grid("  phi: [z, y]\n  d: 2^3\n  N: 5:20:5\ntrials: 9\nquantity: condition\n");
  const size_t in_a = 11, in_b = 7; /* N = 20, d = 8, phi = y */
  for (size_t t = 0; t < 20; t++)
    assert_true(ntk_study_seed(a, in_a, t) == ntk_study_seed(b, in_b, t));
  ntk_study *others[] = {
      make_grid("  N: 20\n  d: 8\n  phi: y\nseed: 1\n"), make_grid("  N: 8\n  d: 20\n  phi: y\n"),
      make_grid("  N: 20\n  d: 8\n  psi: y\n"),          make_grid("  N: 20\n  d: 8\n"),
      make_grid("  N: 20\n  d: 8\n  phi: y\n  m: 0\n"),  make_grid("  N: 20\n  d: 8\n  phi: x\n")};
  for (size_t k = 0; k < COUNT(others); k++) {
    assert_true(ntk_study_seed(others[k], 0, 0) != ntk_study_seed(a, in_a, 0));
    ntk_study_destroy(others[k]);
  }
  ntk_study *minus = make_grid("  N: 20\n  d: 8\n  m: -0\n");
  ntk_study *plus = make_grid("  N: 20\n  d: 8\n  m: 0\n");
  assert_true(ntk_study_seed(minus, 0, 0) == ntk_study_seed(plus, 0, 0));
  ntk_study_destroy(minus);
  ntk_study_destroy(plus);
  ntk_study_destroy(a);
  ntk_study_destroy(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_figure),
      cmocka_unit_test(test_follows),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_networks),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_defaults_and_overrides),
      cmocka_unit_test(test_data_file),
      cmocka_unit_test(test_seeds_differ),
      cmocka_unit_test(test_seeds_pure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
