/* What an earlier run of any command left in --save's directory: a file that this run would read is
 * not overwritten, and what this run does not write goes away. */
#include "cli/report.h"
#include "cli/train.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Whether input is a matrix of a network of a class. */
static bool is_of_class(const char *directory, size_t depth, const char *input) {
  size_t count = 0;
  double *values = NULL;
  bool same = false;
  if (saved_classes(directory, &count, &values) != EXIT_DONE)
    return false;
  for (size_t c = 0; c < count && !same; c++) {
    char *place = saved_class_path(directory, values[c]);
    same = place != NULL && saved_is_weight(place, depth, input);
    free(place);
  }
  free(values);
  return same;
}

exit_status saved_check_overwrite(const cli_settings *settings, const char *input,
                                  const char *what) {
  const char *directory = settings->save;
  char *first = saved_path(directory, "init");
  if (first == NULL)
    return EXIT_FAILED;
  const size_t depth = settings->widths.count + 1;
  bool same = saved_is_weight(directory, depth, input) || saved_is_weight(first, depth, input) ||
              is_of_class(directory, depth, input);
  char name[NAME];
  for (size_t i = 0; !same && name_at(i, name); i++)
    same = saved_is(directory, name, input);
  free(first);
  if (!same)
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
