/* Each row is divided by its first entry that is not 0, or by that entry's size or sign. Rounded
 * quotients of multiples agree to the last bit, for they round the same numbers. So candidates are
 * found by a hash of the quotients, sorted, and tried in exact arithmetic: x_i[j] x_k[p] =
 * x_k[j] x_i[p] for every j, p being where that entry stands. */
#include "data/parallel_rows.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/hashed_rows.h"

#include <math.h>

/* The first entry that is not 0; d: there is none. */
static size_t pivot_of(const double *row, size_t d) {
  size_t p = 0;
  while (p < d && row[p] == 0.0)
    p++;
  return p;
}

/* What a row whose pivot that is gets divided by. */
static double divisor(double pivot, ntk_multiples multiples) {
  switch (multiples) {
  case NTK_MULTIPLES_EQUAL:
    return 1.0;
  case NTK_MULTIPLES_OPPOSITE:
    return pivot < 0.0 ? -1.0 : 1.0;
  case NTK_MULTIPLES_POSITIVE:
    return fabs(pivot);
  default:
    return pivot;
  }
}

/* how: which multiples count. */
static uint64_t hash_row(const double *row, size_t d, const void *how) {
  const ntk_multiples *multiples = how;
  const size_t p = pivot_of(row, d);
  const double by = p < d ? divisor(row[p], *multiples) : 1.0;
  uint64_t hash = NTK_HASH_START;
  for (size_t j = 0; j < d; j++)
    hash = ntk_hash_double(hash, row[j] / by);
  return hash;
}

/* a b = (high + low) 2^exponent, |high| in [1/2, 1) or all 0. */
typedef struct product {
  double high, low;
  int exponent;
} product;

static product exact_product(double a, double b) {
  int of_a, of_b, of_high;
  const double x = frexp(a, &of_a), y = frexp(b, &of_b), high = x * y;
  const double low = fma(x, y, -high);
  const double scaled = frexp(high, &of_high);
  if (high == 0.0)
    return (product){0.0, 0.0, 0};
  return (product){scaled, ldexp(low, -of_high), of_a + of_b + of_high};
}

static bool products_equal(double a, double b, double c, double d) {
  const product p = exact_product(a, b), q = exact_product(c, d);
  return p.high == q.high && p.low == q.low && p.exponent == q.exponent;
}

static bool rows_parallel(const double *x, const double *y, size_t d, ntk_multiples multiples,
                          double *factor) {
  const size_t p = pivot_of(x, d);
  *factor = 1.0;
  if (pivot_of(y, d) != p)
    return false;
  if (p == d)
    return true;
  *factor = y[p] / x[p];
  const bool positive = (y[p] > 0.0) == (x[p] > 0.0);
  if ((multiples == NTK_MULTIPLES_EQUAL && y[p] != x[p]) ||
      (multiples == NTK_MULTIPLES_OPPOSITE && fabs(y[p]) != fabs(x[p])) ||
      (multiples == NTK_MULTIPLES_POSITIVE && !positive))
    return false;
  for (size_t j = p + 1; j < d; j++)
    if (!products_equal(x[j], y[p], y[j], x[p]))
      return false;
  return true;
}

typedef struct search {
  ntk_context *context;
  const ntk_held *held;
  ntk_multiples multiples;
  const ntk_hashed_row *rows; /* N, those of one hash together */
  size_t *first;              /* N: not known */
  double *factor;             /* NaN until first is known where the row is */
  double *lead;               /* room for ntk_held_group rows of other ranks; NULL: all are here */
} search;

/* Rows with which others of their hash, up to `end` among the sorted, are to be compared. */
typedef struct leaders {
  size_t count, row[NTK_HELD_SOME], place[NTK_HELD_SOME], end[NTK_HELD_SOME];
} leaders;

/* The first of [begin, end) whose row has nothing yet; end: none. */
static size_t next_open(const search *s, size_t begin, size_t end) {
  while (begin < end && s->first[s->rows[begin].row] < s->held->share.N)
    begin++;
  return begin;
}

static size_t end_of_hash(const search *s, size_t begin) {
  size_t end = begin + 1;
  while (end < s->held->share.N && s->rows[end].hash == s->rows[begin].hash)
    end++;
  return end;
}

