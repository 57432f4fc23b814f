/* --labels: a law to draw from, or a file, that of the data too. */
#ifndef NTK_CLI_LABELS_H
#define NTK_CLI_LABELS_H

#include "cli/run/job.h"
#include "cli/show/view.h"

#include <stdio.h>

/* n_L of the job's network. */
size_t labels_outputs(const cli_job *job);
/* Labels for the job's data, to be freed whatever the status. numbers: N x n_L, with a warning
 * where those of a file look like classes; else N. Words are classes: the job has their names then.
 */
exit_status labels_make(cli_job *job, bool numbers, double **Y);

/* A warning where most of these labels (N x n_L) of a file is their mean, and there are no biases.
 */
void labels_warn_mean(const cli_job *job, const double *Y);

/* Refuses --labels by a law whose labels are not those of --margin, 1 and -1; of a file that is
 * known when it is read. */
exit_status labels_check_margin(const cli_job *job);

/* A class as people call it: by its name, or by its number, which is written into text. */
enum { LABELS_CLASS = 32 };
const char *labels_class(const ntk_class_names *names, double class, char text[LABELS_CLASS]);

/* Classes as what one network is to put out; label, value: owned. */
typedef struct labels_classes {
  const char *encoding; /* of labels_encoding; NULL: the labels are numbers */
  double *label;        /* N: the class of each sample */
  double *value;        /* count of them, ascending */
  size_t count, right;  /* right: samples whose class the network puts out */
  double other;         /* what stands for "not this class": -1, or 0 */
} labels_classes;
/* The names of encodings; NULL past the last: 1 for a sample's class and -1 for others, or 0. */
const char *labels_encoding(size_t i);
/* What the labels of the file say, N x n_L, and their classes; both to be freed whatever the
 * status. */
exit_status labels_encode(cli_job *job, const char *encoding, labels_classes *classes, double **Y);
exit_status labels_count_right(const cli_job *job, labels_classes *classes);
/* "targets" and "class_names", of which predict knows what the outputs say; without encoding
 * nothing. */
void labels_view(result_view *v, const cli_job *job, const labels_classes *classes);
/* The facts of a page: where the labels are, and what classes there are, of a network that puts
 * them out, in the order of its outputs. more: what comes after the first, or "". */
void labels_page(FILE *out, const cli_job *job, const labels_classes *classes, const char *more);
void labels_clear(labels_classes *classes);

#endif
