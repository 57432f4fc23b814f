#include "cli/study/study_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind {
  VARIABLE,
  TRIAL,
  SEED,
  QUANTITY,
  VALUE,
  STATUS,
  SECONDS,
  FAULT,
  LOWER,
  UPPER,
  DIM
} kind;

/* What a variable of such a name is called: the name would stand there twice. */
static const struct {
  const char *name, *variable;
  char type;
  kind kind;
} fixed[] = {
    {"trial", "grid.trial", 'i', TRIAL},
    {"seed", "grid.seed", 'i', SEED},
    {"quantity", "grid.quantity", 'U', QUANTITY},
    {"value", "grid.value", 'f', VALUE},
    {"status", "grid.status", 'U', STATUS},
    {"seconds", "grid.seconds", 'f', SECONDS},
    {"error", "grid.error", 'U', FAULT},
    {"lower_scale", "grid.lower_scale", 'f', LOWER},
    {"upper_scale", "grid.upper_scale", 'f', UPPER},
    {"d", "d", 'f', DIM}, /* of a data file, which no variable says */
};
enum { FIXED = sizeof fixed / sizeof fixed[0] };

size_t export_columns(const ntk_study_table *table, export_column **columns) {
  size_t count = 0;
  bool has_dim = false;
  *columns = calloc(table->variables + FIXED, sizeof **columns);
  for (size_t v = 0; v < table->variables && *columns != NULL; v++) {
    export_column *column = &(*columns)[count++];
    *column = (export_column){table->variable[v], table->is_text[v] ? 'U' : 'f', v, VARIABLE};
    for (size_t i = 0; i < FIXED; i++)
      if (strcmp(fixed[i].name, column->name) == 0)
        column->name = fixed[i].variable;
    has_dim |= strcmp(column->name, "d") == 0;
  }
  for (size_t i = 0; i < FIXED && *columns != NULL; i++)
    if (fixed[i].kind != DIM || !has_dim)
      (*columns)[count++] = (export_column){fixed[i].name, fixed[i].type, 0, fixed[i].kind};
  return count;
}

export_cell export_cell_of(const ntk_study_table *table, const ntk_study_row *row,
                           const export_column *column) {
  switch ((kind)column->kind) {
  case VARIABLE:
    return (export_cell){.real = row->variable[column->v], .text = row->text[column->v]};
  case TRIAL:
    return (export_cell){.whole = row->trial};
  case SEED:
    return (export_cell){.whole = row->seed};
  case QUANTITY:
    return (export_cell){.text = row->quantity};
  case VALUE:
    return (export_cell){.real = row->value};
  case STATUS:
    return (export_cell){.text = row->status};
  case SECONDS:
    return (export_cell){.real = row->seconds};
  case FAULT:
    return (export_cell){.text = row->error};
  case LOWER:
    return (export_cell){.real = row->lower_scale};
  case UPPER:
    return (export_cell){.real = row->upper_scale};
  case DIM:
    break;
  }
  return (export_cell){.real = table->dim > 0 ? (double)table->dim : NAN};
}
