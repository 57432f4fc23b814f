/* A network and a data set as settings ask for them: what every command that computes starts from.
 * The steps are called in order, each only after the one before gave EXIT_DONE; between them a
 * command asks whether the sizes fit. On failure one line has been printed. */
#ifndef NTK_CLI_JOB_H
#define NTK_CLI_JOB_H

#include "cli/run/saved.h"
#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

typedef struct cli_job {
  const cli_settings *settings; /* borrowed */
  bool from_file;
  ntk_context *context;
  ntk_dataset *data;
  ntk_network *network;
  ntk_network_spec spec; /* its arrays are the two below */
  size_t *width;         /* d, n_1, ..., n_{L-1} */
  double *beta;          /* beta_1, ..., beta_L */
  saved_folder folder;   /* of --save; opened by saved_open */
  json_t *inputs;        /* path and hash of each file read, for JSON; NULL: nobody asks, or none */
} cli_job;

/* Whether --data names a file. */
bool job_data_in_file(const cli_settings *settings);

/* Checks what must agree, makes the context and the spec (d is 0 until a file is loaded). *job is
 * to be released by job_end, whatever the status. */
exit_status job_begin(const cli_settings *settings, cli_job *job);
/* Draws or loads the data, and sets what depends on them: d, gamma. */
exit_status job_data(cli_job *job);
/* Notes a file that has been read, when results are to tell of it. */
exit_status job_note_input(cli_job *job, const char *path);
/* Draws the weights. */
exit_status job_network(cli_job *job);
/* Says what of network and data is outside the theory. */
void job_warn(const cli_job *job);
void job_end(cli_job *job);

/* A context as settings ask for it; progress drawn or not, interruption always. */
exit_status job_context(const cli_settings *settings, ntk_context **context);

#endif
