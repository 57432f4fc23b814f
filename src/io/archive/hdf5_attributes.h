/* What the attributes of a data set say of its numbers, as netCDF and CF agree upon:
 * https://cfconventions.org/cf-conventions/cf-conventions.html, sections 2.5.1 and 8.1. */
#ifndef NTK_IO_ARCHIVE_HDF5_ATTRIBUTES_H
#define NTK_IO_ARCHIVE_HDF5_ATTRIBUTES_H

#include "io/archive/hdf5_library.h"

#include <stddef.h>

enum { NTK_HDF5_MISSING = 8 };

/* Numbers that stand for none. */
typedef struct ntk_hdf5_missing {
  size_t count;
  double value[NTK_HDF5_MISSING];
  const char *told_by[NTK_HDF5_MISSING];
} ntk_hdf5_missing;

/* Within ntk_hdf5_enter. path: of the set, for messages. NTK_ERR_FORMAT for numbers that are not
 * what they look like, or too many that stand for none. */
ntk_status ntk_hdf5_attributes(const ntk_hdf5 *h5, hid_t set, const char *path,
                               ntk_hdf5_missing *missing);
/* What tells that the number stands for none; NULL: it is one. */
const char *ntk_hdf5_is_missing(const ntk_hdf5_missing *missing, double number);

#endif
