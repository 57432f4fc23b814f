/* ntkit verify. What can be refused is refused before anything large is allocated, and the report's
 * file is tried before the computation. */
#include "cli/verify/verify.h"

#include "cli/shell/command.h"
#include "cli/shell/parse.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Counting -------------------------------------------------------------------------------- */

const ntk_ledger_row *verify_count(const verify_view *view, size_t counts[NTK_LEDGER_VERDICTS]) {
  const size_t rows = view->sweep != NULL ? view->sweep->rows : view->ledger->rows;
  const ntk_ledger_row *fails = NULL;
  for (size_t k = 0; k < NTK_LEDGER_VERDICTS; k++)
    counts[k] = 0;
  for (size_t i = 0; i < rows; i++) {
    const ntk_ledger_row *row =
        view->sweep != NULL ? &view->sweep->row[i].ledger : &view->ledger->row[i];
    counts[row->verdict]++;
    if (row->verdict == NTK_LEDGER_FAILS && fails == NULL)
      fails = row;
  }
  return fails;
}

void verify_summary(const size_t counts[NTK_LEDGER_VERDICTS], size_t size, char *text) {
  static const ntk_ledger_verdict order[NTK_LEDGER_VERDICTS] = {
      NTK_LEDGER_FAILS,      NTK_LEDGER_SUSPECT,    NTK_LEDGER_OUTSIDE, NTK_LEDGER_HOLDS,
      NTK_LEDGER_CONSISTENT, NTK_LEDGER_UNRESOLVED, NTK_LEDGER_MEASURED};
  size_t used = 0;
  text[0] = '\0';
  for (size_t k = 0; k < NTK_LEDGER_VERDICTS && used < size; k++)
    if (counts[order[k]] > 0)
      used += (size_t)snprintf(text + used, size - used, "%s%zu %s", used > 0 ? ", " : "",
                               counts[order[k]], ntk_ledger_verdict_name(order[k]));
}

/* ---- Presenting ------------------------------------------------------------------------------ */

static exit_status present(const verify_view *view) {
  static const present_ways ways = {
      .page = verify_page, .fields = verify_fields, .print = verify_print};
  size_t counts[NTK_LEDGER_VERDICTS];
  verify_view shown = *view;
  exit_status status = present_result(&view->settings->study.common, &ways, &shown);
  const ntk_ledger_row *fails = verify_count(view, counts);
  if (fails != NULL && status == EXIT_DONE)
    status = report_error(EXIT_FAILED, "%zu inequalit%s must hold and fail%s, the first: %s",
                          counts[NTK_LEDGER_FAILS], counts[NTK_LEDGER_FAILS] == 1 ? "y" : "ies",
                          counts[NTK_LEDGER_FAILS] == 1 ? "s" : "", fails->name);
  return status;
}

/* ---- One instance ---------------------------------------------------------------------------- */

static exit_status parse_size(size_t option, const char *text, cli_settings *settings) {
  return text == NULL ? EXIT_DONE : parse_value(&shared_options[option], text, settings);
}

/* Sizes as numbers, as other commands have them. sizes->widths is to be freed. */
static exit_status parse_sizes(const verify_settings *settings, cli_settings *sizes) {
  *sizes = settings->study.common;
  sizes->widths = (size_list){0};
  exit_status status = parse_size(OPTION_SAMPLES, settings->samples_text, sizes);
  if (status == EXIT_DONE)
    status = parse_size(OPTION_DIM, settings->dim_text, sizes);
  if (status == EXIT_DONE)
    status = parse_size(OPTION_WIDTHS, settings->widths_text, sizes);
  return status;
}

typedef struct verify_run {
  const verify_settings *settings;
  cli_job job;
  ntk_verify_options options;
  size_t output; /* the one that is measured */
} verify_run;

/* --output, and --population. */
static exit_status check_choices(void *what) {
  verify_run *run = what;
  const size_t outputs = run->job.spec.outputs > 0 ? run->job.spec.outputs : 1;
  const char *text = run->settings->output;
  uint64_t number = 0;
  if (text == NULL && outputs > 1)
    return report_error(EXIT_INPUT,
                        "--output is needed: the proof is of one output, and the network has %zu; "
                        "a whole number from 0 to %zu",
                        outputs, outputs - 1);
  if (text != NULL && ntk_text_whole(text, strlen(text), 0, outputs - 1, &number) != NULL)
    return report_error(EXIT_INPUT,
                        "--output: '%.40s' is none of the network's; accepted: a whole number from "
                        "0 to %zu",
                        text, outputs - 1);
  run->output = (size_t)number;
  if (run->job.from_file && run->options.population > 0)
    return report_error(EXIT_INPUT, "--population: the law of a file's data is not known, and "
                                    "expectations are means over them; leave it out");
  return EXIT_DONE;
}

