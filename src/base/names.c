#include "base/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

ntk_status ntk_name_find(const char *what, const char *name, const void *rows, size_t stride,
                         size_t count, size_t *row) {
  char known[512] = "";
  size_t used = 0;
  const char *meant = NULL;
  for (size_t i = 0; i < count; i++) {
    const char *const *entry = (const void *)((const char *)rows + i * stride);
    if (strcmp(name, *entry) == 0) {
      *row = i;
      return NTK_OK;
    }
    if (strcasecmp(name, *entry) == 0)
      meant = *entry;
    if (used < sizeof known)
      used +=
          (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", *entry);
  }
  if (meant != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; did you mean '%s'? known: %s", what,
                    name, meant, known);
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; known: %s", what, name, known);
}
