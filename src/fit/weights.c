/* Networks read back from their files, W1.npy ... WL.npy and b1.npy ... bL.npy of
 * docs/notation.md. Files of other kinds and names are libntkit_io's. */
#include "ntkit/fit.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/reader.h"
#include "net/layers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAME = 32 };
static const char ENDING[] = ".npy";

/* A file of the directory; its array's name is the file's without the ending. */
typedef struct member {
  char name[MOST_NAME];
  size_t shape[2];
} member;

typedef struct weights {
  ntk_context *context;
  const char *directory;
  char *path; /* of the file being read */
  size_t room, count, allocated;
  member *member;
  ntk_named_array *array; /* count */
} weights;

/* W12.npy or b3.npy; the name without its ending. */
static bool is_of_network(const char *file, char name[MOST_NAME]) {
  const size_t length = strlen(file), end = length - (sizeof ENDING - 1);
  if (length < sizeof ENDING + 1 || end >= MOST_NAME || strcmp(file + end, ENDING) != 0 ||
      (file[0] != 'W' && file[0] != 'b') || strspn(file + 1, "0123456789") + 1 != end)
    return false;
  memcpy(name, file, end);
  name[end] = '\0';
  return true;
}

static ntk_status grow(weights *w) {
  if (w->count < w->allocated)
    return NTK_OK;
  void *more = NULL;
  const size_t room = 2 * w->allocated + 16;
  NTK_TRY(ntk_alloc(w->context, room, sizeof *w->member, "network", &more));
  if (w->count > 0)
    memcpy(more, w->member, w->count * sizeof *w->member);
  ntk_free(w->context, w->member);
  w->member = more;
  w->allocated = room;
  return NTK_OK;
}

static int by_text(const void *a, const void *b) {
  return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static ntk_status list_files(weights *w) {
  DIR *folder = opendir(w->directory[0] != '\0' ? w->directory : ".");
  if (folder == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s/W1.npy cannot be read: %s; expected a directory with it",
                    w->directory, strerror(errno));
  ntk_status status = NTK_OK;
  char name[MOST_NAME];
  for (const struct dirent *entry; status == NTK_OK && (entry = readdir(folder)) != NULL;) {
    if (!is_of_network(entry->d_name, name))
      continue;
    status = grow(w);
    if (status == NTK_OK)
      memcpy(w->member[w->count++].name, name, sizeof name);
  }
  (void)closedir(folder);
  if (status == NTK_OK && w->count > 0)
    qsort(w->member, w->count, sizeof *w->member, by_text);
  return status;
}

static ntk_status open_array(const weights *w, size_t i, ntk_reader *file) {
  (void)ntk_format(w->path, w->room, "%s/%s%s", w->directory, w->member[i].name, ENDING);
  return ntk_reader_open(w->path, 0, file);
}

static ntk_status find_shapes(weights *w) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(w->context, w->count, sizeof *w->array, "network", &pointer));
  w->array = pointer;
  for (size_t i = 0; i < w->count; i++) {
    ntk_reader file;
    NTK_TRY(open_array(w, i, &file));
    w->member[i].shape[0] = file.rows;
    w->member[i].shape[1] = file.cols;
    w->array[i] = (ntk_named_array){
        .name = w->member[i].name, .rank = (size_t)file.rank, .shape = w->member[i].shape};
    ntk_reader_close(&file);
  }
  return NTK_OK;
}

static ntk_status read_array(void *user, size_t i, double *values) {
  const weights *w = user;
  ntk_reader file;
  NTK_TRY(open_array(w, i, &file));
  const size_t *shape = w->member[i].shape;
  ntk_status status = NTK_OK;
  if (file.rows == shape[0] && file.cols == shape[1])
    status = ntk_reader_rows(&file, 0, file.rows, values);
  else
    status = ntk_fail(NTK_ERR_FILE, "%s was written into while it was read", w->path);
  ntk_reader_close(&file);
  return status;
}

static ntk_status load(weights *w, const char *activation, ntk_network **network) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(w->context, w->room, 1, "a file name", &pointer));
  w->path = pointer;
  NTK_TRY(list_files(w));
  NTK_TRY(find_shapes(w));
  const ntk_named_arrays from = {
      .path = w->directory, .count = w->count, .array = w->array, .folder = true};
  const ntk_network_spec spec = {.activation = activation};
  ntk_layers layers = {0};
  NTK_TRY(ntk_layers_find(w->context, &from, NTK_LAYOUT_OPEN, &layers));
  const ntk_status status = ntk_layers_network(&layers, &spec, read_array, w, network);
  ntk_layers_clear(&layers);
  return status;
}

ntk_status ntk_network_load(ntk_context *context, const char *directory, const char *activation,
                            ntk_network **network) {
  weights w = {
      .context = context, .directory = directory, .room = strlen(directory) + MOST_NAME + 8};
  const ntk_status status = load(&w, activation, network);
  ntk_free(context, w.array);
  ntk_free(context, w.member);
  ntk_free(context, w.path);
  return status;
}
