#include "cli/run/labels.h"

#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "ntkit/data.h"
#include "ntkit/fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More different labels than this are numbers to anyone. */
enum { MOST_CLASSES = 1000 };

/* Labels of a file that look like classes, and are fitted as numbers. */
static exit_status warn_classes(const cli_job *job, const double *Y) {
  const size_t N = ntk_dataset_samples(job->data);
  if (!ntk_labels_in_file(job->labels) || job->names.count > 0)
    return EXIT_DONE;
  double *value = calloc(N, sizeof *value);
  if (value == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu labels", N);
  size_t count = 0;
  const bool classes = ntk_classes_find(Y, N, &count, value) == NTK_OK;
  const bool signs = count == 2 && value[0] == -1.0 && value[1] == 1.0;
  if (classes && count <= MOST_CLASSES && 2 * count <= N && !signs)
    report_warning(
        job->settings,
        "--labels: %zu different whole numbers, %g to %g, as of classes; they are fitted "
        "as numbers; --classes fits them as classes",
        count, value[0], value[count - 1]);
  free(value);
  return EXIT_DONE;
}

static bool has_biases(const ntk_network_spec *spec) {
  bool any = false;
  for (size_t l = 0; spec->bias != NULL && l < spec->depth; l++)
    any = any || spec->bias[l];
  return any;
}

void labels_warn_mean(const cli_job *job, const double *Y) {
  const size_t N = ntk_dataset_samples(job->data), outputs = labels_outputs(job);
  if (!ntk_labels_in_file(job->labels) || has_biases(&job->spec) || N < 2)
    return;
  for (size_t j = 0; j < outputs; j++) {
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < N; i++) {
      sum += Y[i * outputs + j] / (double)N;
      squares += Y[i * outputs + j] / (double)N * Y[i * outputs + j];
    }
    if (sum * sum <= squares / 2.0)
      continue;
    report_warning(job->settings,
                   "labels: most of them is their mean, %.3g, which a network without biases does "
                   "not have; %s, or labels less their mean, would be met better",
                   sum, job->settings->load != NULL ? "one with biases" : "--bias 1");
    return;
  }
}

exit_status labels_check_margin(const cli_job *job) {
  if (ntk_labels_in_file(job->labels) || strcmp(job->labels, "sign") == 0)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--margin needs labels 1 and -1; expected --labels sign or a file, not %s",
                      job->labels);
}

const char *labels_class(const ntk_class_names *names, double class, char text[LABELS_CLASS]) {
  if (class >= 0.0 && class < (double)names->count)
    return names->name[(size_t) class];
  snprintf(text, LABELS_CLASS, "%.17g", class);
  return text;
}

size_t labels_outputs(const cli_job *job) {
  return job->spec.outputs > 0 ? job->spec.outputs : 1;
}

static ntk_status read_labels(cli_job *job, size_t outputs, double *Y) {
  const cli_settings *settings = job->settings;
  if (!ntk_labels_in_file(job->labels))
    return ntk_labels_generate(job->context, job->labels, &job->spec, job->data, settings->seed, Y);
  if (outputs > 1)
    return ntk_labels_load_outputs(job->context, job->labels, job->data, outputs, Y);
  return ntk_labels_load_classes(job->context, job->labels, settings->label_column, job->data, Y,
                                 &job->names);
}

/* Of a file of one label a sample, which a network of several outputs takes as classes alone. */
static exit_status refuse_single(const cli_job *job, size_t outputs) {
  ntk_array_info info = {0};
  if (outputs == 1 || !ntk_labels_in_file(job->labels))
    return EXIT_DONE;
  if (job->settings->label_column == NULL &&
      (ntk_array_shape(job->labels, &info) != NTK_OK || !(info.labels || info.cols == 1)))
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--labels: %s has one label a sample, and the network %zu outputs; expected "
                      "--classes, where these are classes, or a file of N x %zu numbers",
                      job->labels, outputs, outputs);
}

