/* Groups of panels, in which products and solves go through a packed matrix: few enough that their
 * vectors stay in the first-level cache. */
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

/* How panels are cut: into tiles, and these into groups, those of a whole matrix of NTK_GROUP rows.
 * Tiles of a spread one are one rank's. */
typedef struct ntk_cut {
  size_t panels, tile, group; /* of the matrix; of a tile, of a group, at most */
} ntk_cut;

enum { NTK_TILE_PANELS = 240 * sizeof(double) / NTK_PANEL_BYTES }; /* at most: 240 rows */

static inline ntk_cut ntk_cut_of(const ntk_packed *A) {
  const size_t P = ntk_panel_rows(A->precision), most = NTK_GROUP / P;
  ntk_cut cut = {(A->n + P - 1) / P, most, most};
  if (A->share.ranks == 1)
    return cut;
  const size_t chunk = A->share.unit / P;
  cut.tile = NTK_TILE_PANELS * NTK_PANEL_BYTES / sizeof(double) / P;
  while (chunk % cut.tile != 0)
    cut.tile--;
  const size_t groups = (cut.tile + most - 1) / most;
  cut.group = (cut.tile + groups - 1) / groups;
  return cut;
}

/* Panels [begin, end); begin with {0, p} for the groups from panel p on. */
typedef struct ntk_group {
  size_t begin, end;
} ntk_group;

/* The next group of panels that are here; false: there is none. */
static inline bool ntk_group_next(const ntk_packed *A, const ntk_cut *cut, ntk_group *g) {
  size_t p = g->end;
  while (p < cut->panels && ntk_panel_at(A, p) == NULL)
    p = (p / cut->tile + 1) * cut->tile;
  if (p >= cut->panels)
    return false;
  const size_t tile = (p / cut->tile + 1) * cut->tile, end = p + cut->group;
  *g = (ntk_group){p, end < tile ? end : tile};
  if (g->end > cut->panels)
    g->end = cut->panels;
  return true;
}

/* Panels [p, end) of a group, columns [first, last). */
static inline ntk_block ntk_block_of(const ntk_packed *A, size_t p, size_t end, size_t first,
                                     size_t last) {
  ntk_block block = {A->precision, end - p, last - first, {NULL}, NULL};
  for (size_t i = 0; i < block.panels; i++)
    block.entries[i] = (const char *)ntk_panel_at(A, p + i) + first * NTK_PANEL_BYTES;
  return block;
}

/* After it panels from p on are read, from this column on. */
static inline void ntk_block_next(ntk_block *block, const ntk_packed *A, size_t p, size_t first) {
  block->next = (const char *)ntk_panel_at(A, p) + first * NTK_PANEL_BYTES;
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

/* Solves of m vectors V (n x m) with the factor L, in place. */
typedef struct ntk_solving {
  const ntk_packed *L;
  size_t P, m;
  double *V;
} ntk_solving;

/* V, of panels [p, end), group by group: Z, panel by panel. */
static inline void ntk_group_load(const ntk_solving *s, size_t p, size_t end, double *Z) {
  for (size_t q = p; q < end; q++)
    ntk_panel_load(s->L, q, s->m, s->V, Z + (q - p) * s->P * s->m);
}

/* Y, of panels [p, end), less what the solved rows [first, last) of V take in them. */
static inline void ntk_take_rows(const ntk_solving *s, size_t p, size_t end, size_t first,
                                 size_t last, double *Y) {
  const ntk_block block = ntk_block_of(s->L, p, end, first, last);
  ntk_stream_block(&block, &(ntk_meeting){s->m, s->L->n, s->V + first, NULL, Y, NULL});
}

/* U (vectors ld apart), rows that are the block's columns, less what the solved Z of its panels
 * takes. */
static inline void ntk_take_columns(const ntk_solving *s, const ntk_block *block, const double *Z,
                                    size_t ld, double *U) {
  ntk_stream_block(block, &(ntk_meeting){s->m, ld, NULL, Z, NULL, U});
}

/* A group of panels by its own triangle, or its transpose, to V. Forward Y has it less all before
 * it; back V has it less all after it, and Z is workspace. */
void ntk_group_forward(const ntk_solving *s, size_t begin, size_t end, double *Y);
void ntk_group_back(const ntk_solving *s, size_t begin, size_t end, double *Z);

#endif
