/* ntkit memorize, in parts: memorize.c computes, memorize_text.c, memorize_fields.c and
 * memorize_page.c present, memorize_save.c writes files and reads them back for the certificate. */
#ifndef NTK_CLI_MEMORIZE_H
#define NTK_CLI_MEMORIZE_H

#include "cli/run/job.h"
#include "cli/run/labels.h"
#include "cli/show/view.h"
#include "ntkit/fit.h"

#include <stdio.h>

typedef struct memorize_settings {
  cli_settings common;
  double eps, margin; /* margin: 0: labels are met */
  bool absolute, iterative, classes;
} memorize_settings;

exit_status command_memorize(const void *given);

typedef struct memorize_output {
  double relative_error, max_error;
  double margin; /* min_i Y_i F_L(x_i), with --margin; else NaN */
} memorize_output;

/* Without --classes there is one network, for the labels as they are. With it there is one for each
 * class, all but for the last hidden layer the same; or, where the network has several outputs, one
 * whose outputs are the classes. */
typedef struct memorize_run {
  const memorize_settings *settings; /* borrowed; the job has what of them is common */
  cli_job job;                       /* its network is networks[0] once that is there */
  ntk_memorize_options options;
  size_t count;                 /* networks */
  double *classes;              /* count, ascending; NULL: one network, without --classes */
  labels_classes coded;         /* of one network of several outputs, with --classes */
  double *Y;                    /* N labels, or classes; of several outputs N x n_L labels */
  double *targets;              /* count x N: what the networks are to put out; of one network, Y */
  memorize_output *output;      /* n_L; NULL: of one output */
  ntk_network **networks;       /* count */
  ntk_memorize_result *results; /* count */
  ntk_fit_error *certificate;   /* count, of the weights as saved; NULL: not saved */
  size_t right;                 /* samples whose class is put out */
  double accuracy;              /* part of the samples whose class is put out; NaN: no classes */
  double seconds;
} memorize_run;

/* The worst and the sums over all networks, and whether each reached what was wanted. */
ntk_memorize_result memorize_overall(const memorize_run *run);
/* ||F_L - Y||_2 of network c, and of the worst. */
double memorize_absolute(const memorize_run *run, size_t c);
double memorize_absolute_worst(const memorize_run *run);
/* memorize_overall of the certificates. */
ntk_fit_error memorize_certificate(const memorize_run *run);

/* The ways to show a memorize_run (cli/show/present.h). The first writes data, labels and weights,
 * reads them back (run->certificate is what they do), and saves them. */
exit_status memorize_save(void *what);
void memorize_page(const void *what, FILE *out);
void memorize_fields(const void *what, result_view *v);
void memorize_print(const void *what);

/* Whether --save may write what it is going to. */
exit_status memorize_claim(const memorize_run *run);
#endif
