#include "cli/show/present.h"

#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/show/json.h"
#include "cli/show/page.h"

exit_status present_result(const cli_settings *settings, const present_ways *ways, void *what) {
  exit_status status = settings->save != NULL ? ways->save(what) : EXIT_DONE;
  if (!ranks_speaks())
    return status;
  progress_clear();
  if (!progress_settle())
    return EXIT_INTERRUPTED;
  const exit_status written =
      settings->report != NULL ? page_save(settings, ways->page, what) : EXIT_DONE;
  status = status == EXIT_DONE ? written : status;
  if (settings->json)
    return json_print(view_object(ways->fields, what), status);
  ways->print(what);
  if (settings->report != NULL && written == EXIT_DONE)
    printf("report      %s\n", settings->report);
  return status;
}
