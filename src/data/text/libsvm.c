/* libsvm and SVMlight: a sample a line, its label, then index:value for what is not 0, the indices
 * growing, what follows a # being no part of it; qid:n is passed over. Indices count from 1, or
 * from 0 where index 0 occurs anywhere: which, and the largest of them, is known when all of the
 * file has been read. Explicit zeros count for the largest. */
#include "data/text/decimal.h"
#include "data/text/window.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { MOST_INDEX = INT32_MAX };

/* The indices seen. */
typedef struct extent {
  size_t least, most;
} extent;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static ntk_status refuse(const ntk_window *w, const char *why) {
  char shown[32];
  size_t length = 0;
  for (const char *c = w->at; length + 1 < sizeof shown && *c > ' '; c++)
    shown[length++] = *c;
  shown[length] = '\0';
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: line %zu: '%s' %s; accepted: libsvm, a label and then index:value, the "
                  "indices growing",
                  w->reader->path, w->line, shown, why);
}

/* The number there, which ends where `ends` says. */
static ntk_status read_number(ntk_window *w, const char *from, const char **end, double *value) {
  *end = ntk_decimal_read(from, w->end, '.', value);
  const bool whole = *end != NULL && (**end == '\n' || *end == w->end || ntk_is_blank(*end));
  if (whole && *end - w->at < NTK_FIELD && isfinite(*value))
    return NTK_OK;
  if (whole && !isfinite(*value))
    return ntk_fail(NTK_ERR_NOT_FINITE, "%s: line %zu holds %g; accepted: finite numbers",
                    w->reader->path, w->line, *value);
  return refuse(w, *end != NULL && **end == ',' ? "has several labels" : "is no number");
}

static ntk_status read_label(ntk_window *w, double *label) {
  const char *end = NULL;
  NTK_TRY(ntk_window_fill(w));
  w->at = ntk_past_blanks(w->at, ' ');
  NTK_TRY(read_number(w, w->at, &end, label));
  w->at += end - w->at;
  return NTK_OK;
}

/* index:value; *there: it was not the end of the line. */
static ntk_status read_pair(ntk_window *w, size_t *index, double *value, bool *there) {
  NTK_TRY(ntk_window_fill(w));
  w->at = ntk_past_blanks(w->at, ' ');
  *there = w->at < w->end && *w->at != '\n' && *w->at != '#';
  if (!*there)
    return NTK_OK;
  const char *c = w->at, *end = NULL;
  for (*index = 0; is_digit(*c) && *index <= MOST_INDEX; c++)
    *index = 10 * *index + (size_t)(*c - '0');
  if (c == w->at || (*c != ':' && !is_digit(*c)))
    return refuse(w, "is no index:value");
  if (*index > MOST_INDEX)
    return refuse(w, "has an index beyond 2147483647");
  NTK_TRY(read_number(w, c + 1, &end, value));
  w->at += end - w->at;
  return NTK_OK;
}

/* A line; seen grows by its indices. out: NULL, or zeros, into which the values go. */
static ntk_status read_line(ntk_window *w, double *label, extent *seen, double *out) {
  size_t index = 0, last = 0, base = w->reader->lines.base;
  double value = 0.0;
  bool there = true, first = true;
  NTK_TRY(read_label(w, label));
  for (;;) {
    NTK_TRY(ntk_window_fill(w));
    w->at = ntk_past_blanks(w->at, ' ');
    if (first && strncmp(w->at, "qid:", 4) == 0)
      w->at += 4 + strspn(w->at + 4, "0123456789");
    NTK_TRY(read_pair(w, &index, &value, &there));
    if (!there)
      break;
    if (!first && index <= last)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: line %zu has index %zu after index %zu; accepted: libsvm, its indices "
                      "growing",
                      w->reader->path, w->line, index, last);
    seen->least = index < seen->least ? index : seen->least;
    seen->most = index > seen->most ? index : seen->most;
    if (out != NULL)
      out[index - base] = value;
    last = index;
    first = false;
  }
  return ntk_window_next(w, &there);
}

static ntk_status read_row(ntk_window *w, double *out) {
  double label = 0.0;
  extent seen = {SIZE_MAX, 0};
  memset(out, 0, w->reader->cols * sizeof *out);
  return read_line(w, &label, &seen, out);
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  return ntk_lines_rows(reader, read_row, first, count, out);
}

/* A number, or several with commas, and behind a blank index: or qid:; lines of a label alone tell
 * nothing. */
static bool recognise(const unsigned char *start, size_t count) {
  char text[NTK_READER_START + 1] = "";
  memcpy(text, start, count);
  for (const char *c = text; *c != '\0'; c += *c == '\n') {
    double label = 0.0;
    c += strspn(c, " \t\r");
    const char *end = ntk_decimal_read(c, text + count, '.', &label);
    if (end != NULL) {
      end += strspn(end, ",.0123456789+-");
      const char *index = end + strspn(end, " \t");
      const size_t digits = strspn(index, "0123456789");
      if (index > end && ((digits > 0 && index[digits] == ':') || strncmp(index, "qid:", 4) == 0))
        return true;
      c = index + strspn(index, "\r");
    }
    if (*c == '#' || (*c != '\n' && *c != '\0'))
      c = *c == '#' ? c + strcspn(c, "\n") : text + count;
  }
  return false;
}

static ntk_status count_rows(ntk_window *w, ntk_reader *reader, extent *seen, size_t *rows) {
  bool there = false;
  double label = 0.0;
  for (*rows = 0;; ++*rows) {
    NTK_TRY(ntk_window_find(w, &there));
    if (!there)
      return NTK_OK;
    ntk_window_mark(w, &reader->lines, *rows);
    NTK_TRY(read_line(w, &label, seen, NULL));
    if (reader->for_labels)
      NTK_TRY(ntk_label_list_number(&reader->labels, reader->path, label));
  }
}

static ntk_status open_libsvm(ntk_reader *reader, const unsigned char *start) {
  (void)start;
  enum { MOST_ZEROS = 1 << 16 }; /* numbers for each byte: else one line could ask for all memory */
  extent seen = {SIZE_MAX, 0};
  size_t rows = 0;
  ntk_window w;
  char text[64];
  if (reader->label_column != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "%s: is libsvm, which has its labels in front, and no column '%s'; accepted: "
                    "none",
                    reader->path, reader->label_column);
  reader->type = "float64";
  reader->labelled = true;
  ntk_window_open(reader, 0, 1, &w);
  NTK_TRY(count_rows(&w, reader, &seen, &rows));
  if (reader->for_labels) {
    snprintf(text, sizeof text, "(%zu,)", rows);
    return ntk_reader_set_shape(reader, 1, &rows, text);
  }
  reader->lines.base = seen.least != 0;
  reader->lines.names = 1 + reader->lines.base;
  const size_t cols = seen.least == SIZE_MAX ? 0 : seen.most + 1 - reader->lines.base;
  const size_t bytes = (size_t)ntk_window_offset(&w);
  if (rows > 0 && cols / MOST_ZEROS > bytes / rows)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: index %zu makes %zu x %zu numbers of %zu bytes; accepted: at most %d for "
                    "each byte of the file",
                    reader->path, seen.most, rows, cols, bytes, MOST_ZEROS);
  snprintf(text, sizeof text, "(%zu, %zu)", rows, cols);
  return ntk_reader_set_shape(reader, 2, (const size_t[]){rows, cols}, text);
}

const ntk_reader_format ntk_format_libsvm = {
    .name = "libsvm", .recognise = recognise, .open = open_libsvm, .rows = read_rows};
