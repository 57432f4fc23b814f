/* Files of --save: enough to recheck the result without ntkit. */
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/spectrum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

exit_status spectrum_save(const cli_job *job, const ntk_spectrum_result *result,
                          saved_files *saved) {
  const char *directory = job->settings->save;
  exit_status status = EXIT_DONE;
  if (job->settings->save_kernel) {
    char *path = spectrum_path(directory, "kernel.npy");
    status = path != NULL ? saved_add(saved, path) : EXIT_FAILED;
  }
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
