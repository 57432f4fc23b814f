#include "cli/study/study_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the column of a field has this name, now or formerly. */
static bool is_taken(const ntk_field *field, const char *name) {
  return !field->apart && (strcmp(field->name, name) == 0 ||
                           (field->former != NULL && strcmp(field->former, name) == 0));
}

/* A variable that has the name of a field is "grid.NAME": the name would stand there twice. */
static export_column variable(const ntk_study_table *table, size_t v,
                              const ntk_description *fields) {
  export_column column = {
      .name = table->variable[v], .type = table->is_text[v] ? 'U' : 'f', .v = v};
  for (size_t i = 0; i < fields->fields; i++)
    if (is_taken(&fields->field[i], column.name))
      snprintf(column.renamed, COLUMN_RENAMED, "grid.%s", column.name);
  return column;
}

size_t export_columns(const ntk_study_table *table, export_column **columns) {
  const ntk_description *fields = ntk_study_describe("ntk_study_row");
  size_t count = 0;
  bool has_dim = false;
  export_column *made = calloc(table->variables + 2 * fields->fields + 1, sizeof *made);
  *columns = made;
  if (made == NULL)
    return 0;
  for (size_t v = 0; v < table->variables; v++, count++) {
    made[count] = variable(table, v, fields);
    if (made[count].renamed[0] != '\0')
      made[count].name = made[count].renamed;
    has_dim |= strcmp(made[count].name, "d") == 0;
  }
  for (size_t i = 0; i < fields->fields; i++) {
    const ntk_field *f = &fields->field[i];
    const char type = f->type == NTK_TYPE_REAL ? 'f' : f->type == NTK_TYPE_WHOLE ? 'i' : 'U';
    if (!f->apart)
      made[count++] = (export_column){.name = f->name, .type = type, .field = f};
  }
  if (!has_dim) /* of a data file, which no variable says */
    made[count++] = (export_column){.name = "d", .type = 'f', .v = table->variables};
  for (size_t c = 0, own = count; c < own; c++) /* last, where they move no other */
    if (made[c].field != NULL && made[c].field->former != NULL) {
      made[count] = made[c];
      made[count++].name = made[c].field->former;
    }
  return count;
}

ntk_field_value export_cell_of(const ntk_study_table *table, const ntk_study_row *row,
                               const export_column *column) {
  if (column->field != NULL)
    return ntk_field_read(column->field, row);
  if (column->v < table->variables)
    return (ntk_field_value){.real = row->variable[column->v], .text = row->text[column->v]};
  return (ntk_field_value){.real = table->dim > 0 ? (double)table->dim : NAN};
}
