/* The double nearest to a decimal number, digits 10^q with digits < 2^64:
 *   digits 5^q 2^q, with 5^q = T 2^e, 2^127 <= T < 2^128, T cut off to a whole number and kept in a
 *     table. Of digits T, shifted to the front, 128 bits are kept. Cutting off twice takes less
 *     than 2 off their last place; so an interval is known that holds the number, and where no
 *     middle between two doubles lies in it, both ends round to one. The idea to keep few bits and
 *     know when they do not do is Eisel's and Lemire's ("Number parsing at a gigabyte per second",
 *     2021);
 *   strtod (Clinger, "How to read floating point numbers accurately", 1990) where that is not sure:
 *     the ends of the range, middles k 10^-1 .. k 10^-4, and nearly nothing else (Mushtak and
 *     Lemire, "Fast number parsing without fallback", 2023).
 * Of more than 19 digits the first 19 count, and the same with 1 added: the number lies between. */
#include "data/text/decimal.h"

#include "base/text.h"
#include "data/text/powers.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* floor(a b / 2^64); *low: the rest. */
static inline uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  const wide product = (wide)a * b;
  *low = (uint64_t)product;
  return (uint64_t)(product >> 64);
#else
  const uint64_t half = 0xffffffff, first = (a & half) * (b & half);
  const uint64_t one = (a >> 32) * (b & half) + (first >> 32);
  const uint64_t other = (a & half) * (b >> 32) + (one & half);
  *low = other << 32 | (first & half);
  return (a >> 32) * (b >> 32) + (one >> 32) + (other >> 32);
#endif
}

/* The double nearest to digits 10^q, as its bits; false: not sure. */
static inline bool scaled(uint64_t digits, int q, uint64_t *found) {
  enum { BIAS = 1023, KEPT = 53, TOP = 2047, EXACT = 27 /* 5^27 < 2^64 */ };
  if (digits == 0) {
    *found = 0;
    return true;
  }
  if (q < NTK_POWER_LEAST || q > NTK_POWER_MOST)
    return false;
  const ntk_power *power = ntk_power_of_five(q);
  const int before = __builtin_clzll(digits);
  uint64_t low = 0, lower = 0;
  const uint64_t more = multiply(digits << before, power->low, &lower);
  uint64_t high = multiply(digits << before, power->high, &low);
  low += more;
  high += low < more;
  const int lead = high >> 63 == 0; /* a product of two numbers whose first bit is set */
  /* 217706 / 2^16: log2(10), so near that the floor is right for every q here. */
  const int biased = BIAS + 64 - lead - before + ((217706 * q + (2000 << 16)) >> 16) - 2000;
  const int drop = 64 - KEPT - lead;
  if (biased <= 0 || biased >= TOP)
    return false;
  uint64_t whole = ((high >> (drop - 1)) + 1) >> 1; /* a middle goes up */
  if (low + 2 <= 2) {                               /* the interval may hold a middle */
    const uint64_t middle = (uint64_t)1 << (drop - 1), rest = high & (2 * middle - 1);
    const bool exact = q >= 0 && q <= EXACT;
    if (!exact && rest == (low == 0 ? middle : middle - 1))
      return false;
    whole &= ~(uint64_t)(low == 0 && rest == middle); /* ties to even */
  }
  /* The first bit is not written, and adds 1 to what is. */
  *found = whole + ((uint64_t)(biased - 1) << (KEPT - 1));
  return true;
}

/* The digits read so far, times 10^exponent; whole: no digit but 0 was left out. */
typedef struct decimal {
  uint64_t digits;
  int exponent;
  bool whole;
} decimal;

/* Of digits that are not all. */
__attribute__((noinline)) static bool between(uint64_t digits, int exponent, uint64_t *bits) {
  uint64_t above = 0;
  return scaled(digits, exponent, bits) && scaled(digits + 1, exponent, &above) && above == *bits;
}

static inline bool nearest(const decimal *d, uint64_t *bits) {
  if (d->whole)
    return scaled(d->digits, d->exponent, bits);
  uint64_t found = 0;
  const bool sure = between(d->digits, d->exponent, &found);
  *bits = found;
  return sure;
}

