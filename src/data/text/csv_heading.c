/* What the first lines of a text of numbers are: delimiter, columns, heading, decimal comma. */
#include "data/text/csv.h"
#include "data/text/decimal.h"

#include <string.h>
#include <strings.h>

ntk_status ntk_text_look(ntk_window *w, char *delimiter, size_t *cols) {
  static const char marks[] = "\t;,"; /* the first that occurs: "1,5;2,5" is of two columns */
  size_t count[sizeof marks - 1] = {0}, words = 0;
  bool quoted = false, within = false;
  for (;; w->at++) {
    NTK_TRY(ntk_window_fill(w));
    if (ntk_text_ends(w))
      break;
    quoted ^= *w->at == '"';
    const char *mark = quoted ? NULL : memchr(marks, *w->at, sizeof count / sizeof count[0]);
    if (mark != NULL)
      count[mark - marks]++;
    const bool blank = ntk_is_blank(w->at) && !quoted;
    words += !within && !blank;
    within = !blank;
  }
  if (quoted)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: line %zu: a quote is opened and not closed in its line; accepted: fields "
                    "of one line",
                    w->reader->path, w->line);
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
static bool is_name(const char *c, const char *end, char delimiter) {
  static const char *const missing[] = {"NA", "N/A", "n.a.", "null", "nil", "none", "missing",
                                        "?",  "-",   "--",   ".",    "*",   ""};
  double value = 0.0;
  for (size_t k = 0; k < sizeof missing / sizeof missing[0]; k++)
    if (strncasecmp(c, missing[k], strlen(missing[k])) == 0 &&
        ends_field(c + strlen(missing[k]), delimiter))
      return false;
  const char *sign = c + strspn(c, "$'(~=<>\xe2\x88\x92"); /* the last three: U+2212, a minus */
  if (sign > c)
    return ntk_decimal_read(sign, end, '.', &value) == NULL;
  const char *after = ntk_decimal_read(c, end, '.', &value);
  if (after == NULL)
    return true;
  return strchr("+-.0123456789", *c) == NULL && !ends_field(after, delimiter); /* "infected" */
}

/* Whether behind the first field of the line stands a number other than its column's; where the
 * first is nothing, in the second, which is a name or pandas's 0. */
