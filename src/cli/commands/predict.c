/* ntkit predict without --kernel: a saved network's outputs on data; of a network for classes, or
 * one for each, the class that they say. */
#include "cli/commands/predict.h"
#include "cli/run/job.h"
#include "cli/run/job_show.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"
#include "ntkit/io.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The data -------------------------------------------------------------------------------- */

/* By the file's header first: rows that do not fit, the network or the memory, are not read. */
static exit_status load_rows(prediction *p) {
  const cli_settings *settings = &p->settings->common;
  const ntk_model *model = &p->model;
  const size_t width = ntk_network_width(model->networks[0], 0);
  const ntk_rows rows = job_rows(settings);
  size_t N = 0, d = 0;
  const ntk_status status = ntk_dataset_select_shape(settings->data, &rows, &N, &d);
  if (status != NTK_OK)
    return report_fault(status, "data");
  if (d != width)
    return job_refuse_width(settings, d, width);
  const char *scale = settings->scale != NULL ? settings->scale : model->scaling;
  const bool scaled = scale != NULL && strcmp(scale, "none") != 0;
  const double copies = scaled ? 2.0 : 1.0; /* as they are, and scaled */
  const double bytes =
      8.0 * (double)N * (copies * (double)d + (double)p->columns * (double)model->count);
  const double available = (double)ntk_memory_available(p->context);
  if (bytes > available)
    return report_error(EXIT_INPUT,
                        "--data: %zu rows of %s need %.3g GB of memory, and %.3g GB are available; "
                        "expected fewer, by --limit",
                        N, settings->data, 1e-9 * bytes, 1e-9 * available);
  return report_library(
      ntk_dataset_select(p->context, settings->data, &rows, d, NTK_SCALE_NONE, &p->data), "data");
}

static exit_status scale(prediction *p) {
  const cli_settings *settings = &p->settings->common;
  const char *load = p->settings->common.load;
  ntk_dataset *scaled = NULL;
  ntk_model_scaling done = {0};
  const exit_status status =
      report_fault(ntk_model_scale(&p->model, p->data, settings->scale, &scaled, &done), "load");
  if (status == EXIT_DONE && done.own)
    report_note(settings, "--data: %s has samples of %s, which are scaled: not scaled again",
                settings->data, load);
  else if (status == EXIT_DONE && done.by_means && settings->scale == NULL)
    report_note(settings,
                "--data: %s is scaled by the means and deviations of %s; --scale none takes what "
                "is scaled already as it is",
                settings->data, load);
  if (done.constant > 0)
    report_warning(settings,
                   "--data: %zu column%s of %zu, constant in the network's data, set to 0",
                   done.constant, done.constant == 1 ? "" : "s", ntk_dataset_dim(p->data));
  p->scaling = done.own ? "of the network's own, scaled already" : "none";
  if (scaled != NULL) {
    p->scaling = settings->scale != NULL ? settings->scale : p->model.scaling;
    ntk_dataset_destroy(p->data);
    p->data = scaled;
  }
  return status;
}

static exit_status make_data(prediction *p) {
  const cli_settings *settings = &p->settings->common;
  if (ntk_dataset_in_file(settings->data)) {
    const exit_status status = load_rows(p);
    return status == EXIT_DONE ? scale(p) : status;
  }
  if (settings->samples == 0 && strcmp(settings->data, "gaussian") == 0) /* as when not given */
    return report_error(EXIT_INPUT, "--data is needed: a file with one sample a row (or "
                                    "--samples N, of drawn data)");
  if (settings->samples == 0)
    return report_error(EXIT_INPUT, "--samples is needed with --data %s: a whole number from 1",
                        settings->data);
  const exit_status drawn = job_check_drawn(settings);
  if (drawn != EXIT_DONE)
    return drawn;
  const ntk_status status =
      ntk_dataset_generate(p->context, settings->data, settings->samples,
                           ntk_network_width(p->model.networks[0], 0), settings->seed, &p->data);
  return report_library(status, "data");
}

/* ---- The computation ------------------------------------------------------------------------- */

static exit_status compute(prediction *p) {
  const size_t N = ntk_dataset_samples(p->data), count = p->model.count;
  const size_t each = p->columns > count ? p->columns : count; /* one of them is 1 */
  p->outputs = each <= SIZE_MAX / sizeof(double) / N ? calloc(each * N, sizeof(double)) : NULL;
  p->wide = p->model.classes != NULL ? 1 : p->columns;
  p->answer = p->model.classes != NULL ? calloc(N, sizeof(double)) : p->outputs;
  if (p->outputs == NULL || p->answer == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for the outputs of %zu samples", N);
    return EXIT_FAILED; /* said twice, for analysers: there is nothing to print */
  }
  const ntk_status status = ntk_model_predict(&p->model, p->data, p->outputs, p->answer);
  return report_library(status, NULL);
}

