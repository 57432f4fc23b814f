#include "cli/run/labels.h"

#include "cli/shell/report.h"
#include "ntkit/data.h"
#include "ntkit/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers of doubles up to here are all different. */
static const double LARGEST_CLASS = 0x1p53;
/* More different labels than this are numbers to anyone. */
enum { MOST_CLASSES = 1000 };

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

/* The first label that is no whole number; N when there is none. */
static size_t first_broken(const double *Y, size_t N) {
  size_t i = 0;
  while (i < N && Y[i] == floor(Y[i]) && fabs(Y[i]) <= LARGEST_CLASS)
    i++;
  return i;
}

/* The different labels, ascending. */
static exit_status find_classes(const double *Y, size_t N, label_classes *classes) {
  double *value = calloc(N + 1, sizeof *value); /* not of 0 bytes, for analysers */
  if (value == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu labels", N);
  for (size_t i = 0; i < N; i++)
    value[i] = Y[i] + 0.0; /* no -0 */
  qsort(value, N, sizeof *value, by_value);
  size_t count = 1;
  for (size_t i = 1; i < N; i++)
    if (value[i] != value[count - 1])
      value[count++] = value[i];
  *classes = (label_classes){count, value};
  return EXIT_DONE;
}

/* Labels of a file that look like classes, and are fitted as numbers. */
static exit_status warn_classes(const cli_job *job, const double *Y) {
  const size_t N = ntk_dataset_samples(job->data);
  label_classes found = {0};
  if (!ntk_labels_in_file(job->settings->labels) || first_broken(Y, N) < N)
    return EXIT_DONE;
  const exit_status status = find_classes(Y, N, &found);
  const size_t count = found.count;
  const double *value = found.value;
  const bool signs = count == 2 && value[0] == -1.0 && value[1] == 1.0;
  if (count > 1 && count <= MOST_CLASSES && 2 * count <= N && !signs)
    report_warning(
        job->settings,
        "--labels: %zu different whole numbers, %g to %g, as of classes; they are fitted "
        "as numbers: 'ntkit memorize --classes' has a network for each class",
        count, value[0], value[count - 1]);
  free(found.value);
  return status;
}

exit_status labels_make(cli_job *job, bool numbers, double **Y) {
  const cli_settings *settings = job->settings;
  const size_t N = ntk_dataset_samples(job->data);
  *Y = calloc(N, sizeof **Y);
  if (*Y == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu labels", N);
  const bool in_file = ntk_labels_in_file(settings->labels);
  const ntk_status status = in_file
                                ? ntk_labels_load(job->context, settings->labels, job->data, *Y)
                                : ntk_labels_generate(job->context, settings->labels, &job->spec,
                                                      job->data, settings->seed, *Y);
  if (status != NTK_OK)
    return report_library(status, "labels");
  const exit_status noted = in_file ? job_note_input(job, settings->labels) : EXIT_DONE;
  return noted == EXIT_DONE && numbers ? warn_classes(job, *Y) : noted;
}

exit_status labels_classes(const double *Y, size_t N, label_classes *classes) {
  const size_t broken = first_broken(Y, N);
  if (broken < N)
    return report_error(EXIT_INPUT,
                        "--classes: label %zu (from 1) is %.17g; expected whole numbers, the "
                        "classes",
                        broken + 1, Y[broken]);
  const exit_status status = find_classes(Y, N, classes);
  if (status == EXIT_DONE && classes->count < 2)
    return report_error(EXIT_INPUT, "--classes: every label is %.17g; expected two classes or more",
                        classes->value[0]);
  return status;
}

void labels_target(const double *Y, size_t N, double class, double *z) {
  for (size_t i = 0; i < N; i++)
    z[i] = Y[i] == class ? 1.0 : -1.0;
}

exit_status labels_split(const double *Y, size_t N, const label_classes *classes, double **Z) {
  const size_t count = classes->count;
  *Z = count <= SIZE_MAX / sizeof **Z / N ? calloc(count * N, sizeof **Z) : NULL;
  if (*Z == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu classes of %zu labels", count, N);
  for (size_t c = 0; c < count; c++)
    labels_target(Y, N, classes->value[c], *Z + c * N);
  return EXIT_DONE;
}
