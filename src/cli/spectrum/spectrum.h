/* ntkit spectrum, in parts: spectrum.c computes, spectrum_text.c and spectrum_json.c present,
 * spectrum_save.c writes files. */
#ifndef NTK_CLI_SPECTRUM_H
#define NTK_CLI_SPECTRUM_H

#include "cli/run/job.h"
#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

#include <jansson.h>

typedef struct spectrum_settings {
  cli_settings common;
  bool full, per_block, certify, save_kernel;
  double tolerance;
} spectrum_settings;

/* What was asked for, from a job of this command. */
const spectrum_settings *spectrum_asked(const cli_job *job);

exit_status command_spectrum(const void *settings);

/* The table for people, on standard output. */
void spectrum_print(const cli_job *job, const ntk_spectrum_result *result);

/* The object for programs; NULL for want of memory. */
json_t *spectrum_json(const cli_job *job, const ntk_spectrum_result *result);

/* Whether --save may write what it is going to. */
exit_status spectrum_claim(const cli_job *job);
/* Saves data, weights and what result holds, beside the kernel, which is in the stage when it was
 * asked for. */
exit_status spectrum_save(cli_job *job, const ntk_spectrum_result *result);

#endif
