/* Rows drawn without replacement, and a random order, by sorting random keys: row i of the file has
 * three, words 0 to 2 of Philox at (seed, NTK_STREAM_ROWS, i). The subsample are the rows whose
 * first key is smallest, those held out the ones whose third is, the order is that of the second;
 * equal keys, by row. So every subset of
 * one size is as likely as another, and every order, up to keys of 64 bits being equal. O(M log M)
 * for the M rows that may be drawn. */
#include "data/rows.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum {
  PIECE = 1 << 17,   /* numbers read at a time */
  UNPACKED = 1 << 23 /* of what is unpacked on the way, at the most */
};

static ntk_status fault(const char *option, ntk_status status) {
  return ntk_fail_about(status, (ntk_error){.option = option});
}

bool ntk_rows_are_first(const ntk_rows *rows) {
  return rows->skip == 0 && rows->subsample == 0 && rows->hold_out == 0 && !rows->shuffle;
}

/* How many rows may be drawn from. */
static ntk_status find_candidates(const ntk_rows *rows, size_t total, const char *source,
                                  size_t *candidates) {
  if (rows->count > 0 && rows->limit > 0)
    return fault("limit", ntk_fail(NTK_ERR_ARGUMENT,
                                   "%s: exactly %zu rows and at most %zu asked for; accepted: one "
                                   "of both",
                                   source, rows->count, rows->limit));
  if (rows->skip >= total)
    return fault("skip", ntk_fail(NTK_ERR_SHAPE,
                                  "%s: has %zu rows, and %zu are to be skipped; accepted: 0 to %zu",
                                  source, total, rows->skip, total - 1));
  const size_t left = total - rows->skip;
  if (rows->count > left && rows->skip > 0)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s: %zu samples asked for, and the file has %zu after the %zu that are "
                    "skipped; accepted: 1 to %zu, or all",
                    source, rows->count, left, rows->skip, left);
  if (rows->count > left)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s: %zu samples asked for, and the file has %zu; accepted: 1 to %zu, or all",
                    source, rows->count, left, left);
  *candidates = left;
  if (rows->count > 0)
    *candidates = rows->count;
  else if (rows->limit > 0 && rows->limit < left)
    *candidates = rows->limit;
  return NTK_OK;
}

ntk_status ntk_rows_count(const ntk_rows *rows, size_t total, const char *source, size_t *count) {
  size_t candidates = 0;
  NTK_TRY(find_candidates(rows, total, source, &candidates));
  if (rows->subsample > candidates)
    return fault("subsample", ntk_fail(NTK_ERR_SHAPE,
                                       "%s: %zu rows are to be drawn from %zu; accepted: 1 to %zu",
                                       source, rows->subsample, candidates, candidates));
  *count = rows->subsample > 0 ? rows->subsample : candidates;
  if (rows->hold_out == 0)
    return NTK_OK;
  if (rows->hold_out >= *count)
    return fault("hold-out", ntk_fail(NTK_ERR_SHAPE,
                                      "%s: %zu rows are to be held out of %zu; accepted: fewer, so "
                                      "that others are left",
                                      source, rows->hold_out, *count));
  *count = rows->held_out ? rows->hold_out : *count - rows->hold_out;
  return NTK_OK;
}

static int by_key(const void *a, const void *b) {
  const ntk_row_pick *p = a, *q = b;
  if (p->key != q->key)
    return p->key < q->key ? -1 : 1;
  return p->row < q->row ? -1 : 1;
}

static int by_row(const void *a, const void *b) {
  const ntk_row_pick *p = a, *q = b;
  return p->row < q->row ? -1 : 1;
}

/* Sorts by key `word`. */
static void sort_keys(const ntk_rows *rows, int word, size_t count, ntk_row_pick *pick) {
  const ntk_random source = {rows->seed, NTK_STREAM_ROWS, 0};
  for (size_t k = 0; k < count; k++) {
    uint64_t words[4];
    ntk_random_words(source, pick[k].row, 0, words);
    pick[k].key = words[word];
  }
  qsort(pick, count, sizeof *pick, by_key);
}

/* Of so many rows those that are held out, or the others, to the front. */
static void split(const ntk_rows *rows, size_t count, ntk_row_pick *pick) {
  sort_keys(rows, 2, count, pick);
  if (!rows->held_out)
    memmove(pick, pick + rows->hold_out, (count - rows->hold_out) * sizeof *pick);
}

ntk_status ntk_row_list_make(ntk_context *context, const ntk_rows *rows, size_t total,
                             const char *source, ntk_row_list *list) {
  size_t candidates = 0, count = 0;
  NTK_TRY(ntk_rows_count(rows, total, source, &count));
  NTK_TRY(find_candidates(rows, total, source, &candidates));
  *list = (ntk_row_list){.context = context, .total = total, .first = rows->skip, .count = count};
  if (rows->subsample == 0 && rows->hold_out == 0 && !rows->shuffle)
    return NTK_OK;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, candidates, sizeof(ntk_row_pick), "the list of rows", &pointer));
  ntk_row_pick *pick = list->pick = pointer;
  for (size_t k = 0; k < candidates; k++)
    pick[k].row = rows->skip + k;
  if (rows->subsample > 0)
    sort_keys(rows, 0, candidates, pick);
  if (rows->hold_out > 0)
    split(rows, rows->subsample > 0 ? rows->subsample : candidates, pick);
  qsort(pick, count, sizeof *pick, by_row);
  if (rows->shuffle)
    sort_keys(rows, 1, count, pick);
  for (size_t k = 0; k < count; k++)
    pick[k].place = k;
  qsort(pick, count, sizeof *pick, by_row);
  return NTK_OK;
}

