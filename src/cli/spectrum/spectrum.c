/* ntkit spectrum. Everything that can be refused is refused before anything large is allocated and
 * before anything is written; the directory of --save is tried before the computation, not after
 * it. */
#include "cli/spectrum/spectrum.h"

#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const spectrum_settings *spectrum_asked(const cli_job *job) {
  return (const spectrum_settings *)job->settings; /* its first field */
}

/* What --infinite-width does not go with. */
static exit_status check_limit(const spectrum_run *run) {
  const spectrum_settings *settings = spectrum_asked(&run->job);
  if (!settings->limit)
    return EXIT_DONE;
  if (ntk_context_environment(run->job.context).ranks > 1)
    return report_error(EXIT_INPUT,
                        "--infinite-width takes one process; accepted: ntkit without mpirun");
  if (settings->common.load != NULL)
    return report_error(
        EXIT_INPUT,
        "--infinite-width needs the law of the weights, and those of --load have "
        "none that is known; accepted: --widths, --activation and --init, without --load");
  if (strcmp(settings->output, "all") == 0)
    return report_error(EXIT_INPUT,
                        "--infinite-width is of one output, or of their mean; accepted: --output "
                        "trace or a number");
  return EXIT_DONE;
}

/* --output of a number: which. */
static exit_status choose_output(void *what) {
  spectrum_run *run = what;
  const size_t outputs = run->job.spec.outputs > 0 ? run->job.spec.outputs : 1;
  const char *text = spectrum_asked(&run->job)->output;
  uint64_t number = 0;
  run->selected = ntk_text_whole(text, strlen(text), 0, outputs - 1, &number) == NULL;
  run->output = (size_t)number;
  const exit_status limit = check_limit(run);
  if (limit != EXIT_DONE)
    return limit;
  if (run->selected || ntk_outputs_parse(text, &run->options.outputs) == NTK_OK)
    return spectrum_law_allowed(run);
  return report_error(EXIT_INPUT,
                      "--output: '%s' is none of the network's; accepted: trace, all, or a whole "
                      "number from 0 to %zu",
                      text, outputs - 1);
}

static exit_status check_memory(const void *what, size_t N) {
  const spectrum_run *run = what;
  ntk_network_spec spec = run->job.spec;
  size_t bytes = 0;
  spec.outputs = run->selected ? 1 : spec.outputs;
  const ntk_status status = ntk_spectrum_memory(run->job.context, &spec, N, &run->options, &bytes);
  return job_fits(&run->job, &spec, status, &(ntk_plan_options){.spectrum = run->options});
}

static exit_status claim(const void *run) {
  return spectrum_claim(&((const spectrum_run *)run)->job);
}

/* Rounding in the kernel can keep the residual above what was asked for. */
static void warn_tolerance(const cli_job *job, double wanted, const ntk_spectrum_result *result) {
  if (result->rounds == 0 && result->residual_min > 2.0 * wanted * result->lambda_min)
    report_warning(job->settings,
                   "the residual of lambda_min is %.1e of it, limited by rounding; %.1e was wanted",
                   result->residual_min / result->lambda_min, wanted);
}

/* Whether the options are for what may take long; then what it is, before the flops. */
static const char *long_way(const ntk_spectrum_options *options, const ntk_plan *plan,
                            const ntk_plan_method *m) {
  const bool by = strcmp(options->method, "operator") == 0 ||
                  (plan->chosen != NULL && strcmp(plan->chosen, m->name) == 0);
  return options->resolve                         ? "lambda_min from J"
         : strcmp(m->name, "operator") == 0 && by ? "without K, by products until it converges"
                                                  : NULL;
}

/* What a search by products, or rounds, may take is said before it begins, where that is long. */
static void note_long(const cli_job *job, const ntk_spectrum_options *options) {
  static const double LONG = 60.0, MANY = 5e12; /* seconds; flops, where no rate is kept */
  const ntk_plan_options o = {.spectrum = *options, .calibration = NTK_CALIBRATE_KEPT};
  ntk_plan plan = {0};
  char time[40];
  if (ntk_plan_make(job->context, &job->spec, job->N, &o, &plan) != NTK_OK)
    return;
  for (size_t i = 0; i < plan.methods; i++) {
    const ntk_plan_method *m = &plan.method[i];
    const char *how = long_way(options, &plan, m);
    if (how == NULL || !(m->seconds > LONG || (isnan(m->seconds) && m->flops > MANY)))
      continue;
    progress_duration(m->seconds, sizeof time, time);
    report_note(job->settings, "%s: %.1e flops%s%s%s%s", how, m->flops,
                isnan(m->seconds) ? "" : ", ", isnan(m->seconds) ? "" : time,
                options->resolve ? ", " : " by a guess that may be wrong by several times",
                options->resolve ? plan.reason : "");
  }
  ntk_plan_clear(&plan);
}

