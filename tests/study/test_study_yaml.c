/* YAML that is unusual or hostile.
 * Property: what YAML allows in a study is read as YAML says; what is not YAML is refused with its
 * line; no small file takes more than a moment; a study written out and read again is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "study/spec/join.h"
#include "study/spec/study.h"
#include "study/spec/yaml.h"
#include "study_support.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* text has a terminating zero that does not count. */
static void refuse(const char *text, size_t length, const char *says) {
  ntk_settings settings;
  const double start = seconds();
  assert_refused(ntk_settings_parse(text, length, "t", &settings), NTK_ERR_FORMAT, says);
  assert_true(seconds() - start < 10.0);
}

/* Each is the same study as the first. */
static void test_same_study(void **state) {
  (void)state;
  static const char *const same[] = {
      "name: a\nquantity: [condition]\nnetwork:\n  widths: [d, 2*d]\ngrid:\n  N: [5, 6]\n  d: 6\n",
      "name: a\r\nquantity: condition\r\nnetwork:\r\n  widths: d, 2*d\r\ngrid:\r\n  N: 5, 6\r\n"
      "  d: 6\r\n",
      "\xef\xbb\xbfname: a\nquantity: condition\nnetwork: {widths: [d, 2*d]}\n"
      "grid: {N: [5, 6], d: 6}",
      "%YAML 1.1\n---\nname: a\nquantity: condition\nnetwork: {widths: [d, 2*d]}\n"
      "grid: {N: [5, 6], d: 6}\n...\n# the end\n",
      "{name: !!str a, \"quantity\": !x condition, network: {widths: [d, '2*d']}, "
      "grid: !!map {N: !!int 5, d: 6}, }",
      "name: >\n  a\nquantity: |\n  condition\nnetwork: {widths: [d, 2*d]}\ngrid:\n  N: |\n    5,\n"
      "    6\n  d: \"\\x36\"\n",
      "name: a\nquantity: condition\nnetwork: {widths: [&w d, 2*d]}\ngrid: {N: &n [5, 6], d: 6}\n",
      "name: a # *x\nquantity: condition\nnetwork: &n {widths: [d, 2*d]}\ngrid: {d: &six 6, "
      "N: [5, *six]}",
  };
  ntk_study *first = make_study(same[0]);
  for (size_t i = 1; i < COUNT(same); i++) {
    const char *const both = "grid.N=5,6";
    ntk_study *study = make_study_with(same[i], both);
    ntk_join join;
    if (ntk_study_join(first, "first", study, "other", &join) != NTK_OK || join.values ||
        join.quantities)
      fail_msg("%zu: %s", i, ntk_error_message());
    ntk_settings_clear(&join.settings);
    assert_int_equal(ntk_study_points(study), 2);
    ntk_study_destroy(study);
  }
  ntk_study_destroy(first);
}

/* Settings -> text -> settings. */
static void test_written_and_read(void **state) {
  (void)state;
  ntk_study *study = make_study("name: ['a \"b\" \\c: #d, \xc3\xa9 {[&*!|>%@`']\n"
                                "network: {widths: ['max(d, 3)', d], activation: phi}\n"
                                "data: {source: cube}\n"
                                "grid: {N: 1:5:2, d: 7, phi: [tanh, erf], q: ['no', 'null']}\n");
  char *text = ntk_settings_text(&study->settings);
  assert_non_null(text);
  ntk_settings again;
  assert_ok(ntk_settings_parse(text, strlen(text), "t", &again));
  char *same = ntk_settings_text(&again);
  assert_string_equal(same, text);
  assert_string_equal(ntk_study_name(study), "a \"b\" \\c: #d, \xc3\xa9 {[&*!|>%@`");
  again.setting[1].value[0][0] = 'X';
  char *other = ntk_settings_text(&again);
  assert_string_not_equal(other, text);
  free(same);
  free(other);
  ntk_settings_clear(&again);
  free(text);
  ntk_study_destroy(study);
}

