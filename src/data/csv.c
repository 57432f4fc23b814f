/* Decimal numbers as text, a row a line: CSV and its kin. Between numbers stands a comma, a
 * semicolon, a tab or blanks, by what the first line has; that line is a heading when it begins
 * with a name and goes on with names, or numbers of columns. A column of row numbers, which pandas
 * and R head by nothing, is left out. Numbers may be quoted. Lines of blanks, and lines that begin
 * with # and no error of a spreadsheet, are no rows.
 *
 * Opening reads the whole file once, for the number of rows, and keeps where some of them begin, so
 * that any row is found without reading all before it. */
#include "data/decimal.h"
#include "data/window.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- A row ---- */

enum { SHOWN = 32 };
static void show_field(const ntk_window *w, char shown[SHOWN]) {
  size_t length = 0;
  for (const char *c = w->at; length + 1 < SHOWN && *c != '\0' && *c != '\n' && *c != '\r' &&
                              *c != w->reader->lines.delimiter;
       c++)
    shown[length++] = *c;
  shown[length] = '\0';
}

static ntk_status refuse_field(const ntk_window *w, size_t column, const char *why) {
  char shown[SHOWN];
  show_field(w, shown);
  return ntk_fail(NTK_ERR_FORMAT, "%s: line %zu, column %zu: '%s' %s; accepted: decimal numbers",
                  w->reader->path, w->line, column + 1, shown, why);
}

static ntk_status refuse_columns(const ntk_window *w, size_t found, size_t wanted) {
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: line %zu has %s%zu columns, those before it %zu; accepted: as many in each",
                  w->reader->path, w->line, found > wanted ? "at least " : "", found, wanted);
}

/* One number, to the delimiter or the end of the line that follows it. */
static ntk_status read_field(ntk_window *w, size_t column, double *value) {
  NTK_TRY(ntk_window_fill(w));
  const char delimiter = w->reader->lines.delimiter;
  w->at = ntk_past_blanks(w->at, delimiter);
  const bool quoted = *w->at == '"';
  const char *number = ntk_decimal_read(w->at + quoted, value);
  if (number == NULL || (quoted && *number != '"'))
    return refuse_field(w, column, "is no number");
  char *end = w->at + (number - w->at) + quoted;
  const bool apart = ntk_is_blank(end);
  end = ntk_past_blanks(end, delimiter);
  if (end - w->at > NTK_FIELD || (end == w->end && !w->last))
    return refuse_field(w, column, "goes on for more than 512 characters");
  if (*end == '\r')
    return refuse_field(w, column, "is followed by a carriage return alone");
  if (*end != '\n' && end != w->end && !(delimiter == ' ' ? apart : *end == delimiter))
    return refuse_field(w, column, "is no number");
  if (!isfinite(*value))
    return ntk_fail(
        NTK_ERR_NOT_FINITE,
        "%s: holds %g in line %zu, column %zu (counted from 1); accepted: finite numbers",
        w->reader->path, *value, w->line, column + 1);
  w->at = end;
  return NTK_OK;
}

static bool at_end_of_line(const ntk_window *w) {
  return *w->at == '\n' || w->at == w->end;
}

/* A line of cols numbers, to the beginning of the next one. */
static ntk_status read_row(ntk_window *w, double *out) {
  const ntk_lines *lines = &w->reader->lines;
  const size_t cols = w->reader->cols + lines->indexed;
  for (size_t j = 0; j < cols; j++) {
    double value = 0.0;
    NTK_TRY(read_field(w, j, &value));
    if (!lines->indexed)
      out[j] = value;
    else if (j > 0)
      out[j - 1] = value;
    const bool ends = at_end_of_line(w);
    if (ends != (j + 1 == cols))
      return refuse_columns(w, ends ? j + 1 : cols + 1, cols);
    w->at += !ends && lines->delimiter != ' ';
  }
  bool there = false;
  return ntk_window_next(w, &there);
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const ntk_lines *lines = &reader->lines;
  if (count == 0)
    return NTK_OK;
  ntk_window w;
  bool there = true;
  const size_t mark = first / lines->step;
  NTK_TRY(ntk_window_open(reader, lines->mark[mark].offset, lines->mark[mark].line, &w));
  for (size_t row = mark * lines->step; row < first + count; row++) {
    NTK_TRY(ntk_window_find(&w, &there));
    if (!there)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it became shorter meanwhile",
                      reader->path);
    if (row < first)
      NTK_TRY(ntk_window_next(&w, &there));
    else
      NTK_TRY(read_row(&w, out + (row - first) * reader->cols));
  }
  return NTK_OK;
}

