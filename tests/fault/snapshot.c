#define _GNU_SOURCE
#include "snapshot.h"

#include <ctype.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, int byte) {
  return (hash ^ (uint64_t)(unsigned char)byte) * 1099511628211u; /* FNV-1a */
}

static uint64_t hash_text(const unsigned char *at, const unsigned char *end) {
  uint64_t hash = 14695981039346656037u;
  while (at < end) {
    const unsigned char byte = *at++;
    if (isdigit(byte))
      while (at < end && strchr("0123456789.eE+-", *at) != NULL)
        at++;
    else if (byte == ' ')
      while (at < end && *at == ' ')
        at++;
    hash = mix(hash, isdigit(byte) ? '#' : byte);
  }
  return hash;
}

uint64_t snapshot_of_file(const char *path) {
  static unsigned char bytes[1 << 23];
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return 0;
  const size_t length = fread(bytes, 1, sizeof bytes, file);
  (void)fclose(file);
  if (memchr(bytes, 0, length) == NULL)
    return hash_text(bytes, bytes + length);
  uint64_t hash = length;
  for (size_t i = 0; i < length; i++)
    hash = mix(hash, bytes[i]);
  return hash;
}

static snapshot *taken;
static size_t prefix;
static const char *left_out;

static int see(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about;
  const char *name = path + prefix;
  if (where->level == 0 || taken->count == MOST_FILES || fnmatch(left_out, name, FNM_EXTMATCH) == 0)
    return 0;
  (void)snprintf(taken->file[taken->count].name, LONGEST, "%s%s", name, kind == FTW_D ? "/" : "");
  taken->file[taken->count++].content = kind == FTW_D ? 0 : snapshot_of_file(path);
  return 0;
}

static int by_name(const void *a, const void *b) {
  return strcmp(a, b);
}

void snapshot_take(const char *folder, const char *but, snapshot *made) {
  taken = made;
  taken->count = 0;
  prefix = strlen(folder) + 1;
  left_out = but;
  (void)nftw(folder, see, 16, FTW_PHYS);
  qsort(made->file, made->count, sizeof made->file[0], by_name);
}

const char *snapshot_differ(const snapshot *a, const snapshot *b) {
  for (size_t i = 0; i < a->count || i < b->count; i++) {
    if (i == a->count)
      return b->file[i].name;
    if (i == b->count)
      return a->file[i].name;
    const int order = strcmp(a->file[i].name, b->file[i].name);
    if (order != 0)
      return order < 0 ? a->file[i].name : b->file[i].name;
    if (a->file[i].content != b->file[i].content)
      return a->file[i].name;
  }
  return NULL;
}

static const char stage[] = "/.ntkit.saving/";

static bool has(const snapshot *a, size_t i, const snapshot *now) {
  for (size_t k = 0; k < a->count; k++)
    if (strcmp(a->file[k].name, now->file[i].name) == 0 &&
        a->file[k].content == now->file[i].content)
      return true;
  return false;
}

bool snapshot_is_between(const snapshot *now, const snapshot *a, const snapshot *b) {
  char folder[LONGEST] = "", result[LONGEST + sizeof "/result.json"];
  bool listed = false, told = false;
  for (size_t i = 0; i < now->count; i++) {
    const char *in = strstr(now->file[i].name, stage);
    listed = listed || (in != NULL && strcmp(in + sizeof stage - 1, "earlier.json") == 0);
    if (in != NULL)
      (void)snprintf(folder, sizeof folder, "%.*s", (int)(in - now->file[i].name),
                     now->file[i].name);
    else if (!has(a, i, now) && !has(b, i, now))
      return false;
  }
  (void)snprintf(result, sizeof result, "%s/result.json", folder);
  for (size_t i = 0; i < now->count; i++)
    told = told || strcmp(now->file[i].name, result) == 0;
  return listed && !told;
}
