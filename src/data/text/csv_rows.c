/* Rows of numbers as text. What ntk_decimals_read takes, numbers with the delimiter right behind
 * them, is read there; blanks, quotes, ends of lines and refusals are looked at here. */
#include "data/text/csv.h"
#include "data/text/decimal.h"

#include <math.h>
#include <string.h>

void ntk_text_show(const ntk_window *w, char shown[NTK_SHOWN]) {
  size_t length = 0;
  for (const char *c = w->at; length + 1 < NTK_SHOWN && *c != '\0' && *c != '\n' && *c != '\r' &&
                              *c != w->reader->lines.delimiter;
       c++)
    shown[length++] = *c;
  shown[length] = '\0';
}

static ntk_status refuse_field(const ntk_window *w, size_t column, const char *why) {
  char shown[NTK_SHOWN];
  ntk_text_show(w, shown);
  return ntk_fail(
      NTK_ERR_FORMAT,
      "%s: line %zu, column %zu: '%s' %s; accepted: decimal numbers, or words in a label column "
      "(--label-column)",
      w->reader->path, w->line, column + 1, shown, why);
}

static ntk_status refuse_number(const ntk_window *w, size_t column) {
  char shown[NTK_SHOWN];
  ntk_text_show(w, shown);
  if (w->reader->lines.point == ',' && strchr(shown, '.') != NULL)
    return refuse_field(w, column, "has a point, and other numbers of the file have a comma");
  return refuse_field(w, column, "is no number");
}

static ntk_status refuse_columns(const ntk_window *w, size_t found, size_t wanted) {
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: line %zu has %s%zu columns, those before it %zu; accepted: as many in each",
                  w->reader->path, w->line, found > wanted ? "at least " : "", found, wanted);
}

bool ntk_text_ends(const ntk_window *w) {
  return *w->at == '\n' || w->at == w->end;
}

/* One number, to the delimiter or the end of the line that follows it. */
static ntk_status read_field(ntk_window *w, size_t column, double *value) {
  const char delimiter = w->reader->lines.delimiter;
  w->at = ntk_past_blanks(w->at, delimiter);
  const bool quoted = *w->at == '"';
  const char *number = ntk_decimal_read(w->at + quoted, w->end, w->reader->lines.point, value);
  if (number == NULL || (quoted && *number != '"'))
    return refuse_number(w, column);
  char *end = w->at + (number - w->at) + quoted;
  const bool apart = ntk_is_blank(end);
  end = ntk_past_blanks(end, delimiter);
  if (end - w->at > NTK_FIELD || (end == w->end && !w->last))
    return refuse_field(w, column, "goes on for more than 512 characters");
  if (*end == '\r')
    return refuse_field(w, column, "is followed by a carriage return alone");
  if (*end != '\n' && end != w->end && !(delimiter == ' ' ? apart : *end == delimiter))
    return refuse_number(w, column);
  if (!isfinite(*value))
    return ntk_fail(
        NTK_ERR_NOT_FINITE,
        "%s: holds %g in line %zu, column %zu (counted from 1); accepted: finite numbers",
        w->reader->path, *value, w->line, column + 1);
  w->at = end;
  return NTK_OK;
}

/* The numbers from *column on, before column `most`, that the delimiter follows at once, as far as
 * the window goes; *out moves on with them. What stops it is looked at more closely by read_field.
 */
static void read_plain(ntk_window *w, size_t most, size_t *column, double **out) {
  const ntk_lines *lines = &w->reader->lines;
  ntk_decimals from = {.at = w->at,
                       .end = w->end,
                       .room = w->last ? 0 : NTK_FIELD,
                       .most = NTK_FIELD,
                       .delimiter = lines->delimiter,
                       .point = lines->point};
  const size_t count = most > *column ? ntk_decimals_read(&from, most - *column, *out) : 0;
  w->at += from.at - w->at;
  *out += count;
  *column += count;
}

/* A line of `columns` fields, to the beginning of the next one. */
static ntk_status read_row(ntk_window *w, double *out) {
  const ntk_lines *lines = &w->reader->lines;
  const size_t columns = w->reader->cols + lines->indexed + (lines->label > 0);
  const size_t label = lines->label > 0 ? lines->label - 1 : columns;
  for (size_t j = 0; j < columns; j++) {
    const bool no_datum = j == label || (j == 0 && lines->indexed);
    if (!no_datum && lines->delimiter != ' ')
      read_plain(w, j < label && label < columns ? label : columns - 1, &j, &out);
    NTK_TRY(ntk_window_fill(w));
    if (j == label || no_datum)
      NTK_TRY(ntk_text_field(w, j, NULL));
    else
      NTK_TRY(read_field(w, j, out++));
    const bool ends = ntk_text_ends(w);
    if (ends != (j + 1 == columns))
      return refuse_columns(w, ends ? j + 1 : columns + 1, columns);
    w->at += !ends && lines->delimiter != ' ';
  }
  bool there = false;
  return ntk_window_next(w, &there);
}

ntk_status ntk_text_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  return ntk_lines_rows(reader, read_row, first, count, out);
}
