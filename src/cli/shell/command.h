/* A command is a row with its options, in a room of its own; table.c lists them. */
#ifndef NTK_CLI_COMMAND_H
#define NTK_CLI_COMMAND_H

#include "cli/shell/options.h"
#include "cli/shell/settings.h"

/* Who does it where mpirun has started several of these (ranks.h). */
typedef enum cli_ranks {
  RANKS_NONE,  /* it is refused */
  RANKS_ALL,   /* all of them */
  RANKS_APART, /* each a part of its own, by words of its own, without the others */
  RANKS_FIRST  /* rank 0; the others end */
} cli_ranks;

typedef struct cli_command {
  const char *name;     /* one word, or two: "study run" */
  const char *summary;  /* one line, no full stop */
  const char *about;    /* a paragraph for --help and the man page */
  const char *example;  /* a command line to start from */
  const char *operands; /* the words it takes besides options, as help shows them; NULL: none */
  size_t least, most;   /* how many of them */
  cli_ranks ranks;
  const option_part *options; /* in the order of help */
  size_t size;                /* of its settings, a struct that begins with a cli_settings */
  exit_status (*run)(const void *settings);
} cli_command;

/* The program's commands, up to NULL. */
extern const cli_command *const cli_commands[];

/* Row i of them, NULL past the end. */
const cli_command *command_at(size_t i);
const char *command_name(size_t i);
/* The command that the first one or two of `count` words name, and how many they are; NULL when
 * there is none: then the caller reports command_unknown. */
const cli_command *command_find(size_t count, char *const *words, size_t *used);
exit_status command_unknown(size_t count, char *const *words);

/* Where mpirun has started several: whether this one runs the command, and the refusal of one that
 * is not done by several. */
bool command_is_here(const cli_command *command);
exit_status command_check_ranks(const cli_command *command);
/* The refusal of --help of one whose processes know of no other. */
exit_status command_check_help(const cli_command *command);

/* Option i of a command, NULL past its last. */
const option_row *command_option(const cli_command *command, size_t i);
bool command_takes(const cli_command *command, const option_row *option);

/* The options of all commands, each once; NULL past the last. Two have the same name where commands
 * differ in what it accepts or means; no command has both. */
const option_row *option_at(size_t i);
const option_row *option_find(const char *name);

#endif
