#include "cli/launch/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 1024 };

static struct {
  char folder[PATH / 2]; /* "": none is known */
  char said[PATH];       /* a file: a line has been said */
  uint64_t job;          /* of this launcher, and no earlier one with its number */
} beside;

static uint64_t hash_of(const char *text) { /* FNV-1a */
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *text != '\0'; text++)
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return hash;
}

static void path_of(char path[PATH], const char *name) {
  (void)snprintf(path, PATH, "%s/ntkit.%016llx.%s", beside.folder, (unsigned long long)beside.job,
                 name);
}

static const char *name_of(beside_kind kind) {
  static const char *const names[BESIDE_KINDS] = {"meets", "apart", "without"};
  return names[kind];
}

/* Whether this call has made an empty file of that name, and it was not there. */
static bool make(const char *name) {
  char path[PATH];
  path_of(path, name);
  const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file != -1)
    (void)close(file);
  return file != -1;
}

void beside_tell(beside_kind own) {
  const char *folder = getenv("PMIX_SERVER_TMPDIR"), *address = getenv("PMIX_SERVER_URI2");
  struct stat what;
  if (folder == NULL || address == NULL || folder[0] != '/' || stat(folder, &what) != 0 ||
      !S_ISDIR(what.st_mode) || what.st_uid != geteuid() ||
      snprintf(beside.folder, sizeof beside.folder, "%s", folder) >= (int)sizeof beside.folder) {
    beside.folder[0] = '\0';
    return;
  }
  beside.job = hash_of(address);
  path_of(beside.said, "said");
  if (!make(name_of(own)) && errno != EEXIST)
    beside.folder[0] = '\0';
}

bool beside_has(beside_kind kind) {
  char path[PATH];
  path_of(path, name_of(kind));
  return beside.folder[0] != '\0' && access(path, F_OK) == 0;
}

static bool go_together(void) {
  int kinds = 0;
  for (int kind = 0; kind < BESIDE_KINDS; kind++)
    kinds += beside_has((beside_kind)kind);
  return kinds < 2;
}

/* Whoever is the first of all, but not of its own line, leaves it to the one that is. */
bool beside_claim(const char *line, bool otherwise) {
  char name[32];
  if (beside.folder[0] == '\0')
    return otherwise;
  if (line != NULL)
    (void)snprintf(name, sizeof name, "%016llx", (unsigned long long)hash_of(line));
  return (line == NULL || make(name)) && (make("said") || go_together());
}

bool beside_said(void) {
  return beside.folder[0] != '\0' && access(beside.said, F_OK) == 0;
}