/* The part of the samples whose largest output, of several, has the number of their label; NaN
 * where labels are no such numbers, or are words of which some may be missing. */
static double largest_right(const prediction *p, const double *label,
                            const ntk_class_names *names) {
  const size_t N = ntk_dataset_samples(p->data), n = p->columns;
  size_t right = 0;
  if (names->count > 0 && names->count != n)
    return NAN;
  for (size_t i = 0; i < N; i++) {
    const double *output = p->outputs + i * n;
    size_t most = 0;
    for (size_t c = 1; c < n; c++)
      most = output[c] > output[most] ? c : most;
    if (!(label[i] >= 0.0 && label[i] < (double)n && label[i] == floor(label[i])))
      return NAN;
    right += label[i] == (double)most;
  }
  return (double)right / (double)N;
}

/* Against the labels that lie in the file of the data, if any. */
static exit_status find_accuracy(prediction *p) {
  const cli_settings *settings = &p->settings->common;
  const size_t N = ntk_dataset_samples(p->data);
  const bool classes = p->model.classes != NULL;
  if ((!classes && p->columns == 1) || job_inside(settings) == NULL)
    return EXIT_DONE;
  ntk_class_names names = {0};
  double *label = calloc(N, sizeof *label);
  if (label == NULL)
    return report_error(EXIT_FAILED, "no memory for the labels of %zu samples", N);
  const ntk_status status = ntk_labels_load_classes(p->context, settings->data,
                                                    settings->label_column, p->data, label, &names);
  const bool words = names.count > 0;
  if (status == NTK_OK && classes && words != (p->model.class_names != NULL))
    report_note(settings,
                "the labels of %s are %s, and the network's classes are not: not compared",
                settings->data, words ? "words" : "numbers");
  else if (status == NTK_OK && classes)
    p->accuracy = (double)ntk_model_right(&p->model, p->answer, N, label, &names) / (double)N;
  else if (status == NTK_OK)
    p->accuracy = largest_right(p, label, &names);
  if (!isnan(p->accuracy) && !classes && words)
    report_note(settings, "labels that are words become 0 to %zu: '%s' is 0", names.count - 1,
                names.name[0]);
  ntk_class_names_clear(&names);
  free(label);
  return report_library(status, "data");
}

/* ---- What comes of it ------------------------------------------------------------------------ */

static json_t *whole_numbers(const double *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_append(&array, json_integer((json_int_t)values[i]));
  return array;
}

/* Outputs of one network: N numbers, or as many lists of n_L; of a network for each class: a list
 * of N for each. */
static json_t *outputs_array(const prediction *p) {
  const size_t N = ntk_dataset_samples(p->data);
  const bool each = p->model.classes != NULL && p->model.encoding == NULL;
  if (!each && p->columns == 1)
    return json_numbers(p->outputs, N);
  const size_t lists = each ? p->model.count : N, numbers = each ? N : p->columns;
  json_t *array = json_array();
  for (size_t c = 0; c < lists; c++)
    json_append(&array, json_numbers(p->outputs + c * numbers, numbers));
  return array;
}

static json_t *class_names(const prediction *p) {
  json_t *array = json_array();
  for (size_t c = 0; c < p->model.class_count; c++)
    json_append(&array, json_text(p->model.class_names[c]));
  return array;
}

#define ROW prediction
static const ntk_field accuracy_fields[] = {
    VIEW_FIELD(REAL, "accuracy", accuracy,
               "part of the samples whose class, or largest output, is their label's"),
};
static const ntk_description accuracy_table = VIEW_TABLE(accuracy_fields);
#undef ROW

void predict_fields(const void *what, result_view *v) {
  const prediction *p = what;
  const cli_settings *settings = &p->settings->common;
  view_options(v, settings, "load");
  job_view_network(v, p->model.networks[0], p->model.activation, settings->load);
  job_view_data(v, settings, p->data, false);
  view_options(v, settings, "seed");
  if (p->model.classes != NULL)
    view_json(v, "classes", whole_numbers(p->model.classes, p->model.class_count));
  if (p->model.class_names != NULL)
    view_json(v, "class_names", class_names(p));
  if (!isnan(p->accuracy))
    view_fields(v, NULL, &accuracy_table, p, NULL, NULL);
  view_options(v, settings, "output");
  if (p->settings->output == NULL && v->out == NULL) { /* else they are in the file */
    view_json(v, "outputs", outputs_array(p));
    if (p->model.classes != NULL)
      view_json(v, "predicted", whole_numbers(p->answer, ntk_dataset_samples(p->data)));
  }
  view_environment(v, p->context);
}

