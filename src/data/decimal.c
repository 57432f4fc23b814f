/* Most numbers in files have few digits and small exponents, and are one operation: digits as a
 * whole number, times or over a power of ten, both exact, is rounded once. In double that is so up
 * to 2^53 and 10^22 (Clinger, "How to read floating point numbers accurately", 1990); in the x87's
 * format up to 2^64 and 10^27, where the second rounding, to double, is right unless the exact
 * value lies within the first one's error of the middle between two doubles. The rest goes to
 * strtod. */
#include "data/decimal.h"

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { DIGITS = 19, POWERS = 22 }; /* any number of 19 digits is below 2^64 */

static const double powers[POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* digits 10^exponent, when one of the ways above gives it. */
static bool quick(uint64_t digits, int exponent, double *value) {
  if (digits <= (uint64_t)1 << DBL_MANT_DIG && exponent >= -POWERS && exponent <= POWERS) {
    *value = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
  }
#if LDBL_MANT_DIG == 64
  enum { MOST = 27 };
  if (exponent < -MOST || exponent > MOST)
    return false;
  const int size = exponent < 0 ? -exponent : exponent;
  long double power = powers[size < POWERS ? size : POWERS];
  for (int k = POWERS; k < size; k++)
    power *= 10.0L; /* 10^27 = 5^27 2^27, and 5^27 < 2^64 */
  const long double near = exponent < 0 ? (long double)digits / power : (long double)digits * power;
  const double below = (double)(near - near * LDBL_EPSILON);
  const double above = (double)(near + near * LDBL_EPSILON);
  *value = below;
  return below == above;
#else
  return false;
#endif
}

/* nan, inf or infinity. */
static const char *read_word(const char *text, bool negative, double *value) {
  static const char *const words[] = {"infinity", "inf", "nan"};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    const size_t length = strlen(words[k]);
    if (strncasecmp(text, words[k], length) == 0) {
      *value = k == 2 ? (double)NAN : negative ? -(double)INFINITY : (double)INFINITY;
      return text + length;
    }
  }
  return NULL;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* What follows the exponent at text, if there is one; *exponent grows by it. */
static const char *read_exponent(const char *text, int *exponent) {
  const char *c = text + 1;
  if ((*text | 0x20) != 'e')
    return text;
  const bool negative = *c == '-';
  c += *c == '-' || *c == '+';
  if (!is_digit(*c))
    return text;
  int size = 0;
  for (; is_digit(*c); c++)
    size = size < 10000 ? 10 * size + (*c - '0') : size;
  *exponent += negative ? -size : size;
  return c;
}

const char *ntk_decimal_read(const char *text, double *value) {
  const char *c = text;
  const bool negative = *c == '-';
  c += *c == '-' || *c == '+';
  uint64_t digits = 0;
  int kept = 0, exponent = 0;
  bool any = false, point = false, whole = true; /* whole: no digit but 0 was left out */
  for (; is_digit(*c) || (*c == '.' && !point); c++) {
    if (*c == '.') {
      point = true;
      continue;
    }
    any = true;
    if (kept == DIGITS) {
      whole = whole && *c == '0';
      exponent += !point;
      continue;
    }
    digits = 10 * digits + (uint64_t)(*c - '0');
    kept += digits > 0;
    exponent -= point;
  }
  if (!any)
    return read_word(text + (*text == '-' || *text == '+'), negative, value);
  c = read_exponent(c, &exponent);
  if (!whole || !quick(digits, exponent, value)) {
    char *end = NULL;
    *value = ntk_read_real(text, &end);
    return c;
  }
  *value = negative ? -*value : *value;
  return c;
}
