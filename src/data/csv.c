/* Decimal numbers as text, a row a line: CSV and its kin. Between numbers stands a comma, a
 * semicolon, a tab or blanks, by what the first line has; that line is a heading when it begins
 * with a name and goes on with names, or numbers of columns. A column of row numbers, which pandas
 * and R head by nothing, is left out. Numbers may be quoted. Lines of blanks, and lines that begin
 * with # and no error of a spreadsheet, are no rows.
 *
 * Opening reads the whole file once, for the number of rows, and keeps where some of them begin, so
 * that any row is found without reading all before it. */
#include "data/csv.h"

#include <string.h>

/* Counts the rows from here on, and marks where some of them begin: when there is no room for more
 * marks, every second is given up. */
static ntk_status count_rows(ntk_window *w, ntk_reader *reader, size_t *rows) {
  enum { MOST = sizeof reader->lines.mark / sizeof reader->lines.mark[0] };
  ntk_lines *lines = &reader->lines;
  bool there = false;
  lines->step = 1;
  for (*rows = 0;; ++*rows) {
    NTK_TRY(ntk_window_find(w, &there));
    if (!there)
      return NTK_OK;
    if (*rows == MOST * lines->step) {
      for (size_t k = 0; k < MOST / 2; k++)
        lines->mark[k] = lines->mark[2 * k];
      lines->step *= 2;
    }
    if (*rows % lines->step == 0) {
      lines->mark[*rows / lines->step].offset = ntk_window_offset(w);
      lines->mark[*rows / lines->step].line = w->line;
    }
    NTK_TRY(ntk_window_next(w, &there));
  }
}

/* Bytes of the mark with which Excel begins. */
static size_t order_mark(const unsigned char *start) {
  return memcmp(start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static bool recognise(const unsigned char *start, size_t count) {
  const size_t mark = order_mark(start); /* start: NTK_READER_START bytes, 0 after the last */
  start += mark;
  count -= mark;
  for (size_t i = 0; i < count; i++)
    if ((start[i] < ' ' && start[i] != '\t' && start[i] != '\r' && start[i] != '\n') ||
        (i > 0 && start[i - 1] == '\r' && start[i] != '\r' && start[i] != '\n'))
      return false; /* also lines that end as on the first Macintosh: they would be one row */
  return count > 0 && strchr("{[<%", start[0]) == NULL; /* JSON, XML, PDF */
}

static ntk_status open_text(ntk_reader *reader, const unsigned char *start) {
  const off_t begin = (off_t)order_mark(start);
  ntk_window w;
  bool there = false, heading = false;
  size_t cols = 0, rows = 0;
  reader->type = "float64";
  ntk_window_open(reader, begin, 1, &w);
  NTK_TRY(ntk_window_find(&w, &there));
  if (!there)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is text without a row of numbers; accepted: .npy, or rows "
                    "of numbers as text",
                    reader->path);
  const off_t first = ntk_window_offset(&w);
  const size_t line = w.line;
  NTK_TRY(ntk_text_look(&w, &reader->lines.delimiter, &cols));
  ntk_window_open(reader, first, line, &w);
  NTK_TRY(ntk_text_heading(&w, &reader->lines, &heading));
  ntk_window_open(reader, first, line, &w);
  if (heading)
    NTK_TRY(ntk_window_next(&w, &there));
  NTK_TRY(
      ntk_text_point(reader, ntk_window_offset(&w), reader->lines.delimiter, &reader->lines.point));
  NTK_TRY(count_rows(&w, reader, &rows));
  cols -= reader->lines.indexed;
  char shape[64];
  snprintf(shape, sizeof shape, "(%zu, %zu)", rows, cols);
  const int rank = cols == 1 && reader->accepted != 2 ? 1 : 2;
  return ntk_reader_set_shape(reader, rank, (const size_t[]){rows, cols}, shape);
}

const ntk_reader_format ntk_format_text = {
    .name = "text", .recognise = recognise, .open = open_text, .rows = ntk_text_rows};
