/* The table of commands. A new command is one row here, one file, and its bit in the options it
 * takes (options.c). */
#ifndef NTK_CLI_COMMAND_H
#define NTK_CLI_COMMAND_H

#include "cli/shell/settings.h"

/* Bit of a command in option.commands. */
enum {
  FOR_SPECTRUM = 1 << 0,
  FOR_INFO = 1 << 1,
  FOR_SELFTEST = 1 << 2,
  FOR_HELP = 1 << 3,
  FOR_STUDY_EXPORT = 1 << 4,
  FOR_STUDY_PLOT = 1 << 5,
  FOR_STUDY_FIT = 1 << 6,
  FOR_STUDY_RUN = 1 << 7,
  FOR_STUDY_STATUS = 1 << 8,
  FOR_STUDY_MERGE = 1 << 9,
  FOR_REPRODUCE = 1 << 10,
  FOR_TRAIN = 1 << 11,
  FOR_MEMORIZE = 1 << 12,
  FOR_PREDICT = 1 << 13,
  FOR_VERIFY = 1 << 14,
  FOR_EVERY = 0x7fffffff
};

typedef struct cli_command {
  const char *name; /* one word, or two: "study run" */
  unsigned bit;
  const char *summary;  /* one line, no full stop */
  const char *about;    /* a paragraph for --help and the man page */
  const char *example;  /* a command line to start from */
  const char *operands; /* the words it takes besides options, as help shows them; NULL: none */
  size_t least, most;   /* how many of them */
  exit_status (*run)(const cli_settings *settings);
} cli_command;

/* Row i of the table, NULL past its end. */
const cli_command *command_at(size_t i);
const char *command_name(size_t i);
/* The command that the first one or two of `count` words name, and how many they are; NULL when
 * there is none: then the caller reports command_unknown. */
const cli_command *command_find(size_t count, char *const *words, size_t *used);
exit_status command_unknown(size_t count, char *const *words);

exit_status command_spectrum(const cli_settings *settings);
exit_status command_train(const cli_settings *settings);
exit_status command_memorize(const cli_settings *settings);
exit_status command_predict(const cli_settings *settings);
exit_status command_verify(const cli_settings *settings);
exit_status command_info(const cli_settings *settings);
exit_status command_selftest(const cli_settings *settings);
exit_status command_help(const cli_settings *settings);
exit_status command_study_run(const cli_settings *settings);
exit_status command_study_status(const cli_settings *settings);
exit_status command_study_merge(const cli_settings *settings);
exit_status command_reproduce_figure1(const cli_settings *settings);
exit_status command_reproduce_figure2(const cli_settings *settings);
exit_status command_study_export(const cli_settings *settings);
exit_status command_study_plot(const cli_settings *settings);
exit_status command_study_fit(const cli_settings *settings);

#endif
