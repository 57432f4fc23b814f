#include "cli/run/labels.h"

#include "cli/shell/report.h"
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
        "as numbers: 'ntkit memorize --classes' has a network for each class",
        count, value[0], value[count - 1]);
  free(value);
  return EXIT_DONE;
}

const char *labels_class(const ntk_class_names *names, double class, char text[LABELS_CLASS]) {
  if (class >= 0.0 && class < (double)names->count)
    return names->name[(size_t) class];
  snprintf(text, LABELS_CLASS, "%.17g", class);
  return text;
}

exit_status labels_make(cli_job *job, bool numbers, double **Y) {
  const cli_settings *settings = job->settings;
  const size_t N = ntk_dataset_samples(job->data);
  if (job->spec.outputs > 1) /* labels are one number a sample here */
    return report_error(EXIT_INPUT,
                        "--load: the network has %zu outputs, and labels are one number a sample; "
                        "expected a network of one output",
                        job->spec.outputs);
  *Y = calloc(N, sizeof **Y);
  if (*Y == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu labels", N);
  const bool in_file = ntk_labels_in_file(job->labels);
  const ntk_status status =
      in_file ? ntk_labels_load_classes(job->context, job->labels, settings->label_column,
                                        job->data, *Y, &job->names)
              : ntk_labels_generate(job->context, job->labels, &job->spec, job->data,
                                    settings->seed, *Y);
  if (status != NTK_OK)
    return report_library(status, "labels");
  const bool new_file = in_file && strcmp(job->labels, settings->data) != 0;
  const exit_status noted = new_file ? job_note_input(job, job->labels) : EXIT_DONE;
  return noted == EXIT_DONE && numbers ? warn_classes(job, *Y) : noted;
}
