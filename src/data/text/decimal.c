/* The double nearest to a decimal number, by the first of these that is sure of it:
 *   digits times or over a power of ten, both exact in double, up to 2^53 and 10^22: rounded once
 *     (Clinger, "How to read floating point numbers accurately", 1990);
 *   digits 5^q 2^q in 128 bits: 5^q = 5^(28 k) 5^b with 0 <= b < 28, the first from a table, cut
 * off to 128 bits, the second exact in 64. Cutting off leaves an interval that holds the number;
 * where both its ends round to one double, that is the one. The idea to keep few bits and know when
 *     they do not do is Eisel's and Lemire's ("Number parsing at a gigabyte per second", 2021);
 *   strtod: what lies next to the middle between two doubles, and the ends of the range.
 * Of more than 19 digits the first 19 count, and the same with 1 added to them: the number lies
 * between. Cost: eight digits at a time, some 10 ns. */
#include "data/text/decimal.h"

#include "base/text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { POWERS = 22, STEP = 28, LEAST = -13, MOST = 11 };

static const double powers[POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* 5^(28 k), k from LEAST to MOST: (high 2^64 + low) 2^exponent, cut off, the first bit set. */
static const struct {
  uint64_t high, low;
  int exponent;
} coarse[MOST - LEAST + 1] = {
    {0xe1afa13afbd14d6d, 0x82189c09a3a1ec21, -973}, {0xe3e27a444d8d98b7, 0xfd1b1b2308169b25, -908},
    {0xe61acf033d1a45df, 0x6fb92487298e33bd, -843}, {0xe858ad248f5c22c9, 0xd1b3400f8f9cff68, -778},
    {0xea9c227723ee8bcb, 0x465e15a979c1cadc, -713}, {0xece53cec4a314ebd, 0xa4f8bf5635246428, -648},
    {0xef340a98172aace4, 0x86fb897116c87c34, -583}, {0xf18899b1bc3f8ca1, 0xdc44e6c3cb279ac1, -518},
    {0xf3e2f893dec3f126, 0x5a89dba3c3efccfa, -453}, {0xf64335bcf065d37d, 0x4d4617b5ff4a16d5, -388},
    {0xf8a95fcf88747d94, 0x75a44c6397ce912a, -323}, {0xfb158592be068d2e, 0xeed6e2f0f0d56712, -258},
    {0xfd87b5f28300ca0d, 0x8bca9d6e188853fc, -193}, {0x8000000000000000, 0x0000000000000000, -127},
    {0x813f3978f8940984, 0x4000000000000000, -62},  {0x82818f1281ed449f, 0xbff8f10e7a8921a4, 3},
    {0x83c7088e1aab65db, 0x792667c6da79e0fa, 68},   {0x850fadc09923329e, 0x03e2cf6bc604ddb0, 133},
    {0x865b86925b9bc5c2, 0x0b8a2392ba45a9b2, 198},  {0x87aa9aff79042286, 0x90fb44d2f05d0842, 263},
    {0x88fcf317f22241e2, 0x441fece3bdf81f03, 328},  {0x8a5296ffe33cc92f, 0x82bd6b70d99aaa6f, 393},
    {0x8bab8eefb6409c1a, 0x1ad089b6c2f7548e, 458},  {0x8d07e33455637eb2, 0xdb0b487b6423e1e8, 523},
    {0x8e679c2f5e44ff8f, 0x570f09eaa7ea7648, 588},
};
/* 5^b. */
static const uint64_t fine[STEP] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625ull,
    30517578125ull,
    152587890625ull,
    762939453125ull,
    3814697265625ull,
    19073486328125ull,
    95367431640625ull,
    476837158203125ull,
    2384185791015625ull,
    11920928955078125ull,
    59604644775390625ull,
    298023223876953125ull,
    1490116119384765625ull,
    7450580596923828125ull,
};

static int zeros(uint64_t bits) { /* in front; bits > 0 */
  return __builtin_clzll(bits);
}

/* floor((high 2^64 + low) factor / 2^64); *rest: whether that left a rest. */
static wide times(uint64_t high, uint64_t low, uint64_t factor, bool *rest) {
  const wide lower = (wide)low * factor;
  *rest = (uint64_t)lower != 0;
  return (wide)high * factor + (uint64_t)(lower >> 64);
}

