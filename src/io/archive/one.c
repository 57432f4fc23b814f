/* One array of an archive as data: the one that is named, or the only one that fits. */
#include "io/archive/kind.h"

#include "base/text.h"

#include <stdlib.h>

/* "a (3, 4), b (5,) and 7 more" */
static void put_names(const ntk_archive *archive, size_t size, char *text) {
  enum { MOST = 8 };
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < archive->count && i < MOST; i++) {
    const ntk_tensor *t = &archive->tensor[i];
    char shape[NTK_SHAPE_TEXT] = "(not readable)";
    if (t->refusal == NULL)
      ntk_shape_text(t->rank, t->shape, shape);
    used += (size_t)ntk_format(text + used, size - used, "%s%.40s %s", i > 0 ? ", " : "", t->name,
                               shape);
  }
  if (archive->count > MOST)
    (void)ntk_format(text + used, size - used, " and %zu more", archive->count - MOST);
}

/* Which array is meant. *i: it. */
static ntk_status choose(const ntk_archive *archive, const ntk_reader *reader, size_t *i) {
  char names[2048];
  const char *key = reader->key;
  size_t fitting = 0;
  put_names(archive, sizeof names, names);
  if (archive->count == 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: holds no arrays", reader->path);
  if (key != NULL) {
    *i = ntk_archive_find(archive, key + (key[0] == '/'));
    return *i < archive->count
               ? NTK_OK
               : ntk_fail(NTK_ERR_FORMAT, "%s: the file has no array '%s'; accepted: %s",
                          reader->path, key, names);
  }
  *i = 0;
  for (size_t k = 0; k < archive->count; k++)
    if (archive->tensor[k].refusal == NULL && archive->tensor[k].count > 0 &&
        ntk_reader_accepts(reader, archive->tensor[k].rank) && fitting++ == 0)
      *i = k;
  if (fitting == 1 || archive->count == 1)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s: holds %zu arrays: %s; accepted: one of them by name, as in %s:%s",
                  reader->path, archive->count, names, reader->path, archive->tensor[*i].name);
}

ntk_status ntk_archive_open_one(ntk_reader *reader, const unsigned char *start) {
  (void)start;
  size_t i = 0;
  ntk_archive *archive = calloc(1, sizeof *archive);
  if (archive == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to open it", reader->path);
  archive->kind = (const ntk_archive_kind *)reader->format;
  archive->file = reader;
  reader->state = archive; /* and so closed with the reader */
  NTK_TRY(ntk_archive_list(archive));
  NTK_TRY(choose(archive, reader, &i));
  return archive->kind->place(archive, &archive->tensor[i], reader);
}

void ntk_archive_close_one(ntk_reader *reader) {
  ntk_archive_close(reader->state);
  reader->state = NULL;
}
