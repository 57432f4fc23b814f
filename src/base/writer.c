#define _DEFAULT_SOURCE /* flock */
#include "base/writer.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static ntk_status fail_errno(const ntk_writer *writer, const char *doing, int error) {
  return ntk_fail(NTK_ERR_FILE, "%s: %s: %s", writer->path, doing, strerror(error));
}

/* Anything but a regular file under that name would be lost to the rename: a device, say. */
static ntk_status check_target(const ntk_writer *writer) {
  struct stat found;
  if (stat(writer->path, &found) == 0 && !S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s: exists and is %s; accepted: a file's name", writer->path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  return NTK_OK;
}

static bool is_named(int descriptor, const char *path) {
  struct stat here, there;
  return fstat(descriptor, &here) == 0 && lstat(path, &there) == 0 && here.st_ino == there.st_ino &&
         here.st_dev == there.st_dev;
}

int ntk_writer_lock(const char *path, int *descriptor) {
  int opened = -1;
  do { /* again when whoever had it has just renamed or removed it */
    if (opened >= 0)
      (void)close(opened);
    opened = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (opened < 0)
      return errno;
    if (flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      (void)close(opened);
      return EWOULDBLOCK;
    }
  } while (!is_named(opened, path));
  *descriptor = opened;
  return 0;
}

/* A file beside the target, locked, so that its name can always be the same and what a killed
 * process left is taken over. Not mkstemp, whose files ignore the user's umask. */
static ntk_status create_temporary(ntk_writer *writer) {
  snprintf(writer->temporary, sizeof writer->temporary, "%s.ntkit-tmp", writer->path);
  int descriptor = -1;
  const int why = ntk_writer_lock(writer->temporary, &descriptor);
  if (why == EWOULDBLOCK)
    return ntk_fail(NTK_ERR_FILE, "%s: another process is writing it now", writer->path);
  if (why != 0)
    return fail_errno(writer, "cannot be created", why);
  if (ftruncate(descriptor, 0) == 0 && (writer->file = fdopen(descriptor, "wb")) != NULL)
    return NTK_OK;
  const int error = errno;
  (void)unlink(writer->temporary);
  (void)close(descriptor);
  return fail_errno(writer, "cannot be created", error);
}

/* An N x N kernel is large enough to say before it is computed that it will not fit. File systems
 * that do not tell (no blocks) are believed to have room. */
static ntk_status check_room(const ntk_writer *writer, size_t bytes) {
  struct statvfs disk;
  if (fstatvfs(fileno(writer->file), &disk) != 0 || disk.f_blocks == 0)
    return NTK_OK;
  const double room = (double)disk.f_bavail * (double)disk.f_frsize;
  if ((double)bytes <= room)
    return NTK_OK;
  char needed[NTK_AMOUNT], left[NTK_AMOUNT];
  return ntk_fail(NTK_ERR_FILE, "%s: %s: needs %s on disk, and %s are free", writer->path,
                  strerror(ENOSPC), ntk_amount((double)bytes, needed), ntk_amount(room, left));
}

ntk_status ntk_writer_open(ntk_writer *writer, const char *path, size_t bytes) {
  *writer = (ntk_writer){0};
  const size_t length = strlen(path);
  if (length == 0 || length >= sizeof writer->path)
    return ntk_fail(NTK_ERR_ARGUMENT, "a file's path has %zu characters; accepted: 1 to %d", length,
                    NTK_PATH_CAPACITY - 1);
  memcpy(writer->path, path, length + 1);
  NTK_TRY(check_target(writer));
  NTK_TRY(create_temporary(writer));
  const ntk_status status = check_room(writer, bytes);
  if (status != NTK_OK)
    ntk_writer_abort(writer);
  return status;
}

ntk_status ntk_writer_append(ntk_writer *writer, const void *bytes, size_t count) {
  if (fwrite(bytes, 1, count, writer->file) != count)
    return fail_errno(writer, "cannot be written", errno);
  return NTK_OK;
}

/* Makes the renaming durable. File systems that cannot sync a directory say EINVAL. */
static ntk_status sync_directory(const ntk_writer *writer) {
  char directory[NTK_PATH_CAPACITY];
  memcpy(directory, writer->path, sizeof directory);
  char *slash = strrchr(directory, '/');
  if (slash == NULL)
    memcpy(directory, ".", 2);
  else
    slash[slash == directory ? 1 : 0] = '\0';
  const int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == EACCES) /* a directory that may be written but not listed */
      return NTK_OK;
    return fail_errno(writer, "its directory cannot be opened", errno);
  }
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  (void)close(descriptor);
  if (error != 0 && error != EINVAL && error != ENOTSUP)
    return fail_errno(writer, "its directory cannot be synced", error);
  return NTK_OK;
}

ntk_status ntk_writer_commit(ntk_writer *writer) {
  if (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0 ||
      rename(writer->temporary, writer->path) != 0) {
    const int error = errno;
    ntk_writer_abort(writer);
    return fail_errno(writer, "cannot be written", error);
  }
  (void)fclose(writer->file); /* whose bytes are on the disk */
  writer->file = NULL;
  return sync_directory(writer);
}

void ntk_writer_abort(ntk_writer *writer) {
  if (writer->file == NULL)
    return;
  (void)unlink(writer->temporary); /* while it is locked: then another's may have the name */
  (void)fclose(writer->file);
  writer->file = NULL;
}
