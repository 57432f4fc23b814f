#define _DEFAULT_SOURCE /* flock */
#include "cli/shell/file.h"

#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_same(const char *a, const char *b) {
  return ntk_file_reads(b, a) || ntk_file_reads(a, b);
}

exit_status file_check(const char *path, const char *input, const char *option) {
  struct stat output;
  if (stat(path, &output) != 0)
    return EXIT_DONE; /* not there yet; file_create tells what else is wrong */
  if (!S_ISREG(output.st_mode))
    return report_error(EXIT_INPUT, "--%s: '%s' is no plain file; expected the name of one", option,
                        path);
  if (input != NULL && file_same(path, input))
    return report_error(EXIT_INPUT, "--%s: '%s' is what the command reads; choose another name",
                        option, path);
  return EXIT_DONE;
}

/* From the last dot of its last part on; "" when there is none. */
static const char *ending_of(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  return dot != NULL && dot > name ? dot : "";
}

bool file_ends_in(const char *path, const char *const *endings, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcasecmp(ending_of(path), endings[i]) == 0)
      return true;
  return false;
}

bool file_is_bare(const char *path) {
  return ending_of(path)[0] == '\0';
}

char *file_name(const char *base, const char *suffix) {
  const size_t size = strlen(base) + strlen(suffix) + 1;
  char *name = malloc(size);
  if (name == NULL)
    (void)report_error(EXIT_FAILED, "no memory for a file name");
  else
    snprintf(name, size, "%s%s", base, suffix);
  return name;
}

/* Whether the descriptor's file has that name still; 0, ESTALE where whoever had it has just
 * renamed or removed it, or why that cannot be told. */
static int check_name(int descriptor, const char *path) {
  struct stat here, there;
  if (fstat(descriptor, &here) != 0)
    return errno;
  if (lstat(path, &there) != 0)
    return errno == ENOENT ? ESTALE : errno;
  return here.st_ino == there.st_ino && here.st_dev == there.st_dev ? 0 : ESTALE;
}

int file_lock(const char *path, int *descriptor) {
  enum { MOST_TRIES = 100 };
  int why = ESTALE;
  for (int tries = 0; why == ESTALE && tries < MOST_TRIES; tries++) {
    const int opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (opened < 0)
      return errno;
    /* Where the system has no locks there is none. */
    const bool held = flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    why = held ? EWOULDBLOCK : check_name(opened, path);
    if (why == 0)
      *descriptor = opened;
    else if (!held && why != ESTALE)
      (void)unlink(path); /* while it is locked */
    if (why != 0)
      (void)close(opened);
  }
  return why;
}

static exit_status refuse(const cli_file *file, const char *option, int why) {
  return report_error(EXIT_INPUT, "%s%s%s%s: %s", option != NULL ? "--" : "",
                      option != NULL ? option : "", option != NULL ? ": " : "", file->path,
                      why == EWOULDBLOCK ? "another run is writing it now"
                      : why != 0         ? strerror(why)
                                         : "could not be written");
}

static void release(cli_file *file) {
  free(file->path);
  free(file->temporary);
  *file = (cli_file){0};
}

exit_status file_create(const char *path, const char *option, cli_file *file) {
  *file = (cli_file){.path = file_name(path, ""), .temporary = file_name(path, FILE_TEMPORARY)};
  exit_status status = EXIT_FAILED;
  if (file->path != NULL && file->temporary != NULL) {
    int descriptor = -1, why = file_lock(file->temporary, &descriptor);
    if (why == 0 &&
        (ftruncate(descriptor, 0) != 0 || (file->stream = fdopen(descriptor, "w")) == NULL))
      why = errno;
    if (why == 0)
      return EXIT_DONE;
    status = refuse(file, option, why);
    if (descriptor >= 0) {
      (void)unlink(file->temporary);
      (void)close(descriptor);
    }
  }
  release(file);
  return status;
}

exit_status file_close(cli_file *file, const char *option, exit_status status) {
  int why = 0;
  bool written = status == EXIT_DONE;
  if (written && ferror(file->stream)) {
    written = false;
    why = report_why(file->stream);
  } else if (written && (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0 ||
                         rename(file->temporary, file->path) != 0)) {
    written = false;
    why = errno;
  }
  if (!written)
    (void)unlink(file->temporary); /* while it is locked: then another's may have the name */
  (void)fclose(file->stream);
  if (!written && status == EXIT_DONE)
    status = refuse(file, option, why);
  release(file);
  return status;
}
