#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

/* A new file beside the target. Not mkstemp, whose files ignore the user's umask. */
static ntk_status create_temporary(ntk_writer *writer) {
  int descriptor = -1;
  for (int attempt = 0; descriptor < 0 && attempt < 1000; attempt++) {
    snprintf(writer->temporary, sizeof writer->temporary, "%s.%ld-%d.tmp", writer->path,
             (long)getpid(), attempt);
    descriptor = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EEXIST)
      break;
  }
  if (descriptor < 0)
    return fail_errno(writer, "cannot be created", errno);
  writer->file = fdopen(descriptor, "wb");
  if (writer->file == NULL) {
    const int error = errno;
    (void)close(descriptor);
    (void)unlink(writer->temporary);
    return fail_errno(writer, "cannot be created", error);
  }
  return NTK_OK;
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
  return ntk_fail(NTK_ERR_FILE, "%s: needs %.3g GB on disk, and %.3g GB are free", writer->path,
                  1e-9 * (double)bytes, 1e-9 * room);
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

/* Everything up to a complete, closed temporary file; 0 or the error number. */
static int finish(ntk_writer *writer) {
  int error = 0;
  if (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)
    error = errno;
  if (fclose(writer->file) != 0 && error == 0)
    error = errno;
  writer->file = NULL;
  return error;
}

ntk_status ntk_writer_commit(ntk_writer *writer) {
  int error = finish(writer);
  if (error == 0 && rename(writer->temporary, writer->path) != 0)
    error = errno;
  if (error != 0) {
    (void)unlink(writer->temporary);
    return fail_errno(writer, "cannot be written", error);
  }
  return sync_directory(writer);
}

void ntk_writer_abort(ntk_writer *writer) {
  if (writer->file == NULL)
    return;
  (void)fclose(writer->file);
  (void)unlink(writer->temporary);
  writer->file = NULL;
}
