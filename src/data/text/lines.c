/* Rows of a file of lines, divided among threads at the places whose offsets are known, each with a
 * window of its own. */
#include "data/text/window.h"

#include <stdint.h>

/* Rows first .. first + count - 1, count >= 1. */
static ntk_status read_run(const ntk_reader *reader, ntk_line_fn *read_row, size_t first,
                           size_t count, double *out) {
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
ntk_status ntk_lines_rows(const ntk_reader *reader, ntk_line_fn *read_row, size_t first,
                          size_t count, double *out) {
  enum { NUMBERS = 1 << 14, PIECES = 8 }; /* of a piece, at least; for each thread */
  const size_t step = reader->lines.step, end = first + count;
  const size_t worth = count / (NUMBERS / reader->cols + 1),
               threads = reader->source == NULL && reader->context != NULL
                             ? (size_t)ntk_team(reader->context)
                             : 1;
  size_t pieces = PIECES * threads < worth ? PIECES * threads : worth;
  if (count == 0)
    return NTK_OK;
  if (threads == 1 || pieces < 2)
    return read_run(reader, read_row, first, count, out);
  const size_t long_step = ((count + pieces - 1) / pieces + step - 1) / step * step;
  const size_t start = first / long_step;
  pieces = (end - 1) / long_step + 1 - start;
  size_t failed = pieces; /* the first piece that did, so that its line is told */
  bool cancelled = false; /* told in the caller's thread, by its status */
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (size_t p = 0; p < pieces; p++) {
    size_t before = 0;
#pragma omp atomic read
    before = failed;
    const size_t from = p == 0 ? first : (start + p) * long_step;
    const size_t next = (start + p + 1) * long_step, to = next < end ? next : end;
    if (p >= before)
      continue;
    const ntk_status status =
        read_run(reader, read_row, from, to - from, out + (from - first) * reader->cols);
#pragma omp critical(ntk_lines_failed)
    {
      cancelled = cancelled || status == NTK_ERR_CANCELLED;
      if (cancelled || (status != NTK_OK && p < failed)) {
#pragma omp atomic write
        failed = cancelled ? 0 : p; /* cancelled: the others begin no piece */
      }
    }
  }
  if (cancelled)
    return NTK_ERR_CANCELLED;
  if (failed == pieces)
    return NTK_OK;
  const size_t from = failed == 0 ? first : (start + failed) * long_step;
  return read_run(reader, read_row, from, end - from, out + (from - first) * reader->cols);
}
