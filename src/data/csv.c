/* Decimal numbers as text, a row a line: CSV and its kin. Between numbers stands a comma, a
 * semicolon, a tab or blanks, by what the first line has; that line is a heading when it begins
 * with a name. A column of row numbers, which pandas heads by nothing, is left out. Numbers may be
 * quoted. Lines of blanks, and lines that begin with #, are no rows.
 *
 * Opening reads the whole file once, for the number of rows, and keeps where some of them begin, so
 * that any row is found without reading all before it. */
#include "data/decimal.h"
#include "data/reader.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { BUFFER = 1 << 16, FIELD = 512 /* most characters of a number, blanks around it included */ };

/* A window on the file. */
typedef struct window {
  const ntk_reader *reader;
  char *at, *end; /* what is not yet read; *end is NUL */
  off_t after;    /* where `end` is in the file */
  bool last;      /* nothing follows in the file */
  size_t line;    /* that `at` is in, from 1 */
  char text[BUFFER + 1];
} window;

static ntk_status open_window(const ntk_reader *reader, off_t offset, size_t line, window *w) {
  w->reader = reader;
  w->at = w->end = w->text;
  *w->end = '\0';
  w->after = offset;
  w->last = false;
  w->line = line;
  return ntk_reader_seek(reader, offset);
}

/* Makes at least FIELD characters stand in the window, or all that the file still has. */
static ntk_status fill(window *w) {
  size_t have = (size_t)(w->end - w->at);
  if (have >= FIELD || w->last)
    return NTK_OK;
  memmove(w->text, w->at, have);
  size_t found = 0;
  NTK_TRY(ntk_reader_some(w->reader, w->text + have, BUFFER - have, &found));
  w->after += (off_t)found;
  w->last = found < BUFFER - have;
  w->at = w->text;
  w->end = w->text + have + found;
  *w->end = '\0';
  return NTK_OK;
}

static off_t offset_of(const window *w) {
  return w->after - (w->end - w->at);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* c, or what follows the blanks there; a tab that separates numbers is none. */
static char *past_blanks(char *c, char delimiter) {
  while (is_blank(*c) && (*c != delimiter || delimiter == ' '))
    c++;
  return c;
}

/* Goes to the next line; false at the end of the file. */
static ntk_status next_line(window *w, bool *there) {
  for (;;) {
    NTK_TRY(fill(w));
    char *newline = memchr(w->at, '\n', (size_t)(w->end - w->at));
    if (newline != NULL) {
      w->at = newline + 1;
      w->line++;
      NTK_TRY(fill(w));
      *there = w->at < w->end;
      return NTK_OK;
    }
    w->at = w->end;
    if (w->last) {
      *there = false;
      return NTK_OK;
    }
  }
}

/* A remark, unless it is what spreadsheets write for a cell that has no value. */
static bool is_remark(const char *c) {
  static const char *const errors[] = {"#N/A",  "#DIV/0!", "#VALUE!", "#REF!",
                                       "#NUM!", "#NAME?",  "#NULL!"};
  for (size_t k = 0; k < sizeof errors / sizeof errors[0]; k++)
    if (strncmp(c, errors[k], strlen(errors[k])) == 0)
      return false;
  return *c == '#';
}

/* Goes to the next line that is a row, if this one is none. A line that begins with more than FIELD
 * blanks counts as one. */
static ntk_status find_row(window *w, bool *there) {
  NTK_TRY(fill(w));
  *there = w->at < w->end;
  while (*there) {
    const char *c = w->at + strspn(w->at, " \t\r");
    if (*c != '\n' && !is_remark(c) && c < w->end)
      return NTK_OK;
    NTK_TRY(next_line(w, there));
  }
  return NTK_OK;
}

/* ---- A row ---- */

static ntk_status refuse_field(const window *w, size_t column, const char *why) {
  char shown[32];
  size_t length = 0;
  for (const char *c = w->at; length + 1 < sizeof shown && *c != '\0' && *c != '\n' && *c != '\r' &&
                              *c != w->reader->lines.delimiter;
       c++)
    shown[length++] = *c;
  shown[length] = '\0';
  return ntk_fail(NTK_ERR_FORMAT, "%s: line %zu, column %zu: '%s' %s; accepted: decimal numbers",
                  w->reader->path, w->line, column + 1, shown, why);
}

static ntk_status refuse_columns(const window *w, size_t found, size_t wanted) {
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: line %zu has %s%zu columns, those before it %zu; accepted: as many in each",
                  w->reader->path, w->line, found > wanted ? "at least " : "", found, wanted);
}

