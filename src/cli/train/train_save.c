/* Files of ntkit train --save: enough to recheck the result, and every step of it, without
 * ntkit. */
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/train/train.h"
#include "ntkit/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char FIRST[] = "init";

/* The file of a field of what is tracked, into name; false: it has none. Losses and drifts have one
 * of all epochs, and what is computed from other fields is in these. */
static bool track_file(const ntk_field *field, char name[SAVED_NAME]) {
  snprintf(name, SAVED_NAME, "track_%s.npy", field->name);
  return strcmp(field->name, "drift") != 0 && field->compute == NULL && !field->apart &&
         strcmp(field->name, "loss") != 0;
}

static exit_status claim_figures(const train_run *run) {
  char name[SAVED_NAME];
  exit_status status = EXIT_DONE;
  for (size_t i = 0; status == EXIT_DONE && train_figure_name(run, i, sizeof name, name); i++)
    status = saved_claim(&run->job.folder, name);
  return status;
}

exit_status train_claim(const train_run *run) {
  const cli_job *job = &run->job;
  const saved_folder *folder = &job->folder;
  const ntk_description *point = ntk_describe("ntk_track_point");
  char name[SAVED_NAME];
  exit_status status = saved_claim_data(folder);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "Y.npy");
  if (status == EXIT_DONE)
    status = saved_claim_network(folder, FIRST, job->spec.depth);
  if (status == EXIT_DONE)
    status = saved_claim_network(folder, "", job->spec.depth);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "loss.npy");
  if (status == EXIT_DONE && run->settings->clients > 0)
    status = saved_claim(folder, "drift.npy");
  if (status == EXIT_DONE &&
      run->settings->save_track != NULL) /* of the others when they are there */
    status = saved_claim_network(folder, "epoch0", job->spec.depth);
  for (size_t k = 0; k < point->fields && status == EXIT_DONE && run->settings->track != NULL; k++)
    if (track_file(&point->field[k], name))
      status = saved_claim(folder, name);
  return status == EXIT_DONE && run->settings->plot ? claim_figures(run) : status;
}

