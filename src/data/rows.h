/* Which rows of an array are wanted (ntk_rows of data.h), and reading them. */
#ifndef NTK_DATA_ROWS_H
#define NTK_DATA_ROWS_H

#include "base/context.h"
#include "base/ranks/share.h"
#include "data/reader.h"
#include "ntkit/data.h"

typedef struct ntk_row_pick {
  uint64_t key;
  size_t row, place; /* in the file; among those that are wanted */
} ntk_row_pick;

/* The rows wanted, of `total`. */
typedef struct ntk_row_list {
  ntk_context *context;
  size_t total, first, count;
  ntk_row_pick *pick; /* count of them, by row; NULL: rows first .. first + count - 1 as they are */
} ntk_row_list;

/* Whether these are the first rows, as they come. */
bool ntk_rows_are_first(const ntk_rows *rows);
/* NTK_ERR_SHAPE as ntk_rows_count; source names the array in messages. 24 bytes a row that may be
 * drawn. */
ntk_status ntk_row_list_make(ntk_context *context, const ntk_rows *rows, size_t total,
                             const char *source, ntk_row_list *list);
void ntk_row_list_clear(ntk_row_list *list);
/* Rows to be read at a time. */
size_t ntk_rows_a_piece(size_t rows, size_t cols);
/* Those that follow the first `done` of them, by their place in the file, as many as lie in `most`
 * rows of it, which piece has room for; *count of them, one after the other. */
ntk_status ntk_row_list_next(const ntk_row_list *list, const ntk_reader *file, size_t done,
                             size_t most, double *piece, size_t *count);
/* The rows of a file of list->total into X, those of them that are the share's (NULL: all) x cols.
 * Where they are as they come no others are read, unless they have to be unpacked; else the file is
 * gone through once, in pieces that hold a row that is wanted here. */
ntk_status ntk_row_list_read(const ntk_row_list *list, const ntk_share *share,
                             const ntk_reader *file, double *X);

#endif
