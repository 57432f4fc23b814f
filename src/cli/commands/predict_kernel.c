/* ntkit predict --kernel: kernel regression by the network's own kernel, or by its limit of
 * infinite width. Data, labels and network are those of the other commands, by run/job.c. */
#include "cli/commands/predict_kernel.h"
#include "cli/run/job_show.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Before the computation ------------------------------------------------------------------ */

/* Where the test data come from. */
static exit_status check_test(const predict_settings *settings) {
  const bool held = settings->hold_out > 0.0;
  if (settings->test == NULL && settings->test_samples == 0 && !held)
    return report_error(EXIT_INPUT, "--test is needed: a file with the samples to predict for, one "
                                    "a row (or --hold-out M, some of the data; of drawn data "
                                    "--test-samples M)");
  if ((settings->test != NULL) + (settings->test_samples > 0) + held > 1)
    return report_error(EXIT_INPUT, "--%s and --%s: expected one of them",
                        settings->test != NULL ? "test" : "test-samples",
                        held ? "hold-out" : "test-samples");
  if (held && settings->hold_out >= 1.0 && settings->hold_out != floor(settings->hold_out))
    return report_error(EXIT_INPUT,
                        "--hold-out: %g is no whole number; expected one from 1, or a part of the "
                        "rows, as 0.2",
                        settings->hold_out);
  if (settings->test_labels != NULL && settings->test == NULL)
    return report_error(EXIT_INPUT, "--test-labels needs --test FILE, whose labels they are; those "
                                    "of --test-samples are drawn");
  return EXIT_DONE;
}

static exit_status check_settings(const predict_settings *settings) {
  const bool times = settings->time.count > 0 || settings->steps.count > 0;
  if (settings->time.count > 0 && settings->steps.count > 0)
    return report_error(EXIT_INPUT, "--time is of gradient flow and --steps of gradient descent; "
                                    "expected one of them");
  if (settings->ridge.count > 0 && settings->ridge.values[settings->ridge.count - 1] > 0.0 && times)
    return report_error(EXIT_INPUT,
                        "--ridge and --%s: gradient descent has no ridge; expected one "
                        "of them",
                        settings->time.count > 0 ? "time" : "steps");
  if ((settings->steps.count > 0) != (settings->lr > 0.0))
    return report_error(EXIT_INPUT, settings->lr > 0.0 ? "--lr needs --steps T, how many there are"
                                                       : "--steps needs --lr ETA, their size");
  if (settings->common.load != NULL && strcmp(settings->kernel, "limit") == 0)
    return report_error(EXIT_INPUT,
                        "--load: a limit is of the law that weights are drawn from, and "
                        "a file has but weights; expected --widths, --init, ...");
  return check_test(settings);
}

static const size_t MOST_STEPS = (size_t)1 << 53;

/* Numbers of a list, which grow. */
static exit_status check_growth(const char *option, const double *values, size_t count) {
  for (size_t t = 1; t < count; t++)
    if (!(values[t] > values[t - 1]))
      return report_error(EXIT_INPUT, "--%s: %g follows %g; expected numbers that grow", option,
                          values[t], values[t - 1]);
  return EXIT_DONE;
}

