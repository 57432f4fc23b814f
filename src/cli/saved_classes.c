/* Folders of networks that share a directory, one for each class: DIR/class<number>. */
#include "cli/saved.h"

#include "cli/number.h"
#include "cli/report.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char PREFIX[] = "class";

char *saved_class_path(const char *directory, double value) {
  char name[48];
  snprintf(name, sizeof name, "%s%.17g", PREFIX, value);
  return saved_path(directory, name);
}

/* The number of a folder "class3" or "class-3". */
static bool read_class(const char *name, double *value) {
  const size_t length = sizeof PREFIX - 1;
  if (strncmp(name, PREFIX, length) != 0)
    return false;
  const bool negative = name[length] == '-';
  const char *digits = name + length + (negative ? 1 : 0);
  uint64_t whole = 0;
  if (number_whole(digits, strlen(digits), 0, (uint64_t)1 << 53, &whole) != NULL)
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

void saved_remove_earlier_classes(const char *directory, const saved_files *saved) {
  size_t count = 0;
  double *values = NULL;
  if (saved_classes(directory, &count, &values) != EXIT_DONE)
    return;
  for (size_t c = 0; c < count; c++) {
    char *place = saved_class_path(directory, values[c]);
    if (place != NULL) {
      saved_remove_stale_weights(place, saved);
      (void)rmdir(place); /* which stays when it holds anything */
    }
    free(place);
  }
  free(values);
}
