/* ntkit limit: the command, its options, and what it shows. */
#include "cli/spectrum/limit.h"

#include "cli/run/job_show.h"
#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/show/present.h"
#include "ntkit/describe.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK "limit_block%zu.npy"
static const char *const whole_name = "limit.npy";

static exit_status check_options(void *what) {
  const limit_run *run = what;
  const limit_settings *settings = (const limit_settings *)run->job.settings;
  if (settings->covariance && settings->per_block)
    return report_error(EXIT_INPUT, "--per-block is of the NTK's blocks, and --covariance has "
                                    "none; accepted: one of them");
  return EXIT_DONE;
}

static exit_status check_memory(const void *what, size_t N) {
  const limit_run *run = what;
  size_t bytes = 0;
  return report_library(
      ntk_limit_memory(run->job.context, &run->job.spec, N, &run->options, &bytes), NULL);
}

static size_t blocks_of(const limit_run *run) {
  return run->options.covariance ? 0 : run->job.spec.depth;
}

static exit_status claim(const void *what) {
  const limit_run *run = what;
  const saved_folder *folder = &run->job.folder;
  exit_status status = saved_claim_data(folder);
  if (status == EXIT_DONE)
    status = saved_claim(folder, "eigenvector.npy");
  if (status == EXIT_DONE)
    status = saved_claim(folder, whole_name);
  for (size_t k = 0; status == EXIT_DONE && k < blocks_of(run); k++) {
    char name[SAVED_NAME];
    snprintf(name, sizeof name, BLOCK, k);
    status = saved_claim(folder, name);
  }
  return status;
}

void limit_fields(const void *what, result_view *v) {
  const limit_run *run = what;
  job_view_begin(v, &run->job);
  view_options(v, run->job.settings, "seed covariance");
  view_fields(v, NULL, ntk_describe("ntk_limit_result"), &run->result, NULL, NULL);
  job_view_end(v, &run->job);
}

static exit_status save(void *what) {
  limit_run *run = what;
  saved_folder *folder = &run->job.folder;
  exit_status status = saved_add(folder, whole_name);
  for (size_t k = 0; status == EXIT_DONE && k < blocks_of(run); k++) {
    char name[SAVED_NAME];
    snprintf(name, sizeof name, BLOCK, k);
    status = saved_add(folder, name);
  }
  if (status == EXIT_DONE)
    status = saved_data(folder, run->job.data);
  if (status == EXIT_DONE && run->result.eigenvector != NULL)
    status =
        saved_array(folder, "eigenvector.npy", run->result.eigenvector, run->result.samples, 0);
  if (status != EXIT_DONE)
    return status;
  saved_announce(folder);
  return saved_finish(folder, view_object(limit_fields, run));
}

/* ---- The command ----------------------------------------------------------------------------- */

static exit_status compute(limit_run *run) {
  cli_job *job = &run->job;
  char *path = NULL;
  if (job->settings->save != NULL) {
    path = saved_staged(&job->folder, whole_name);
    if (path == NULL)
      return EXIT_FAILED;
    run->options.kernel_path = path;
    if (!run->options.covariance)
      run->options.block_path = ntk_saving_stage(job->folder.saving);
  }
  const ntk_status computed =
      ntk_limit_spectrum(job->context, &job->spec, job->data, &run->options, &run->result);
  free(path);
  if (computed != NTK_OK)
    return report_library(computed, NULL);
  static const present_ways ways = {save, limit_page, limit_fields, limit_print};
  const exit_status status = present_result(job->settings, &ways, run);
  ntk_limit_clear(&run->result);
  return status;
}

static exit_status command_limit(const void *given) {
  const limit_settings *settings = given;
  limit_run run = {.job = {.settings = &settings->common},
                   .options = {.covariance = settings->covariance,
                               .per_block = settings->per_block,
                               .certify = settings->certify,
                               .tolerance = settings->tolerance,
                               .seed = settings->common.seed}};
  const job_steps steps = {
      .begun = check_options, .memory = check_memory, .no_theorem = true, .claim = claim};
  exit_status status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE)
    status = compute(&run);
  return job_end(&run.job, status);
}

#define FIELD(name) offsetof(limit_settings, name)

static const option_row own[] = {
    {.name = "covariance",
     .kind = KIND_FLAG,
     .field = FIELD(covariance),
     .help = "Of the outputs (NNGP) instead of the NTK: E F_L F_L^T over weights and biases."},
    {.name = "per-block",
     .kind = KIND_FLAG,
     .field = FIELD(per_block),
     .help = "The smallest eigenvalue of the limit of every block K_k as well."},
    {.name = "certify",
     .kind = KIND_FLAG,
     .field = FIELD(certify),
     .help = "Prove bounds of the smallest eigenvalue of the limit as stored, rounding errors "
             "included. One more factorisation."},
    {.name = "tolerance",
     .kind = KIND_REAL,
     .field = FIELD(tolerance),
     .argument = "TOL",
     .fallback = "1e-6",
     .item = "the tolerance",
     .expected = "a number > 0 and < 1, like 1e-6",
     .help = "Wanted ||A v - lambda v|| / lambda. The relative error of lambda is near its square "
             "over the relative gap."},
    {.name = "save",
     .kind = KIND_PATH,
     .field = FIELD(common.save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write limit.npy and, of each block K_k, limit_block0.npy, ..., all N x N, X.npy "
             "(after scaling), eigenvector.npy and result.json (what --json prints) into DIR."},
};

const cli_command limit_command = {
    .name = "limit",
    .summary = "the kernel that K tends to as the hidden layers grow wide",
    .about =
        "The limit of the NTK at infinite width (Jacot et al., 2018), of each block K_k and of "
        "their sum, or the covariance of the outputs: its smallest and largest eigenvalue, "
        "each with its true residual. It is told times the factors that K grows by at the "
        "widths given, so that it stands beside K; 'spectrum --infinite-width' has both. "
        "docs/limit.md "
        "has the formulas and how exact they are.",
    .example = "ntkit limit --samples 2000 --dim 500 --widths 500,500",
    .options = (const option_part[]){SHARED(DATA, DIM),
                                     SHARED(WIDTHS, SCALE),
                                     SHARED(BIAS, PARAMETERIZATION),
                                     OPTION_PART(own),
                                     SHARED(OVERWRITE, OVERWRITE),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(limit_settings),
    .run = command_limit,
};
