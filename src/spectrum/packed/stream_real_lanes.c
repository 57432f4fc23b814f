#include "base/lanes.h"

#include "base/lanes_math.h"
#include "spectrum/packed/stream.h"

enum {
  P = NTK_PANEL_BYTES / sizeof(real),
  VECTORS = 3, /* of rows that go together: with NTK_PACKED_VECTORS vectors 12 sums */
  ROWS = VECTORS * DOUBLES,
  STEP = 32 /* columns of every panel at a time; a quarter for one vector */
};
_Static_assert(P % ROWS == 0, "a panel is whole registers");
_Static_assert(STEP / 4 % DOUBLES == 0, "a step is whole registers");

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

/* Which of the two a pass does, and for how many vectors; constants once inlined. */
typedef struct kind {
  bool along, across; /* Y -= A X; U -= A^T Z */
  size_t m;
} kind;

/* Rows of a column that are wanted soon, into the second-level cache: into the first no more come
 * at a time than it can wait for, and what the processor foresees by itself is too little while it
 * computes. */
INLINE void ask_for(const real *rows) {
  for (size_t i = 0; i < ROWS; i += 64 / sizeof(real))
    __builtin_prefetch(rows + i, 0, 2);
}

/* ROWS rows of a step: Y -= A X, S += A^T Z by lanes; those of the next step, unless it is NULL,
 * are asked for. */
INLINE void few_rows(kind k, size_t columns, const real *A, const real *next, const double *X,
                     size_t ld, const double *Z, double *Y, vd S[NTK_PACKED_VECTORS][STEP]) {
  vd y[NTK_PACKED_VECTORS][VECTORS], z[NTK_PACKED_VECTORS][VECTORS];
  for (size_t c = 0; c < k.m; c++)
    for (size_t v = 0; v < VECTORS; v++) {
      if (k.along)
        y[c][v] = vd_load(Y + c * P + v * DOUBLES);
      if (k.across)
        z[c][v] = vd_load(Z + c * P + v * DOUBLES);
    }
  for (size_t j = 0; j < columns; j++) {
    vd a[VECTORS];
    if (next != NULL)
      ask_for(next + j * P);
    for (size_t v = 0; v < VECTORS; v++)
      a[v] = load_entries(A + j * P + v * DOUBLES);
    for (size_t c = 0; c < k.m; c++) {
      const vd x = k.along ? X[j + c * ld] - (vd){0} : (vd){0};
      vd sum = k.across ? S[c][j] : (vd){0};
      for (size_t v = 0; v < VECTORS; v++) {
        if (k.along)
          y[c][v] -= a[v] * x;
        if (k.across)
          sum += a[v] * z[c][v];
      }
      if (k.across)
        S[c][j] = sum;
    }
  }
  for (size_t c = 0; c < k.m && k.along; c++)
    for (size_t v = 0; v < VECTORS; v++)
      vd_store(Y + c * P + v * DOUBLES, y[c][v]);
}

/* u_j -= the lanes' sum of S_j. */
INLINE void reduce(size_t columns, vd S[STEP], double *u) {
  double sum[STEP];
  for (size_t j = 0; j < columns; j += DOUBLES)
    vd_store(sum + j, vd_sums(S + j));
  for (size_t j = 0; j < columns; j++)
    u[j] -= sum[j];
}

/* S stays in the first-level cache from panel to panel. */
INLINE void stream(kind k, const ntk_block *A, const ntk_meeting *with) {
  const size_t step = k.m == 1 ? STEP / 4 : STEP; /* one vector computes little */
  for (size_t j = 0; j < A->columns; j += step) {
    const size_t columns = A->columns - j < step ? A->columns - j : step;
    vd S[NTK_PACKED_VECTORS][STEP];
    for (size_t c = 0; c < k.m && k.across; c++)
      for (size_t i = 0; i < step; i++)
        S[c][i] = (vd){0};
    for (size_t p = 0; p < A->panels; p++) {
      const real *entries = (const real *)A->entries[p] + j * P;
      const real *next = j + step < A->columns ? entries + step * P : A->next[p];
      for (size_t r = 0; r < P; r += ROWS) {
        const size_t at = p * P * k.m + r;
        few_rows(k, columns, entries + r, next == NULL ? NULL : next + r,
                 k.along ? with->X + j : NULL, with->ld, k.across ? with->Z + at : NULL,
                 k.along ? with->Y + at : NULL, S);
      }
    }
    for (size_t c = 0; c < k.m && k.across; c++)
      reduce(columns, S[c], with->U + j + c * with->ld);
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