/* bits / 2^drop to the nearest whole number, ties to even; 0 < drop < 128. */
static uint64_t rounded(wide bits, int drop) {
  const wide half = (wide)1 << (drop - 1), rest = bits & (2 * half - 1);
  const uint64_t whole = (uint64_t)(bits >> drop);
  return whole + (rest > half || (rest == half && (whole & 1) != 0));
}

/* digits 10^exponent, digits > 0; false: not sure. */
static bool scaled(uint64_t digits, int exponent, double *value) {
  if (exponent < STEP * LEAST || exponent >= STEP * (MOST + 1))
    return false;
  const int k = (exponent - STEP * LEAST) / STEP, b = exponent - STEP * (k + LEAST);
  const int before = zeros(digits), gap = zeros(fine[b]);
  bool rest = false;
  const wide power = times(coarse[k].high, coarse[k].low, fine[b] << gap, &rest);
  wide bits = times((uint64_t)(power >> 64), (uint64_t)power, digits << before, &rest);
  /* The table's entry lacks less than 1, so power less than 2, so bits less than 3; 5^0 lacks
   * nothing, nor does power then. */
  wide slack = k == -LEAST ? rest : 3;
  const int lead = zeros((uint64_t)(bits >> 64)); /* at most 2 */
  bits <<= lead;
  slack <<= lead;
  if (bits + slack < bits)
    return false;
  enum { BIAS = 1023, KEPT = 53, TOP = 2047 };
  const int biased = coarse[k].exponent + 128 - gap - before + exponent - lead + 127 + BIAS;
  const int drop = 128 - KEPT + (biased > 0 ? 0 : 1 - biased);
  if (biased >= TOP || drop > 127)
    return false;
  uint64_t found = rounded(bits, drop);
  if (found != rounded(bits + slack, drop))
    return false;
  if (biased > 0) /* the first bit is not written, and adds 1 to what is */
    found += (uint64_t)(biased - 1) << (KEPT - 1);
  memcpy(value, &found, sizeof found);
  return true;
}
#else
static bool scaled(uint64_t digits, int exponent, double *value) {
  (void)digits, (void)exponent, (void)value;
  return false;
}
#endif

/* The digits read so far, times 10^exponent; whole: no digit but 0 was left out. */
typedef struct decimal {
  uint64_t digits;
  int exponent;
  bool whole;
} decimal;

static bool quick(const decimal *d, double *value) {
  const uint64_t digits = d->digits;
  const int exponent = d->exponent;
  if (d->whole && digits <= (uint64_t)1 << 53 && exponent >= -POWERS && exponent <= POWERS) {
    *value = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
  }
  double above = 0.0;
  return digits > 0 && scaled(digits, exponent, value) &&
         (d->whole || (scaled(digits + 1, exponent, &above) && above == *value));
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

/* The digits at c; what follows them. */
static const char *read_digits(const char *c, const char *end, bool fraction, decimal *d) {
  static const uint64_t ROOM_FOR_8 = 100000000000u, ROOM_FOR_1 = 1000000000000000000u;
  while (end - c >= 8 && d->digits < ROOM_FOR_8) {
    const uint64_t eight = ntk_eight(c);
    const int n = ntk_eight_digits(eight);
    if (n == 0)
      return c;
    d->digits = d->digits * (uint64_t)powers[n] + ntk_eight_value(eight, n);
    d->exponent -= fraction ? n : 0;
    c += n;
    if (n < 8)
      return c;
  }
  for (; is_digit(*c); c++)
    if (d->digits < ROOM_FOR_1) {
      d->digits = 10 * d->digits + (uint64_t)(*c - '0');
      d->exponent -= fraction;
    } else {
      d->whole = d->whole && *c == '0';
      d->exponent += !fraction;
    }
  return c;
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
  const bool negative = *c == '-';
  c += *c == '-' || *c == '+';
  decimal d = {.whole = true};
  const char *first = c;
  c = read_digits(c, end, false, &d);
  ptrdiff_t count = c - first;
  if (*c == point) {
    first = ++c;
    c = read_digits(c, end, true, &d);
    count += c - first;
  }
  if (count == 0)
    return read_word(text + (*text == '-' || *text == '+'), negative, value);
  c = read_exponent(c, &d.exponent);
  if (!quick(&d, value))
    *value = slow(text, c, point);
  else if (negative)
    *value = -*value;
  return c;
}
