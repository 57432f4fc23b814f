/* C = A B, MR x NV vectors at a time: their sums stay in registers over the whole inner index, each
 * entry of A is broadcast from where it lies, and only a panel of B is read again and again, from
 * the caches: B lies by panels, and A as it is. 2 rows columns inner flops. */
#include "base/lanes.h"

#include "base/product/panels.h"

#include <stdbool.h>

typedef real half_vr __attribute__((vector_size(UNIT * sizeof(real))));

/* Micro-tiles are products too, with pointers at their first entries and distances that are not 0;
 * rows and columns are in the functions' names. */
#define INLINE static inline __attribute__((always_inline))

INLINE void whole(size_t MR, size_t NV, const ntk_product *t) {
  vr c[12][4];
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++)
      c[i][v] = vr_set(0.0);
  const real *a = t->A, *b = t->B;
  const size_t row = t->row, next = t->next, B_distance = t->B_distance;
  for (size_t k = t->inner; k > 0; k--, a += next, b += B_distance) {
    vr B[4];
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++)
      B[v] = vr_load(b + v * LANES);
#pragma GCC unroll 12
    for (size_t i = 0; i < MR; i++) {
      const vr A = vr_set(a[i * row]);
#pragma GCC unroll 4
      for (size_t v = 0; v < NV; v++)
        c[i][v] += A * B[v];
    }
  }
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (size_t v = 0; v < NV; v++) {
      real *out = t->C + i * t->C_distance + v * LANES;
      if (t->mode == NTK_PRODUCT_ADD)
        c[i][v] = vr_load(out) + c[i][v];
      else if (t->mode == NTK_PRODUCT_TIMES)
        c[i][v] = vr_load(out) * c[i][v];
      vr_store(out, c[i][v]);
    }
}

INLINE half_vr half_load(const real *p) {
  half_vr v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* The same with half a vector. */
INLINE void half(size_t MR, const ntk_product *t) {
  half_vr c[12];
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++)
    c[i] = (half_vr){0};
  const real *a = t->A, *b = t->B;
  const size_t row = t->row, next = t->next, B_distance = t->B_distance;
  for (size_t k = t->inner; k > 0; k--, a += next, b += B_distance) {
    const half_vr B = half_load(b);
#pragma GCC unroll 12
    for (size_t i = 0; i < MR; i++)
      c[i] += a[i * row] * B;
  }
#pragma GCC unroll 12
  for (size_t i = 0; i < MR; i++) {
    real *out = t->C + i * t->C_distance;
    if (t->mode == NTK_PRODUCT_ADD)
      c[i] = half_load(out) + c[i];
    else if (t->mode == NTK_PRODUCT_TIMES)
      c[i] = half_load(out) * c[i];
    memcpy(out, &c[i], sizeof c[i]);
  }
}

typedef void tile_fn(const ntk_product *t);

/* Rows of a tile of 1, 2, 3, 4 vectors: sums, a row of B and an entry of A fill the registers. */
enum { ROWS1 = 12, ROWS2 = PRODUCT_REGISTERS == 32 ? 12 : 6, ROWS3 = 8, ROWS4 = 6 };

#define TILES(NV, MR)                                  \
  static void tile_##NV(const ntk_product *t) {        \
    whole(MR, NV, t);                                  \
  }                                                    \
  static void tile_##NV##_by_4(const ntk_product *t) { \
    whole(4, NV, t);                                   \
  }                                                    \
  static void tile_##NV##_by_1(const ntk_product *t) { \
    whole(1, NV, t);                                   \
  }
TILES(1, ROWS1)
TILES(2, ROWS2)
#if PRODUCT_REGISTERS == 32
TILES(3, ROWS3)
TILES(4, ROWS4)
#endif
static void tile_half(const ntk_product *t) {
  half(ROWS1, t);
}
static void tile_half_by_4(const ntk_product *t) {
  half(4, t);
}
static void tile_half_by_1(const ntk_product *t) {
  half(1, t);
}

/* Tiles of a panel, most rows first; by vectors, 0 being the half. */
typedef struct shape {
  size_t rows[3];
  tile_fn *tile[3];
} shape;
#define SHAPE(NV, MR)                               \
  {                                                 \
    {MR, 4, 1}, {                                   \
      tile_##NV, tile_##NV##_by_4, tile_##NV##_by_1 \
    }                                               \
  }
static const shape shapes[] = {
    SHAPE(half, ROWS1), SHAPE(1, ROWS1), SHAPE(2, ROWS2),
#if PRODUCT_REGISTERS == 32
    SHAPE(3, ROWS3),    SHAPE(4, ROWS4),
#endif
};

/* The tile at t->C by way of an array, for C has `columns` of its columns only. */
static void write_part(const ntk_product *t, tile_fn *tile, size_t rows, size_t columns) {
  real sums[ROWS1 * LANES];
  ntk_product whole_tile = *t;
  whole_tile.C = sums;
  whole_tile.C_distance = LANES;
  whole_tile.mode = NTK_PRODUCT_SET;
  tile(&whole_tile);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      real *out = t->C + i * t->C_distance + j, sum = sums[i * LANES + j];
      if (t->mode == NTK_PRODUCT_ADD)
        sum = *out + sum;
      else if (t->mode == NTK_PRODUCT_TIMES)
        sum = *out * sum;
      *out = sum;
    }
}

void LANES_NAME(ntk_multiply)(const ntk_product *p) {
  for (size_t j = 0, width; j < p->columns; j += width) {
    width = panel_width(p->columns, j);
    const bool part = width > p->columns - j; /* which is one vector wide, at most */
    const shape *s = &shapes[width / LANES];
    ntk_product t = *p;
    t.B += p->B_distance != 0 ? j : j * p->inner;
    t.C += p->C_distance != 0 ? j : j * p->rows;
    t.B_distance = p->B_distance != 0 ? p->B_distance : width;
    t.C_distance = p->C_distance != 0 ? p->C_distance : width;
    size_t left = p->rows;
    for (size_t size = 0; size < 3; size++)
      for (; left >= s->rows[size]; left -= s->rows[size]) {
        if (part)
          write_part(&t, s->tile[size], s->rows[size], p->columns - j);
        else
          s->tile[size](&t);
        t.A += s->rows[size] * t.row;
        t.C += s->rows[size] * t.C_distance;
      }
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
  const bool vectors = count == width && width >= LANES;
  size_t k = 0;
  if (vectors && s->row == 1) {
    for (size_t j = 0; j < width; j += LANES)
      pack_columns(s, first + j, width, panel + j);
    k = s->inner / LANES * LANES;
  }
  for (; vectors && s->next == 1 && k < s->inner; k++) {
    const vr scale = vr_set(s->scale != NULL ? s->scale[k] : (real)1.0);
    for (size_t j = 0; j < width; j += LANES)
      vr_store(panel + k * width + j, scale * vr_load(s->from + k * s->row + first + j));
  }
  for (; k < s->inner; k++)
    for (size_t j = 0; j < width; j++)
      panel[k * width + j] = j < count ? entry(s, k, first + j) : (real)0.0;
}

void LANES_NAME(ntk_pack)(const ntk_product_source *source, real *packed) {
  for (size_t j = 0, width; j < source->columns; j += width) {
    width = panel_width(source->columns, j);
    pack_panel(source, j, width, packed + j * source->inner);
  }
}
