/* Several files as one set, by a list of them with commas between: the rows of the first, then
 * those of the next. Each is told by its content, as any file; all have one number of columns. */
#include "data/reader.h"

#include "base/hash.h"

#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct several {
  size_t count;
  char *names; /* of the files, one after the other */
  ntk_reader part[];
} several;

static void close_parts(ntk_reader *reader) {
  several *set = reader->state;
  for (size_t k = 0; set != NULL && k < set->count; k++)
    ntk_reader_close(&set->part[k]);
  if (set != NULL)
    free(set->names);
  free(set);
  reader->state = NULL;
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  several *set = reader->state;
  for (size_t k = 0; k < set->count && count > 0; k++) {
    ntk_reader *part = &set->part[k];
    if (first >= part->rows) {
      first -= part->rows;
      continue;
    }
    const size_t here = count < part->rows - first ? count : part->rows - first;
    NTK_TRY(ntk_reader_rows(part, first, here, out));
    out += here * reader->cols;
    count -= here;
    first = 0;
  }
  return NTK_OK;
}

/* Columns of one number that are called otherwise are other columns. */
static ntk_status check_names(const ntk_reader *part, const ntk_reader *first) {
  const uint64_t one = first->lines.names, other = part->lines.names;
  if (one == 0 || other == 0 || one == other)
    return NTK_OK;
  if (one <= 2 && other <= 2)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s: its indices begin with %d, and those of %s before it with %d; accepted: "
                    "the same in each",
                    part->path, (int)other - 1, first->path, (int)one - 1);
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s: its heading calls columns otherwise, or in another order, than that of %s "
                  "before it; accepted: the same in each, or no heading",
                  part->path, first->path);
}

static ntk_status check_part(const ntk_reader_wish *wish, const ntk_reader *part,
                             const ntk_reader *first) {
  if (part->cols == first->cols && part->labelled == first->labelled)
    return wish->for_labels ? NTK_OK : check_names(part, first);
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s: has %zu columns%s, and %s before it has %zu%s; accepted: as many in each",
                  part->path, part->cols, part->labelled ? " beside labels" : "", first->path,
                  first->cols, first->labelled ? " beside labels" : "");
}

/* The labels of all of them: words are numbered anew, for each file has its own. */
static ntk_status join_labels(ntk_reader *reader, const several *set) {
  for (size_t k = 0; k < set->count; k++) {
    const ntk_label_list *labels = &set->part[k].labels;
    for (size_t i = 0; i < labels->count; i++)
      if (labels->classes > 0)
        NTK_TRY(ntk_label_list_word(&reader->labels, set->part[k].path,
                                    labels->name[(size_t)labels->value[i]]));
      else
        NTK_TRY(ntk_label_list_number(&reader->labels, set->part[k].path, labels->value[i]));
  }
  return ntk_label_list_end(&reader->labels);
}

static ntk_status open_parts(const ntk_reader_wish *wish, ntk_reader *reader, several *set) {
  size_t rows = 0;
  char text[64];
  for (char *name = set->names; name != NULL; set->count++) {
    char *comma = strchr(name, ',');
    if (comma != NULL)
      *comma = '\0';
    ntk_reader *part = &set->part[set->count];
    NTK_TRY(ntk_reader_open_wish(name, wish, part));
    const ntk_reader *first = &set->part[0];
    name = comma != NULL ? comma + 1 : NULL;
    reader->seen = ntk_hash_word(reader->seen, part->seen);
    reader->streamed = reader->streamed || part->streamed;
    rows += part->rows; /* no file has 2^63 bytes */
    const ntk_status status = check_part(wish, part, first);
    if (status == NTK_OK)
      continue;
    set->count++; /* it is open */
    return status;
  }
  const ntk_reader *first = &set->part[0];
  reader->type = first->type;
  reader->labelled = first->labelled;
  reader->lines.names = first->lines.names;
  memcpy(reader->lines.like, first->lines.like, sizeof reader->lines.like);
  NTK_TRY(join_labels(reader, set));
  snprintf(text, sizeof text, "(%zu, %zu)", rows, first->cols);
  return ntk_reader_set_shape(reader, first->rank > 1 ? 2 : 1, (const size_t[]){rows, first->cols},
                              text);
}

static const ntk_reader_format format = {
    .name = "several", .rows = read_rows, .close = close_parts};

ntk_status ntk_several_open(const char *path, const ntk_reader_wish *wish, ntk_reader *reader) {
  size_t count = 1;
  for (const char *c = strchr(path, ','); c != NULL; c = strchr(c + 1, ','))
    count++;
  *reader = (ntk_reader){.path = path, .accepted = wish->accepted, .format = &format};
  several *set = calloc(1, sizeof *set + count * sizeof set->part[0]);
  reader->state = set;
  if (set != NULL)
    set->names = strdup(path);
  ntk_status status = NTK_OK;
  if (set != NULL && set->names != NULL)
    status = open_parts(wish, reader, set);
  else
    status = ntk_fail(NTK_ERR_MEMORY, "%s: no memory for a list of %zu files", path, count);
  if (status != NTK_OK)
    ntk_reader_close(reader);
  return status;
}

/* stat; of "FILE:KEY" of the file. */
static bool look_at(const char *path, struct stat *found) {
  char *name = strndup(path, ntk_file_length(path));
  const bool there = name != NULL && stat(name, found) == 0;
  free(name);
  return there;
}

static bool is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool ntk_file_reads(const char *input, const char *path) {
  struct stat first, second;
  if (!look_at(path, &second))
    return false;
  if (look_at(input, &first))
    return is_same(&first, &second);
  for (const char *c = input; strchr(input, ',') != NULL; c++) {
    const size_t length = strcspn(c, ",");
    char *name = strndup(c, length);
    const bool same = name != NULL && look_at(name, &first) && is_same(&first, &second);
    free(name);
    if (same)
      return true;
    c += length;
    if (*c == '\0')
      break;
  }
  return false;
}
