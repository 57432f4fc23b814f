/* An expression of the grid's variables, for every row. */
#include "study/spec/expression.h"

#include "ntkit/study.h"

#include <stdlib.h>
#include <string.h>

ntk_status ntk_study_table_column(const ntk_study_table *table, const char *expression,
                                  double *values) {
  if (table == NULL || expression == NULL || values == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "table, expression or values is NULL; accepted: none of them");
  if (table->rows == 0)
    return NTK_OK;
  double *column = calloc(table->rows, sizeof *column); /* values stay untouched on failure */
  if (column == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a column of %zu rows", table->rows);
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < table->rows && status == NTK_OK; i++) {
    const ntk_scope scope = {table->variables, table->variable, table->row[i].variable};
    status = ntk_expression_evaluate(expression, &scope, &column[i]);
  }
  if (status == NTK_OK)
    memcpy(values, column, table->rows * sizeof *column);
  free(column);
  return status;
}
