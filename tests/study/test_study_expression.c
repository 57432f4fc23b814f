/* Expressions of study files.
 * Property: values are those of C for the grammar of expression.c (^ from the right and above unary
 * minus); what is no finite number is refused, and the message says what stands in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "study/spec/expression.h"
#include "support.h"

static const char *const names[] = {"N", "d", "d_1", "phi", "e1"};
static const double numbers[] = {1000.0, 70.0, -0.25, NAN, 3.0};
static const ntk_scope scope = {COUNT(names), names, numbers};
static const ntk_scope none = {0};

typedef struct pair {
  const char *text;
  double value;
} pair;

static void check(const pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double value = -777.0;
    assert_ok(ntk_expression_evaluate(pairs[i].text, &scope, &value));
    assert_near(value, pairs[i].value, 0.0, pairs[i].text);
  }
}

static void test_numbers(void **state) {
  (void)state;
  const pair pairs[] = {{"7", 7},
                        {"1e3", 1000},
                        {".5", 0.5},
                        {"1.", 1},
                        {"2.5E-1", .25},
                        {"1e+2", 100},
                        {"007", 7},
                        {"0.1", 0.1},
                        {"0", 0},
                        {"1e308", 1e308},
                        {"9007199254740993", 0x1p53}};
  check(pairs, COUNT(pairs));
}

/* Each value differs from what another precedence or associativity gives. */
static void test_grammar(void **state) {
  (void)state;
  const pair pairs[] = {
      {"-2^2", -4},      {"(-2)^2", 4},    {"2^3^2", 512},  {"(2^3)^2", 64},  {"2^-1", 0.5},
      {"2^-2^2", .0625}, {"2^+3", 8},      {"-2^-2", -.25}, {"2*3^2", 18},    {"-3*-2", 6},
      {"1+2*3", 7},      {"(1+2)*3", 9},   {"2*3+1", 7},    {"7-2-1", 4},     {"7-(2-1)", 6},
      {"24/4/2", 3},     {"24/(4/2)", 12}, {"24/4*2", 12},  {"2*9/6", 3},     {"1-2+3", 2},
      {"--3", 3},        {"-+-3", 3},      {"---3", -3},    {"2--3", 5},      {"2- -+3", 5},
      {"2*-3", -6},      {"6/-3", -2},     {"10-2^2", 6},   {"((((5))))", 5}, {"16^0.5^2", 2},
      {"-(1+2)^2", -9},
  };
  check(pairs, COUNT(pairs));
}

static void test_blanks(void **state) {
  (void)state;
  const pair pairs[] = {{" 1 + 2 ", 3},          {"\t1\t*\t2\t", 2}, {" - 2 ^ 2", -4},
                        {"max ( 1 , 2 )", 2},    {"( 3 )", 3},       {" floor( 2.5 ) ", 2},
                        {"N /d", 1000.0 / 70.0}, {"1e3 -1", 999}};
  check(pairs, COUNT(pairs));
}

/* Arguments that tell each function from every other, against C's. */
static void test_functions(void **state) {
  (void)state;
  const pair pairs[] = {
      {"floor(-2.5)", -3},  {"ceil(-2.5)", -2},       {"round(-2.5)", -3},
      {"round(2.5)", 3},    {"round(2.4)", 2},        {"sqrt(2)", sqrt(2.0)},
      {"exp(2)", exp(2.0)}, {"log(10)", log(10.0)},   {"log2(10)", log2(10.0)},
      {"log10(10)", 1},     {"abs(-2.5)", 2.5},       {"abs(2.5)", 2.5},
      {"min(2, 1)", 1},     {"min(1, 2)", 1},         {"max(2, 1)", 2},
      {"max(1, 2)", 2},     {"max(min(1, 5), 3)", 3}, {"min(1+1, 2*3)", 2},
      {"sqrt(4)^2", 4},     {"2*floor(d/4)", 34},     {"floor(sqrt(1000*5))", 70},
      {"-abs(-1)", -1},     {"max(-1, -2)^2", 1},
  };
  check(pairs, COUNT(pairs));
}