static exit_status make_options(kernel_run *run) {
  const predict_settings *s = &run->settings;
  const size_t times = s->time.count + s->steps.count;
  const bool several = s->ridge.count > 1;
  run->options = (ntk_regression_options){
      .ridge = s->ridge.count == 1 ? s->ridge.values[0] : 0.0,
      .ridge_list = several ? s->ridge.values : NULL,
      .ridges = several ? s->ridge.count : 0,
      .centered = s->centered,
      .loss = s->loss,
      .times = times,
      .lr = s->lr,
      .seed = s->common.seed,
  };
  if (times == 0)
    return check_growth("ridge", s->ridge.values, s->ridge.count);
  run->time = calloc(times, sizeof *run->time);
  if (run->time == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu times", times);
  for (size_t t = 0; t < times; t++) {
    run->time[t] = s->time.count > 0 ? s->time.values[t] : (double)s->steps.values[t];
    if (s->steps.count > 0 && s->steps.values[t] > MOST_STEPS)
      return report_error(EXIT_INPUT,
                          "--steps: %zu is beyond what a double counts; expected up to "
                          "%zu",
                          s->steps.values[t], MOST_STEPS);
  }
  run->options.time = run->time;
  return check_growth(s->time.count > 0 ? "time" : "steps", run->time, times);
}

/* The spec is there, the data are not. */
static exit_status begun(void *what) {
  kernel_run *run = what;
  const cli_settings *common = &run->settings.common;
  if (strcmp(run->settings.kernel, "limit") == 0)
    run->options.limit = &run->job.spec;
  if (run->job.from_file && !ntk_labels_in_file(run->job.labels) && common->labels == NULL)
    return report_error(EXIT_INPUT,
                        "--labels is needed with --data %s, in which there are none (or "
                        "--label-column, of a text)",
                        common->data);
  if (run->job.from_file && run->settings.test_samples > 0)
    return report_error(EXIT_INPUT, "--test-samples is for drawn data; of %s expected --test FILE",
                        common->data);
  if (!run->job.from_file && run->settings.hold_out > 0.0)
    return report_error(EXIT_INPUT, "--hold-out is for files; of %s data expected --test-samples M",
                        common->data);
  return predict_test_shape(run);
}

static exit_status check_memory(const void *what, size_t N) {
  const kernel_run *run = what;
  size_t bytes = 0;
  return report_library(
      ntk_regression_memory(run->job.context, &run->job.spec, N, run->tests, &run->options, &bytes),
      NULL);
}

/* ---- After it -------------------------------------------------------------------------------- */

/* The class that each test sample's outputs say, and how many training samples have theirs. */
static exit_status choose(kernel_run *run) {
  labels_classes *classes = &run->classes;
  if (classes->encoding == NULL)
    return EXIT_DONE;
  const double N = (double)run->result.samples;
  classes->right = (size_t)(run->result.chosen.train_accuracy * N + 0.5);
  run->chosen = calloc(run->tests, sizeof *run->chosen);
  if (run->chosen == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu samples", run->tests);
  ntk_classes_decode(run->result.prediction, run->tests, classes->count, classes->value,
                     run->result.outputs, classes->other, run->chosen);
  return EXIT_DONE;
}

/* Labels that code classes, and test labels of which some are none of the code. */
static void note_labels(const kernel_run *run) {
  const ntk_regression_point *chosen = &run->result.chosen;
  if (run->test_Y != NULL && !isnan(chosen->train_accuracy) && isnan(chosen->test_accuracy))
    report_warning(&run->settings.common,
                   "--%s: its labels are not those of the training data (1 and -1, or 1 and 0): no "
                   "accuracy, and the error is of other labels",
                   run->settings.test_labels != NULL ? "test-labels" : "test");
}

static const char *name_of(const void *user, double value, char text[PREDICT_NAME]) {
  return labels_class(&((const kernel_run *)user)->job.names, value, text);
}

static exit_status write_output(const kernel_run *run) {
  const bool chosen = run->chosen != NULL;
  return predict_write(&run->settings, chosen ? run->chosen : run->result.prediction, run->tests,
                       chosen ? 1 : run->result.outputs, chosen ? name_of : NULL, run);
}

/* The option whose number the library's line is about; NULL: none was given. */
static const char *option_at_fault(const kernel_run *run) {
  const char *option = ntk_error_last().option;
  if (option != NULL && strcmp(option, "time") == 0 && run->settings.steps.count > 0)
    return "steps";
  if (option != NULL && strcmp(option, "ridge") == 0 && run->settings.ridge.count == 0)
    return NULL; /* what is asked for, not what was given */
  return option;
}

static exit_status compute(kernel_run *run) {
  static const present_ways ways = {.save = predict_kernel_save,
                                    .page = predict_kernel_page,
                                    .fields = predict_kernel_fields,
                                    .print = predict_kernel_print};
  const bool limit = run->options.limit != NULL;
  run->options.test_labels = run->test_Y;
  const ntk_status computed =
      ntk_regression(run->job.context, limit ? NULL : run->job.network, run->job.data, run->Y,
                     run->test, &run->options, &run->result);
  if (computed != NTK_OK)
    return report_library(computed, option_at_fault(run));
  note_labels(run);
  exit_status status = choose(run);
  if (status == EXIT_DONE)
    status = write_output(run);
  if (status == EXIT_DONE)
    status = present_result(run->job.settings, &ways, run);
  ntk_regression_clear(&run->result);
  return status;
}

static exit_status end(kernel_run *run, exit_status status) {
  ntk_dataset_destroy(run->test);
  ntk_dataset_destroy(run->all);
  status = job_end(&run->job, status);
  free(run->Y);
  free(run->test_Y);
  free(run->test_label);
  free(run->chosen);
  free(run->time);
  free(run->held);
  free(run->own_data);
  free(run->own_labels);
  labels_clear(&run->classes);
  return status;
}

exit_status predict_by_kernel(const predict_settings *settings) {
  kernel_run run = {.settings = *settings};
  run.job.settings = &run.settings.common;
  exit_status status = check_settings(settings);
  if (status == EXIT_DONE)
    status = predict_own_data(&run);
  predict_leave_column(&run);
  if (status == EXIT_DONE)
    status = predict_check_output(&run.settings);
  run.scale_given = run.settings.common.scale != NULL;
  if (!run.scale_given)
    run.settings.common.scale = "none";
  if (run.settings.loss == NULL)
    run.settings.loss = "half-sum";
  if (status == EXIT_DONE)
    status = make_options(&run);
  const job_steps steps = {.begun = begun,
                           .memory = check_memory,
                           .labels = predict_labels,
                           .no_theorem = true,
                           .claim = predict_kernel_claim,
                           .other = settings->output};
  if (status == EXIT_DONE)
    status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE)
    status = compute(&run);
  return end(&run, status);
}
