/* (a F F^T + b) o (B B^T) over a tile, MR x NR entries at a time.
 *
 * Both products of a micro-tile are summed in registers over the whole width n, and only their
 * Hadamard product is written: no intermediate matrix leaves the L1 cache. Rows and columns are
 * first copied ("packed") into the order in which they are read: entry k of MR rows side by side,
 * then entry k + 1. The columns of the tile are packed once, its rows MR at a time, so that packing
 * is one copy for every `columns` products. (The scheme of Goto and van de Geijn, ACM TOMS 34,
 * 2008.) */
#include "base/lanes.h"

#include "kernel/cpu/gram.h"
#include "spectrum/micro.h"

void LANES_NAME(ntk_gram_tile)(const ntk_tile *tile, const ntk_gram_pair *pair, bool add,
                               double *workspace);

/* C (MR x NR, column-major) = sum_k a_k b_k^T; a: n x MR, b: n x NR, packed. */
static void micro_product(size_t n, const real *a, const real *b, real *C) {
  vr c[NR][VECTORS];
  micro_sum(n, a, MR, b, NR, c);
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      vr_store(C + j * MR + v * LANES, c[j][v]);
}

/* LANES x LANES entries of the row-major A (n columns), transposed to out (rows of `width`):
 * zipping vector i with vector i + LANES/2, log2 LANES times, is a transposition. */
#ifndef NTK_SINGLE
static inline void transpose_block(size_t n, const double *A, size_t width, double *out) {
  vr v[LANES], w[LANES];
  for (size_t i = 0; i < LANES; i++)
    v[i] = vr_load(A + i * n);
  for (int stage = 1; stage < LANES; stage *= 2) {
    for (size_t i = 0; i < LANES / 2; i++) {
      w[2 * i] = vr_zip_low(v[i], v[i + LANES / 2]);
      w[2 * i + 1] = vr_zip_high(v[i], v[i + LANES / 2]);
    }
    memcpy(v, w, sizeof v);
  }
  for (size_t i = 0; i < LANES; i++)
    vr_store(out + i * width, v[i]);
}
#endif

/* Packs `count` (<= width) rows of the row-major A (n columns) side by side; the rest is 0. */
static inline void pack(size_t count, size_t width, size_t n, const double *A, real *packed) {
  if (count < width)
    memset(packed, 0, n * width * sizeof *packed);
#ifdef NTK_SINGLE
  const size_t rows = 0, columns = 0;
#else
  const size_t rows = count / LANES * LANES, columns = n / LANES * LANES;
  for (size_t k = 0; k < columns; k += LANES)
    for (size_t r = 0; r < rows; r += LANES)
      transpose_block(n, A + r * n + k, width, packed + k * width + r);
#endif
  for (size_t r = 0; r < count; r++)
    for (size_t k = r < rows ? columns : 0; k < n; k++)
      packed[k * width + r] = (real)A[r * n + k];
}

/* Where a micro-tile goes: column j of its rows at out + j ld. */
typedef struct place {
  bool single; /* out: floats */
  void *out;
  size_t ld;
} place;

/* Rows from i on, a multiple of MR, and columns from j on, of the tile. */
static inline place place_of(const ntk_tile *t, size_t i, size_t j) {
  if (t->packed == NULL)
    return (place){false, t->out + i + j * t->ld, t->ld};
  const size_t rows = ntk_panel_rows(t->packed->precision), row = t->row0 + i;
  const size_t at = ntk_panel_start(rows, row / rows) + (t->column0 + j) * rows + row % rows;
  const bool single = t->packed->precision == NTK_PRECISION_FLOAT;
  return (place){single,
                 single ? (void *)((float *)t->packed->storage + at)
                        : (void *)((double *)t->packed->storage + at),
                 rows};
}

/* Whole micro-tile. */
static inline void write_whole(bool add, const real *C, place to) {
#ifndef NTK_SINGLE
  if (to.single) {
    float *out = to.out;
    for (size_t j = 0; j < NR; j++)
      for (size_t i = 0; i < MR; i++)
        out[i + j * to.ld] = (float)((add ? (double)out[i + j * to.ld] : 0.0) + C[j * MR + i]);
    return;
  }
#endif
  real *out = to.out;
  for (size_t j = 0; j < NR; j++)
    for (size_t i = 0; i < MR; i += LANES) {
      vr value = vr_load(C + j * MR + i);
      if (add)
        value += vr_load(out + i + j * to.ld);
      vr_store(out + i + j * to.ld, value);
    }
}

/* Part of a micro-tile, at (i0, j0) of the tile: what lies in the tile and on the right side of the
 * diagonal. */
