#include "fuzz.h"

#include "base/status.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *what) {
  dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\nlast refusal: %s\n", file, line, what,
          ntk_error_message());
  abort();
}

ntk_context *fuzz_context(void) {
  static ntk_context *context;
  const ntk_context_options options = {.threads = 1, .memory_limit = (size_t)64 << 20};
  if (context == NULL && ntk_context_create(&options, &context) != NTK_OK)
    fuzz_fail(__FILE__, __LINE__, "a context");
  return context;
}

int fuzz_end(void) {
  FUZZ_CHECK(ntk_memory_in_use(fuzz_context()) == 0);
  return 0;
}

void fuzz_refused(ntk_status status) {
  const char *line = ntk_error_message();
  FUZZ_CHECK(status != NTK_OK);
  FUZZ_CHECK(line[0] != '\0');
  for (; *line != '\0'; line++)
    FUZZ_CHECK((unsigned char)*line >= 0x20 && *line != 0x7f);
  ntk_fail_message("%s", ""); /* so that the next one is not this */
}

void fuzz_finite(const double *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    FUZZ_CHECK(isfinite(values[i]));
}

/* ---- Files ----------------------------------------------------------------------------------- */

enum { PATH = 256 };
static char folder[PATH];

static int forget(const char *path, const struct stat *about, int kind, struct FTW *place) {
  (void)about;
  (void)kind;
  (void)place;
  return remove(path);
}

static void remove_folder(void) {
  (void)nftw(folder, forget, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void) {
  if (folder[0] == '\0') {
    snprintf(folder, sizeof folder, "%s/ntkit-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    FUZZ_CHECK(atexit(remove_folder) == 0);
  }
  return folder;
}

const char *fuzz_file(const char *name, const uint8_t *bytes, size_t count) {
  static char path[2 * PATH];
  snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
  const int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  FUZZ_CHECK(descriptor >= 0);
  for (size_t done = 0; done < count;) {
    const ssize_t written = write(descriptor, bytes + done, count - done);
    FUZZ_CHECK(written > 0);
    done += (size_t)written;
  }
  FUZZ_CHECK(close(descriptor) == 0);
  return path;
}
