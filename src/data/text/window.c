#include "data/text/window.h"

#include <string.h>

void ntk_window_open(const ntk_reader *reader, off_t offset, size_t line, ntk_window *w) {
  w->reader = reader;
  w->at = w->end = w->text;
  *w->end = '\0';
  w->after = offset;
  w->last = false;
  w->line = line;
}

ntk_status ntk_window_slide(ntk_window *w) {
  const size_t have = (size_t)(w->end - w->at);
  memmove(w->text, w->at, have);
  size_t found = 0;
  NTK_TRY(ntk_reader_poll(w->reader, (double)w->after / (double)w->reader->file_size));
  NTK_TRY(ntk_reader_at(w->reader, w->after, w->text + have, NTK_WINDOW - have, &found));
  w->after += (off_t)found;
  w->last = found < NTK_WINDOW - have;
  w->at = w->text;
  w->end = w->text + have + found;
  *w->end = '\0';
  return NTK_OK;
}

off_t ntk_window_offset(const ntk_window *w) {
  return w->after - (w->end - w->at);
}

/* A carriage return is blank at the end of a line, and else what old files end lines with. */
bool ntk_is_blank(const char *c) {
  return *c == ' ' || *c == '\t' || (*c == '\r' && strchr("\r\n", c[1]) != NULL);
}

char *ntk_past_blanks(char *c, char delimiter) {
  while (ntk_is_blank(c) && (*c != delimiter || delimiter == ' '))
    c++;
  return c;
}

ntk_status ntk_window_next(ntk_window *w, bool *there) {
  for (;;) {
    NTK_TRY(ntk_window_fill(w));
    char *newline = memchr(w->at, '\n', (size_t)(w->end - w->at));
    if (newline != NULL) {
      w->at = newline + 1;
      w->line++;
      NTK_TRY(ntk_window_fill(w));
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

/* What spreadsheets write for a number that they could not compute begins as a comment does. */
static bool is_comment(const char *c) {
  static const char *const errors[] = {"#N/A",  "#DIV/0!", "#VALUE!", "#REF!",
                                       "#NUM!", "#NAME?",  "#NULL!"};
  for (size_t k = 0; *c == '#' && k < sizeof errors / sizeof errors[0]; k++)
    if (strncmp(c, errors[k], strlen(errors[k])) == 0)
      return false;
  return *c == '#';
}

/* A line that begins with NTK_FIELD blanks or more counts as a row: what follows them may not stand
 * in the window. */
ntk_status ntk_window_find(ntk_window *w, bool *there) {
  NTK_TRY(ntk_window_fill(w));
  *there = w->at < w->end;
  while (*there) {
    const char *c = w->at + strspn(w->at, " \t\r");
    if (c - w->at >= NTK_FIELD || (*c != '\n' && !is_comment(c) && c < w->end))
      return NTK_OK;
    NTK_TRY(ntk_window_next(w, there));
  }
  return NTK_OK;
}

/* When there is no room for more marks, every second is given up. */
void ntk_window_mark(const ntk_window *w, ntk_lines *lines, size_t row) {
  enum { MOST = sizeof lines->mark / sizeof lines->mark[0] };
  if (row == 0)
    lines->step = 1;
  if (row == MOST * lines->step) {
    for (size_t k = 0; k < MOST / 2; k++)
      lines->mark[k] = lines->mark[2 * k];
    lines->step *= 2;
  }
  if (row % lines->step == 0) {
    lines->mark[row / lines->step].offset = ntk_window_offset(w);
    lines->mark[row / lines->step].line = w->line;
  }
}
