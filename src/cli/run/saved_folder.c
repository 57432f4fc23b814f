/* Whose the files in --save's directory are, what of them may be replaced, and the stage.
 *
 * Whom a file belongs to is told by the list in result.json. While files are moved there is none:
 * then the stage's own list tells, which also outlives a run that was killed meanwhile. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "cli/run/saved.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "ntkit/data.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char STAGE[] = ".ntkit.saving", LOCK[] = "lock";

char *saved_path(const char *directory, const char *name) {
  const size_t length = strlen(directory), size = length + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL)
    (void)report_error(EXIT_FAILED, "no memory for a file name");
  else
    snprintf(path, size, "%s%s%s", directory, directory[length - 1] == '/' ? "" : "/", name);
  return path;
}

/* ---- What this command wrote before ---------------------------------------------------------- */

/* The command that wrote a result.json; of one that does not say so, by what only its has. */
static const char *command_of(const json_t *object) {
  static const char *const sign[][2] = {
      {"optimizer", "train"}, {"eps", "memorize"}, {"residual_min", "spectrum"}};
  const char *command = json_string_value(json_object_get(object, "command"));
  for (size_t i = 0; command == NULL && i < sizeof sign / sizeof sign[0]; i++)
    if (json_object_get(object, sign[i][0]) != NULL)
      command = sign[i][1];
  return command;
}

/* Nothing outside of the directory is believed to be of it. */
static bool is_inside(const char *name) {
  const char *slash = strchr(name, '/');
  return name[0] != '\0' && name[0] != '.' && name[0] != '/' && strstr(name, "/.") == NULL &&
         (slash == NULL || (slash[1] != '\0' && strchr(slash + 1, '/') == NULL));
}

/* Puts the files that `object` lists, without their directory, under names. The list ends with
 * result.json itself, whose directory is thus known however it was called then. */
static exit_status put_listed(const json_t *object, json_t *names) {
  const json_t *list = json_object_get(object, "saved");
  const size_t count = json_array_size(list);
  const char *last = json_string_value(json_array_get(list, count - 1));
  const size_t whole = last != NULL ? strlen(last) : 0, own = strlen(SAVED_RESULT);
  if (whole < own || strcmp(last + whole - own, SAVED_RESULT) != 0)
    return EXIT_DONE;
  for (size_t i = 0; i < count; i++) {
    const char *path = json_string_value(json_array_get(list, i));
    if (path != NULL && strncmp(path, last, whole - own) == 0 && is_inside(path + whole - own) &&
        json_object_set_new(names, path + whole - own, json_true()) != 0)
      return report_error(EXIT_FAILED, "no memory for the list of files");
  }
  return EXIT_DONE;
}

/* Of a list: the command that wrote it, "" when there is none, and its files. */
static exit_status read_list(const char *directory, const char *name, char command[SAVED_NAME],
                             json_t *names) {
  char *path = saved_path(directory, name);
  json_t *object = path != NULL ? json_load_file(path, 0, NULL) : NULL;
  const char *of = command_of(object);
  snprintf(command, SAVED_NAME, "%s", of != NULL ? of : "");
  const exit_status status = of != NULL ? put_listed(object, names) : EXIT_DONE;
  json_decref(object);
  free(path);
  return status;
}

exit_status saved_listed(const char *directory, json_t *names) {
  char command[SAVED_NAME];
  return read_list(directory, SAVED_RESULT, command, names);
}

/* What this command wrote before, by both lists. */
static exit_status read_owned(saved_folder *folder) {
  const char *place[2] = {folder->settings->save, folder->stage}, *const name[2] = {SAVED_RESULT,
                                                                                    SAVED_EARLIER};
  exit_status status = EXIT_DONE;
  for (size_t i = 0; i < 2 && status == EXIT_DONE; i++) {
    char command[SAVED_NAME] = "";
    json_t *names = json_object();
    status = names != NULL ? read_list(place[i], name[i], command, names)
                           : report_error(EXIT_FAILED, "no memory for the list of files");
    if (strcmp(command, folder->settings->origin.command) == 0)
      status = json_object_update(folder->owned, names) == 0
                   ? status
                   : report_error(EXIT_FAILED, "no memory for the list of files");
    else if (i == 0)
      memcpy(folder->other, command, sizeof command);
    json_decref(names);
  }
  return status;
}

/* ---- The stage ------------------------------------------------------------------------------- */

static int remove_left(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about;
  (void)kind;
  const char *name = path + where->base;
  if (where->level == 0 ||
      (where->level == 1 && (strcmp(name, LOCK) == 0 || strcmp(name, SAVED_EARLIER) == 0)))
    return 0;
  (void)remove(path); /* what stays is in nobody's way: it is written over */
  return 0;
}

/* Leaves the lock, and the list of what a killed run had moved. */
static void clear_stage(const saved_folder *folder) {
  (void)nftw(folder->stage, remove_left, 8, FTW_DEPTH | FTW_PHYS);
}

/* A run that ends just now takes its stage away: then it is made again, so many times. */
enum { MOST_TRIES = 100 };
static exit_status hold_stage(saved_folder *folder) {
  const char *directory = folder->settings->save;
  char *path = saved_staged(folder, LOCK);
  exit_status status = path != NULL ? EXIT_DONE : EXIT_FAILED;
  for (int tries = 1; status == EXIT_DONE && folder->lock < 0; tries++) {
    const bool there = mkdir(folder->stage, 0777) == 0 || errno == EEXIST;
    const int why = there ? file_lock(path, &folder->lock) : errno;
    if (why == EWOULDBLOCK)
      status = report_error(EXIT_INPUT,
                            "--save: another run is saving into %s; expected another directory, or "
                            "to be called when that has ended",
                            directory);
    else if (why != 0 && (why != ENOENT || !there || tries == MOST_TRIES))
      status = report_error(EXIT_INPUT, "--save: %s: %s", path, strerror(why));
  }
  free(path);
  return status;
}

