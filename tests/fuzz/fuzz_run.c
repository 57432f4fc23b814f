/* A fuzz target without libFuzzer, as a quick test under every compiler: the files of its corpus,
 * and as many changed ones as are asked for, the same in every run.
 * usage: fuzz_NAME CORPUS [CHANGED]    (a directory; each file in turn, CHANGED in all) */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 14, FILES = 256 };

typedef struct bytes {
  size_t count;
  uint8_t *at;
} bytes;

static uint64_t next(uint64_t *seed) { /* splitmix64 */
  uint64_t z = *seed += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static size_t below(uint64_t *seed, size_t end) {
  return (size_t)(next(seed) % end);
}

/* Exactly so much memory, so that a sanitizer sees a byte behind it. */
static void run(const uint8_t *from, size_t count) {
  uint8_t *own = malloc(count > 0 ? count : 1);
  FUZZ_CHECK(own != NULL);
  memcpy(own, from, count);
  (void)LLVMFuzzerTestOneInput(own, count);
  free(own);
}

/* `length` bytes at `to` are made room for, or taken away. */
static size_t insert(uint8_t *own, size_t count, size_t to, size_t length) {
  length = length < MOST - count ? length : MOST - count;
  memmove(own + to + length, own + to, count - to);
  return count + length;
}

static size_t take_out(uint8_t *own, size_t count, size_t from, size_t length) {
  length = length < count - from ? length : count - from;
  memmove(own + from, own + from + length, count - from - length);
  return count - length;
}

/* One change: a bit, a byte, a digit, bytes in or out, a piece of another file, the end cut off. */
static size_t change(uint8_t *own, size_t count, const bytes *other, uint64_t *seed) {
  static const uint8_t often[] = {0, 1, 0x7f, 0x80, 0xff, '0', '9', '-', ',', '\n', '(', ' '};
  const size_t at = below(seed, count), length = 1 + below(seed, 8);
  switch (next(seed) % 8) {
  case 0:
    own[at] = (uint8_t)(own[at] ^ 1U << next(seed) % 8);
    return count;
  case 1:
    own[at] = (uint8_t)next(seed);
    return count;
  case 2:
    own[at] = often[below(seed, sizeof often)];
    return count;
  case 3:
    memset(own + at, next(seed) % 2 == 0 ? 0 : 0xff, count - at < length ? count - at : length);
    return count;
  case 4:
    return take_out(own, count, at, length);
  case 5: { /* the same bytes twice */
    const size_t longer = insert(own, count, at, length);
    memmove(own + at, own + at + (longer - count),
            longer - count < count - at ? longer - count : 0);
    return longer;
  }
  case 6: {
    const size_t from = other->count > 0 ? below(seed, other->count) : 0;
    const size_t room = count - at < other->count - from ? count - at : other->count - from;
    memcpy(own + at, other->at + from, room < 4 * length ? room : 4 * length);
    return count;
  }
  default:
    return next(seed) % 4 == 0 ? at + 1 : count;
  }
}

static void run_changed(const bytes *file, const bytes *other, uint64_t *seed) {
  static uint8_t own[MOST];
  size_t count = file->count;
  memset(own, '0', sizeof own);
  memcpy(own, file->at, count);
  for (uint64_t times = 1 + next(seed) % 4; times > 0 && count > 0; times--)
    count = change(own, count, other, seed);
  run(own, count);
}

static bytes read_file(const char *directory, const char *name) {
  char path[1024];
  bytes made = {0, malloc(MOST)};
  FUZZ_CHECK(made.at != NULL);
  FUZZ_CHECK(snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path);
  FILE *file = fopen(path, "rb");
  FUZZ_CHECK(file != NULL);
  made.count = fread(made.at, 1, MOST, file);
  FUZZ_CHECK(made.count < MOST); /* a corpus is kept small */
  fclose(file);
  return made;
}

static int visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

int main(int count, char **word) {
  static bytes file[FILES];
  struct dirent **entry = NULL;
  uint64_t seed = 1;
  if (count < 2) {
    fprintf(stderr, "usage: %s CORPUS [CHANGED]\n", word[0]);
    return 2;
  }
  const int files = scandir(word[1], &entry, visible, alphasort);
  FUZZ_CHECK(files > 0 && files <= FILES);
  for (int i = 0; i < files; i++) {
    file[i] = read_file(word[1], entry[i]->d_name);
    run(file[i].at, file[i].count);
  }
  const long changed = count > 2 ? strtol(word[2], NULL, 10) : 0;
  for (long k = 0; k < changed; k++)
    run_changed(&file[k % files], &file[below(&seed, (size_t)files)], &seed);
  for (int i = 0; i < files; i++) {
    free(file[i].at);
    free(entry[i]);
  }
  free(entry);
  printf("%d files as they are, %ld changed\n", files, changed);
  return 0;
}
