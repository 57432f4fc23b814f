/* Test data, drawn or of a file, scaled as the training data were, and the labels of both. */
#include "cli/commands/predict_kernel.h"
#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The test data --------------------------------------------------------------------------- */

/* Rows of --test, without the column of labels where it has one, or those that are held out. */
static ntk_rows rows_of(const kernel_run *run) {
  ntk_rows rows = {.label_column = run->column};
  if (run->held == NULL)
    return rows;
  rows = job_rows(&run->settings.common);
  rows.held_out = true;
  return rows;
}

/* How many of the rows are held out, and which. The file of the test data is that of the others. */
static exit_status hold_out(kernel_run *run) {
  predict_settings *settings = &run->settings;
  ntk_rows rows = job_rows(&settings->common);
  size_t drawn = 0, total = 0, d = settings->common.dim;
  if (run->own)
    return report_error(
        EXIT_INPUT,
        "--hold-out: the network in %s was fitted to all rows of its data; expected "
        "--test, or --data",
        settings->common.load);
  const ntk_rows all = {.label_column = rows.label_column};
  ntk_status status = ntk_dataset_select_shape(settings->common.data, &rows, &drawn, &d);
  if (status == NTK_OK)
    status = ntk_dataset_select_shape(settings->common.data, &all, &total, &d);
  if (status != NTK_OK)
    return report_fault(status, "data");
  const double part = settings->hold_out < 1.0 ? settings->hold_out * (double)drawn : 0.0;
  const double M = part > 0.0 ? fmax(1.0, floor(part + 0.5)) : settings->hold_out;
  if (!(M < (double)drawn))
    return report_error(EXIT_INPUT,
                        "--hold-out: %g of %zu rows; expected fewer, so that others are left", M,
                        drawn);
  run->tests = settings->common.hold_out = rows.hold_out = (size_t)M;
  rows.held_out = true;
  run->column = rows.label_column;
  settings->test = settings->common.data;
  run->held = calloc(run->tests, sizeof *run->held);
  if (run->held == NULL)
    return report_error(EXIT_FAILED, "no memory for the numbers of %zu rows", run->tests);
  return report_library(ntk_rows_choose(run->job.context, &rows, total, run->held), "hold-out");
}

exit_status predict_test_shape(kernel_run *run) {
  const predict_settings *settings = &run->settings;
  size_t d = 0;
  run->tests = settings->test_samples;
  if (settings->hold_out > 0.0)
    return hold_out(run);
  if (settings->test == NULL)
    return EXIT_DONE;
  if (run->column == NULL)
    run->column = job_rows(&settings->common).label_column;
  ntk_rows rows = rows_of(run);
  run->tests = 0;
  if (run->column != NULL &&
      ntk_dataset_select_shape(settings->test, &rows, &run->tests, &d) == NTK_OK)
    return EXIT_DONE;
  run->column = NULL; /* a file without it has no labels */
  rows = rows_of(run);
  return report_fault(ntk_dataset_select_shape(settings->test, &rows, &run->tests, &d), "test");
}

/* As the training data were scaled, by their means. */
static exit_status scale(kernel_run *run) {
  const double *means = ntk_dataset_scaling(run->job.data);
  if (run->own || run->by_model)
    return predict_scale_by_model(run, "test", run->settings.test, &run->test);
  return means == NULL ? EXIT_DONE
                       : report_library(ntk_dataset_apply_scaling(run->test, means), "test");
}

/* Columns are those of the training data by their place, and so by their names. */
static exit_status check_columns(const kernel_run *run) {
  if (ntk_dataset_same_columns(run->job.data, run->test))
    return EXIT_DONE;
  return report_error(
      EXIT_INPUT,
      "--test: the heading of %s calls columns otherwise, or in another order, than "
      "that of the training data; expected the same names in the same order, or no heading (of "
      "libsvm: indices from 0, or from 1, in both)",
      run->settings.test);
}

/* Rows and numbers a row; where the column of labels is a number that a file without labels has
 * too, the file's d tells. */
static exit_status find_shape(kernel_run *run, size_t d, size_t *width) {
  ntk_rows rows = rows_of(run);
  *width = d; /* of libsvm, whose last columns may be all 0 */
  if (ntk_dataset_select_shape(run->settings.test, &rows, &run->tests, width) == NTK_OK)
    return EXIT_DONE;
  *width = 0;
  const ntk_status status = ntk_dataset_select_shape(run->settings.test, &rows, &run->tests, width);
  if (status != NTK_OK || run->column == NULL || *width + 1 != d)
    return report_fault(status, "test");
  run->column = NULL;
  rows = rows_of(run);
  *width = 0;
  return report_fault(ntk_dataset_select_shape(run->settings.test, &rows, &run->tests, width),
                      "test");
}

