/* parse_value: the text of an option, by its kind, into its field. */
#include "cli/shell/known_data.h"
#include "cli/shell/number.h"
#include "cli/shell/parse.h"
#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 60 }; /* characters of a text that an error line repeats */

/* "--widths: '12,,7': width 2 is empty; expected ..."; position 0: the only one. */
static exit_status refuse(const option_row *option, const char *text, size_t position,
                          const char *why) {
  const char *more = strlen(text) > SHOWN ? "..." : "";
  if (position > 0)
    return report_error(EXIT_INPUT, "--%s: '%.*s%s': %s %zu %s; expected %s", option->name, SHOWN,
                        text, more, option->item, position, why, option->expected);
  return report_error(EXIT_INPUT, "--%s: '%.*s%s': %s %s; expected %s", option->name, SHOWN, text,
                      more, option->item, why, option->expected);
}

static exit_status refuse_name(const option_row *option, const char *text) {
  char names[512];
  report_names(option->choice, sizeof names, names);
  const char *also = option->kind == KIND_DATA   ? ", or a file"
                     : option->kind == KIND_RULE ? ", or a number > 0"
                     : option->elsewhere != NULL ? option->elsewhere
                                                 : "";
  if (strcmp(option->name, "data") == 0 && known_data_file(text) != NULL)
    return report_error(
        EXIT_INPUT,
        "--%s: %.*s does not come with ntkit; accepted: the file it is in, like %s; "
        "or %s",
        option->name, SHOWN, text, known_data_file(text), names);
  if (option->choice(1) == NULL)
    return report_error(EXIT_INPUT, "--%s: '%.*s': here only %s is accepted", option->name, SHOWN,
                        text, names);
  const char *nearest = report_nearest(text, option->choice);
  if (nearest != NULL)
    return report_error(EXIT_INPUT, "--%s: '%.*s' is not known; did you mean '%s'? known: %s%s",
                        option->name, SHOWN, text, nearest, names, also);
  return report_error(EXIT_INPUT, "--%s: '%.*s' is not known; known: %s%s", option->name, SHOWN,
                      text, names, also);
}

static exit_status set_name(const option_row *option, const char *text, const char **field) {
  const char *known = NULL; /* as the library writes it; ReLU is relu */
  bool exact = false;
  for (size_t i = 0; option->choice(i) != NULL && !exact; i++)
    if (strcasecmp(text, option->choice(i)) == 0) {
      known = option->choice(i);
      exact = strcmp(text, known) == 0;
    }
  if (known == NULL && option->read != NULL) {
    const ntk_status status = option->read(text, &known);
    if (status != NTK_OK)
      return report_library(status, option->name);
  }
  if (!exact && option->kind == KIND_DATA && ntk_file_is_meant(text))
    known = text;
  if (known == NULL)
    return refuse_name(option, text);
  *field = known;
  return EXIT_DONE;
}

static exit_status set_path(const option_row *option, const char *text, const char **field) {
  if (text[0] == '\0')
    return report_error(EXIT_INPUT, "--%s: is empty; expected %s", option->name, option->expected);
  if (strcmp(text, "-") == 0)
    return report_error(EXIT_INPUT, "--%s: '-' is no file's name here; expected %s", option->name,
                        option->expected);
  *field = text;
  return EXIT_DONE;
}

static exit_status set_whole(const option_row *option, const char *text, void *field) {
  const uint64_t least = option->kind == KIND_SIZE ? 1 : 0;
  const uint64_t most = option->kind == KIND_SIZE    ? SIZE_MAX
                        : option->kind == KIND_COUNT ? INT_MAX
                                                     : UINT64_MAX;
  uint64_t value = 0;
  const char *why = ntk_text_whole(text, strlen(text), least, most, &value);
  if (why != NULL)
    return refuse(option, text, 0, why);
  if (option->kind == KIND_SIZE)
    *(size_t *)field = (size_t)value;
  else if (option->kind == KIND_COUNT)
    *(int *)field = (int)value;
  else
    *(uint64_t *)field = value;
  return EXIT_DONE;
}

static exit_status set_bytes(const option_row *option, const char *text, size_t *field) {
  const char *why = number_bytes(text, strlen(text), field);
  return why == NULL ? EXIT_DONE : refuse(option, text, 0, why);
}

static exit_status set_real(const option_row *option, const char *text, double *field) {
  double value = 0;
  const char *why = number_positive(text, strlen(text), &value);
  if (why == NULL && option->kind == KIND_REAL && value >= 1)
    why = "is not below 1";
  if (why != NULL)
    return refuse(option, text, 0, why);
  *field = value;
  return EXIT_DONE;
}