static void write_part(const ntk_tile *t, size_t i0, size_t j0, bool add, const real *C, place to) {
  for (size_t j = j0; j < t->columns && j < j0 + NR; j++)
    for (size_t i = i0; i < t->rows && i < i0 + MR; i++) {
      if (t->lower && t->row0 + i < t->column0 + j)
        continue;
      const size_t at = i - i0 + (j - j0) * to.ld;
      const real value = C[(j - j0) * MR + (i - i0)];
      if (to.single)
        ((float *)to.out)[at] = (float)((add ? (real)((float *)to.out)[at] : 0) + value);
      else
        ((double *)to.out)[at] = (add ? ((double *)to.out)[at] : 0.0) + (double)value;
    }
}

typedef enum part { NONE, SOME, ALL } part;

/* How much of the micro-tile at (i0, j0) is to be computed. */
static part part_of(const ntk_tile *t, size_t i0, size_t j0) {
  const size_t first_row = t->row0 + i0, last_row = first_row + MR - 1;
  const size_t first_column = t->column0 + j0, last_column = first_column + NR - 1;
  if (t->lower && last_row < first_column)
    return NONE;
  if (i0 + MR > t->rows || j0 + NR > t->columns || (t->lower && first_row < last_column))
    return SOME;
  return ALL;
}

/* Packs `count` rows of the tile from row `first` on: of one of a factor's matrices, A. */
static inline void pack_samples(size_t first, size_t count, size_t width, const ntk_gram_factor *of,
                                const double *A, real *packed) {
  const size_t n = of->n;
  if (of->repeat == 1) {
    pack(count, width, n, A + first * n, packed);
    return;
  }
  for (size_t r = 0; r < width; r++)
    for (size_t k = 0; k < n; k++)
      packed[k * width + r] = r < count ? (real)A[(first + r) / of->repeat * n + k] : 0;
}

static void pack_columns(const ntk_tile *t, const ntk_gram_factor *A, real *packed) {
  for (size_t j = 0; j < t->columns; j += NR)
    pack_samples(t->column0 + j, t->columns - j < NR ? t->columns - j : NR, NR, A, A->columns,
                 packed + j * A->n);
}

static void pack_rows(const ntk_tile *t, size_t i, const ntk_gram_factor *A, real *packed) {
  pack_samples(t->row0 + i, t->rows - i < MR ? t->rows - i : MR, MR, A, A->rows, packed);
}

/* Asks for a part, step of steps, of the rows that will be packed next: they come from memory while
 * the present ones are multiplied. */
static inline void prefetch_rows(const ntk_tile *t, size_t i, const ntk_gram_factor *A, size_t step,
                                 size_t steps) {
  if (i >= t->rows || A->repeat != 1)
    return;
  const size_t count = (t->rows - i < MR ? t->rows - i : MR) * A->n;
  const double *rows = A->rows + (t->row0 + i) * A->n;
  for (size_t e = count * step / steps; e < count * (step + 1) / steps; e += 8)
    __builtin_prefetch(rows + e);
}

void LANES_NAME(ntk_gram_tile)(const ntk_tile *t, const ntk_gram_pair *pair, bool add,
                               double *workspace) {
  const ntk_gram_factor *F = &pair->F, *B = &pair->B;
  real *rows_F = (real *)workspace, *rows_B = rows_F + MR * F->n;
  real *columns_F = rows_B + MR * B->n;
  real *columns_B = columns_F + (t->columns + NR - 1) / NR * NR * F->n;
  real product[MR * NR] __attribute__((aligned(64))), other[MR * NR] __attribute__((aligned(64)));
  const vr a = vr_set((real)pair->a), b = vr_set((real)pair->b);

  const size_t steps = (t->columns + NR - 1) / NR;
  pack_columns(t, F, columns_F);
  if (B->n > 0)
    pack_columns(t, B, columns_B);
  for (size_t i = 0; i < t->rows; i += MR) {
    pack_rows(t, i, F, rows_F);
    if (B->n > 0)
      pack_rows(t, i, B, rows_B);
    for (size_t j = 0; j < t->columns; j += NR) {
      const part what = part_of(t, i, j);
      prefetch_rows(t, i + MR, F, j / NR, steps);
      if (B->n > 0)
        prefetch_rows(t, i + MR, B, j / NR, steps);
      if (what == NONE)
        continue;
      micro_product(F->n, rows_F, columns_F + j * F->n, product);
      for (size_t e = 0; e < MR * NR; e += LANES)
        vr_store(product + e, vr_load(product + e) * a + b);
      if (B->n > 0) {
        micro_product(B->n, rows_B, columns_B + j * B->n, other);
        for (size_t e = 0; e < MR * NR; e += LANES)
          vr_store(product + e, vr_load(product + e) * vr_load(other + e));
      }
      if (what == ALL)
        write_whole(add, product, place_of(t, i, j));
      else
        write_part(t, i, j, add, product, place_of(t, i, j));
    }
  }
}
