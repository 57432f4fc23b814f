#define _DEFAULT_SOURCE /* flock */
#include "base/writer.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

int ntk_writer_named(int descriptor, const char *path, bool links) {
  struct stat here, there;
  if (fstat(descriptor, &here) != 0)
    return errno;
  if ((links ? stat(path, &there) : lstat(path, &there)) != 0)
    return errno == ENOENT ? ESTALE : errno;
  return here.st_ino == there.st_ino && here.st_dev == there.st_dev ? 0 : ESTALE;
}

/* Calls that a signal ends early are made again. */
static int open_again(const char *path, int flags) {
  int opened;
  do
    opened = open(path, flags | O_CLOEXEC, 0666);
  while (opened < 0 && errno == EINTR);
  return opened;
}

static int sync_again(int descriptor) {
  int failed;
  do
    failed = fsync(descriptor);
  while (failed != 0 && errno == EINTR);
  return failed;
}

int ntk_writer_lock(const char *path, int *descriptor) {
  enum { MOST_TRIES = 100 };
  int why = ESTALE;
  for (int tries = 0; why == ESTALE && tries < MOST_TRIES; tries++) {
    const int opened = open_again(path, O_WRONLY | O_CREAT | O_NOFOLLOW);
    if (opened < 0)
      return errno;
    if (flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      (void)close(opened);
      return EWOULDBLOCK;
    }
    why = ntk_writer_named(opened, path, false);
    if (why == 0)
      *descriptor = opened;
    else if (why != ESTALE)
      (void)unlink(path); /* while it is locked */
    if (why != 0)
      (void)close(opened);
  }
  return why;
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
  int failed;
  do
    failed = ftruncate(descriptor, 0);
  while (failed != 0 && errno == EINTR);
  writer->open = failed == 0;
  writer->descriptor = descriptor;
  if (writer->open)
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
  if (fstatvfs(writer->descriptor, &disk) != 0 || disk.f_blocks == 0)
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

/* Whatever part of it the system takes at a time; 0, or an error number. */
static int write_all(int descriptor, const unsigned char *bytes, size_t count) {
  while (count > 0) {
    const ssize_t taken = write(descriptor, bytes, count);
    if (taken < 0 && errno != EINTR)
      return errno;
    if (taken > 0) {
      bytes += taken;
      count -= (size_t)taken;
    }
  }
  return 0;
}

static int flush(ntk_writer *writer) {
  const int error = write_all(writer->descriptor, writer->buffer, writer->waiting);
  writer->waiting = 0;
  return error;
}

ntk_status ntk_writer_append(ntk_writer *writer, const void *bytes, size_t count) {
  int error = count > sizeof writer->buffer - writer->waiting ? flush(writer) : 0;
  if (error == 0 && count > sizeof writer->buffer) {
    error = write_all(writer->descriptor, bytes, count);
  } else if (error == 0 && count > 0) {
    memcpy(writer->buffer + writer->waiting, bytes, count);
    writer->waiting += count;
  }
  return error == 0 ? NTK_OK : fail_errno(writer, "cannot be written", error);
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
  const int descriptor = open_again(directory, O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) {
    if (errno == EACCES) /* a directory that may be written but not listed */
      return NTK_OK;
    return fail_errno(writer, "its directory cannot be opened", errno);
  }
  const int error = sync_again(descriptor) == 0 ? 0 : errno;
  (void)close(descriptor);
  if (error != 0 && error != EINVAL && error != ENOTSUP)
    return fail_errno(writer, "its directory cannot be synced", error);
  return NTK_OK;
}

ntk_status ntk_writer_commit(ntk_writer *writer) {
  int error = flush(writer);
  if (error == 0 &&
      (sync_again(writer->descriptor) != 0 || rename(writer->temporary, writer->path) != 0))
    error = errno;
  if (error != 0) {
    ntk_writer_abort(writer);
    return fail_errno(writer, "cannot be written", error);
  }
  (void)close(writer->descriptor); /* whose bytes are on the disk */
  writer->open = false;
  return sync_directory(writer);
}

void ntk_writer_abort(ntk_writer *writer) {
  if (!writer->open)
    return;
  (void)unlink(writer->temporary); /* while it is locked: then another's may have the name */
  (void)close(writer->descriptor);
  writer->open = false;
}
