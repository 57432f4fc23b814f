/* Tiles of the Cholesky factorisation, MR x NR entries at a time.
 *
 * Packed storage is what a micro-kernel wants: MR entries of a column are side by side, and so are
 * NR rows of another panel, P entries before the next column's. Nothing is copied. The last columns
 * of a tile end in a triangular solve in registers,
 *
 *     x_j = (a_j - sum_{k < j} x_k l_jk) / l_jj,   j = 0..NR-1,
 *
 * with the vectors running along rows, so that no inverse of a block is formed: each entry of L is
 * the textbook's expression, and error bounds for any order hold.
 *
 * Sums begin with the entry that they are taken from. The first columns of L hold what all samples
 * have in common, which is nearly all of an entry: what is left of it is small, and so then is the
 * rounding of all that is added; from 0 on it would be as large as that of the entry, each time. */
#include "base/lanes.h"

#include "spectrum/packed/factor_tile.h"
#include "spectrum/packed/micro.h"

void LANES_NAME(ntk_factor_update)(const ntk_factor_tile *t, size_t k, size_t k_end);
size_t LANES_NAME(ntk_factor_finish)(const ntk_factor_tile *t);

static inline real *panel(const ntk_factor_tile *t, size_t p) {
  return ntk_panel_at(t->A, p);
}

/* c = a b^T - C over `inner` columns. */
static inline __attribute__((always_inline)) void less(size_t inner, const real *a, const real *b,
                                                       const real *C, vr c[NR][VECTORS]) {
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      c[j][v] = -vr_load(C + j * P + v * LANES);
  micro_add(inner, a, P, b, P, c);
}

/* C -= a b^T. */
static void subtract(size_t inner, const real *a, const real *b, real *C) {
  vr c[NR][VECTORS];
  less(inner, a, b, C, c);
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      vr_store(C + j * P + v * LANES, -c[j][v]);
}

void LANES_NAME(ntk_factor_update)(const ntk_factor_tile *t, size_t k, size_t k_end) {
  const size_t inner = (k_end - k) * P;
  for (size_t q = t->column; q < t->column_end; q++)
    for (size_t c = 0; c < P; c += NR) {
      const real *b = panel(t, q) + k * P * P + c;
      for (size_t p = t->row > q ? t->row : q; p < t->row_end; p++)
        for (size_t r = p == q ? c / MR * MR : 0; r < P; r += MR)
          subtract(inner, panel(t, p) + k * P * P + r, b, panel(t, p) + (q * P + c) * P + r);
    }
}

/* The NR x NR block of L on the diagonal, by columns, with 1 / l_jj in place of l_jj. */
typedef struct corner {
  real l[NR][NR];
} corner;

/* C <- (C - a b^T) L^{-T}. */
static void solve(size_t inner, const real *a, const real *b, const corner *L, real *C) {
  vr c[NR][VECTORS];
  less(inner, a, b, C, c);
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++) {
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      c[j][v] *= vr_set(-L->l[j][j]);
#pragma GCC unroll 8
    for (size_t i = j + 1; i < NR; i++)
#pragma GCC unroll 4
      for (size_t v = 0; v < VECTORS; v++)
        c[i][v] += c[j][v] * vr_set(L->l[j][i]);
  }
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      vr_store(C + j * P + v * LANES, c[j][v]);
}

/* The micro-tile with the pivots of `count` columns: MR rows, of which number `first` is the first
 * pivot's; above the diagonal it ends with 0. 0, or 1 + the column that broke down. */
static size_t factor(size_t inner, size_t first, size_t count, const real *a, const real *b,
                     real *C) {
  real sum[NR][MR];
  vr c[NR][VECTORS];
  less(inner, a, b, C, c);
  for (size_t j = 0; j < NR; j++)
    for (size_t v = 0; v < VECTORS; v++)
      vr_store(sum[j] + v * LANES, c[j][v]);
  for (size_t j = 0; j < count; j++)
    for (size_t i = first + j; i < MR; i++)
      C[j * P + i] = -sum[j][i];
  for (size_t j = 0; j < count; j++) {
    real *column = C + j * P;
    const real pivot = column[first + j];
    if (!(pivot > 0) || !isfinite(pivot))
      return 1 + j;
    const real root = LANES_SQRT(pivot), inverse = 1 / root;
    memset(column, 0, (first + j) * sizeof *column);
    column[first + j] = root;
    for (size_t i = first + j + 1; i < MR; i++)
      column[i] *= inverse;
    for (size_t k = j + 1; k < count; k++)
      for (size_t i = first + k; i < MR; i++)
        C[k * P + i] -= column[i] * column[first + k];
  }
  return 0;
}

/* l: column c of L's diagonal block on. Past the matrix, where l_jj is 0, its inverse is too: the
 * zeros there stay. */
static corner corner_of(const real *l) {
  corner L;
  for (size_t j = 0; j < NR; j++)
    for (size_t i = j; i < NR; i++) {
      const real entry = l[j * P + i];
      L.l[j][i] = i > j ? entry : entry == 0 ? 0 : 1 / entry;
    }
  return L;
}

/* Columns [c, c + NR) of panel q's diagonal block, in all rows of the tile. */
static size_t finish_columns(const ntk_factor_tile *t, size_t q, size_t c) {
  const size_t j = q * P + c, inner = (q - t->column) * P + c, before = t->column * P * P;
  const real *b = panel(t, q) + before + c;
  size_t p = t->row, r = 0;
  if (t->row == t->column) {
    const size_t count = t->A->n - j < NR ? t->A->n - j : NR;
    p = q;
    r = c / MR * MR;
    const size_t broken =
        factor(inner, c - r, count, panel(t, q) + before + r, b, panel(t, q) + j * P + r);
    if (broken != 0)
      return j + broken;
    r += MR;
  }
  const corner L = corner_of(panel(t, q) + j * P + c);
  for (; p < t->row_end; p++, r = 0)
    for (; r < P; r += MR)
      solve(inner, panel(t, p) + before + r, b, &L, panel(t, p) + j * P + r);
  return 0;
}

size_t LANES_NAME(ntk_factor_finish)(const ntk_factor_tile *t) {
  for (size_t q = t->column; q < t->column_end; q++)
    for (size_t c = 0; c < P && q * P + c < t->A->n; c += NR) {
      const size_t broken = finish_columns(t, q, c);
      if (broken != 0)
        return broken;
    }
  return 0;
}
