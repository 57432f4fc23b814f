#include "cli/shell/command.h"

#include "cli/shell/ranks.h"
#include "cli/shell/report.h"

#include <stdio.h>
#include <string.h>

const cli_command *command_at(size_t i) {
  return cli_commands[i];
}

const char *command_name(size_t i) {
  return cli_commands[i] != NULL ? cli_commands[i]->name : NULL;
}

const option_row *command_option(const cli_command *command, size_t i) {
  for (const option_part *part = command->options; part->row != NULL; part++) {
    if (i < part->count)
      return &part->row[i];
    i -= part->count;
  }
  return NULL;
}

bool command_takes(const cli_command *command, const option_row *option) {
  size_t i = 0;
  while (command_option(command, i) != NULL && command_option(command, i) != option)
    i++;
  return command_option(command, i) != NULL;
}

const option_row *option_at(size_t i) {
  for (size_t c = 0; cli_commands[c] != NULL; c++) {
    const option_row *option = NULL;
    for (size_t k = 0; (option = command_option(cli_commands[c], k)) != NULL; k++) {
      size_t before = 0;
      while (before < c && !command_takes(cli_commands[before], option))
        before++;
      if (before == c && i-- == 0)
        return option;
    }
  }
  return NULL;
}

const option_row *option_find(const char *name) {
  for (size_t c = 0; cli_commands[c] != NULL; c++) {
    const option_row *option = NULL;
    for (size_t k = 0; (option = command_option(cli_commands[c], k)) != NULL; k++)
      if (option_is(option, name))
        return option;
  }
  return NULL;
}

/* Whether `words`, up to `count` of them, start with the words of name, or with them in one, as a
 * quoted "study run"; how many these are. */
static bool names(const char *name, size_t count, char *const *words, size_t *used) {
  *used = 0;
  for (const char *word = name; *word != '\0'; (*used)++) {
    if (*used < count && strcmp(words[*used], word) == 0) {
      ++*used;
      return true;
    }
    const size_t length = strcspn(word, " ");
    if (*used == count || strlen(words[*used]) != length ||
        strncmp(words[*used], word, length) != 0)
      return false;
    word += length + (word[length] == ' ');
  }
  return true;
}

const cli_command *command_find(size_t count, char *const *words, size_t *used) {
  for (size_t i = 0; cli_commands[i] != NULL; i++)
    if (names(cli_commands[i]->name, count, words, used))
      return cli_commands[i];
  return NULL;
}

/* "run, status, ..." of the commands whose first word this is; empty when there is none. */
static void second_words(const char *first, size_t size, char *text) {
  const size_t length = strlen(first);
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; command_name(i) != NULL && used < size; i++)
    if (strncmp(command_name(i), first, length) == 0 && command_name(i)[length] == ' ')
      used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                               command_name(i) + length + 1);
}

exit_status command_unknown(size_t count, char *const *words) {
  char known[512];
  second_words(words[0], sizeof known, known);
  if (known[0] != '\0' && count > 1 && words[1][0] != '-')
    return report_error(EXIT_INPUT, "unknown command '%s %s'; known after '%s': %s", words[0],
                        words[1], words[0], known);
  if (known[0] != '\0')
    return report_error(EXIT_INPUT, "'%s' needs a second word: %s", words[0], known);
  const char *nearest = report_nearest(words[0], command_name);
  if (nearest != NULL)
    return report_error(EXIT_INPUT, "unknown command '%s'; did you mean '%s'?", words[0], nearest);
  report_names(command_name, sizeof known, known);
  return report_error(EXIT_INPUT, "unknown command '%s'; known: %s", words[0], known);
}

bool command_is_here(const cli_command *command) {
  return ranks_speaks() || command->ranks != RANKS_FIRST;
}

/* Whoever has been helped ends well, and waits for nobody: who waits for it would do so for ever.
 */
exit_status command_check_help(const cli_command *command) {
  if (ranks_count() == 1 || command->ranks != RANKS_APART)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "mpirun has started %d of these, of which '%s' knows nothing; accepted: "
                      "'ntkit help %s', or its --help without mpirun",
                      ranks_count(), command->name, command->name);
}

exit_status command_check_ranks(const cli_command *command) {
  char accepted[256] = "";
  size_t used = 0;
  if (ranks_count() == 1 || command->ranks != RANKS_NONE)
    return EXIT_DONE;
  for (size_t i = 0; command_at(i) != NULL && used < sizeof accepted; i++)
    if (command_at(i)->ranks != RANKS_NONE)
      used += (size_t)snprintf(accepted + used, sizeof accepted - used, "%s%s",
                               used > 0 ? ", " : "", command_name(i));
  return report_error(EXIT_INPUT,
                      "mpirun has started %d of these, and '%s' is done by one; accepted: it "
                      "without mpirun, or under it %s",
                      ranks_count(), command->name, accepted);
}
