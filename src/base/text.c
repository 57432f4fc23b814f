#include "base/text.h"

#include "ntkit/data.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* ---- The locale ------------------------------------------------------------------------------ */

typedef struct locales {
  locale_t c, host;
} locales;

/* For this thread, until leave. With no memory for a locale, things stay as they are. */
static locales enter(void) {
  const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return (locales){c, uselocale(c)};
}

static void leave(locales l) {
  (void)uselocale(l.host);
  if (l.c != (locale_t)0)
    freelocale(l.c);
}

int ntk_format_list(char *text, size_t size, const char *format, va_list arguments) {
  const locales l = enter();
  const int length = vsnprintf(text, size, format, arguments);
  leave(l);
  return length;
}

int ntk_format(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = ntk_format_list(text, size, format, arguments);
  va_end(arguments);
  return length;
}

double ntk_read_real(const char *text, char **end) {
  const locales l = enter();
  const double value = strtod(text, end);
  leave(l);
  return value;
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

/* Bytes of the character that begins here; 0 where none does (RFC 3629). */
static size_t character_length(const unsigned char *c) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: shorter forms exist */
  if (c[0] < 0x80)
    return 1;
  const size_t length = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : c[0] >= 0xc0 ? 2 : 0;
  uint32_t code = length > 0 ? c[0] & (0x7fu >> length) : 0;
  for (size_t k = 1; k < length; k++) {
    if ((c[k] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (c[k] & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return length > 0 && code >= least[length] && code <= 0x10ffff && !surrogate ? length : 0;
}

void ntk_text_clean(char *text) {
  unsigned char *c = (unsigned char *)text;
  while (*c != '\0') {
    const size_t length = character_length(c);
    if (length == 0 || *c < 0x20 || *c == 0x7f)
      *c = '?';
    c += length > 0 ? length : 1;
  }
}

/* ---- Whole numbers --------------------------------------------------------------------------- */

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

const char *ntk_text_whole(const char *text, size_t length, uint64_t least, uint64_t most,
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

const char *ntk_amount(double bytes, char text[NTK_AMOUNT]) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB"};
  size_t unit = 0;
  while (unit < 3 && bytes >= 999.5) {
    bytes *= 1e-3;
    unit++;
  }
  const bool many = bytes >= 999.5; /* %g would write 2.23e+03 */
  (void)ntk_format(text, NTK_AMOUNT, many ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
  return text;
}
