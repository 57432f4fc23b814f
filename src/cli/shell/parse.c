#include "cli/shell/parse.h"

#include "cli/shell/report.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 96 };

/* The command whose options report_nearest looks through. */
static const cli_command *current;

static const option_row *row_of(size_t i) {
  return command_option(current, i);
}

static const char *option_name(size_t i) {
  return row_of(i) != NULL ? row_of(i)->name : NULL;
}

/* The one option that begins so, of at least three letters; NULL: none, or several. */
static const char *option_begun(const char *name) {
  const char *found = NULL;
  for (size_t i = 0; option_name(i) != NULL; i++)
    if (strlen(name) >= 3 && strncmp(option_name(i), name, strlen(name)) == 0) {
      if (found != NULL)
        return NULL;
      found = option_name(i);
    }
  return found;
}

/* word as typed: "--name" or "--name=value". */
static exit_status unknown_option(const char *word) {
  char name[64];
  const char *start = word + strspn(word, "-");
  size_t length = strcspn(start, "=");
  if (length >= sizeof name)
    length = sizeof name - 1;
  memcpy(name, start, length);
  name[length] = '\0';
  if (option_find(name) != NULL && strncmp(word, "--", 2) == 0)
    return report_error(EXIT_INPUT, "--%s is not an option of '%s'; 'ntkit help %s' lists them",
                        name, current->name, current->name);
  const char *begun = option_begun(name);
  const char *nearest = begun != NULL ? begun : report_nearest(name, option_name);
  const int shown = (int)strcspn(word, "=");
  if (nearest != NULL)
    return report_error(EXIT_INPUT, "unknown option '%.*s'; did you mean '--%s'?", shown, word,
                        nearest);
  return report_error(EXIT_INPUT, "unknown option '%.*s'; 'ntkit help %s' lists them", shown, word,
                      current->name);
}

/* getopt_long's own table, and its text of letters; the value it returns for row i is i past every
 * character. '+': it stops at the first word that is no option; ':': it tells a missing value from
 * the rest. */
enum { ROW = 256 };
static void getopt_table(struct option *table, char *letters) {
  size_t count = 0, used = 3;
  memcpy(letters, "+:h", used);
  const option_row *option = NULL;
  for (size_t i = 0; (option = row_of(i)) != NULL && count + 2 < MOST_OPTIONS; i++) {
    const bool flag = option->kind == KIND_FLAG;
    const int value = flag                    ? no_argument
                      : option->alone != NULL ? optional_argument
                                              : required_argument;
    table[count++] = (struct option){option->name, value, NULL, ROW + (int)i};
    if (option->former != NULL)
      table[count++] = (struct option){option->former, value, NULL, ROW + (int)i};
    if (option->letter != '\0') {
      letters[used++] = option->letter;
      if (!flag)
        letters[used++] = ':';
    }
  }
  letters[used] = '\0';
  table[count] = (struct option){0};
}

/* Of the current command's options, the one with this letter; NULL when there is none. */
static const option_row *find_letter(int letter) {
  for (size_t i = 0; letter > 0 && row_of(i) != NULL; i++)
    if (row_of(i)->letter == letter)
      return row_of(i);
  return NULL;
}

/* Abbreviations are refused: one that is unique today may not be with the next option. */
static bool is_exact(const char *word, const char *name) {
  const size_t length = name != NULL ? strlen(name) : 0;
  return length > 0 && strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
         (word[2 + length] == '\0' || word[2 + length] == '=');
}

static bool is_named(const char *word, const option_row *option) {
  return is_exact(word, option->name) || is_exact(word, option->former);
}

/* No option begins like a number below 0. */
static bool is_negative(const char *word) {
  return word[0] == '-' && (isdigit((unsigned char)word[1]) || word[1] == '.' ||
                            strcmp(word, "-inf") == 0 || strcmp(word, "-nan") == 0);
}

/* The value of an option that needs none: the text after '=', or the next word unless that is an
 * option, which getopt_long would not take. */
static const char *optional_value(const option_row *option, int argc, char **argv) {
  if (optarg != NULL)
    return optarg;
  if (optind < argc && (argv[optind][0] != '-' || is_negative(argv[optind])))
    return argv[optind++];
  return option->alone;
}

static exit_status one_option(int found, const char *word, const char *value,
                              cli_settings *settings) {
  if (found == 'h') {
    settings->help = true;
    return EXIT_DONE;
  }
  if (found == ':' && find_letter(optopt) != NULL)
    return report_error(EXIT_INPUT, "-%c needs a value: -%c %s", optopt, optopt,
                        find_letter(optopt)->argument);
  if (found == ':') {
    const option_row *option = optopt >= ROW ? row_of((size_t)(optopt - ROW)) : NULL;
    if (option == NULL || !is_named(word, option))
      return unknown_option(word);
    return report_error(EXIT_INPUT, "--%s needs a value: --%s %s", option->name, option->name,
                        option->argument);
  }
  if (find_letter(found) != NULL)
    return parse_value(find_letter(found), value, settings);
  if (found < ROW) {
    const option_row *flag = optopt >= ROW ? row_of((size_t)(optopt - ROW)) : NULL;
    if (flag != NULL && is_named(word, flag))
      return report_error(EXIT_INPUT, "--%s takes no value", flag->name);
    return unknown_option(word);
  }
  const option_row *option = row_of((size_t)(found - ROW));
  if (!is_named(word, option))
    return unknown_option(word);
  return parse_value(option, value, settings);
}

