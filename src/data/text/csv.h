/* The pieces of the reader of text: what its first lines are, and its rows. */
#ifndef NTK_DATA_TEXT_CSV_H
#define NTK_DATA_TEXT_CSV_H

#include "data/label_list.h"
#include "data/text/window.h"

/* ---- csv_heading.c ---- */

/* Delimiter and number of columns of the line there, by what stands in it outside quotes. */
ntk_status ntk_text_look(ntk_window *w, char *delimiter, size_t *cols);
/* Whether the line there is a heading, and whether the first column has names of rows. */
ntk_status ntk_text_heading(ntk_window *w, ntk_lines *lines, bool *heading);
/* Whether the numbers have a comma for their point: where another delimiter stands between them
 * and a comma between two digits, from that offset on. */
ntk_status ntk_text_point(const ntk_reader *reader, off_t offset, char delimiter, char *point);

/* ---- csv_labels.c ---- */

/* The field there without its quotes into text, which has room for NTK_FIELD characters (NULL: it
 * is passed over); to the delimiter or the end of the line behind it. */
ntk_status ntk_text_field(ntk_window *w, size_t column, char *text);
/* The column, from 1, that label_column means by its number; 0: it is none of that many. */
size_t ntk_text_column(const char *label_column, size_t columns);
/* The column that the reader's label_column means, by its name in the heading there or its number.
 */
ntk_status ntk_text_label(ntk_window *w, bool heading, size_t columns, size_t *column);
/* `names` and `like` of the heading there. */
ntk_status ntk_text_names(ntk_window *w, ntk_lines *lines);
/* Adds the label of the row there. */
ntk_status ntk_text_collect(ntk_window *w, ntk_label_list *list);

/* ---- csv_rows.c ---- */

/* A reader's `rows`. */
ntk_status ntk_text_rows(const ntk_reader *reader, size_t first, size_t count, double *out);
/* The beginning of the field there, for messages. */
enum { NTK_SHOWN = 32 };
void ntk_text_show(const ntk_window *w, char shown[NTK_SHOWN]);
bool ntk_text_ends(const ntk_window *w); /* the line, or the file, there */

#endif
