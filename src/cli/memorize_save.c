/* Files of ntkit memorize --save: enough to recheck the fit by a plain forward pass. Then what the
 * files say is measured, and not what was in memory: that is the certificate. */
#include "cli/memorize.h"

#include "cli/report.h"

#include <math.h>
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
  exit_status status = saved_begin(directory);
  if (status == EXIT_DONE)
    status = saved_data(directory, job->data, saved);
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
  double *Y;      /* as in memorize_run */
  double *target; /* what one network is to put out; without --classes, Y */
} read_back;

static exit_status read_inputs(const memorize_run *run, read_back *b) {
  const cli_job *job = &run->job;
  const size_t N = ntk_dataset_samples(job->data);
  char *X = saved_path(job->settings->save, "X.npy"), *Y = saved_path(job->settings->save, "Y.npy");
  b->Y = calloc(N, sizeof *b->Y);
  b->target = run->classes.count > 0 ? calloc(N, sizeof *b->target) : b->Y;
  exit_status status = X != NULL && Y != NULL ? EXIT_DONE : EXIT_FAILED;
  if (b->Y == NULL || b->target == NULL)
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
  return status;
}

/* Weights of another network among those that were written. */
static exit_status check_depth(const cli_job *job, const char *place, const ntk_network *network) {
  const size_t depth = ntk_network_depth(network);
  if (depth == job->spec.depth)
    return EXIT_DONE;
  return report_error(EXIT_FAILED,
                      "--save: %s holds %zu matrices W1.npy, ..., and %zu were written: choose "
                      "another directory",
                      place, depth, job->spec.depth);
}

/* The files must do what the weights in memory did, but for rounding. */
static exit_status check_error(const char *place, const ntk_memorize_result *computed,
                               const ntk_fit_error *error) {
  if (isnan(computed->max_error) ||
      error->largest <= computed->max_error + computed->rounding + error->rounding)
    return EXIT_DONE;
  return report_error(EXIT_FAILED,
                      "--save: the weights in %s, read back, miss the labels by up to %.3g, and "
                      "before it was %.3g: the files are not what was written",
                      place, error->largest, computed->max_error);
}

static exit_status measure(const memorize_run *run, const read_back *b, size_t c, const char *place,
                           ntk_fit_error *error) {
  const cli_job *job = &run->job;
  ntk_network *network = NULL;
  ntk_status computed = ntk_network_load(job->context, place, job->spec.activation, &network);
  if (computed != NTK_OK)
    return report_library(computed, "save");
  exit_status status = check_depth(job, place, network);
  if (status == EXIT_DONE) {
    computed = ntk_fit_measure(network, b->data, b->target, error);
    status = computed == NTK_OK ? check_error(place, &run->results[c], error)
                                : report_library(computed, "save");
  }
  ntk_network_destroy(network);
  return status;
}

static exit_status certify(const memorize_run *run, const read_back *b, size_t c,
                           ntk_fit_error *error) {
  char *place = place_of(run, c);
  if (place == NULL)
    return EXIT_FAILED;
  if (run->classes.count > 0)
    labels_target(b->Y, ntk_dataset_samples(b->data), run->classes.value[c], b->target);
  const exit_status status = measure(run, b, c, place, error);
  free(place);
  return status;
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
  for (size_t c = 0; c < run->count && status == EXIT_DONE && certificate != NULL; c++)
    status = certify(run, &b, c, &certificate[c]);
  if (b.target != b.Y)
    free(b.target);
  free(b.Y);
  ntk_dataset_destroy(b.data);
  if (status == EXIT_DONE)
    run->certificate = certificate;
  else
    free(certificate);
  return status;
}
