#include "study/files.h"

#include "base/hash.h"
#include "base/writer.h"

#include "ntkit/data.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The file of "FILE" or "FILE:KEY". */
static ntk_status file_of(const char *path, char name[NTK_PATH_CAPACITY]) {
  const size_t length = ntk_file_length(path);
  if (length >= NTK_PATH_CAPACITY)
    return ntk_fail(NTK_ERR_FILE, "%.40s...: the name is too long", path);
  memcpy(name, path, length);
  name[length] = '\0';
  return NTK_OK;
}

ntk_status ntk_file_identify(const char *path, ntk_file_identity *identity) {
  char name[NTK_PATH_CAPACITY];
  struct stat about;
  NTK_TRY(file_of(path, name));
  if (stat(name, &about) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode)) /* a pipe or a device may never end */
    return ntk_fail(NTK_ERR_FILE, "%s is no plain file", path);
  *identity = (ntk_file_identity){(uint64_t)about.st_dev, (uint64_t)about.st_ino,
                                  (uint64_t)about.st_size, (int64_t)about.st_mtime, 0};
#ifdef __linux__
  identity->nanoseconds = (int64_t)about.st_mtim.tv_nsec;
#endif
  return NTK_OK;
}

static ntk_status compare(const char *path, ntk_file_identity now,
                          const ntk_file_identity *before) {
  if (now.device != before->device || now.inode != before->inode || now.size != before->size ||
      now.seconds != before->seconds || now.nanoseconds != before->nanoseconds)
    return ntk_fail(NTK_ERR_FILE, "%s has changed since the run began", path);
  return NTK_OK;
}

ntk_status ntk_file_unchanged(const char *path, const ntk_file_identity *before) {
  ntk_file_identity now;
  NTK_TRY(ntk_file_identify(path, &now));
  return compare(path, now, before);
}

ntk_status ntk_file_fingerprint(const char *path, char text[NTK_FINGERPRINT]) {
  char name[NTK_PATH_CAPACITY];
  NTK_TRY(file_of(path, name));
  FILE *file = fopen(name, "rb");
  if (file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  uint64_t hash = NTK_HASH_START;
  unsigned char buffer[1 << 14];
  size_t got;
  while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
    hash = ntk_hash_bytes(hash, buffer, got);
  const bool failed = ferror(file) != 0;
  fclose(file);
  if (failed)
    return ntk_fail(NTK_ERR_FILE, "%s cannot be read", path);
  snprintf(text, NTK_FINGERPRINT, "%016llx", (unsigned long long)hash);
  return NTK_OK;
}

/* ---- Folders --------------------------------------------------------------------------------- */

/* Adds a file of the folder to what is known of it. */
typedef ntk_status (*visit_fn)(const char *path, void *user);

static int is_array(const struct dirent *entry) {
  const size_t length = strlen(entry->d_name);
  return length > 4 && strcmp(entry->d_name + length - 4, ".npy") == 0;
}

/* The .npy of a folder in the order of their names; of a file that alone. */
static ntk_status visit_all(const char *path, visit_fn visit, void *user) {
  struct stat about;
  struct dirent **list = NULL;
  if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
    return visit(path, user);
  const int count = scandir(path, &list, is_array, alphasort);
  if (count < 0)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  ntk_status status = NTK_OK;
  for (int i = 0; i < count; i++) {
    char name[NTK_PATH_CAPACITY + 256];
    snprintf(name, sizeof name, "%s/%s", path, list[i]->d_name);
    if (status == NTK_OK)
      status = visit(name, user);
    free(list[i]);
  }
  free(list);
  return status;
}

static ntk_status add_identity(const char *path, void *user) {
  ntk_file_identity *sum = user, one;
  NTK_TRY(ntk_file_identify(path, &one));
  sum->device = ntk_hash_word(sum->device, one.device);
  sum->inode = ntk_hash_word(sum->inode, one.inode);
  sum->size = ntk_hash_word(sum->size, one.size);
  sum->seconds = one.seconds > sum->seconds ? one.seconds : sum->seconds;
  sum->nanoseconds += one.nanoseconds;
  return NTK_OK;
}

ntk_status ntk_weights_identify(const char *path, ntk_file_identity *identity) {
  *identity = (ntk_file_identity){0};
  return visit_all(path, add_identity, identity);
}

ntk_status ntk_weights_unchanged(const char *path, const ntk_file_identity *before) {
  ntk_file_identity now;
  NTK_TRY(ntk_weights_identify(path, &now));
  return compare(path, now, before);
}

static ntk_status add_fingerprint(const char *path, void *user) {
  uint64_t *hash = user;
  char text[NTK_FINGERPRINT];
  NTK_TRY(ntk_file_fingerprint(path, text));
  *hash = ntk_hash_bytes(*hash, text, strlen(text));
  return NTK_OK;
}

ntk_status ntk_weights_fingerprint(const char *path, char text[NTK_FINGERPRINT]) {
  uint64_t hash = NTK_HASH_START;
  NTK_TRY(visit_all(path, add_fingerprint, &hash));
  snprintf(text, NTK_FINGERPRINT, "%016llx", (unsigned long long)hash);
  return NTK_OK;
}
