/* Lines for people, and names.
 * Property: numbers in text have a decimal point and are read with one whatever the locale of the
 * host program; a line is valid UTF-8 without control characters whatever it quotes; a slip in
 * a name is told; a whole number is read to its last digit, and within its limits alone. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntkit/data.h"

#include "base/names.h"
#include "base/text.h"
#include "study/spec/expression.h"
#include "support.h"

static char directory[] = "/tmp/ntkit-test-XXXXXX"; /* of locales made here */

static int setup(void **state) {
  (void)state;
  return mkdtemp(directory) == NULL;
}

static int teardown(void **state) {
  (void)state;
  return setenv("MADE", directory, 1) != 0 || system("rm -r \"$MADE\"") != 0;
}

/* A locale whose decimal mark is a comma: one of the system's, or one made for the occasion. */
static bool set_comma_locale(void) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
  for (size_t pass = 0; pass < 2; pass++) {
    for (size_t k = 0; k < COUNT(names); k++)
      if (setlocale(LC_ALL, names[k]) != NULL && localeconv()->decimal_point[0] == ',')
        return true;
    if (setenv("LOCPATH", directory, 1) != 0 ||
        system("localedef -i de_DE -f UTF-8 \"$LOCPATH/de_DE.UTF-8\"") == -1)
      return false;
  }
  return false;
}

static void test_decimal_comma(void **state) {
  (void)state;
  if (!set_comma_locale())
    fail_msg("no locale with a decimal comma, and localedef cannot make one");
  char text[32], *end = NULL;
  snprintf(text, sizeof text, "%g", 0.5);
  assert_string_equal(text, "0,5"); /* so it is in force */
  assert_int_equal(ntk_format(text, sizeof text, "%g", 0.5), 3);
  assert_string_equal(text, "0.5");
  assert_near(ntk_read_real("2.25e1x", &end), 22.5, 0.0, "2.25e1");
  assert_string_equal(end, "x");
  double value = 0.0;
  const ntk_scope none = {0};
  assert_ok(ntk_expression_evaluate("0.5 * 3", &none, &value));
  assert_near(value, 1.5, 0.0, "0.5 * 3");
  assert_int_equal(ntk_fail(NTK_ERR_ARGUMENT, "beta is %g", -0.5), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(), "beta is -0.5");
  snprintf(text, sizeof text, "%g", 0.5);
  assert_string_equal(text, "0,5"); /* the host's locale is as it was */
  assert_non_null(setlocale(LC_ALL, "C"));
}

/* RFC 3629, Sections 3 and 4: the first and last characters of every length stay; bytes beyond, a
 * longer form than need be, a surrogate, a cut character do not. */
static void test_clean(void **state) {
  (void)state;
  static const struct {
    const char *text, *clean;
  } cases[] = {
      {"", ""},
      {"plain ~", "plain ~"},
      {"a\tb\nc\x7f\x1b[0m", "a?b?c??[0m"},
      {"\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf"},
      {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"},
      {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
      {"\xce\xbb\xce", "\xce\xbb?"},
      {"\xe2\x82", "?"
                   "?"},
      {"\xe2\x82'", "?"
                    "?'"},
      {"\x80z\xff", "?z?"},
      {"\xc1\xbf", "?"
                   "?"},
      {"\xe0\x9f\xbf", "?"
                       "?"
                       "?"},
      {"\xed\xa0\x80", "?"
                       "?"
                       "?"},
      {"\xf4\x90\x80\x80", "?"
                           "?"
                           "?"
                           "?"},
      {"\xf8\x88\x80\x80\x80", "?"
                               "?"
                               "?"
                               "?"
                               "?"},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    char text[32];
    snprintf(text, sizeof text, "%s", cases[k].text);
    ntk_text_clean(text);
    assert_string_equal(text, cases[k].clean);
  }
  (void)ntk_fail(NTK_ERR_FILE, "'%.3s'", "\xce\xbb\xce\xbb");
  assert_string_equal(ntk_error_message(), "'\xce\xbb?'");
}

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int weight;
  } rows[] = {{"relu", 1}, {"gelu", 2}};
  size_t row = 7;
  assert_ok(NTK_NAME_FIND("activation", "gelu", rows, COUNT(rows), &row));
  assert_int_equal(row, 1);
  row = 7;
  assert_int_equal(NTK_NAME_FIND("activation", "GeLU", rows, COUNT(rows), &row), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(),
                      "unknown activation 'GeLU'; did you mean 'gelu'? known: relu, gelu");
  assert_int_equal(NTK_NAME_FIND("activation", "tanh", rows, COUNT(rows), &row), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(), "unknown activation 'tanh'; known: relu, gelu");
  assert_int_equal(NTK_NAME_FIND("activation", "rleu", rows, COUNT(rows), &row), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(),
                      "unknown activation 'rleu'; did you mean 'relu'? known: relu, gelu");
  assert_int_equal(NTK_NAME_FIND("activation", "relu", rows, 0, &row), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(), "unknown activation 'relu'; known: none");
  assert_int_equal(row, 7);
}

static void test_whole(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t least, most, value;
    const char *why; /* NULL: it is read */
  } cases[] = {
      {"0", 0, 9, 0, NULL},
      {"1e3", 1, 1000, 1000, NULL},
      {"12E+02", 1, UINT64_MAX, 1200, NULL},
      {"0e99", 0, 1, 0, NULL},
      {"18446744073709551615", 0, UINT64_MAX, UINT64_MAX, NULL},
      {"18446744073709551616", 0, UINT64_MAX, 0, "is too large"},
      {"1e3", 1, 999, 0, "is too large"},
      {"1e99", 0, UINT64_MAX, 0, "is too large"},
      {"6", 7, 9, 0, "is too small"},
      {"0", 1, 9, 0, "is 0"},
      {"-3", 0, 9, 0, "is negative"},
      {"1e-3", 0, 9, 0, "is not a whole number"},
      {"1.5", 0, 9, 0, "is not a whole number"},
      {"1e", 0, 9, 0, "is not a whole number"},
      {"e3", 0, 9, 0, "is not a whole number"},
      {"", 0, 9, 0, "is empty"},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    uint64_t value = 77;
    const char *why =
        ntk_text_whole(cases[k].text, strlen(cases[k].text), cases[k].least, cases[k].most, &value);
    assert_int_equal(value, cases[k].why == NULL ? cases[k].value : 77);
    assert_int_equal(why == NULL, cases[k].why == NULL);
    if (why != NULL)
      assert_string_equal(why, cases[k].why);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decimal_comma),
      cmocka_unit_test(test_clean),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_whole),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
