/* The list of settings; yaml.c fills it from a file. */
#include "study/spec/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SETTINGS = 1000 };

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's settings");
}

void ntk_setting_clear_values(ntk_setting *s) {
  for (size_t i = 0; i < s->count; i++)
    free(s->value[i]);
  free(s->value);
  s->value = NULL;
  s->count = 0;
}

static void clear_setting(ntk_setting *s) {
  ntk_setting_clear_values(s);
  free(s->key);
  *s = (ntk_setting){0};
}

void ntk_settings_clear(ntk_settings *settings) {
  for (size_t i = 0; i < settings->count; i++)
    clear_setting(&settings->setting[i]);
  free(settings->setting);
  free(settings->source);
  *settings = (ntk_settings){0};
}

ntk_setting *ntk_settings_find_mutable(const ntk_settings *settings, const char *key) {
  for (size_t i = 0; i < settings->count; i++)
    if (strcmp(settings->setting[i].key, key) == 0)
      return &settings->setting[i];
  return NULL;
}

const ntk_setting *ntk_settings_find(const ntk_settings *settings, const char *key) {
  return ntk_settings_find_mutable(settings, key);
}

void ntk_setting_place(const ntk_settings *settings, const ntk_setting *setting, size_t size,
                       char *text) {
  if (setting->line > 0)
    snprintf(text, size, "%s:%zu: %s", settings->source, setting->line, setting->key);
  else
    snprintf(text, size, "%s", setting->key);
}

ntk_status ntk_setting_refuse(const ntk_settings *settings, const ntk_setting *setting,
                              ntk_status status) {
  char place[NTK_PLACE_SIZE], why[1000]; /* the list of all keys, say */
  ntk_setting_place(settings, setting, sizeof place, place);
  snprintf(why, sizeof why, "%s", ntk_error_message());
  return (ntk_fail_message("%s: %s", place, why), status);
}

static bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether the brackets at both ends belong together and have a list between them: "(tanh,relu)",
 * one value among others. No expression has a comma there. */
static bool brackets_list(const char *start, const char *end) {
  int depth = 0;
  bool list = false;
  for (const char *c = start; c < end; c++) {
    depth += (*c == '(') - (*c == ')');
    list = list || (*c == ',' && depth == 1);
    if (depth == 0 && c + 1 < end)
      return false;
  }
  return list && *start == '(';
}

/* Appends the text from start to end, blanks around it left out; empty text is refused. */
static ntk_status append(ntk_setting *s, const char *start, const char *end) {
  while (start < end && blank(*start))
    start++;
  while (end > start && blank(end[-1]))
    end--;
  if (start < end && brackets_list(start, end)) {
    start++;
    end--;
  }
  if (start == end)
    return ntk_fail(NTK_ERR_FORMAT, "a value is empty");
  char **value = realloc(s->value, (s->count + 1) * sizeof *value);
  if (value == NULL)
    return no_memory();
  s->value = value;
  s->value[s->count] = strndup(start, (size_t)(end - start));
  if (s->value[s->count] == NULL)
    return no_memory();
  s->count++;
  return NTK_OK;
}

ntk_status ntk_setting_append(ntk_setting *s, const char *text, bool split) {
  const char *start = text;
  int depth = 0;
  for (const char *c = text; split && *c != '\0'; c++) {
    depth += (*c == '(') - (*c == ')');
    if (*c == ',' && depth == 0) {
      NTK_TRY(append(s, start, c));
      start = c + 1;
    }
  }
  return append(s, start, start + strlen(start));
}

ntk_status ntk_settings_add(ntk_settings *settings, const char *key, size_t line,
                            ntk_setting **added) {
  if (settings->count == MOST_SETTINGS)
    return ntk_fail(NTK_ERR_FORMAT, "%s: more than %d keys", settings->source, MOST_SETTINGS);
  ntk_setting *list = realloc(settings->setting, (settings->count + 1) * sizeof *list);
  if (list == NULL)
    return no_memory();
  settings->setting = list;
  ntk_setting *s = &list[settings->count];
  *s = (ntk_setting){.key = strdup(key), .line = line};
  if (s->key == NULL)
    return no_memory();
  settings->count++;
  *added = s;
  return NTK_OK;
}

