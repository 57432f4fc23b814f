/* What ntkit limit and ntkit spectrum --infinite-width share: the kernel of infinite width, shown.
 */
#ifndef NTK_CLI_LIMIT_H
#define NTK_CLI_LIMIT_H

#include "cli/run/job.h"
#include "ntkit/limit.h"

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

#endif
