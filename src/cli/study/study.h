/* What study run and the reproductions share: running a study with progress on standard error. */
#ifndef NTK_CLI_STUDY_H
#define NTK_CLI_STUDY_H

#include "cli/shell/settings.h"
#include "ntkit/study.h"

/* An ntk_study_progress_fn that draws a line, prints one now and then, or prints JSON; user: a
 * study_reporter. */
typedef struct study_reporter {
  const cli_settings *settings;
  double printed; /* elapsed at the last line that stays; -1: none yet */
} study_reporter;
bool study_report(const ntk_study_progress *progress, void *user);

/* Runs study into database as --workers, --memory, --shard, --retry, --other-code and --progress
 * say; array_job: the task of a Slurm array is a shard. EXIT_DONE, and *status filled, to be
 * released by ntk_study_status_clear; else one line has been printed. */
exit_status study_execute(const cli_settings *settings, const ntk_study *study,
                          const char *database, bool array_job, ntk_study_status *status);

/* Options of a run, by --workers, --memory, --retry, --other-code and --progress. reporter: to be
 * kept while it runs. */
ntk_study_options study_run_options(const cli_settings *settings, study_reporter *reporter);

/* How far a study is, on standard output, as text or (--json) as an object. */
exit_status study_print_status(const cli_settings *settings, const char *database,
                               const ntk_study_status *status);

#endif
