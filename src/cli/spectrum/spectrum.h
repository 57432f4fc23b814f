/* ntkit spectrum, in parts: spectrum.c computes, spectrum_text.c and
 * spectrum_page.c present, spectrum_law.c has the laws, spectrum_save.c writes files. */
#ifndef NTK_CLI_SPECTRUM_H
#define NTK_CLI_SPECTRUM_H

#include "cli/draw/figure.h"
#include "cli/run/job.h"
#include "cli/shell/settings.h"
#include "cli/show/view.h"
#include "ntkit/laws.h"
#include "ntkit/limit.h"
#include "ntkit/ntkit.h"

#include <stdio.h>

typedef struct spectrum_settings {
  cli_settings common;
  bool full, per_block, certify, resolve, save_kernel, save_blocks, limit;
  double tolerance;
  size_t vectors; /* 0: not given */
  size_list prefixes;
  bool density;
  size_t probes, steps; /* 0: not given */
  const char *output;   /* trace, all, or the number of one */
  const char *method;
  const char *law; /* NULL: not asked for */
} spectrum_settings;

exit_status command_spectrum(const void *given);

/* What was asked for, from a job of this command. */
const spectrum_settings *spectrum_asked(const cli_job *job);

typedef struct spectrum_run {
  cli_job job;
  ntk_spectrum_options options;
  ntk_spectrum_result result;
  bool selected;          /* of one output, */
  size_t output;          /* this one */
  ntk_law_result law;     /* where it was asked for */
  ntk_limit_result limit; /* of --infinite-width, or cleared */
} spectrum_run;

/* The ways to show a spectrum_run (cli/show/present.h). The first saves data, weights and what the
 * result holds, beside the kernel, which is in the stage when it was asked for. */
exit_status spectrum_save(void *what);
void spectrum_page(const void *what, FILE *out);
void spectrum_fields(const void *what, result_view *v);
/* Whose kernel it is, of several outputs; "" of one. */
enum { SPECTRUM_WHOSE = 96 };
const char *spectrum_whose(const spectrum_run *run, char text[SPECTRUM_WHOSE]);
/* How lambda_min was found, where that is not by a factor of K; else "". */
const char *spectrum_method(const spectrum_run *run);
void spectrum_print(const void *what);
/* How many of all eigenvalues are up to each one above from and up to `to`, for FIGURE_STEPS; how
 * many points, in an array to be freed. */
size_t spectrum_steps(const ntk_spectrum_result *r, double from, double to, figure_point **point);

/* spectrum_law.c. --law: whether what it needs is asked for; what is refused once the job is known;
 * the law; its lines, and its part of the page. */
exit_status spectrum_law_check(const spectrum_settings *settings);
exit_status spectrum_law_allowed(const spectrum_run *run);
ntk_status spectrum_law_find(spectrum_run *run, const ntk_network *network);
void spectrum_law_print(const ntk_law_result *law);
void spectrum_law_page(const spectrum_run *run, FILE *out);

/* Whether --save may write what it is going to. */
exit_status spectrum_claim(const cli_job *job);
#endif
