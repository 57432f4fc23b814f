#include "base/lanes.h"

#include "base/lanes_math.h"
#include "spectrum/packed/stream.h"

enum {
  P = NTK_PANEL_BYTES / sizeof(real),
  VECTORS = 3, /* of rows that go together: with NTK_PACKED_VECTORS vectors 12 sums */
  ROWS = VECTORS * DOUBLES,
  PAIR = 2,   /* vectors that go together across, each with DOUBLES sums in registers */
  STEP = 32,  /* columns, 6 KB: these and the next ones stay in the first-level cache */
  RUN = 2048, /* columns of a panel before the next panel's, whose vectors stay in the second */
};
_Static_assert(P % ROWS == 0, "a panel is whole registers");
_Static_assert(STEP % DOUBLES == 0 && P % DOUBLES == 0, "a step is whole registers");

#define INLINE static inline __attribute__((always_inline))

void LANES_NAME(ntk_stream_block)(const ntk_block *A, const ntk_meeting *with);
void LANES_NAME(ntk_stream_triangle)(const ntk_block *L, bool transposed, size_t m, double *Y);

/* DOUBLES entries of the matrix. */
INLINE vd load_entries(const real *p) {
#ifdef NTK_SINGLE
  return vd_widen(p);
#else
  return vd_load(p);
#endif
}

/* Asks for ROWS rows of a column that is wanted soon. What the processor foresees by itself is too
 * little while it computes. */
INLINE void ask_for(const real *rows) {
  for (size_t i = 0; i < ROWS; i += 64 / sizeof(real))
    __builtin_prefetch(rows + i, 0, 3);
}

/* Y -= A X for ROWS rows of a step and m vectors; those at next are asked for. */
INLINE void along(size_t m, size_t columns, const real *A, const real *next, const double *X,
                  size_t ld, double *Y) {
  vd y[NTK_PACKED_VECTORS][VECTORS];
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      y[c][v] = vd_load(Y + c * P + v * DOUBLES);
  for (size_t j = 0; j < columns; j++) {
    vd a[VECTORS];
    ask_for(next + j * P);
    for (size_t v = 0; v < VECTORS; v++)
      a[v] = load_entries(A + j * P + v * DOUBLES);
    for (size_t c = 0; c < m; c++) {
      const vd x = X[j + c * ld] - (vd){0};
      for (size_t v = 0; v < VECTORS; v++)
        y[c][v] -= a[v] * x;
    }
  }
  for (size_t c = 0; c < m; c++)
    for (size_t v = 0; v < VECTORS; v++)
      vd_store(Y + c * P + v * DOUBLES, y[c][v]);
}

/* DOUBLES columns in all rows of a panel, or `columns` of them, and PAIR vectors at most: U -= A^T
 * Z, and Y -= A X before it if those are all; entries are read once for both. */
INLINE void across(bool both, size_t columns, const real *A, const real *next,
                   const ntk_meeting *with) {
  vd S[PAIR][DOUBLES] = {{{0}}};
  for (size_t r = 0; r < P; r += ROWS) {
    vd z[PAIR][VECTORS] = {{{0}}}, y[PAIR][VECTORS] = {{{0}}};
#pragma GCC unroll 2
    for (size_t c = 0; c < with->m; c++)
#pragma GCC unroll 3
      for (size_t v = 0; v < VECTORS; v++) {
        z[c][v] = vd_load(with->Z + c * P + r + v * DOUBLES);
        if (both)
          y[c][v] = vd_load(with->Y + c * P + r + v * DOUBLES);
      }
#pragma GCC unroll 8
    for (size_t j = 0; j < DOUBLES; j++) {
      if (next != NULL)
        ask_for(next + j * P + r);
#pragma GCC unroll 3
      for (size_t v = 0; v < VECTORS; v++) {
        const vd a = load_entries(A + j * P + r + v * DOUBLES);
#pragma GCC unroll 2
        for (size_t c = 0; c < with->m; c++) {
          S[c][j] += a * z[c][v];
          if (both)
            y[c][v] -= a * (with->X[j + c * with->ld] - (vd){0});
        }
      }
    }
    for (size_t c = 0; c < with->m && both; c++)
#pragma GCC unroll 3
      for (size_t v = 0; v < VECTORS; v++)
        vd_store(with->Y + c * P + r + v * DOUBLES, y[c][v]);
  }
#pragma GCC unroll 2
  for (size_t c = 0; c < with->m; c++) {
    double sum[DOUBLES], *u = with->U + c * with->ld;
    const vd sums = vd_sums(S[c]);
    if (columns >= DOUBLES) {
      vd_store(u, vd_load(u) - sums);
      continue;
    }
    vd_store(sum, sums);
    for (size_t j = 0; j < columns; j++)
      u[j] -= sum[j];
  }
}

/* Which of the two a pass does, and for how many vectors; constants once inlined. */
typedef struct kind {
  bool along, across; /* Y -= A X; U -= A^T Z */
  size_t m;
} kind;