static void test_not_yaml(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t length;
    const char *says;
  } list[] = {
#define TEXT(literal) literal, sizeof(literal) - 1
      {TEXT("name: a\ngrid: {N: 5\n"), "t:3: not YAML: "},
      {TEXT("name: a\n\tgrid: 5\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: c: d\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: 'c\n\n"), "t:4: not YAML: "},
      {TEXT("name: a\nb: \"\\q\"\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: *none\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: &x 1\nc: &x 2\n"), "t:3: not YAML: "},
      {TEXT("name: a\nb: @x\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: c\0d\n"), "t:2: not YAML: control characters"},
      {TEXT("name: a\n\n\nb: \x01\n"), "t:4: not YAML: control characters"},
      {TEXT("name: a\nb: \xff\n"), "t:2: not YAML: "},
      {TEXT("name: a\nb: x\n# \xe9t\xe9\n"), "t:3: not YAML: "},
      {TEXT("name: a\nb: \xc3"), "t:2: not YAML: "},
      {TEXT("\x7f"
            "ELF\x02\x01\x01"),
       "t:1: not YAML: "},
      {TEXT("SQLite format 3\0\x10"), "t:1: not YAML: "},
      {TEXT("name: a\n---\nname: b\n"), "t:2: a second document; accepted: one"},
      {TEXT("name: a\n...\nb: ["), "t:3: not YAML: "},
      {TEXT("&r\nname: *r\n"), "t:1: name.name is a mapping"},
      {TEXT("name: &l [*l]\n"), "t:1: name is a list or a mapping"},
      {TEXT("grid: &g\n  N: *g\n"), "t:1: grid.N is a mapping"},
      {TEXT("? *r\n: &r a\n"), "t:1: not YAML: "},
#undef TEXT
  };
  for (size_t i = 0; i < COUNT(list); i++)
    refuse(list[i].text, list[i].length, list[i].says);
}

/* Ten times ten times ... aliases: never expanded. */
static void test_laughs(void **state) {
  (void)state;
  static char text[4000];
  size_t used = (size_t)snprintf(text, sizeof text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
  for (int k = 1; k < 20; k++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "a%d: &a%d [", k, k);
    for (int i = 0; i < 10; i++)
      used += (size_t)snprintf(text + used, sizeof text - used, "*a%d,", k - 1);
    used += (size_t)snprintf(text + used, sizeof text - used, "]\n");
  }
  refuse(text, used, "t:1: a1 is a list or a mapping");
}

/* 4 MiB of one thing. */
static void test_large(void **state) {
  (void)state;
  enum { SIZE = 1 << 22 };
  static const char *const units[] = {"[", "{", "- ", "? ", "a: ", "[a, ", "&a ", "!", "\n", "'"};
  char *text = malloc(SIZE + 64);
  assert_non_null(text);
  for (size_t k = 0; k < COUNT(units); k++) {
    const size_t length = strlen(units[k]);
    for (size_t i = 0; i < SIZE; i++)
      text[i] = units[k][i % length];
    text[SIZE] = '\0';
    refuse(text, SIZE, "t");
  }
  size_t used = 0; /* as many keys as there is room for */
  for (size_t i = 0; used < SIZE - 64; i++)
    used += (size_t)sprintf(text + used, "k%zu: 1\n", i);
  refuse(text, used, "keys");
  used = (size_t)sprintf(text, "name: "); /* one value, as long as there is room for */
  memset(text + used, 'x', SIZE - used);
  ntk_study *study = NULL;
  assert_refused(ntk_study_parse(text, "t", NULL, 0, &study), NTK_ERR_FORMAT, "is missing");
  memcpy(text, "x", 1); /* a key of this length */
  memset(text, 'x', SIZE - 2);
  memcpy(text + SIZE - 2, ": ", 2);
  refuse(text, SIZE, "t:1: ");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_study), cmocka_unit_test(test_written_and_read),
      cmocka_unit_test(test_not_yaml),   cmocka_unit_test(test_laughs),
      cmocka_unit_test(test_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
