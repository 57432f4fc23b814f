/* What an earlier run of any command left in --save's directory: a file that this run would read is
 * not overwritten, and what this run does not write goes away. */
#include "cli/file.h"
#include "cli/report.h"
#include "cli/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

/* Name i of the files, weights apart, that a command may write, into text; false past the last. */
static bool name_at(size_t i, char text[NAME]) {
  static const char *const names[] = {"X.npy",          "Y.npy",      "scaling.npy",
                                      "result.json",    "kernel.npy", "eigenvector.npy",
                                      "eigenvalues.npy"};
  enum { NAMES = sizeof names / sizeof names[0] };
  if (i >= NAMES)
    return train_file_name(i - NAMES, NAME, text);
  snprintf(text, NAME, "%s", names[i]);
  return true;
}

/* Whether path, which need not be there, names a matrix of the network in directory. */
static bool names_weight(const char *directory, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  size_t digits = 0;
  if (name[0] != 'W')
    return false;
  digits = strspn(name + 1, "0123456789");
  if (digits == 0 || strcmp(name + 1 + digits, ".npy") != 0)
    return false;
  char *place = file_name(slash != NULL ? path : ".", "");
  if (place == NULL)
    return false;
  if (slash != NULL)
    place[slash - path + (slash == path ? 1 : 0)] = '\0';
  const bool same = file_same(place, directory);
  free(place);
  return same;
}

static bool is_weight(const char *directory, size_t depth, const char *path) {
  return saved_is_weight(directory, depth, path) || names_weight(directory, path);
}

/* Whether input is a matrix of a network of a class. */
static bool is_of_class(const char *directory, size_t depth, const char *input) {
  size_t count = 0;
  double *values = NULL;
  bool same = false;
  if (saved_classes(directory, &count, &values) != EXIT_DONE)
    return false;
  for (size_t c = 0; c < count && !same; c++) {
    char *place = saved_class_path(directory, values[c]);
    same = place != NULL && is_weight(place, depth, input);
    free(place);
  }
  free(values);
  return same;
}

bool saved_is_of_run(const char *directory, size_t depth, const char *path) {
  char *first = saved_path(directory, "init");
  bool same = is_weight(directory, depth, path) || is_of_class(directory, depth, path) ||
              (first != NULL && is_weight(first, depth, path));
  char name[NAME];
  for (size_t i = 0; !same && name_at(i, name); i++)
    same = saved_is(directory, name, path);
  free(first);
  return same;
}

exit_status saved_check_overwrite(const cli_settings *settings, const char *input,
                                  const char *what) {
  const char *directory = settings->save;
  if (!saved_is_of_run(directory, settings->widths.count + 1, input))
    return EXIT_DONE;
  return report_error(EXIT_INPUT, "--save %s would overwrite the %s '%s'; choose another directory",
                      directory, what, input);
}

void saved_remove_earlier(const char *directory, const saved_files *saved) {
  char name[NAME];
  for (size_t i = 0; name_at(i, name); i++)
    (void)saved_remove_stale(directory, name, saved);
  saved_remove_stale_weights(directory, saved);
  saved_remove_earlier_classes(directory, saved);
  char *first = saved_path(directory, "init");
  if (first != NULL)
    saved_remove_stale_weights(first, saved);
  free(first);
}
