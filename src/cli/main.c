/* The program ntkit: finds the command (table.c), reads its options, runs it, and makes sure that
 * what it printed has arrived. */
#include "cli/shell/command.h"
#include "cli/shell/help.h"
#include "cli/shell/meeting.h"
#include "cli/shell/parse.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "ntkit/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A standard stream that is closed at the start would be the next file opened, and results would
 * be written into it. Standard output is then opened for reading: writing to it fails, as it
 * should. */
static void keep_standard_streams(void) {
  for (int stream = 0; stream <= 2; stream++)
    if (fcntl(stream, F_GETFD) == -1)
      (void)open("/dev/null", stream == 2 ? O_WRONLY : O_RDONLY);
}

static void put_origin(const cli_command *command, int argc, char **argv, cli_origin *origin) {
  const time_t now = time(NULL);
  struct tm parts;
  *origin =
      (cli_origin){.command = command != NULL ? command->name : "", .words = argc, .word = argv};
  if (gmtime_r(&now, &parts) != NULL)
    (void)strftime(origin->date, sizeof origin->date, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static exit_status run_command(const cli_command *command, size_t words, const cli_origin *origin) {
  if (command == NULL)
    return command_unknown((size_t)origin->words - 1, origin->word + 1);
  cli_settings *settings = calloc(1, command->size); /* and what is the command's own behind them */
  if (settings == NULL)
    return report_error(EXIT_FAILED, "no memory for the options of '%s'", command->name);
  exit_status status =
      parse_arguments(command, origin->words - (int)words, origin->word + words, settings);
  settings->origin = *origin;
  status = meeting_agree(status);
  if (status == EXIT_DONE && settings->help)
    status = command_check_help(command);
  if (status == EXIT_DONE && settings->help)
    help_for(command);
  else if (status == EXIT_DONE)
    status = command_check_ranks(command);
  if (status == EXIT_DONE && command->ranks == RANKS_FIRST)
    status = meeting_end(status);
  if (status == EXIT_DONE && !settings->help && command_is_here(command))
    status = command->run(settings);
  settings_clear(command, settings);
  free(settings);
  return status;
}

static exit_status perform(const cli_command *command, size_t words, const cli_origin *origin) {
  char **argv = origin->word;
  const int argc = origin->words;
  if (argc < 2) {
    char names[256];
    report_names(command_name, sizeof names, names);
    return report_error(EXIT_INPUT, "a command is needed: %s; 'ntkit help' explains them", names);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    help_program();
    return EXIT_DONE;
  }
  if (strcmp(argv[1], "--version") == 0 || (strcmp(argv[1], "version") == 0 && argc == 2)) {
    help_version();
    return EXIT_DONE;
  }
  if (argv[1][0] == '-')
    return report_error(EXIT_INPUT, "unknown option '%s'; a command comes first, as in: %s",
                        argv[1], command_at(0)->example);
  return run_command(command, words, origin);
}

static exit_status dispatch(int argc, char **argv) {
  size_t words = 0;
  const cli_command *command = argc < 2 ? NULL : command_find((size_t)argc - 1, argv + 1, &words);
  cli_origin origin;
  put_origin(command, argc, argv, &origin);
  ranks_begin(command != NULL && command->ranks == RANKS_ALL);
  exit_status status = meeting_open(command, &origin);
  if (status == EXIT_DONE)
    status = perform(command, words, &origin);
  return meeting_end(status);
}

int main(int argc, char **argv) {
  keep_standard_streams();
  progress_catch_signals();
  ntk_io_formats();
  return (int)report_output(dispatch(argc, argv));
}
