/* Folders of networks that share a directory, one for each class: DIR/class<number>. */
#include "cli/run/saved.h"

#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "ntkit/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "class";

void saved_class_name(double value, char name[SAVED_NAME]) {
  snprintf(name, SAVED_NAME, "%s%.17g/", PREFIX, value);
}

/* The number of a folder "class3" or "class-3". */
static bool read_class(const char *name, double *value) {
  const size_t length = sizeof PREFIX - 1;
  if (strncmp(name, PREFIX, length) != 0)
    return false;
  const bool negative = name[length] == '-';
  const char *digits = name + length + (negative ? 1 : 0);
  uint64_t whole = 0;
  if (ntk_text_whole(digits, strlen(digits), 0, (uint64_t)1 << 53, &whole) != NULL)
    return false;
  *value = negative ? -(double)whole : (double)whole;
  return true;
}

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

exit_status saved_classes(const char *directory, size_t *count, double **values) {
  size_t capacity = 0, found = 0;
  double *list = NULL, value = 0;
  *count = 0;
  *values = NULL;
  DIR *folder = opendir(directory);
  if (folder == NULL)
    return EXIT_DONE;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (!read_class(entry->d_name, &value))
      continue;
    if (found == capacity) {
      capacity = 2 * capacity + 16;
      double *more = realloc(list, capacity * sizeof *list);
      if (more == NULL) {
        free(list);
        (void)closedir(folder);
        return report_error(EXIT_FAILED, "no memory for the classes in '%s'", directory);
      }
      list = more;
    }
    list[found++] = value;
  }
  (void)closedir(folder);
  if (found > 0)
    qsort(list, found, sizeof *list, by_value);
  *count = found;
  *values = list;
  return EXIT_DONE;
}

/* ---- What predict must not write over -------------------------------------------------------- */

/* Whether the file's name is that of a matrix of a network, and its folder this one. */
static bool is_weight(const char *folder, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  const size_t digits = name[0] == 'W' ? strspn(name + 1, "0123456789") : 0;
  if (digits == 0 || strcmp(name + 1 + digits, ".npy") != 0)
    return false;
  char *place = file_name(slash != NULL ? path : ".", "");
  if (place != NULL && slash != NULL)
    place[slash - path + (slash == path ? 1 : 0)] = '\0';
  const bool same = place != NULL && file_same(place, folder);
  free(place);
  return same;
}

static bool is_weight_of_class(const char *directory, const char *path) {
  size_t count = 0;
  double *values = NULL;
  bool same = false;
  if (saved_classes(directory, &count, &values) != EXIT_DONE)
    return false;
  for (size_t c = 0; c < count && !same; c++) {
    char name[SAVED_NAME];
    saved_class_name(values[c], name);
    char *place = saved_path(directory, name);
    same = place != NULL && is_weight(place, path);
    free(place);
  }
  free(values);
  return same;
}

static bool is_file(const char *directory, const char *name, const char *path) {
  char *own = saved_path(directory, name);
  const bool same = own != NULL && file_same(own, path);
  free(own);
  return same;
}

bool saved_is_of_network(const char *directory, const char *path) {
  static const char *const names[] = {"X.npy", "Y.npy", "scaling.npy", "result.json"};
  bool same = is_weight(directory, path) || is_weight_of_class(directory, path);
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !same; i++)
    same = is_file(directory, names[i], path);
  json_t *listed = same ? NULL : json_object();
  if (listed != NULL && saved_listed(directory, listed) == EXIT_DONE) {
    for (void *i = json_object_iter(listed); i != NULL && !same;
         i = json_object_iter_next(listed, i))
      same = is_file(directory, json_object_iter_key(i), path);
  }
  json_decref(listed);
  return same;
}
