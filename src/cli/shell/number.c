#include "cli/shell/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_REAL = 63 };

/* Nothing, or e and one or two digits, as in e3 or E+03. */
static bool power_of_ten(const char *text, size_t length, size_t *zeros) {
  *zeros = 0;
  if (length == 0)
    return true;
  const size_t first = length > 1 && text[1] == '+' ? 2 : 1;
  if ((text[0] != 'e' && text[0] != 'E') || first == length || length - first > 2)
    return false;
  for (size_t i = first; i < length; i++) {
    if (text[i] < '0' || text[i] > '9')
      return false;
    *zeros = 10 * *zeros + (size_t)(text[i] - '0');
  }
  return true;
}

const char *number_whole(const char *text, size_t length, uint64_t least, uint64_t most,
                         uint64_t *value) {
  if (length == 0)
    return "is empty";
  const char *const digits = "0123456789";
  if (text[0] == '-' && length > 1 && strchr(digits, text[1]) != NULL)
    return "is negative";
  uint64_t number = 0;
  size_t zeros = 0, end = 0; /* of the digits before a power of ten */
  while (end < length && text[end] >= '0' && text[end] <= '9')
    end++;
  if (end == 0 || !power_of_ten(text + end, length - end, &zeros))
    return "is not a whole number";
  for (size_t i = 0; i < end + zeros && (number > 0 || i < end); i++) {
    const uint64_t digit = i < end ? (uint64_t)(text[i] - '0') : 0;
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