exit_status saved_open(const cli_settings *settings, saved_folder *folder) {
  *folder = (saved_folder){.lock = -1};
  if (settings->save == NULL)
    return EXIT_DONE;
  folder->settings = settings;
  folder->input[0] = ntk_dataset_in_file(settings->data) ? settings->data : NULL;
  folder->input[1] =
      settings->labels != NULL && ntk_labels_in_file(settings->labels) ? settings->labels : NULL;
  folder->made = access(settings->save, F_OK) != 0;
  folder->stage = saved_path(settings->save, STAGE);
  folder->owned = json_object();
  folder->files = json_object();
  if (folder->stage == NULL || folder->owned == NULL || folder->files == NULL)
    return report_error(EXIT_FAILED, "no memory to save");
  const ntk_status made = ntk_directory_prepare(settings->save);
  exit_status status = made == NTK_OK ? hold_stage(folder) : report_library(made, "save");
  if (status == EXIT_DONE)
    status = read_owned(folder);
  if (status == EXIT_DONE)
    clear_stage(folder);
  return status;
}

char *saved_staged(const saved_folder *folder, const char *name) {
  return saved_path(folder->stage, name);
}

/* ---- What may be written --------------------------------------------------------------------- */

static bool is_owned(const saved_folder *folder, const char *name) {
  return json_object_get(folder->owned, name) != NULL;
}

static exit_status check_input(const saved_folder *folder, const char *path) {
  static const char *const what[2] = {"data", "labels"};
  for (size_t i = 0; i < 2; i++)
    if (folder->input[i] != NULL && file_same(path, folder->input[i]))
      return report_error(EXIT_INPUT,
                          "--save %s would overwrite the %s '%s'; choose another directory",
                          folder->settings->save, what[i], folder->input[i]);
  return EXIT_DONE;
}

static exit_status check_path(const saved_folder *folder, const char *name, const char *path) {
  const char *directory = folder->settings->save;
  struct stat found;
  if (lstat(path, &found) != 0)
    return EXIT_DONE;
  if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
    return report_error(EXIT_INPUT,
                        "--save %s: '%s' is there and is no plain file; expected "
                        "another directory",
                        directory, path);
  if (is_owned(folder, name) || folder->settings->overwrite)
    return EXIT_DONE;
  if (folder->other[0] != '\0')
    return report_error(
        EXIT_INPUT,
        "--save %s: '%s' is there, and the folder is of 'ntkit %s'; expected another "
        "directory, or --overwrite to replace what has the same name",
        directory, path, folder->other);
  return report_error(EXIT_INPUT,
                      "--save %s: '%s' is there, and no result.json says that 'ntkit %s' wrote it; "
                      "expected another directory, or --overwrite to replace it",
                      directory, path, folder->settings->origin.command);
}

exit_status saved_claim(const saved_folder *folder, const char *name) {
  char *path = saved_path(folder->settings->save, name);
  exit_status status = path != NULL ? check_input(folder, path) : EXIT_FAILED;
  if (status == EXIT_DONE)
    status = check_path(folder, name, path);
  free(path);
  return status;
}

exit_status saved_claim_data(const saved_folder *folder) {
  const char *scale = folder->settings->scale;
  exit_status status = EXIT_DONE;
  for (void *i = json_object_iter(folder->owned); i != NULL && status == EXIT_DONE;
       i = json_object_iter_next(folder->owned, i)) /* all of it is replaced, or removed */
    status = saved_claim(folder, json_object_iter_key(i));
  if (status == EXIT_DONE)
    status = saved_claim(folder, SAVED_RESULT);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "X.npy");
  if (status == EXIT_DONE && (strcmp(scale, "center") == 0 || strcmp(scale, "standardize") == 0))
    status = saved_claim(folder, "scaling.npy");
  return status;
}

exit_status saved_claim_network(const saved_folder *folder, const char *place, size_t depth) {
  exit_status status = EXIT_DONE;
  char name[2 * SAVED_NAME];
  for (size_t l = 1; l <= depth && status == EXIT_DONE; l++) {
    snprintf(name, sizeof name, "%sW%zu.npy", place, l);
    status = saved_claim(folder, name);
  }
  snprintf(name, sizeof name, "%sW%zu.npy", place, depth + 1);
  char *next = status == EXIT_DONE ? saved_path(folder->settings->save, name) : NULL;
  if (next != NULL && access(next, F_OK) == 0 && !is_owned(folder, name))
    status = report_error(EXIT_INPUT,
                          "--save %s: '%s' is there, and would be read as a matrix of the network; "
                          "expected another directory",
                          folder->settings->save, next);
  free(next);
  return status;
}

/* ---- The end --------------------------------------------------------------------------------- */

void saved_close(saved_folder *folder) {
  if (folder->settings == NULL)
    return;
  if (folder->lock >= 0) {
    clear_stage(folder);
    char *earlier = saved_staged(folder, SAVED_EARLIER), *lock = saved_staged(folder, LOCK);
    if (folder->listed && earlier != NULL)
      (void)unlink(earlier);
    if (lock != NULL)
      (void)unlink(lock);
    free(earlier);
    free(lock);
    (void)close(folder->lock);
  }
  if (folder->stage != NULL)
    (void)rmdir(folder->stage); /* which stays while it holds a list */
  if (folder->made)
    (void)rmdir(folder->settings->save);
  free(folder->stage);
  json_decref(folder->owned);
  json_decref(folder->files);
  *folder = (saved_folder){.lock = -1};
}