/* ---- Opening ---- */

/* Delimiter and number of columns, by what stands in the first line outside quotes. */
static ntk_status look_at_line(ntk_window *w, char *delimiter, size_t *cols) {
  static const char marks[] = "\t;,"; /* the first that occurs: "1,5;2,5" is of two columns */
  size_t count[sizeof marks - 1] = {0}, words = 0;
  bool quoted = false, within = false;
  for (;; w->at++) {
    NTK_TRY(ntk_window_fill(w));
    if (at_end_of_line(w))
      break;
    quoted ^= *w->at == '"';
    const char *mark = quoted ? NULL : memchr(marks, *w->at, sizeof count / sizeof count[0]);
    if (mark != NULL)
      count[mark - marks]++;
    const bool blank = ntk_is_blank(w->at) && !quoted;
    words += !within && !blank;
    within = !blank;
  }
  for (size_t k = 0; k < sizeof count / sizeof count[0]; k++)
    if (count[k] > 0) {
      *delimiter = marks[k];
      *cols = count[k] + 1;
      return NTK_OK;
    }
  *delimiter = ' ';
  *cols = words;
  return NTK_OK;
}

/* Whether a field ends there. */
static bool ends_field(const char *c, char delimiter) {
  return ntk_is_blank(c) || *c == delimiter || strchr("\"\n", *c) != NULL;
}

/* Whether what stands there names a column. What stands for a number that is missing, or is one
 * behind a sign that is none here, does not: a row would be lost. */
static bool is_name(const char *c, char delimiter) {
  static const char *const missing[] = {"NA", "N/A", "n.a.", "null", "nil", "none", "missing",
                                        "?",  "-",   "--",   ".",    "*",   ""};
  double value = 0.0;
  for (size_t k = 0; k < sizeof missing / sizeof missing[0]; k++)
    if (strncasecmp(c, missing[k], strlen(missing[k])) == 0 &&
        ends_field(c + strlen(missing[k]), delimiter))
      return false;
  const char *sign = c + strspn(c, "$'(~=<>\xe2\x88\x92"); /* the last three: U+2212, a minus */
  if (sign > c)
    return ntk_decimal_read(sign, &value) == NULL;
  const char *end = ntk_decimal_read(c, &value);
  if (end == NULL)
    return true;
  return strchr("+-.0123456789", *c) == NULL && !ends_field(end, delimiter); /* "infected" */
}

/* Whether behind the first field of the line stands a number other than its column's; where the
 * first is nothing, in the second, which is a name or pandas's 0. */
static ntk_status find_number(ntk_window *w, char delimiter, bool named, bool *found) {
  bool quoted = false, begins = false;
  size_t column = 0;
  for (*found = false; !*found; w->at++) {
    NTK_TRY(ntk_window_fill(w));
    if (at_end_of_line(w))
      return NTK_OK;
    if (begins) {
      double value = 0.0;
      const char *c = ntk_past_blanks(w->at, delimiter);
      c += *c == '"';
      const char *end = ntk_decimal_read(c, &value);
      const bool own = ((named && value == (double)column) || value + 1.0 == (double)column) &&
                       c + strspn(c, "0123456789") == end;
      *found = end != NULL && ends_field(end, delimiter) && !own;
    }
    quoted ^= *w->at == '"';
    begins = !quoted && (delimiter == ' ' ? ntk_is_blank(w->at) && !ntk_is_blank(w->at + 1)
                                          : *w->at == delimiter);
    column += begins;
    begins = begins && (named || column == 1);
  }
  return NTK_OK;
}

