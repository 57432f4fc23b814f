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

enum {
  VECTORS = 3,            /* of rows in a micro-tile */
  MR = VECTORS * LANES,   /* with NR columns: 3 NR sums, 3 vectors of rows and one of a column */
  NR = LANES == 8 ? 8 : 4 /* fill 32 registers (AVX-512), or 16 */
};

void LANES_NAME(ntk_gram_tile)(const ntk_tile *tile, const ntk_gram_pair *pair, bool add,
                               double *workspace);

/* C (MR x NR, column-major) = sum_k a_k b_k^T; a: n x MR, b: n x NR, packed. */
static inline void micro_product(size_t n, const double *a, const double *b, double *C) {
  vr c[NR][VECTORS];
  for (size_t j = 0; j < NR; j++)
    for (size_t v = 0; v < VECTORS; v++)
      c[j][v] = vr_set(0.0);
  for (size_t k = 0; k < n; k++) {
    vr row[VECTORS];
    for (size_t v = 0; v < VECTORS; v++)
      row[v] = vr_load(a + k * MR + v * LANES);
#pragma GCC unroll 8
    for (size_t j = 0; j < NR; j++) {
      const vr column = vr_set(b[k * NR + j]);
#pragma GCC unroll 3
      for (size_t v = 0; v < VECTORS; v++)
        c[j][v] += row[v] * column;
    }
  }
  for (size_t j = 0; j < NR; j++)
    for (size_t v = 0; v < VECTORS; v++)
      vr_store(C + j * MR + v * LANES, c[j][v]);
}

/* LANES x LANES entries of the row-major A (n columns), transposed to out (rows of `width`):
 * zipping vector i with vector i + LANES/2, log2 LANES times, is a transposition. */
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

/* Packs `count` (<= width) rows of the row-major A (n columns) side by side; the rest is 0. */
static inline void pack(size_t count, size_t width, size_t n, const double *A, double *packed) {
  if (count < width)
    memset(packed, 0, n * width * sizeof(double));
  const size_t rows = count / LANES * LANES, columns = n / LANES * LANES;
  for (size_t k = 0; k < columns; k += LANES)
    for (size_t r = 0; r < rows; r += LANES)
      transpose_block(n, A + r * n + k, width, packed + k * width + r);
  for (size_t r = 0; r < count; r++)
    for (size_t k = r < rows ? columns : 0; k < n; k++)
      packed[k * width + r] = A[r * n + k];
}

/* Whole micro-tile at out. */
static inline void write_whole(bool add, const double *C, double *out, size_t ld) {
  for (size_t j = 0; j < NR; j++)
    for (size_t i = 0; i < MR; i += LANES) {
      vr value = vr_load(C + j * MR + i);
      if (add)
        value += vr_load(out + i + j * ld);
      vr_store(out + i + j * ld, value);
    }
}

/* Part of a micro-tile, at (i0, j0) of the tile: what lies in the tile and on the right side of the
 * diagonal. */
static void write_part(const ntk_tile *t, size_t i0, size_t j0, bool add, const double *C) {
  for (size_t j = j0; j < t->columns && j < j0 + NR; j++)
    for (size_t i = i0; i < t->rows && i < i0 + MR; i++) {
      const size_t row = t->row0 + i, column = t->column0 + j;
      if ((t->shape == NTK_TILE_LOWER && row < column) ||
          (t->shape == NTK_TILE_UPPER && row > column))
        continue;
      double *out = t->out + i + j * t->ld;
      *out = (add ? *out : 0.0) + C[(j - j0) * MR + (i - i0)];
    }
}

typedef enum part { NONE, SOME, ALL } part;

/* How much of the micro-tile at (i0, j0) is to be computed. */
static part part_of(const ntk_tile *t, size_t i0, size_t j0) {
  const size_t first_row = t->row0 + i0, last_row = first_row + MR - 1;
  const size_t first_column = t->column0 + j0, last_column = first_column + NR - 1;
  if ((t->shape == NTK_TILE_LOWER && last_row < first_column) ||
      (t->shape == NTK_TILE_UPPER && first_row > last_column))
    return NONE;
  if (i0 + MR > t->rows || j0 + NR > t->columns ||
      (t->shape == NTK_TILE_LOWER && first_row < last_column) ||
      (t->shape == NTK_TILE_UPPER && last_row > first_column))
    return SOME;
  return ALL;
}

/* Packs `count` rows of the tile from row `first` on: of one of a factor's matrices, A. */
static inline void pack_samples(size_t first, size_t count, size_t width, const ntk_gram_factor *of,
                                const double *A, double *packed) {
  const size_t n = of->n;
  if (of->repeat == 1) {
    pack(count, width, n, A + first * n, packed);
    return;
  }
  for (size_t r = 0; r < width; r++)
    for (size_t k = 0; k < n; k++)
      packed[k * width + r] = r < count ? A[(first + r) / of->repeat * n + k] : 0.0;
}

static void pack_columns(const ntk_tile *t, const ntk_gram_factor *A, double *packed) {
  for (size_t j = 0; j < t->columns; j += NR)
    pack_samples(t->column0 + j, t->columns - j < NR ? t->columns - j : NR, NR, A, A->columns,
                 packed + j * A->n);
}

static void pack_rows(const ntk_tile *t, size_t i, const ntk_gram_factor *A, double *packed) {
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
  double *rows_F = workspace, *rows_B = rows_F + MR * F->n;
  double *columns_F = rows_B + MR * B->n;
  double *columns_B = columns_F + (t->columns + NR - 1) / NR * NR * F->n;
  double P[MR * NR] __attribute__((aligned(64))), Q[MR * NR] __attribute__((aligned(64)));
  const vr a = vr_set(pair->a), b = vr_set(pair->b);

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
      micro_product(F->n, rows_F, columns_F + j * F->n, P);
      for (size_t e = 0; e < MR * NR; e += LANES)
        vr_store(P + e, vr_load(P + e) * a + b);
      if (B->n > 0) {
        micro_product(B->n, rows_B, columns_B + j * B->n, Q);
        for (size_t e = 0; e < MR * NR; e += LANES)
          vr_store(P + e, vr_load(P + e) * vr_load(Q + e));
      }
      if (what == ALL)
        write_whole(add, P, t->out + i + j * t->ld, t->ld);
      else
        write_part(t, i, j, add, P);
    }
  }
}
