/* JSON as text without losing keys: not by json_dumps, which leaves one out when it has no memory
 * for it (Jansson 2.14). In a header, for libntkit has no Jansson, and those above it have. */
#ifndef NTK_DATA_JSON_TEXT_H
#define NTK_DATA_JSON_TEXT_H

#include <jansson.h>
#include <stdlib.h>

/* The caller's to free; flags as of json_dumps. NULL for want of memory. */
static inline char *ntk_json_text(const json_t *object, size_t flags) {
  const size_t length = json_dumpb(object, NULL, 0, flags);
  char *text = length > 0 ? malloc(length + 1) : NULL;
  if (text == NULL)
    return NULL;
  text[length] = '\0';
  if (json_dumpb(object, text, length, flags) == length)
    return text;
  free(text);
  return NULL;
}

#endif
