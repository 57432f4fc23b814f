/* ntkit selftest: the library's own checks, one line each. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/view.h"

#include <stdio.h>

typedef struct test_report {
  const ntk_context *context;
  bool json;
  json_t *checks; /* array, with json */
  int count, failed;
} test_report;

typedef struct one_check {
  const char *check;
  bool passed;
  double error, bound;
} one_check;

#define ROW one_check
static const ntk_field check_fields[] = {
    VIEW_FIELD(TEXT, "check", check, "what was checked"),
    VIEW_FIELD(FLAG, "passed", passed, "whether error is at most bound"),
    VIEW_FIELD(REAL, "error", error, "found"),
    VIEW_FIELD(REAL, "bound", bound, "allowed"),
};
static const ntk_description check_table = VIEW_TABLE(check_fields);
#undef ROW
#define ROW test_report
static const ntk_field report_fields[] = {
    VIEW_FIELD(INT, "failed", failed, "checks that did not pass"),
};
static const ntk_description report_table = VIEW_TABLE(report_fields);
#undef ROW

static void tell_check(const char *check, bool passed, double error, double bound, void *user) {
  test_report *report = user;
  const one_check row = {check, passed, error, bound};
  report->count++;
  if (report->json)
    json_append(&report->checks, json_object_of(&check_table, &row));
  else
    printf("%-6s %-50s error %-9.2e bound %.2e\n", passed ? "ok" : "FAILED", check, error, bound);
}

static void tell_report(const void *what, result_view *v) {
  const test_report *report = what;
  view_json(v, "checks", report->checks);
  view_fields(v, NULL, &report_table, report, NULL, NULL);
  view_environment(v, report->context);
}

static exit_status command_selftest(const void *given) {
  const cli_settings *settings = given;
  ntk_context *context = NULL;
  exit_status status = job_context(settings, &context);
  if (status != EXIT_DONE)
    return status;
  test_report report = {.context = context, .json = settings->json};
  report.checks = report.json ? json_array() : NULL;
  const ntk_status run = ntk_selftest(context, tell_check, &report, &report.failed);
  if (run != NTK_OK) {
    json_decref(report.checks);
    status = report_library(run, NULL);
  } else {
    if (settings->json)
      status = json_print(view_object(tell_report, &report), EXIT_DONE);
    else
      printf("%d check%s, %d failed\n", report.count, report.count == 1 ? "" : "s", report.failed);
    if (status == EXIT_DONE && report.failed > 0)
      status = report_error(EXIT_FAILED, "selftest: %d of %d checks failed", report.failed,
                            report.count);
  }
  ntk_context_destroy(context);
  return status;
}

const cli_command selftest_command = {
    .name = "selftest",
    .summary = "the library's own checks on this machine",
    .about = "Runs the library's own checks: random numbers, BLAS, activations, the kernel against "
             "an explicit Jacobian, eigenvalues of known matrices, the certificate. Exit status 1 "
             "when one fails.",
    .example = "ntkit selftest",
    .ranks = RANKS_FIRST,
    .options = (const option_part[]){SHARED(THREADS, MEMORY), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_selftest,
};
