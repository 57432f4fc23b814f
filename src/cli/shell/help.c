#include "cli/shell/help.h"

#include "cli/shell/report.h"
#include "ntkit/ntkit.h"

#include <stdio.h>
#include <string.h>

typedef struct help_settings {
  cli_settings common;
  bool man, completion, results;
} help_settings;

enum { INDENT = 6, LAST_COLUMN = 80, BODY = 1024 };

void help_option_head(const option_row *option, size_t size, char *text) {
  if (option->argument == NULL)
    snprintf(text, size, "--%s", option->name);
  else
    snprintf(text, size, option->alone != NULL ? "--%s [%s]" : "--%s %s", option->name,
             option->argument);
}

static bool has_option(const cli_command *command, const char *name) {
  const option_row *option = NULL;
  for (size_t i = 0; (option = command_option(command, i)) != NULL; i++)
    if (strcmp(option->name, name) == 0)
      return true;
  return false;
}

void help_option_body(const option_row *option, const cli_command *command, size_t size,
                      char *text) {
  char names[512] = "";
  if (option->choice != NULL)
    report_names(option->choice, sizeof names, names);
  char required[64] = "";
  if (option->required && option->instead != NULL &&
      (command == NULL || has_option(command, option->instead)))
    snprintf(required, sizeof required, " Required without --%s.", option->instead);
  else if (option->required)
    snprintf(required, sizeof required, " Required.");
  snprintf(text, size, "%s%s%s%s%s%s%s%s", option->help, *names ? " Known: " : "", names,
           *names ? "." : "", required, option->fallback != NULL ? " Default: " : "",
           option->fallback != NULL ? option->fallback : "", option->fallback != NULL ? "." : "");
}

/* Breaks text at blanks so that no line passes LAST_COLUMN. */
static void print_filled(const char *text, int indent) {
  int column = 0;
  while (*text != '\0') {
    const int length = (int)strcspn(text, " ");
    if (column > 0 && column + 1 + length > LAST_COLUMN) {
      putchar('\n');
      column = 0;
    }
    if (column == 0)
      column = printf("%*s%.*s", indent, "", length, text);
    else
      column += printf(" %.*s", length, text);
    text += length;
    text += strspn(text, " ");
  }
  putchar('\n');
}

void help_program(void) {
  print_filled("ntkit: the neural tangent kernel of finite-width deep networks, its smallest "
               "eigenvalue, and how sure that is.",
               0);
  printf("\nUsage: ntkit COMMAND [OPTION...]\n\nCommands:\n");
  for (size_t i = 0; command_at(i) != NULL; i++)
    printf("  %-17s %s\n", command_at(i)->name, command_at(i)->summary);
  printf("\n'ntkit help COMMAND' explains one and lists its options; 'ntkit --version' names the "
         "version.\nTo start: %s\n",
         command_at(0)->example);
}

void help_for(const cli_command *command) {
  printf("Usage: ntkit %s%s%s [OPTION...]\n\n", command->name, command->operands != NULL ? " " : "",
         command->operands != NULL ? command->operands : "");
  print_filled(command->about, 0);
  printf("\nExample: %s\n\nOptions:\n", command->example);
  const option_row *option = NULL;
  for (size_t i = 0; (option = command_option(command, i)) != NULL; i++) {
    char text[BODY];
    help_option_head(option, sizeof text, text);
    printf("  %s\n", text);
    help_option_body(option, command, sizeof text, text);
    print_filled(text, INDENT);
  }
  printf("\nExit status: 0 done, 1 the computation failed or a check did not hold,\n"
         "2 the input is wrong, 130 interrupted.\n");
}

/* The commands whose first word this is; false when there is none. */
static bool help_group(const char *first) {
  const size_t length = strlen(first);
  bool found = false;
  for (size_t i = 0; command_at(i) != NULL; i++) {
    const cli_command *command = command_at(i);
    if (strncmp(command->name, first, length) != 0 || command->name[length] != ' ')
      continue;
    printf("  %-17s %s\n", command->name, command->summary);
    found = true;
  }
  if (found)
    printf("\n'ntkit help %s COMMAND' explains one and lists its options.\n", first);
  return found;
}

void help_version(void) {
  printf("ntkit %s (%s)\n", ntk_version(), ntk_commit());
}

static exit_status command_help(const void *given) {
  const help_settings *own = given;
  const cli_settings *settings = &own->common;
  if (own->man) {
    help_manual();
    return EXIT_DONE;
  }
  if (own->results) {
    help_results();
    return EXIT_DONE;
  }
  if (own->completion) {
    help_completion();
    return EXIT_DONE;
  }
  if (settings->operands == 0) {
    help_program();
    return EXIT_DONE;
  }
  size_t used = 0;
  const cli_command *about = command_find(settings->operands, settings->operand, &used);
  if (about == NULL && settings->operands == 1 && help_group(settings->operand[0]))
    return EXIT_DONE;
  if (about == NULL)
    return command_unknown(settings->operands, settings->operand);
  if (used < settings->operands)
    return report_error(EXIT_INPUT, "unexpected '%s'; the command is '%s'", settings->operand[used],
                        about->name);
  help_for(about);
  return EXIT_DONE;
}

#define FIELD(name) offsetof(help_settings, name)

static const option_row own[] = {
    {.name = "man", .kind = KIND_FLAG, .field = FIELD(man), .help = "Print the man page, as roff."},
    {.name = "completion",
     .kind = KIND_FLAG,
     .field = FIELD(completion),
     .help = "Print the completion script for bash."},
    {.name = "results",
     .kind = KIND_FLAG,
     .field = FIELD(results),
     .help = "Print the reference page of all results, as Markdown."},
};

const cli_command help_command = {
    .name = "help",
    .summary = "help on a command",
    .about = "Prints what a command does and the options it takes.",
    .example = "ntkit help spectrum",
    .operands = "[COMMAND]",
    .most = 2,
    .ranks = RANKS_FIRST,
    .options = (const option_part[]){OPTION_PART(own), SHARED(HELP, HELP), {NULL, 0}},
    .size = sizeof(help_settings),
    .run = command_help,
};
