/* The man page: the tables of commands and options as roff (man macros). */
#include "cli/shell/help.h"
#include "ntkit/ntkit.h"

#include <stdio.h>

/* Text as roff reads it literally: '-' would become a hyphen, '\' starts an escape, and a line that
 * starts with '.' or an apostrophe would be a request. */
static void print_literal(const char *text) {
  if (*text == '.' || *text == '\'')
    fputs("\\&", stdout);
  for (; *text != '\0'; text++)
    switch (*text) {
    case '-':
      fputs("\\-", stdout);
      break;
    case '\\':
      fputs("\\e", stdout);
      break;
    case '\'':
      fputs("\\(aq", stdout);
      break;
    case '^':
      fputs("\\(ha", stdout);
      break;
    default:
      putchar(*text);
    }
}

static void print_paragraph(const char *text) {
  print_literal(text);
  putchar('\n');
}

static void print_commands(void) {
  puts(".SH COMMANDS");
  for (size_t i = 0; command_at(i) != NULL; i++) {
    const cli_command *command = command_at(i);
    printf(".TP\n.B %s\n", command->name);
    print_paragraph(command->about);
  }
}

/* Each row once, with the commands that take it. */
static void print_options(void) {
  puts(".SH OPTIONS\nAn option's value follows as the next word or after \\(aq=\\(aq.");
  for (size_t i = 0; option_at(i) != NULL; i++) {
    const option_row *option = option_at(i);
    char body[1024];
    fputs(".TP\n.B ", stdout);
    print_literal("--");
    print_literal(option->name);
    if (option->argument != NULL) {
      fputs(option->alone != NULL ? " [\\fI" : " \\fI", stdout);
      print_literal(option->argument);
      fputs(option->alone != NULL ? "\\fR]" : "\\fR", stdout);
    }
    putchar('\n');
    help_option_body(option, NULL, sizeof body, body);
    print_literal(body);
    fputs(" (", stdout);
    const char *comma = "";
    for (size_t c = 0; command_at(c) != NULL; c++)
      if (command_takes(command_at(c), option)) {
        printf("%s%s", comma, command_at(c)->name);
        comma = ", ";
      }
    puts(")");
  }
}

void help_manual(void) {
  /* No date: the page is to depend on the version alone. */
  fputs(".TH NTKIT 1 \"\" \"ntkit ", stdout);
  print_literal(ntk_version());
  puts("\" \"User Commands\"");
  puts(".SH NAME\nntkit \\- the neural tangent kernel of finite\\-width deep networks");
  puts(".SH SYNOPSIS\n.B ntkit\n.I COMMAND\n[\\fIOPTION\\fR...]");
  puts(".SH DESCRIPTION");
  print_paragraph("ntkit computes, certifies and puts to use the empirical neural tangent kernel "
                  "(NTK) of finite-width deep networks. Results go to standard output; progress, "
                  "warnings and errors to standard error. Progress is drawn only on a terminal.");
  print_commands();
  print_options();
  puts(".SH EXIT STATUS");
  puts(".TP\n.B 0\nDone.\n.TP\n.B 1\nThe computation failed, or a check did not hold.\n"
       ".TP\n.B 2\nThe input is wrong; one line on standard error says what is accepted.\n"
       ".TP\n.B 130\nInterrupted by SIGINT or SIGTERM; a second signal kills at once.");
  puts(".SH EXAMPLES");
  for (size_t i = 0; command_at(i) != NULL; i++) {
    puts(".PP\n.nf\n.RS");
    print_paragraph(command_at(i)->example);
    puts(".RE\n.fi");
  }
  puts(".SH SEE ALSO");
  print_paragraph("S. Bombari, M. H. Amani, M. Mondelli, Memorization and Optimization in Deep "
                  "Neural Networks with Minimum Over-parameterization, 2022. Equation numbers are "
                  "those of that paper.");
}
