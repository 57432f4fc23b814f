/* What ntkit limit and ntkit spectrum --infinite-width share: the kernel of infinite width, shown.
 */
#ifndef NTK_CLI_LIMIT_H
#define NTK_CLI_LIMIT_H

#include "cli/run/job.h"
#include "cli/show/view.h"
#include "ntkit/limit.h"

#include <stdio.h>

typedef struct limit_settings {
  cli_settings common;
  bool covariance, per_block, certify;
  double tolerance;
} limit_settings;

typedef struct limit_run {
  cli_job job;
  ntk_limit_options options;
  ntk_limit_result result;
} limit_run;

/* Both ends with residuals, and what is proved, one a line. */
void limit_print_ends(const ntk_limit_result *result);
/* K's distance, and its blocks'. */
void limit_print_distances(const ntk_limit_result *limit);

/* Of the command: its fields, its page and its lines. */
void limit_fields(const void *what, result_view *v);
void limit_page(const void *what, FILE *out);
void limit_print(const void *what);
/* On the page of spectrum: the limit's answer, and how far each block is from it. */
void limit_page_beside(const ntk_limit_result *result, FILE *out);

#endif