void ntk_row_list_clear(ntk_row_list *list) {
  ntk_free(list->context, list->pick);
  *list = (ntk_row_list){0};
}

ntk_status ntk_row_list_next(const ntk_row_list *list, const ntk_reader *file, size_t done,
                             size_t most, double *piece, size_t *count) {
  const size_t cols = file->cols;
  if (list->pick == NULL) {
    *count = list->count - done < most ? list->count - done : most;
    return ntk_reader_rows(file, list->first + done, *count, piece);
  }
  const ntk_row_pick *pick = list->pick + done;
  size_t k = 1;
  while (done + k < list->count && pick[k].row - pick[0].row < most)
    k++;
  NTK_TRY(ntk_reader_rows(file, pick[0].row, pick[k - 1].row - pick[0].row + 1, piece));
  for (size_t i = 1; i < k; i++)
    memmove(piece + i * cols, piece + (pick[i].row - pick[0].row) * cols, cols * sizeof *piece);
  *count = k;
  return NTK_OK;
}

static size_t place_of(const ntk_row_list *list, size_t k) {
  return list->pick != NULL ? list->pick[k].place : k;
}

static ntk_status read_pieces(const ntk_row_list *list, const ntk_share *share,
                              const ntk_reader *file, size_t rows, double *piece, double *X) {
  const size_t cols = file->cols;
  for (size_t done = 0, count = 0; done < list->count; done += count) {
    count = 1;
    if (ntk_share_owner(share, place_of(list, done)) != share->rank)
      continue;
    NTK_TRY(ntk_row_list_next(list, file, done, rows, piece, &count));
    for (size_t i = 0; i < count; i++) {
      const size_t place = place_of(list, done + i);
      if (ntk_share_owner(share, place) == share->rank)
        memcpy(X + ntk_share_below(share, share->rank, place) * cols, piece + i * cols,
               cols * sizeof *X);
    }
  }
  return NTK_OK;
}

/* Rows as they come, whose places are where they are. */
static ntk_status read_runs(const ntk_row_list *list, const ntk_share *share,
                            const ntk_reader *file, double *X) {
  for (ntk_run run = {0}; ntk_share_next(share, share->rank, &run);)
    NTK_TRY(ntk_reader_rows(file, list->first + run.row, run.count, X + run.here * file->cols));
  return NTK_OK;
}

static size_t rows_of(size_t numbers, size_t rows, size_t cols) {
  const size_t fit = numbers / cols, most = fit < rows ? fit : rows;
  return most > 0 ? most : 1;
}

size_t ntk_rows_a_piece(size_t rows, size_t cols) {
  return rows_of(PIECE, rows, cols);
}

/* Each piece may cost an unpacking of the whole file, of which its columns or chunks are parts. */
static size_t numbers_at_a_time(const ntk_row_list *list, const ntk_reader *file) {
  const size_t room = ntk_memory_available(list->context) / sizeof(double) / 4;
  if (file->source == NULL || room < PIECE)
    return PIECE;
  return room < UNPACKED ? room : UNPACKED;
}

ntk_status ntk_row_list_read(const ntk_row_list *list, const ntk_share *share,
                             const ntk_reader *file, double *X) {
  const ntk_share all = ntk_share_whole(list->count);
  if (share == NULL)
    share = &all;
  if (list->pick == NULL && (share->ranks == 1 || !file->streamed))
    return read_runs(list, share, file, X);
  const size_t rows = rows_of(numbers_at_a_time(list, file), list->total, file->cols);
  double *piece = NULL;
  NTK_TRY(ntk_alloc_doubles(list->context, rows * file->cols, "rows of a file", &piece));
  const ntk_status status = read_pieces(list, share, file, rows, piece, X);
  ntk_free(list->context, piece);
  return status;
}

ntk_status ntk_rows_choose(ntk_context *context, const ntk_rows *rows, size_t total, size_t *row) {
  ntk_row_list list;
  NTK_TRY(ntk_row_list_make(context, rows, total, "the rows", &list));
  for (size_t k = 0; k < list.count; k++)
    if (list.pick == NULL)
      row[k] = list.first + k;
    else
      row[list.pick[k].place] = list.pick[k].row;
  ntk_row_list_clear(&list);
  return NTK_OK;
}

ntk_status ntk_array_select(ntk_context *context, const char *path, const ntk_rows *rows,
                            double *values) {
  ntk_reader file;
  ntk_row_list list;
  const ntk_reader_wish wish = {.context = context, .label_column = rows->label_column};
  NTK_TRY(ntk_reader_open_wish(path, &wish, &file));
  ntk_status status = ntk_row_list_make(context, rows, file.rows, path, &list);
  if (status == NTK_OK) {
    status = ntk_row_list_read(&list, NULL, &file, values);
    ntk_row_list_clear(&list);
  }
  ntk_reader_close(&file);
  return status;
}