ntk_status ntk_settings_override(ntk_settings *settings, const char *assignment) {
  const char *equals = strchr(assignment, '=');
  if (equals == NULL || equals == assignment)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': accepted: KEY=VALUE, as in grid.N=1000,2000",
                    assignment);
  char key[128];
  const int length = snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
  if (length < 0 || (size_t)length >= sizeof key)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%.40s...': the key is too long", assignment);
  ntk_setting made = {0};
  ntk_status status = ntk_setting_append(&made, equals + 1, true);
  if (status == NTK_ERR_FORMAT)
    status = ntk_fail(NTK_ERR_ARGUMENT, "'%s': a value is empty", assignment);
  ntk_setting *s = ntk_settings_find_mutable(settings, key);
  if (status == NTK_OK && s == NULL)
    status = ntk_settings_add(settings, key, 0, &s);
  if (status != NTK_OK) {
    clear_setting(&made);
    return status;
  }
  made.key = s->key;
  s->key = NULL;
  clear_setting(s);
  *s = made;
  return NTK_OK;
}

ntk_status ntk_settings_default(ntk_settings *settings, const char *key, const char *value) {
  if (ntk_settings_find(settings, key) != NULL)
    return NTK_OK;
  ntk_setting *s = NULL;
  NTK_TRY(ntk_settings_add(settings, key, 0, &s));
  return ntk_setting_append(s, value, false);
}

ntk_status ntk_settings_join(ntk_settings *settings, const char *key) {
  ntk_setting *s = ntk_settings_find_mutable(settings, key);
  size_t room = 1;
  if (s == NULL || s->count < 2)
    return NTK_OK;
  for (size_t i = 0; i < s->count; i++)
    room += strlen(s->value[i]) + 1;
  char *text = malloc(room), *at = text;
  if (text == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for the values of %s", key);
  for (size_t i = 0; i < s->count; i++) {
    at += snprintf(at, room - (size_t)(at - text), "%s%s", i > 0 ? "," : "", s->value[i]);
    free(s->value[i]);
  }
  s->value[0] = text;
  s->count = 1;
  return NTK_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* value, ... as a list of quoted texts. */
static void write_values(FILE *out, const ntk_setting *s) {
  fputc('[', out);
  for (size_t i = 0; i < s->count; i++) {
    fputs(i > 0 ? ", \"" : "\"", out);
    for (const char *c = s->value[i]; *c != '\0'; c++) {
      if (*c == '"' || *c == '\\')
        fputc('\\', out);
      fputc(*c, out);
    }
    fputc('"', out);
  }
  fputs("]\n", out);
}

/* Settings of one group ("" for those without) in their order, below its name. */
static void write_group(FILE *out, const ntk_settings *settings, const char *group) {
  const size_t length = strlen(group);
  bool named = length == 0;
  for (size_t i = 0; i < settings->count; i++) {
    const ntk_setting *s = &settings->setting[i];
    const char *dot = strchr(s->key, '.');
    const size_t own = dot != NULL ? (size_t)(dot - s->key) : 0;
    if (own != length || strncmp(s->key, group, length) != 0)
      continue;
    if (!named)
      fprintf(out, "%s:\n", group);
    named = true;
    fprintf(out, "%s%s: ", length > 0 ? "  " : "", length > 0 ? dot + 1 : s->key);
    write_values(out, s);
  }
}

char *ntk_settings_text(const ntk_settings *settings) {
  static const char *const groups[] = {"network", "data", "ledger", "train", "grid"};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL)
    return NULL;
  write_group(out, settings, "");
  for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
    write_group(out, settings, groups[g]);
  const bool failed = ferror(out) != 0;
  if (fclose(out) != 0 || failed) {
    free(text);
    return NULL;
  }
  return text;
}
