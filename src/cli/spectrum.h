/* ntkit spectrum, in parts: spectrum.c computes, spectrum_text.c and spectrum_json.c present,
 * spectrum_save.c writes files. */
#ifndef NTK_CLI_SPECTRUM_H
#define NTK_CLI_SPECTRUM_H

#include "cli/job.h"
#include "cli/saved.h"
#include "cli/settings.h"
#include "ntkit/ntkit.h"

#include <jansson.h>

/* The table for people, on standard output. */
void spectrum_print(const cli_job *job, const ntk_spectrum_result *result,
                    const saved_files *saved);

/* The object for programs; NULL for want of memory. */
json_t *spectrum_json(const cli_job *job, const ntk_spectrum_result *result,
                      const saved_files *saved);

/* Writes data, weights and what result holds into --save's directory, and lists each file in *saved
 * once it is complete. kernel_path: where the kernel has been written, to be renamed kernel.npy; or
 * NULL. */
exit_status spectrum_save(const cli_job *job, const ntk_spectrum_result *result,
                          const char *kernel_path, saved_files *saved);

#endif
