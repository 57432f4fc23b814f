/* Files of --save: enough to recheck the result without ntkit. */
#include "cli/spectrum/spectrum.h"

#include <stdio.h>

#define BLOCK "block%zu.npy"
static const char *const end_names[2] = {"smallest.npy", "largest.npy"};

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
  for (size_t k = 0; status == EXIT_DONE && spectrum_asked(job)->save_blocks && k < job->spec.depth;
       k++) {
    char name[SAVED_NAME];
    snprintf(name, sizeof name, BLOCK, k);
    status = saved_claim(folder, name);
  }
  for (size_t e = 0; status == EXIT_DONE && spectrum_asked(job)->vectors > 0 && e < 2; e++)
    status = saved_claim(folder, end_names[e]);
  return status;
}

static exit_status add_blocks(spectrum_run *run) {
  exit_status status = EXIT_DONE;
  for (size_t k = 0; status == EXIT_DONE && k < run->result.blocks; k++) {
    char name[SAVED_NAME];
    snprintf(name, sizeof name, BLOCK, k);
    status = saved_add(&run->job.folder, name);
  }
  return status;
}

/* The vectors stand one after the other. */
static exit_status save_pairs(spectrum_run *run) {
  const ntk_spectrum_result *r = &run->result;
  saved_folder *folder = &run->job.folder;
  exit_status status = EXIT_DONE;
  if (r->smallest_count > 0)
    status = saved_array(folder, end_names[0], r->smallest[0].vector, r->smallest_count, r->order);
  if (status == EXIT_DONE && r->largest_count > 0)
    status = saved_array(folder, end_names[1], r->largest[0].vector, r->largest_count, r->order);
  return status;
}

exit_status spectrum_save(void *what) {
  spectrum_run *run = what;
  cli_job *job = &run->job;
  const ntk_spectrum_result *result = &run->result;
  saved_folder *folder = &job->folder;
  exit_status status =
      spectrum_asked(job)->save_kernel ? saved_add(folder, "kernel.npy") : EXIT_DONE;
  if (status == EXIT_DONE && spectrum_asked(job)->save_blocks)
    status = add_blocks(run);
  if (status == EXIT_DONE)
    status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_weights(folder, "", job->network);
  if (status == EXIT_DONE && result->eigenvector != NULL)
    status = saved_array(folder, "eigenvector.npy", result->eigenvector, result->order, 0);
  if (status == EXIT_DONE && result->eigenvalues != NULL)
    status = saved_array(folder, "eigenvalues.npy", result->eigenvalues, result->order, 0);
  if (status == EXIT_DONE)
    status = save_pairs(run);
  if (status != EXIT_DONE)
    return status;
  saved_announce(folder);
  return saved_finish(folder, view_object(spectrum_fields, run));
}
