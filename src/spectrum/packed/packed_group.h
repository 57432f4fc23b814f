/* Groups of panels, in which products and solves go through a packed matrix: as many panels as
 * memory brings side by side, few enough that their vectors stay in the first-level cache. For
 * packed_solve.c and packed_multiply.c. */
#ifndef NTK_SPECTRUM_PACKED_GROUP_H
#define NTK_SPECTRUM_PACKED_GROUP_H

#include "spectrum/packed/stream.h"

#include <string.h>

enum { NTK_GROUP = NTK_BLOCK_PANELS * NTK_PANEL_BYTES / sizeof(double) }; /* rows: 192 */

/* Vectors of a group, panel by panel: P x m each. */
typedef double ntk_group_vectors[NTK_GROUP * NTK_PACKED_VECTORS] __attribute__((aligned(64)));

static inline size_t ntk_groups(size_t n) {
  return (n + NTK_GROUP - 1) / NTK_GROUP;
}

/* The panels of group g are [g k, end), k = NTK_GROUP / P. */
static inline size_t ntk_group_end(const ntk_packed *A, size_t g) {
  const size_t P = ntk_panel_rows(A->precision), panels = (A->n + P - 1) / P;
  const size_t end = (g + 1) * (NTK_GROUP / P);
  return end < panels ? end : panels;
}

/* Panels [p, end) of a group, columns [first, last). */
static inline ntk_block ntk_block_of(const ntk_packed *A, size_t p, size_t end, size_t first,
                                     size_t last) {
  ntk_block block = {A->precision, end - p, last - first, {NULL}, {NULL}};
  for (size_t i = 0; i < block.panels; i++)
    block.entries[i] = (const char *)ntk_panel_at(A, p + i) + first * NTK_PANEL_BYTES;
  return block;
}

/* After it as many panels are read, from p on, from this column on. */
static inline void ntk_block_next(ntk_block *block, const ntk_packed *A, size_t p, size_t first) {
  const ntk_block next = ntk_block_of(A, p, p + block->panels, first, first);
  memcpy(block->next, next.entries, sizeof block->next);
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
