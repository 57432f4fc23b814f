/* The page docs/results.md: the tables of fields as Markdown. */
#include "cli/shell/help.h"
#include "ntkit/describe.h"

#include <stdio.h>

/* A bar would end the cell. */
static void print_cell(const char *text) {
  for (; *text != '\0'; text++)
    printf(*text == '|' ? "\\%c" : "%c", *text);
  fputs(" | ", stdout);
}

static void print_field(const ntk_field *field) {
  static const char *const types[] = {
      [NTK_TYPE_REAL] = "number",
      [NTK_TYPE_WHOLE] = "whole number",
      [NTK_TYPE_INT] = "whole number",
      [NTK_TYPE_FLAG] = "true or false",
      [NTK_TYPE_TEXT] = "text",
      [NTK_TYPE_LINE] = "text",
      [NTK_TYPE_PAIR] = "two numbers",
      [NTK_TYPE_REALS] = "numbers",
      [NTK_TYPE_WHOLES] = "whole numbers",
      [NTK_TYPE_OBJECT] = "object: ",
      [NTK_TYPE_OBJECTS] = "list of ",
  };
  printf("| `%s`%s", field->name, field->apart ? " *" : "");
  if (field->former != NULL)
    printf(" (was `%s`)", field->former);
  printf(" | %s", types[field->type]);
  if (field->of != NULL)
    printf("[%s](#%s)", field->of->name, field->of->name);
  fputs(" | ", stdout);
  print_cell(field->unit);
  print_cell(field->help);
  printf("%s |\n", field->member);
}

static void print_tables(const ntk_description *const *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const ntk_description *d = list[i];
    printf("\n## %s\n\n%s%s%s%s\n\n| name | type | unit | what it is | in C "
           "|\n|---|---|---|---|---|\n",
           d->name, d->help, d->position != NULL ? " In a list, `" : "",
           d->position != NULL ? d->position : "",
           d->position != NULL ? "` is its place there, from 0." : "");
    for (size_t k = 0; k < d->fields; k++)
      print_field(&d->field[k]);
  }
}

void help_results(void) {
  size_t count = 0;
  puts("# Results\n\n"
       "Every result of the library, field by field: the names are those of `--json`, of saved "
       "`.npy` files and of\nexports, the last column is the member of the struct. What a command "
       "adds of its own is on its page, of `predict --kernel` at the "
       "end of [predictions](predict.md). `a.b` is `b` of "
       "an object `a`. A number that is not known, "
       "or\nnot finite, is `null` in JSON. Fields with "
       "a * are not in the JSON object. What is said to have had another name is, in this release, "
       "written under that as\nwell.\n\nIn Python a struct's name is without `ntk_` and in "
       "capitals, "
       "`SpectrumResult`, a dot is an underscore, `result.iterations_solves`,\nand what is not "
       "known is nan, of arrays and texts None.\n\nThis page is what `ntkit help --results` "
       "prints, from "
       "the tables of `ntkit/describe.h`.");
  const ntk_description *const *list = ntk_description_list(&count);
  print_tables(list, count);
  list = ntk_study_description_list(&count);
  print_tables(list, count);
}
