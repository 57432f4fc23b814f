/* The pieces of the reader of text: what its first lines are, and its rows. */
#ifndef NTK_DATA_CSV_H
#define NTK_DATA_CSV_H

#include "data/window.h"

/* ---- csv_heading.c ---- */

/* Delimiter and number of columns of the line there, by what stands in it outside quotes. */
ntk_status ntk_text_look(ntk_window *w, char *delimiter, size_t *columns);
/* Whether the line there is a heading, and whether the first column has numbers of rows. */
ntk_status ntk_text_heading(ntk_window *w, ntk_lines *lines, bool *heading);
/* Whether the numbers have a comma for their point: where another delimiter stands between them
 * and a comma between two digits, from that offset on. */
ntk_status ntk_text_point(const ntk_reader *reader, off_t offset, char delimiter, char *point);

/* ---- csv_rows.c ---- */

/* A reader's `rows`. */
ntk_status ntk_text_rows(const ntk_reader *reader, size_t first, size_t count, double *out);
/* The beginning of the field there, for messages. */
enum { NTK_SHOWN = 32 };
void ntk_text_show(const ntk_window *w, char shown[NTK_SHOWN]);
bool ntk_text_ends(const ntk_window *w); /* the line, or the file, there */

#endif
