/* The columns of an export, one table for CSV, JSON and .npz. */
#ifndef NTK_CLI_STUDY_COLUMNS_H
#define NTK_CLI_STUDY_COLUMNS_H

#include "ntkit/describe.h"
#include "ntkit/study.h"

enum { COLUMN_RENAMED = 48 };

typedef struct export_column {
  const char *name;
  char type;                    /* f: a double, i: a whole number, U: a text; as NumPy has them */
  size_t v;                     /* of a variable */
  const ntk_field *field;       /* of ntk_study_row; NULL: a variable, or d */
  char renamed[COLUMN_RENAMED]; /* where name is, of a variable that is called as a field is */
} export_column;

/* The variables, then what every table has, then what has a former name under that; *columns is to
 * be freed, NULL for want of memory. How many. */
size_t export_columns(const ntk_study_table *table, export_column **columns);
/* The value that a row has in a column, by its type in real, whole or text. */
ntk_field_value export_cell_of(const ntk_study_table *table, const ntk_study_row *row,
                               const export_column *column);

#endif