static void print_text(const void *what) {
  const prediction *p = what;
  const size_t N = ntk_dataset_samples(p->data);
  if (p->settings->output != NULL) {
    printf("%s of %zu sample%s written to %s\n", p->model.classes != NULL ? "classes" : "outputs",
           N, N == 1 ? "" : "s", p->settings->output);
    return;
  }
  for (size_t i = 0; i < N * p->wide; i++)
    if (p->model.class_names != NULL)
      printf("%s\n", ntk_model_class_name(&p->model, p->answer[i]));
    else
      printf("%.17g%c", p->answer[i], (i + 1) % p->wide == 0 ? '\n' : ' ');
}

const char *predict_right(const prediction *p) {
  return p->model.classes != NULL ? "get the class of their label"
                                  : "have their largest output at the number of their label";
}

static const char *name_of(const void *user, double value, char text[PREDICT_NAME]) {
  (void)text;
  return ntk_model_class_name(&((const prediction *)user)->model, value);
}

static exit_status present(prediction *p) {
  const size_t N = ntk_dataset_samples(p->data);
  const exit_status written = predict_write(p->settings, p->answer, N, p->wide,
                                            p->model.class_names != NULL ? name_of : NULL, p);
  if (written != EXIT_DONE)
    return written;
  if (!isnan(p->accuracy))
    report_note(&p->settings->common, "%.0f of %zu samples %s", p->accuracy * (double)N, N,
                predict_right(p));
  static const present_ways ways = {
      .page = predict_page, .fields = predict_fields, .print = print_text};
  return present_result(&p->settings->common, &ways, p);
}

/* ---- The command ----------------------------------------------------------------------------- */

/* What is of --kernel alone. */
static exit_status check_plain(const predict_settings *settings) {
  const cli_settings *common = &settings->common;
  const struct {
    const char *name;
    bool given;
  } options[] = {{"test", settings->test != NULL},
                 {"test-labels", settings->test_labels != NULL},
                 {"test-samples", settings->test_samples > 0},
                 {"hold-out", settings->hold_out > 0.0},
                 {"ridge", settings->ridge.count > 0},
                 {"time", settings->time.count > 0},
                 {"steps", settings->steps.count > 0},
                 {"lr", settings->lr > 0.0},
                 {"loss", settings->loss != NULL},
                 {"classes", settings->classes != NULL},
                 {"centered", settings->centered},
                 {"save", common->save != NULL},
                 {"overwrite", common->overwrite},
                 {"labels", common->labels != NULL},
                 {"dim", common->dim > 0},
                 {"parameterization", common->parameterization != NULL}};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (options[i].given)
      return report_error(EXIT_INPUT,
                          "--%s needs --kernel, whose it is; without it predict applies "
                          "a network as it is",
                          options[i].name);
  return EXIT_DONE;
}

static exit_status check_predict(const predict_settings *settings) {
  exit_status status = check_plain(settings);
  if (status == EXIT_DONE)
    status = page_check(&settings->common, settings->output);
  return status == EXIT_DONE ? predict_check_output(settings) : status;
}

exit_status command_predict(const void *given) {
  const predict_settings *settings = given;
  if (settings->kernel != NULL)
    return predict_by_kernel(settings);
  prediction p = {.settings = settings, .accuracy = NAN};
  exit_status status = check_predict(settings);
  if (status == EXIT_DONE)
    status = job_context(&settings->common, &p.context);
  if (status == EXIT_DONE)
    status =
        report_fault(ntk_model_load(p.context, settings->common.load, settings->common.activation,
                                    settings->common.layout, &p.model),
                     "load");
  if (status == EXIT_DONE)
    p.columns = ntk_network_width(p.model.networks[0], ntk_network_depth(p.model.networks[0]));
  if (status == EXIT_DONE)
    status = make_data(&p);
  if (status == EXIT_DONE)
    status = compute(&p);
  if (status == EXIT_DONE)
    status = find_accuracy(&p);
  if (status == EXIT_DONE)
    status = present(&p);
  if (p.answer != p.outputs)
    free(p.answer);
  free(p.outputs);
  ntk_dataset_destroy(p.data);
  ntk_model_clear(&p.model);
  ntk_context_destroy(p.context);
  return status;
}
