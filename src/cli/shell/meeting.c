#include "cli/shell/meeting.h"

#include "cli/launch/beside.h"
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

/* Before any of them waits in MPI for one that never comes. */
static exit_status look_beside(beside_kind own) {
  beside_tell(own);
  if (own != BESIDE_APART && beside_has(BESIDE_WITHOUT) && ntk_mpi()[0] != '\0')
    return report_error(EXIT_INPUT,
                        "mpirun has started %d of these, and not all of them are of a build with "
                        "MPI; accepted: one build, which 'make mpi' or 'cmake --preset mpi' makes",
                        ranks_count());
  if (own != BESIDE_WITHOUT && beside_has(own == BESIDE_APART ? BESIDE_MEETS : BESIDE_APART))
    return report_error(EXIT_INPUT,
                        "mpirun has started %d of these, some of them for parts of a study and "
                        "some for what all do together; accepted: an mpirun for each of the two",
                        ranks_count());
  return EXIT_DONE;
}

exit_status meeting_open(const cli_command *command, const cli_origin *origin) {
  const bool several = command == NULL || command->ranks == RANKS_ALL;
  const bool apart = command != NULL && command->ranks == RANKS_APART;
  const bool without = ntk_mpi()[0] == '\0';
  if (ranks_count() == 1)
    return EXIT_DONE;
  progress_begin();
  ranks_let_first_speak(true);
  const exit_status beside = look_beside(apart     ? BESIDE_APART
                                         : without ? BESIDE_WITHOUT
                                                   : BESIDE_MEETS);
  if (beside != EXIT_DONE || apart)
    return beside;
  const ntk_status status = ntk_context_create(&(ntk_context_options){.backend = "auto"}, &meeting);
  ranks_let_first_speak(without || (status != NTK_OK && status != NTK_ERR_RANKS));
  if (status == NTK_OK)
    return compare(origin);
  /* Where all have failed nobody waits, and what one of them does can be done all the same; but
   * where this is a build without MPI another one may have it, and what this one alone lacks the
   * others do not know of. */
  return several || without || status != NTK_ERR_RANKS ? report_library(status, NULL) : EXIT_DONE;
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
