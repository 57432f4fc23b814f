/* An expression of the grid's variables and of quantities, for every row. A quantity stands for its
 * mean over the trials of the row's point: what is drawn over it is drawn at one place a point. */
#include "study/spec/expression.h"

#include "ntkit/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an expression may name: variables, then quantities, whose means are those of one point. */
typedef struct names {
  const ntk_study_table *table;
  size_t count;
  const char **name;
  double *value;
  bool *used; /* by the expression */
} names;

static void names_clear(names *n) {
  free((void *)n->name);
  free(n->value);
  free(n->used);
}

/* Whether there was memory; to be cleared in any case. */
static bool names_begin(const ntk_study_table *table, names *n) {
  *n = (names){.table = table, .count = table->variables + table->quantities};
  n->name = calloc(n->count + 1, sizeof *n->name);
  n->value = calloc(n->count + 1, sizeof *n->value);
  n->used = calloc(n->count + 1, sizeof *n->used);
  if (n->name == NULL || n->value == NULL || n->used == NULL)
    return false;
  for (size_t v = 0; v < table->variables; v++)
    n->name[v] = table->variable[v];
  for (size_t q = 0; q < table->quantities; q++)
    n->name[table->variables + q] = table->quantity[q];
  return true;
}

/* A variable comes before a quantity of its name. */
static void note(const char *name, size_t length, void *user) {
  names *n = user;
  for (size_t i = 0; i < n->count; i++)
    if (strlen(n->name[i]) == length && strncmp(n->name[i], name, length) == 0) {
      n->used[i] = true;
      return;
    }
}

static bool uses_quantities(const names *n) {
  for (size_t i = n->table->variables; i < n->count; i++)
    if (n->used[i])
      return true;
  return false;
}

/* By point and trial: sums have the same bits whatever the order of rows. */
static int by_point(const void *a, const void *b) {
  const ntk_study_row *x = *(const ntk_study_row *const *)a, *y = *(const ntk_study_row *const *)b;
  if (x->point != y->point)
    return x->point < y->point ? -1 : 1;
  if (x->trial != y->trial)
    return x->trial < y->trial ? -1 : 1;
  return (x > y) - (x < y);
}

/* The means of the quantities used, over the rows of one point. */
static ntk_status find_means(names *n, const ntk_study_row *const *row, size_t rows) {
  for (size_t i = n->table->variables; i < n->count; i++) {
    size_t count = 0;
    double sum = 0.0;
    for (size_t r = 0; r < rows && n->used[i]; r++)
      if (strcmp(row[r]->quantity, n->name[i]) == 0 && !isnan(row[r]->value)) {
        sum += row[r]->value;
        count++;
      }
    if (n->used[i] && count == 0)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s has no value at some point; accepted: quantities with a value at each",
                      n->name[i]);
    n->value[i] = count > 0 ? sum / (double)count : NAN;
  }
  return NTK_OK;
}

static ntk_status evaluate(names *n, const char *expression, const ntk_study_row *row,
                           double *value) {
  for (size_t v = 0; v < n->table->variables; v++)
    n->value[v] = row->variable[v];
  const ntk_scope scope = {n->count, n->name, n->value};
  return ntk_expression_evaluate(expression, &scope, value);
}

/* order: rows entries of scratch. */
static ntk_status fill_by_points(names *n, const char *expression, const ntk_study_row **order,
                                 double *column) {
  const ntk_study_table *table = n->table;
  for (size_t i = 0; i < table->rows; i++)
    order[i] = &table->row[i];
  qsort((void *)order, table->rows, sizeof *order, by_point);
  for (size_t first = 0, end = 0; first < table->rows; first = end) {
    double value = 0.0;
    while (end < table->rows && order[end]->point == order[first]->point)
      end++;
    NTK_TRY(find_means(n, order + first, end - first));
    NTK_TRY(evaluate(n, expression, order[first], &value));
    for (size_t i = first; i < end; i++)
      column[order[i] - table->row] = value;
  }
  return NTK_OK;
}

static ntk_status fill(names *n, const char *expression, const ntk_study_row **order,
                       double *column) {
  ntk_expression_names(expression, note, n);
  if (uses_quantities(n))
    return fill_by_points(n, expression, order, column);
  for (size_t i = 0; i < n->table->rows; i++)
    NTK_TRY(evaluate(n, expression, &n->table->row[i], &column[i]));
  return NTK_OK;
}

ntk_status ntk_study_table_column(const ntk_study_table *table, const char *expression,
                                  double *values) {
  if (table == NULL || expression == NULL || values == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "table, expression or values is NULL; accepted: all of them given");
  if (table->rows == 0)
    return NTK_OK;
  names n = {0};
  double *column = calloc(table->rows, sizeof *column); /* values stay untouched on failure */
  const ntk_study_row **order = calloc(table->rows, sizeof *order);
  ntk_status status = NTK_OK;
  if (column == NULL || order == NULL || !names_begin(table, &n))
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for a column of %zu rows", table->rows);
  else
    status = fill(&n, expression, order, column);
  if (status == NTK_OK)
    memcpy(values, column, table->rows * sizeof *column);
  names_clear(&n);
  free((void *)order);
  free(column);
  return status;
}
