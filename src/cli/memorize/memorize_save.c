/* Files of ntkit memorize --save: enough to recheck the fit by a plain forward pass. Then what the
 * files say is measured, and not what was in memory: that is the certificate. */
#include "cli/memorize/memorize.h"

#include "cli/shell/report.h"

#include <math.h>
#include <stdlib.h>

/* The folder of network c: the directory itself, or that of its class. */
static void place_of(const memorize_run *run, size_t c, char place[SAVED_NAME]) {
  place[0] = '\0';
  if (run->classes.count > 0)
    saved_class_name(run->classes.value[c], place);
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
  exit_status status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_array(folder, "Y.npy", run->Y, ntk_dataset_samples(job->data), 0);
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++) {
    char place[SAVED_NAME];
    place_of(run, c, place);
    status = saved_weights(folder, place, run->networks[c]);
  }
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
  char *X = saved_staged(&job->folder, "X.npy"), *Y = saved_staged(&job->folder, "Y.npy");
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
    status = report_library(read, "save");
  }
  free(X);
  free(Y);
  return status;
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
  computed = ntk_fit_measure(network, b->data, b->target, error);
  const exit_status status = computed == NTK_OK ? check_error(place, &run->results[c], error)
                                                : report_library(computed, "save");
  ntk_network_destroy(network);
  return status;
}

static exit_status certify(const memorize_run *run, const read_back *b, size_t c,
                           ntk_fit_error *error) {
  char name[SAVED_NAME];
  place_of(run, c, name);
  char *place = saved_staged(&run->job.folder, name);
  if (place == NULL)
    return EXIT_FAILED;
  if (run->classes.count > 0)
    labels_target(b->Y, ntk_dataset_samples(b->data), run->classes.value[c], b->target);
  const exit_status status = measure(run, b, c, place, error);
  free(place);
  return status;
}

static exit_status certify_all(memorize_run *run) {
  read_back b = {0};
  ntk_fit_error *certificate = calloc(run->count, sizeof *certificate);
  if (certificate == NULL)
    return report_error(EXIT_FAILED, "no memory for the certificate");
  exit_status status = read_inputs(run, &b);
  for (size_t c = 0; c < run->count && status == EXIT_DONE; c++)
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

exit_status memorize_save(void *what) {
  memorize_run *run = what;
  saved_folder *folder = &run->job.folder;
  exit_status status = save_arrays(run);
  if (status == EXIT_DONE)
    status = certify_all(run);
  if (status == EXIT_DONE)
    status = saved_announce(folder);
  return status == EXIT_DONE ? saved_finish(folder, memorize_json(run)) : status;
}
