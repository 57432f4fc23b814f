/* What a folder of --load says beside its weights: its own data, how they were scaled, and the
 * classes that its labels code. */
#include "cli/commands/predict_kernel.h"
#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Its data -------------------------------------------------------------------------------- */

/* DIR/name, where that is a file; *path NULL: it is not. */
static exit_status find_own(const char *directory, const char *name, char **path) {
  *path = saved_path(directory, name);
  if (*path == NULL)
    return EXIT_FAILED;
  if (access(*path, R_OK) != 0) {
    free(*path);
    *path = NULL;
  }
  return EXIT_DONE;
}

/* Whether the command line has --data, of which "gaussian" stands for not giving it. */
static bool names_data(const cli_origin *origin) {
  for (int i = 0; i < origin->words; i++)
    if (strcmp(origin->word[i], "--data") == 0 || strncmp(origin->word[i], "--data=", 7) == 0)
      return true;
  return false;
}

/* A folder of --save whose networks are in folders of it: one for each class, or init/. */
static exit_status check_folder(const char *load) {
  char *result = NULL, *weights = NULL;
  exit_status status = find_own(load, "result.json", &result);
  if (status == EXIT_DONE)
    status = find_own(load, "W1.npy", &weights);
  if (status == EXIT_DONE && result != NULL && weights == NULL)
    status = report_error(EXIT_INPUT,
                          "--load: %s has no W1.npy, but networks in its folders; expected one of "
                          "these, as %s/init or %s/class0, with --data and --labels",
                          load, load, load);
  free(result);
  free(weights);
  return status;
}

void predict_leave_column(kernel_run *run) {
  cli_settings *common = &run->settings.common;
  ntk_array_info info = {0};
  if (common->labels == NULL || common->label_column == NULL || run->settings.test == NULL ||
      !ntk_labels_in_file(common->labels) || ntk_array_shape(common->labels, &info) != NTK_OK ||
      strcmp(info.format, "text") == 0)
    return;
  run->column = common->label_column;
  common->label_column = NULL;
}

exit_status predict_own_data(kernel_run *run) {
  cli_settings *common = &run->settings.common;
  const bool drawn = run->settings.test_samples > 0 && common->samples > 0;
  if (common->load == NULL || drawn || names_data(&common->origin))
    return EXIT_DONE;
  exit_status status = check_folder(common->load);
  if (status == EXIT_DONE)
    status = find_own(common->load, "X.npy", &run->own_data);
  if (status == EXIT_DONE && run->own_data != NULL && common->labels == NULL)
    status = find_own(common->load, "Y.npy", &run->own_labels);
  if (status == EXIT_DONE && run->own_data == NULL && common->samples == 0)
    status = report_error(EXIT_INPUT, "--data is needed: %s has no X.npy of its own", common->load);
  if (status != EXIT_DONE || run->own_data == NULL)
    return status;
  if (common->scale != NULL && strcmp(common->scale, "none") != 0)
    return report_error(EXIT_INPUT, "--scale: %s is scaled already; expected no --scale, or --data",
                        run->own_data);
  run->own = true;
  run->column = common->label_column; /* of --test alone */
  common->label_column = NULL;
  common->data = run->own_data;
  if (run->own_labels != NULL)
    common->labels = run->own_labels;
  return EXIT_DONE;
}

/* ---- Its scaling ----------------------------------------------------------------------------- */

static exit_status load_model(const kernel_run *run, ntk_model *model) {
  const cli_settings *common = &run->settings.common;
  return report_fault(
      ntk_model_load(run->job.context, common->load, common->activation, common->layout, model),
      "load");
}

