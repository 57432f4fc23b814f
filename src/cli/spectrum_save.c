/* Files of --save: enough to recheck the result without ntkit. */
#include "cli/report.h"
#include "cli/spectrum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel was written under another name while it was there; now it gets its own. */
static exit_status save_kernel(const char *directory, const char *written, saved_files *saved) {
  char *path = saved_path(directory, "kernel.npy");
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

exit_status spectrum_save(const cli_job *job, const ntk_spectrum_result *result,
                          const char *kernel_path, saved_files *saved) {
  const char *directory = job->settings->save;
  exit_status status = saved_begin(directory);
  if (status == EXIT_DONE && kernel_path != NULL)
    status = save_kernel(directory, kernel_path, saved);
  if (status == EXIT_DONE)
    status = saved_data(directory, job->data, saved);
  if (status == EXIT_DONE)
    status = saved_weights(directory, job->network, saved);
  if (status == EXIT_DONE && result->eigenvector != NULL)
    status =
        saved_array(directory, "eigenvector.npy", result->eigenvector, result->samples, 0, saved);
  if (status == EXIT_DONE && result->eigenvalues != NULL)
    status =
        saved_array(directory, "eigenvalues.npy", result->eigenvalues, result->samples, 0, saved);
  return status;
}
