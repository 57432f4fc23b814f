/* The one door to arrays of numbers in files, whatever the format: opened, asked for shape and type
 * without a number being read, then read some rows at a time into the caller's memory. */
#ifndef NTK_DATA_READER_H
#define NTK_DATA_READER_H

#include "base/status.h"

#include <stdio.h>
#include <sys/types.h>

enum { NTK_READER_START = 512 }; /* bytes that tell what a file is, at the most */

/* How numbers lie in a file that holds them as a machine does. */
typedef struct ntk_plain {
  char kind;   /* 'f', 'i', 'u', 'b' */
  size_t size; /* bytes of a number */
  bool big_endian;
  bool fortran; /* columns are contiguous */
  off_t data;   /* where the numbers begin */
} ntk_plain;

/* Where rows begin in a file that holds them as lines: every `step`-th one. */
typedef struct ntk_lines {
  char delimiter; /* between numbers; ' ': blanks and tabs, however many */
  bool indexed;   /* the first column has numbers of rows, and is left out */
  size_t step, marks;
  struct {
    off_t offset;
    size_t line; /* counted from 1, of all lines of the file */
  } mark[128];
} ntk_lines;

typedef struct ntk_reader {
  const struct ntk_reader_format *format;
  const char *path;  /* borrowed: the caller keeps it */
  int accepted;      /* rank that the caller accepts, 1 or 2; 0: either */
  int rank;          /* 1 or 2 */
  size_t rows, cols; /* both >= 1; cols is 1 for rank 1 */
  const char *type;  /* of the numbers in the file: "float64"; static */
  FILE *file;
  size_t file_size;
  ntk_plain plain; /* of formats whose numbers lie plain in the file */
  ntk_lines lines; /* of text */
} ntk_reader;

/* A new format: its row in the table of reader.c, and one file. */
typedef struct ntk_reader_format {
  const char *name;
  /* By the first bytes of a file, at most NTK_READER_START of them. */
  bool (*recognise)(const unsigned char *start, size_t count);
  /* Sets type and, by ntk_reader_set_shape, the shape; believes nothing that the file says before
   * it has been compared with the file's size. start: NTK_READER_START bytes, 0 after the last. */
  ntk_status (*open)(ntk_reader *reader, const unsigned char *start);
  /* Rows first .. first + count - 1, which are there, as doubles, row-major; reads no others, in
   * memory of fixed size. Refuses NaN and infinity by position. */
  ntk_status (*rows)(const ntk_reader *reader, size_t first, size_t count, double *out);
  void (*close)(ntk_reader *reader); /* whatever open did, failed or not */
} ntk_reader_format;
extern const ntk_reader_format ntk_format_npy, ntk_format_idx, ntk_format_text;
/* What none of the others is: opening it fails, with what the file is, as far as its first bytes
 * tell, and what makes a .npy of it. */
extern const ntk_reader_format ntk_format_foreign;

/* Opens path by the format that recognises it. accepted: 1, 2, or 0 for either rank. On failure
 * nothing is left open. NTK_ERR_FILE, NTK_ERR_FORMAT, NTK_ERR_SHAPE, NTK_ERR_LIMIT. */
NTK_SIBLING ntk_status ntk_reader_open(const char *path, int accepted, ntk_reader *reader);
/* Rows first .. first + count - 1 into out, count x cols. NTK_ERR_SHAPE for rows that are not
 * there, NTK_ERR_NOT_FINITE, NTK_ERR_FILE. */
NTK_SIBLING ntk_status ntk_reader_rows(const ntk_reader *reader, size_t first, size_t count,
                                       double *out);
NTK_SIBLING void ntk_reader_close(ntk_reader *reader);

/* ---- For formats ---- */

/* Refuses what the caller does not accept, and arrays of nothing. shape: the first two extents;
 * text: all of them, for messages. */
ntk_status ntk_reader_set_shape(ntk_reader *reader, int rank, const size_t *shape,
                                const char *text);
/* The next n bytes of a file that is known to be long enough, unless it changes under our feet. */
ntk_status ntk_reader_bytes(const ntk_reader *reader, void *bytes, size_t n);
/* The next n bytes, or as many as there are. */
ntk_status ntk_reader_some(const ntk_reader *reader, void *bytes, size_t n, size_t *found);
ntk_status ntk_reader_seek(const ntk_reader *reader, off_t offset);
/* `rows` and `close` of a format whose numbers lie plain in the file. */
ntk_status ntk_plain_rows(const ntk_reader *reader, size_t first, size_t count, double *out);
void ntk_plain_close(ntk_reader *reader);

#endif