static void test_names(void **state) {
  (void)state;
  const pair pairs[] = {{"N", 1000},
                        {"d", 70},
                        {"d_1", -0.25},
                        {"2*d", 140},
                        {"d^2", 4900},
                        {"d - d_1", 70.25},
                        {"e1", 3},
                        {"1e1", 10},
                        {"1*e1", 3},
                        {"-d_1", 0.25},
                        {"N/d/d_1", 1000.0 / 70.0 / -0.25}};
  check(pairs, COUNT(pairs));
  assert_true(ntk_expression_is_name("d_1") && ntk_expression_is_name("_") &&
              ntk_expression_is_name("sqrt") && ntk_expression_is_name("Z9"));
  const char *const no_names[] = {"", "1d", "d ", " d", "d-1", "d.1", "2", "d^", "\xc3\xa9", "_\n"};
  for (size_t i = 0; i < COUNT(no_names); i++)
    assert_false(ntk_expression_is_name(no_names[i]));
}

/* Message, and the result as it was. */
static void test_refusals(void **state) {
  (void)state;
  const struct {
    const char *text, *says;
  } refused[] = {
      {"n", "'n': 'n' is not known; known here: N, d, d_1, phi, e1"},
      {"2*D", "'D' is not known; known here: N, d, d_1, phi, e1"},
      {"d_", "'d_' is not known"},
      {"d_11", "'d_11' is not known"},
      {"inf", "'inf' is not known"},
      {"nan", "'nan' is not known"},
      {"Infinity", "'Infinity' is not known"},
      {"phi", "'phi' is not a number"},
      {"0*phi", "'phi' is not a number"},
      {"", "'' ends where a number or a name is expected"},
      {"  ", "ends where a number"},
      {"1+", "'1+' ends where"},
      {"-", "ends where"},
      {"2^", "ends where"},
      {"(1", "')' is missing"},
      {"((1)", "')' is missing"},
      {"()", "')' stands where a number or a name is expected"},
      {"*2", "'*' stands where"},
      {"2**3", "'*' stands where"},
      {".", "'.' stands where"},
      {"[1]", "'[' stands where"},
      {"\xc3\xa9", "stands where"},
      {"1 2", "'1 2': '2' is left over"},
      {"1)", "')' is left over"},
      {"2d", "'d' is left over"},
      {"1e", "'e' is left over"},
      {"1.2.3", "'.3' is left over"},
      {"3%2", "'%2' is left over"},
      {"1,2", "',2' is left over"},
      {"1\n+2", "is left over"},
      {"d(2)", "'(2)' is left over"},
      {"0x10", "numbers are decimal"},
      {"1+0X1p3", "numbers are decimal"},
      {"1/0", "'1/0' is inf here; accepted: a finite number"},
      {"-1/0", "is -inf here"},
      {"0/0", "nan here"},
      {"1/(d-70)", "is inf here"},
      {"sqrt(-1)", "nan here"},
      {"log(0)", "is -inf here"},
      {"exp(1000)", "is inf here"},
      {"(-8)^(1/3)", "nan here"},
      {"1e400", "is inf here"},
      {"1e308*10", "is inf here"},
      {"sqrt", "sqrt is a function: sqrt(...)"},
      {"sqrt 4", "sqrt is a function"},
      {"sqrt()", "')' stands where"},
      {"sqrt(4", "')' is missing after sqrt("},
      {"sqrt(1, 2)", "')' is missing after sqrt("},
      {"max(1)", "max takes two numbers"},
      {"min(1, 2, 3)", "')' is missing after min("},
      {"min(1,)", "')' stands where"},
  };
  for (size_t i = 0; i < COUNT(refused); i++) {
    double value = -777.0;
    assert_refused(ntk_expression_evaluate(refused[i].text, &scope, &value), NTK_ERR_ARGUMENT,
                   refused[i].says);
    assert_near(value, -777.0, 0.0, refused[i].text);
  }
  double value;
  assert_refused(ntk_expression_evaluate("d", &none, &value), NTK_ERR_ARGUMENT,
                 "known here: numbers alone");
}

