/* Bad study files.
 * Property: what a study file has wrong is refused before anything is computed, with the line it
 * stands on, in time and memory that a small file deserves; what is harmless YAML is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "study/spec/study.h"
#include "study/spec/yaml.h"
#include "study_support.h"

static void refuse(const char *text, size_t length, ntk_status expected, const char *says) {
  ntk_settings settings;
  ntk_study *study = NULL;
  if (strlen(text) == length) {
    assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), expected, says);
    assert_null(study);
  } else {
    assert_refused(ntk_settings_parse(text, length, "t", &settings), expected, says);
  }
}

/* ---- One line of a good file replaced -------------------------------------------------------- */

static const char *const good[] = {"name: a",
                                   "quantity: lambda_min",
                                   "network:",
                                   "  widths: [2*d, d]",
                                   "  activation: tanh",
                                   "  init: paper",
                                   "data:",
                                   "  source: gaussian",
                                   "grid:",
                                   "  N: [50, 60]",
                                   "  d: 20",
                                   "trials: 2",
                                   "seed: 3"};

/* The good file with this line (counted from 1) replaced; line 0: as it is. */
static void make_file(size_t line, const char *with, size_t size, char *text) {
  size_t used = 0;
  for (size_t i = 0; i < COUNT(good); i++)
    used += (size_t)snprintf(text + used, size - used, "%s\n", i + 1 == line ? with : good[i]);
  assert_true(used < size);
}

typedef struct bad {
  size_t line;
  const char *with, *says; /* says: behind "t:LINE: " */
  ntk_status status;       /* 0: NTK_ERR_ARGUMENT */
} bad;

static void check_bad(const bad *list, size_t count) {
  static char text[8000], says[600];
  make_file(0, "", sizeof text, text);
  ntk_study_destroy(make_study(text));
  for (size_t i = 0; i < count; i++) {
    make_file(list[i].line, list[i].with, sizeof text, text);
    snprintf(says, sizeof says, "t:%zu: %s", list[i].line, list[i].says);
    refuse(text, strlen(text), list[i].status == NTK_OK ? NTK_ERR_ARGUMENT : list[i].status, says);
  }
}

#define KNOWN "known: name, quantity, trials, seed, precision, network, data, ledger, train, grid"
#define OF_NETWORK                                                                           \
  "known: network.widths, network.depth, network.activation, network.init, network.beta, "   \
  "network.gamma, network.bias, network.outputs, network.output, network.parameterization, " \
  "network.load, network.layout, network.fingerprint, network.shape"
#define OF_DATA                                                                                 \
  "known: data.source, data.scale, data.skip, data.rows, data.fingerprint, data.dim; how many " \
  "samples and numbers in each are N and d of grid"
#define F NTK_ERR_FORMAT
#define WHOLE "accepted: a whole number from "

