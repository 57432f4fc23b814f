/* The table that a page ends with: every field of a result, from its table of fields. */
#include "cli/show/page.h"

#include "cli/show/fold.h"

#include <stdlib.h>
#include <string.h>

/* Rows of a list that a page shows; characters of a name, and of a text that is shown at once. */
enum { LISTED = 50, NAME = 128, SEEN = 300 };

/* Text in which the name of an option, --dim, is not parted after its dashes. */
static void put_words(FILE *out, const char *text) {
  while (*text != '\0') {
    const bool option = strncmp(text, "--", 2) == 0;
    const size_t length = option ? strcspn(text, " =") : strcspn(text, " ") + 1;
    char word[NAME];
    snprintf(word, length < NAME ? length + 1 : NAME, "%s", text);
    fputs(option ? "<span class=\"option\">" : "", out);
    page_text(out, word);
    fputs(option ? "</span>" : "", out);
    text += strlen(word);
  }
}

/* What would fill a screen, as a command with a thousand widths, in short; a click shows all of it.
 */
static void put_text(FILE *out, const char *text) {
  char folded[SEEN];
  if (strlen(text) < SEEN) {
    put_words(out, text);
    return;
  }
  fold_words(text, sizeof folded, folded);
  fputs("<details><summary>", out);
  put_words(out, folded);
  fputs("</summary>", out);
  put_words(out, text);
  fputs("</details>", out);
}

/* With digits that tell it from every other number: rounded, a bound might be none. */
static void put_all_digits(FILE *out, double x) {
  char text[40];
  for (int digits = 10; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (strtod(text, NULL) == x)
      break;
  }
  fputs(text, out);
}

/* Two numbers, or of more how many there are and the ends. */
static void put_numbers(FILE *out, const ntk_field_value *value) {
  const double *x = value->at;
  if (value->count <= 4) {
    for (size_t i = 0; i < value->count; i++) {
      fputs(i > 0 ? ", " : "", out);
      put_all_digits(out, x[i]);
    }
    return;
  }
  fprintf(out, "%zu numbers: %.6g, %.6g, …, %.6g", value->count, x[0], x[1], x[value->count - 1]);
}

/* digits: of a number; 0: all, of a time four. */
static void put_value(FILE *out, const ntk_field *field, const ntk_field_value *value, int digits) {
  if (!value->known) {
    fputs("–", out);
    return;
  }
  switch (field->type) {
  case NTK_TYPE_REAL:
    if (digits == 0 && strcmp(field->unit, "s") != 0)
      put_all_digits(out, value->real);
    else
      fprintf(out, "%.*g", digits > 0 ? digits : 4, value->real);
    break;
  case NTK_TYPE_WHOLE:
  case NTK_TYPE_INT:
    fprintf(out, "%llu", (unsigned long long)value->whole);
    break;
  case NTK_TYPE_FLAG:
    fputs(value->flag ? "true" : "false", out);
    break;
  case NTK_TYPE_TEXT:
  case NTK_TYPE_LINE:
    put_text(out, value->text);
    break;
  case NTK_TYPE_PAIR:
  case NTK_TYPE_REALS:
    put_numbers(out, value);
    break;
  case NTK_TYPE_WHOLES:
    fold_wholes(out, value->at, value->count, ", ");
    break;
  case NTK_TYPE_OBJECT:
    break;
  case NTK_TYPE_OBJECTS:
    fprintf(out, "%zu of them", value->count);
    break;
  }
}

void page_fields_begin(FILE *out) {
  fputs("<h2>Every field</h2>\n<p>By the names of <code>--json</code>, where it has them; “–”: not "
        "known, or "
        "not asked for.</p>\n<table class=\"fields\">\n<thead><tr><th>name</th><th>value</th>"
        "<th>unit</th><th>what it is</th></tr></thead>\n<tbody>\n",
        out);
}

void page_fields_end(FILE *out) {
  fputs("</tbody>\n</table>\n", out);
}

/* Calls each with the fields from first to last, under key. */
static void walk(FILE *out, const char *key, const ntk_description *table, const void *result,
                 const char *first, const char *last,
                 void (*each)(FILE *out, const char *prefix, const ntk_field *field,
                              const ntk_field_value *value)) {
  char prefix[NAME] = "";
  bool within = false;
  if (key != NULL)
    snprintf(prefix, sizeof prefix, "%.100s.", key);
  for (size_t i = 0; i < table->fields; i++) {
    const ntk_field *field = &table->field[i];
    const ntk_field_value value = ntk_field_read(field, result);
    within = within || first == NULL || strcmp(field->name, first) == 0;
    if (within)
      each(out, prefix, field, &value);
    if (last != NULL && strcmp(field->name, last) == 0)
      return;
  }
}

