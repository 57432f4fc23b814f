/* The column of a text that has labels: which one it is, and what stands in it. */
#include "base/hash.h"
#include "base/writer.h"
#include "data/text/csv.h"
#include "data/text/decimal.h"

#include "ntkit/data.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- Fields as text ---- */

/* Puts a character, where there is room for it and a 0. */
static void put(char *text, size_t *length, char c) {
  if (text != NULL && *length + 1 < NTK_FIELD)
    text[(*length)++] = c;
}

ntk_status ntk_text_field(ntk_window *w, size_t column, char *text) {
  const char delimiter = w->reader->lines.delimiter;
  size_t length = 0, read = 0;
  NTK_TRY(ntk_window_fill(w));
  w->at = ntk_past_blanks(w->at, delimiter);
  bool quoted = false;
  for (; !(ntk_text_ends(w)); w->at++, read++) {
    NTK_TRY(ntk_window_fill(w));
    const char c = *w->at;
    if (c == '"') {
      const bool twice = quoted && w->at[1] == '"'; /* a quote in quotes */
      if (twice)
        put(text, &length, c);
      w->at += twice;
      quoted ^= !twice;
    } else if (!quoted && (c == delimiter || (delimiter == ' ' && ntk_is_blank(w->at))))
      break;
    else
      put(text, &length, c);
  }
  if (quoted)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: line %zu, column %zu: a quote is opened and not closed in its line; "
                    "accepted: fields of one line",
                    w->reader->path, w->line, column + 1);
  if (text != NULL && read >= NTK_FIELD)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: line %zu, column %zu: goes on for more than 512 characters",
                    w->reader->path, w->line, column + 1);
  while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
    length--;
  if (text != NULL)
    text[length] = '\0';
  w->at = delimiter == ' ' ? ntk_past_blanks(w->at, delimiter) : w->at;
  return NTK_OK;
}

/* To the delimiter behind the field there, and past it; *ends: none follows. */
static ntk_status next_field(ntk_window *w, size_t column, char *text, bool *ends) {
  NTK_TRY(ntk_text_field(w, column, text));
  *ends = ntk_text_ends(w);
  w->at += !*ends && w->reader->lines.delimiter != ' ';
  return NTK_OK;
}

/* ---- Which column ---- */

/* What a heading has in place of a name that it has not. */
typedef struct names_there {
  char first[128], near[NTK_SHOWN]; /* its first names; the one that may be meant, or "" */
} names_there;

static const char *the_one(size_t i, const void *user) {
  return i == 0 ? user : NULL;
}

/* The column of that name in the heading there, from 1; 0: none. */
static ntk_status find_name(ntk_window *w, const char *name, size_t *column, names_there *there) {
  char text[NTK_FIELD];
  bool ends = false, all = true;
  const size_t size = sizeof there->first;
  size_t used = 0;
  *column = 0;
  for (size_t j = 0; !ends; j++) {
    NTK_TRY(next_field(w, j, text, &ends));
    all = all && used + strlen(text) + 8 < size;
    if (all)
      used += (size_t)snprintf(there->first + used, size - used, "%s%s", j > 0 ? ", " : "", text);
    if (there->near[0] == '\0' && strlen(text) > 2 && strlen(text) < sizeof there->near &&
        ntk_text_nearest(name, the_one, text) != NULL)
      memcpy(there->near, text, strlen(text) + 1);
    if (strcmp(text, name) != 0)
      continue;
    if (*column > 0)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: columns %zu and %zu are both called '%s'; accepted: the number of one",
                      w->reader->path, *column, j + 1, name);
    *column = j + 1;
  }
  if (!all)
    snprintf(there->first + used, size - used, ", ...");
  return NTK_OK;
}

/* A column's number, counted from 1, or -1 for the last; 0: it is none. */
size_t ntk_text_column(const char *label_column, size_t columns) {
  uint64_t number = 0;
  if (strcmp(label_column, "-1") == 0)
    return columns;
  return ntk_text_whole(label_column, strlen(label_column), 1, columns, &number) == NULL
             ? (size_t)number
             : 0;
}

ntk_status ntk_text_label(ntk_window *w, bool heading, size_t columns, size_t *column) {
  const ntk_reader *reader = w->reader;
  names_there there = {"", ""};
  *column = 0;
  if (heading)
    NTK_TRY(find_name(w, reader->label_column, column, &there));
  if (*column == 0)
    *column = ntk_text_column(reader->label_column, columns);
  if (*column > 0)
    return NTK_OK;
  const bool near = there.near[0] != '\0';
  return ntk_fail(
      NTK_ERR_ARGUMENT, "%s: has no column '%s'%s%s%s accepted: 1 to %zu, -1 for the last%s%s",
      reader->path, reader->label_column, near ? "; did you mean '" : "", there.near,
      near ? "'?" : ";", columns, heading ? ", or a name: " : " (it has no heading)", there.first);
}

/* Whether a column of that name has labels, more often than not. */
static bool is_like_labels(const char *name) {
  static const char *const usual[] = {"target", "targets", "y", "label", "labels", "class"};
  for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
    if (strcasecmp(name, usual[i]) == 0)
      return true;
  return false;
}

ntk_status ntk_text_names(ntk_window *w, ntk_lines *lines) {
  char text[NTK_FIELD];
  bool ends = false;
  uint64_t hash = NTK_HASH_START;
  for (size_t j = 0; !ends; j++) {
    NTK_TRY(next_field(w, j, text, &ends));
    if (j + 1 == lines->label || (j == 0 && lines->indexed))
      continue;
    hash = ntk_hash_bytes(hash, text, strlen(text) + 1);
    if (lines->label == 0 && lines->like[0] == '\0' && is_like_labels(text))
      memcpy(lines->like, text, strlen(text) + 1);
  }
  lines->names = hash;
  return NTK_OK;
}

/* ---- What stands in it ---- */

ntk_status ntk_text_collect(ntk_window *w, ntk_label_list *list) {
  const size_t label = w->reader->lines.label;
  char text[NTK_FIELD], where[NTK_PATH_CAPACITY + 64];
  bool ends = false;
  for (size_t j = 0; j + 1 < label; j++) {
    NTK_TRY(next_field(w, j, NULL, &ends));
    if (ends)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: line %zu has %zu columns, and the labels are in column %zu; accepted: "
                      "as many in each",
                      w->reader->path, w->line, j + 1, label);
  }
  NTK_TRY(ntk_text_field(w, label - 1, text));
  snprintf(where, sizeof where, "%s: line %zu, column %zu", w->reader->path, w->line, label);
  if (text[0] == '\0')
    return ntk_fail(NTK_ERR_FORMAT, "%s: has no label; accepted: a number, or a word", where);
  double value = 0.0;
  const char *end = text + strlen(text);
  if (ntk_decimal_read(text, end, w->reader->lines.point, &value) != end)
    return ntk_label_list_word(list, where, text);
  if (!isfinite(value))
    return ntk_fail(NTK_ERR_NOT_FINITE, "%s: the label is %g; accepted: finite numbers, or words",
                    where, value);
  return ntk_label_list_number(list, where, value);
}