/* nan, inf or infinity. */
__attribute__((noinline)) static const char *read_word(const char *text, bool negative,
                                                       double *value) {
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

static inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* One by one; those from the 20th on are left out. */
__attribute__((noinline)) static const char *read_last(const char *c, decimal *d) {
  for (; is_digit(*c); c++)
    if (d->digits < 1000000000000000000u) {
      d->digits = 10 * d->digits + (uint64_t)(*c - '0');
    } else {
      d->whole = d->whole && *c == '0';
      d->exponent++;
    }
  return c;
}

/* What follows sixteen digits at c, if there are as many, and d has few; they are set behind them.
 */
static inline const char *read_sixteen(const char *c, const char *end, decimal *d) {
  if (end - c < 16 || d->digits >= 100)
    return c;
  const uint64_t first = ntk_eight(c), second = ntk_eight(c + 8);
  if ((ntk_eight_others(first) | ntk_eight_others(second)) != 0)
    return c;
  d->digits = 10000000000000000u * d->digits + 100000000u * ntk_eight_value(first, 8) +
              ntk_eight_value(second, 8);
  return c + 16;
}

/* The digits at c, set behind those of d; what follows them. */
static inline const char *read_digits(const char *c, const char *end, decimal *d) {
  static const uint64_t tens[] = {1u,      10u,      100u,      1000u,     10000u,
                                  100000u, 1000000u, 10000000u, 100000000u};
  static const uint64_t room[] = {/* 10^19 / 10^n */
                                  10000000000000000000u, 1000000000000000000u, 100000000000000000u,
                                  10000000000000000u,    1000000000000000u,    100000000000000u,
                                  10000000000000u,       1000000000000u,       100000000000u};
  while (end - c >= 8) {
    const uint64_t eight = ntk_eight(c);
    const int n = ntk_eight_digits(eight);
    if (d->digits >= room[n])
      break;
    d->digits = d->digits * tens[n] + ntk_eight_value(eight, n);
    c += n;
    if (n < 8)
      return c;
  }
  if (!is_digit(*c))
    return c;
  decimal all = *d; /* so that *d, whose place nobody else knows, is kept in registers */
  c = read_last(c, &all);
  *d = all;
  return c;
}

/* What follows the exponent at text, which begins with e, if it is one. */
__attribute__((noinline)) static const char *read_exponent(const char *text, int *exponent) {
  const char *c = text + 1;
  const bool negative = *c == '-';
  c += *c == '-' || *c == '+';
  if (!is_digit(*c))
    return text;
  int size = 0;
  for (; is_digit(*c); c++)
    size = size < 10000 ? 10 * size + (*c - '0') : size;
  *exponent = negative ? -size : size;
  return c;
}

/* The same by the C library, which knows one point alone. */
__attribute__((noinline)) static double slow(const char *text, const char *end, char point) {
  enum { ROOM = 600 };
  char copy[ROOM], *mark = NULL;
  if (point == '.' || (size_t)(end - text) >= sizeof copy)
    return ntk_read_real(text, &mark);
  memcpy(copy, text, (size_t)(end - text));
  copy[end - text] = '\0';
  mark = strchr(copy, point);
  if (mark != NULL)
    *mark = '.';
  return ntk_read_real(copy, &mark);
}

static inline const char *read_one(const char *text, const char *end, char point, double *value) {
  const char *c = text;
  const uint64_t negative = *c == '-';
  c += (*c == '-') | (*c == '+');
  decimal d = {.whole = true};
  const char *first = c;
  if (is_digit(*c) && c[1] == point) /* as most are: where the point is need not be found */
    d.digits = (uint64_t)(*c++ - '0');
  else
    c = read_digits(c, end, &d);
  ptrdiff_t count = c - first;
  if (*c == point) {
    first = ++c;
    c = read_digits(read_sixteen(c, end, &d), end, &d);
    d.exponent -= (int)(c - first);
    count += c - first;
  }
  if (count == 0)
    return read_word(text + (*text == '-' || *text == '+'), negative, value);
  if ((*c | 0x20) == 'e') {
    int shift = 0;
    c = read_exponent(c, &shift);
    d.exponent += shift;
  }
  uint64_t bits = 0;
  if (nearest(&d, &bits)) {
    bits |= negative << 63;
    memcpy(value, &bits, sizeof bits);
  } else
    *value = slow(text, c, point);
  return c;
}

const char *ntk_decimal_read(const char *text, const char *end, char point, double *value) {
  return read_one(text, end, point, value);
}

size_t ntk_decimals_read(ntk_decimals *from, size_t most, double *out) {
  const char *at = from->at, *const end = from->end;
  const char delimiter = from->delimiter, point = from->point;
  size_t count = 0;
  for (; count < most && end - at >= from->room; count++) {
    const uint64_t eight = ntk_eight(at);
    const int n = ntk_eight_digits(eight);
    const char *after = at + n;
    if (*after == delimiter && n > 0 && n < 8) { /* in this order: signs cannot be foreseen */
      out[count] = (double)(int64_t)ntk_eight_value(eight, n);
    } else {
      double value = 0.0;
      after = read_one(at, end, point, &value);
      if (after == NULL || *after != delimiter || after - at >= from->most || !isfinite(value))
        break;
      out[count] = value;
    }
    at = after + 1;
  }
  from->at = at;
  return count;
}