exit_status labels_make(cli_job *job, bool numbers, double **Y) {
  const size_t N = ntk_dataset_samples(job->data), outputs = numbers ? labels_outputs(job) : 1;
  *Y = outputs <= SIZE_MAX / sizeof **Y / N ? calloc(N * outputs, sizeof **Y) : NULL;
  if (*Y == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu labels", N);
  const exit_status single = refuse_single(job, outputs);
  if (single != EXIT_DONE)
    return single;
  const ntk_status status = read_labels(job, outputs, *Y);
  if (status != NTK_OK)
    return report_library(status, "labels");
  const bool new_file =
      ntk_labels_in_file(job->labels) && strcmp(job->labels, job->settings->data) != 0;
  const exit_status noted = new_file ? job_note_input(job, job->labels) : EXIT_DONE;
  return noted == EXIT_DONE && numbers && outputs == 1 ? warn_classes(job, *Y) : noted;
}

/* ---- Classes as targets of one network ------------------------------------------------------- */

static const char *const encodings[] = {"signs", "one-hot"};

const char *labels_encoding(size_t i) {
  return i < sizeof encodings / sizeof encodings[0] ? encodings[i] : NULL;
}

/* Where nothing says how many outputs a network that is drawn has, one for each class; of two, one.
 */
static void choose_outputs(cli_job *job, size_t classes) {
  if (job->settings->outputs == 0 && job->settings->load == NULL && classes > 2)
    job->spec.outputs = classes;
}

exit_status labels_encode(cli_job *job, const char *encoding, labels_classes *classes, double **Y) {
  const size_t N = ntk_dataset_samples(job->data);
  if (!ntk_labels_in_file(job->labels))
    return report_error(EXIT_INPUT,
                        "--classes needs --labels FILE, with the class of each sample; it is %s "
                        "here",
                        job->labels);
  *classes = (labels_classes){.encoding = encoding,
                              .other = strcmp(encoding, encodings[1]) == 0 ? 0.0 : -1.0};
  exit_status status = labels_make(job, false, &classes->label);
  if (status != EXIT_DONE)
    return status;
  classes->value = calloc(N, sizeof(double));
  if (classes->value == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu labels", N);
  status = report_library(ntk_classes_find(classes->label, N, &classes->count, classes->value),
                          "classes");
  if (status != EXIT_DONE)
    return status;
  choose_outputs(job, classes->count);
  const size_t outputs = labels_outputs(job);
  *Y = outputs <= SIZE_MAX / sizeof **Y / N ? calloc(N * outputs, sizeof **Y) : NULL;
  if (*Y == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu labels", N);
  return report_library(ntk_classes_encode(classes->label, N, classes->count, classes->value,
                                           outputs, classes->other, *Y),
                        "classes");
}

exit_status labels_count_right(const cli_job *job, labels_classes *classes) {
  const size_t N = ntk_dataset_samples(job->data), outputs = labels_outputs(job);
  double *F = calloc(N * outputs, sizeof *F), *chosen = calloc(N, sizeof *chosen);
  exit_status status = EXIT_DONE;
  if (F == NULL || chosen == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for the outputs of %zu samples", N);
    status = EXIT_FAILED; /* said twice, for analysers */
  }
  if (status == EXIT_DONE)
    status = report_library(ntk_network_output(job->network, job->data, F), NULL);
  if (status == EXIT_DONE) {
    ntk_classes_decode(F, N, classes->count, classes->value, outputs, classes->other, chosen);
    classes->right = 0;
    for (size_t i = 0; i < N; i++)
      classes->right += chosen[i] == classes->label[i];
  }
  free(chosen);
  free(F);
  return status;
}

typedef struct told_classes {
  labels_classes codes;
  double accuracy;
} told_classes;

#define ROW told_classes
static const ntk_field class_fields[] = {
    VIEW_FIELD(TEXT, "encoding", codes.encoding, "signs: 1 and -1; one-hot: 1 and 0"),
    VIEW_NUMBERS(REALS, "classes", codes.value, codes.count, "labels that are classes, ascending"),
    VIEW_FIELD(WHOLE, "right", codes.right, "samples that are put into their class"),
    VIEW_FIELD(REAL, "accuracy", accuracy, "part of the samples that are"),
};
static const ntk_description class_table = VIEW_TABLE(class_fields);
#undef ROW

/* "classes" would be a folder for each of them, to who reads what memorize saves. */
void labels_view(result_view *v, const cli_job *job, const labels_classes *classes) {
  if (classes->encoding == NULL)
    return;
  const double N = (double)ntk_dataset_samples(job->data);
  const told_classes facts = {*classes, (double)classes->right / N};
  view_fields(v, "targets", &class_table, &facts, NULL, NULL);
  if (job->names.count == 0)
    return;
  json_t *names = json_array(); /* the file may have words that no chosen row has */
  for (size_t c = 0; c < classes->count; c++)
    json_append(&names, json_text(job->names.name[(size_t)classes->value[c]]));
  view_json(v, "class_names", names);
}

void labels_clear(labels_classes *classes) {
  free(classes->label);
  free(classes->value);
  *classes = (labels_classes){0};
}
