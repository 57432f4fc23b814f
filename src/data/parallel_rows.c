/* Each row is divided by its first entry that is not 0, or by that entry's size or sign. Rounded
 * quotients of multiples agree to the last bit, for they round the same numbers. So candidates are
 * found by a hash of the quotients, sorted, and tried in exact arithmetic: x_i[j] x_k[p] =
 * x_k[j] x_i[p] for every j, p being where that entry stands. */
#include "data/parallel_rows.h"

#include "base/memory.h"
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

ntk_status ntk_row_multiples(ntk_context *context, const double *X, size_t N, size_t d,
                             ntk_multiples multiples, size_t *first, double *factor) {
  ntk_hashed_row *rows = NULL;
  NTK_TRY(ntk_hashed_rows(context, X, N, d, hash_row, &multiples, &rows));
  for (size_t i = 0, run = 0; i < N; i++) { /* of one hash: multiples of the first, as a rule */
    const size_t row = rows[i].row;
    if (rows[i].hash != rows[run].hash)
      run = i;
    first[row] = row;
    factor[row] = 1.0;
    double c = 1.0;
    for (size_t k = run; k < i && first[row] == row; k++)
      if (first[rows[k].row] == rows[k].row &&
          rows_parallel(X + rows[k].row * d, X + row * d, d, multiples, &c)) {
        first[row] = rows[k].row;
        factor[row] = c;
      }
  }
  ntk_free(context, rows);
  return NTK_OK;
}

ntk_status ntk_parallel_rows(ntk_context *context, const double *X, size_t N, size_t d,
                             ntk_multiples multiples, ntk_row_pair *pair) {
  void *pointer = NULL;
  double *factor = NULL;
  *pair = (ntk_row_pair){N, N, NAN, 0};
  NTK_TRY(ntk_alloc(context, N, sizeof(size_t), "multiples", &pointer));
  size_t *first = pointer;
  ntk_status status = ntk_alloc_doubles(context, N, "multiples", &factor);
  if (status == NTK_OK)
    status = ntk_row_multiples(context, X, N, d, multiples, first, factor);
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
