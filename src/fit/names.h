/* Tables of names: looking one up, and the line for what is in none. */
#ifndef NTK_FIT_NAMES_H
#define NTK_FIT_NAMES_H

#include "base/status.h"

#include "ntkit/fit.h"

/* *row of the table with this name; NTK_ERR_ARGUMENT, listing the known ones: "unknown <what> ..."
 */
ntk_status ntk_name_find(const char *what, const char *name, const ntk_name_info *table,
                         size_t count, size_t *row);

#endif