/* A step of a panel along its rows. */
INLINE void rows_of_step(size_t m, size_t columns, const real *A, const real *next,
                         const ntk_meeting *with) {
  for (size_t r = 0; r < P; r += ROWS)
    along(m, columns, A + r, next + r, with->X, with->ld, with->Y + r);
}

/* Across them, or both. */
INLINE void columns_of_step(kind k, size_t columns, const real *A, const real *next,
                            const ntk_meeting *with) {
  for (size_t i = 0; i < columns; i += DOUBLES)
    for (size_t c = 0; c < k.m; c += PAIR) {
      const size_t m = k.m - c < PAIR ? k.m - c : PAIR, left = columns - i, at = i + c * with->ld;
      const real *here = A + i * P, *ask = next != NULL && c == 0 ? next + i * P : NULL;
      const ntk_meeting pair = {m,
                                with->ld,
                                k.along ? with->X + at : NULL,
                                with->Z + c * P,
                                k.along ? with->Y + c * P : NULL,
                                with->U + at};
      if (k.along && left >= DOUBLES) {
        across(true, DOUBLES, here, ask, &pair);
        continue;
      }
      if (k.along)
        rows_of_step(m, left, here, here, &pair);
      across(false, left, here, ask, &pair);
    }
}

/* Panel p in columns [j, j + columns), a step of them. */
INLINE void step(kind k, const ntk_block *A, const ntk_meeting *with, size_t p, size_t j,
                 size_t columns, const real *next) {
  const real *entries = (const real *)A->entries[p] + j * P;
  const size_t at = p * P * k.m;
  const ntk_meeting here = {k.m,
                            with->ld,
                            k.along ? with->X + j : NULL,
                            k.across ? with->Z + at : NULL,
                            k.along ? with->Y + at : NULL,
                            k.across ? with->U + j : NULL};
  if (k.across)
    columns_of_step(k, columns, entries, next, &here);
  else
    rows_of_step(k.m, columns, entries, next != NULL ? next : entries, &here);
}

/* One panel after the other, each straight on: that is what memory is fastest at. */
INLINE void stream(kind k, const ntk_block *A, const ntk_meeting *with) {
  for (size_t first = 0; first < A->columns; first += RUN) {
    const size_t end = A->columns - first < RUN ? A->columns : first + RUN;
    for (size_t p = 0; p < A->panels; p++) {
      const real *panel = (const real *)A->entries[p], *after = A->next;
      if (p + 1 < A->panels)
        after = (const real *)A->entries[p + 1] + first * P;
      else if (end < A->columns)
        after = (const real *)A->entries[0] + end * P;
      for (size_t j = first; j < end; j += STEP) {
        const real *next = j + STEP < end ? panel + (j + STEP) * P : after;
        step(k, A, with, p, j, end - j < STEP ? end - j : STEP, next);
      }
    }
  }
}

/* A constant m lets the compiler keep sums and entries in registers. */
INLINE void stream_m(size_t m, const ntk_block *A, const ntk_meeting *with) {
  if (with->U == NULL)
    stream((kind){true, false, m}, A, with);
  else if (with->Y == NULL)
    stream((kind){false, true, m}, A, with);
  else
    stream((kind){true, true, m}, A, with);
}

void LANES_NAME(ntk_stream_block)(const ntk_block *A, const ntk_meeting *with) {
  switch (with->m) {
  case 1:
    stream_m(1, A, with);
    break;
  case 2:
    stream_m(2, A, with);
    break;
  case 3:
    stream_m(3, A, with);
    break;
  default:
    stream_m(4, A, with);
  }
}

/* The transpose of a triangle, block by block; above its diagonal storage is 0. */
static void transpose(const real *L, real *T) {
  for (size_t j = 0; j < P; j += LANES)
    for (size_t i = j; i < P; i += LANES) {
      vr v[LANES];
      for (size_t k = 0; k < LANES; k++)
        v[k] = vr_load(L + (j + k) * P + i);
      vr_transpose(v);
      for (size_t k = 0; k < LANES; k++)
        vr_store(T + (i + k) * P + j, v[k]);
    }
}

/* y <- T^{-1} y column by column of T, the triangle or its transpose. Each step waits for the one
 * before: all vectors go through it together, and what divides is made first. */
void LANES_NAME(ntk_stream_triangle)(const ntk_block *L, bool transposed, size_t m, double *Y) {
  const real *T = L->entries[0];
  double inverse[P];
  real turned[P * P];
  for (size_t j = 0; j < L->columns; j++)
    inverse[j] = 1.0 / (double)T[j * (P + 1)];
  if (transposed) {
    transpose(T, turned);
    T = turned;
  }
  for (size_t k = 0; k < L->columns; k++) {
    const size_t j = transposed ? L->columns - 1 - k : k, own = j / LANES * LANES;
    const size_t begin = transposed ? 0 : own, end = transposed ? own + LANES : P;
    for (size_t c = 0; c < m; c++) {
      double *y = Y + c * P;
      const double solved = y[j] * inverse[j];
      for (size_t i = begin; i < end; i += DOUBLES)
        vd_store(y + i, vd_load(y + i) - load_entries(T + j * P + i) * solved);
      y[j] = solved;
    }
  }
}
