/* A zip archive, written entry by entry into a file that is open; nothing in it is packed. */
#ifndef NTK_CLI_ZIP_H
#define NTK_CLI_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ZIP_NAME = 256 };

typedef struct zip_entry {
  char name[ZIP_NAME];
  uint32_t check, size, begin;
} zip_entry;

typedef struct zip_writer {
  FILE *out;        /* whose errors are the caller's to look for */
  zip_entry *entry; /* room for all that will be added */
  size_t count;
  uint64_t at; /* bytes written */
} zip_writer;

/* Adds bytes under a name, ASCII, shorter than ZIP_NAME. false, and nothing is written: the archive
 * would have 4.29 GB or 65536 entries, which zip's numbers do not hold. */
bool zip_add(zip_writer *zip, const char *name, const void *bytes, size_t size);
/* The directory, last. */
void zip_end(zip_writer *zip);

#endif
