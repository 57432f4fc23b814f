/* NumPy's .npy format, versions 1.0, 2.0 and 3.0: an array of numbers with a header. */
#ifndef NTK_DATA_NPY_H
#define NTK_DATA_NPY_H

#include "base/writer.h"

#include <stdio.h>
#include <sys/types.h>

/* ---- Reading: rank 1 or 2; floats of 2, 4, 8 bytes, integers of 1 to 8, booleans; either byte
 * order; C or Fortran order. Numbers become double (integers beyond 2^53 are rounded). ---- */

typedef struct ntk_npy {
  FILE *file;
  const char *path; /* borrowed: the caller keeps it */
  int rank;
  size_t rows, cols; /* both >= 1; cols is 1 for rank 1 */
  bool fortran;      /* columns are contiguous in the file */
  char kind;         /* 'f', 'i', 'u', 'b' */
  size_t size;       /* bytes of an element */
  bool big_endian;
  off_t data; /* where the elements begin */
} ntk_npy;

enum { NTK_NPY_FIRST = 512 }; /* bytes that tell what another file is, at the most */
#define NTK_NPY_TYPES "float16, float32, float64, integers of 1, 2, 4 or 8 bytes, booleans"

/* What the dictionary in the header says. */
typedef struct ntk_npy_header {
  char descr[32]; /* the dtype */
  bool fortran;
  int rank;
  size_t shape[2];     /* the first two extents */
  char shape_text[64]; /* as written, for messages */
} ntk_npy_header;
/* text: the dictionary, length bytes and a 0 after them; offset: where it begins in the file. */
ntk_status ntk_npy_header_parse(const char *path, const char *text, size_t length, size_t offset,
                                ntk_npy_header *header);

/* Fails, with what the file is, as far as its first count bytes tell, and what makes a .npy of it.
 */
ntk_status ntk_npy_refuse_foreign(const char *path, const unsigned char *bytes, size_t count);

/* Opens, reads and checks the header, and checks that the file is as long as its shape says.
 * rank (1 or 2) is what the caller accepts. On failure nothing is left open. */
NTK_SIBLING ntk_status ntk_npy_open(const char *path, int rank, ntk_npy *array);
/* The first rows rows (at most array->rows) into out, rows x cols, row-major; reads no more than
 * these, through a buffer of fixed size. Refuses NaN and infinity by position. */
ntk_status ntk_npy_read(ntk_npy *array, size_t rows, double *out);
NTK_SIBLING void ntk_npy_close(ntk_npy *array);

/* ---- Writing: little-endian float64, row-major, piece by piece, for arrays that are nowhere held
 * whole ---- */

typedef struct ntk_npy_writer {
  ntk_writer out;
  size_t count, written; /* values promised by the shape; appended so far */
} ntk_npy_writer;

/* Creates the temporary file and writes the header. rank is 1 or 2. Refuses when the file system
 * says that it has too little room. On failure nothing is left. */
ntk_status ntk_npy_writer_open(ntk_npy_writer *writer, const char *path, int rank,
                               const size_t *shape);
/* The next count values, in row-major order. On failure: abort. */
ntk_status ntk_npy_writer_append(ntk_npy_writer *writer, const double *values, size_t count);
/* Syncs and renames; from then on path holds the array. Whatever happens, the writer is closed and
 * the temporary file is gone. */
ntk_status ntk_npy_writer_commit(ntk_npy_writer *writer);
/* Removes the temporary file; path is as it was. Allowed after commit and after a failed open. */
void ntk_npy_writer_abort(ntk_npy_writer *writer);

#endif
