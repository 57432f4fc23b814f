/* Whose the files in a folder are, what of them may be replaced, and the stage: here alone.
 *
 * Whom a file belongs to is told by the list in result.json. While files are moved there is none:
 * then the stage's own list tells, which also outlives a run that was killed meanwhile. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "io/saving.h"

#include "base/text.h"
#include "base/writer.h"
#include "io/folder.h"
#include "ntkit/data.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char LOCK[] = "lock";

/* ---- The stage ------------------------------------------------------------------------------- */

static int remove_left(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about;
  (void)kind;
  const char *name = path + where->base;
  if (where->level == 0 ||
      (where->level == 1 && (strcmp(name, LOCK) == 0 || strcmp(name, NTK_EARLIER) == 0)))
    return 0;
  (void)remove(path); /* what stays is in nobody's way: it is written over */
  return 0;
}

/* The same without memory or a further descriptor: what this run has listed in folders of the
 * stage, and what lies in the stage itself. */
static void unlink_listed(const ntk_saving *saving) {
  const int stage = dirfd(saving->listing);
  for (void *i = json_object_iter(saving->files); i != NULL;
       i = json_object_iter_next(saving->files, i))
    (void)unlinkat(stage, json_object_iter_key(i), 0);
  rewinddir(saving->listing);
  for (const struct dirent *entry; (entry = readdir(saving->listing)) != NULL;) {
    const char *name = entry->d_name;
    if (strcmp(name, LOCK) == 0 || strcmp(name, NTK_EARLIER) == 0 || name[0] == '.')
      continue;
    if (unlinkat(stage, name, 0) != 0)
      (void)unlinkat(stage, name, AT_REMOVEDIR);
  }
}

/* Leaves the lock, and the list of what a killed run had moved. */
static void clear_stage(const ntk_saving *saving) {
  (void)nftw(saving->stage, remove_left, 8, FTW_DEPTH | FTW_PHYS);
  unlink_listed(saving);
}

/* 0, or an error number. */
static int enter_stage(ntk_saving *saving, const char *lock) {
  saving->listing = opendir(saving->stage);
  if (saving->listing == NULL)
    return errno;
  const int why = ntk_writer_lock(lock, &saving->lock);
  if (why != 0) {
    (void)closedir(saving->listing);
    saving->listing = NULL;
    return why;
  }
  saving->left = faccessat(dirfd(saving->listing), NTK_EARLIER, F_OK, 0) == 0;
  return 0;
}

/* A run that ends just now takes its stage away: then it is made again, so many times. */
enum { MOST_TRIES = 100 };
static ntk_status hold_stage(ntk_saving *saving) {
  char *path = NULL;
  ntk_status status = ntk_folder_path(saving->stage, LOCK, &path);
  for (int tries = 1; status == NTK_OK && saving->lock < 0; tries++) {
    const bool there = mkdir(saving->stage, 0777) == 0 || errno == EEXIST;
    const int why = there ? enter_stage(saving, path) : errno;
    if (why == EWOULDBLOCK)
      status =
          ntk_fail(NTK_ERR_FILE,
                   "another run is saving into %s; expected another directory, or to be called "
                   "when that has ended",
                   saving->directory);
    else if (why != 0 && (why != ENOENT || !there || tries == MOST_TRIES))
      status = ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(why));
  }
  free(path);
  return status;
}

/* ---- Whom files are of ----------------------------------------------------------------------- */

/* What this command wrote before, by both lists. */
static ntk_status read_owned(ntk_saving *saving) {
  const char *place[2] = {saving->directory, saving->stage};
  static const char *const name[2] = {NTK_RESULT, NTK_EARLIER};
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < 2 && status == NTK_OK; i++) {
    char command[NTK_COMMAND_NAME] = "";
    json_t *names = json_object();
    status = ntk_folder_list(place[i], name[i], command, names);
    const bool own = strcmp(command, saving->command) == 0;
    if (i == 0)
      saving->other = strdup(own ? "" : command);
    if (status == NTK_OK && ((own && json_object_update(saving->owned, names) != 0) ||
                             names == NULL || saving->other == NULL))
      status = ntk_fail(NTK_ERR_MEMORY, "no memory for the list of files");
    json_decref(names);
  }
  return status;
}

static bool is_owned(const ntk_saving *saving, const char *name) {
  return json_object_get(saving->owned, name) != NULL;
}

/* ---- What may be written --------------------------------------------------------------------- */

static ntk_status check_input(const ntk_saving *saving, const char *path) {
  static const char *const what[2] = {"data", "labels"};
  for (size_t i = 0; i < 2; i++)
    if (saving->input[i] != NULL && ntk_same_file(path, saving->input[i]))
      return ntk_fail(NTK_ERR_ARGUMENT, "%s would overwrite the %s '%s'; choose another directory",
                      saving->directory, what[i], saving->input[i]);
  return NTK_OK;
}

static ntk_status check_path(const ntk_saving *saving, const char *name, const char *path) {
  struct stat found;
  if (lstat(path, &found) != 0)
    return NTK_OK;
  if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "'%s' is there and is no plain file; expected another directory",
                    path);
  if (is_owned(saving, name) || saving->overwrite)
    return NTK_OK;
  if (saving->other[0] != '\0')
    return ntk_fail(
        NTK_ERR_FILE,
        "'%s' is there, and the folder is of 'ntkit %s'; expected another directory, or "
        "--overwrite to replace what has the same name",
        path, saving->other);
  return ntk_fail(NTK_ERR_FILE,
                  "'%s' is there, and no " NTK_RESULT " says that 'ntkit %s' wrote it; expected "
                  "another directory, or --overwrite to replace it",
                  path, saving->command);
}