exit_status predict_scale_by_model(kernel_run *run, const char *option, const char *path,
                                   ntk_dataset **data) {
  ntk_model model = {0};
  ntk_model_scaling done = {0};
  ntk_dataset *scaled = NULL;
  const cli_settings *common = &run->settings.common;
  exit_status status = load_model(run, &model);
  if (status == EXIT_DONE)
    status = report_fault(ntk_model_scale(&model, *data, NULL, &scaled, &done), "load");
  ntk_model_clear(&model);
  if (status == EXIT_DONE && done.own)
    report_note(common, "--%s: %s has samples of %s, which are scaled: not scaled again", option,
                path, common->load);
  else if (status == EXIT_DONE && scaled != NULL && *data == run->job.data)
    report_note(common,
                "--%s: %s is scaled as the data of %s were (%s); --scale none takes it as it is",
                option, path, common->load, common->scale);
  if (done.constant > 0)
    report_warning(common, "--%s: %zu column%s of %zu, constant in the network's data, set to 0",
                   option, done.constant, done.constant == 1 ? "" : "s", ntk_dataset_dim(*data));
  if (scaled != NULL) {
    ntk_dataset_destroy(*data);
    *data = scaled;
  }
  return status;
}

/* The list's own name of it: the model's is gone with the model. */
static const char *lasting(const char *scaling) {
  size_t count = 0;
  const char *const *names = ntk_scaling_list(&count);
  for (size_t i = 0; i < count && scaling != NULL; i++)
    if (strcmp(names[i], scaling) == 0)
      return names[i];
  return NULL;
}

exit_status predict_scale_training(kernel_run *run) {
  cli_settings *common = &run->settings.common;
  ntk_model model = {0};
  if (common->load == NULL || run->own || !run->job.from_file || run->scale_given)
    return EXIT_DONE;
  const exit_status status = load_model(run, &model);
  const char *scaling = lasting(model.scaling);
  ntk_model_clear(&model);
  if (status != EXIT_DONE || scaling == NULL || strcmp(scaling, "none") == 0)
    return status;
  run->by_model = true;
  common->scale = scaling;
  return predict_scale_by_model(run, "data", common->data, &run->job.data);
}

/* ---- Its classes ----------------------------------------------------------------------------- */

/* Names by the number of the class, as those of a file are; what no class has is "". */
static exit_status take_names(const ntk_model *model, ntk_class_names *names) {
  const size_t count = (size_t)model->classes[model->class_count - 1] + 1;
  names->name = calloc(count, sizeof *names->name);
  bool all = names->name != NULL;
  for (size_t i = 0, c = 0; i < count && all; i++) {
    const bool there = model->classes[c] == (double)i;
    names->name[i] = strdup(there ? model->class_names[c] : "");
    all = names->name[i] != NULL;
    names->count += all;
    c += there && c + 1 < model->class_count;
  }
  return all ? EXIT_DONE
             : report_error(EXIT_FAILED, "no memory for the names of %zu classes", count);
}

static exit_status take_classes(kernel_run *run, const ntk_model *model) {
  labels_classes *classes = &run->classes;
  const size_t count = model->class_count;
  const bool signs = strcmp(model->encoding, labels_encoding(0)) == 0;
  *classes = (labels_classes){
      .encoding = labels_encoding(signs ? 0 : 1), .count = count, .other = signs ? -1.0 : 0.0};
  if (run->settings.classes != NULL && strcmp(run->settings.classes, classes->encoding) != 0)
    return report_error(EXIT_INPUT, "--classes: '%s', and the labels in %s are %s; expected that",
                        run->settings.classes, run->own_labels, classes->encoding);
  classes->value = calloc(count, sizeof *classes->value);
  if (classes->value == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu classes", count);
  memcpy(classes->value, model->classes, count * sizeof *classes->value);
  return model->class_names != NULL ? take_names(model, &run->job.names) : EXIT_DONE;
}

exit_status predict_own_classes(kernel_run *run) {
  cli_job *job = &run->job;
  const size_t N = ntk_dataset_samples(job->data), n = labels_outputs(job);
  ntk_model model = {0};
  exit_status status = load_model(run, &model);
  const bool coded = status == EXIT_DONE && model.classes != NULL && model.encoding != NULL;
  if (coded)
    status = take_classes(run, &model);
  ntk_model_clear(&model);
  if (!coded || status != EXIT_DONE)
    return status;
  run->Y = n <= SIZE_MAX / sizeof *run->Y / N ? calloc(N * n, sizeof *run->Y) : NULL;
  if (run->Y == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu labels", N);
  status = report_library(
      ntk_labels_load_outputs(job->context, run->own_labels, job->data, n, run->Y), "labels");
  return status == EXIT_DONE ? job_note_input(job, run->own_labels) : status;
}
