/* Which point of a grid has given values. */
#ifndef NTK_STUDY_LOCATE_H
#define NTK_STUDY_LOCATE_H

#include "study/spec/grid.h"

/* A value with the place it has among its variable's. */
typedef struct ntk_placed {
  double value;
  size_t place;
} ntk_placed;

/* A grid with its numbers in ascending order. All zero: none. */
typedef struct ntk_grid_index {
  const ntk_grid *grid; /* borrowed */
  ntk_placed *placed[NTK_MOST_VARIABLES];
} ntk_grid_index;

ntk_status ntk_grid_index_make(const ntk_grid *grid, ntk_grid_index *index);
void ntk_grid_index_clear(ntk_grid_index *index);

/* The place of a number, or, unless NULL, a text among the values of variable v, which does not
 * follow from others; SIZE_MAX: it is not among them. */
size_t ntk_grid_place(const ntk_grid_index *index, size_t v, double value, const char *text);

/* The point, or SIZE_MAX, where the variables called names->name have these values and texts (NULL
 * where it is a number). NTK_ERR_ARGUMENT where one that follows from others is another number
 * there. */
ntk_status ntk_grid_locate(const ntk_grid_index *index, const ntk_grid *names, const double *value,
                           const char *const *text, size_t *point);

#endif
