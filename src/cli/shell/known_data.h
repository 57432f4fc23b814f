/* Data sets that go by their names, as they usually are: one row a training sample. */
#ifndef NTK_CLI_KNOWN_DATA_H
#define NTK_CLI_KNOWN_DATA_H

#include <stddef.h>

typedef struct known_data {
  const char *name;
  size_t samples, dim, classes;
  const char *file; /* what it is read from */
} known_data;

enum { KNOWN_DATA = 3 };
extern const known_data known_data_list[KNOWN_DATA];

/* Of the set of that name, whatever its capitals; NULL: there is none. */
const char *known_data_file(const char *name);

#endif
