/* Gauss elimination modulo a prime, in Montgomery's form, of the rows that are not in the span of
 * those before: a vector w that is orthogonal to the span, and random but for that, tells these by
 * one product each. After a new row w is found anew, by back-substitution. */
#include "data/span.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/ranks/ranks.h"

#include <math.h>

enum { PRIMES = 2, LEAST = -1126, POWERS = 2100 }; /* of two, in doubles of 53 bits before them */

/* Drawn; (p - 1) / 2 is a prime too, so that no few powers of two are all there are. */
static const uint64_t primes[PRIMES] = {UINT64_C(0x3a9d26277b78407b), UINT64_C(0x33e6eef2cfa00a1f)};

__extension__ typedef unsigned __int128 wide;

typedef struct search {
  const ntk_held *held;
  uint64_t p, minus_inverse; /* -1/p modulo 2^64 */
  uint64_t one;              /* of Montgomery's form: 2^64 modulo p */
  uint64_t *power;           /* POWERS: 2^(LEAST + i), times 2^128 */
  uint64_t *basis;           /* most x d: each 1 at its pivot, and 0 at those of the ones before */
  uint64_t *row, *w;         /* d each */
  size_t *pivot;             /* most: where they are */
  size_t most, count;
} search;

/* a b / 2^64. */
static uint64_t times(const search *s, uint64_t a, uint64_t b) {
  const wide product = (wide)a * b;
  const uint64_t m = (uint64_t)product * s->minus_inverse;
  const uint64_t t = (uint64_t)((product + (wide)m * s->p) >> 64);
  return t >= s->p ? t - s->p : t;
}

static uint64_t minus(const search *s, uint64_t a, uint64_t b) {
  return a >= b ? a - b : a + s->p - b;
}

static uint64_t inverse(const search *s, uint64_t a) { /* a^(p - 2) */
  uint64_t power = s->one;
  for (uint64_t bits = s->p - 2; bits > 0; bits >>= 1, a = times(s, a, a))
    if (bits & 1)
      power = times(s, power, a);
  return power;
}

static void choose_prime(search *s, uint64_t p) {
  uint64_t inverse_of_p = 1; /* Newton: each step has twice the digits */
  for (int i = 0; i < 6; i++)
    inverse_of_p *= 2 - p * inverse_of_p;
  s->p = p;
  s->minus_inverse = -inverse_of_p;
  s->one = (uint64_t)(((wide)1 << 64) % p);
  s->count = 0;
  const uint64_t square = (uint64_t)((wide)s->one * s->one % p); /* 2^128 */
  uint64_t power = square;
  for (int i = LEAST; i < 0; i++) /* halves */
    power = power % 2 == 0 ? power / 2 : (power + p) / 2;
  for (size_t i = 0; i < POWERS; i++) {
    s->power[i] = power;
    power = minus(s, power, p - power);
  }
}

static uint64_t residue(const search *s, double x) {
  int exponent;
  const int64_t whole = (int64_t)ldexp(frexp(x, &exponent), 53);
  const uint64_t size = (uint64_t)(whole < 0 ? -whole : whole) % s->p;
  const uint64_t value = times(s, size, s->power[exponent - 53 - LEAST]);
  return whole < 0 ? minus(s, 0, value) : value;
}

/* Orthogonal to the rows of the basis; what is not at a pivot is drawn. */
static void find_normal(search *s) {
  const size_t d = s->held->d;
  const ntk_random random = {s->p, NTK_STREAM_POPULATION, 0};
  uint64_t words[4];
  for (size_t j = 0; j < d; j++) {
    ntk_random_words(random, 0, j, words);
    s->w[j] = words[0] % s->p;
  }
  for (size_t b = 0; b < s->count; b++)
    s->w[s->pivot[b]] = 0;
  for (size_t b = s->count; b-- > 0;) { /* the last one knows no other's pivot */
    const uint64_t *row = s->basis + b * d;
    uint64_t sum = 0;
    for (size_t j = 0; j < d; j++)
      sum = minus(s, sum, times(s, row[j], s->w[j]));
    s->w[s->pivot[b]] = sum;
  }
}

