#include "cli/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_REAL = 63 };

const char *number_whole(const char *text, size_t length, uint64_t least, uint64_t most,
                         uint64_t *value) {
  if (length == 0)
    return "is empty";
  const char *const digits = "0123456789";
  if (text[0] == '-' && length > 1 && strchr(digits, text[1]) != NULL)
    return "is negative";
  uint64_t number = 0;
  for (size_t i = 0; i < length; i++)
    if (text[i] < '0' || text[i] > '9')
      return "is not a whole number";
  for (size_t i = 0; i < length; i++) {
    const uint64_t digit = (uint64_t)(text[i] - '0');
    if (digit > most || number > (most - digit) / 10)
      return "is too large";
    number = 10 * number + digit;
  }
  if (number < least)
    return number == 0 ? "is 0" : "is too small";
  *value = number;
  return NULL;
}

/* strtod alone would take leading blanks, hexadecimal, "inf", "nan" and what follows the number. */
const char *number_positive(const char *text, size_t length, double *value) {
  char copy[LONGEST_REAL + 1];
  if (length == 0)
    return "is empty";
  if (length > LONGEST_REAL)
    return "is too long";
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *end = NULL;
  const double number = strtod(copy, &end);
  if (end != copy + length)
    return "is not a number";
  if (!isfinite(number))
    return "is not finite";
  if (strspn(copy, "0123456789+-.eE") != length)
    return "is not a decimal number";
  if (!(number > 0))
    return number < 0 ? "is negative" : "is 0";
  *value = number;
  return NULL;
}

const char *number_bytes(const char *text, size_t length, size_t *value) {
  static const char units[] = "KMGT";
  unsigned shift = 0;
  if (length > 0) {
    const char *unit = strchr(units, text[length - 1]);
    if (unit != NULL && *unit != '\0') {
      shift = 10 * (unsigned)(unit - units + 1);
      length--;
    }
  }
  uint64_t number = 0;
  const char *why = number_whole(text, length, 1, SIZE_MAX >> shift, &number);
  if (why == NULL)
    *value = (size_t)number << shift;
  return why;
}
