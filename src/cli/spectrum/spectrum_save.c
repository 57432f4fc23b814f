/* Files of --save: enough to recheck the result without ntkit. */
#include "cli/spectrum/spectrum.h"

exit_status spectrum_claim(const cli_job *job) {
  const saved_folder *folder = &job->folder;
  exit_status status = saved_claim_data(folder);
  if (status == EXIT_DONE)
    status = saved_claim_network(folder, "", job->spec.depth);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "eigenvector.npy");
  if (status == EXIT_DONE && spectrum_asked(job)->full)
    status = saved_claim(folder, "eigenvalues.npy");
  if (status == EXIT_DONE && spectrum_asked(job)->save_kernel)
    status = saved_claim(folder, "kernel.npy");
  return status;
}

exit_status spectrum_save(void *what) {
  spectrum_run *run = what;
  cli_job *job = &run->job;
  const ntk_spectrum_result *result = &run->result;
  saved_folder *folder = &job->folder;
  exit_status status =
      spectrum_asked(job)->save_kernel ? saved_add(folder, "kernel.npy") : EXIT_DONE;
  if (status == EXIT_DONE)
    status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_weights(folder, "", job->network);
  if (status == EXIT_DONE && result->eigenvector != NULL)
    status = saved_array(folder, "eigenvector.npy", result->eigenvector, result->order, 0);
  if (status == EXIT_DONE && result->eigenvalues != NULL)
    status = saved_array(folder, "eigenvalues.npy", result->eigenvalues, result->order, 0);
  if (status != EXIT_DONE)
    return status;
  saved_announce(folder);
  return saved_finish(folder, view_object(spectrum_fields, run));
}
