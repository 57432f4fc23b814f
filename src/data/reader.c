#include "data/reader.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/writer.h"
#include "ntkit/data.h"

#include <errno.h>
#include <omp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The formats, each recognised by its first bytes; the first that does so has the file. */
static const ntk_reader_format *const formats[] = {&ntk_format_npy,  &ntk_format_cifar,
                                                   &ntk_format_idx,  &ntk_format_libsvm,
                                                   &ntk_format_text, NULL};
static const ntk_reader_format *const *_Atomic registered;

void ntk_reader_register(const ntk_reader_format *const *others) {
  atomic_store(&registered, others);
}

void ntk_reader_accepted(char text[NTK_ACCEPTED]) {
  const ntk_reader_format *const *others = atomic_load(&registered);
  int used = snprintf(text, NTK_ACCEPTED, ".npy, IDX, CIFAR, libsvm");
  for (; others != NULL && *others != NULL && used < NTK_ACCEPTED; others++)
    used += snprintf(text + used, NTK_ACCEPTED - (size_t)used, ", %s", (*others)->name);
  if (used < NTK_ACCEPTED)
    (void)snprintf(text + used, NTK_ACCEPTED - (size_t)used, ", or rows of numbers as text (CSV)");
}

/* ---- Opening ---- */

static const ntk_reader_format *find_format(const ntk_reader_format *const *list,
                                            const ntk_reader *reader, const unsigned char *start,
                                            size_t count) {
  for (; list != NULL && *list != NULL; list++)
    if ((reader->source == NULL || !(*list)->whole) && (*list)->recognise(start, count) &&
        ((*list)->fits == NULL || (*list)->fits(reader, start)))
      return *list;
  return NULL;
}

/* The first bytes, 0 after the last. What ends with them has a size that is known now. */
static ntk_status read_start(ntk_reader *reader, unsigned char start[NTK_READER_START],
                             size_t *count) {
  const size_t wanted = reader->file_size < NTK_READER_START ? reader->file_size : NTK_READER_START;
  memset(start, 0, NTK_READER_START);
  NTK_TRY(ntk_reader_seek(reader, 0));
  NTK_TRY(ntk_reader_some(reader, start, wanted, count));
  if (*count < wanted) {
    reader->file_size = *count;
    reader->bounded = false;
  }
  reader->seen = ntk_hash_word(ntk_hash_bytes(NTK_HASH_START, start, *count), reader->file_size);
  return NTK_OK;
}

ntk_status ntk_reader_open_npy(ntk_reader *reader) {
  unsigned char start[NTK_READER_START];
  size_t count = 0;
  NTK_TRY(read_start(reader, start, &count));
  if (!ntk_format_npy.recognise(start, count))
    return ntk_fail(NTK_ERR_FORMAT, "%s: is no .npy, but has its name", reader->path);
  return ntk_format_npy.open(reader, start);
}

ntk_status ntk_reader_open_format(ntk_reader *reader) {
  unsigned char start[NTK_READER_START];
  size_t count = 0;
  NTK_TRY(read_start(reader, start, &count));
  const ntk_reader_format *found = find_format(atomic_load(&registered), reader, start, count);
  if (found == NULL)
    found = find_format(formats, reader, start, count);
  if (found != NULL && reader->key != NULL && !found->named)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: the file is %s, which has one array and no names; accepted: %.*s",
                    reader->path, found->name, (int)(reader->key - 1 - reader->path), reader->path);
  reader->format = found != NULL ? found : &ntk_format_foreign;
  return reader->format->open(reader, start);
}

