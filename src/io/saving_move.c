/* A run's files from the stage into its folder: the last step of a save. */
#include "base/text.h"
#include "base/writer.h"
#include "data/json_text.h"
#include "io/archive/write.h"
#include "io/folder.h"
#include "io/saving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ntk_status cannot(const char *path, const char *what) {
  return ntk_fail(NTK_ERR_FILE, "%s cannot be %s: %s", path, what, strerror(errno));
}

/* The folder in which path is, synced: what was renamed stays so. File systems that cannot sync one
 * say EINVAL. */
static ntk_status sync_folder(char *path) {
  char *slash = strrchr(path, '/');
  *slash = '\0';
  const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool failed;
  do
    failed = folder >= 0 && fsync(folder) != 0 && errno != EINVAL && errno != ENOTSUP;
  while (failed && errno == EINTR);
  const ntk_status status = failed ? cannot(path, "written") : NTK_OK;
  if (folder >= 0)
    (void)close(folder);
  *slash = '/';
  return status;
}

static ntk_status move_to(ntk_saving *saving, const char *from, char *to, bool within) {
  char *slash = strrchr(to, '/');
  if (within) {
    *slash = '\0';
    if (mkdir(to, 0777) != 0 && errno != EEXIST)
      return cannot(to, "written");
    *slash = '/';
  }
  if (rename(from, to) != 0)
    return cannot(to, "written");
  saving->moved++;
  return sync_folder(to);
}

static ntk_status move_file(ntk_saving *saving, const char *name) {
  char *from = NULL, *to = NULL;
  ntk_status status = ntk_folder_path(saving->stage, name, &from);
  if (status == NTK_OK)
    status = ntk_folder_path(saving->directory, name, &to);
  if (status == NTK_OK)
    status = move_to(saving, from, to, strchr(name, '/') != NULL);
  free(from);
  free(to);
  return status;
}

/* Takes away what was moved, and the folders made for it; without memory. */
static void take_back(ntk_saving *saving) {
  char path[NTK_PATH_CAPACITY];
  void *at = json_object_iter(saving->files);
  for (size_t i = 0; at != NULL; i++, at = json_object_iter_next(saving->files, at)) {
    const char *name = json_object_iter_key(at);
    if (ntk_format(path, sizeof path, "%s/%s", saving->directory, name) >= (int)sizeof path)
      continue;
    if (i < saving->moved)
      (void)unlink(path);
    if (strchr(name, '/') != NULL) {
      *strrchr(path, '/') = '\0';
      (void)rmdir(path);
    }
  }
  saving->moving = false;
}

/* A file of an earlier run, and its folder when that is then empty. */
static ntk_status remove_file(ntk_saving *saving, const char *name) {
  char *path = NULL;
  NTK_TRY(ntk_folder_path(saving->directory, name, &path));
  ntk_status status = NTK_OK;
  if (unlink(path) != 0) {
    if (errno != ENOENT && errno != ENOTDIR)
      status = cannot(path, "removed");
  } else if (strcmp(name, NTK_RESULT) != 0) {
    (void)json_object_set_new(saving->removed, path, json_true()); /* else it is not told */
  }
  if (status == NTK_OK && strchr(name, '/') != NULL) {
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
  }
  free(path);
  return status;
}

/* From here on until result.json is there, this list tells whom the files are of: it holds the
 * names of both sets, result.json last. */
static ntk_status write_earlier(const ntk_saving *saving) {
  json_t *all = json_copy(saving->owned), *list = json_array();
  bool whole = json_object_update(all, saving->files) == 0 && json_object_del(all, NTK_RESULT) == 0;
  for (void *i = json_object_iter(all); i != NULL; i = json_object_iter_next(all, i))
    whole = whole && json_array_append_new(list, json_string(json_object_iter_key(i))) == 0;
  whole = whole && json_array_append_new(list, json_string(NTK_RESULT)) == 0;
  json_t *object =
      whole ? json_pack("{s:s, s:O}", "command", saving->command, "saved", list) : NULL;
  char *text = object != NULL ? ntk_json_text(object, JSON_INDENT(2)) : NULL;
  ntk_status status;
  if (text != NULL)
    status = ntk_saving_text(saving, NTK_EARLIER, text);
  else
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for the list of files");
  free(text);
  json_decref(object);
  json_decref(list);
  json_decref(all);
  return status;
}

/* Calls do_it for each name of a set that the set `but`, unless NULL, has not; until one fails. */
static ntk_status each(ntk_saving *saving, json_t *names, const json_t *but,
                       ntk_status (*do_it)(ntk_saving *, const char *)) {
  ntk_status status = NTK_OK;
  for (void *i = json_object_iter(names); i != NULL && status == NTK_OK;
       i = json_object_iter_next(names, i))
    if (json_object_get(but, json_object_iter_key(i)) == NULL)
      status = do_it(saving, json_object_iter_key(i));
  return status;
}

static ntk_status claim(ntk_saving *saving, const char *name) {
  return ntk_saving_claim(saving, name);
}

ntk_status ntk_saving_move(ntk_saving *saving) {
  /* Claimed once more: something may have come since the run began. */
  NTK_TRY(each(saving, saving->files, NULL, claim));
  const bool first = json_object_size(saving->owned) == 0 && !saving->overwrite;
  NTK_TRY(write_earlier(saving));
  saving->moving = true;
  ntk_status status = remove_file(saving, NTK_RESULT);
  if (status == NTK_OK)
    status = each(saving, saving->owned, saving->files, remove_file);
  if (status == NTK_OK)
    status = each(saving, saving->files, NULL, move_file);
  if (status != NTK_OK && first) /* nothing of another run is gone: DIR can be as it was */
    take_back(saving);
  else if (saving->moved == json_object_size(saving->files)) /* syncing the last failed */
    saving->moving = saving->left = false;
  return status;
}
