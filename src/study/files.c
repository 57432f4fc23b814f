#include "study/files.h"

#include "base/hash.h"
#include "base/writer.h"

#include "ntkit/data.h"

#include <errno.h>
#include <stdio.h>
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

ntk_status ntk_file_unchanged(const char *path, const ntk_file_identity *before) {
  ntk_file_identity now;
  NTK_TRY(ntk_file_identify(path, &now));
  if (now.device != before->device || now.inode != before->inode || now.size != before->size ||
      now.seconds != before->seconds || now.nanoseconds != before->nanoseconds)
    return ntk_fail(NTK_ERR_FILE, "%s has changed since the run began", path);
  return NTK_OK;
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
