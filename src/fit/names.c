#include "fit/names.h"

#include <stdio.h>
#include <string.h>

ntk_status ntk_name_find(const char *what, const char *name, const ntk_name_info *table,
                         size_t count, size_t *row) {
  char known[200] = "";
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, table[i].name) == 0) {
      *row = i;
      return NTK_OK;
    }
    if (used < sizeof known)
      used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                               table[i].name);
  }
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown %s '%.60s'; known: %s", what, name, known);
}
