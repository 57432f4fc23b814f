/* A text file of rows of numbers, seen through a window that goes along its lines. */
#ifndef NTK_DATA_TEXT_WINDOW_H
#define NTK_DATA_TEXT_WINDOW_H

#include "data/reader.h"

enum {
  NTK_WINDOW = 1 << 16, /* characters */
  NTK_FIELD = 512       /* most characters of a number, blanks around it included */
};

/* A window on the file. */
typedef struct ntk_window {
  const ntk_reader *reader;
  char *at, *end;            /* what is not yet read; *end is NUL */
  off_t after;               /* where `end` is in the file */
  bool last;                 /* nothing follows in the file */
  size_t line;               /* that `at` is in, from 1 */
  char text[NTK_WINDOW + 8]; /* eight characters can be read anywhere before the end */
} ntk_window;

/* From that offset on, where that line begins. Nothing is read yet. */
void ntk_window_open(const ntk_reader *reader, off_t offset, size_t line, ntk_window *w);
/* What ntk_window_fill does when there is something to do. */
ntk_status ntk_window_slide(ntk_window *w);
/* Makes at least NTK_FIELD characters stand in the window, or all that the file still has. */
static inline ntk_status ntk_window_fill(ntk_window *w) {
  return w->end - w->at >= NTK_FIELD || w->last ? NTK_OK : ntk_window_slide(w);
}
/* Where `at` is in the file. */
off_t ntk_window_offset(const ntk_window *w);
/* Goes to the next line; *there: not at the end of the file. */
ntk_status ntk_window_next(ntk_window *w, bool *there);
/* Goes to the next line that is a row, if this one is none. */
ntk_status ntk_window_find(ntk_window *w, bool *there);

/* Keeps where row number `row`, which begins there, is: every row is told, from 0 on. */
void ntk_window_mark(const ntk_window *w, ntk_lines *lines, size_t row);

/* Reads the row there into reader->cols numbers, and goes to the next line. */
typedef ntk_status ntk_line_fn(ntk_window *w, double *out);
/* `rows` of a format of lines, whose places are marked. */
ntk_status ntk_lines_rows(const ntk_reader *reader, ntk_line_fn *read_row, size_t first,
                          size_t count, double *out);

bool ntk_is_blank(const char *c);
/* c, or what follows the blanks there; a tab that separates numbers is none. */
char *ntk_past_blanks(char *c, char delimiter);

#endif