/* One number, to the delimiter or the end of the line that follows it. */
static ntk_status read_field(window *w, size_t column, double *value) {
  NTK_TRY(fill(w));
  const char delimiter = w->reader->lines.delimiter;
  w->at = past_blanks(w->at, delimiter);
  const bool quoted = *w->at == '"';
  const char *number = ntk_decimal_read(w->at + quoted, value);
  if (number == NULL || (quoted && *number != '"'))
    return refuse_field(w, column, "is no number");
  char *end = w->at + (number - w->at) + quoted;
  const bool apart = is_blank(*end);
  end = past_blanks(end, delimiter);
  if (end - w->at > FIELD || (end == w->end && !w->last))
    return refuse_field(w, column, "goes on for more than 512 characters");
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

static bool at_end_of_line(const window *w) {
  return *w->at == '\n' || w->at == w->end;
}

/* A line of cols numbers, to the beginning of the next one. */
static ntk_status read_row(window *w, double *out) {
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
  return next_line(w, &there);
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const ntk_lines *lines = &reader->lines;
  if (count == 0)
    return NTK_OK;
  window w;
  bool there = true;
  const size_t mark = first / lines->step;
  NTK_TRY(open_window(reader, lines->mark[mark].offset, lines->mark[mark].line, &w));
  for (size_t row = mark * lines->step; row < first + count; row++) {
    NTK_TRY(find_row(&w, &there));
    if (!there)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it became shorter meanwhile",
                      reader->path);
    if (row < first)
      NTK_TRY(next_line(&w, &there));
    else
      NTK_TRY(read_row(&w, out + (row - first) * reader->cols));
  }
  return NTK_OK;
}

/* ---- Opening ---- */

