#include "base/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *name_at(const void *rows, size_t stride, size_t i) {
  const char *const *entry = (const void *)((const char *)rows + i * stride);
  return *entry;
}

size_t ntk_name_row(const char *name, const void *rows, size_t stride, size_t count) {
  size_t i = 0;
  while (i < count && strcmp(name, name_at(rows, stride, i)) != 0)
    i++;
  return i;
}

ntk_status ntk_name_find(const char *what, const char *name, const void *rows, size_t stride,
                         size_t count, size_t *row) {
  char known[512] = "";
  size_t used = 0;
  const char *meant = NULL;
  const size_t found = ntk_name_row(name, rows, stride, count);
  if (found < count) {
    *row = found;
    return NTK_OK;
  }
  for (size_t i = 0; i < count; i++) {
    const char *entry = name_at(rows, stride, i);
    if (strcasecmp(name, entry) == 0)
      meant = entry;
    if (used < sizeof known)
      used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", entry);
  }
  if (meant != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; did you mean '%s'? known: %s", what,
                    name, meant, known);
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; known: %s", what, name, known);
}
