/* The grid of a study: variables, the values they take, and the points they make. */
#ifndef NTK_STUDY_GRID_H
#define NTK_STUDY_GRID_H

#include "study/spec/expression.h"
#include "study/spec/settings.h"

enum { NTK_MOST_VARIABLES = 16 };

/* A variable takes its values one after the other (count of them), or follows from the others
 * (expression not NULL). */
typedef struct ntk_variable {
  const char *name; /* borrowed from the settings */
  size_t line;      /* where it stands, as in ntk_setting */
  size_t count;
  double *value;           /* NULL when it is a text or follows from others */
  const char *const *text; /* borrowed from the settings; NULL when it is a number */
  const char *expression;
} ntk_variable;

typedef struct ntk_grid {
  const char *source; /* borrowed from the settings */
  size_t count, points;
  ntk_variable variable[NTK_MOST_VARIABLES]; /* in the order of the file */
  const char *name[NTK_MOST_VARIABLES];      /* the same names, for scopes */
} ntk_grid;

/* Reads every setting "grid.NAME". Its values are numbers, expressions of numbers, ranges a:b or
 * a:b:step (b included), sequences "EXPRESSION for i in RANGE", or names (texts); a single
 * expression of other variables follows from them. */
ntk_status ntk_grid_make(const ntk_settings *settings, ntk_grid *grid);
void ntk_grid_clear(ntk_grid *grid);

/* Values of all variables at point i, the last variable changing fastest; NaN for texts. */
ntk_status ntk_grid_values(const ntk_grid *grid, size_t i, double *values);
/* Text of variable v at point i; NULL when it is a number. */
const char *ntk_grid_text(const ntk_grid *grid, size_t v, size_t i);
/* Index of a variable; grid->count when there is none of this name. */
size_t ntk_grid_find(const ntk_grid *grid, const char *name);

#endif
