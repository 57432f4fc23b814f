/* Where one mpirun has started several of this program they meet first, and learn that all were
 * asked for the same and how each of them fares, until they compute: nobody waits for one that has
 * left. Without mpirun, of a study's parts, which know of no other, and
 * once it has ended, a meeting is nothing. */
#ifndef NTK_CLI_MEETING_H
#define NTK_CLI_MEETING_H

#include "cli/shell/command.h"

/* By the words of the command line; command: NULL where these name none. */
exit_status meeting_open(const cli_command *command, const cli_origin *origin);
/* How all of them fare: a failure of one is everybody's, and told once. */
exit_status meeting_agree(exit_status status);
/* The same, and ends it: all of them go their ways, or into a context of theirs. */
exit_status meeting_end(exit_status status);

#endif
