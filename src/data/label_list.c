#include "data/label_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 1 << 16 };

static ntk_status refuse_memory(size_t count) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu labels", count);
}

/* Doubles *room when count has reached it. */
static ntk_status grow(size_t count, size_t *room, size_t size, void **array) {
  if (count < *room)
    return NTK_OK;
  const size_t more = *room > 0 ? 2 * *room : 64;
  void *grown = more <= SIZE_MAX / size ? realloc(*array, more * size) : NULL;
  if (grown == NULL)
    return refuse_memory(more);
  *array = grown;
  *room = more;
  return NTK_OK;
}

static ntk_status add(ntk_label_list *list, double value) {
  void *array = list->value;
  NTK_TRY(grow(list->count, &list->room, sizeof *list->value, &array));
  list->value = array;
  list->value[list->count++] = value;
  return NTK_OK;
}

ntk_status ntk_label_list_number(ntk_label_list *list, const char *where, double value) {
  if (list->classes > 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: the label %.17g is a number, and those before it are words, as '%s'; "
                    "accepted: words or numbers alone",
                    where, value, list->name[0]);
  return add(list, value);
}

/* Where the word stands among the names, or has to. */
static size_t find(const ntk_label_list *list, const char *word, bool *there) {
  size_t low = 0, high = list->classes;
  *there = false;
  while (low < high && !*there) {
    const size_t middle = low + (high - low) / 2;
    const int order = strcmp(word, list->name[middle]);
    *there = order == 0;
    if (order > 0)
      low = middle + 1;
    else
      high = middle;
  }
  return high;
}

bool ntk_label_list_has(const ntk_label_list *list, const char *word) {
  bool there = false;
  (void)find(list, word, &there);
  return there;
}

static ntk_status insert(ntk_label_list *list, size_t at, const char *word) {
  size_t room = list->class_room;
  void *names = list->name, *codes = list->code;
  NTK_TRY(grow(list->classes, &room, sizeof *list->name, &names));
  list->name = names;
  NTK_TRY(grow(list->classes, &list->class_room, sizeof *list->code, &codes));
  list->code = codes;
  char *copy = strdup(word);
  if (copy == NULL)
    return refuse_memory(list->count);
  const size_t after = list->classes - at;
  memmove(list->name + at + 1, list->name + at, after * sizeof *list->name);
  memmove(list->code + at + 1, list->code + at, after * sizeof *list->code);
  list->name[at] = copy;
  list->code[at] = list->classes++;
  return NTK_OK;
}

ntk_status ntk_label_list_word(ntk_label_list *list, const char *where, const char *word) {
  if (list->classes == 0 && list->count > 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: the label '%s' is no number, and those before it are; accepted: words or "
                    "numbers alone",
                    where, word);
  bool there = false;
  const size_t at = find(list, word, &there);
  if (!there && list->classes == MOST_CLASSES)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: '%s' is one more than %d different words; accepted: labels of fewer "
                    "classes",
                    where, word, MOST_CLASSES);
  if (!there)
    NTK_TRY(insert(list, at, word));
  return add(list, (double)list->code[at]);
}

ntk_status ntk_label_list_end(ntk_label_list *list) {
  if (list->classes == 0)
    return NTK_OK;
  size_t *rank = calloc(list->classes, sizeof *rank);
  if (rank == NULL)
    return refuse_memory(list->classes);
  for (size_t k = 0; k < list->classes; k++)
    rank[list->code[k]] = k;
  for (size_t i = 0; i < list->count; i++)
    list->value[i] = (double)rank[(size_t)list->value[i]];
  free(rank);
  return NTK_OK;
}

void ntk_label_list_clear(ntk_label_list *list) {
  for (size_t k = 0; k < list->classes; k++)
    free(list->name[k]);
  free(list->name);
  free(list->code);
  free(list->value);
  *list = (ntk_label_list){0};
}
