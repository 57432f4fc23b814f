/* How long Figure 2 will take. */
#ifndef NTK_CLI_REPRODUCE_TIME_H
#define NTK_CLI_REPRODUCE_TIME_H

#include "cli/reproduce/reproduce.h"
#include "ntkit/study.h"

/* Prints how long what the database does not hold yet will take. Where that cannot be measured it
 * prints nothing, and the run goes on. */
void reproduce_time(const reproduce_settings *settings, const ntk_study *study,
                    const char *database);

#endif
