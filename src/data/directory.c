#include "base/status.h"
#include "ntkit/data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_CAPACITY = 4096 };

/* Makes one directory unless it is there. What is there is looked at, for systems differ in the
 * error that mkdir gives then (EEXIST, EISDIR, EROFS, EACCES). */
static ntk_status make_one(const char *whole, const char *part) {
  if (mkdir(part, 0777) == 0)
    return NTK_OK;
  const int error = errno;
  struct stat found;
  if (stat(part, &found) == 0) {
    if (S_ISDIR(found.st_mode))
      return NTK_OK;
    return ntk_fail(NTK_ERR_FILE,
                    "directory '%s' cannot be made: '%s' exists and is not a directory", whole,
                    part);
  }
  return ntk_fail(NTK_ERR_FILE, "directory '%s' cannot be made: '%s': %s", whole, part,
                  strerror(error));
}

/* Only creating a file tells whether one can be created: permissions, read-only mounts and quotas
 * included. */
static ntk_status check_writable(const char *path) {
  char name[PATH_CAPACITY + 32];
  snprintf(name, sizeof name, "%s/.ntkit-XXXXXX", path);
  const int file = mkstemp(name);
  if (file < 0)
    return ntk_fail(NTK_ERR_FILE, "directory '%s' does not let files be created: %s", path,
                    strerror(errno));
  (void)close(file);
  if (unlink(name) != 0)
    return ntk_fail(NTK_ERR_FILE, "directory '%s' does not let files be removed ('%s'): %s", path,
                    name, strerror(errno));
  return NTK_OK;
}

ntk_status ntk_directory_prepare(const char *path) {
  const size_t length = strlen(path);
  if (length == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the directory's name is empty; accepted: a path");
  if (length >= PATH_CAPACITY)
    return ntk_fail(NTK_ERR_ARGUMENT, "the directory's path has %zu characters; accepted: under %d",
                    length, PATH_CAPACITY);
  char part[PATH_CAPACITY];
  memcpy(part, path, length + 1);
  for (size_t k = 1; k < length; k++) {
    if (part[k] != '/' || part[k - 1] == '/')
      continue;
    part[k] = '\0';
    NTK_TRY(make_one(path, part));
    part[k] = '/';
  }
  NTK_TRY(make_one(path, path));
  return check_writable(path);
}