static exit_status save_track(const ntk_train_result *result, saved_folder *folder) {
  if (result->tracked == 0)
    return EXIT_DONE;
  double *values = calloc(result->tracked, sizeof *values);
  if (values == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu tracked epochs", result->tracked);
  const ntk_description *point = ntk_describe("ntk_track_point");
  char name[SAVED_NAME];
  exit_status status = EXIT_DONE;
  for (size_t k = 0; k < point->fields && status == EXIT_DONE; k++) {
    const ntk_field *field = &point->field[k];
    if (!track_file(field, name))
      continue;
    for (size_t i = 0; i < result->tracked; i++) {
      const ntk_field_value value = ntk_field_read(field, &result->track[i]);
      values[i] = field->type == NTK_TYPE_REAL ? value.real : (double)value.whole;
    }
    status = saved_array(folder, name, values, result->tracked, 0);
  }
  free(values);
  return status;
}

/* The network of theta, in whose order W and b, of L pointers each, are filled. */
static ntk_status network_of(const cli_job *job, const double *theta, const double **W,
                             const double **b, ntk_network **network) {
  const ntk_network *last = job->network;
  for (size_t l = 1; l <= job->spec.depth; l++) {
    const size_t n = ntk_network_width(last, l);
    W[l - 1] = theta;
    theta += ntk_network_width(last, l - 1) * n;
    b[l - 1] = ntk_network_has_bias(last, l) ? theta : NULL;
    theta += b[l - 1] != NULL ? n : 0;
  }
  return ntk_network_from_weights(job->context, &job->spec, W, b, network);
}

/* K of all outputs, which lies in the stage then. */
static exit_status save_kernel(cli_job *job, const char *place, const ntk_network *network) {
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  char name[SAVED_NAME];
  snprintf(name, sizeof name, "kernel_%s.npy", place);
  exit_status status = saved_claim(&job->folder, name);
  char *path = status == EXIT_DONE ? saved_staged(&job->folder, name) : NULL;
  if (path == NULL)
    return EXIT_FAILED;
  ntk_status made = ntk_features_create_of(network, job->data, NTK_OUTPUTS_ALL, &features);
  if (made == NTK_OK)
    made = ntk_kernel_create(features, NULL, &K);
  if (made == NTK_OK)
    made = ntk_kernel_save(K, path);
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
  free(path);
  status = report_library(made, "save");
  return status == EXIT_DONE ? saved_add(&job->folder, name) : status;
}

static exit_status save_network(cli_job *job, const char *place, const ntk_network *network) {
  const exit_status status = saved_claim_network(&job->folder, place, job->spec.depth);
  return status == EXIT_DONE ? saved_weights(&job->folder, place, network) : status;
}

static exit_status save_epoch(train_run *run, const ntk_track_point *point,
                              const double **pointers) {
  cli_job *job = &run->job;
  char place[SAVED_NAME];
  ntk_network *network = NULL;
  snprintf(place, sizeof place, "epoch%zu", point->epoch);
  exit_status status = report_library(
      network_of(job, point->theta, pointers, pointers + job->spec.depth, &network), NULL);
  if (status == EXIT_DONE)
    status = (strcmp(run->settings->save_track, "kernel") == 0 ? save_kernel
                                                               : save_network)(job, place, network);
  ntk_network_destroy(network);
  return status;
}

static exit_status save_epochs(train_run *run, const ntk_train_result *result) {
  const cli_job *job = &run->job;
  const double **pointers = calloc(2 * job->spec.depth, sizeof *pointers);
  exit_status status = EXIT_DONE;
  if (pointers == NULL)
    return report_error(EXIT_FAILED, "no memory for the tracked weights");
  for (size_t i = 0; i < result->tracked && status == EXIT_DONE; i++)
    if (result->track[i].theta != NULL)
      status = save_epoch(run, &result->track[i], pointers);
  free(pointers);
  return status;
}

/* The first weights are a function of the spec, or in a file: they are made again, which holds no
 * copy of them while the network is trained. */
static exit_status save_first(cli_job *job) {
  ntk_network *first = NULL;
  exit_status status = job_make_network(job, &first);
  if (status == EXIT_DONE)
    status = saved_weights(&job->folder, FIRST, first);
  ntk_network_destroy(first);
  return status;
}

static exit_status save_arrays(train_run *run, const ntk_train_result *result) {
  cli_job *job = &run->job;
  saved_folder *folder = &job->folder;
  exit_status status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_array(folder, "Y.npy", run->Y, ntk_dataset_samples(job->data),
                         labels_outputs(job) > 1 ? labels_outputs(job) : 0);
  if (status == EXIT_DONE)
    status = save_first(job);
  if (status == EXIT_DONE)
    status = saved_weights(folder, "", job->network);
  if (status == EXIT_DONE)
    status = saved_array(folder, "loss.npy", result->loss, result->epochs + 1, 0);
  if (status == EXIT_DONE && result->drift != NULL)
    status = saved_array(folder, "drift.npy", result->drift, result->epochs + 1, 0);
  if (status == EXIT_DONE)
    status = save_track(result, folder);
  return status == EXIT_DONE ? save_epochs(run, result) : status;
}

exit_status train_save(void *what) {
  train_run *run = what;
  saved_folder *folder = &run->job.folder;
  if (run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0)
    folder->checkpoint = run->checkpoint;
  exit_status status = save_arrays(run, &run->result);
  if (status != EXIT_DONE)
    return status;
  const bool draws = run->settings->plot && ranks_speaks(); /* who has the folder */
  const exit_status drawn = draws ? train_plot(run) : EXIT_DONE;
  saved_announce(folder);
  status = saved_finish(folder, view_object(train_fields, run));
  return drawn == EXIT_DONE ? status : drawn;
}
