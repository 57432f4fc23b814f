/* Files of --save: enough to recheck the result without ntkit. */
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/spectrum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *spectrum_path(const char *directory, const char *name) {
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

/* columns 0: a vector of rows entries. */
static exit_status save_array(const char *directory, const char *name, const double *values,
                              size_t rows, size_t columns, saved_files *saved) {
  if (progress_interrupted())
    return report_error(EXIT_INTERRUPTED, "interrupted while saving");
  char *path = spectrum_path(directory, name);
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

static exit_status save_weights(const char *directory, const ntk_network *network,
                                saved_files *saved) {
  const size_t depth = ntk_network_depth(network);
  exit_status status = EXIT_DONE;
  for (size_t l = 1; l <= depth && status == EXIT_DONE; l++) {
    char name[32];
    snprintf(name, sizeof name, "W%zu.npy", l);
    status = save_array(directory, name, ntk_network_weights(network, l),
                        ntk_network_width(network, l - 1), ntk_network_width(network, l), saved);
  }
  return status;
}

/* The kernel was written under another name while it was there; now it gets its own. */
static exit_status save_kernel(const char *directory, const char *written, saved_files *saved) {
  char *path = spectrum_path(directory, "kernel.npy");
  if (path == NULL)
    return EXIT_FAILED;
  if (rename(written, path) != 0) {
    const exit_status status =
        report_error(EXIT_INPUT, "--save: '%s' cannot be written: %s", path, strerror(errno));
    free(path);
    return status;
  }
  return saved_add(saved, path);
}

static bool is_saved(const saved_files *saved, const char *path) {
  for (size_t i = 0; i < saved->count; i++)
    if (strcmp(saved->paths[i], path) == 0)
      return true;
  return false;
}

/* Removes what an earlier run left under the name, unless this one wrote it; whether it was there.
 */
static bool remove_stale(const char *directory, const char *name, const saved_files *saved) {
  char *path = spectrum_path(directory, name);
  if (path == NULL)
    return false;
  const bool there = is_saved(saved, path) || unlink(path) == 0;
  free(path);
  return there;
}

void spectrum_remove_stale(const char *directory, const saved_files *saved) {
  static const char *const names[] = {"kernel.npy", "eigenvector.npy", "eigenvalues.npy"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    (void)remove_stale(directory, names[i], saved);
  char name[32];
  size_t l = 0;
  do
    snprintf(name, sizeof name, "W%zu.npy", ++l);
  while (remove_stale(directory, name, saved));
}

exit_status spectrum_save(const cli_job *job, const ntk_spectrum_result *result,
                          const char *kernel_path, saved_files *saved) {
  const char *directory = job->settings->save;
  exit_status status = EXIT_DONE;
  if (kernel_path != NULL)
    status = save_kernel(directory, kernel_path, saved);
  if (status == EXIT_DONE)
    status = save_array(directory, "X.npy", ntk_dataset_values(job->data),
                        ntk_dataset_samples(job->data), ntk_dataset_dim(job->data), saved);
  if (status == EXIT_DONE)
    status = save_weights(directory, job->network, saved);
  if (status == EXIT_DONE && result->eigenvector != NULL)
    status =
        save_array(directory, "eigenvector.npy", result->eigenvector, result->samples, 0, saved);
  if (status == EXIT_DONE && result->eigenvalues != NULL)
    status =
        save_array(directory, "eigenvalues.npy", result->eigenvalues, result->samples, 0, saved);
  return status;
}
