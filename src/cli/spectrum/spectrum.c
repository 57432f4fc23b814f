/* ntkit spectrum. Everything that can be refused is refused before anything large is allocated and
 * before anything is written; the directory of --save is tried before the computation, not after
 * it. */
#include "cli/spectrum/spectrum.h"

#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"

#include <stdlib.h>

const spectrum_settings *spectrum_asked(const cli_job *job) {
  return (const spectrum_settings *)job->settings; /* its first field */
}

static exit_status check_memory(const cli_job *job, const ntk_spectrum_options *options, size_t N) {
  size_t bytes = 0;
  const ntk_status status = ntk_spectrum_memory(job->context, &job->spec, N, options, &bytes);
  return status == NTK_OK ? EXIT_DONE : report_library(status, NULL);
}

/* Data and network, with the sizes checked as soon as they are known. */
static exit_status prepare(cli_job *job, const ntk_spectrum_options *options) {
  exit_status status = job_begin(job->settings, job);
  if (status == EXIT_DONE && !job->from_file)
    status = check_memory(job, options, job->settings->samples);
  if (status == EXIT_DONE)
    status = job_data(job);
  if (status == EXIT_DONE && job->from_file)
    status = check_memory(job, options, ntk_dataset_samples(job->data));
  if (status == EXIT_DONE)
    status = job_network(job);
  if (status == EXIT_DONE)
    status = saved_open(job->settings, &job->folder);
  if (status == EXIT_DONE && job->settings->save != NULL)
    status = spectrum_claim(job);
  return status;
}

/* Rounding in the kernel can keep the residual above what was asked for. */
static void warn_tolerance(const cli_job *job, double wanted, const ntk_spectrum_result *result) {
  if (result->residual_min > 2.0 * wanted * result->lambda_min)
    report_warning(job->settings,
                   "the residual of lambda_min is %.1e of it, limited by rounding; %.1e was wanted",
                   result->residual_min / result->lambda_min, wanted);
}

/* A result that cannot be saved is still printed. */
static exit_status present(cli_job *job, const ntk_spectrum_result *result) {
  exit_status status = job->settings->save != NULL ? spectrum_save(job, result) : EXIT_DONE;
  progress_clear();
  if (job->settings->json) {
    json_t *object = spectrum_json(job, result);
    const exit_status printed = json_print(object);
    if (status == EXIT_DONE)
      status = printed;
    json_decref(object);
  } else {
    spectrum_print(job, result);
  }
  return status;
}

static exit_status compute(cli_job *job, ntk_spectrum_options *options) {
  char *kernel_path = NULL;
  if (options->kernel_path != NULL) {
    kernel_path = saved_staged(&job->folder, "kernel.npy");
    if (kernel_path == NULL)
      return EXIT_FAILED;
    options->kernel_path = kernel_path;
  }
  ntk_spectrum_result result = {0};
  const ntk_status computed = ntk_spectrum(job->context, job->network, job->data, options, &result);
  free(kernel_path);
  if (computed != NTK_OK)
    return report_library(computed, NULL);
  warn_tolerance(job, options->tolerance, &result);
  const exit_status status = present(job, &result);
  ntk_spectrum_clear(&result);
  return status;
}

exit_status command_spectrum(const void *given) {
  const spectrum_settings *settings = given;
  if (settings->save_kernel && settings->common.save == NULL)
    return report_error(EXIT_INPUT, "--save-kernel needs --save DIR, the directory to write into");
  ntk_spectrum_options options = {
      .full = settings->full,
      .per_layer = settings->per_layer,
      .certify = settings->certify,
      .tolerance = settings->tolerance,
      .kernel_path = settings->save_kernel ? "kernel.npy" : NULL, /* its folder comes later */
      .seed = settings->common.seed,
  };
  cli_job job = {.settings = &settings->common};
  exit_status status = prepare(&job, &options);
  if (status == EXIT_DONE)
    status = compute(&job, &options);
  job_end(&job);
  return status;
}
