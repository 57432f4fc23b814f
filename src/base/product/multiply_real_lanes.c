/* C = A B, a micro-tile at a time: MR rows of NV vectors and, with H, half a vector. The sums stay
 * in registers over the whole inner index, each entry of A is broadcast from where it lies, and
 * only a panel of B is read again and again, from the caches: B lies by panels, and A as it is. 2
 * rows columns inner flops. */
#include "base/lanes.h"

#include "base/product/panels.h"

#include <stdbool.h>

#if LANES_BYTES == 64 || (LANES_BYTES == 32 && defined(NTK_SINGLE))
#define HALVES 1
#else
#define HALVES 0
#endif
typedef real half_vr __attribute__((vector_size(UNIT * sizeof(real))));

#define INLINE static inline __attribute__((always_inline))

/* Pointers at its first entries, distances that are not 0; of its rows, which are in the functions'
 * names, the first `skip` are there already; columns are those of C, of its last vector or half
 * perhaps a part. */
typedef struct tile {
  const real *A, *B;
  size_t inner, row, next, B_distance;
  real *C;
  size_t C_distance, skip, columns;
  ntk_product_mode mode;
} tile;

/* `count` entries of a sum. */
INLINE void write_part(ntk_product_mode mode, size_t count, const real *sum, real *out) {
  for (size_t j = 0; j < count; j++)
    out[j] = mode == NTK_PRODUCT_ADD     ? out[j] + sum[j]
             : mode == NTK_PRODUCT_TIMES ? out[j] * sum[j]
                                         : sum[j];
}

INLINE void write_vector(ntk_product_mode mode, size_t columns, vr sum, real *out) {
  if (columns < LANES)
    write_part(mode, columns, (const real *)&sum, out);
  else
    vr_store(out, mode == NTK_PRODUCT_ADD     ? vr_load(out) + sum
                  : mode == NTK_PRODUCT_TIMES ? vr_load(out) * sum
                                              : sum);
}

INLINE half_vr lower_half(vr a) {
#if !HALVES
  return a;
#elif LANES_BYTES == 64 && defined(NTK_SINGLE)
  return __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  return __builtin_shufflevector(a, a, 0, 1, 2, 3);
#endif
}

INLINE half_vr half_load(const real *p) {
  half_vr v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void write_half(ntk_product_mode mode, size_t columns, half_vr sum, real *out) {
  if (columns < UNIT) {
    write_part(mode, columns, (const real *)&sum, out);
    return;
  }
  if (mode != NTK_PRODUCT_SET)
    sum = mode == NTK_PRODUCT_ADD ? half_load(out) + sum : half_load(out) * sum;
  memcpy(out, &sum, sizeof sum);
}

/* The sums of a micro-tile. */
typedef struct sums {
  vr c[12][4];
  half_vr h[12];
} sums;

INLINE void write_sums(size_t MR, size_t NV, bool H, ntk_product_mode mode, const tile *t,
                       const sums *s) {
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++) {
    real *out = t->C + i * t->C_distance;
    if (i < t->skip)
      continue;
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++)
      write_vector(mode, v + 1 < NV || H ? LANES : t->columns - v * LANES, s->c[i][v],
                   out + v * LANES);
    if (H)
      write_half(mode, t->columns - NV * LANES, s->h[i], out + NV * LANES);
  }
}

INLINE void micro_tile(size_t MR, size_t NV, bool H, const tile *t) {
  sums s;
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++) {
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++)
      s.c[i][v] = vr_set(0.0);
    s.h[i] = (half_vr){0};
  }
  const real *a = t->A, *b = t->B;
  const size_t row = t->row, next = t->next, B_distance = t->B_distance;
  for (size_t k = t->inner; k > 0; k--, a += next, b += B_distance) {
    vr B[4];
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++)
      B[v] = vr_load(b + v * LANES);
    const half_vr half = H ? half_load(b + NV * LANES) : (half_vr){0};
#pragma GCC unroll 12
    for (size_t i = 0; i < MR; i++) {
      const vr A = vr_set(a[i * row]);
#pragma GCC unroll 4
      for (size_t v = 0; v < NV; v++)
        s.c[i][v] += A * B[v];
      if (H)
        s.h[i] += lower_half(A) * half;
    }
  }
  if (t->mode == NTK_PRODUCT_SET)
    write_sums(MR, NV, H, NTK_PRODUCT_SET, t, &s);
  else if (t->mode == NTK_PRODUCT_ADD)
    write_sums(MR, NV, H, NTK_PRODUCT_ADD, t, &s);
  else
    write_sums(MR, NV, H, NTK_PRODUCT_TIMES, t, &s);
}

typedef void tile_fn(const tile *t);

/* Rows of a tile by its vectors and half: sums, a row of B and an entry of A fill the registers. */
#define TILES(name, NV, H, MR)                    \
  static void tile_##name(const tile *t) {        \
    micro_tile(MR, NV, H, t);                     \
  }                                               \
  static void tile_##name##_by_4(const tile *t) { \
    micro_tile(4, NV, H, t);                      \
  }                                               \
  static void tile_##name##_by_1(const tile *t) { \
    micro_tile(1, NV, H, t);                      \
  }