/* Delimiter and number of columns, by what stands in the first line outside quotes. */
static ntk_status look_at_line(window *w, char *delimiter, size_t *cols) {
  static const char marks[] = "\t;,"; /* the first that occurs: "1,5;2,5" is of two columns */
  size_t count[sizeof marks - 1] = {0}, words = 0;
  bool quoted = false, within = false;
  for (;; w->at++) {
    NTK_TRY(fill(w));
    if (at_end_of_line(w))
      break;
    quoted ^= *w->at == '"';
    const char *mark = quoted ? NULL : memchr(marks, *w->at, sizeof count / sizeof count[0]);
    if (mark != NULL)
      count[mark - marks]++;
    words += !within && !is_blank(*w->at);
    within = !is_blank(*w->at);
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

/* Columns without names pandas heads by 0, 1, 2, ...: a row to everyone else. */
static ntk_status refuse_numbered(window *w, const ntk_lines *lines) {
  for (size_t j = 0; j == 0 || *w->at == lines->delimiter; j++) {
    char name[24];
    const int length = snprintf(name, sizeof name, "%zu", j);
    w->at += j > 0;
    NTK_TRY(fill(w));
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

/* Whether the first line is a heading: a name stands where the first number would. What stands for
 * a number that is missing is no name, for a row would be lost. pandas heads its row numbers by
 * nothing; known by the 0 they begin with, and by names, or 0, that head the others. */
static ntk_status look_for_heading(window *w, ntk_lines *lines, bool *heading) {
  static const char *const missing[] = {"NA",      "N/A", "n.a.", "null", "nil", "none",
                                        "missing", "?",   "-",    "--",   ".",   "*"};
  double value = 0.0;
  NTK_TRY(fill(w));
  if (lines->delimiter != ' ' && *w->at == lines->delimiter) {
    bool there = false;
    if (ntk_decimal_read(w->at + 1, &value) != NULL && value != 0.0)
      return NTK_OK; /* a row whose first number is missing */
    NTK_TRY(next_line(w, &there));
    NTK_TRY(find_row(w, &there));
    value = 1.0;
    const char *end = there ? ntk_decimal_read(w->at, &value) : NULL;
    *heading = lines->indexed = end != NULL && *end == lines->delimiter && value == 0.0;
    return NTK_OK;
  }
  const char *first = past_blanks(w->at, lines->delimiter);
  *heading = *first != '#' && ntk_decimal_read(first + (*first == '"'), &value) == NULL;
  first += *first == '"';
  for (size_t k = 0; k < sizeof missing / sizeof missing[0]; k++) {
    const size_t length = strlen(missing[k]);
    const char *after = first + length;
    if (strncasecmp(first, missing[k], length) == 0 &&
        (is_blank(*after) || *after == lines->delimiter || strchr("\"\n", *after) != NULL))
      *heading = false;
  }
  return *heading || lines->delimiter == ' ' ? NTK_OK : refuse_numbered(w, lines);
}

/* Counts the rows from here on, and marks where some of them begin: when there is no room for more
 * marks, every second is given up. */
static ntk_status count_rows(window *w, ntk_reader *reader, size_t *rows) {
  enum { MOST = sizeof reader->lines.mark / sizeof reader->lines.mark[0] };
  ntk_lines *lines = &reader->lines;
  bool there = false;
  lines->step = 1;
  for (*rows = 0;; ++*rows) {
    NTK_TRY(find_row(w, &there));
    if (!there)
      return NTK_OK;
    if (*rows == MOST * lines->step) {
      for (size_t k = 0; k < MOST / 2; k++)
        lines->mark[k] = lines->mark[2 * k];
      lines->step *= 2;
    }
    if (*rows % lines->step == 0) {
      lines->mark[*rows / lines->step].offset = offset_of(w);
      lines->mark[*rows / lines->step].line = w->line;
    }
    NTK_TRY(next_line(w, &there));
  }
}

static bool recognise(const unsigned char *start, size_t count) {
  static const unsigned char order_mark[] = {0xef, 0xbb, 0xbf}; /* with which Excel begins */
  if (count >= sizeof order_mark && memcmp(start, order_mark, sizeof order_mark) == 0) {
    start += sizeof order_mark;
    count -= sizeof order_mark;
  }
  for (size_t i = 0; i < count; i++)
    if ((start[i] < ' ' && !is_blank((char)start[i]) && start[i] != '\n') ||
        (i > 0 && start[i - 1] == '\r' && start[i] != '\r' && start[i] != '\n'))
      return false; /* also lines that end as on the first Macintosh: they would be one row */
  return count > 0 && strchr("{[<%", start[0]) == NULL; /* JSON, XML, PDF */
}

static ntk_status open_text(ntk_reader *reader, const unsigned char *start) {
  const off_t begin = start[0] == 0xef ? 3 : 0;
  window w;
  bool there = false, heading = false;
  size_t cols = 0, rows = 0;
  reader->type = "float64";
  NTK_TRY(open_window(reader, begin, 1, &w));
  NTK_TRY(find_row(&w, &there));
  if (!there)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is text without a row of numbers; accepted: .npy, or rows "
                    "of numbers as text",
                    reader->path);
  const off_t first = offset_of(&w);
  const size_t line = w.line;
  NTK_TRY(look_at_line(&w, &reader->lines.delimiter, &cols));
  NTK_TRY(open_window(reader, first, line, &w));
  NTK_TRY(look_for_heading(&w, &reader->lines, &heading));
  NTK_TRY(open_window(reader, first, line, &w));
  if (heading)
    NTK_TRY(next_line(&w, &there));
  NTK_TRY(count_rows(&w, reader, &rows));
  cols -= reader->lines.indexed;
  char shape[64];
  snprintf(shape, sizeof shape, "(%zu, %zu)", rows, cols);
  const int rank = cols == 1 && reader->accepted != 2 ? 1 : 2;
  return ntk_reader_set_shape(reader, rank, (const size_t[]){rows, cols}, shape);
}

const ntk_reader_format ntk_format_text = {.name = "text",
                                           .recognise = recognise,
                                           .open = open_text,
                                           .rows = read_rows,
                                           .close = ntk_plain_close};