static exit_status read_test(kernel_run *run) {
  const cli_settings *common = &run->settings.common;
  const bool sphere = strcmp(common->scale, "sphere") == 0 && !run->by_model;
  const size_t d = ntk_dataset_dim(run->job.data);
  size_t width = 0;
  exit_status status = find_shape(run, d, &width);
  const ntk_rows rows = rows_of(run);
  if (status == EXIT_DONE && width != d)
    status = report_error(EXIT_INPUT,
                          "--test: the rows of %s have d = %zu, and those of the training data "
                          "d = %zu; they must agree",
                          run->settings.test, width, d);
  if (status == EXIT_DONE)
    status =
        report_fault(ntk_dataset_select(run->job.context, run->settings.test, &rows, d,
                                        sphere ? NTK_SCALE_SPHERE : NTK_SCALE_NONE, &run->test),
                     "test");
  if (status == EXIT_DONE)
    status = check_columns(run);
  if (status == EXIT_DONE && run->held == NULL)
    status = job_note_input(&run->job, run->settings.test);
  return status == EXIT_DONE ? scale(run) : status;
}

/* Rows N, ..., N + M - 1 of the distribution. */
static exit_status draw_test(kernel_run *run) {
  const cli_job *job = &run->job;
  const size_t N = ntk_dataset_samples(job->data), d = ntk_dataset_dim(job->data);
  if (run->tests > SIZE_MAX - N)
    return report_error(EXIT_INPUT, "--test-samples: %zu are too many", run->tests);
  const ntk_status status = ntk_dataset_generate(job->context, run->settings.common.data,
                                                 N + run->tests, d, job->settings->seed, &run->all);
  if (status != NTK_OK)
    return report_library(status, "data");
  return report_library(ntk_dataset_borrow(job->context, ntk_dataset_values(run->all) + N * d,
                                           run->tests, d, &run->test),
                        "test-samples");
}

/* ---- Their labels ---------------------------------------------------------------------------- */