static ntk_status find_number(ntk_window *w, char delimiter, bool named, bool *found) {
  bool quoted = false, begins = false;
  size_t column = 0;
  for (*found = false; !*found; w->at++) {
    NTK_TRY(ntk_window_fill(w));
    if (ntk_text_ends(w))
      return NTK_OK;
    if (begins) {
      double value = 0.0;
      const char *c = ntk_past_blanks(w->at, delimiter);
      c += *c == '"';
      const char *end = ntk_decimal_read(c, w->end, '.', &value);
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

/* Whether the next row begins with what names a row, as pandas and R write them under a heading
 * without a name: a whole number, a date, a word. Another number may be a datum; and under numbers
 * of columns, which may be a row that lacks one, it is the 0 of pandas or the 1 of R alone. */
static ntk_status look_for_index(ntk_window *w, ntk_lines *lines, bool named) {
  double value = 0.0;
  bool there = false;
  NTK_TRY(ntk_window_next(w, &there));
  NTK_TRY(ntk_window_find(w, &there));
  if (!there)
    return NTK_OK;
  const char *c = ntk_past_blanks(w->at, lines->delimiter);
  c += *c == '"';
  const char *end = ntk_decimal_read(c, w->end, '.', &value);
  const bool whole = end == c + strspn(c, "0123456789");
  if (!named)
    lines->indexed = end != NULL && ends_field(end, lines->delimiter) && value * (value - 1) == 0.0;
  else if (end == NULL)
    lines->indexed = is_name(c, w->end, lines->delimiter);
  else
    lines->indexed = ends_field(end, lines->delimiter) ? whole : whole && *end != ',';
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
    if (j > 1 && (ntk_text_ends(w) || *w->at == '\r'))
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: line %zu is 0 to %zu, which may be a heading by pandas, or a row; "
                      "accepted: names above it, or no such line",
                      w->reader->path, w->line, j);
  }
  return NTK_OK;
}

/* Whether the first line is a heading. A row whose first number is damaged looks like one that
 * begins with a name and goes on with numbers: that is refused, for the row would be lost. */
ntk_status ntk_text_heading(ntk_window *w, ntk_lines *lines, bool *heading) {
  NTK_TRY(ntk_window_fill(w));
  if (lines->label == 1) { /* what labels are tells nothing */
    NTK_TRY(ntk_text_field(w, 0, NULL));
    w->at += *w->at == lines->delimiter && lines->delimiter != ' ';
    NTK_TRY(ntk_window_fill(w));
  }
  const char *first = w->at = ntk_past_blanks(w->at, lines->delimiter);
  const bool quoted = *first == '"';
  const char *after = first + (strncmp(first, "\"\"", 2) == 0 ? 2 : 0);
  const bool unnamed = *after == lines->delimiter; /* nothing, or nothing in quotes */
  const char *second = ntk_past_blanks(w->at + (after - first) + unnamed, lines->delimiter);
  const bool named = is_name(second + (*second == '"'), w->end, lines->delimiter);
  *heading = *first != '#' && is_name(first + quoted, w->end, lines->delimiter);
  if (!*heading && !unnamed)
    return lines->delimiter == ' ' ? NTK_OK : refuse_numbered(w, lines);
  const size_t line = w->line;
  char shown[NTK_SHOWN];
  bool numbers = false;
  ntk_text_show(w, shown);
  NTK_TRY(find_number(w, lines->delimiter, *heading, &numbers));
  if (numbers && *heading)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: line %zu begins with '%s' and goes on with numbers; accepted: rows of "
                    "numbers, and before them a heading of names, or any behind a #",
                    w->reader->path, line, shown);
  if (unnamed && !numbers)
    NTK_TRY(look_for_index(w, lines, named));
  *heading = *heading || lines->indexed;
  return NTK_OK;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Whether c, in text from its second character on, is in a line that begins with a #; before: what
 * was last before is. */
static bool is_remark(char *text, char *c, bool before) {
  while (c > text + 1 && c[-1] != '\n')
    c--;
  if (c == text + 1 && *text != '\0' && *text != '\n')
    return before;
  return *ntk_past_blanks(c, '\t') == '#';
}

/* Between numbers stands something else than a comma: what stands between digits is a point. */
ntk_status ntk_text_point(const ntk_reader *reader, off_t offset, char delimiter, char *point) {
  char text[NTK_WINDOW + 2] = {0}; /* what was last before, the window, and what is next */
  size_t found = NTK_WINDOW;
  bool remark = false; /* what was last before is in one */
  *point = '.';
  if (delimiter != ';' && delimiter != '\t')
    return NTK_OK;
  for (; found == NTK_WINDOW; offset += NTK_WINDOW) {
    size_t have = 0;
    NTK_TRY(ntk_reader_at(reader, offset, text + 1, NTK_WINDOW + 1, &have));
    found = have < NTK_WINDOW ? have : NTK_WINDOW;
    text[have + 1 < sizeof text ? have + 1 : have] = '\0';
    for (char *c = text; (c = memchr(c + 1, ',', (size_t)(text + found - c))) != NULL;) {
      if (!is_digit(c[-1]) || !is_digit(c[1]))
        continue;
      if (!is_remark(text, c, remark)) {
        *point = ',';
        return NTK_OK;
      }
      c += strcspn(c, "\n"); /* to its end, so that none is looked through twice */
      c = c < text + found ? c : text + found;
    }
    remark = is_remark(text, text + found, remark);
    text[0] = text[found];
  }
  return NTK_OK;
}
