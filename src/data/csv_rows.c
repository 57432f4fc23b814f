/* Rows of numbers as text. Most numbers are whole and short: what eight characters tell, digits and
 * the delimiter behind them, is one number; everything else goes through ntk_decimal_read. Rows are
 * divided among threads at the places whose offsets are known, each with a window of its own.
 * Cost: 4 ns a whole number, 40 ns one of 17 digits. */
#include "data/csv.h"
#include "data/decimal.h"

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
  return ntk_fail(NTK_ERR_FORMAT, "%s: line %zu, column %zu: '%s' %s; accepted: decimal numbers",
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

/* The numbers from *column on that are whole, short and followed by the delimiter at once, as far
 * as the window goes; most is how many there may be. */
static void read_short(ntk_window *w, size_t most, size_t *column, double *out) {
  const char delimiter = w->reader->lines.delimiter;
  char *at = w->at;
  size_t j = *column;
  for (; j < most && w->end - at >= NTK_FIELD; j++) {
    const uint64_t eight = ntk_eight(at);
    const int n = ntk_eight_digits(eight);
    if (n == 0 || n == 8 || at[n] != delimiter)
      break;
    out[j] = (double)ntk_eight_value(eight, n);
    at += n + 1;
  }
  w->at = at;
  *column = j;
}

/* A line of cols numbers, to the beginning of the next one. */
static ntk_status read_row(ntk_window *w, double *out) {
  const ntk_lines *lines = &w->reader->lines;
  const size_t cols = w->reader->cols + lines->indexed;
  for (size_t j = 0; j < cols; j++) {
    double value = 0.0;
    if (j >= lines->indexed && lines->delimiter != ' ')
      read_short(w, cols - 1, &j, out - lines->indexed);
    NTK_TRY(ntk_window_fill(w));
    NTK_TRY(read_field(w, j, &value));
    if (j >= lines->indexed)
      out[j - lines->indexed] = value;
    const bool ends = ntk_text_ends(w);
    if (ends != (j + 1 == cols))
      return refuse_columns(w, ends ? j + 1 : cols + 1, cols);
    w->at += !ends && lines->delimiter != ' ';
  }
  bool there = false;
  return ntk_window_next(w, &there);
}

/* Rows first .. first + count - 1, count >= 1. */
static ntk_status read_run(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const ntk_lines *lines = &reader->lines;
  ntk_window w;
  bool there = true;
  const size_t mark = first / lines->step;
  ntk_window_open(reader, lines->mark[mark].offset, lines->mark[mark].line, &w);
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

/* Rows first .. end - 1 in pieces that begin at marks, if they are worth it. */
ntk_status ntk_text_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  enum { NUMBERS = 1 << 14, PIECES = 8 }; /* of a piece, at least; for each thread */
  const size_t step = reader->lines.step, end = first + count;
  const size_t worth = count / (NUMBERS / reader->cols + 1),
               threads = reader->source == NULL ? (size_t)reader->threads : 1;
  size_t pieces = PIECES * threads < worth ? PIECES * threads : worth;
  if (count == 0)
    return NTK_OK;
  if (threads == 1 || pieces < 2)
    return read_run(reader, first, count, out);
  const size_t long_step = ((count + pieces - 1) / pieces + step - 1) / step * step;
  const size_t start = first / long_step;
  pieces = (end - 1) / long_step + 1 - start;
  size_t failed = pieces; /* the first piece that did, so that its line is told */
#pragma omp parallel for num_threads(reader->threads) schedule(dynamic)
  for (size_t p = 0; p < pieces; p++) {
    size_t before = 0;
#pragma omp atomic read
    before = failed;
    const size_t from = p == 0 ? first : (start + p) * long_step;
    const size_t next = (start + p + 1) * long_step, to = next < end ? next : end;
    if (p < before &&
        read_run(reader, from, to - from, out + (from - first) * reader->cols) != NTK_OK)
#pragma omp critical(ntk_text_failed)
      failed = p < failed ? p : failed;
  }
  if (failed == pieces)
    return NTK_OK;
  const size_t from = failed == 0 ? first : (start + failed) * long_step;
  return read_run(reader, from, end - from, out + (from - first) * reader->cols);
}