/* 200 deep is too deep, in each way there is to nest; 40 is not, nor are 10000 terms in a row. */
static void test_depth(void **state) {
  (void)state;
  static const char *const openings[] = {"(", "-", "1^", "abs(", "1+(", "max(1,"};
  static char text[20001];
  double value = 0.0;
  for (size_t k = 0; k < COUNT(openings); k++)
    for (int deep = 40; deep <= 200; deep += 160) {
      text[0] = '\0';
      for (int i = 0; i < deep; i++)
        strcat(text, openings[k]);
      strcat(text, "1");
      for (int i = 0; i < deep && strchr(openings[k], '(') != NULL; i++)
        strcat(text, ")");
      const ntk_status status = ntk_expression_evaluate(text, &none, &value);
      if (deep == 40)
        assert_ok(status);
      else
        assert_refused(status, NTK_ERR_ARGUMENT, "too deeply");
    }
  for (size_t i = 0; i < 10000; i++)
    memcpy(text + 2 * i, i == 0 ? " 1" : "+1", 3);
  assert_ok(ntk_expression_evaluate(text, &none, &value));
  assert_near(value, 10000.0, 0.0, "terms in a row");
  for (size_t k = 0; k < 2; k++) { /* a long text is shortened in its message */
    memset(text, k == 0 ? 'x' : '(', 20000);
    assert_refused(ntk_expression_evaluate(text, &none, &value), NTK_ERR_ARGUMENT,
                   k == 0 ? "is not known" : "too deeply");
    assert_true(strlen(ntk_error_message()) < sizeof text);
  }
}

/* Known names that do not fit into the message are cut off there. */
static void test_many_names(void **state) {
  (void)state;
  const char *many[20];
  double values[20] = {0.0};
  char longest[101];
  memset(longest, 'v', 100);
  longest[100] = '\0';
  for (size_t i = 0; i < COUNT(many); i++)
    many[i] = longest;
  const ntk_scope wide = {COUNT(many), many, values};
  double value;
  assert_refused(ntk_expression_evaluate("w", &wide, &value), NTK_ERR_ARGUMENT, "known here: vvv");
  assert_true(strlen(ntk_error_message()) < 500);
}

static void collect(const char *name, size_t length, void *user) {
  strncat(user, name, length);
  strcat(user, ";");
}

/* Every use of a name, functions and the e of numbers left out. */
static void test_names_used(void **state) {
  (void)state;
  const struct {
    const char *text, *names;
  } used[] = {
      {"2*d", "d;"},
      {"d*d + N", "d;d;N;"},
      {"floor(sqrt(1000*i))", "i;"},
      {"1e5 + e5", "e5;"},
      {"1e5", ""},
      {".5e1*x_2", "x_2;"},
      {"", ""},
      {"max(a,b)", "a;b;"},
      {"sqrt_2", "sqrt_2;"},
      {"2e", "e;"},
      {"1.e", "e;"},
      {"(((", ""},
      {"a..b", "a;b;"},
      {"\xff\xfe", ""},
      {"min", ""},
  };
  for (size_t i = 0; i < COUNT(used); i++) {
    char found[100] = "";
    ntk_expression_names(used[i].text, collect, found);
    assert_string_equal(found, used[i].names);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),    cmocka_unit_test(test_grammar),
      cmocka_unit_test(test_blanks),     cmocka_unit_test(test_functions),
      cmocka_unit_test(test_names),      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_depth),      cmocka_unit_test(test_many_names),
      cmocka_unit_test(test_names_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
