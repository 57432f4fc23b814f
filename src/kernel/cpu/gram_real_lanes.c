/* (a F F^T + b) o (B B^T) over a tile, MR rows at a time.
 *
 * The products of MR rows with all columns of the tile, one after the other and NTK_GRAM_DEPTH of
 * their width at a time, are summed in registers and kept in the second-level cache; then their
 * Hadamard product is written: no intermediate matrix goes to memory. Rows and columns are first
 * copied ("packed") into the order in which they are read: entry k of MR rows side by side, then
 * entry k + 1. The columns of the tile are packed once; its rows come part by part, each packed
 * where the one before it was and asked for ahead. (The scheme of Goto and van de Geijn, ACM TOMS
 * 34, 2008.) */
#include "base/lanes.h"

#include "base/lanes_math.h"
#include "kernel/cpu/gram.h"
#include "spectrum/packed/micro.h"

enum { DEPTH = NTK_GRAM_DEPTH };

void LANES_NAME(ntk_gram_tile)(const ntk_tile *tile, const ntk_gram_pair *pair, bool add,
                               double *workspace);

/* C (MR x NR, column-major) = or, if add, += sum_k a_k b_k^T; a: n x MR, b: n x NR, packed. */
static inline void micro_product(size_t n, bool add, const real *a, const real *b, real *C) {
  vr c[NR][VECTORS];
  micro_sum(n, a, MR, b, NR, c);
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++) {
      real *out = C + j * MR + v * LANES;
      vr_store(out, add ? vr_load(out) + c[j][v] : c[j][v]);
    }
}

/* LANES doubles from p on. */
static inline vr load_doubles(const double *p) {
#ifdef NTK_SINGLE
  real narrow[LANES];
  vd_narrow(narrow, vd_load(p));
  vd_narrow(narrow + DOUBLES, vd_load(p + DOUBLES));
  return vr_load(narrow);
#else
  return vr_load(p);
#endif
}

/* LANES x LANES entries of the row-major A (n columns), transposed to out (rows of `width`). */
static inline __attribute__((always_inline)) void transpose_block(size_t n, const double *A,
                                                                  size_t width, real *out) {
  vr v[LANES];
#pragma GCC unroll 16
  for (size_t i = 0; i < LANES; i++)
    v[i] = load_doubles(A + i * n);
  vr_transpose(v);
#pragma GCC unroll 16
  for (size_t i = 0; i < LANES; i++)
    vr_store(out + i * width, v[i]);
}

/* Packs `depth` columns of `count` (<= width) rows of the row-major A (n columns) side by side; the
 * rest is 0. */