/* Training and test data in one, where they were not drawn so; X: to be freed after it. */
static exit_status stack(const kernel_run *run, double **X, ntk_dataset **all) {
  const cli_job *job = &run->job;
  const size_t N = ntk_dataset_samples(job->data), d = ntk_dataset_dim(job->data);
  const double bytes = 8.0 * ((double)N + (double)run->tests) * (double)d;
  const double available = (double)ntk_memory_available(job->context);
  if (bytes > available)
    return report_error(EXIT_INPUT,
                        "--labels: %s of %zu samples together needs %.3g GB of memory, and %.3g GB "
                        "are available; expected fewer, or --test-labels",
                        job->labels, N + run->tests, 1e-9 * bytes, 1e-9 * available);
  *X = calloc((N + run->tests) * d, sizeof **X);
  if (*X == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu samples together", N + run->tests);
  memcpy(*X, ntk_dataset_values(job->data), N * d * sizeof **X);
  memcpy(*X + N * d, ntk_dataset_values(run->test), run->tests * d * sizeof **X);
  return report_library(ntk_dataset_borrow(job->context, *X, N + run->tests, d, all), "labels");
}

/* Labels of a law, of training and test data together, of which those of the training data are
 * there: a teacher's are scaled over all of them, and so back to these. */
static exit_status share_labels(kernel_run *run, const ntk_dataset *all) {
  const cli_job *job = &run->job;
  const size_t n = labels_outputs(job), N = ntk_dataset_samples(job->data), M = run->tests;
  double *Y = calloc((N + M) * n, sizeof *Y), own = 0.0, together = 0.0;
  run->test_Y = calloc(M * n, sizeof *run->test_Y);
  if (Y == NULL || run->test_Y == NULL) {
    free(Y);
    return report_error(EXIT_FAILED, "no memory for the labels of %zu samples", N + M);
  }
  const exit_status status = report_library(
      ntk_labels_generate(job->context, job->labels, &job->spec, all, job->settings->seed, Y),
      "labels");
  for (size_t i = 0; i < N * n && status == EXIT_DONE; i++) {
    own += run->Y[i] * run->Y[i];
    together += Y[i] * Y[i];
  }
  const double factor = own == together ? 1.0 : sqrt(own / together);
  for (size_t i = 0; i < M * n && status == EXIT_DONE; i++)
    run->test_Y[i] = factor * Y[N * n + i];
  free(Y);
  return status;
}

static exit_status draw_labels(kernel_run *run) {
  double *X = NULL;
  ntk_dataset *stacked = NULL;
  if (run->all != NULL)
    return share_labels(run, run->all);
  exit_status status = stack(run, &X, &stacked);
  if (status == EXIT_DONE)
    status = share_labels(run, stacked);
  ntk_dataset_destroy(stacked);
  free(X);
  return status;
}

/* Where the test labels are; NULL: nowhere. */
static const char *labels_file(const kernel_run *run) {
  const predict_settings *settings = &run->settings;
  ntk_array_info info = {0};
  if (settings->test_labels != NULL)
    return settings->test_labels;
  if (run->held != NULL)
    return run->job.labels;
  if (run->column != NULL)
    return settings->test;
  return ntk_array_shape(settings->test, &info) == NTK_OK && info.labels ? settings->test : NULL;
}

static const char *labels_option(const kernel_run *run) {
  return run->settings.test_labels != NULL ? "test-labels" : "test";
}

/* The row of test sample i in the file of its label, from 1. */
static size_t row_of_label(const kernel_run *run, size_t i) {
  return (run->held != NULL ? run->held[i] : i) + 1;
}

/* Test classes that are words get the numbers of the training data's. */
static exit_status match_words(const kernel_run *run, const char *path,
                               const ntk_class_names *names, double *label) {
  const char *option = labels_option(run);
  const ntk_class_names *known = &run->job.names;
  if ((names->count > 0) != (known->count > 0))
    return report_error(EXIT_INPUT,
                        "--%s: the labels in %s are %s, and those of the training "
                        "data are not",
                        option, path, names->count > 0 ? "words" : "numbers");
  for (size_t i = 0; i < run->tests && names->count > 0; i++) {
    const char *name = names->name[(size_t)label[i]];
    size_t c = 0;
    while (c < known->count && strcmp(known->name[c], name) != 0)
      c++;
    if (c == known->count)
      return report_error(EXIT_INPUT,
                          "--%s: label %zu (from 1) in %s is '%s', which no training "
                          "sample has",
                          option, row_of_label(run, i), path, name);
    label[i] = (double)c;
  }
  return EXIT_DONE;
}

/* Of classes: each one that the training data have. */
static exit_status encode(kernel_run *run, const char *path) {
  const labels_classes *classes = &run->classes;
  const char *option = labels_option(run);
  for (size_t i = 0; i < run->tests; i++) {
    size_t c = 0;
    while (c < classes->count && classes->value[c] != run->test_label[i])
      c++;
    if (c == classes->count)
      return report_error(EXIT_INPUT,
                          "--%s: label %zu (from 1) in %s is %g, a class that no "
                          "training sample has",
                          option, row_of_label(run, i), path, run->test_label[i]);
  }
  return report_library(ntk_classes_encode(run->test_label, run->tests, classes->count,
                                           classes->value, labels_outputs(&run->job),
                                           classes->other, run->test_Y),
                        "classes");
}

static exit_status read_labels(kernel_run *run, const char *path) {
  const size_t n = labels_outputs(&run->job);
  const bool coded = run->classes.encoding != NULL;
  const bool apart = run->settings.test_labels != NULL; /* a file of labels alone */
  const char *column = apart               ? NULL
                       : run->held != NULL ? run->settings.common.label_column
                                           : run->column;
  run->test_Y = calloc(run->tests * n, sizeof *run->test_Y);
  run->test_label = calloc(run->tests, sizeof *run->test_label);
  if (run->test_Y == NULL || run->test_label == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu labels", run->tests);
  exit_status status = apart ? job_note_input(&run->job, path) : EXIT_DONE;
  if (status != EXIT_DONE)
    return status;
  if (n > 1 && !coded)
    return report_library(
        ntk_labels_load_outputs(run->job.context, path, run->test, n, run->test_Y), "test-labels");
  ntk_class_names names = {0};
  status = report_library(
      ntk_labels_load_classes(run->job.context, path, column, run->test, run->test_label, &names),
      labels_option(run));
  if (status == EXIT_DONE)
    status = match_words(run, path, &names, run->test_label);
  if (status == EXIT_DONE && coded)
    status = encode(run, path);
  else if (status == EXIT_DONE)
    memcpy(run->test_Y, run->test_label, run->tests * sizeof *run->test_Y);
  ntk_class_names_clear(&names);
  return status;
}

static exit_status test_labels(kernel_run *run) {
  if (!ntk_labels_in_file(run->job.labels))
    return run->settings.test_labels == NULL ? draw_labels(run)
                                             : read_labels(run, run->settings.test_labels);
  const char *path = labels_file(run);
  if (path == NULL) {
    report_note(&run->settings.common,
                "--test: no labels with %s: there is no test error; --test-labels FILE has them",
                run->settings.test);
    return EXIT_DONE;
  }
  return read_labels(run, path);
}

static exit_status training_labels(kernel_run *run) {
  cli_job *job = &run->job;
  if (run->own_labels != NULL) {
    const exit_status own = predict_own_classes(run);
    if (own != EXIT_DONE || run->classes.encoding != NULL)
      return own;
  }
  if (run->settings.classes != NULL)
    return labels_encode(job, run->settings.classes, &run->classes, &run->Y);
  const exit_status status = labels_make(job, true, &run->Y);
  if (status == EXIT_DONE && job->names.count == 0)
    labels_warn_mean(job, run->Y);
  if (status != EXIT_DONE || job->names.count == 0)
    return status;
  return report_error(EXIT_INPUT,
                      "--labels: those of %s are words, the names of %zu classes; --classes fits "
                      "them",
                      job->labels, job->names.count);
}

exit_status predict_labels(void *what) {
  kernel_run *run = what;
  exit_status status = predict_scale_training(run);
  if (status == EXIT_DONE)
    status = training_labels(run);
  if (status == EXIT_DONE)
    status = run->settings.test != NULL ? read_test(run) : draw_test(run);
  return status == EXIT_DONE ? test_labels(run) : status;
}
