/* Decimal numbers in text. */
#ifndef NTK_DATA_TEXT_DECIMAL_H
#define NTK_DATA_TEXT_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The double nearest to the number that text begins with (ties to even), whatever the locale:
 * [+-] digits [point digits] [e [+-] digits], or nan, inf, infinity in any case. Returns what
 * follows it; NULL when text begins with no number. end: NUL stands there, and no further on than
 * that is looked at. */
const char *ntk_decimal_read(const char *text, const char *end, char point, double *value);

/* Numbers with a delimiter behind each. */
typedef struct ntk_decimals {
  const char *at, *end; /* as above, but that eight characters can be read at any `at` <= end */
  ptrdiff_t room;       /* stops where less than that stands before the end, */
  ptrdiff_t most;       /* and at a number of that many characters */
  char delimiter, point;
} ntk_decimals;

/* Reads at most that many finite numbers, the delimiter right behind each, and returns how many;
 * from->at: what follows the last delimiter. */
size_t ntk_decimals_read(ntk_decimals *from, size_t most, double *out);

/* ---- Eight characters at a time ---- */

/* The eight at c, the first the lowest byte. */
static inline uint64_t ntk_eight(const char *c) {
  const unsigned char *u = (const unsigned char *)c;
  return (uint64_t)u[0] | (uint64_t)u[1] << 8 | (uint64_t)u[2] << 16 | (uint64_t)u[3] << 24 |
         (uint64_t)u[4] << 32 | (uint64_t)u[5] << 40 | (uint64_t)u[6] << 48 | (uint64_t)u[7] << 56;
}

/* The highest bit of each that is no digit: of a digit, and nothing else, the bits of '0' taken out
 * leave less than 10, and so no highest bit when 0x76 is added. */
static inline uint64_t ntk_eight_others(uint64_t eight) {
  const uint64_t seven = 0x7f7f7f7f7f7f7f7f, rest = eight ^ 0x3030303030303030;
  return (((rest & seven) + 0x7676767676767676) | rest) & ~seven;
}

/* How many digits they begin with. */
static inline int ntk_eight_digits(uint64_t eight) {
  const uint64_t others = ntk_eight_others(eight);
  return others == 0 ? 8 : __builtin_ctzll(others) / 8;
}

/* The number that the first n of them are, 0 for n = 0: pairs, fours and all eight of them. */
static inline uint64_t ntk_eight_value(uint64_t eight, int n) {
  const int half = 32 - 4 * n; /* a shift by 64 means nothing */
  uint64_t v = (eight << half << half) & 0x0f0f0f0f0f0f0f0f;
  v = (10 * v + (v >> 8)) & 0x00ff00ff00ff00ff;
  v = (100 * v + (v >> 16)) & 0x0000ffff0000ffff;
  return (10000 * v + (v >> 32)) & 0xffffffff;
}

#endif
