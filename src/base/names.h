/* Tables of names: looking one up, and the line for what is in none. */
#ifndef NTK_BASE_NAMES_H
#define NTK_BASE_NAMES_H

#include "base/status.h"

/* The row of the table with exactly this name, or count: in none. rows: count structs of `stride`
 * bytes, each of which begins with its name (const char *). */
NTK_SIBLING size_t ntk_name_row(const char *name, const void *rows, size_t stride, size_t count);
/* The same into *row. NTK_ERR_ARGUMENT: "unknown <what> ...", with the known names and, where one
 * is near, the one meant. */
NTK_SIBLING ntk_status ntk_name_find(const char *what, const char *name, const void *rows,
                                     size_t stride, size_t count, size_t *row);

/* The same of an array of structs. */
#define NTK_NAME_KNOWN(name, table, count) \
  (ntk_name_row(name, table, sizeof *(table), count) < (count))
#define NTK_NAME_FIND(what, name, table, count, row) \
  ntk_name_find(what, name, table, sizeof *(table), count, row)

#endif
