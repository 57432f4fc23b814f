/* --labels: a law to draw from, or a file. */
#ifndef NTK_CLI_LABELS_H
#define NTK_CLI_LABELS_H

#include "cli/run/job.h"

/* N labels for the job's data, to be freed whatever the status; numbers: with a warning where those
 * of a file look like classes. */
exit_status labels_make(cli_job *job, bool numbers, double **Y);

/* Labels that are classes, whole numbers: the different ones, ascending. */
typedef struct label_classes {
  size_t count;
  double *value; /* owned */
} label_classes;

/* Finds the classes among N labels. EXIT_INPUT for a label that is no whole number, or one class
 * alone. */
exit_status labels_classes(const double *Y, size_t N, label_classes *classes);
/* One-against-rest: vector c, at Z + c N, is 1 where Y is class c and -1 elsewhere. To be freed. */
exit_status labels_split(const double *Y, size_t N, const label_classes *classes, double **Z);
/* One of these vectors, into z. */
void labels_target(const double *Y, size_t N, double class, double *z);

#endif
