/* The file of a calibration: a text of lines "place value", below what they are of and above a
 * hash of all of it. Numbers are whole: the locale does not matter. */
#include "theory/plan/calibrate.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/writer.h"
#include "kernel/backend.h"
#include "theory/plan/work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT = 4096, NUMBERS = 5 + 2 * NTK_WORK_KINDS };
static const double ATTO = 1e-18; /* the unit of seconds */

/* What the rates depend on: a machine that differs in any of it has a file of its own. */
static size_t put_key(const ntk_context *context, char text[TEXT]) {
  const ntk_environment e = ntk_context_environment(context);
  const int length = ntk_format(text, TEXT,
                                "ntkit calibration 1\nversion %s %s\ncpu %s\nthreads %d\nsimd "
                                "%s\nblas %s, core %s\nbackend %s\n",
                                e.version, e.commit, e.cpu, e.threads, e.simd, e.blas, e.blas_core,
                                ntk_backend_alone(context)->name);
  return length < 0 ? 0 : length < TEXT ? (size_t)length : TEXT - 1;
}

/* Places of all numbers, in the order of the file; seconds come last. */
static size_t list_numbers(ntk_machine *m, double *number[NUMBERS]) {
  size_t count = 0;
  number[count++] = &m->peak;
  number[count++] = &m->peak_single;
  number[count++] = &m->bandwidth;
  number[count++] = &m->bandwidth_cache;
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    number[count++] = &ntk_work_rate(m, (ntk_work_kind)k)->rate;
  number[count++] = &m->launch;
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    number[count++] = &ntk_work_rate(m, (ntk_work_kind)k)->overhead;
  return count;
}

static double unit_of(size_t i) {
  return i < 4 + NTK_WORK_KINDS ? 1.0 : ATTO;
}

/* The directory of $XDG_CACHE_HOME, which counts if it is absolute, or of $HOME/.cache; made with
 * what is above it. */
static ntk_status find_path(const ntk_context *context, bool make, char path[NTK_PATH_CAPACITY]) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  const bool own = cache != NULL && cache[0] == '/';
  char key[TEXT];
  const uint64_t hash = ntk_hash_bytes(NTK_HASH_START, key, put_key(context, key));
  if (!own && (home == NULL || home[0] != '/'))
    return ntk_fail(NTK_ERR_FILE, "neither XDG_CACHE_HOME nor HOME names a directory");
  const int length = ntk_format(path, NTK_PATH_CAPACITY, "%s%s/ntkit/machine-%016" PRIx64 ".txt",
                                own ? cache : home, own ? "" : "/.cache", hash);
  if (length < 0 || length >= NTK_PATH_CAPACITY)
    return ntk_fail(NTK_ERR_FILE, "the path of the user's cache is longer than %d characters",
                    NTK_PATH_CAPACITY);
  for (char *c = path + 1; make && *c != '\0'; c++) {
    if (*c != '/')
      continue;
    *c = '\0';
    const bool there = mkdir(path, 0700) == 0 || errno == EEXIST;
    const int why = errno;
    if (!there)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be made: %s", path, strerror(why));
    *c = '/';
  }
  return NTK_OK;
}

/* The text of the machine's file, without a terminating 0; 0: it does not fit. */
static size_t put_text(const ntk_context *context, const ntk_machine *machine, char text[TEXT]) {
  ntk_machine copy = *machine;
  double *number[NUMBERS];
  const size_t count = list_numbers(&copy, number);
  size_t length = put_key(context, text);
  for (size_t i = 0; i < count && length < TEXT; i++)
    length +=
        (size_t)ntk_format(text + length, TEXT - length, "%zu %.0f\n", i, *number[i] / unit_of(i));
  if (length < TEXT)
    length += (size_t)ntk_format(text + length, TEXT - length, "end %016" PRIx64 "\n",
                                 ntk_hash_bytes(NTK_HASH_START, text, length));
  return length < TEXT ? length : 0;
}

static ntk_status damaged(const char *path) {
  return ntk_fail(NTK_ERR_FORMAT, "%s is damaged, or of another program", path);
}

/* Reads the numbers, writes their text again, and compares: that is the key, the hash and every
 * digit at once. */
static ntk_status parse(const ntk_context *context, const char *path, char text[TEXT],
                        size_t length, ntk_machine *machine) {
  char again[TEXT];
  ntk_machine read = *machine;
  double *number[NUMBERS];
  const size_t count = list_numbers(&read, number), key = put_key(context, again);
  const char *line = text + key;
  if (length <= key || memcmp(text, again, key) != 0)
    return damaged(path);
  for (size_t i = 0; i < count; i++) {
    size_t place = 0;
    char *end = NULL;
    if (sscanf(line, "%zu ", &place) != 1 || place != i || (line = strchr(line, ' ')) == NULL)
      return damaged(path);
    *number[i] = (double)strtoull(line + 1, &end, 10) * unit_of(i);
    if (*end != '\n')
      return damaged(path);
    line = end + 1;
  }
  if (put_text(context, &read, again) != length || memcmp(again, text, length) != 0)
    return damaged(path);
  for (size_t i = 0; i < 4 + NTK_WORK_KINDS; i++)
    if (!(*number[i] > 0.0))
      return damaged(path);
  *machine = read;
  return NTK_OK;
}

ntk_status ntk_machine_read(const ntk_context *context, ntk_machine *machine) {
  char path[NTK_PATH_CAPACITY], text[TEXT];
  NTK_TRY(find_path(context, false, path));
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  const size_t length = fread(text, 1, TEXT - 1, file);
  const bool failed = ferror(file) != 0;
  (void)fclose(file);
  text[length] = '\0';
  return failed ? damaged(path) : parse(context, path, text, length, machine);
}

ntk_status ntk_machine_write(const ntk_context *context, const ntk_machine *machine) {
  char path[NTK_PATH_CAPACITY], text[TEXT];
  ntk_writer writer;
  NTK_TRY(find_path(context, true, path));
  const size_t length = put_text(context, machine, text);
  NTK_TRY(ntk_writer_open(&writer, path, length));
  const ntk_status status = ntk_writer_append(&writer, text, length);
  if (status == NTK_OK)
    return ntk_writer_commit(&writer);
  ntk_writer_abort(&writer);
  return status;
}
