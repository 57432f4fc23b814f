/* The sweep of ntkit verify: what --sweep asks for, as a scaling sweep. */
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/study/study.h"
#include "cli/verify/verify.h"

#include <stdlib.h>
#include <string.h>

/* "NAME=VALUES" apart; *name is to be freed. */
static exit_status split(const verify_settings *s, char **name, const char **values) {
  const char *equals = strchr(s->sweep, '=');
  if (equals == NULL || equals == s->sweep || equals[1] == '\0')
    return report_error(EXIT_INPUT, "--sweep: '%.60s'; expected NAME=VALUES, as d=50,100,200",
                        s->sweep);
  *name = strndup(s->sweep, (size_t)(equals - s->sweep));
  *values = equals + 1;
  if (*name != NULL)
    return EXIT_DONE;
  (void)report_error(EXIT_FAILED, "no memory for the sweep");
  return EXIT_FAILED; /* said twice, for analysers */
}

/* What goes with the variable, and what does not. */
static exit_status check_sweep(const verify_settings *s, const char *variable) {
  const char *twice = strcmp(variable, "d") == 0 && s->dim_text != NULL       ? "dim"
                      : strcmp(variable, "N") == 0 && s->samples_text != NULL ? "samples"
                                                                              : NULL;
  if (twice != NULL)
    return report_error(EXIT_INPUT, "--%s: it is the sweep's variable; leave one of them out",
                        twice);
  if (strcmp(variable, "N") != 0 && s->samples_text == NULL)
    return report_error(EXIT_INPUT,
                        "--samples is needed with --sweep: a number, or an expression "
                        "of %s",
                        variable);
  const char *rows = job_rows_option(&s->study.common);
  if (rows != NULL)
    return report_error(EXIT_INPUT, "--%s is not for --sweep; leave it out", rows);
  if (s->study.common.gamma > 0)
    return report_error(EXIT_INPUT, "--gamma is not for --sweep; leave it out");
  if (s->study.common.outputs > 1 || s->output != NULL)
    return report_error(EXIT_INPUT,
                        "--%s is not for --sweep, whose networks have one output; leave it out",
                        s->output != NULL ? "output" : "outputs");
  return EXIT_DONE;
}

/* The database of --db, or none: the trials are kept in memory. */
static exit_status run_sweep(const verify_settings *s, const ntk_sweep_spec *spec,
                             ntk_sweep *sweep) {
  study_reporter reporter;
  const ntk_study_options options = study_run_options(&s->study, &reporter);
  progress_start(s->study.common.quiet);
  const ntk_status status = ntk_sweep_run(spec, s->study.db, &options, sweep);
  progress_clear();
  if (status != NTK_OK)
    return report_library(status, NULL);
  if (sweep->status.failed > 0)
    report_warning(&s->study.common, "%zu trials failed, the last one: %s", sweep->status.failed,
                   sweep->status.last_error);
  return EXIT_DONE;
}

exit_status sweep_run(const verify_settings *settings,
                      exit_status (*present)(const verify_view *view)) {
  char *variable = NULL;
  ntk_sweep_spec spec = {.samples = settings->samples_text,
                         .dim = settings->dim_text,
                         .widths = settings->widths_text,
                         .activation = settings->study.common.activation,
                         .init = settings->study.common.init,
                         .data = settings->study.common.data,
                         .scale = settings->study.common.scale,
                         .beta = settings->study.common.beta.values,
                         .betas = settings->study.common.beta.count,
                         .bias = settings->study.common.bias,
                         .parameterization = settings->study.common.parameterization,
                         .population = settings->population,
                         .trials = settings->trials,
                         .seed = settings->study.common.seed};
  ntk_sweep sweep = {0};
  exit_status status = split(settings, &variable, &spec.values);
  spec.variable = variable;
  if (status == EXIT_DONE && variable != NULL)
    status = check_sweep(settings, variable);
  if (status == EXIT_DONE)
    status = run_sweep(settings, &spec, &sweep);
  if (status == EXIT_DONE)
    status = present(&(verify_view){.settings = settings, .sweep = &sweep, .spec = &spec});
  const size_t failed = sweep.status.failed;
  if (failed > 0 && status == EXIT_DONE)
    status = report_error(EXIT_FAILED,
                          "%zu trial%s failed; with --db FILE, 'ntkit study status' "
                          "tells why and --retry computes them again",
                          failed, failed == 1 ? "" : "s");
  ntk_sweep_clear(&sweep);
  free(variable);
  return status;
}