/* Whether the option that stands for this one was given. */
static bool is_replaced(const option_row *option, const bool *seen) {
  for (size_t i = 0; option->instead != NULL && row_of(i) != NULL; i++)
    if (seen[i] && strcmp(row_of(i)->name, option->instead) == 0)
      return true;
  return false;
}

static bool is_reals(const option_row *option) {
  return option->kind == KIND_REALS || option->kind == KIND_FROMS;
}

/* An option as if it had no fallback: only texts and lists have one that is not 0. */
static void forget_fallback(const option_row *option, cli_settings *settings) {
  char *field = (char *)settings + option->field;
  if (option->kind == KIND_CHOICE)
    *(const char **)(void *)field = NULL;
  else if (is_reals(option)) {
    real_list *list = (void *)field;
    free(list->values);
    *list = (real_list){0};
  }
}

static exit_status check_given(const bool *seen, cli_settings *settings) {
  for (size_t i = 0; row_of(i) != NULL; i++) {
    const option_row *option = row_of(i);
    const bool replaced = is_replaced(option, seen);
    if (option->required && !seen[i] && !replaced)
      return report_error(EXIT_INPUT, "--%s is needed: %s", option->name, option->expected);
    if (replaced && seen[i] && !option->also)
      return report_error(EXIT_INPUT,
                          "--%s and --%s: the second has it already; expected one of them",
                          option->name, option->instead);
    if (replaced && !seen[i])
      forget_fallback(option, settings);
  }
  return EXIT_DONE;
}

/* getopt_long begins anew, whatever an earlier command line ended with: in the middle of "-qx" it
 * keeps a place in that word. At 0 it forgets that, GNU's and BSD's alike, and looks at no word. */
static void forget_words(const char *letters, const struct option *table) {
  char name[] = "";
  char *none[] = {name, NULL};
  optind = 0;
  opterr = 0;
  (void)getopt_long(1, none, letters, table, NULL);
  optind = 1;
}

/* The list, in "--widths 40 40", that a word behind its value belongs to; NULL: none. */
static const option_row *list_before(char *const *words) {
  if (strncmp(words[0], "--", 2) != 0 || !isdigit((unsigned char)words[2][0]))
    return NULL;
  for (size_t i = 0; row_of(i) != NULL; i++)
    if ((row_of(i)->kind == KIND_SIZES || is_reals(row_of(i))) &&
        strcmp(words[0] + 2, row_of(i)->name) == 0)
      return row_of(i);
  return NULL;
}

/* The first operand that is one too many. */
static exit_status refuse_operand(int argc, char **argv, const char *word) {
  for (int i = 2; i < argc; i++) {
    const option_row *list = argv[i] == word ? list_before(argv + i - 2) : NULL;
    if (list != NULL)
      return report_error(EXIT_INPUT,
                          "unexpected '%s'; a list has commas and no spaces: --%s %s,%s", word,
                          list->name, argv[i - 1], word);
  }
  return report_error(EXIT_INPUT, "unexpected '%s'; 'ntkit help %s' says what is accepted", word,
                      current->name);
}

exit_status parse_arguments(const cli_command *command, int argc, char **argv,
                            cli_settings *settings) {
  struct option table[MOST_OPTIONS];
  char letters[3 + 2 * MOST_OPTIONS];
  bool seen[MOST_OPTIONS] = {false};
  current = command;
  for (size_t i = 0; row_of(i) != NULL; i++)
    if (row_of(i)->fallback != NULL) {
      const exit_status status = parse_value(row_of(i), row_of(i)->fallback, settings);
      if (status != EXIT_DONE)
        return status;
    }

  settings->operand = calloc((size_t)argc, sizeof *settings->operand);
  if (settings->operand == NULL)
    return report_error(EXIT_FAILED, "no memory for %d words", argc);
  getopt_table(table, letters);
  forget_words(letters, table);
  for (;;) {
    const char *word = optind < argc ? argv[optind] : "";
    if (strcmp(word, "--") == 0) { /* whose end getopt_long would begin anew */
      while (++optind < argc)
        settings->operand[settings->operands++] = argv[optind];
      break;
    }
    const int found = getopt_long(argc, argv, letters, table, NULL);
    if (found == -1) {
      if (optind >= argc)
        break;
      settings->operand[settings->operands++] = argv[optind++];
      continue;
    }
    const option_row *by_letter = find_letter(found);
    for (size_t i = 0; row_of(i) != NULL; i++)
      seen[i] |= found == ROW + (int)i || row_of(i) == by_letter;
    const char *value = optarg;
    if (found >= ROW && row_of((size_t)(found - ROW))->alone != NULL)
      value = optional_value(row_of((size_t)(found - ROW)), argc, argv);
    const exit_status status = one_option(found, word, value, settings);
    if (status != EXIT_DONE)
      return status;
  }
  if (settings->operands > command->most)
    return refuse_operand(argc, argv, settings->operand[command->most]);
  if (settings->help)
    return EXIT_DONE;
  if (settings->operands < command->least)
    return report_error(EXIT_INPUT, "'%s' needs more: ntkit %s %s", command->name, command->name,
                        command->operands);
  return check_given(seen, settings);
}

void settings_clear(const cli_command *command, cli_settings *settings) {
  const option_row *option = NULL;
  for (size_t i = 0; (option = command_option(command, i)) != NULL; i++) {
    void *field = (char *)settings + option->field;
    if (option->kind == KIND_SIZES) {
      free(((size_list *)field)->values);
      *(size_list *)field = (size_list){0};
    } else if (is_reals(option)) {
      free(((real_list *)field)->values);
      *(real_list *)field = (real_list){0};
    }
  }
  free(settings->operand);
}
