#include "cli/saved.h"

#include "cli/file.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *saved_path(const char *directory, const char *name) {
  const size_t length = strlen(directory), size = length + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL)
    (void)report_error(EXIT_FAILED, "no memory for a file name");
  else
    snprintf(path, size, "%s%s%s", directory, directory[length - 1] == '/' ? "" : "/", name);
  return path;
}

exit_status saved_add(saved_files *saved, char *path) {
  if (saved->count == saved->capacity) {
    const size_t capacity = 2 * saved->capacity + 8;
    char **paths = realloc(saved->paths, capacity * sizeof *paths);
    if (paths == NULL) {
      free(path);
      return report_error(EXIT_FAILED, "no memory for the list of files");
    }
    saved->paths = paths;
    saved->capacity = capacity;
  }
  saved->paths[saved->count++] = path;
  return EXIT_DONE;
}

void saved_clear(saved_files *saved) {
  for (size_t i = 0; i < saved->count; i++)
    free(saved->paths[i]);
  free(saved->paths);
  *saved = (saved_files){0};
}

exit_status saved_begin(const char *directory) {
  char *path = saved_path(directory, "result.json");
  if (path == NULL)
    return EXIT_FAILED;
  exit_status status = EXIT_DONE;
  if (unlink(path) != 0 && errno != ENOENT)
    status = report_error(EXIT_INPUT, "--save: '%s' cannot be replaced: %s", path, strerror(errno));
  free(path);
  return status;
}

exit_status saved_array(const char *directory, const char *name, const double *values, size_t rows,
                        size_t columns, saved_files *saved) {
  if (progress_interrupted())
    return saved->checkpoint == NULL
               ? report_error(EXIT_INTERRUPTED, "interrupted while saving")
               : report_error(EXIT_INTERRUPTED,
                              "interrupted while saving; the same command finishes from %s",
                              saved->checkpoint);
  char *path = saved_path(directory, name);
  if (path == NULL)
    return EXIT_FAILED;
  const size_t shape[2] = {rows, columns};
  const ntk_status status = ntk_npy_save(path, values, columns == 0 ? 1 : 2, shape);
  if (status != NTK_OK) {
    free(path);
    return report_library(status, "save");
  }
  return saved_add(saved, path);
}

exit_status saved_data(const char *directory, const ntk_dataset *data, saved_files *saved) {
  const size_t d = ntk_dataset_dim(data);
  const double *columns = ntk_dataset_columns(data);
  const exit_status status = saved_array(directory, "X.npy", ntk_dataset_values(data),
                                         ntk_dataset_samples(data), d, saved);
  return status == EXIT_DONE && columns != NULL
             ? saved_array(directory, "scaling.npy", columns, 2, d, saved)
             : status;
}

exit_status saved_weights(const char *directory, const ntk_network *network, saved_files *saved) {
  const size_t depth = ntk_network_depth(network);
  exit_status status = EXIT_DONE;
  for (size_t l = 1; l <= depth && status == EXIT_DONE; l++) {
    char name[32];
    snprintf(name, sizeof name, "W%zu.npy", l);
    status = saved_array(directory, name, ntk_network_weights(network, l),
                         ntk_network_width(network, l - 1), ntk_network_width(network, l), saved);
  }
  if (status == EXIT_DONE)
    saved_remove_stale_weights(directory, saved);
  return status;
}

exit_status saved_announce(const char *directory, const char *name, saved_files *saved) {
  char *path = saved_path(directory, name);
  return path != NULL ? saved_add(saved, path) : EXIT_FAILED;
}

exit_status saved_result(json_t *object, saved_files *saved) {
  const exit_status status = json_save(object, saved->paths[saved->count - 1]);
  json_decref(object);
  saved->listed = status == EXIT_DONE;
  if (!saved->listed)
    free(saved->paths[--saved->count]);
  return status;
}

bool saved_is(const char *directory, const char *name, const char *input) {
  char *path = saved_path(directory, name);
  if (path == NULL)
    return false;
  const bool same = file_same(path, input);
  free(path);
  return same;
}

bool saved_is_weight(const char *directory, size_t depth, const char *input) {
  bool there = true, same = false;
  for (size_t l = 1; !same && (l <= depth || there); l++) {
    char name[32];
    snprintf(name, sizeof name, "W%zu.npy", l);
    same = saved_is(directory, name, input);
    char *path = saved_path(directory, name);
    there = path != NULL && access(path, F_OK) == 0;
    free(path);
  }
  return same;
}

static bool is_saved(const saved_files *saved, const char *path) {
  for (size_t i = 0; i < saved->count; i++)
    if (strcmp(saved->paths[i], path) == 0)
      return true;
  return false;
}

bool saved_remove_stale(const char *directory, const char *name, const saved_files *saved) {
  char *path = saved_path(directory, name);
  if (path == NULL)
    return false;
  const bool there = is_saved(saved, path) || unlink(path) == 0;
  free(path);
  return there;
}

void saved_remove_stale_weights(const char *directory, const saved_files *saved) {
  char name[32];
  size_t l = 0;
  do
    snprintf(name, sizeof name, "W%zu.npy", ++l);
  while (saved_remove_stale(directory, name, saved));
}

json_t *saved_json(const saved_files *saved) {
  json_t *array = json_array();
  for (size_t i = 0; i < saved->count; i++)
    if (json_array_append_new(array, json_text(saved->paths[i])) != 0) {
      json_decref(array);
      return NULL;
    }
  return array;
}

void saved_print(const saved_files *saved) {
  for (size_t i = 0; i < saved->count; i++)
    printf("%-11s %s\n", i == 0 ? "saved" : "", saved->paths[i]);
}
