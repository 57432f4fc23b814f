/* The double nearest to a decimal number, digits 10^q with digits < 2^64:
 *   digits 5^q 2^q, with 5^q = T 2^e, 2^127 <= T < 2^128, T cut off to a whole number. T comes from
 * a table, made exactly when the first number is read. Of digits T, shifted to the front, 128 bits
 *     are kept. Cutting off twice takes less than 2 off their last place; so an interval is known
 *     that holds the number, and where no middle between two doubles lies in it, they are rounded.
 *     The idea to keep few bits and know when they do not do is Eisel's and Lemire's ("Number
 *     parsing at a gigabyte per second", 2021);
 *   strtod, which is right everywhere (Clinger, "How to read floating point numbers accurately",
 *     1990): what is not sure, which happens for middles k 10^-1 .. k 10^-4 and nearly nowhere else
 *     (Mushtak and Lemire, "Fast number parsing without fallback", 2023), and the ends of the
 * range. Of more than 19 digits the first 19 count, and the same with 1 added to them: the number
 * lies between. Cost: eight digits at a time, 15 ns for 17 of them. */
#include "data/text/decimal.h"

#include "base/text.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

enum { LEAST = -342, MOST = 308 }; /* q: beyond, every number of 19 digits is 0 or infinite */

/* T = 2^64 high + low. */
static struct { uint64_t high, low; } powers[MOST - LEAST + 1];

/* A whole number of bits: words of 32, the least first. The lowest four stay 0 under 5^q, q >= 0,
 * so that at least 128 bits can be taken from the first one that is set on. */
enum { WORDS = 36, NOUGHTS = 4 };

static void keep_front(const uint32_t *x, int q) {
  int k = WORDS - 1;
  while (x[k] == 0)
    k--;
  const int gap = __builtin_clz(x[k]);
  const uint64_t high = (uint64_t)x[k] << 32 | x[k - 1], low = (uint64_t)x[k - 2] << 32 | x[k - 3];
  const uint64_t rest = (uint64_t)x[k - 4] << 32;
  powers[q - LEAST].high = high << gap | low >> 1 >> (63 - gap);
  powers[q - LEAST].low = low << gap | rest >> 1 >> (63 - gap);
}

/* 5^308 < 2^716. 2^1151 / 5^342 > 2^356, and its whole part is that of one fifth of the whole part
 * of 2^1151 / 5^341. */
static void make_powers(void) {
  uint32_t x[WORDS] = {[NOUGHTS] = 1}, y[WORDS] = {[WORDS - 1] = 0x80000000};
  for (int q = 0; q <= MOST; q++) {
    keep_front(x, q);
    uint64_t carry = 0;
    for (int k = NOUGHTS; k < WORDS; k++, carry >>= 32) {
      carry += (uint64_t)5 * x[k];
      x[k] = (uint32_t)carry;
    }
  }
  for (int q = -1; q >= LEAST; q--) {
    uint64_t rest = 0;
    for (int k = WORDS - 1; k >= 0; k--) {
      rest = rest << 32 | y[k];
      y[k] = (uint32_t)(rest / 5);
      rest %= 5;
    }
    keep_front(y, q);
  }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool ready;

static void prepare(void) {
  (void)pthread_once(&once, make_powers);
  atomic_store_explicit(&ready, true, memory_order_release);
}

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
  *found = 0;
  if (digits == 0)
    return true;
  if (q < LEAST || q > MOST)
    return false;
  const int before = __builtin_clzll(digits);
  uint64_t low = 0, lower = 0;
  const uint64_t more = multiply(digits << before, powers[q - LEAST].low, &lower);
  uint64_t high = multiply(digits << before, powers[q - LEAST].high, &low);
  low += more;
  high += low < more;
  const int lead = high >> 63 == 0; /* a product of two numbers whose first bit is set */
  /* 217706 / 2^16: log2(10), so near that the floor is right for every q here. */
  const int biased = BIAS + 64 - lead - before + ((217706 * q + (2000 << 16)) >> 16) - 2000;
  const int drop = 64 - KEPT - lead + (biased > 0 ? 0 : 1 - biased);
  if (biased >= TOP || drop > 63)
    return false;
  *found = ((high >> (drop - 1)) + 1) >> 1; /* a middle goes up */
  if (low + 2 <= 2) {                       /* from high - 2 / 2^64 to high: may be at a middle */
    const uint64_t middle = (uint64_t)1 << (drop - 1), rest = high & (2 * middle - 1);
    const bool exact = q >= 0 && q <= EXACT;
    if (!exact && rest == (low == 0 ? middle : middle - 1))
      return false;
    *found &= ~(uint64_t)(low == 0 && rest == middle); /* ties to even */
  }
  if (biased > 0) /* the first bit is not written, and adds 1 to what is */
    *found += (uint64_t)(biased - 1) << (KEPT - 1);
  return true;
}

/* The digits read so far, times 10^exponent; whole: no digit but 0 was left out. */
typedef struct decimal {
  uint64_t digits;
  int exponent;
  bool whole;
} decimal;

static inline bool nearest(const decimal *d, uint64_t *bits) {
  if (!atomic_load_explicit(&ready, memory_order_acquire))
    prepare();
  uint64_t above = 0;
  return scaled(d->digits, d->exponent, bits) &&
         (d->whole || (scaled(d->digits + 1, d->exponent, &above) && above == *bits));
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
  return is_digit(*c) ? read_last(c, d) : c;
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

/* The same by the C library, which knows one point alone. */
static double slow(const char *text, const char *end, char point) {
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

const char *ntk_decimal_read(const char *text, const char *end, char point, double *value) {
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
    c = read_digits(c, end, &d);
    d.exponent -= (int)(c - first);
    count += c - first;
  }
  if (count == 0)
    return read_word(text + (*text == '-' || *text == '+'), negative, value);
  c = read_exponent(c, &d.exponent);
  uint64_t bits = 0;
  if (nearest(&d, &bits)) {
    bits |= negative << 63;
    memcpy(value, &bits, sizeof bits);
  } else
    *value = slow(text, c, point);
  return c;
}
