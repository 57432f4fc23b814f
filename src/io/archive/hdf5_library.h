/* The HDF5 library, loaded when a file of its kind is met: it brings two dozen other libraries, and
 * programs that read no HDF5 do without them. */
#ifndef NTK_IO_ARCHIVE_HDF5_LIBRARY_H
#define NTK_IO_ARCHIVE_HDF5_LIBRARY_H

#include "base/status.h"

#define H5_USE_110_API
#include <hdf5.h>

/* What is used of it. */
#define NTK_HDF5_FUNCTIONS(X)     \
  X(H5open)                       \
  X(H5Eget_auto2)                 \
  X(H5Eset_auto2)                 \
  X(H5Eclear2)                    \
  X(H5Ewalk2)                     \
  X(H5Fopen)                      \
  X(H5Fclose)                     \
  X(H5Literate_by_name)           \
  X(H5Oget_info_by_name)          \
  X(H5Aexists)                    \
  X(H5Aopen)                      \
  X(H5Aget_space)                 \
  X(H5Aread)                      \
  X(H5Aclose)                     \
  X(H5Dopen2)                     \
  X(H5Dclose)                     \
  X(H5Dget_space)                 \
  X(H5Dget_type)                  \
  X(H5Dget_create_plist)          \
  X(H5Dget_storage_size)          \
  X(H5Dread)                      \
  X(H5Pget_layout)                \
  X(H5Pget_chunk)                 \
  X(H5Pget_external_count)        \
  X(H5Pget_nfilters)              \
  X(H5Pget_filter2)               \
  X(H5Pclose)                     \
  X(H5Zfilter_avail)              \
  X(H5Sget_simple_extent_type)    \
  X(H5Sget_simple_extent_ndims)   \
  X(H5Sget_simple_extent_dims)    \
  X(H5Sget_simple_extent_npoints) \
  X(H5Screate_simple)             \
  X(H5Sselect_hyperslab)          \
  X(H5Sclose)                     \
  X(H5Tget_class)                 \
  X(H5Tget_size)                  \
  X(H5Tget_sign)                  \
  X(H5Tget_fields)                \
  X(H5Tget_super)                 \
  X(H5Tclose)

/* A declarator: NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define NTK_HDF5_MEMBER(function) __typeof__(function) *function;
typedef struct ntk_hdf5 {
  NTK_HDF5_FUNCTIONS(NTK_HDF5_MEMBER)
  hid_t real; /* H5T_NATIVE_DOUBLE */
} ntk_hdf5;

/* One thread at a time is in the library, which then prints nothing; leave gives its printing back.
 * path: of the file, for the line that says why the library cannot be loaded; nothing is to be left
 * then. */
ntk_status ntk_hdf5_enter(const char *path, const ntk_hdf5 **used);
void ntk_hdf5_leave(void);
/* What the library says of its last failure, at its root; static, until the next call. */
const char *ntk_hdf5_error(void);

#endif
