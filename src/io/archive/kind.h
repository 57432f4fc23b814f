/* What a kind of archive does. */
#ifndef NTK_IO_ARCHIVE_KIND_H
#define NTK_IO_ARCHIVE_KIND_H

#include "io/archive/archive.h"

#include <stdint.h>

/* A format of files that has arrays by name: a row of the table of formats.c, and one file. */
typedef struct ntk_archive_kind {
  ntk_reader_format format; /* first; open: ntk_archive_open_one, close: ntk_archive_close_one */
  /* Tells of each array by ntk_archive_add, in any order; fails where the whole is no archive. */
  ntk_status (*list)(ntk_archive *archive);
  /* Makes reader, a copy of the archive's or itself, one of the numbers of an array. */
  ntk_status (*place)(const ntk_archive *archive, const ntk_tensor *tensor, ntk_reader *reader);
  void (*close)(ntk_archive *archive); /* its state; may be NULL */
} ntk_archive_kind;
extern const ntk_archive_kind ntk_kind_npz, ntk_kind_safetensors, ntk_kind_hdf5, ntk_kind_directory;
/* Those that are files; NULL ends them. */
extern const ntk_archive_kind *const ntk_archive_kinds[];
extern const char ntk_archive_accepted[]; /* these, as a message names them */

struct ntk_archive {
  const ntk_archive_kind *kind;
  const ntk_reader *file; /* path, FILE and size; borrowed, or own */
  ntk_reader own;
  size_t count, capacity;
  ntk_tensor *tensor; /* by name once it is open */
  void *state;        /* the kind's own */
};

/* One more array; name is copied, `length` bytes of it. Its shape is asked for by `place`. */
ntk_status ntk_archive_add(ntk_archive *archive, const char *name, size_t length, size_t entry);

/* All of them, described, by name. */
ntk_status ntk_archive_list(ntk_archive *archive);

/* `open` and `close` of the kinds' formats: the array that reader->key names, or the only one of
 * the rank that is accepted. */
ntk_status ntk_archive_open_one(ntk_reader *reader, const unsigned char *start);
void ntk_archive_close_one(ntk_reader *reader);

/* The shape of reader as text, "(3, 4)". */
enum { NTK_SHAPE_TEXT = 24 * NTK_READER_RANK };
void ntk_shape_text(int rank, const size_t *shape, char text[NTK_SHAPE_TEXT]);

#endif
