/* The columns of an export, one table for CSV, JSON and .npz. */
#ifndef NTK_CLI_STUDY_COLUMNS_H
#define NTK_CLI_STUDY_COLUMNS_H

#include "ntkit/study.h"

typedef struct export_column {
  const char *name;
  char type; /* f: a double, i: a whole number, U: a text; as NumPy has them */
  size_t v;  /* of a variable */
  int kind;
} export_column;

/* The value that a row has in a column; of the fields one, by its type. */
typedef struct export_cell {
  double real;
  uint64_t whole;
  const char *text;
} export_cell;

/* The variables, then what every table has; *columns is to be freed, NULL for want of memory. How
 * many. */
size_t export_columns(const ntk_study_table *table, export_column **columns);
export_cell export_cell_of(const ntk_study_table *table, const ntk_study_row *row,
                           const export_column *column);

#endif
