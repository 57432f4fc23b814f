/* A network and a data set as settings ask for them: what every command that computes starts from.
 * On failure one line has been printed. */
#ifndef NTK_CLI_JOB_H
#define NTK_CLI_JOB_H

#include "cli/run/saved.h"
#include "cli/shell/settings.h"
#include "ntkit/data.h"
#include "ntkit/io.h"
#include "ntkit/plan.h"

typedef struct cli_job {
  const cli_settings *settings; /* borrowed */
  bool from_file;
  const char *labels;    /* of --labels, or what stands for it when it is not given */
  ntk_class_names names; /* of labels that are words; count 0: they are numbers */
  size_t N;              /* known, as d, before the data are there */
  ntk_context *context;
  ntk_dataset *data;
  ntk_network *network;
  ntk_network_spec spec; /* its arrays are the two below */
  size_t *width;         /* d, n_1, ..., n_{L-1} */
  double *beta;          /* beta_1, ..., beta_L; NULL with --load */
  bool *bias;            /* which layers have one */
  ntk_weights weights;   /* of --load: depth 0 without */
  saved_folder folder;   /* of --save; opened by saved_open */
  json_t *inputs;        /* path and hash of each file read, for JSON; NULL: nobody asks, or none */
} cli_job;

/* The file of the data, where labels lie in it too; NULL: none do. */
const char *job_inside(const cli_settings *settings);
/* The rows of a file that settings ask for. */
ntk_rows job_rows(const cli_settings *settings);
/* The line for rows of d numbers that the network of --load, of that width, does not take. */
exit_status job_refuse_width(const cli_settings *settings, size_t d, size_t width);
/* The first of the options that was given which only a file's rows have; NULL: none. */
const char *job_rows_option(const cli_settings *settings);
/* Refuses these when the data are drawn. */
exit_status job_check_drawn(const cli_settings *settings);

/* Notes a file that has been read, when results are to tell of it. */
exit_status job_note_input(cli_job *job, const char *path);
/* Of --load: opens it and makes the spec, before the data are looked at. */
exit_status job_load(cli_job *job);
/* Notes that a file has arrays which are no part of the network. */
void job_note_left(const cli_settings *settings, const char *path, const ntk_weights *weights);
/* The job's network, drawn or loaded. */
exit_status job_make_network(cli_job *job, ntk_network **network);
/* Says what of network and data is outside the theory, and what else is odd about them. */
void job_warn(const cli_job *job, bool theory);

/* What a command does between the steps; run is its own struct. NULL: nothing. */
typedef struct job_steps {
  exit_status (*begun)(void *run);                  /* the spec is there, the data are not */
  exit_status (*memory)(const void *run, size_t N); /* whether the sizes fit */
  exit_status (*labels)(void *run);                 /* the data are there */
  bool sizes_only;                                  /* no data, nor what comes after them */
  bool no_network;                                  /* the command makes its networks itself */
  bool no_theorem;                                  /* none is asked about: nothing is outside it */
  exit_status (*claim)(const void *run); /* whether --save may write what it is going to */
  const char *other; /* a file that --report must not name, beside those of settings; or NULL */
} job_steps;

/* Context, spec, data, labels, network and folder in this order: sizes, a file's too, are checked
 * before anything large is allocated or read, and the folder of --save is opened and tried. */
exit_status job_prepare(cli_job *job, const job_steps *steps, void *run);
/* What the computation to come takes, for the time left on the line of progress. */
void job_expect(const cli_job *job, const ntk_plan_options *options);
/* Of a check of memory's status: where it does not fit, the plan's answer with the largest N that
 * does. */
exit_status job_fits(const cli_job *job, const ntk_network_spec *spec, ntk_status status,
                     const ntk_plan_options *options);
/* Releases what was prepared, whatever the status, which it returns; of several ranks all return
 * the same. */
exit_status job_end(cli_job *job, exit_status status);

/* A context as settings ask for it; progress drawn or not, interruption always. Of several ranks
 * all make it, and so end where they have met (meeting.h). */
exit_status job_context(const cli_settings *settings, ntk_context **context);

#endif
