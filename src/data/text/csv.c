/* Decimal numbers as text, a row a line: CSV and its kin. Between numbers stands a comma, a
 * semicolon, a tab or blanks, by what the first line has; that line is a heading when it begins
 * with a name and goes on with names, or numbers of columns. A column of row names, which pandas
 * and R head by nothing, is left out. Numbers may be quoted. Where a semicolon or a tab stands
 * between them, a comma may be their point. Lines of blanks, and lines that begin with # and no
 * error of a spreadsheet, are no rows. One column may have labels: numbers, or words.
 *
 * Opening reads the whole file once, for the number of rows, and keeps where some of them begin, so
 * that any row is found without reading all before it. */
#include "data/text/csv.h"

#include <string.h>

/* Counts the rows from here on; list: with their labels, NULL: without. */
static ntk_status count_rows(ntk_window *w, ntk_reader *reader, ntk_label_list *list,
                             size_t *rows) {
  bool there = false;
  for (*rows = 0;; ++*rows) {
    NTK_TRY(ntk_window_find(w, &there));
    if (!there)
      return NTK_OK;
    ntk_window_mark(w, &reader->lines, *rows);
    if (list != NULL)
      NTK_TRY(ntk_text_collect(w, list));
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

/* Where the first line is that is no comment, and what it is. */
typedef struct beginning {
  off_t offset;
  size_t line, columns;
  bool heading;
} beginning;

static void go_back(const ntk_reader *reader, const beginning *first, ntk_window *w) {
  ntk_window_open(reader, first->offset, first->line, w);
}

static ntk_status look(ntk_reader *reader, ntk_window *w, beginning *first) {
  ntk_lines *lines = &reader->lines;
  bool there = false;
  NTK_TRY(ntk_window_find(w, &there));
  if (!there)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is text without a row of numbers; accepted: .npy, or rows "
                    "of numbers as text",
                    reader->path);
  first->offset = ntk_window_offset(w);
  first->line = w->line;
  NTK_TRY(ntk_text_look(w, &lines->delimiter, &first->columns));
  if (reader->label_column != NULL) /* words in it make no heading */
    lines->label = ntk_text_column(reader->label_column, first->columns);
  go_back(reader, first, w);
  NTK_TRY(ntk_text_heading(w, lines, &first->heading));
  go_back(reader, first, w);
  if (reader->label_column != NULL) {
    NTK_TRY(ntk_text_label(w, first->heading, first->columns, &lines->label));
    go_back(reader, first, w);
  } else if (reader->for_labels && first->columns == 1)
    lines->label = 1;
  if (first->heading) {
    NTK_TRY(ntk_text_names(w, lines));
    go_back(reader, first, w);
  }
  return NTK_OK;
}

/* The labels alone, those of a heading that is none among them: the word on the first line of a
 * file of words is one of them when it comes again. */
static ntk_status collect(ntk_reader *reader, ntk_window *w, const beginning *first, size_t *rows) {
  char word[NTK_FIELD] = "";
  bool there = true;
  ntk_label_list *list = &reader->labels;
  if (first->heading && first->columns == 1)
    NTK_TRY(ntk_text_field(w, 0, word));
  if (first->heading)
    NTK_TRY(ntk_window_next(w, &there));
  NTK_TRY(count_rows(w, reader, list, rows));
  if (ntk_label_list_has(list, word)) {
    ntk_label_list_clear(list);
    go_back(reader, first, w);
    NTK_TRY(count_rows(w, reader, list, rows));
  } else if (list->classes > 0 && reader->label_column == NULL)
    reader->lines.guessed = true;
  return ntk_label_list_end(list);
}

static ntk_status open_text(ntk_reader *reader, const unsigned char *start) {
  ntk_lines *lines = &reader->lines;
  ntk_window w;
  beginning first = {0};
  char shape[64];
  bool there = false;
  size_t rows = 0;
  reader->type = "float64";
  ntk_window_open(reader, (off_t)order_mark(start), 1, &w);
  NTK_TRY(look(reader, &w, &first));
  reader->labelled = lines->label > 0;
  if (first.heading && !(reader->for_labels && reader->labelled))
    NTK_TRY(ntk_window_next(&w, &there));
  NTK_TRY(ntk_text_point(reader, ntk_window_offset(&w), lines->delimiter, &lines->point));
  if (reader->for_labels && reader->labelled) {
    NTK_TRY(collect(reader, &w, &first, &rows));
    snprintf(shape, sizeof shape, "(%zu,)", rows);
    return ntk_reader_set_shape(reader, 1, &rows, shape);
  }
  NTK_TRY(count_rows(&w, reader, NULL, &rows));
  const size_t cols = first.columns - lines->indexed - (lines->label > 0);
  snprintf(shape, sizeof shape, "(%zu, %zu)", rows, cols);
  const int rank = cols == 1 && reader->accepted != 2 ? 1 : 2;
  return ntk_reader_set_shape(reader, rank, (const size_t[]){rows, cols}, shape);
}

const ntk_reader_format ntk_format_text = {
    .name = "text", .recognise = recognise, .open = open_text, .rows = ntk_text_rows};
