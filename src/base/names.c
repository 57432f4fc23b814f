#include "base/names.h"

#include "ntkit/data.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 40 };

/* ---- The nearest name ------------------------------------------------------------------------ */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static bool same_letter(char a, char b) {
  return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters added, left out, replaced, or swapped with the next between two names of at most
 * LONGEST_NAME letters, whatever their case (optimal string alignment), row by row. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[3][LONGEST_NAME + 1]; /* i % 3 */
  const size_t rows = strlen(a), columns = strlen(b);
  for (size_t i = 0; i <= rows; i++)
    for (size_t j = 0; j <= columns; j++) {
      size_t *here = &row[i % 3][j];
      if (i == 0 || j == 0) {
        *here = i + j;
        continue;
      }
      const size_t *above = row[(i + 2) % 3];
      *here = least(above[j - 1] + !same_letter(a[i - 1], b[j - 1]),
                    least(above[j], row[i % 3][j - 1]) + 1);
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
        *here = least(*here, row[(i + 1) % 3][j - 2] + 1);
    }
  return row[rows % 3][columns];
}

const char *ntk_text_nearest(const char *word, const char *(*name)(size_t i, const void *user),
                             const void *user) {
  if (strlen(word) > LONGEST_NAME)
    return NULL;
  const char *nearest = NULL;
  size_t best = strlen(word) < 5 ? 2 : 3; /* this far is another word, not a slip */
  for (size_t i = 0; name(i, user) != NULL; i++) {
    if (strlen(name(i, user)) > LONGEST_NAME)
      continue;
    const size_t distance = edit_distance(word, name(i, user));
    if (distance < best) {
      best = distance;
      nearest = name(i, user);
    }
  }
  return nearest;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

typedef struct table {
  const char *rows;
  size_t stride, count;
} table;

static const char *name_at(size_t i, const void *user) {
  const table *t = user;
  if (i >= t->count)
    return NULL;
  const char *const *entry = (const void *)(t->rows + i * t->stride);
  return *entry;
}

size_t ntk_name_row(const char *name, const void *rows, size_t stride, size_t count) {
  const table all = {rows, stride, count};
  size_t i = 0;
  while (i < count && strcmp(name, name_at(i, &all)) != 0)
    i++;
  return i;
}

ntk_status ntk_name_find(const char *what, const char *name, const void *rows, size_t stride,
                         size_t count, size_t *row) {
  const table all = {rows, stride, count};
  const size_t found = ntk_name_row(name, rows, stride, count);
  if (found < count) {
    *row = found;
    return NTK_OK;
  }
  char known[600] = "none";
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    const char *next = name_at(i, &all);
    const bool fits = used + strlen(next) + sizeof ", , ..." < sizeof known; /* whole names */
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                             fits ? next : "...");
    if (!fits)
      break;
  }
  const char *meant = ntk_text_nearest(name, name_at, &all);
  if (meant != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; did you mean '%s'? known: %s", what,
                    name, meant, known);
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; known: %s", what, name, known);
}
