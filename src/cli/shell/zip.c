/* Each entry has a header before its bytes, and all of them stand once more at the end.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
#include "cli/shell/zip.h"

#include <string.h>
#include <zlib.h>

enum { LOCAL = 30, CENTRAL = 46, LAST = 22 };
enum { FIRST_DATE = 0x21 }; /* 1980-01-01: the file depends on what is in it alone */

static void put(zip_writer *zip, const void *bytes, size_t size) {
  (void)fwrite(bytes, 1, size, zip->out); /* whoever closes it tells what was not taken */
  zip->at += size;
}

/* `size` bytes of a whole number, lowest first; where the next one goes. */
static unsigned char *number(unsigned char *at, uint64_t value, size_t size) {
  for (size_t b = 0; b < size; b++)
    at[b] = (unsigned char)(value >> (8 * b) & 0xff);
  return at + size;
}

/* What both headers have, from the version needed to the length of the name. */
static unsigned char *about(const zip_entry *e, unsigned char *at) {
  at = number(at, 20, 2);
  at = number(at, 0, 6); /* flags; stored; midnight */
  at = number(at, FIRST_DATE, 2);
  at = number(at, e->check, 4);
  at = number(at, e->size, 4);
  at = number(at, e->size, 4);
  return number(at, strlen(e->name), 2);
}

bool zip_add(zip_writer *zip, const char *name, const void *bytes, size_t size) {
  const size_t length = strlen(name);
  if (zip->count == UINT16_MAX || size > UINT32_MAX || zip->at + LOCAL + length + size > UINT32_MAX)
    return false;
  zip_entry *e = &zip->entry[zip->count++];
  memcpy(e->name, name, length + 1);
  e->check = (uint32_t)crc32(0, bytes, (uInt)size);
  e->size = (uint32_t)size;
  e->begin = (uint32_t)zip->at;
  unsigned char local[LOCAL] = {0}; /* no extra field */
  (void)about(e, number(local, 0x04034b50, 4));
  put(zip, local, LOCAL);
  put(zip, name, length);
  put(zip, bytes, size);
  return true;
}

void zip_end(zip_writer *zip) {
  const uint64_t begin = zip->at;
  for (size_t i = 0; i < zip->count; i++) {
    const zip_entry *e = &zip->entry[i];
    unsigned char central[CENTRAL] = {0}; /* extra field, comment, disk, attributes: none */
    (void)about(e, number(number(central, 0x02014b50, 4), 20, 2));
    (void)number(central + CENTRAL - 4, e->begin, 4);
    put(zip, central, CENTRAL);
    put(zip, e->name, strlen(e->name));
  }
  unsigned char last[LAST] = {0};
  unsigned char *at = number(last, 0x06054b50, 4) + 4;
  at = number(number(at, zip->count, 2), zip->count, 2);
  (void)number(number(at, zip->at - begin, 4), begin, 4);
  put(zip, last, LAST);
}
