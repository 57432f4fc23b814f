#include "io/folder.h"

#include "base/text.h"
#include "ntkit/data.h"
#include "ntkit/io.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char RESULT[] = "result.json", CLASS[] = "class";

ntk_status ntk_folder_path(const char *directory, const char *name, char **path) {
  const size_t length = strlen(directory), size = length + strlen(name) + 3;
  const bool ends = length > 0 && directory[length - 1] == '/';
  *path = malloc(size);
  if (*path == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file name");
  (void)ntk_format(*path, size, "%s%s%s", length > 0 ? directory : ".",
                   name[0] == '\0' || ends ? "" : "/", name);
  return NTK_OK;
}

ntk_status ntk_folder_open(const char *path, DIR **folder) {
  *folder = opendir(path);
  if (*folder != NULL || errno == ENOENT || errno == ENOTDIR || errno == EACCES)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "'%s' cannot be listed: %s", path, strerror(errno));
}

bool ntk_same_file(const char *a, const char *b) {
  return ntk_file_reads(b, a) || ntk_file_reads(a, b);
}

/* ---- Classes --------------------------------------------------------------------------------- */

void ntk_class_folder(double value, char name[NTK_CLASS_NAME]) {
  (void)ntk_format(name, NTK_CLASS_NAME, "%s%.17g", CLASS, value);
}

/* The number of a folder whose name is just what that number gives. */
static bool read_class(const char *name, double *value) {
  char again[NTK_CLASS_NAME];
  if (strncmp(name, CLASS, sizeof CLASS - 1) != 0)
    return false;
  *value = ntk_read_real(name + sizeof CLASS - 1, NULL);
  ntk_class_folder(*value, again);
  return strcmp(name, again) == 0 && strpbrk(again + sizeof CLASS - 1, ".einf") == NULL;
}

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

ntk_status ntk_class_folders(const char *directory, size_t *count, double **values) {
  size_t capacity = 0, found = 0;
  double *list = NULL, value = 0;
  DIR *folder = NULL;
  ntk_status status = ntk_folder_open(directory, &folder);
  for (const struct dirent *entry;
       status == NTK_OK && folder != NULL && (entry = readdir(folder)) != NULL;) {
    if (!read_class(entry->d_name, &value))
      continue;
    if (found == capacity) {
      capacity = 2 * capacity + 16;
      double *more = realloc(list, capacity * sizeof *list);
      if (more == NULL) {
        status = ntk_fail(NTK_ERR_MEMORY, "no memory for the classes in '%s'", directory);
        break;
      }
      list = more;
    }
    list[found++] = value;
  }
  if (folder != NULL)
    (void)closedir(folder);
  if (status != NTK_OK) {
    free(list);
    return status;
  }
  if (found > 0)
    qsort(list, found, sizeof *list, by_value);
  *count = found;
  *values = list;
  return NTK_OK;
}

/* ---- The list of files ----------------------------------------------------------------------- */

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
static ntk_status put_listed(const json_t *object, json_t *names) {
  const json_t *list = json_object_get(object, "saved");
  const size_t count = json_array_size(list);
  const char *last = json_string_value(json_array_get(list, count - 1));
  if (last == NULL)
    return NTK_OK;
  const size_t whole = strlen(last), own = strlen(RESULT);
  if (whole < own || strcmp(last + whole - own, RESULT) != 0)
    return NTK_OK;
  for (size_t i = 0; i < count; i++) {
    const char *path = json_string_value(json_array_get(list, i));
    if (path != NULL && strncmp(path, last, whole - own) == 0 && is_inside(path + whole - own) &&
        json_object_set_new(names, path + whole - own, json_true()) != 0)
      return ntk_fail(NTK_ERR_MEMORY, "no memory for the list of files");
  }
  return NTK_OK;
}

ntk_status ntk_folder_list(const char *directory, const char *name, char command[NTK_COMMAND_NAME],
                           json_t *names) {
  char *path = NULL;
  NTK_TRY(ntk_folder_path(directory, name, &path));
  json_t *object = json_load_file(path, 0, NULL);
  const char *of = command_of(object);
  (void)ntk_format(command, NTK_COMMAND_NAME, "%s", of != NULL ? of : "");
  const ntk_status status = of != NULL ? put_listed(object, names) : NTK_OK;
  json_decref(object);
  free(path);
  return status;
}

/* ---- What is of a network -------------------------------------------------------------------- */

size_t ntk_folder_layer(const char *name, char *kind) {
  static const char digits[] = "0123456789";
  const size_t count = name[0] == 'W' || name[0] == 'b' ? strspn(name + 1, digits) : 0;
  if (count == 0 || count > 9 || strcmp(name + 1 + count, ".npy") != 0)
    return 0;
  *kind = name[0];
  return (size_t)strtoul(name + 1, NULL, 10);
}

/* Whether the file's name is that of a weight or bias of a network, and its folder this one. */
static bool is_weight(const char *folder, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  char kind = 0;
  if (ntk_folder_layer(name, &kind) == 0)
    return false;
  char *place = strdup(slash != NULL ? path : ".");
  if (place != NULL && slash != NULL)
    place[slash - path + (slash == path ? 1 : 0)] = '\0';
  const bool same = place != NULL && ntk_same_file(place, folder);
  free(place);
  return same;
}

/* Whether path is the file, or a matrix in the folder, of that name in the directory. */
static bool is_named(const char *directory, const char *name, bool weights, const char *path) {
  char *own = NULL;
  if (ntk_folder_path(directory, name, &own) != NTK_OK)
    return false;
  const bool same = weights ? is_weight(own, path) : ntk_same_file(own, path);
  free(own);
  return same;
}

static bool is_weight_of_class(const char *directory, const char *path) {
  size_t count = 0;
  double *values = NULL;
  bool same = false;
  if (ntk_class_folders(directory, &count, &values) != NTK_OK)
    return false;
  for (size_t c = 0; c < count && !same; c++) {
    char name[NTK_CLASS_NAME];
    ntk_class_folder(values[c], name);
    same = is_named(directory, name, true, path);
  }
  free(values);
  return same;
}

bool ntk_saved_has(const char *directory, const char *path) {
  static const char *const names[] = {"X.npy", "Y.npy", "scaling.npy", RESULT};
  char command[NTK_COMMAND_NAME];
  bool same = is_named(directory, "", true, path) || is_weight_of_class(directory, path);
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !same; i++)
    same = is_named(directory, names[i], false, path);
  json_t *listed = same ? NULL : json_object();
  if (listed != NULL && ntk_folder_list(directory, RESULT, command, listed) == NTK_OK) {
    for (void *i = json_object_iter(listed); i != NULL && !same;
         i = json_object_iter_next(listed, i))
      same = is_named(directory, json_object_iter_key(i), false, path);
  }
  json_decref(listed);
  return same;
}
