/* NumPy's .npy format, versions 1.0, 2.0 and 3.0: an array of numbers with a header. Reading it is
 * reader.h's. */
#ifndef NTK_DATA_NPY_H
#define NTK_DATA_NPY_H

#include "base/writer.h"
#include "data/reader.h"

/* ---- Its header ---- */

#define NTK_NPY_TYPES \
  "float16, bfloat16, float32, float64, integers of 1, 2, 4 or 8 bytes, booleans"

/* What the dictionary in the header says. */
typedef struct ntk_npy_header {
  char descr[32]; /* the dtype */
  bool fortran;
  int rank;
  size_t shape[NTK_READER_RANK]; /* the first of its extents */
  char shape_text[64];           /* as written, for messages */
} ntk_npy_header;
/* text: the dictionary, length bytes and a 0 after them; offset: where it begins in the file. */
ntk_status ntk_npy_header_parse(const char *path, const char *text, size_t length, size_t offset,
                                ntk_npy_header *header);

/* ---- Writing: little-endian float64, row-major, piece by piece, for arrays that are nowhere held
 * whole ---- */

/* The header of float64, row-major; its length. */
enum { NTK_NPY_HEADER = 129 }; /* the longest: two numbers of 20 digits, and the end of a string */
NTK_SIBLING size_t ntk_npy_header_write(int rank, const size_t *shape, char header[NTK_NPY_HEADER]);
/* 8 count bytes of the numbers, lowest first whatever the machine's own order. */
NTK_SIBLING void ntk_npy_encode(const double *values, size_t count, unsigned char *bytes);

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
