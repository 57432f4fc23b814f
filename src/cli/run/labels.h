/* --labels: a law to draw from, or a file. */
#ifndef NTK_CLI_LABELS_H
#define NTK_CLI_LABELS_H

#include "cli/run/job.h"

/* N labels for the job's data, to be freed whatever the status; numbers: with a warning where those
 * of a file look like classes. */
exit_status labels_make(cli_job *job, bool numbers, double **Y);

#endif
