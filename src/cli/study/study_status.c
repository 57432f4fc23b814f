/* ntkit study status, ntkit study merge. */
#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/study/study.h"

#include <stdio.h>

static exit_status print_json(const char *database, const ntk_study_status *s) {
  json_t *object = json_object();
  const ntk_description *table = ntk_study_describe("ntk_study_status");
  json_put_fields(&object, table, s, "name", "name");
  json_put(&object, "database", json_text(database));
  json_put_fields(&object, table, s, "points", NULL);
  return json_print(object, EXIT_DONE);
}

exit_status study_print_status(const study_settings *settings, const char *database,
                               const ntk_study_status *s) {
  if (settings->common.json)
    return print_json(database, s);
  char time[32];
  progress_duration(s->seconds, sizeof time, time);
  printf("%s: %zu of %zu trials done", s->name, s->done, s->total);
  if (s->failed > 0)
    printf(", %zu failed", s->failed);
  if (s->partial > 0)
    printf(", %zu lack a quantity", s->partial);
  if (s->done < s->total)
    printf(", %.0f %% of the cost", 100.0 * s->fraction);
  if (s->valueless > 0)
    printf("\n  %zu trial%s without a value of some quantity: %s", s->valueless,
           s->valueless == 1 ? "" : "s", s->why_valueless);
  printf("\n  %zu points, %zu trial%s each; %s of computing on one thread\n", s->points, s->trials,
         s->trials == 1 ? "" : "s", time);
  printf("  database %s\n", database);
  return EXIT_DONE;
}

exit_status command_study_status(const void *given) {
  const study_settings *settings = given;
  ntk_study_status status = {0};
  const ntk_status read = ntk_study_status_read(settings->common.operand[0], &status);
  if (read != NTK_OK)
    return report_library(read, NULL);
  exit_status result = EXIT_DONE;
  if (settings->spec)
    fputs(status.spec, stdout);
  else
    result = study_print_status(settings, settings->common.operand[0], &status);
  if (!settings->spec && !settings->common.json && status.failed > 0)
    printf("  last failure: %s\n", status.last_error);
  ntk_study_status_clear(&status);
  return result;
}

exit_status command_study_merge(const void *given) {
  const study_settings *settings = given;
  if (settings->output == NULL)
    return report_error(EXIT_INPUT, "--output is needed: -o FILE.db, the database to write");
  ntk_status status =
      ntk_study_merge((const char *const *)settings->common.operand, settings->common.operands,
                      settings->other_build, settings->output);
  ntk_study_status merged = {0};
  if (status == NTK_OK)
    status = ntk_study_status_read(settings->output, &merged);
  if (status != NTK_OK)
    return report_library(status, NULL);
  const exit_status printed = study_print_status(settings, settings->output, &merged);
  ntk_study_status_clear(&merged);
  return printed;
}