/* Objects in objects, as deep as structs are nested. NOLINTNEXTLINE(misc-no-recursion) */
static void put_field(FILE *out, const char *prefix, const ntk_field *field,
                      const ntk_field_value *value) {
  if (field->type == NTK_TYPE_OBJECT) {
    char inner[NAME];
    snprintf(inner, sizeof inner, "%s%s", prefix, field->name);
    page_fields(out, inner, field->of, value->at, NULL, NULL);
    return;
  }
  fprintf(out, "<tr><td><code>%s%s</code></td><td class=\"value\">", prefix, field->name);
  put_value(out, field, value, 0);
  fprintf(out, "</td><td>%s</td><td>", field->unit);
  put_words(out, field->help);
  fputs("</td></tr>\n", out);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
void page_fields(FILE *out, const char *key, const ntk_description *table, const void *result,
                 const char *first, const char *last) {
  walk(out, key, table, result, first, last, put_field);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

/* The rows of a list that a page shows: the first, the last, and others evenly between them. */
typedef struct shown_rows {
  const ntk_description *of;
  const char *at;
  size_t count, shown;
} shown_rows;

static size_t place_of(const shown_rows *r, size_t k) {
  return r->shown > 1 ? k * (r->count - 1) / (r->shown - 1) : 0;
}

/* Whether one of them has this field: a column of dashes would take the room of numbers. */
static bool has(const shown_rows *r, size_t field) {
  for (size_t k = 0; k < r->shown; k++)
    if (ntk_field_read(&r->of->field[field], r->at + place_of(r, k) * r->of->size).known)
      return true;
  return false;
}

static void put_head(FILE *out, const shown_rows *r) {
  const ntk_description *of = r->of;
  fputs("<table class=\"list\">\n<thead><tr>", out);
  if (of->position != NULL)
    fprintf(out, "<th>%s</th>", of->position);
  for (size_t f = 0; f < of->fields; f++)
    if (has(r, f))
      fprintf(out, "<th>%s%s%s</th>", of->field[f].name, of->field[f].unit[0] != '\0' ? ", " : "",
              of->field[f].unit);
  fputs("</tr></thead>\n<tbody>\n", out);
}

static void put_row(FILE *out, const shown_rows *r, size_t i) {
  const ntk_description *of = r->of;
  fputs("<tr>", out);
  if (of->position != NULL)
    fprintf(out, "<td>%s %zu</td>", of->position, i);
  for (size_t f = 0; f < of->fields; f++) {
    const ntk_field *field = &of->field[f];
    const ntk_field_value value = ntk_field_read(field, r->at + i * of->size);
    if (!has(r, f))
      continue;
    fprintf(out, "<td data-label=\"%s\"%s>", field->name,
            field->type == NTK_TYPE_REAL ? " class=\"real\"" : "");
    put_value(out, field, &value, 6);
    fputs("</td>", out);
  }
  fputs("</tr>\n", out);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_list(FILE *out, const char *prefix, const ntk_field *field,
                     const ntk_field_value *list) {
  const ntk_description *of = field->of;
  if (field->type == NTK_TYPE_OBJECT)
    page_lists(out, NULL, of, list->at, NULL, NULL);
  if (field->type != NTK_TYPE_OBJECTS || list->count == 0)
    return;
  const shown_rows rows = {of, list->at, list->count, list->count < LISTED ? list->count : LISTED};
  fprintf(out, "<h3><code>%s%s</code>: ", prefix, field->name);
  page_text(out, field->help);
  fputs("</h3>\n", out);
  if (rows.shown < list->count)
    fprintf(out, "<p>%zu of %zu rows, evenly spread; <code>--json</code> has all.</p>\n",
            rows.shown, list->count);
  put_head(out, &rows);
  for (size_t k = 0; k < rows.shown; k++)
    put_row(out, &rows, place_of(&rows, k));
  fputs("</tbody>\n</table>\n<dl>\n", out);
  for (size_t f = 0; f < of->fields; f++)
    if (has(&rows, f))
      page_fact(out, of->field[f].name, "%s", of->field[f].help);
  fputs("</dl>\n", out);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
void page_lists(FILE *out, const char *key, const ntk_description *table, const void *result,
                const char *first, const char *last) {
  walk(out, key, table, result, first, last, put_list);
}
