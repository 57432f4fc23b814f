/* ntkit selftest: the library's own checks, one line each. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"

#include <stdio.h>

typedef struct test_report {
  bool json;
  json_t *checks; /* array, with json */
  int count;
} test_report;

static void one_check(const char *check, bool passed, double error, double bound, void *user) {
  test_report *report = user;
  report->count++;
  if (!report->json) {
    printf("%-6s %-50s error %-9.2e bound %.2e\n", passed ? "ok" : "FAILED", check, error, bound);
    return;
  }
  json_t *object = json_object();
  json_put(&object, "check", json_text(check));
  json_put(&object, "passed", json_boolean(passed));
  json_put(&object, "error", json_number(error));
  json_put(&object, "bound", json_number(bound));
  json_append(&report->checks, object);
}

static exit_status print_json(ntk_context *context, test_report *report, int failed) {
  json_t *object = json_object();
  json_put(&object, "checks", report->checks);
  json_put(&object, "failed", json_integer(failed));
  json_put(&object, "environment", json_environment(context));
  return json_print(object, EXIT_DONE);
}

static exit_status command_selftest(const void *given) {
  const cli_settings *settings = given;
  ntk_context *context = NULL;
  exit_status status = job_context(settings, &context);
  if (status != EXIT_DONE)
    return status;
  test_report report = {.json = settings->json, .checks = settings->json ? json_array() : NULL};
  int failed = 0;
  const ntk_status run = ntk_selftest(context, one_check, &report, &failed);
  if (run != NTK_OK) {
    json_decref(report.checks);
    status = report_library(run, NULL);
  } else {
    if (settings->json)
      status = print_json(context, &report, failed);
    else
      printf("%d check%s, %d failed\n", report.count, report.count == 1 ? "" : "s", failed);
    if (status == EXIT_DONE && failed > 0)
      status = report_error(EXIT_FAILED, "selftest: %d of %d checks failed", failed, report.count);
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
    .options = (const option_part[]){SHARED(THREADS, MEMORY), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_selftest,
};
