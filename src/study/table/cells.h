/* What maps and boundaries share: the trials of one quantity sorted into the cells of a plane. */
#ifndef NTK_STUDY_CELLS_H
#define NTK_STUDY_CELLS_H

#include "base/status.h"

#include "ntkit/study.h"

typedef struct ntk_cells {
  size_t count;
  ntk_map_cell *cell; /* by x, then y */
  size_t *start;      /* count + 1: the values of cell c are start[c] .. start[c+1]-1 */
  double *value;      /* log10 of them where options.log */
} ntk_cells;

/* The cells that options ask for, without their means. */
ntk_status ntk_cells_collect(const ntk_study_table *table, const ntk_map_options *options,
                             ntk_cells *cells);
void ntk_cells_clear(ntk_cells *cells);

#endif
