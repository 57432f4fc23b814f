/* A run's files from the stage into --save's directory: the last step of a save. */
#include "cli/run/saved.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static exit_status cannot(const char *path) {
  return report_error(EXIT_INPUT, "--save: %s cannot be written: %s", path, strerror(errno));
}

/* The folder in which path is, synced: what was renamed stays so. File systems that cannot sync one
 * say EINVAL. */
static exit_status sync_folder(char *path) {
  char *slash = strrchr(path, '/');
  *slash = '\0';
  const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool failed = folder >= 0 && fsync(folder) != 0 && errno != EINVAL && errno != ENOTSUP;
  const exit_status status = failed ? cannot(path) : EXIT_DONE;
  if (folder >= 0)
    (void)close(folder);
  *slash = '/';
  return status;
}

static exit_status move_file(const saved_folder *folder, const char *name) {
  char *from = saved_staged(folder, name), *to = saved_path(folder->settings->save, name);
  exit_status status = from != NULL && to != NULL ? EXIT_DONE : EXIT_FAILED;
  if (status == EXIT_DONE && strchr(name, '/') != NULL) {
    char *slash = strrchr(to, '/');
    *slash = '\0';
    if (mkdir(to, 0777) != 0 && errno != EEXIST)
      status = cannot(to);
    *slash = '/';
  }
  if (status == EXIT_DONE && rename(from, to) != 0)
    status = cannot(to);
  if (status == EXIT_DONE)
    status = sync_folder(to);
  free(from);
  free(to);
  return status;
}

/* A file of an earlier run, and its folder when that is then empty. */
static exit_status remove_file(const saved_folder *folder, const char *name) {
  char *path = saved_path(folder->settings->save, name);
  exit_status status = path != NULL ? EXIT_DONE : EXIT_FAILED;
  const bool removed = status == EXIT_DONE && unlink(path) == 0;
  if (status == EXIT_DONE && !removed && errno != ENOENT && errno != ENOTDIR)
    status = report_error(EXIT_INPUT, "--save: %s cannot be removed: %s", path, strerror(errno));
  if (removed && strcmp(name, SAVED_RESULT) != 0)
    report_note(folder->settings, "--save: removed %s, of the earlier run", path);
  if (status == EXIT_DONE && strchr(name, '/') != NULL) {
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
  }
  free(path);
  return status;
}

/* The names of two sets, result.json last, as a list; NULL for want of memory. */
static json_t *names_of(json_t *first, json_t *second) {
  json_t *all = json_copy(first), *list = json_array();
  bool whole = json_object_update(all, second) == 0 && json_object_del(all, SAVED_RESULT) == 0;
  for (void *i = json_object_iter(all); i != NULL; i = json_object_iter_next(all, i))
    whole = whole && json_array_append_new(list, json_string(json_object_iter_key(i))) == 0;
  whole = whole && json_array_append_new(list, json_string(SAVED_RESULT)) == 0;
  json_decref(all);
  if (whole)
    return list;
  json_decref(list);
  return NULL;
}

/* From here on until result.json is there, this list tells whom the files are of. */
static exit_status write_earlier(const saved_folder *folder) {
  json_t *object = json_object();
  json_put(&object, "command", json_text(folder->settings->origin.command));
  json_put(&object, "saved", names_of(folder->owned, folder->files));
  char *path = saved_staged(folder, SAVED_EARLIER);
  const exit_status status = path != NULL ? json_save(object, path) : EXIT_FAILED;
  free(path);
  json_decref(object);
  return status;
}

/* Calls do_it for each name of a set that the set `but`, unless NULL, has not; until one fails. */
static exit_status each(const saved_folder *folder, json_t *names, const json_t *but,
                        exit_status (*do_it)(const saved_folder *, const char *)) {
  exit_status status = EXIT_DONE;
  for (void *i = json_object_iter(names); i != NULL && status == EXIT_DONE;
       i = json_object_iter_next(names, i))
    if (json_object_get(but, json_object_iter_key(i)) == NULL)
      status = do_it(folder, json_object_iter_key(i));
  return status;
}

static exit_status move_all(const saved_folder *folder) {
  /* Claimed once more: something may have come since the run began. */
  exit_status status = each(folder, folder->files, NULL, saved_claim);
  if (status == EXIT_DONE)
    status = write_earlier(folder);
  if (status == EXIT_DONE)
    status = remove_file(folder, SAVED_RESULT);
  if (status == EXIT_DONE)
    status = each(folder, folder->owned, folder->files, remove_file);
  return status == EXIT_DONE ? each(folder, folder->files, NULL, move_file) : status;
}

exit_status saved_finish(saved_folder *folder, json_t *object) {
  char *path = saved_staged(folder, SAVED_RESULT);
  exit_status status = path != NULL ? json_save(object, path) : EXIT_FAILED;
  json_decref(object);
  free(path);
  if (status == EXIT_DONE)
    status = move_all(folder);
  folder->listed = status == EXIT_DONE;
  return status;
}
