/* Archives, whatever their kind: the list of their arrays, and the numbers of one. */
#include "io/archive/kind.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/writer.h"
#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- The list -------------------------------------------------------------------------------- */

static ntk_status no_memory(const ntk_archive *archive) {
  return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for the list of its arrays", archive->file->path);
}

ntk_status ntk_archive_add(ntk_archive *archive, const char *name, size_t length, size_t entry) {
  if (archive->count == archive->capacity) {
    const size_t capacity = 2 * archive->capacity + 4;
    ntk_tensor *more = realloc(archive->tensor, capacity * sizeof *more);
    if (more == NULL)
      return no_memory(archive);
    archive->tensor = more;
    archive->capacity = capacity;
  }
  char *copy = malloc(length + 1);
  if (copy == NULL)
    return no_memory(archive);
  memcpy(copy, name, length);
  copy[length] = '\0';
  archive->tensor[archive->count++] = (ntk_tensor){.name = copy, .entry = entry};
  return NTK_OK;
}

/* Names as people count: digits that stand together are a number. */
static int compare_names(const char *a, const char *b) {
  static const char digits[] = "0123456789";
  while (*a != '\0' && *b != '\0') {
    size_t p = strspn(a, digits), q = strspn(b, digits);
    if (p == 0 || q == 0) {
      if (*a != *b)
        return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      a++;
      b++;
      continue;
    }
    const size_t zeros_a = strspn(a, "0"), zeros_b = strspn(b, "0");
    if (p - zeros_a != q - zeros_b)
      return p - zeros_a < q - zeros_b ? -1 : 1;
    const int order = strncmp(a + zeros_a, b + zeros_b, p - zeros_a);
    if (order != 0)
      return order;
    a += p;
    b += q;
  }
  return (*a != '\0') - (*b != '\0');
}

static int by_name(const void *a, const void *b) {
  const ntk_tensor *p = a, *q = b;
  const int order = compare_names(p->name, q->name);
  return order != 0 ? order : strcmp(p->name, q->name);
}

/* One array's reader, and the name that messages have for it. */
typedef struct view {
  const ntk_archive *archive;
  ntk_reader reader;
  char path[NTK_PATH_CAPACITY + 264];
} view;

static ntk_status view_open(const ntk_archive *archive, const ntk_tensor *tensor, view *v) {
  v->archive = archive;
  v->reader = *archive->file;
  v->reader.accepted = NTK_READER_ANY;
  v->reader.path = v->path;
  const bool folder = archive->file->file == NULL;
  (void)ntk_format(v->path, sizeof v->path, folder ? "%s/%.255s.npy" : "%s:%.255s",
                   archive->file->path, tensor->name);
  return archive->kind->place(archive, tensor, &v->reader);
}

static void view_close(view *v) {
  if (v->reader.source != NULL)
    v->reader.source->close(&v->reader);
  if (v->reader.file != v->archive->file->file) /* of a directory */
    (void)fclose(v->reader.file);
}

/* Type and shape, or why there are none, which does not hide the other arrays. */
static ntk_status describe(const ntk_archive *archive, ntk_tensor *tensor) {
  view v;
  ntk_status status = view_open(archive, tensor, &v);
  tensor->rank = v.reader.rank;
  memcpy(tensor->shape, v.reader.shape, sizeof tensor->shape);
  tensor->type = v.reader.type;
  if (status == NTK_OK)
    status = ntk_size_multiply(v.reader.rows, v.reader.cols, v.path, &tensor->count);
  view_close(&v);
  if (status == NTK_OK || status == NTK_ERR_MEMORY)
    return status;
  tensor->refusal = strdup(ntk_error_message());
  return tensor->refusal != NULL ? NTK_OK : no_memory(archive);
}

