/* A tile of ROWS rows and one vector of columns: its sums are in registers. */
#include "base/exact/arrays.h"
#include "base/exact/dd.h"

#include <stdbool.h>

enum { ROWS = 4 };

typedef void multiply_fn(const ntk_exact_product *p);
typedef void sum_fn(const ntk_exact_sums *p);
typedef void entries_fn(size_t n, ntk_exact_entries x, ntk_exact_entries y, ntk_exact_entries z);
typedef void over_fn(size_t n, ntk_exact_entries x, const double y[2], ntk_exact_entries z);
typedef void dot_fn(size_t n, ntk_exact_entries x, ntk_exact_entries y, double sum[2]);
typedef void root_fn(const double x[2], double root[2]);
multiply_fn LANES_NAME(ntk_exact_multiply);
sum_fn LANES_NAME(ntk_exact_sum);
entries_fn LANES_NAME(ntk_exact_times);
over_fn LANES_NAME(ntk_exact_over);
dot_fn LANES_NAME(ntk_exact_dot);
root_fn LANES_NAME(ntk_exact_root);

/* Entries i to i + count - 1, 0 after them. */
static inline vr load_some(const double *p, size_t count) {
  double some[LANES] = {0.0};
  if (count == LANES)
    return vr_load(p);
  for (size_t e = 0; e < count; e++)
    some[e] = p[e];
  return vr_load(some);
}
static inline dd take(ntk_exact_entries x, size_t i, size_t count) {
  return (dd){load_some(x.hi + i, count), x.lo != NULL ? load_some(x.lo + i, count) : vr_set(0.0)};
}
static inline void give(ntk_exact_entries x, size_t i, size_t count, dd a) {
  double hi[LANES], lo[LANES];
  dd_store(hi, lo, a);
  memcpy(x.hi + i, hi, count * sizeof *hi);
  if (x.lo != NULL)
    memcpy(x.lo + i, lo, count * sizeof *lo);
}

/* Columns j to j + count - 1 of rows i to i + rows - 1. plain: sign is 1 and B.lo 0, of which most
 * products are: two fifths less to do, for the same bits. */
static inline __attribute__((always_inline)) void
tile(const ntk_exact_product *p, size_t i, size_t rows, size_t j, size_t count, bool plain) {
  dd sum[ROWS];
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++)
    sum[r] = p->beta != 0.0 ? take(p->C, (i + r) * p->C_row + j, count) : dd_from(vr_set(0.0));
  for (size_t k = 0; k < p->k; k++) {
    const ntk_exact_entries B = {p->B.hi, plain ? NULL : p->B.lo};
    const dd b = take(B, k * p->B_row + j, count);
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++) {
      const size_t at = (i + r) * p->A_row + k * p->A_next;
      const vr a = vr_set(plain ? p->A.hi[at] : p->sign * p->A.hi[at]);
      const vr a_lo = vr_set(plain ? p->A.lo[at] : p->A.lo != NULL ? p->sign * p->A.lo[at] : 0.0);
      const dd product = dd_two_prod(a, b.hi), s = dd_two_sum(sum[r].hi, product.hi);
      const vr rest = vr_fma(a_lo, b.hi, product.lo);
      sum[r].hi = s.hi;
      sum[r].lo = sum[r].lo + (s.lo + (plain ? rest : vr_fma(a, b.lo, rest)));
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++)
    give(p->C, (i + r) * p->C_row + j, count, dd_two_sum(sum[r].hi, sum[r].lo));
}

void LANES_NAME(ntk_exact_multiply)(const ntk_exact_product *p) {
  const bool plain = p->sign == 1.0 && p->A.lo != NULL && p->B.lo == NULL;
  for (size_t j = 0; j < p->n; j += LANES) {
    const size_t count = ntk_piece(p->n, j, LANES);
    size_t i = 0;
    for (; i + ROWS <= p->m && count == LANES && plain; i += ROWS)
      tile(p, i, ROWS, j, LANES, true);
    for (; i + ROWS <= p->m && count == LANES; i += ROWS)
      tile(p, i, ROWS, j, LANES, false);
    for (; i + ROWS <= p->m; i += ROWS)
      tile(p, i, ROWS, j, count, false);
    for (; i < p->m; i++)
      tile(p, i, 1, j, count, false);
  }
}

/* Columns j to j + count - 1 of rows i to i + rows - 1. on is 3/2 grid and the sum so far, rounded
 * to its last place, 2^-52 grid; it stays within a factor of two, so that moved, what a product
 * moves it by, is exact, and what the product has besides is below half of that place. */
static inline __attribute__((always_inline)) void sum_tile(const ntk_exact_sums *p, size_t i,
                                                           size_t rows, size_t j, size_t count) {
  vr on[ROWS], off[ROWS], start[ROWS];
  const vr b = p->b != NULL ? load_some(p->b + j, count) : vr_set(0.0);
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++) {
    start[r] = vr_set(1.5 * p->grid[i + r]);
    on[r] = start[r] + b;
    off[r] = b - (on[r] - start[r]);
  }
  for (size_t k = 0; k < p->k; k++) {
    const vr y = load_some(p->B + k * p->n + j, count);
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++) {
      const size_t at = (i + r) * p->k + k;
      const vr x = vr_set(p->A.hi[at]), next = vr_fma(x, y, on[r]), moved = next - on[r];
      off[r] = off[r] + vr_fma(vr_set(p->A.lo[at]), y, vr_fma(x, y, -moved));
      on[r] = next;
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++)
    give(p->C, (i + r) * p->n + j, count, dd_two_sum(on[r] - start[r], off[r]));
}

void LANES_NAME(ntk_exact_sum)(const ntk_exact_sums *p) {
  for (size_t j = 0; j < p->n; j += LANES) {
    const size_t count = ntk_piece(p->n, j, LANES);
    size_t i = 0;
    for (; i + ROWS <= p->m && count == LANES; i += ROWS)
      sum_tile(p, i, ROWS, j, LANES);
    for (; i < p->m; i++)
      sum_tile(p, i, 1, j, count);
  }
}

void LANES_NAME(ntk_exact_times)(size_t n, ntk_exact_entries x, ntk_exact_entries y,
                                 ntk_exact_entries z) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = ntk_piece(n, i, LANES);
    give(z, i, count, dd_mul(take(x, i, count), take(y, i, count)));
  }
}

void LANES_NAME(ntk_exact_over)(size_t n, ntk_exact_entries x, const double y[2],
                                ntk_exact_entries z) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = ntk_piece(n, i, LANES);
    give(z, i, count, dd_div(take(x, i, count), dd_set(y[0], y[1])));
  }
}

void LANES_NAME(ntk_exact_dot)(size_t n, ntk_exact_entries x, ntk_exact_entries y, double sum[2]) {
  dd all = dd_from(vr_set(0.0));
  double hi[LANES], lo[LANES];
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = ntk_piece(n, i, LANES);
    all = dd_add(all, dd_mul(take(x, i, count), take(y, i, count)));
  }
  dd_store(hi, lo, all);
  dd total = dd_from(vr_set(0.0));
  for (size_t e = 0; e < LANES; e++)
    total = dd_add(total, dd_set(hi[e], lo[e]));
  sum[0] = total.hi[0];
  sum[1] = total.lo[0];
}

void LANES_NAME(ntk_exact_root)(const double x[2], double root[2]) {
  const dd r = dd_sqrt(dd_set(x[0], x[1]));
  root[0] = r.hi[0];
  root[1] = r.lo[0];
}