/* With those that are here. */
static ntk_status compare_with(const search *s, leaders *l) {
  const ntk_held *held = s->held;
  const ntk_share *share = &held->share;
  if (s->lead != NULL && l->count > 0)
    NTK_TRY(ntk_held_fetch(s->context, held, l->row, l->count, s->lead));
  for (size_t i = 0; i < l->count; i++) {
    const double *x = s->lead != NULL ? s->lead + i * held->d : held->X + l->row[i] * held->d;
    for (size_t k = next_open(s, l->place[i] + 1, l->end[i]); k < l->end[i];
         k = next_open(s, k + 1, l->end[i])) {
      const size_t row = s->rows[k].row;
      double c = 1.0;
      if (ntk_share_owner(share, row) == share->rank &&
          rows_parallel(x, held->X + ntk_share_below(share, share->rank, row) * held->d, held->d,
                        s->multiples, &c))
        s->factor[row] = c;
    }
  }
  l->count = 0;
  return NTK_OK;
}

/* Of each hash the first row that has nothing yet leads. *compared: whether there were any others,
 * on whatever rank. */
static ntk_status compare_with_first(const search *s, bool *compared) {
  const size_t N = s->held->share.N, some = ntk_held_group(s->held);
  leaders l = {0};
  *compared = false;
  for (size_t begin = 0, end = 0; begin < N; begin = end) {
    end = end_of_hash(s, begin);
    const size_t leader = next_open(s, begin, end);
    if (leader == end)
      continue;
    const size_t first = s->rows[leader].row;
    s->first[first] = first;
    s->factor[first] = 1.0;
    if (next_open(s, leader + 1, end) == end)
      continue;
    *compared = true;
    l.row[l.count] = first;
    l.place[l.count] = leader;
    l.end[l.count++] = end;
    if (l.count == some)
      NTK_TRY(compare_with(s, &l));
  }
  return compare_with(s, &l);
}

/* Those that were found follow the last one of their hash that led. False: none is left. */
static bool follow(const search *s) {
  bool open = false;
  size_t lead = 0;
  for (size_t k = 0; k < s->held->share.N; k++) {
    const size_t row = s->rows[k].row;
    if (s->first[row] == row)
      lead = row;
    else if (s->first[row] == s->held->share.N && !isnan(s->factor[row]))
      s->first[row] = lead;
    open = open || s->first[row] == s->held->share.N;
  }
  return open;
}

static ntk_status find(const search *s) {
  const ntk_held *held = s->held;
  for (size_t k = 0; k < held->share.N; k++) {
    s->first[k] = held->share.N;
    s->factor[k] = NAN;
  }
  for (bool open = true, compared = false; open; open = follow(s)) {
    NTK_TRY(compare_with_first(s, &compared));
    if (compared && held->share.ranks > 1)
      NTK_TRY(ntk_ranks_collect(s->context, &held->share, 1, s->factor));
  }
  return NTK_OK;
}

ntk_status ntk_row_multiples(ntk_context *context, const ntk_held *held, ntk_multiples multiples,
                             size_t *first, double *factor) {
  ntk_hashed_row *rows = NULL;
  search s = {
      .context = context, .held = held, .multiples = multiples, .first = first, .factor = factor};
  NTK_TRY(ntk_hashed_rows(context, held, hash_row, &multiples, &rows));
  ntk_status status = NTK_OK;
  if (held->share.ranks > 1) {
    status = ntk_alloc_doubles(context, ntk_held_group(held) * held->d, "multiples", &s.lead);
    status =
        ntk_ranks_agree(context, status, ntk_ranks_what("multiples", held->share.N, held->d, 0));
  }
  s.rows = rows;
  if (status == NTK_OK)
    status = find(&s);
  ntk_free(context, s.lead);
  ntk_free(context, rows);
  return status;
}

ntk_status ntk_parallel_rows(ntk_context *context, const ntk_held *held, ntk_multiples multiples,
                             ntk_row_pair *pair) {
  const size_t N = held->share.N;
  void *pointer = NULL;
  double *factor = NULL;
  *pair = (ntk_row_pair){N, N, NAN, 0};
  ntk_status status = ntk_alloc(context, N, sizeof(size_t), "multiples", &pointer);
  size_t *first = pointer;
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, N, "multiples", &factor);
  if (held->share.ranks > 1)
    status = ntk_ranks_agree(context, status, ntk_ranks_what("multiples", N, held->d, 1));
  if (status == NTK_OK)
    status = ntk_row_multiples(context, held, multiples, first, factor);
  for (size_t k = 0; k < N && status == NTK_OK; k++) {
    pair->multiples += first[k] < k;
    if (first[k] < k && first[k] < pair->first)
      *pair = (ntk_row_pair){first[k], k, factor[k], pair->multiples};
  }
  ntk_free(context, factor);
  ntk_free(context, first);
  return status;
}

double ntk_parallel_rows_bytes(size_t N) {
  return (double)N * (double)(sizeof(size_t) + sizeof(double) + sizeof(ntk_hashed_row));
}
