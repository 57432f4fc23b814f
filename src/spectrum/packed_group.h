/* Groups of panels, in which products and solves go through a packed matrix: enough rows that the
 * vectors' share of the traffic is small, few enough that a piece of group by group stays in cache.
 * For packed_solve.c and packed_multiply.c. */
#ifndef NTK_SPECTRUM_PACKED_GROUP_H
#define NTK_SPECTRUM_PACKED_GROUP_H

#include "spectrum/stream.h"

#include <string.h>

enum { NTK_GROUP = 192 }; /* rows */

/* Vectors of a group, panel by panel: P x m each. */
typedef double ntk_group_vectors[NTK_GROUP * NTK_PACKED_VECTORS] __attribute__((aligned(64)));
/* Sums by lanes over a group's columns. */
typedef double ntk_group_sums[NTK_GROUP * NTK_PACKED_VECTORS * NTK_PIECE_LANES]
    __attribute__((aligned(64)));

static inline size_t ntk_groups(size_t n) {
  return (n + NTK_GROUP - 1) / NTK_GROUP;
}

/* The panels of group g are [g k, end), k = NTK_GROUP / P. */
static inline size_t ntk_group_end(const ntk_packed *A, size_t g) {
  const size_t P = ntk_panel_rows(A->precision), panels = (A->n + P - 1) / P;
  const size_t end = (g + 1) * (NTK_GROUP / P);
  return end < panels ? end : panels;
}

/* Panel p, columns [first, last). */
static inline ntk_piece ntk_piece_of(const ntk_packed *A, size_t p, size_t first, size_t last) {
  const size_t P = ntk_panel_rows(A->precision), start = ntk_panel_start(P, p) + first * P;
  const void *entries = A->precision == NTK_PRECISION_FLOAT
                            ? (const void *)((const float *)A->storage + start)
                            : (const void *)((const double *)A->storage + start);
  return (ntk_piece){A->precision, entries, last - first};
}

/* Rows of panel p of m vectors (n x m) to X (P x m), with 0 past the last row; and back, those
 * that there are. */
static inline void ntk_panel_load(const ntk_packed *A, size_t p, size_t m, const double *V,
                                  double *X) {
  const size_t P = ntk_panel_rows(A->precision), first = p * P;
  const size_t rows = A->n - first < P ? A->n - first : P;
  for (size_t c = 0; c < m; c++) {
    memcpy(X + c * P, V + c * A->n + first, rows * sizeof *X);
    memset(X + c * P + rows, 0, (P - rows) * sizeof *X);
  }
}
static inline void ntk_panel_store(const ntk_packed *A, size_t p, size_t m, const double *X,
                                   double *V) {
  const size_t P = ntk_panel_rows(A->precision), first = p * P;
  const size_t rows = A->n - first < P ? A->n - first : P;
  for (size_t c = 0; c < m; c++)
    memcpy(V + c * A->n + first, X + c * P, rows * sizeof *X);
}

#endif