ntk_status ntk_archive_list(ntk_archive *archive) {
  NTK_TRY(archive->kind->list(archive));
  if (archive->count > 0)
    qsort(archive->tensor, archive->count, sizeof *archive->tensor, by_name);
  for (size_t i = 1; i < archive->count; i++)
    if (strcmp(archive->tensor[i - 1].name, archive->tensor[i].name) == 0)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: holds two arrays named '%.100s'; accepted: one of a name",
                      archive->file->path, archive->tensor[i].name);
  for (size_t i = 0; i < archive->count; i++)
    NTK_TRY(describe(archive, &archive->tensor[i]));
  return NTK_OK;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static ntk_status open_directory(const char *path, ntk_archive *archive) {
  archive->own = (ntk_reader){.path = path, .format = &ntk_kind_directory.format};
  archive->kind = &ntk_kind_directory;
  return ntk_archive_list(archive);
}

static ntk_status open_file(const char *path, ntk_archive *archive) {
  unsigned char start[NTK_READER_START] = {0};
  size_t count = 0;
  NTK_TRY(ntk_reader_open_file(path, &archive->own));
  NTK_TRY(ntk_reader_some(&archive->own, start, sizeof start, &count));
  if (archive->own.key == NULL)
    for (size_t k = 0; archive->kind == NULL && ntk_archive_kinds[k] != NULL; k++)
      if (ntk_archive_kinds[k]->format.recognise(start, count))
        archive->kind = ntk_archive_kinds[k];
  if (archive->kind == NULL && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is a pickle, which only Python reads; accepted: %s (of PyTorch: "
                    "safetensors.torch.save_file of its state_dict)",
                    path, ntk_archive_accepted);
  if (archive->own.key != NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: names one array; accepted: the file alone, %s", path,
                    ntk_archive_accepted);
  if (archive->kind == NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: has no arrays with names; accepted: %s", path,
                    ntk_archive_accepted);
  archive->own.format = &archive->kind->format;
  return ntk_archive_list(archive);
}

ntk_status ntk_archive_open(const char *path, ntk_archive **archive) {
  ntk_archive *made = calloc(1, sizeof *made);
  if (made == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for an archive");
  struct stat found;
  const bool directory = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
  made->file = &made->own;
  const ntk_status status = directory ? open_directory(path, made) : open_file(path, made);
  if (status != NTK_OK) {
    ntk_archive_close(made);
    return status;
  }
  *archive = made;
  return NTK_OK;
}

void ntk_archive_close(ntk_archive *archive) {
  if (archive == NULL)
    return;
  if (archive->kind != NULL && archive->kind->close != NULL)
    archive->kind->close(archive);
  for (size_t i = 0; i < archive->count; i++) {
    free((void *)archive->tensor[i].name);
    free((void *)archive->tensor[i].refusal);
  }
  free(archive->tensor);
  if (archive->own.file != NULL)
    (void)fclose(archive->own.file);
  free(archive);
}

/* ---- Its arrays ------------------------------------------------------------------------------ */

const char *ntk_archive_format(const ntk_archive *archive) {
  return archive->kind->format.name;
}

size_t ntk_archive_count(const ntk_archive *archive) {
  return archive->count;
}

const ntk_tensor *ntk_archive_tensor(const ntk_archive *archive, size_t i) {
  return &archive->tensor[i];
}

size_t ntk_archive_find(const ntk_archive *archive, const char *name) {
  size_t i = 0;
  while (i < archive->count && strcmp(archive->tensor[i].name, name) != 0)
    i++;
  return i;
}

ntk_status ntk_archive_read(const ntk_archive *archive, size_t i, double *values) {
  view v;
  ntk_status status = view_open(archive, &archive->tensor[i], &v);
  if (status == NTK_OK && archive->tensor[i].count > 0)
    status = archive->kind->format.rows(&v.reader, 0, v.reader.rows, values);
  view_close(&v);
  return status;
}

void ntk_shape_text(int rank, const size_t *shape, char text[NTK_SHAPE_TEXT]) {
  size_t used = (size_t)ntk_format(text, NTK_SHAPE_TEXT, "(");
  for (int k = 0; k < rank && k < NTK_READER_RANK; k++)
    used += (size_t)ntk_format(text + used, NTK_SHAPE_TEXT - used, "%s%zu", k > 0 ? ", " : "",
                               shape[k]);
  (void)ntk_format(text + used, NTK_SHAPE_TEXT - used, "%s)", rank == 1 ? "," : "");
}
