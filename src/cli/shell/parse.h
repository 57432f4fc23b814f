/* From the command line to settings, by the table of options. */
#ifndef NTK_CLI_PARSE_H
#define NTK_CLI_PARSE_H

#include "cli/shell/command.h"

/* Reads argv[1...] for a command, defaults first, into its settings, which are 0 before. On failure
 * one line has been printed. Either way *settings is to be released by settings_clear. */
exit_status parse_arguments(const cli_command *command, int argc, char **argv,
                            cli_settings *settings);
void settings_clear(const cli_command *command, cli_settings *settings);

/* Puts the text of one option into its field. On failure one line has been printed and the field is
 * as it was. */
exit_status parse_value(const option_row *option, const char *text, void *settings);

#endif