/* Whether the next row begins with the 0 of pandas or the 1 of R. */
static ntk_status look_for_index(ntk_window *w, ntk_lines *lines) {
  double value = -1.0;
  bool there = false;
  NTK_TRY(ntk_window_next(w, &there));
  NTK_TRY(ntk_window_find(w, &there));
  const char *c = ntk_past_blanks(w->at, lines->delimiter);
  const char *end = there ? ntk_decimal_read(c + (*c == '"'), &value) : NULL;
  lines->indexed =
      end != NULL && ends_field(end, lines->delimiter) && (value == 0.0 || value == 1.0);
  return NTK_OK;
}

/* Columns without names pandas heads by 0, 1, 2, ...: a row to everyone else. */
static ntk_status refuse_numbered(ntk_window *w, const ntk_lines *lines) {
  for (size_t j = 0; j == 0 || *w->at == lines->delimiter; j++) {
    char name[24];
    const int length = snprintf(name, sizeof name, "%zu", j);
    w->at += j > 0;
    NTK_TRY(ntk_window_fill(w));
    if (strncmp(w->at, name, (size_t)length) != 0)
      return NTK_OK;
    w->at += length;
    if (j > 1 && (at_end_of_line(w) || *w->at == '\r'))
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: line %zu is 0 to %zu, which may be a heading by pandas, or a row; "
                      "accepted: names above it, or no such line",
                      w->reader->path, w->line, j);
  }
  return NTK_OK;
}

/* Whether the first line is a heading. A row whose first number is damaged looks like one that
 * begins with a name and goes on with numbers: that is refused, for the row would be lost. */
static ntk_status look_for_heading(ntk_window *w, ntk_lines *lines, bool *heading) {
  NTK_TRY(ntk_window_fill(w));
  const char *first = w->at = ntk_past_blanks(w->at, lines->delimiter);
  const bool quoted = *first == '"';
  const char *after = first + (strncmp(first, "\"\"", 2) == 0 ? 2 : 0);
  const bool unnamed = *after == lines->delimiter; /* nothing, or nothing in quotes */
  *heading = *first != '#' && is_name(first + quoted, lines->delimiter);
  if (!*heading && !unnamed)
    return lines->delimiter == ' ' ? NTK_OK : refuse_numbered(w, lines);
  const size_t line = w->line;
  char shown[32];
  bool numbers = false;
  show_field(w, shown);
  NTK_TRY(find_number(w, lines->delimiter, *heading, &numbers));
  if (numbers && *heading)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: line %zu begins with '%s' and goes on with numbers; accepted: rows of "
                    "numbers, and before them a heading of names, or any behind a #",
                    w->reader->path, line, shown);
  if (unnamed && !numbers)
    NTK_TRY(look_for_index(w, lines));
  *heading = *heading || lines->indexed;
  return NTK_OK;
}

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
  NTK_TRY(ntk_window_open(reader, begin, 1, &w));
  NTK_TRY(ntk_window_find(&w, &there));
  if (!there)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is text without a row of numbers; accepted: .npy, or rows "
                    "of numbers as text",
                    reader->path);
  const off_t first = ntk_window_offset(&w);
  const size_t line = w.line;
  NTK_TRY(look_at_line(&w, &reader->lines.delimiter, &cols));
  NTK_TRY(ntk_window_open(reader, first, line, &w));
  NTK_TRY(look_for_heading(&w, &reader->lines, &heading));
  NTK_TRY(ntk_window_open(reader, first, line, &w));
  if (heading)
    NTK_TRY(ntk_window_next(&w, &there));
  NTK_TRY(count_rows(&w, reader, &rows));
  cols -= reader->lines.indexed;
  char shape[64];
  snprintf(shape, sizeof shape, "(%zu, %zu)", rows, cols);
  const int rank = cols == 1 && reader->accepted != 2 ? 1 : 2;
  return ntk_reader_set_shape(reader, rank, (const size_t[]){rows, cols}, shape);
}

const ntk_reader_format ntk_format_text = {
    .name = "text", .recognise = recognise, .open = open_text, .rows = read_rows};
