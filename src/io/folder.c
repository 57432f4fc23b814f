#include "io/folder.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

ntk_status ntk_folder_path(const char *directory, const char *name, char **path) {
  const size_t length = strlen(directory), size = length + strlen(name) + 3;
  const bool ends = length > 0 && directory[length - 1] == '/';
  *path = malloc(size);
  if (*path == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file name");
  (void)ntk_format(*path, size, "%s%s%s", length > 0 ? directory : ".",
                   name[0] == '\0' || ends ? "" : "/", name);
  return NTK_OK;
}

void ntk_class_folder(double value, char name[NTK_CLASS_NAME]) {
  (void)ntk_format(name, NTK_CLASS_NAME, "class%.17g", value);
}
