/* --labels: a law to draw from, or a file, that of the data too. */
#ifndef NTK_CLI_LABELS_H
#define NTK_CLI_LABELS_H

#include "cli/run/job.h"

/* N labels for the job's data, to be freed whatever the status; numbers: with a warning where those
 * of a file look like classes. Words are classes: the job has their names then. */
exit_status labels_make(cli_job *job, bool numbers, double **Y);

/* A class as people call it: by its name, or by its number, which is written into text. */
enum { LABELS_CLASS = 32 };
const char *labels_class(const ntk_class_names *names, double class, char text[LABELS_CLASS]);

#endif
