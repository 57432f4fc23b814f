/* Command lines, as the program reads them before it does anything.
 * Property: words are accepted or refused; what is accepted is in range, has as many operands as
 * the command takes, and is accepted again. The bytes are the words behind `ntkit`, a line each. */
#include "fuzz.h"

#include "cli/shell/command.h"
#include "cli/shell/parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64 };

static void check_sizes(const size_list *list) {
  FUZZ_CHECK((list->count == 0) == (list->values == NULL));
  for (size_t i = 0; i < list->count; i++)
    FUZZ_CHECK(list->values[i] >= 1);
}

static void check_reals(const real_list *list) {
  FUZZ_CHECK((list->count == 0) == (list->values == NULL));
  for (size_t i = 0; i < list->count; i++)
    FUZZ_CHECK(list->values[i] > 0.0 && isfinite(list->values[i]));
}

/* A field as the option's kind has it; 0 and NULL where it was not given. */
static void check_field(const option_row *option, const void *field) {
  switch (option->kind) {
  case KIND_SIZES:
    check_sizes(field);
    break;
  case KIND_REALS:
    check_reals(field);
    break;
  case KIND_REAL:
    FUZZ_CHECK(*(const double *)field >= 0.0 && *(const double *)field < 1.0);
    break;
  case KIND_ABOVE:
    FUZZ_CHECK(*(const double *)field >= 0.0 && isfinite(*(const double *)field));
    break;
  case KIND_COUNT:
    FUZZ_CHECK(*(const int *)field >= 0);
    break;
  case KIND_PATH:
  case KIND_FILE:
    FUZZ_CHECK(*(const char *const *)field == NULL || **(const char *const *)field != '\0');
    break;
  default:
    break;
  }
}

static exit_status parse(const cli_command *command, int count, char **words, size_t *operands) {
  cli_settings *settings = calloc(1, command->size);
  FUZZ_CHECK(settings != NULL);
  const exit_status status = parse_arguments(command, count, words, settings);
  FUZZ_CHECK(status == EXIT_DONE || status == EXIT_INPUT);
  *operands = settings->operands;
  if (status == EXIT_DONE && !settings->help) {
    FUZZ_CHECK(settings->operands >= command->least && settings->operands <= command->most);
    const option_row *option = NULL;
    for (size_t i = 0; (option = command_option(command, i)) != NULL; i++)
      check_field(option, (const char *)settings + option->field);
  }
  settings_clear(command, settings);
  free(settings);
  return status;
}

static void use(size_t count, char **words) {
  size_t used = 0, first = 0, second = 0;
  const cli_command *command = command_find(count, words, &used);
  if (command == NULL) {
    FUZZ_CHECK(command_unknown(count, words) == EXIT_INPUT);
    return;
  }
  FUZZ_CHECK(used >= 1 && used <= count); /* the last word of its name stands before its options */
  const int rest = (int)(count - used + 1);
  const exit_status status = parse(command, rest, words + used - 1, &first);
  FUZZ_CHECK(parse(command, rest, words + used - 1, &second) == status && first == second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  char *words[WORDS + 1];
  size_t found = 0;
#ifdef __GLIBC__
  if (fileno(stderr) == 2) /* nobody reads these lines; sanitizers write to the descriptor */
    stderr = fopen("/dev/null", "w");
#endif
  char *text = malloc(count + 1);
  FUZZ_CHECK(text != NULL && stderr != NULL);
  memcpy(text, bytes, count);
  text[count] = '\0';
  for (char *at = text; at != NULL && found < WORDS; found++) {
    words[found] = at;
    at = strchr(at, '\n');
    if (at != NULL)
      *at++ = '\0';
  }
  words[found] = NULL;
  use(found, words);
  free(text);
  return 0;
}