static bool is_new(search *s, const double *x) {
  const size_t d = s->held->d;
  uint64_t sum = 0;
  for (size_t j = 0; j < d; j++) {
    s->row[j] = residue(s, x[j]);
    sum = minus(s, sum, times(s, s->row[j], s->w[j]));
  }
  return sum != 0;
}

/* s->row, less what the basis has of it, into the basis. */
static void add_row(search *s) {
  const size_t d = s->held->d;
  size_t pivot = 0;
  for (size_t b = 0; b < s->count; b++) {
    const uint64_t *row = s->basis + b * d, by = s->row[s->pivot[b]];
    for (size_t j = 0; by != 0 && j < d; j++)
      s->row[j] = minus(s, s->row[j], times(s, by, row[j]));
  }
  while (s->row[pivot] == 0) /* w says that there is one */
    pivot++;
  const uint64_t scale = inverse(s, s->row[pivot]);
  for (size_t j = 0; j < d; j++)
    s->basis[s->count * d + j] = times(s, scale, s->row[j]);
  s->pivot[s->count++] = pivot;
  find_normal(s);
}

/* Modulo the prime; lead: room for ntk_held_group rows, or NULL: all are here. */
static ntk_status find_rank(ntk_context *context, search *s, double *lead, size_t *rank) {
  const ntk_held *held = s->held;
  const size_t N = held->share.N, some = lead != NULL ? ntk_held_group(held) : N;
  size_t asked[NTK_HELD_SOME];
  find_normal(s);
  for (size_t i = 0; i < N; i += some) {
    const size_t end = i + some < N ? i + some : N;
    for (size_t k = i; k < end && lead != NULL; k++)
      asked[k - i] = k;
    if (lead != NULL)
      NTK_TRY(ntk_held_fetch(context, held, asked, end - i, lead));
    for (size_t k = i; k < end; k++) {
      if (!is_new(s, lead != NULL ? lead + (k - i) * held->d : held->X + k * held->d))
        continue;
      if (s->count == s->most) {
        *rank = s->most + 1;
        return NTK_OK;
      }
      add_row(s);
    }
  }
  *rank = s->count;
  return NTK_OK;
}

static ntk_status make_room(ntk_context *context, search *s, double **lead) {
  const size_t d = s->held->d;
  size_t words = 0;
  void *pointer = NULL;
  NTK_TRY(ntk_size_multiply(s->most + 2, d, "the rows' span", &words));
  NTK_TRY(
      ntk_alloc(context, words + POWERS + s->most, sizeof(uint64_t), "the rows' span", &pointer));
  s->power = pointer;
  s->row = s->power + POWERS;
  s->w = s->row + d;
  s->basis = s->w + d;
  s->pivot = (size_t *)(s->basis + s->most * d);
  return s->held->share.ranks == 1
             ? NTK_OK
             : ntk_alloc_doubles(context, ntk_held_group(s->held) * d, "the rows' span", lead);
}

ntk_status ntk_span(ntk_context *context, const ntk_held *held, size_t most, size_t *rank) {
  search s = {.held = held, .most = most < held->d ? most : held->d};
  double *lead = NULL;
  size_t found = 0;
  ntk_status status = make_room(context, &s, &lead);
  if (held->share.ranks > 1)
    status = ntk_ranks_agree(context, status, ntk_ranks_what("span", held->share.N, held->d, most));
  for (int k = 0; k < PRIMES && status == NTK_OK && found <= s.most; k++) {
    size_t by_prime = 0;
    choose_prime(&s, primes[k]);
    status = find_rank(context, &s, lead, &by_prime);
    found = by_prime > found ? by_prime : found;
  }
  ntk_free(context, lead);
  ntk_free(context, s.power);
  if (status == NTK_OK)
    *rank = found;
  return status;
}

double ntk_span_bytes(size_t d, size_t most) {
  const double rows = (double)(most < d ? most : d) + 2.0;
  return 8.0 * ((rows + 1.0) * (double)d + POWERS + rows);
}
