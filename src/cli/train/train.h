/* ntkit train, in parts: train.c computes, train_warn.c warns, train_text.c and
 * train_page.c present, train_save.c and train_plot.c write files. */
#ifndef NTK_CLI_TRAIN_H
#define NTK_CLI_TRAIN_H

#include "cli/run/labels.h"
#include "cli/show/view.h"
#include "ntkit/fit.h"
#include "ntkit/verify.h"

#include <stdio.h>

typedef struct train_settings {
  cli_settings common;
  const char *optimizer, *loss, *checkpoint;
  const char *save_track; /* "weights", "kernel"; NULL: not given */
  real_or_name lr;
  double momentum, target, margin, seconds; /* 0: not given */
  size_t epochs, plateau, batch;            /* 0: not given */
  size_t clients, local_steps;              /* 0: not given */
  const char *split, *client_weights;       /* NULL: not given */
  const char *track;                        /* NULL: not given */
  const char *kernel_precision;
  const char *classes; /* NULL: the labels are numbers */
  bool plot, question;
} train_settings;

exit_status command_train(const void *given);

typedef struct train_run {
  const train_settings *settings; /* borrowed; the job has what of them is common */
  cli_job job;
  double *Y;      /* N x n_L labels, owned */
  double *client; /* N: whose a sample is, where a file says, owned; else NULL */
  labels_classes classes;
  char *checkpoint; /* owned; NULL: none */
  ntk_train_options options;
  ntk_train_result result;
  size_t epoch; /* the last one that progress told of, and its loss */
  double loss;
  bool stopped; /* progress was answered by a wish to stop */
} train_run;

/* Says what may surprise: a theory outside its assumptions, a precision that does not suffice, a
 * cost. After data and network are there. */
void train_warn(const train_run *run);

/* The ways to show a train_run (cli/show/present.h). The first saves data, labels, first and last
 * weights, losses, what was tracked, and figures: one that cannot be drawn keeps nothing else from
 * being saved. */
exit_status train_save(void *what);
void train_page(const void *what, FILE *out);
void train_fields(const void *what, result_view *v);
void train_print(const void *what);

/* What is to be said of (20), of (21) and of how far the kernel moved, in a line each, and as what
 * it counts; "" where there is nothing to say. */
enum { TRAIN_LINE = 288 };
ntk_ledger_verdict train_bound(const train_run *run, char text[TRAIN_LINE]);
ntk_ledger_verdict train_condition(const train_run *run, char text[TRAIN_LINE]);
ntk_ledger_verdict train_laziness(const train_run *run, char text[TRAIN_LINE]);

/* Whether the steps are gradient descent's on all samples, which Theorem 4.2 is about. */
bool train_is_theorem(const train_run *run);
/* Whether the network is one of those that the paper speaks of. */
bool train_is_plain(const train_run *run);

/* Whether --save may write what it is going to. */
exit_status train_claim(const train_run *run);
/* Figures: of the losses, of a tracked run of the kernel's spectrum, of clients of their drift; for
 * --plot as DIR/loss.*, DIR/spectrum.* and DIR/drift.*, and in a page. */
exit_status train_plot(train_run *run);
void train_figures(const train_run *run, FILE *out);
/* Name i of the files that train_plot may write, into text; false past the last. */
bool train_figure_name(const train_run *run, size_t i, size_t size, char *text);

#endif
