/* Files with named arrays: .npz, .safetensors, HDF5, a directory of .npy. */
#ifndef NTK_IO_ARCHIVE_ARCHIVE_H
#define NTK_IO_ARCHIVE_ARCHIVE_H

#include "data/reader.h"

/* Texts are the archive's. */
typedef struct ntk_tensor {
  const char *name; /* "W1" of W1.npy; of HDF5 "group/W1" */
  const char *type; /* of its numbers in the file, as NumPy calls it */
  int rank;         /* 0 to NTK_READER_RANK */
  size_t shape[NTK_READER_RANK];
  size_t count;        /* of numbers: the product of its extents; may be 0 */
  const char *refusal; /* the line that says why it cannot be read, and nothing but its name is
                        * known then; NULL: it can */
  size_t entry;        /* its place in the file's own list */
} ntk_tensor;

typedef struct ntk_archive ntk_archive;

/* Opens a file, or a directory of .npy, and reads what it says of its arrays and none of their
 * numbers. NTK_ERR_FILE; NTK_ERR_FORMAT also for a file that has no named arrays; NTK_ERR_LIMIT,
 * NTK_ERR_MEMORY. */
ntk_status ntk_archive_open(const char *path, ntk_archive **archive);
/* Its format's name, static: "npz", "safetensors", "hdf5", "directory". */
const char *ntk_archive_format(const ntk_archive *archive);
/* How many arrays it has, readable or not, and array i of them, by name, numbers in names as
 * numbers: "2" before "10". */
size_t ntk_archive_count(const ntk_archive *archive);
const ntk_tensor *ntk_archive_tensor(const ntk_archive *archive, size_t i);
/* The array of that name; count where there is none. */
size_t ntk_archive_find(const ntk_archive *archive, const char *name);
/* Numbers of array i, tensor(i)->count of them, row-major, however they lie in the file. NaN and
 * infinity are refused by their place. NTK_ERR_FILE, _FORMAT, _NOT_FINITE, _MEMORY. */
ntk_status ntk_archive_read(const ntk_archive *archive, size_t i, double *values);
/* NULL is allowed. */
void ntk_archive_close(ntk_archive *archive);

#endif
