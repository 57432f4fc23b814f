/* Files of ntkit train --save: enough to recheck the result, and every step of it, without
 * ntkit. */
#include "cli/report.h"
#include "cli/train.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

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
enum { TRACKED = sizeof tracked / sizeof tracked[0] };

static double field_of(const ntk_track_point *point, size_t field) {
  if (field == offsetof(ntk_track_point, epoch))
    return (double)point->epoch;
  return *(const double *)(const void *)((const char *)point + field);
}

static exit_status save_track(const char *directory, const ntk_train_result *result,
                              saved_files *saved) {
  if (result->tracked == 0)
    return EXIT_DONE;
  double *values = calloc(result->tracked, sizeof *values);
  if (values == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu tracked epochs", result->tracked);
  exit_status status = EXIT_DONE;
  for (size_t k = 0; k < TRACKED && status == EXIT_DONE; k++) {
    for (size_t i = 0; i < result->tracked; i++)
      values[i] = field_of(&result->track[i], tracked[k].field);
    status = saved_array(directory, tracked[k].name, values, result->tracked, 0, saved);
  }
  free(values);
  return status;
}

/* The first weights are a function of the spec: they are drawn again, which holds no copy of them
 * while the network is trained. */
static exit_status save_first(const cli_job *job, saved_files *saved) {
  char *directory = saved_path(job->settings->save, "init");
  if (directory == NULL)
    return EXIT_FAILED;
  ntk_network *first = NULL;
  const ntk_status drawn = ntk_network_create(job->context, &job->spec, &first);
  const exit_status status =
      drawn == NTK_OK ? saved_weights(directory, first, saved) : report_library(drawn, NULL);
  ntk_network_destroy(first);
  free(directory);
  return status;
}

exit_status train_save(const train_run *run, const ntk_train_result *result, saved_files *saved) {
  const cli_job *job = &run->job;
  const char *directory = job->settings->save;
  const size_t N = ntk_dataset_samples(job->data);
  exit_status status = saved_begin(directory);
  if (status == EXIT_DONE)
    status = saved_data(directory, job->data, saved);
  if (status == EXIT_DONE)
    status = saved_array(directory, "Y.npy", run->Y, N, 0, saved);
  if (status == EXIT_DONE)
    status = save_first(job, saved);
  if (status == EXIT_DONE)
    status = saved_weights(directory, job->network, saved);
  if (status == EXIT_DONE)
    status = saved_array(directory, "loss.npy", result->loss, result->epochs + 1, 0, saved);
  if (status == EXIT_DONE)
    status = save_track(directory, result, saved);
  return status;
}

bool train_file_name(size_t i, size_t size, char *text) {
  if (i > TRACKED)
    return train_figure_name(i - TRACKED - 1, size, text);
  snprintf(text, size, "%s", i == TRACKED ? "loss.npy" : tracked[i].name);
  return true;
}
