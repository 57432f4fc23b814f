/* Files of ntkit memorize --save: enough to recheck the fit by a plain forward pass. Then what the
 * files say is measured, and not what was in memory: that is the certificate. */
#include "cli/memorize/memorize.h"

#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "ntkit/io.h"

#include <stdio.h>
#include <stdlib.h>

/* The folder of network c: the directory itself, or that of its class. */
static void place_of(const memorize_run *run, size_t c, char place[SAVED_NAME]) {
  place[0] = '\0';
  if (run->classes != NULL)
    snprintf(place, SAVED_NAME, "class%.17g", run->classes[c]);
}

exit_status memorize_claim(const memorize_run *run) {
  const saved_folder *folder = &run->job.folder;
  exit_status status = saved_claim_data(folder);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "Y.npy");
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++) {
    char place[SAVED_NAME];
    place_of(run, c, place);
    status = saved_claim_network(folder, place, run->job.spec.depth);
  }
  return status;
}

static exit_status save_arrays(memorize_run *run) {
  const cli_job *job = &run->job;
  saved_folder *folder = &run->job.folder;
  const size_t outputs = labels_outputs(job);
  exit_status status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_array(folder, "Y.npy", run->Y, ntk_dataset_samples(job->data),
                         outputs > 1 ? outputs : 0);
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++) {
    char place[SAVED_NAME];
    place_of(run, c, place);
    status = saved_weights(folder, place, run->networks[c]);
  }
  return status;
}

/* What the files do, and not what was in memory. */
static exit_status certify(memorize_run *run) {
  const cli_job *job = &run->job;
  char *stage = saved_staged(&job->folder, "");
  ntk_fit_error *certificate = calloc(run->count, sizeof *certificate);
  exit_status status = EXIT_FAILED;
  if (certificate == NULL)
    (void)report_error(EXIT_FAILED, "no memory for the certificate");
  else if (stage != NULL)
    status = report_library(ntk_saved_certify(job->context, stage, job->spec.activation, run->count,
                                              run->classes, run->results, certificate),
                            "save");
  free(stage);
  if (status == EXIT_DONE)
    run->certificate = certificate;
  else
    free(certificate);
  return status;
}

exit_status memorize_save(void *what) {
  memorize_run *run = what;
  saved_folder *folder = &run->job.folder;
  exit_status status = save_arrays(run);
  if (status == EXIT_DONE && ranks_speaks()) /* who has the files */
    status = certify(run);
  if (status != EXIT_DONE)
    return status;
  saved_announce(folder);
  return saved_finish(folder, view_object(memorize_fields, run));
}
