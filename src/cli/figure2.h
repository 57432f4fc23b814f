/* The parts of Figure 2. */
#ifndef NTK_CLI_FIGURE2_H
#define NTK_CLI_FIGURE2_H

#include "cli/settings.h"
#include "ntkit/study.h"

/* Prints how long what the database does not hold yet will take. Where that cannot be measured it
 * prints nothing, and the run goes on. */
void figure2_predict(const cli_settings *settings, const ntk_study *study, const char *database);

#endif
