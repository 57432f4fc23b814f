/* What study run and the reproductions share: running a study with progress on standard error. */
#ifndef NTK_CLI_STUDY_H
#define NTK_CLI_STUDY_H

#include "cli/shell/options.h"
#include "cli/shell/settings.h"
#include "ntkit/study.h"

/* What the commands on studies ask for. */
typedef struct study_settings {
  cli_settings common;
  const char *db, *shard, *progress, *output;
  int workers;
  bool retry, other_build, spec, csv, npz;
  const char *quantity, *x, *group, *where, *band, *slope, *log, *heat, *title, *xlabel, *ylabel;
  size_t size[2]; /* of a figure, pixels; 0: the usual ones */
} study_settings;

/* Their options; other rooms take some of them too, for a struct that begins with a
 * study_settings. */
enum {
  STUDY_DB,
  STUDY_WORKERS,
  STUDY_SHARD,
  STUDY_RETRY,
  STUDY_OTHER_BUILD,
  STUDY_PROGRESS,
  STUDY_SPEC,
  STUDY_CSV,
  STUDY_NPZ,
  STUDY_OUTPUT,
  STUDY_QUANTITY,
  STUDY_X,
  STUDY_GROUP,
  STUDY_WHERE,
  STUDY_BAND,
  STUDY_SLOPE,
  STUDY_SIZE,
  STUDY_LOG,
  STUDY_HEAT,
  STUDY_TITLE,
  STUDY_XLABEL,
  STUDY_YLABEL,
  STUDY_OPTIONS
};
extern const option_row study_options[STUDY_OPTIONS];

#define STUDY(first, last) \
  { study_options + STUDY_##first, STUDY_##last - STUDY_##first + 1 }

exit_status command_study_run(const void *given);
exit_status command_study_status(const void *given);
exit_status command_study_merge(const void *given);
exit_status command_study_export(const void *given);
exit_status command_study_plot(const void *given);
exit_status command_study_fit(const void *given);

/* An ntk_study_progress_fn that draws a line, prints one now and then, or prints JSON; user: a
 * study_reporter. */
typedef struct study_reporter {
  const study_settings *settings;
  double printed; /* elapsed at the last line that stays; -1: none yet */
  bool told;      /* what is new has been said */
} study_reporter;
bool study_report(const ntk_study_progress *progress, void *user);

/* Runs study into database as --workers, --memory, --shard, --retry, --allow-other-build and
 * --progress say; array_job: the task of a Slurm array is a shard. EXIT_DONE, and *status filled,
 * to be released by ntk_study_status_clear; else one line has been printed. */
exit_status study_execute(const study_settings *settings, const ntk_study *study,
                          const char *database, bool array_job, ntk_study_status *status);

/* Options of a run, by --workers, --memory, --retry, --allow-other-build and --progress. reporter:
 * to be kept while it runs. */
ntk_study_options study_run_options(const study_settings *settings, study_reporter *reporter);

/* How far a study is, on standard output, as text or (--json) as an object. */
exit_status study_print_status(const study_settings *settings, const char *database,
                               const ntk_study_status *status);

#endif