/* The limit beside the result, of a network of this spec. */
static ntk_status find_limit(spectrum_run *run, const ntk_network *network) {
  const cli_job *job = &run->job;
  const ntk_limit_options options = {.per_block = run->options.per_block,
                                     .certify = run->options.certify,
                                     .tolerance = run->options.tolerance,
                                     .seed = run->options.seed,
                                     .network = network};
  if (!spectrum_asked(job)->limit)
    return NTK_OK;
  return ntk_limit_spectrum(job->context, &job->spec, job->data, &options, &run->limit);
}

static exit_status compute(spectrum_run *run) {
  cli_job *job = &run->job;
  ntk_spectrum_options *options = &run->options;
  char *kernel_path = NULL;
  if (options->kernel_path != NULL) {
    kernel_path = saved_staged(&job->folder, "kernel.npy");
    if (kernel_path == NULL)
      return EXIT_FAILED;
    options->kernel_path = kernel_path;
  }
  if (spectrum_asked(job)->save_blocks)
    options->block_path = ntk_saving_stage(job->folder.saving);
  ntk_spectrum_result *result = &run->result;
  ntk_network *one = NULL;
  ntk_status computed = NTK_OK;
  if (run->selected)
    computed = ntk_network_select(job->network, run->output, &one);
  if (strcmp(options->method, "operator") != 0) /* of which the number of products is not known */
    job_expect(job, &(ntk_plan_options){.spectrum = *options});
  note_long(job, options);
  if (computed == NTK_OK)
    computed =
        ntk_spectrum(job->context, one != NULL ? one : job->network, job->data, options, result);
  if (computed == NTK_OK)
    computed = spectrum_law_find(run, one != NULL ? one : job->network);
  if (computed == NTK_OK)
    computed = find_limit(run, one != NULL ? one : job->network);
  ntk_network_destroy(one);
  free(kernel_path);
  if (computed != NTK_OK) {
    ntk_law_clear(&run->law);
    ntk_spectrum_clear(result);
    return report_library(computed, NULL);
  }
  warn_tolerance(job, options->tolerance, result);
  static const present_ways ways = {spectrum_save, spectrum_page, spectrum_fields, spectrum_print};
  const exit_status status = present_result(job->settings, &ways, run);
  ntk_law_clear(&run->law);
  ntk_limit_clear(&run->limit);
  ntk_spectrum_clear(result);
  return status;
}

exit_status command_spectrum(const void *given) {
  const spectrum_settings *settings = given;
  if ((settings->save_kernel || settings->save_blocks) && settings->common.save == NULL)
    return report_error(EXIT_INPUT, "--save-%s needs --save DIR, the directory to write into",
                        settings->save_kernel ? "kernel" : "blocks");
  if ((settings->probes > 0 || settings->steps > 0) && !settings->density)
    return report_error(EXIT_INPUT, "--%s needs --density, whose number it is",
                        settings->probes > 0 ? "probes" : "steps");
  if (spectrum_law_check(settings) != EXIT_DONE)
    return EXIT_INPUT;
  spectrum_run run = {
      .job = {.settings = &settings->common},
      .options =
          {
              .full = settings->full,
              .per_block = settings->per_block,
              .certify = settings->certify,
              .resolve = settings->resolve,
              .tolerance = settings->tolerance,
              .kernel_path =
                  settings->save_kernel ? "kernel.npy" : NULL, /* their folder comes later */
              .block_path = settings->save_blocks ? "." : NULL,
              .vectors = settings->vectors,
              .density = settings->density,
              .prefixes = settings->prefixes.values,
              .prefix_count = settings->prefixes.count,
              .probes = settings->probes,
              .steps = settings->steps,
              .seed = settings->common.seed,
              .precision = settings->common.precision,
              .method = settings->method,
          },
  };
  const job_steps steps = {.begun = choose_output, .memory = check_memory, .claim = claim};
  exit_status status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE)
    status = compute(&run);
  return job_end(&run.job, status);
}
