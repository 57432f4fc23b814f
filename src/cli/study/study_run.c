/* ntkit study run. */
#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/study/study.h"
#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>

/* i/n, both whole numbers, 1 <= i <= n. */
static exit_status parse_shard(const char *text, ntk_study_options *options) {
  const char *slash = strchr(text, '/');
  uint64_t shard = 0, shards = 0;
  if (slash != NULL && ntk_text_whole(slash + 1, strlen(slash + 1), 1, 1000000, &shards) == NULL &&
      ntk_text_whole(text, (size_t)(slash - text), 1, shards, &shard) == NULL) {
    options->shard = (size_t)shard;
    options->shards = (size_t)shards;
    return EXIT_DONE;
  }
  return report_error(EXIT_INPUT, "--shard: '%.40s'; expected i/n, as 2/8: part 2 of 8", text);
}

/* A whole number from the environment; false when it is not there or none. */
static bool variable(const char *name, uint64_t *value) {
  const char *text = getenv(name);
  return text != NULL && ntk_text_whole(text, strlen(text), 0, 1000000000, value) == NULL;
}

/* The variable that says that this is one task of an array job, of Slurm or of a scheduler that
 * does not tell every task of how many it is one; NULL: none does. */
static const char *array_task(void) {
  static const struct {
    const char *name, *none; /* none: its text outside an array */
  } tasks[] = {{"SLURM_ARRAY_TASK_ID", ""},
               {"PBS_ARRAY_INDEX", ""},
               {"PBS_ARRAYID", ""},
               {"SGE_TASK_ID", "undefined"},
               {"LSB_JOBINDEX", "0"}};
  for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
    const char *text = getenv(tasks[i].name);
    if (text != NULL && text[0] != '\0' && strcmp(text, tasks[i].none) != 0)
      return tasks[i].name;
  }
  return NULL;
}

/* The task of a Slurm array job is a shard of it: --array=1-8 or 0-70:10, say. Of another array
 * every task would do the whole study. */
static exit_status array_shard(const study_settings *settings, ntk_study_options *options) {
  uint64_t id = 0, first = 0, last = 0, count = 0, step = 1;
  const char *task = array_task();
  if (task == NULL)
    return EXIT_DONE;
  if (!variable("SLURM_ARRAY_TASK_ID", &id) || !variable("SLURM_ARRAY_TASK_MIN", &first) ||
      !variable("SLURM_ARRAY_TASK_MAX", &last) || !variable("SLURM_ARRAY_TASK_COUNT", &count))
    return report_error(EXIT_INPUT,
                        "%s is '%.20s': one task of an array job, and of how many is not known; "
                        "give --shard i/n, its part of the study, or 1/1 for all of it",
                        task, getenv(task));
  if (!variable("SLURM_ARRAY_TASK_STEP", &step) || step == 0)
    step = 1;
  if (id < first || last < id || (last - first) / step + 1 != count || (id - first) % step != 0)
    return report_error(EXIT_INPUT, "this Slurm array has gaps: give --shard i/n, the part of the "
                                    "study that this task is to do");
  options->shard = (size_t)((id - first) / step + 1);
  options->shards = (size_t)count;
  report_warning(&settings->common, "this is task %llu of a Slurm array: shard %zu/%zu",
                 (unsigned long long)id, options->shard, options->shards);
  return EXIT_DONE;
}

ntk_study_options study_run_options(const study_settings *settings, study_reporter *reporter) {
  *reporter = (study_reporter){.settings = settings, .printed = -1.0};
  return (ntk_study_options){
      .workers = settings->workers,
      .memory_limit = settings->common.memory,
      .retry = settings->retry,
      .other_code = settings->other_build,
      .progress = study_report,
      .progress_user = reporter,
  };
}

exit_status study_execute(const study_settings *settings, const ntk_study *study,
                          const char *database, bool array_job, ntk_study_status *status) {
  study_reporter reporter;
  ntk_study_options options = study_run_options(settings, &reporter);
  if (settings->shard != NULL) {
    const exit_status parsed = parse_shard(settings->shard, &options);
    if (parsed != EXIT_DONE)
      return parsed;
  } else if (array_job) {
    const exit_status found = array_shard(settings, &options);
    if (found != EXIT_DONE)
      return found;
  }
  progress_start(settings->common.quiet);
  const ntk_status result = ntk_study_run(study, database, &options, status);
  progress_clear();
  if (result == NTK_ERR_CANCELLED)
    ntk_study_status_clear(status);
  return report_library(result, NULL);
}

static exit_status refuse_ranks(void) {
  return report_error(EXIT_INPUT,
                      "mpirun has started %d of these, and each would do the whole study; "
                      "accepted: one without mpirun, or a part for each: sh -c 'ntkit study run "
                      "... --shard $((OMPI_COMM_WORLD_RANK + 1))/%d --db "
                      "part$OMPI_COMM_WORLD_RANK.db' (of srun SLURM_PROCID)",
                      ranks_count(), ranks_count());
}

exit_status command_study_run(const void *given) {
  const study_settings *settings = given;
  ntk_study *study = NULL;
  ntk_study_status status = {0};
  if (settings->shard != NULL) /* then each knows its part, and of no other */
    ranks_part();
  else if (ranks_count() > 1)
    return refuse_ranks();
  progress_let_signals_kill(true); /* of its data every byte is read, for their fingerprint */
  const ntk_status loaded = ntk_study_load(settings->common.operand[0],
                                           (const char *const *)(settings->common.operand + 1),
                                           settings->common.operands - 1, &study);
  progress_let_signals_kill(false);
  if (loaded != NTK_OK)
    return report_library(loaded, NULL);
  exit_status result = study_execute(settings, study, settings->db, true, &status);
  ntk_study_destroy(study);
  if (result != EXIT_DONE)
    return result;
  result = study_print_status(settings, settings->db, &status);
  if (result == EXIT_DONE && status.failed > 0)
    result = report_error(EXIT_FAILED,
                          "%zu trial%s failed, the last one: %s; --retry computes them "
                          "again",
                          status.failed, status.failed == 1 ? "" : "s", status.last_error);
  if (status.builds > 1)
    report_warning(&settings->common, "%s holds trials of %zu different builds or machines",
                   settings->db, status.builds);
  ntk_study_status_clear(&status);
  return result;
}
