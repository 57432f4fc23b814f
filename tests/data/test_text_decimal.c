/* ntk_text_decimal: x 2^e as people write it.
 * Property: within double's range the digits are printf's, whichever exponent the number is given
 * by; beyond it those of exact powers of two; directed roundings enclose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "support.h"

static void test_known(void **state) {
  (void)state;
  /* 2^-1074 .. 2^100000 by exact integer arithmetic. */
  static const struct {
    double x, exponent;
    int digits, towards;
    const char *text;
  } rows[] = {
      {1.0, 10.0, 4, 0, "1.024e+03"},
      {1.0, -1074.0, 10, 0, "4.940656458e-324"},
      {1.0, 1024.0, 10, 0, "1.797693135e+308"},
      {1.0, 1024.0, 10, -1, "1.797693134e+308"},
      {-1.0, 1024.0, 10, -1, "-1.797693135e+308"},
      {-1.0, 1024.0, 10, 1, "-1.797693134e+308"},
      {1.0, 100000.0, 12, 0, "9.99002093014e+30102"},
      {0.5, -9999.0, 10, 0, "5.012372749e-3011"},
      {3.0, -2.0, 3, 0, "7.50e-01"},
      {1.0, 100000.0, 2, 1, "1.0e+30103"},
      {0.0, 5.0, 3, 0, "0"},
      {NAN, 5.0, 3, 0, "nan"},
  };
  char text[NTK_DECIMAL];
  for (size_t i = 0; i < COUNT(rows); i++)
    assert_string_equal(
        ntk_text_decimal(rows[i].x, rows[i].exponent, rows[i].digits, rows[i].towards, text),
        rows[i].text);
}

static void test_printf(void **state) {
  (void)state;
  double x = 1.234567e-300;
  for (int i = 0; i < 2000; i++, x *= 1.99371) {
    char expected[64], low[NTK_DECIMAL], high[NTK_DECIMAL], text[NTK_DECIMAL];
    const double shift = (double)(i * 37 % 1500 - 750);
    const double over = scalbn(x, (int)-shift);
    if (!isnormal(over) || !isnormal(x))
      continue;
    (void)snprintf(expected, sizeof expected, "%.9e", x);
    assert_string_equal(ntk_text_decimal(over, shift, 10, 0, text), expected);
    assert_true(strtod(ntk_text_decimal(over, shift, 6, -1, low), NULL) <= x);
    assert_true(strtod(ntk_text_decimal(over, shift, 6, 1, high), NULL) >= x);
    assert_true(strtod(high, NULL) - strtod(low, NULL) < 1.01e-5 * x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known),
      cmocka_unit_test(test_printf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