static inline void pack(size_t count, size_t width, size_t n, size_t depth, const double *A,
                        real *packed) {
  if (count < width)
    memset(packed, 0, depth * width * sizeof *packed);
  const size_t rows = count / LANES * LANES, columns = depth / LANES * LANES;
  for (size_t k = 0; k < columns; k += LANES)
    for (size_t r = 0; r < rows; r += LANES)
      transpose_block(n, A + r * n + k, width, packed + k * width + r);
  for (size_t r = 0; r < count; r++)
    for (size_t k = r < rows ? columns : 0; k < depth; k++)
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
  const size_t column = t->ahead + t->column0 + j;
  char *entries = (char *)ntk_panel_at(t->packed, row / rows) + column * NTK_PANEL_BYTES;
  return (place){t->packed->precision == NTK_PRECISION_FLOAT,
                 entries + row % rows * (NTK_PANEL_BYTES / rows), rows};
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

/* Columns of the tile of which the MR rows from i on have any. */
static size_t columns_of(const ntk_tile *t, size_t i) {
  const size_t end = t->row0 + i + MR;
  if (!t->lower || end >= t->column0 + t->columns)
    return t->columns;
  return end > t->column0 ? end - t->column0 : 0;
}

/* Whether all of the micro-tile at (i, j) is wanted. */
static bool is_whole(const ntk_tile *t, size_t i, size_t j) {
  return i + MR <= t->rows && j + NR <= t->columns &&
         (!t->lower || t->row0 + i >= t->column0 + j + NR - 1);
}

/* The entries [k, end) of `count` rows of the tile from row `first` on: of one of a factor's
 * matrices, A. */
static inline void pack_samples(size_t first, size_t count, size_t width, const ntk_gram_factor *of,
                                size_t k, size_t end, const double *A, real *packed) {
  const size_t n = of->n;
  if (of->repeat == 1) {
    pack(count, width, n, end - k, A + first * n + k, packed);
    return;
  }
  for (size_t r = 0; r < width; r++)
    for (size_t e = k; e < end; e++)
      packed[(e - k) * width + r] = r < count ? (real)A[(first + r) / of->repeat * n + e] : 0;
}

static void pack_columns(const ntk_tile *t, const ntk_gram_factor *A, real *packed) {
  for (size_t j = 0; j < t->columns; j += NR)
    pack_samples(t->column0 + j, t->columns - j < NR ? t->columns - j : NR, NR, A, 0, A->n,
                 A->columns, packed + j * A->n);
}

/* MR rows of the tile, from row i on, in one of a pair's factors, and where they come packed: so
 * much of the width at a time that they and NR columns stay in cache. */
typedef struct strip {
  const ntk_tile *tile;
  const ntk_gram_factor *A;
  size_t i, count, blocks;
  real *packed;
} strip;

static strip strip_of(const ntk_tile *t, size_t i, const ntk_gram_factor *A, real *packed) {
  const size_t left = i < t->rows ? t->rows - i : 0;
  return (strip){t, A, i, left < MR ? left : MR, (A->n + DEPTH - 1) / DEPTH, packed};
}

static size_t block_start(const strip *s, size_t block) {
  return block * s->A->n / s->blocks;
}

/* Asks for a part, step of steps, of a block, or of the first of the strip after it: it comes from
 * memory while the one before it is multiplied. */
static inline void ask_for(const strip *s, size_t block, const strip *after, size_t step,
                           size_t steps) {
  if (block == s->blocks) {
    s = after;
    block = 0;
  }
  if (s->blocks == 0 || s->A->repeat != 1)
    return;
  const size_t k = block_start(s, block), depth = block_start(s, block + 1) - k;
  const double *from = s->A->rows + (s->tile->row0 + s->i) * s->A->n + k;
  for (size_t r = s->count * step / steps; r < s->count * (step + 1) / steps; r++)
    for (size_t e = 0; e < depth; e += 8)
      __builtin_prefetch(from + r * s->A->n + e, 0, 2);
}

/* C (MR x columns) = the product of the strip with the first `columns` columns, packed. */
static void multiply(const strip *s, size_t columns, const real *packed, const strip *after,
                     real *C) {
  const size_t steps = (columns + NR - 1) / NR;
  for (size_t block = 0; block < s->blocks; block++) {
    const size_t k = block_start(s, block), end = block_start(s, block + 1);
    pack_samples(s->tile->row0 + s->i, s->count, MR, s->A, k, end, s->A->rows, s->packed);
    for (size_t j = 0; j < steps; j++) {
      ask_for(s, block + 1, after, j, steps);
      micro_product(end - k, k > 0, s->packed, packed + j * NR * s->A->n + k * NR, C + j * NR * MR);
    }
  }
}

void LANES_NAME(ntk_gram_tile)(const ntk_tile *t, const ntk_gram_pair *pair, bool add,
                               double *workspace) {
  const ntk_gram_factor *F = &pair->F, *B = &pair->B;
  const size_t padded = (t->columns + NR - 1) / NR * NR;
  real *packed = (real *)workspace, *product = packed + MR * DEPTH;
  real *other = product + MR * padded;
  real *columns_F = other + MR * padded, *columns_B = columns_F + padded * F->n;
  const vr a = vr_set((real)pair->a), b = vr_set((real)pair->b);
  pack_columns(t, F, columns_F);
  if (B->n > 0)
    pack_columns(t, B, columns_B);
  for (size_t i = 0; i < t->rows; i += MR) {
    const size_t columns = columns_of(t, i);
    if (columns == 0)
      continue;
    const strip of_F = strip_of(t, i, F, packed), of_B = strip_of(t, i, B, packed);
    const strip next = strip_of(t, i + MR, F, packed);
    multiply(&of_F, columns, columns_F, B->n > 0 ? &of_B : &next, product);
    multiply(&of_B, columns, columns_B, &next, other);
    for (size_t j = 0; j < columns; j += NR) {
      real *C = product + j * MR;
      for (size_t e = 0; e < MR * NR; e += LANES) {
        const vr value = vr_load(C + e) * a + b;
        vr_store(C + e, B->n > 0 ? value * vr_load(other + j * MR + e) : value);
      }
      if (is_whole(t, i, j))
        write_whole(add, C, place_of(t, i, j));
      else
        write_part(t, i, j, add, C, place_of(t, i, j));
    }
  }
}