enum { ROWS_TWO = PRODUCT_REGISTERS == 32 ? 12 : 6 }; /* of two vectors, or one and a half */
TILES(1, 1, false, 12)
TILES(2, 2, false, ROWS_TWO)
#if HALVES
TILES(half, 0, true, 12)
TILES(1_half, 1, true, ROWS_TWO)
#endif
#if PRODUCT_REGISTERS == 32
TILES(3, 3, false, 8)
TILES(4, 4, false, 6)
#endif
#if PRODUCT_REGISTERS == 32 && HALVES
TILES(2_half, 2, true, 8)
TILES(3_half, 3, true, 6)
#endif

/* Tiles of a panel, most rows first, by its width in halves. */
typedef struct shape {
  size_t rows[3];
  tile_fn *tile[3];
} shape;
#define SHAPE(name, MR)                                   \
  {                                                       \
    {MR, 4, 1}, {                                         \
      tile_##name, tile_##name##_by_4, tile_##name##_by_1 \
    }                                                     \
  }
static const shape shapes[] = {
    [2] = SHAPE(1, 12),     [4] = SHAPE(2, ROWS_TWO),
#if HALVES
    [1] = SHAPE(half, 12),  [3] = SHAPE(1_half, ROWS_TWO),
#endif
#if PRODUCT_REGISTERS == 32
    [6] = SHAPE(3, 8),      [8] = SHAPE(4, 6),
#endif
#if PRODUCT_REGISTERS == 32 && HALVES
    [5] = SHAPE(2_half, 8), [7] = SHAPE(3_half, 6),
#endif
};

/* C of a panel, t being its first tile. Rows that would take four small tiles or more are done by
 * one that has rows of the tile before once more. */
static void multiply_panel(const shape *s, size_t rows, tile t) {
  const size_t most = s->rows[0];
  size_t left = rows;
  for (size_t size = 0; size < 3; size++) {
    if (size == 1 && rows >= most && left / 4 + left % 4 >= 4) {
      t.skip = most - left;
      t.A -= t.skip * t.row;
      t.C -= t.skip * t.C_distance;
      s->tile[0](&t);
      return;
    }
    for (; left >= s->rows[size]; left -= s->rows[size]) {
      s->tile[size](&t);
      t.A += s->rows[size] * t.row;
      t.C += s->rows[size] * t.C_distance;
    }
  }
}

void LANES_NAME(ntk_multiply)(const ntk_product *p) {
  for (size_t j = 0, width; j < p->columns; j += width) {
    width = panel_width(p->columns, j);
    multiply_panel(&shapes[2 * width / LANES], p->rows,
                   (tile){.A = p->A,
                          .row = p->row,
                          .next = p->next,
                          .inner = p->inner,
                          .B = p->B + (p->B_distance != 0 ? j : j * p->inner),
                          .B_distance = p->B_distance != 0 ? p->B_distance : width,
                          .C = p->C + (p->C_distance != 0 ? j : j * p->rows),
                          .C_distance = p->C_distance != 0 ? p->C_distance : width,
                          .columns = p->columns - j,
                          .mode = p->mode});
  }
}

static inline real entry(const ntk_product_source *s, size_t k, size_t j) {
  const real value = s->from[k * s->row + j * s->next];
  return s->scale != NULL ? s->scale[k] * value : value;
}

/* Columns first .. first + LANES - 1 of a source whose columns are contiguous, into a panel: as
 * many streams as a processor foresees. */
static inline void pack_columns(const ntk_product_source *s, size_t first, size_t width,
                                real *panel) {
  for (size_t k = 0; k + LANES <= s->inner; k += LANES) {
    vr v[LANES];
    for (size_t i = 0; i < LANES; i++)
      v[i] = vr_load(s->from + (first + i) * s->next + k);
    vr_transpose(v);
    for (size_t i = 0; i < LANES; i++)
      vr_store(panel + (k + i) * width, s->scale != NULL ? vr_set(s->scale[k + i]) * v[i] : v[i]);
  }
}

/* Columns first .. first + width - 1 of a source, of which it may lack some: one panel. */
static void pack_panel(const ntk_product_source *s, size_t first, size_t width, real *panel) {
  const size_t count = s->columns - first < width ? s->columns - first : width;
  const size_t whole = s->row == 1 || s->next == 1 ? count / LANES * LANES : 0;
  size_t packed = 0; /* rows whose whole vectors are there */
  if (s->row == 1) {
    for (size_t j = 0; j < whole; j += LANES)
      pack_columns(s, first + j, width, panel + j);
    packed = s->inner / LANES * LANES;
  }
  for (; s->next == 1 && packed < s->inner; packed++) {
    const vr scale = vr_set(s->scale != NULL ? s->scale[packed] : (real)1.0);
    for (size_t j = 0; j < whole; j += LANES)
      vr_store(panel + packed * width + j, scale * vr_load(s->from + packed * s->row + first + j));
  }
  for (size_t k = 0; k < s->inner; k++)
    for (size_t j = k < packed ? whole : 0; j < width; j++)
      panel[k * width + j] = j < count ? entry(s, k, first + j) : (real)0.0;
}

void LANES_NAME(ntk_pack)(const ntk_product_source *source, real *packed) {
  for (size_t j = 0, width; j < source->columns; j += width) {
    width = panel_width(source->columns, j);
    pack_panel(source, j, width, packed + j * source->inner);
  }
}
