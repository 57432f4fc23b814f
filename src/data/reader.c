#include "data/reader.h"

#include "ntkit/data.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The formats, each recognised by its first bytes. */
static const ntk_reader_format *const formats[] = {&ntk_format_npy, &ntk_format_idx,
                                                   &ntk_format_text};

/* ---- Opening ---- */

/* By the format that recognises its first bytes, if any. */
static ntk_status open_format(ntk_reader *reader) {
  unsigned char start[NTK_READER_START] = {0};
  const size_t count = reader->file_size < sizeof start ? reader->file_size : sizeof start;
  NTK_TRY(ntk_reader_bytes(reader, start, count));
  for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++)
    if (formats[k]->recognise(start, count))
      reader->format = formats[k];
  return reader->format->open(reader, start);
}

ntk_status ntk_reader_open(const char *path, int accepted, ntk_reader *reader) {
  *reader = (ntk_reader){.path = path, .accepted = accepted, .format = &ntk_format_foreign};
  struct stat found; /* before opening: opening a pipe would wait for its writer */
  if (stat(path, &found) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  if (!S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s: is %s; accepted: a file of numbers", path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  reader->file = fopen(path, "rb");
  if (reader->file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  reader->file_size = (size_t)found.st_size;
  const ntk_status status = open_format(reader);
  if (status != NTK_OK)
    ntk_reader_close(reader);
  return status;
}

static ntk_status refuse_rank(const ntk_reader *reader, int rank, const char *text) {
  const int accepted = reader->accepted;
  const char *hint = "";
  if (accepted == 2 && rank == 1)
    hint = ": save a.reshape(-1, 1) if each number is a sample";
  else if (accepted == 2 && rank > 2)
    hint = ": save a.reshape(len(a), -1), a sample a row";
  else if (accepted == 1 && rank == 2)
    hint = ": save a.ravel()";
  return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s, of %d dimension%s; accepted: %s%s",
                  reader->path, text, rank, rank == 1 ? "" : "s",
                  accepted == 0   ? "1 or 2"
                  : accepted == 1 ? "1"
                                  : "2",
                  hint);
}

ntk_status ntk_reader_set_shape(ntk_reader *reader, int rank, const size_t *shape,
                                const char *text) {
  if (reader->accepted == 0 ? rank != 1 && rank != 2 : rank != reader->accepted)
    return refuse_rank(reader, rank, text);
  reader->rank = rank;
  reader->rows = shape[0];
  reader->cols = rank == 2 ? shape[1] : 1;
  if (reader->rows > 0 && reader->cols > 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s and holds nothing; accepted: at least 1 %s",
                  reader->path, text, rank == 2 ? "row and 1 column" : "entry");
}

void ntk_reader_close(ntk_reader *reader) {
  reader->format->close(reader);
}

/* ---- Reading ---- */

ntk_status ntk_reader_bytes(const ntk_reader *reader, void *bytes, size_t n) {
  size_t found = 0;
  NTK_TRY(ntk_reader_some(reader, bytes, n, &found));
  if (found == n)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it became shorter meanwhile", reader->path);
}

ntk_status ntk_reader_some(const ntk_reader *reader, void *bytes, size_t n, size_t *found) {
  errno = 0;
  *found = fread(bytes, 1, n, reader->file);
  if (!ferror(reader->file))
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", reader->path, strerror(errno));
}

ntk_status ntk_reader_seek(const ntk_reader *reader, off_t offset) {
  if (fseeko(reader->file, offset, SEEK_SET) == 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", reader->path, strerror(errno));
}

ntk_status ntk_reader_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  if (first > reader->rows || count > reader->rows - first)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s: %zu rows from row %zu on (counted from 0) asked for, and the file has "
                    "%zu; accepted: rows that are there",
                    reader->path, count, first, reader->rows);
  return reader->format->rows(reader, first, count, out);
}

/* ---- In public ---- */

ntk_status ntk_array_shape(const char *path, ntk_array_info *info) {
  ntk_reader reader;
  NTK_TRY(ntk_reader_open(path, 0, &reader));
  *info = (ntk_array_info){.format = reader.format->name,
                           .type = reader.type,
                           .rank = reader.rank,
                           .rows = reader.rows,
                           .cols = reader.cols};
  ntk_reader_close(&reader);
  return NTK_OK;
}

bool ntk_file_is_meant(const char *text) {
  const char *ending = strrchr(text, '.');
  return strchr(text, '/') != NULL || (ending != NULL && ending[1] != '\0') ||
         (text[0] != '\0' && access(text, F_OK) == 0);
}

ntk_status ntk_array_load(const char *path, size_t first, size_t count, double *values) {
  ntk_reader reader;
  NTK_TRY(ntk_reader_open(path, 0, &reader));
  const ntk_status status = ntk_reader_rows(&reader, first, count, values);
  ntk_reader_close(&reader);
  return status;
}