static void test_keys_and_types(void **state) {
  (void)state;
  static const bad list[] = {
      {12, "trails: 2", "trails: unknown key 'trails'; did you mean 'trials'? " KNOWN, 0},
      {5, "  activatoin: tanh",
       "network.activatoin: unknown key 'network.activatoin'; did you mean "
       "'network.activation'? " OF_NETWORK,
       0},
      {5, "  grid: tanh", "network.grid: unknown key 'network.grid'; " OF_NETWORK, 0},
      {8, "  samples: 100", "data.samples: unknown key 'data.samples'; " OF_DATA, 0},
      {12, "network.beta: 2", "'network.beta': write it as a mapping", F},
      {12, "data.fingerprint: 2", "'data.fingerprint': write it as a mapping", F},
      {12, "<<: {a: 1}", "<<.a: unknown key '<<.a'; " KNOWN, 0},
      {12, "'': 2", ": unknown key ''; " KNOWN, 0},
      {12, "name: b", "'name' stands here a second time", F},
      {11, "  N: 20", "'grid.N' stands here a second time", F},
      {12, "grid: {m: 1}", "'grid' stands here a second time", F},
      {1, "name: [a, b]", "name: 2 values; accepted: one", 0},
      {1, "name: {a: b}", "name.a: unknown key 'name.a'; did you mean 'name'? " KNOWN, 0},
      {1, "name: ", "name is empty", F},
      {1, "name: [a, [b]]", "name is a list or a mapping", F},
      {1, "name: \"a\\nb\"", "name: byte 0x0a; accepted: one line of UTF-8", 0},
      {1, "name: \"a\\x7f\"", "name: byte 0x7f", 0},
      {1, "name: \"a\\x85\"", "name: byte 0xc2", 0},
      {1, "name: \"a\\u2028b\"", "name: byte 0xe2", 0},
      {1, "name: \"a\\0b\"", "name has a zero byte inside", F},
      {1, "\"na\\0me\": a", "a key has a zero byte inside", F},
      {1, "[a]: b", "a key is a list or a mapping", F},
      {4, "  widths: {a: b}", "network.widths is a mapping", F},
      {4, "  widths: []", "network.widths is an empty list", F},
      {4, "  widths: [d, '']", "network.widths has an empty value", F},
      {4, "  widths: d, , d", "network.widths is empty", F},
      {12, "trials: 0", "trials: '0'; " WHOLE "1 to 100000000", 0},
      {12, "trials: ten", "trials: 'ten'; " WHOLE "1", 0},
      {12, "trials: 1.5", "trials: '1.5'; " WHOLE "1", 0},
      {12, "trials: 1e-3", "trials: '1e-3'; " WHOLE "1", 0},
      {12, "trials: 1000000001", "trials: '1000000001'; " WHOLE "1", 0},
      {12, "trials: 1e9", "trials: '1e9'; " WHOLE "1", 0},
      {12, "trials: ~", "trials: '~'; " WHOLE "1", 0},
      {13, "seed: -1", "seed: '-1'; " WHOLE "0 to 18446744073709551615", 0},
      {13, "seed: 18446744073709551616", "seed: '18446744073709551616'; " WHOLE "0", 0},
      {13, "seed: 18446744073709551619", "seed: '18446744073709551619'; " WHOLE "0", 0},
      {13, "seed: 99999999999999999999999", "seed: '99999999999999999999999'; " WHOLE "0", 0},
      {13, "seed: 0x10", "seed: '0x10'; " WHOLE "0", 0},
      {2, "quantity: lambda", "quantity: unknown quantity 'lambda'; known: lambda_min, lambda_max",
       0},
      {2, "quantity: [condition, condition]", "quantity: 'condition' stands there twice", 0},
      {5, "  activation: tan", "network.activation: ", 0},
      {6, "  init: glorot", "network.init: unknown initialisation 'glorot'; known: paper", 0},
      {8, "  source: cauchy", "data.source: ", 0},
      {8, "  source: gone.npy", "data.source: gone.npy: No such file", NTK_ERR_FILE},
      {8, "  source: /tmp", "data.source: /tmp", NTK_ERR_FILE},
      {8, "  scale: none-such", "data.scale: ", 0},
      {8, "  scale: center", "data.scale: 'center' is for files", 0},
      {5, "  activation: d", "network.activation: ", 0},
  };
  check_bad(list, COUNT(list));
}

