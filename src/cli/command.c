#include "cli/command.h"

#include "cli/report.h"

#include <stdio.h>
#include <string.h>

static const cli_command table[] = {
    {"spectrum", FOR_SPECTRUM, "smallest and largest eigenvalue of the NTK, with residuals",
     "Builds the empirical neural tangent kernel K of a network with random weights on a data set, "
     "and finds its smallest and largest eigenvalue, each with its true residual, beside the "
     "bounds of Theorem 3.1. K is N x N and takes 4 N^2 bytes; it is never formed through the "
     "Jacobian.",
     "ntkit spectrum --samples 2000 --dim 500 --widths 500,500", NULL, 0, 0, command_spectrum},
    {"info", FOR_INFO, "this build and machine, and the names every option knows",
     "Prints the version, the BLAS and the processor that results depend on, the limits of "
     "storage, and the tables of distributions, activations and initialisations.",
     "ntkit info", NULL, 0, 0, command_info},
    {"selftest", FOR_SELFTEST, "the library's own checks on this machine",
     "Runs the library's own checks: random numbers, BLAS, activations, the kernel against an "
     "explicit Jacobian, eigenvalues of known matrices, the certificate. Exit status 1 when one "
     "fails.",
     "ntkit selftest", NULL, 0, 0, command_selftest},
    {"help", FOR_HELP, "help on a command", "Prints what a command does and the options it takes.",
     "ntkit help spectrum", "[COMMAND]", 0, 2, command_help},
};

const cli_command *command_at(size_t i) {
  return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const char *command_name(size_t i) {
  return i < sizeof table / sizeof table[0] ? table[i].name : NULL;
}

/* Whether `words`, up to `count` of them, start with the words of name; how many these are. */
static bool names(const char *name, size_t count, char *const *words, size_t *used) {
  *used = 0;
  for (const char *word = name; *word != '\0'; (*used)++) {
    const size_t length = strcspn(word, " ");
    if (*used == count || strlen(words[*used]) != length ||
        strncmp(words[*used], word, length) != 0)
      return false;
    word += length + (word[length] == ' ');
  }
  return true;
}

const cli_command *command_find(size_t count, char *const *words, size_t *used) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (names(table[i].name, count, words, used))
      return &table[i];
  return NULL;
}

/* "run, status, ..." of the commands whose first word this is; empty when there is none. */
static void second_words(const char *first, size_t size, char *text) {
  const size_t length = strlen(first);
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof table / sizeof table[0] && used < size; i++)
    if (strncmp(table[i].name, first, length) == 0 && table[i].name[length] == ' ')
      used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                               table[i].name + length + 1);
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
