/* Help in four forms, all from tables: of commands and options, and of the fields of results. Each
 * prints on standard output. */
#ifndef NTK_CLI_HELP_H
#define NTK_CLI_HELP_H

#include "cli/shell/command.h"

void help_program(void);
void help_for(const cli_command *command);
void help_version(void);

/* A man page, as roff. */
void help_manual(void);
/* The reference page of results, as Markdown. */
void help_results(void);
/* A completion script for bash. */
void help_completion(void);

/* "--name", "--name ARGUMENT" or "--name [ARGUMENT]" into text. */
void help_option_head(const option_row *option, size_t size, char *text);
/* The help sentence with the accepted names, the default and "required" added, into text; as of a
 * command, which may not have the option that stands for this one, or (NULL) of all. */
void help_option_body(const option_row *option, const cli_command *command, size_t size,
                      char *text);

#endif
