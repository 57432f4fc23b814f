/* Files of ntkit train --save: enough to recheck the result, and every step of it, without
 * ntkit. */
#include "cli/shell/report.h"
#include "cli/train/train.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is tracked, a vector of a file each. */
static const struct tracked {
  const char *name;
  size_t field; /* its offset in ntk_track_point; of epoch, a size_t, not used */
} tracked[] = {
    {"track_epoch.npy", offsetof(ntk_track_point, epoch)},
    {"track_bound.npy", offsetof(ntk_track_point, bound)},
    {"track_prediction.npy", offsetof(ntk_track_point, prediction)},
    {"track_lambda_min.npy", offsetof(ntk_track_point, lambda_min)},
    {"track_lambda_max.npy", offsetof(ntk_track_point, lambda_max)},
    {"track_jacobian_change.npy", offsetof(ntk_track_point, jacobian_change)},
    {"track_distance.npy", offsetof(ntk_track_point, distance)},
};
static const char FIRST[] = "init/";
enum { TRACKED = sizeof tracked / sizeof tracked[0] };

static double field_of(const ntk_track_point *point, size_t field) {
  if (field == offsetof(ntk_track_point, epoch))
    return (double)point->epoch;
  return *(const double *)(const void *)((const char *)point + field);
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
  exit_status status = saved_claim_data(folder);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "Y.npy");
  if (status == EXIT_DONE)
    status = saved_claim_network(folder, FIRST, job->spec.depth);
  if (status == EXIT_DONE)
    status = saved_claim_network(folder, "", job->spec.depth);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "loss.npy");
  for (size_t k = 0; k < TRACKED && status == EXIT_DONE && run->options.track > 0; k++)
    status = saved_claim(folder, tracked[k].name);
  return status == EXIT_DONE && run->settings->plot ? claim_figures(run) : status;
}

static exit_status save_track(const ntk_train_result *result, saved_folder *folder) {
  if (result->tracked == 0)
    return EXIT_DONE;
  double *values = calloc(result->tracked, sizeof *values);
  if (values == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu tracked epochs", result->tracked);
  exit_status status = EXIT_DONE;
  for (size_t k = 0; k < TRACKED && status == EXIT_DONE; k++) {
    for (size_t i = 0; i < result->tracked; i++)
      values[i] = field_of(&result->track[i], tracked[k].field);
    status = saved_array(folder, tracked[k].name, values, result->tracked, 0);
  }
  free(values);
  return status;
}

/* The first weights are a function of the spec: they are drawn again, which holds no copy of them
 * while the network is trained. */
static exit_status save_first(cli_job *job) {
  ntk_network *first = NULL;
  const ntk_status drawn = ntk_network_create(job->context, &job->spec, &first);
  const exit_status status =
      drawn == NTK_OK ? saved_weights(&job->folder, FIRST, first) : report_library(drawn, NULL);
  ntk_network_destroy(first);
  return status;
}

static exit_status save_arrays(train_run *run, const ntk_train_result *result) {
  cli_job *job = &run->job;
  saved_folder *folder = &job->folder;
  exit_status status = saved_data(folder, job->data);
  if (status == EXIT_DONE)
    status = saved_array(folder, "Y.npy", run->Y, ntk_dataset_samples(job->data), 0);
  if (status == EXIT_DONE)
    status = save_first(job);
  if (status == EXIT_DONE)
    status = saved_weights(folder, "", job->network);
  if (status == EXIT_DONE)
    status = saved_array(folder, "loss.npy", result->loss, result->epochs + 1, 0);
  return status == EXIT_DONE ? save_track(result, folder) : status;
}

exit_status train_save(train_run *run, const ntk_train_result *result) {
  saved_folder *folder = &run->job.folder;
  if (run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0)
    folder->checkpoint = run->checkpoint;
  exit_status status = save_arrays(run, result);
  if (status != EXIT_DONE)
    return status;
  const exit_status drawn = run->settings->plot ? train_plot(run, result) : EXIT_DONE;
  status = saved_announce(folder);
  if (status == EXIT_DONE)
    status = saved_finish(folder, train_json(run, result));
  return drawn == EXIT_DONE ? status : drawn;
}