static exit_status set_from(const option_row *option, const char *text, const char **field) {
  double value = 0;
  const char *why = number_positive(text, strlen(text), &value);
  if (why != NULL && strcmp(why, "is 0") != 0)
    return refuse(option, text, 0, why);
  *field = text;
  return EXIT_DONE;
}

/* What looks like a number is told what is wrong with it as one. */
static exit_status set_rule(const option_row *option, const char *text, real_or_name *field) {
  real_or_name rule = {0};
  const bool number = text[0] == '\0' || strchr("0123456789+-.", text[0]) != NULL;
  const exit_status status =
      number ? set_real(option, text, &rule.value) : set_name(option, text, &rule.name);
  if (status == EXIT_DONE)
    *field = rule;
  return status;
}

static size_t items_in(const char *text) {
  size_t count = 1;
  for (const char *c = text; *c != '\0'; c++)
    count += *c == ',';
  return count;
}

static exit_status set_sizes(const option_row *option, const char *text, size_list *field) {
  const size_t count = items_in(text);
  size_t *values = calloc(count, sizeof *values);
  if (values == NULL)
    return report_error(EXIT_FAILED, "--%s: no memory for %zu values", option->name, count);
  const char *item = text;
  for (size_t i = 0; i < count; i++) {
    const size_t length = strcspn(item, ",");
    uint64_t value = 0;
    const char *why = ntk_text_whole(item, length, 1, SIZE_MAX, &value);
    if (why != NULL) {
      free(values);
      return refuse(option, text, i + 1, why);
    }
    values[i] = (size_t)value;
    item += length + 1;
  }
  free(field->values);
  *field = (size_list){count, values};
  return EXIT_DONE;
}

static exit_status set_reals(const option_row *option, const char *text, real_list *field) {
  const size_t count = items_in(text);
  double *values = calloc(count, sizeof *values);
  if (values == NULL)
    return report_error(EXIT_FAILED, "--%s: no memory for %zu values", option->name, count);
  const char *item = text;
  for (size_t i = 0; i < count; i++) {
    const size_t length = strcspn(item, ",");
    const char *why = number_positive(item, length, &values[i]);
    const bool zero = why != NULL && strcmp(why, "is 0") == 0;
    if (zero && option->kind == KIND_FROMS)
      values[i] = 0.0;
    else if (why != NULL) {
      free(values);
      return refuse(option, text, i + 1, why);
    }
    item += length + 1;
  }
  free(field->values);
  *field = (real_list){count, values};
  return EXIT_DONE;
}

static exit_status set_pixels(const option_row *option, const char *text, size_t field[2]) {
  const size_t first = strcspn(text, "x");
  uint64_t width = 0, height = 0;
  const char *why = text[first] != 'x' ? "is not of two numbers" : NULL;
  if (why == NULL)
    why = ntk_text_whole(text, first, 200, 4000, &width);
  if (why == NULL)
    why = ntk_text_whole(text + first + 1, strlen(text + first + 1), 200, 4000, &height);
  if (why != NULL)
    return refuse(option, text, 0, why);
  field[0] = (size_t)width;
  field[1] = (size_t)height;
  return EXIT_DONE;
}

exit_status parse_value(const option_row *option, const char *text, void *settings) {
  void *field = (char *)settings + option->field;
  switch (option->kind) {
  case KIND_FLAG:
    *(bool *)field = true;
    return EXIT_DONE;
  case KIND_CHOICE:
  case KIND_DATA:
    return set_name(option, text, field);
  case KIND_PATH:
  case KIND_FILE:
    return set_path(option, text, field);
  case KIND_TEXT:
    *(const char **)field = text;
    return EXIT_DONE;
  case KIND_SIZE:
  case KIND_SEED:
  case KIND_COUNT:
    return set_whole(option, text, field);
  case KIND_BYTES:
    return set_bytes(option, text, field);
  case KIND_REAL:
  case KIND_ABOVE:
    return set_real(option, text, field);
  case KIND_FROM:
    return set_from(option, text, field);
  case KIND_RULE:
    return set_rule(option, text, field);
  case KIND_SIZES:
    return set_sizes(option, text, field);
  case KIND_REALS:
  case KIND_FROMS:
    return set_reals(option, text, field);
  case KIND_PIXELS:
    return set_pixels(option, text, field);
  }
  return EXIT_INPUT;
}
