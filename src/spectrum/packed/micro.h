/* The micro-kernel under Gram matrices and factorisation: a product of MR rows and NR columns whose
 * sums stay in registers. Only *_lanes.c files include this, after base/lanes.h. */
#ifndef NTK_SPECTRUM_MICRO_H
#define NTK_SPECTRUM_MICRO_H

#include "spectrum/packed/packed.h"

/* A micro-tile: MR rows in VECTORS vectors, and NR columns. Its sums, a vector of each of its rows
 * and an entry of a column fill the registers: 32, or 16. */
#if LANES_BYTES > 16
enum { VECTORS = 3 };
#elif defined(__ARM_NEON)
enum { VECTORS = 4 };
#else
enum { VECTORS = 2 };
#endif
enum {
  P = NTK_PANEL_BYTES / sizeof(real), /* rows of a panel of packed storage */
  MR = VECTORS * LANES,
  NR = LANES_BYTES == 64 ? 8 : 4
};
_Static_assert(P % MR == 0 && MR % NR == 0, "panels are whole micro-tiles");

/* c[j][v] += sum over k of a_k b_k^T: a_k is MR entries from a + k a_step on, b_k is NR from b + k
 * b_step on. 2 MR NR flops for each k. */
static inline __attribute__((always_inline)) void micro_add(size_t inner, const real *a,
                                                            size_t a_step, const real *b,
                                                            size_t b_step, vr c[NR][VECTORS]) {
  for (; inner > 0; inner--, a += a_step, b += b_step) {
    vr row[VECTORS];
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      row[v] = vr_load(a + v * LANES);
#pragma GCC unroll 8
    for (size_t j = 0; j < NR; j++) {
      const vr column = vr_set(b[j]);
#pragma GCC unroll 4
      for (size_t v = 0; v < VECTORS; v++)
        c[j][v] += row[v] * column;
    }
  }
}

/* The same from 0 on. */
static inline __attribute__((always_inline)) void micro_sum(size_t inner, const real *a,
                                                            size_t a_step, const real *b,
                                                            size_t b_step, vr c[NR][VECTORS]) {
#pragma GCC unroll 8
  for (size_t j = 0; j < NR; j++)
#pragma GCC unroll 4
    for (size_t v = 0; v < VECTORS; v++)
      c[j][v] = vr_set(0);
  micro_add(inner, a, a_step, b, b_step, c);
}

#endif