/* Bytes of path that name a file, of any kind where it is all of it, copied into name. */
static size_t file_part(const char *path, char name[NTK_PATH_CAPACITY], struct stat *found) {
  const size_t length = strlen(path);
  if (stat(path, found) == 0)
    return length;
  const int error = errno;
  for (const char *colon = strchr(path, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
    const size_t part = (size_t)(colon - path);
    if (part == 0 || part >= NTK_PATH_CAPACITY)
      continue;
    memcpy(name, path, part);
    name[part] = '\0';
    if (stat(name, found) == 0 && S_ISREG(found->st_mode))
      return part;
  }
  errno = error;
  return 0;
}

size_t ntk_file_length(const char *path) {
  char name[NTK_PATH_CAPACITY];
  struct stat found;
  const size_t length = file_part(path, name, &found);
  return length > 0 ? length : strlen(path);
}

ntk_status ntk_reader_open_file(const char *path, ntk_reader *reader) {
  *reader = (ntk_reader){.path = path, .format = &ntk_format_foreign};
  char name[NTK_PATH_CAPACITY];
  struct stat found; /* before opening: opening a pipe would wait for its writer */
  const size_t length = file_part(path, name, &found);
  if (length == 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  if (!S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s: is %s; accepted: a file of numbers", path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  reader->key = path[length] == ':' ? path + length + 1 : NULL;
  reader->file = fopen(reader->key != NULL ? name : path, "rb");
  if (reader->file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  reader->file_size = (size_t)found.st_size;
  return NTK_OK;
}

/* Of several files the first is there, else the list is a name that is misspelt. */
static bool is_list(const char *path) {
  char first[NTK_PATH_CAPACITY], name[NTK_PATH_CAPACITY];
  struct stat found;
  const size_t length = strcspn(path, ",");
  if (path[length] == '\0' || length >= sizeof first || file_part(path, name, &found) > 0)
    return false;
  memcpy(first, path, length);
  first[length] = '\0';
  return file_part(first, name, &found) > 0;
}

ntk_status ntk_reader_open_wish(const char *path, const ntk_reader_wish *wish, ntk_reader *reader) {
  if (is_list(path))
    return ntk_several_open(path, wish, reader);
  NTK_TRY(ntk_reader_open_file(path, reader));
  reader->context = wish->context;
  reader->accepted = wish->accepted;
  reader->label_column = wish->label_column;
  reader->for_labels = wish->for_labels;
  ntk_status status = ntk_reader_open_format(reader);
  if (status == NTK_OK && reader->label_column != NULL && !reader->labelled)
    status = ntk_fail(NTK_ERR_ARGUMENT,
                      "%s: is %s, which has no column of labels '%s'; accepted: text, as CSV", path,
                      reader->format->name, reader->label_column);
  if (status != NTK_OK)
    ntk_reader_close(reader);
  return status;
}

ntk_status ntk_reader_open(const char *path, int accepted, ntk_reader *reader) {
  return ntk_reader_open_wish(path, &(ntk_reader_wish){.accepted = accepted}, reader);
}

ntk_status ntk_reader_poll(const ntk_reader *reader, double fraction) {
  if (reader->context == NULL || omp_get_thread_num() != 0)
    return NTK_OK;
  return ntk_progress_poll(reader->context, "reading", fraction < 1.0 ? fraction : 1.0);
}

bool ntk_reader_accepts(const ntk_reader *reader, int rank) {
  return (rank == 1 && reader->accepted != 2) || (rank == 2 && reader->accepted != 1) ||
         (rank > 2 && reader->accepted == 2);
}

static ntk_status refuse_rank(const ntk_reader *reader, int rank, const char *text) {
  const int accepted = reader->accepted;
  const char *hint = "";
  if (accepted == 2 && rank == 1)
    hint = ": save a.reshape(-1, 1) if each number is a sample";
  else if (accepted == 1 && rank == 2)
    hint = ": save a.ravel()";
  return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s, of %d dimension%s; accepted: %s%s",
                  reader->path, text, rank, rank == 1 ? "" : "s",
                  accepted == 0   ? "1 or 2"
                  : accepted == 1 ? "1"
                                  : "2, or up to 8 of which the first counts samples",
                  hint);
}

/* The extents as rows and columns. */
static ntk_status take_shape(ntk_reader *reader, int rank, const size_t *shape) {
  reader->rank = rank;
  memcpy(reader->shape, shape, (size_t)rank * sizeof *shape);
  reader->rows = rank > 0 ? shape[0] : 1;
  reader->cols = 1;
  for (int k = 1; k < rank; k++)
    NTK_TRY(ntk_size_multiply(reader->cols, shape[k], reader->path, &reader->cols));
  return NTK_OK;
}

ntk_status ntk_reader_set_shape(ntk_reader *reader, int rank, const size_t *shape,
                                const char *text) {
  if (reader->accepted == NTK_READER_ANY && rank <= NTK_READER_RANK)
    return take_shape(reader, rank, shape);
  if (reader->accepted == NTK_READER_ANY)
    return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s, of %d dimensions; accepted: up to %d",
                    reader->path, text, rank, NTK_READER_RANK);
  if (rank > NTK_READER_RANK || !ntk_reader_accepts(reader, rank))
    return refuse_rank(reader, rank, text);
  NTK_TRY(take_shape(reader, rank, shape));
  if (reader->rows > 0 && reader->cols > 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s and holds nothing; accepted: at least 1 %s",
                  reader->path, text, rank > 1 ? "row and 1 column" : "entry");
}

void ntk_reader_close(ntk_reader *reader) {
  if (reader->format->close != NULL)
    reader->format->close(reader);
  if (reader->source != NULL)
    reader->source->close(reader);
  ntk_label_list_clear(&reader->labels);
  if (reader->file != NULL)
    (void)fclose(reader->file);
  reader->file = NULL;
}

ntk_status ntk_reader_agree(ntk_context *context, ntk_status own, const ntk_reader *reader) {
  if (ntk_ranks_count(context) == 1)
    return own;
  NTK_TRY(ntk_ranks_agree(context, own, ntk_ranks_what("a file", 0, 0, 0)));
  const uint64_t here[] = {reader->rows, reader->cols, reader->seen};
  uint64_t there[sizeof here / sizeof here[0]];
  memcpy(there, here, sizeof there);
  ntk_ranks_hand(context, 0, sizeof there, there);
  ntk_status status = NTK_OK;
  if (here[0] != there[0] || here[1] != there[1])
    status = ntk_fail(NTK_ERR_RANKS,
                      "%s: has %zu rows of %zu numbers here, and %zu of %zu on rank 0; accepted: "
                      "one file on all ranks",
                      reader->path, reader->rows, reader->cols, (size_t)there[0], (size_t)there[1]);
  else if (here[2] != there[2])
    status = ntk_fail(NTK_ERR_RANKS,
                      "%s: is another file here than on rank 0; accepted: one file on all ranks",
                      reader->path);
  return ntk_ranks_agree(context, status, ntk_ranks_what("a file's shape", there[0], there[1], 0));
}

/* ---- Reading ---- */

ntk_status ntk_reader_bytes(const ntk_reader *reader, void *bytes, size_t n) {
  size_t found = 0;
  NTK_TRY(ntk_reader_some(reader, bytes, n, &found));
  if (found == n)
    return NTK_OK;
  if (reader->source != NULL)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: truncated: what is packed in it ends before what its header promises",
                    reader->path);
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it became shorter meanwhile", reader->path);
}

ntk_status ntk_reader_some(const ntk_reader *reader, void *bytes, size_t n, size_t *found) {
  if (reader->source != NULL)
    return reader->source->some(reader, bytes, n, found);
  errno = 0;
  *found = fread(bytes, 1, n, reader->file);
  if (!ferror(reader->file))
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", reader->path, strerror(errno));
}

ntk_status ntk_reader_at(const ntk_reader *reader, off_t offset, void *bytes, size_t n,
                         size_t *found) {
  if (reader->source != NULL) {
    NTK_TRY(reader->source->seek(reader, offset));
    return reader->source->some(reader, bytes, n, found);
  }
  char *to = bytes;
  for (*found = 0; *found < n;) {
    const ssize_t got =
        pread(fileno(reader->file), to + *found, n - *found, offset + (off_t)*found);
    if (got == 0)
      break;
    if (got < 0 && errno != EINTR)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", reader->path, strerror(errno));
    *found += got > 0 ? (size_t)got : 0;
  }
  return NTK_OK;
}

ntk_status ntk_reader_seek(const ntk_reader *reader, off_t offset) {
  if (reader->source != NULL)
    return reader->source->seek(reader, offset);
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
  if (reader->labels.count == 0)
    return reader->format->rows(reader, first, count, out);
  memcpy(out, reader->labels.value + first, count * sizeof *out);
  return NTK_OK;
}

/* ---- In public ---- */

ntk_status ntk_array_shape(const char *path, ntk_array_info *info) {
  ntk_reader reader;
  NTK_TRY(ntk_reader_open(path, 0, &reader));
  *info = (ntk_array_info){.format = reader.format->name,
                           .type = reader.type,
                           .rank = reader.rank,
                           .rows = reader.rows,
                           .cols = reader.cols,
                           .labels = reader.labelled};
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
