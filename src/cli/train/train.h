/* ntkit train, in parts: train.c computes, train_check.c refuses and warns, train_text.c and
 * train_json.c present, train_save.c and train_plot.c write files. */
#ifndef NTK_CLI_TRAIN_H
#define NTK_CLI_TRAIN_H

#include "cli/run/job.h"
#include "ntkit/fit.h"

#include <jansson.h>

typedef struct train_settings {
  cli_settings common;
  const char *optimizer, *loss, *checkpoint;
  real_or_name lr;
  double momentum, target, seconds; /* 0: not given */
  size_t epochs, plateau, track;    /* 0: not given */
  bool plot;
} train_settings;

exit_status command_train(const void *settings);

typedef struct train_run {
  const train_settings *settings; /* borrowed; the job has what of them is common */
  cli_job job;
  double *Y;        /* N labels, owned */
  char *checkpoint; /* owned; NULL: none */
  ntk_train_options options;
  size_t epoch; /* the last one that progress told of, and its loss */
  double loss;
  bool stopped; /* progress was answered by a wish to stop */
} train_run;

/* What settings ask for that does not go together. */
exit_status train_check(const train_settings *settings);
/* Says what may surprise: a theory outside its assumptions, a precision that does not suffice, a
 * cost. After data and network are there. */
void train_warn(const train_run *run);

/* The table for people, on standard output. */
void train_print(const train_run *run, const ntk_train_result *result);
/* The object for programs; NULL for want of memory. */
json_t *train_json(const train_run *run, const ntk_train_result *result);

/* Whether --save may write what it is going to. */
exit_status train_claim(const train_run *run);
/* Saves data, labels, first and last weights, losses, what was tracked, and figures. A figure that
 * cannot be drawn keeps nothing else from being saved. */
exit_status train_save(train_run *run, const ntk_train_result *result);

/* Figures of --plot: DIR/loss.* and, of a tracked run, DIR/spectrum.* */
exit_status train_plot(train_run *run, const ntk_train_result *result);
/* Name i of the files that train_plot may write, into text; false past the last. */
bool train_figure_name(const train_run *run, size_t i, size_t size, char *text);

#endif