static exit_status check_memory(const void *what, size_t N) {
  const verify_run *run = what;
  ntk_network_spec spec = run->job.spec;
  size_t bytes = 0;
  spec.outputs = 1;
  return report_library(ntk_verify_memory(run->job.context, &spec, N, &run->options, &bytes), NULL);
}

/* The ledger, and for a page the proved lambda_min that it opens with. */
static exit_status measure(const verify_run *run) {
  const verify_settings *settings = run->settings;
  const cli_job *job = &run->job;
  ntk_ledger ledger = {0};
  ntk_spectrum_result answer = {0};
  ntk_network *one = NULL;
  ntk_status status = NTK_OK;
  if (job->spec.outputs > 1)
    status = ntk_network_select(job->network, run->output, &one);
  const ntk_network *network = one != NULL ? one : job->network;
  if (status == NTK_OK)
    status = ntk_verify(job->context, network, job->data,
                        job->from_file ? NULL : job->settings->data, &run->options, &ledger);
  if (status == NTK_OK && settings->study.common.report != NULL)
    status =
        ntk_spectrum(job->context, network, job->data,
                     &(ntk_spectrum_options){.certify = true, .seed = run->options.seed}, &answer);
  exit_status result = EXIT_DONE;
  if (status == NTK_OK)
    result = present(
        &(verify_view){.settings = settings, .job = job, .ledger = &ledger, .answer = &answer});
  else
    result = report_library(status, NULL);
  ntk_network_destroy(one);
  ntk_spectrum_clear(&answer);
  ntk_ledger_clear(&ledger);
  return result;
}

static exit_status verify_one(const verify_settings *settings) {
  cli_settings sizes;
  exit_status status = parse_sizes(settings, &sizes);
  if (status == EXIT_DONE) {
    verify_run run = {.settings = settings,
                      .job = {.settings = &sizes},
                      .options = {.population = settings->population,
                                  .spectra = settings->study.common.report != NULL,
                                  .seed = sizes.seed}};
    const job_steps steps = {.begun = check_choices, .memory = check_memory};
    status = job_prepare(&run.job, &steps, &run);
    run.options.spec = sizes.load == NULL ? &run.job.spec : NULL; /* of a law to draw by */
    if (status == EXIT_DONE && run.job.from_file)
      report_warning(&sizes,
                     "the law of the data is not known: expectations over X are means over the %zu "
                     "samples themselves",
                     ntk_dataset_samples(run.job.data));
    if (status == EXIT_DONE)
      status = measure(&run);
    status = job_end(&run.job, status);
  }
  free(sizes.widths.values);
  return status;
}

/* ---- The command ----------------------------------------------------------------------------- */

/* What belongs to a sweep, and the page's file. */
static exit_status check_verify(const verify_settings *settings) {
  if (settings->sweep == NULL) {
    const char *option = settings->study.db != NULL    ? "db"
                         : settings->trials > 0        ? "trials"
                         : settings->study.workers > 0 ? "workers"
                         : settings->study.retry       ? "retry"
                         : settings->study.other_build ? "allow-other-build"
                                                       : NULL;
    if (option != NULL)
      return report_error(EXIT_INPUT, "--%s needs --sweep NAME=VALUES, the sizes to measure at",
                          option);
  }
  if (settings->sweep != NULL && settings->study.common.load != NULL)
    return report_error(EXIT_INPUT, "--sweep draws networks of several sizes; expected no --load");
  if (settings->population > 0 && settings->population < NTK_LEAST_POPULATION)
    return report_error(EXIT_INPUT,
                        "--population: %zu is too small; expected a whole number from "
                        "%d",
                        settings->population, NTK_LEAST_POPULATION);
  return page_check(&settings->study.common, settings->study.db);
}

exit_status command_verify(const void *given) {
  const verify_settings *settings = given;
  exit_status status = check_verify(settings);
  if (status != EXIT_DONE)
    return status;
  return settings->sweep != NULL ? sweep_run(settings, present) : verify_one(settings);
}
