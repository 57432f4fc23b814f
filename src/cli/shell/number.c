#include "cli/shell/number.h"

#include "ntkit/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_REAL = 63 };

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
  const char *why = ntk_text_whole(text, length, 1, SIZE_MAX >> shift, &number);
  if (why == NULL)
    *value = (size_t)number << shift;
  return why;
}