ntk_status ntk_saving_claim(const ntk_saving *saving, const char *name) {
  char *path = NULL;
  if (saving == NULL)
    return NTK_OK;
  NTK_TRY(ntk_folder_path(saving->directory, name, &path));
  ntk_status status = check_input(saving, path);
  if (status == NTK_OK)
    status = check_path(saving, name, path);
  free(path);
  return status;
}

static ntk_status claim_owned(const ntk_saving *saving) {
  ntk_status status = NTK_OK;
  for (void *i = json_object_iter(saving->owned); i != NULL && status == NTK_OK;
       i = json_object_iter_next(saving->owned, i)) /* all of it is replaced, or removed */
    status = ntk_saving_claim(saving, json_object_iter_key(i));
  return status == NTK_OK ? ntk_saving_claim(saving, NTK_RESULT) : status;
}

/* What lies in the place and would be read with a network of this depth. */
static ntk_status check_beyond(const ntk_saving *saving, const char *place, const char *folder,
                               size_t depth) {
  char name[2 * NTK_CLASS_NAME], kind = 0;
  DIR *there = NULL;
  ntk_status status = ntk_folder_open(folder, &there);
  for (const struct dirent *entry;
       status == NTK_OK && there != NULL && (entry = readdir(there)) != NULL;) {
    if (ntk_folder_layer(entry->d_name, &kind) <= depth)
      continue;
    (void)ntk_format(name, sizeof name, "%s%s%s", place, place[0] != '\0' ? "/" : "",
                     entry->d_name);
    if (!is_owned(saving, name))
      status = ntk_fail(NTK_ERR_FILE,
                        "'%s/%s' is there, and would be read as a %s of the network; expected "
                        "another directory",
                        folder, entry->d_name, kind == 'W' ? "matrix" : "bias");
  }
  if (there != NULL)
    (void)closedir(there);
  return status;
}

ntk_status ntk_saving_claim_network(const ntk_saving *saving, const char *place, size_t depth) {
  char name[2 * NTK_CLASS_NAME], *folder = NULL;
  const char *slash = place[0] != '\0' ? "/" : "";
  if (saving == NULL)
    return NTK_OK;
  for (size_t l = 1; l <= depth; l++)
    for (const char *kind = "Wb"; *kind != '\0'; kind++) {
      (void)ntk_format(name, sizeof name, "%s%s%c%zu.npy", place, slash, *kind, l);
      NTK_TRY(ntk_saving_claim(saving, name));
    }
  NTK_TRY(ntk_folder_path(saving->directory, place, &folder));
  const ntk_status status = check_beyond(saving, place, folder, depth);
  free(folder);
  return status;
}

/* ---- From the beginning to the end ----------------------------------------------------------- */

static char *copy(const char *text, bool *failed) {
  char *made = text != NULL ? strdup(text) : NULL;
  *failed = *failed || (text != NULL && made == NULL);
  return made;
}

static ntk_status begin(const char *directory, const ntk_saving_options *options,
                        ntk_saving *saving) {
  bool failed = false;
  saving->lock = -1;
  saving->directory = copy(directory, &failed);
  saving->command = copy(options->command, &failed);
  saving->input[0] = copy(options->data, &failed);
  saving->input[1] = copy(options->labels, &failed);
  saving->overwrite = options->overwrite;
  saving->owned = json_object();
  saving->files = json_object();
  saving->removed = json_object();
  if (failed || saving->owned == NULL || saving->files == NULL || saving->removed == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory to save");
  NTK_TRY(ntk_folder_path(directory, NTK_STAGE, &saving->stage));
  saving->made = access(directory, F_OK) != 0;
  NTK_TRY(ntk_directory_prepare(directory));
  NTK_TRY(hold_stage(saving));
  NTK_TRY(read_owned(saving));
  clear_stage(saving);
  return claim_owned(saving);
}

ntk_status ntk_saving_open(const char *directory, const ntk_saving_options *options,
                           ntk_saving **saving) {
  ntk_saving *made = calloc(1, sizeof *made);
  if (made == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory to save");
  const ntk_status status = begin(directory, options, made);
  if (status == NTK_OK)
    *saving = made;
  else
    ntk_saving_close(made);
  return status;
}

void ntk_saving_close(ntk_saving *saving) {
  if (saving == NULL)
    return;
  if (saving->lock >= 0 && saving->listing != NULL) { /* neither is there alone */
    const int stage = dirfd(saving->listing);
    clear_stage(saving);
    if (saving->finished || !(saving->left || saving->moving))
      (void)unlinkat(stage, NTK_EARLIER, 0);
    (void)unlinkat(stage, LOCK, 0);
    (void)close(saving->lock);
    (void)closedir(saving->listing);
  }
  if (saving->stage != NULL)
    (void)rmdir(saving->stage); /* which stays while it holds a list */
  if (saving->made)
    (void)rmdir(saving->directory);
  free(saving->directory);
  free(saving->stage);
  free(saving->command);
  free(saving->input[0]);
  free(saving->input[1]);
  free(saving->other);
  json_decref(saving->owned);
  json_decref(saving->files);
  json_decref(saving->removed);
  free(saving);
}
