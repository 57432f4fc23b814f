#include "cli/shell/meeting.h"

#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"

#include <stdlib.h>

static ntk_context *meeting; /* NULL: none */

/* All words have to be the same. */
static exit_status compare(const cli_origin *origin) {
  char *line = ranks_line(origin, true);
  const char *asked = line == NULL ? "no memory for a line" : line[0] != '\0' ? line : "no command";
  const ntk_status status =
      ntk_context_agree(meeting, line != NULL ? NTK_OK : NTK_ERR_MEMORY, asked);
  free(line);
  return report_library(status, NULL);
}

exit_status meeting_open(const cli_command *command, const cli_origin *origin) {
  const bool several = command == NULL || command->ranks == RANKS_ALL;
  const bool apart = command != NULL && command->ranks == RANKS_APART;
  if (ranks_count() == 1 || apart)
    return EXIT_DONE;
  progress_begin();
  const ntk_status status = ntk_context_create(&(ntk_context_options){.backend = "auto"}, &meeting);
  if (status == NTK_OK)
    return compare(origin);
  /* Nobody waits, as all have failed, and what one of them does can be done all the same; but where
   * this is a build without MPI another one may have it. */
  return several || ntk_mpi()[0] == '\0' ? report_library(status, NULL) : EXIT_DONE;
}

exit_status meeting_agree(exit_status status) {
  return meeting != NULL ? report_agreed(meeting, status) : status;
}

exit_status meeting_end(exit_status status) {
  status = meeting_agree(status);
  ntk_context_destroy(meeting);
  meeting = NULL;
  return status;
}