static void test_grids(void **state) {
  (void)state;
  static const bad list[] = {
      {10, "  N: 0", "grid.N: N is 0; " WHOLE "1", 0},
      {10, "  N: [50, 60.5]", "grid.N: N is 60.5; " WHOLE "1 (floor(...) makes one), at N = 60.5, ",
       0},
      {10, "  N: -3", "grid.N: N is -3; ", 0},
      {10, "  N: many", "grid.N: 'N': 'N' is not a number, at N = many", 0},
      {11, "  d: 0", "grid.d: d is 0; ", 0},
      {11, "  d: 1e17", "grid.d: d is 1e+17; ", 0},
      {11, "  d: []", "grid.d is an empty list", F},
      {11, "  d: ", "grid.d is empty", F},
      {11, "  d: 2*k", "grid.d: '2*k': 'k' is not known", 0},
      {11, "  d: N*k", "grid.d: 'N*k': 'k' is not known; known here: N, d", 0},
      {11, "  d: 1:N", "grid.d: '1:N': ':N' is left over", 0},
      {11, "  d: [5, 2*N]", "grid.d: '2*N': 'N' is not known", 0},
      {11, "  d: d+1", "grid.d: 'd+1' follows from itself", 0},
      {11, "  d: k\n  k: d", "grid.d: 'k' follows from itself", 0},
      {11, "  d: 1/(N-50)+5", "grid.d: '1/(N-50)+5' is inf here", 0},
      {11, "  d: [20, 30, 20.0]", "grid.d: 20 stands there twice", 0},
      {11, "  d: floor(i/9)+1 for i in 1:9999", "grid.d: 1 stands there twice", 0},
      {11, "  p: [a, b, a]\n  d: 20", "grid.p: 'a' stands there twice", 0},
      {11, "  d: 1:2:0", "grid.d: '1:2:0': no step of 0 leads from 1 to 2", 0},
      {11, "  d: 5:1", "grid.d: '5:1': no step of 1 leads from 5 to 1", 0},
      {11, "  d: 1:5:-1", "grid.d: '1:5:-1': no step of -1 leads", 0},
      {11, "  d: 1:2:3:4", "grid.d: '1:2:3:4': a range is", 0},
      {11, "  d: 'a : b'", "grid.d: 'a': 'a' is not known", 0},
      {11, "  d: '1:'", "grid.d: '' ends where", 0},
      {11, "  d: i for i in", "grid.d: 'i for i in': accepted: EXPRESSION for i in", 0},
      {11, "  d: i for 2 in 1:3", "grid.d: 'i for 2 in 1:3': '2' is not a name", 0},
      {11, "  d: j for i in 1:3", "grid.d: 'j': 'j' is not known; known here: i", 0},
      {11, "  d: 1/i for i in 0:3", "grid.d: '1/i' is inf here", 0},
      {11, "  d: 1:10000000", "grid.d: more than 1048576 values", NTK_ERR_LIMIT},
      {11, "  d: 0:1e300", "grid.d: more than 1048576 values", NTK_ERR_LIMIT},
      {11, "  d: -1e308:1e308", "grid.d: more than 1048576 values", NTK_ERR_LIMIT},
      {11, "  d: i for i in 1:10000000", "grid.d: more than 1048576 values", NTK_ERR_LIMIT},
      {11, "  d: 1e400", "grid.d: '1e400' is inf here", 0},
      {11, "  l: 20", "grid.l: accepted as a variable's name", 0},
      {11, "  L: 20", "grid.L: accepted as a variable's name", 0},
      {11, "  d 2: 20", "grid.d 2: accepted as a variable's name", 0},
      {11, "  2: 20", "grid.2: accepted as a variable's name", 0},
      {11, "  d: [tanh, 5]", "grid.d: 'tanh' is a name and '5' is not", 0},
      {11, "  d: [5, tanh]", "grid.d: 'tanh': 'tanh' is not known", 0},
      {4, "  widths: [d, 0]", "network.widths: width n_2 is 0; " WHOLE "1", 0},
      {4, "  widths: [d/3, d]", "network.widths: width n_1 is 6.666666667; ", 0},
      {4, "  widths: [d, N-60]", "network.widths: width n_2 is -10; " WHOLE "1", 0},
      {4, "  widths: [d, n]", "network.widths: 'n': 'n' is not known; known here: N, d, L, l", 0},
      {4, "  depth: 2.5\n  widths: d", "network.depth: network.depth is 2.5; ", 0},
      {4, "  depth: 65\n  widths: d", "network.depth: a depth of 65; accepted: 2 to 64", 0},
      {4, "  depth: 1\n  widths: d", "network.depth: a depth of 1; ", 0},
      {4, "  depth: l\n  widths: d", "network.depth: 'l': 'l' is not known", 0},
      {4, "  depth: 5\n  widths: [d, d]", "network.depth: 2 widths for a depth of 5",
       NTK_ERR_SHAPE},
      {4, "  beta: 0\n  widths: d", "network.beta: beta_1 is 0; accepted: above 0", 0},
      {4, "  beta: [1, -2]\n  widths: d", "network.beta: beta_2 is -2; ", 0},
      {4, "  beta: [1, 2, 3]\n  widths: d", "network.beta: 3 values for 2 layers", NTK_ERR_SHAPE},
      {4, "  beta: l\n  widths: d", "network.beta: 'l': 'l' is not known", 0},
  };
  check_bad(list, COUNT(list));
}

/* ---- Whole files ----------------------------------------------------------------------------- */

static void test_missing(void **state) {
  (void)state;
  const char *const without[][2] = {
      {"network: {widths: d}\ngrid: {N: 5, d: 6}", "t: 'name' is missing"},
      {"name: a\ngrid: {N: 5, d: 6}", "t: 'network.widths' is missing"},
      {"name: a\nnetwork: {widths: d}", "t: the grid is empty"},
      {"name: a\nnetwork: {widths: d}\ngrid: {}", "t: the grid is empty"},
      {"name: a\nnetwork: {widths: d}\ngrid:", "t:3: grid is empty"},
      {"name: a\nnetwork: {widths: d}\ngrid: {d: 6}", "t: grid.N is missing"},
      {"name: a\nnetwork: {widths: 5}\ngrid: {N: 6}", "t: grid.d is missing"},
      {"", "t is empty"},
      {"# nothing\n", "t is empty"},
      {"just text", "t:1: a study file is a mapping"},
      {"\n- a\n- b", "t:2: a study file is a mapping"},
  };
  for (size_t i = 0; i < COUNT(without); i++) {
    ntk_study *study = NULL;
    const ntk_status status = ntk_study_parse(without[i][0], "t", NULL, 0, &study);
    assert_refused(status, status, without[i][1]);
    assert_true(status != NTK_OK && study == NULL);
  }
}

