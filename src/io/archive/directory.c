/* A directory of .npy: each is an array, named as the file is. */
#include "io/archive/kind.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static ntk_status list_directory(ntk_archive *archive) {
  static const char ending[] = ".npy";
  const size_t own = sizeof ending - 1;
  const char *path = archive->file->path;
  DIR *folder = opendir(path);
  if (folder == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  ntk_status status = NTK_OK;
  for (const struct dirent *entry; status == NTK_OK && (entry = readdir(folder)) != NULL;) {
    const size_t length = strlen(entry->d_name);
    if (length > own && entry->d_name[0] != '.' &&
        strcmp(entry->d_name + length - own, ending) == 0)
      status = ntk_archive_add(archive, entry->d_name, length - own, archive->count);
  }
  (void)closedir(folder);
  return status;
}

/* reader->path is the file's. */
static ntk_status place(const ntk_archive *archive, const ntk_tensor *tensor, ntk_reader *reader) {
  (void)archive, (void)tensor;
  ntk_reader opened;
  NTK_TRY(ntk_reader_open_file(reader->path, &opened));
  reader->file = opened.file;
  reader->file_size = opened.file_size;
  return ntk_reader_open_npy(reader);
}

const ntk_archive_kind ntk_kind_directory = {
    .format = {.name = "directory", .rows = ntk_plain_rows},
    .list = list_directory,
    .place = place};
