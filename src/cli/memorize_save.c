/* Files of ntkit memorize --save: enough to recheck the fit by a plain forward pass. Then what the
 * files say is measured, and not what was in memory: that is the certificate. */
#include "cli/memorize.h"

#include "cli/report.h"

#include <stdlib.h>

/* Where network c goes: the directory itself, or that of its class. To be freed. */
static char *place_of(const memorize_run *run, size_t c) {
  const char *directory = run->job.settings->save;
  return run->classes.count == 0 ? saved_path(directory, "")
                                 : saved_class_path(directory, run->classes.value[c]);
}

static exit_status save_network(const memorize_run *run, size_t c, saved_files *saved) {
  char *place = place_of(run, c);
  if (place == NULL)
    return EXIT_FAILED;
  const ntk_status made = ntk_directory_prepare(place);
  const exit_status status =
      made == NTK_OK ? saved_weights(place, run->networks[c], saved) : report_library(made, "save");
  free(place);
  return status;
}

static exit_status save_arrays(const memorize_run *run, saved_files *saved) {
  const cli_job *job = &run->job;
  const char *directory = job->settings->save;
  exit_status status = saved_data(directory, job->data, saved);
  if (status == EXIT_DONE)
    status = saved_array(directory, "Y.npy", run->Y, ntk_dataset_samples(job->data), 0, saved);
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++)
    status = save_network(run, c, saved);
  return status;
}

/* ---- The certificate ------------------------------------------------------------------------- */

/* Data and targets as the files have them. */
typedef struct read_back {
  ntk_dataset *data;
  double *Y, *targets; /* as in memorize_run */
} read_back;

static exit_status read_inputs(const memorize_run *run, read_back *b) {
  const cli_job *job = &run->job;
  const size_t N = ntk_dataset_samples(job->data);
  char *X = saved_path(job->settings->save, "X.npy"), *Y = saved_path(job->settings->save, "Y.npy");
  b->Y = calloc(N, sizeof *b->Y);
  exit_status status = X != NULL && Y != NULL ? EXIT_DONE : EXIT_FAILED;
  if (b->Y == NULL)
    status = report_error(EXIT_FAILED, "no memory for %zu labels", N);
  if (status == EXIT_DONE) {
    ntk_status read =
        ntk_dataset_load(job->context, X, N, job->spec.width[0], NTK_SCALE_NONE, &b->data);
    if (read == NTK_OK)
      read = ntk_labels_load(job->context, Y, b->data, b->Y);
    status = read == NTK_OK ? EXIT_DONE : report_library(read, "save");
  }
  free(X);
  free(Y);
  b->targets = b->Y;
  if (status == EXIT_DONE && run->classes.count > 0)
    status = labels_split(b->Y, N, &run->classes, &b->targets);
  return status;
}

static exit_status certify(const memorize_run *run, const read_back *b, size_t c,
                           ntk_fit_error *error) {
  const cli_job *job = &run->job;
  char *place = place_of(run, c);
  if (place == NULL)
    return EXIT_FAILED;
  ntk_network *network = NULL;
  ntk_status status = ntk_network_load(job->context, place, job->spec.activation, &network);
  if (status == NTK_OK)
    status =
        ntk_fit_measure(network, b->data, b->targets + c * ntk_dataset_samples(b->data), error);
  ntk_network_destroy(network);
  free(place);
  return status == NTK_OK ? EXIT_DONE : report_library(status, "save");
}

exit_status memorize_save(memorize_run *run, saved_files *saved) {
  read_back b = {0};
  ntk_fit_error *certificate = NULL;
  exit_status status = save_arrays(run, saved);
  if (status == EXIT_DONE) {
    certificate = calloc(run->count, sizeof *certificate);
    status = certificate != NULL ? read_inputs(run, &b)
                                 : report_error(EXIT_FAILED, "no memory for the certificate");
  }
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++)
    status = certify(run, &b, c, &certificate[c]);
  if (b.targets != b.Y)
    free(b.targets);
  free(b.Y);
  ntk_dataset_destroy(b.data);
  if (status == EXIT_DONE)
    run->certificate = certificate;
  else
    free(certificate);
  return status;
}
