/* Files of ntkit train --save: enough to recheck the result, and every step of it, without
 * ntkit. */
#include "cli/shell/report.h"
#include "cli/train/train.h"
#include "ntkit/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char FIRST[] = "init";

/* The file of a field of what is tracked, into name; false: it has none. Losses have one of all
 * epochs, and what is computed from other fields is in these. */
static bool track_file(const ntk_field *field, char name[SAVED_NAME]) {
  snprintf(name, SAVED_NAME, "track_%s.npy", field->name);
  return field->compute == NULL && strcmp(field->name, "loss") != 0;
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
    status = saved_array(folder, "Y.npy", run->Y, ntk_dataset_samples(job->data), 0);
  if (status == EXIT_DONE)
    status = save_first(job);
  if (status == EXIT_DONE)
    status = saved_weights(folder, "", job->network);
  if (status == EXIT_DONE)
    status = saved_array(folder, "loss.npy", result->loss, result->epochs + 1, 0);
  return status == EXIT_DONE ? save_track(result, folder) : status;
}

exit_status train_save(void *what) {
  train_run *run = what;
  saved_folder *folder = &run->job.folder;
  if (run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0)
    folder->checkpoint = run->checkpoint;
  exit_status status = save_arrays(run, &run->result);
  if (status != EXIT_DONE)
    return status;
  const exit_status drawn = run->settings->plot ? train_plot(run) : EXIT_DONE;
  saved_announce(folder);
  status = saved_finish(folder, view_object(train_fields, run));
  return drawn == EXIT_DONE ? status : drawn;
}