/* 17 variables; a list of 10^7 values; 10^12 points, and more than can be counted. */
static void test_large(void **state) {
  (void)state;
  static char text[4 << 20];
  const char *head = "name: a\nnetwork: {widths: d}\ngrid:\n  N: 5\n  d: 6\n";
  size_t used = (size_t)snprintf(text, sizeof text, "%s", head);
  for (int v = 3; v <= 20; v++)
    used += (size_t)snprintf(text + used, sizeof text - used, "  v%d: %d\n", v, v);
  refuse(text, used, NTK_ERR_ARGUMENT, "t:20: grid.v17: a grid has at most 16 variables");
  snprintf(text, sizeof text, "%s  a: 1:1e6\n  b: 1:1e6\n", head);
  refuse(text, strlen(text), NTK_ERR_LIMIT, "t: the grid has more than 1048576 points");
  used = (size_t)snprintf(text, sizeof text, "%s", head);
  for (int v = 0; v < 14; v++)
    used += (size_t)snprintf(text + used, sizeof text - used, "  v%d: 1:64\n", v); /* 2^84 */
  refuse(text, used, NTK_ERR_LIMIT, "t: the grid has more than 1048576 points");
  used = (size_t)snprintf(text, sizeof text, "%s  p: [a0", head);
  for (int i = 1; i < 2000; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, ", a%d", i);
  used += (size_t)snprintf(text + used, sizeof text - used, "]\n");
  refuse(text, used, NTK_ERR_LIMIT, "t:6: grid.p: more than 1024 names");
}

static void test_overrides(void **state) {
  (void)state;
  const char *text = "name: a\nnetwork: {widths: d}\ngrid: {N: 5, d: 6}\n";
  const char *const list[][2] = {
      {"trials", "'trials': accepted: KEY=VALUE"},
      {"=3", "'=3': accepted: KEY=VALUE"},
      {"trials=", "'trials=': a value is empty"},
      {"grid.N=1,,2", "a value is empty"},
      {"trails=2", "trails: unknown key 'trails'; did you mean 'trials'? known: "},
      {"trials=0", "trials: '0'; accepted"},
      {"grid.N=0", "grid.N: N is 0"},
      {"name=\xff", "name: byte 0xff"},
      {"name=\xc3", "name: byte 0xc3"},
      {"name=\xe0\x80\x80", "name: byte 0xe0"},
      {"name=\xed\xa0\x80", "name: byte 0xed"},
      {"name=\xf4\x90\x80\x80", "name: byte 0xf4"},
      {"name=a\tb", "name: byte 0x09"},
      {"grid.d=d", "grid.d: 'd' follows from itself"},
      {"data.fingerprint=1", "is no file"},
      {"data.dim=4", "is no file"}};
  for (size_t i = 0; i < COUNT(list); i++) {
    ntk_study *study = NULL;
    assert_refused(ntk_study_parse(text, "t", &list[i][0], 1, &study), NTK_ERR_ARGUMENT,
                   list[i][1]);
    assert_null(study);
  }
  char key[300];
  memset(key, 'k', sizeof key);
  memcpy(key + 290, "=1", 3);
  const char *assignment = key;
  ntk_study *study;
  assert_refused(ntk_study_parse(text, "t", &assignment, 1, &study), NTK_ERR_ARGUMENT, "too long");
  study = make_study_with(text, "name=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  assert_string_equal(ntk_study_name(study), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  ntk_study_destroy(study);
}

static void test_files(void **state) {
  (void)state;
  ntk_study *study = NULL;
  const char *gone = fresh("gone.yaml");
  assert_refused(ntk_study_load(gone, NULL, 0, &study), NTK_ERR_FILE, "gone.yaml: No such file");
  assert_refused(ntk_study_load("/tmp", NULL, 0, &study), NTK_ERR_FILE, "/tmp: Is a directory");
  assert_refused(ntk_study_load("/dev/null", NULL, 0, &study), F, "/dev/null is empty");
  assert_refused(ntk_study_load("/dev/zero", NULL, 0, &study), F, "/dev/zero is no study file");
  assert_null(study);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keys_and_types), cmocka_unit_test(test_grids),
      cmocka_unit_test(test_missing),        cmocka_unit_test(test_large),
      cmocka_unit_test(test_overrides),      cmocka_unit_test(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
