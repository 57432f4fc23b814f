/* Writing .npy: header of version 1.0, padded so that the numbers begin at a multiple of 64 bytes
 * (numpy.lib.format). The file appears under its name only when all of it is on the disk: temporary
 * name in the same directory, fsync, rename, fsync of the directory. */
#include "base/memory.h"
#include "data/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
  PREAMBLE = 10, /* magic, version, length of the header */
  HEADER = 128,  /* the longest: preamble and dictionary of two numbers of 20 digits */
  CHUNK = 1024   /* numbers encoded at a time */
};

static ntk_status fail_errno(const ntk_npy_writer *writer, const char *doing, int error) {
  return ntk_fail(NTK_ERR_FILE, "%s: %s: %s", writer->path, doing, strerror(error));
}

/* Anything but a regular file under that name would be lost to the rename: a device, say. */
static ntk_status check_target(const ntk_npy_writer *writer) {
  struct stat found;
  if (stat(writer->path, &found) == 0 && !S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s: exists and is %s; accepted: a file's name", writer->path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  return NTK_OK;
}

/* A new file beside the target. Not mkstemp, whose files ignore the user's umask. */
static ntk_status create_temporary(ntk_npy_writer *writer) {
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
static ntk_status check_room(const ntk_npy_writer *writer, size_t bytes) {
  struct statvfs disk;
  if (fstatvfs(fileno(writer->file), &disk) != 0 || disk.f_blocks == 0)
    return NTK_OK;
  const double room = (double)disk.f_bavail * (double)disk.f_frsize;
  if ((double)bytes <= room)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: needs %.3g GB on disk, and %.3g GB are free", writer->path,
                  1e-9 * (double)bytes, 1e-9 * room);
}

static ntk_status write_header(ntk_npy_writer *writer, int rank, const size_t *shape) {
  char header[HEADER + 1];
  memset(header, ' ', sizeof header);
  char *text = header + PREAMBLE;
  const size_t room = sizeof header - PREAMBLE;
  const int used =
      rank == 1
          ? snprintf(text, room, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }",
                     shape[0])
          : snprintf(text, room, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }",
                     shape[0], shape[1]);
  text[used] = ' '; /* over the end of the string */
  const size_t whole = (PREAMBLE + (size_t)used + 1 + 63) / 64 * 64;
  header[whole - 1] = '\n';
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  header[8] = (char)(whole - PREAMBLE); /* at most 118: one byte of two */
  header[9] = 0;
  if (fwrite(header, 1, whole, writer->file) != whole)
    return fail_errno(writer, "cannot be written", errno);
  return NTK_OK;
}

ntk_status ntk_npy_writer_open(ntk_npy_writer *writer, const char *path, int rank,
                               const size_t *shape) {
  *writer = (ntk_npy_writer){0};
  if (rank != 1 && rank != 2)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s: an array of rank %d asked for; accepted: 1 or 2", path,
                    rank);
  size_t count = 0, bytes = 0;
  NTK_TRY(ntk_size_multiply(shape[0], rank == 2 ? shape[1] : 1, path, &count));
  NTK_TRY(ntk_size_multiply(count, sizeof(double), path, &bytes));
  const size_t length = strlen(path);
  if (length == 0 || length >= sizeof writer->path)
    return ntk_fail(NTK_ERR_ARGUMENT, "a file's path has %zu characters; accepted: 1 to %d", length,
                    NTK_NPY_PATH_CAPACITY - 1);
  memcpy(writer->path, path, length + 1);
  writer->count = count;
  NTK_TRY(check_target(writer));
  NTK_TRY(create_temporary(writer));
  ntk_status status = check_room(writer, bytes);
  if (status == NTK_OK)
    status = write_header(writer, rank, shape);
  if (status != NTK_OK)
    ntk_npy_writer_abort(writer);
  return status;
}

/* Bytes of the numbers, lowest first whatever the machine's own order (a plain copy on most). */
static void encode(const double *values, size_t count, unsigned char *bytes) {
  for (size_t k = 0; k < count; k++) {
    uint64_t word;
    memcpy(&word, &values[k], sizeof word);
    for (size_t b = 0; b < 8; b++)
      bytes[8 * k + b] = (unsigned char)(word >> (8 * b) & 0xff);
  }
}

ntk_status ntk_npy_writer_append(ntk_npy_writer *writer, const double *values, size_t count) {
  if (count > writer->count - writer->written)
    return ntk_fail(NTK_ERR_SHAPE, "%s: %zu values appended to %zu; accepted: %zu in all",
                    writer->path, count, writer->written, writer->count);
  unsigned char bytes[8 * CHUNK];
  for (size_t first = 0; first < count; first += CHUNK) {
    const size_t piece = count - first < CHUNK ? count - first : CHUNK;
    encode(values + first, piece, bytes);
    if (fwrite(bytes, 8, piece, writer->file) != piece)
      return fail_errno(writer, "cannot be written", errno);
  }
  writer->written += count;
  return NTK_OK;
}

/* Makes the renaming durable. File systems that cannot sync a directory say EINVAL. */
static ntk_status sync_directory(const ntk_npy_writer *writer) {
  char directory[NTK_NPY_PATH_CAPACITY];
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
static int finish(ntk_npy_writer *writer) {
  int error = 0;
  if (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)
    error = errno;
  if (fclose(writer->file) != 0 && error == 0)
    error = errno;
  writer->file = NULL;
  return error;
}

ntk_status ntk_npy_writer_commit(ntk_npy_writer *writer) {
  if (writer->written != writer->count) {
    const size_t written = writer->written;
    ntk_npy_writer_abort(writer);
    return ntk_fail(NTK_ERR_SHAPE, "%s: %zu values written; accepted: %zu", writer->path, written,
                    writer->count);
  }
  int error = finish(writer);
  if (error == 0 && rename(writer->temporary, writer->path) != 0)
    error = errno;
  if (error != 0) {
    (void)unlink(writer->temporary);
    return fail_errno(writer, "cannot be written", error);
  }
  return sync_directory(writer);
}

void ntk_npy_writer_abort(ntk_npy_writer *writer) {
  if (writer->file == NULL)
    return;
  (void)fclose(writer->file);
  (void)unlink(writer->temporary);
  writer->file = NULL;
}

ntk_status ntk_npy_save(const char *path, const double *values, int rank, const size_t *shape) {
  ntk_npy_writer writer;
  NTK_TRY(ntk_npy_writer_open(&writer, path, rank, shape));
  const ntk_status status = ntk_npy_writer_append(&writer, values, writer.count);
  if (status != NTK_OK) {
    ntk_npy_writer_abort(&writer);
    return status;
  }
  return ntk_npy_writer_commit(&writer);
}
