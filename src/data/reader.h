/* The one door to arrays of numbers in files, whatever the format: opened, asked for shape and type
 * without a number being read, then read some rows at a time into the caller's memory. */
#ifndef NTK_DATA_READER_H
#define NTK_DATA_READER_H

#include "base/context.h"
#include "data/label_list.h"

#include <stdio.h>
#include <sys/types.h>

enum {
  NTK_READER_START = 512, /* bytes that tell what a file is, at the most */
  NTK_READER_RANK = 8,    /* most dimensions */
  NTK_READER_ANY = -1     /* as the rank accepted: whatever it has, and of nothing too */
};

/* How numbers lie in a file that holds them as a machine does. */
typedef struct ntk_plain {
  char kind;   /* 'f', 'i', 'u', 'b'; 'B': bfloat16 */
  size_t size; /* bytes of a number */
  bool big_endian;
  bool fortran; /* columns are contiguous */
  off_t data;   /* where the numbers begin */
} ntk_plain;

/* Where rows begin in a file that holds them as lines: every `step`-th one. */
typedef struct ntk_lines {
  char delimiter;      /* between numbers; ' ': blanks and tabs, however many */
  char point;          /* of numbers: '.', or ',' */
  size_t label;        /* the column of labels, from 1; 0: none */
  size_t base;         /* of libsvm: the index of the first number, 0 or 1 */
  bool indexed;        /* the first column has names of rows, and is left out */
  bool guessed;        /* of words alone: the first was taken for a heading, for it comes once */
  char like[NTK_LIKE]; /* the first column of numbers with a name that labels have; "": none has */
  uint64_t names; /* a hash of what a heading calls the columns that are numbers; 0: none does; of
                     libsvm 1 + base */
  size_t step, marks;
  struct {
    off_t offset;
    size_t line; /* counted from 1, of all lines of the file */
  } mark[128];
} ntk_lines;

typedef struct ntk_reader ntk_reader;

/* What unpacks a file, or a part of one, on the way: where its bytes come from instead. */
typedef struct ntk_source {
  /* The next n bytes, or as many as there are. */
  ntk_status (*some)(const ntk_reader *reader, void *bytes, size_t n, size_t *found);
  ntk_status (*seek)(const ntk_reader *reader, off_t offset);
  void (*close)(ntk_reader *reader);
} ntk_source;

struct ntk_reader {
  const struct ntk_reader_format *format;
  const char *path; /* as asked for; borrowed: the caller keeps it */
  const char *key;  /* which array of the file, what follows a ':' in path; NULL: not said */
  int accepted;     /* rank that the caller accepts: 1; 2, or more, of which the first extent counts
                     * samples; 0: 1 or 2; NTK_READER_ANY */
  int rank;         /* as it is in the file, up to NTK_READER_RANK */
  size_t shape[NTK_READER_RANK];
  size_t rows, cols; /* the first extent and the product of the others; both >= 1 but for ANY */
  const char *type;  /* of the numbers in the file: "float64"; static */
  const char *label_column; /* as ntk_reader_wish has it */
  bool for_labels;
  bool labelled;         /* labels lie in the file, beside the numbers */
  ntk_label_list labels; /* of a reader that is open for them: rows of them, with their names */
  FILE *file;
  size_t file_size;     /* of what is read: of the file, or of what a source unpacks */
  ntk_context *context; /* whose threads `rows` may use, and who is asked whether to stop; NULL: one
                           thread, and nobody */
  bool bounded;         /* file_size is the most that it can be; what it is, only reading tells */
  bool streamed;        /* what unpacks it begins anew where one goes back */
  uint64_t seen;        /* a hash of size and first bytes */
  ntk_plain plain;      /* of formats whose numbers lie plain in the file */
  ntk_lines lines;      /* of text */
  void *state;          /* the format's own */
  const ntk_source *source; /* NULL: the file is read as it is */
  void *packed;             /* the source's own */
};

/* A new format: its row in the table of reader.c, or of those that another library registers, and
 * one file. */
typedef struct ntk_reader_format {
  const char *name;
  /* By the first bytes of a file, at most NTK_READER_START of them. */
  bool (*recognise)(const unsigned char *start, size_t count);
  /* Whether the rest fits too, where they do not tell enough; may be NULL. */
  bool (*fits)(const ntk_reader *reader, const unsigned char *start);
  /* Sets type and, by ntk_reader_set_shape, the shape; believes nothing that the file says before
   * it has been compared with the file's size. start: NTK_READER_START bytes, 0 after the last. */
  ntk_status (*open)(ntk_reader *reader, const unsigned char *start);
  /* Rows first .. first + count - 1, which are there, as doubles, row-major; reads no others, in
   * memory of fixed size. Refuses NaN and infinity by position. */
  ntk_status (*rows)(const ntk_reader *reader, size_t first, size_t count, double *out);
  void (*close)(
      ntk_reader *reader); /* of its state, whatever open did, failed or not; may be NULL */
  bool named;              /* has arrays by name, and finds reader->key among them */
  bool whole;              /* reads files alone, and nothing that a source unpacks */
} ntk_reader_format;
extern const ntk_reader_format ntk_format_npy;
extern const ntk_reader_format ntk_format_idx, ntk_format_text, ntk_format_libsvm, ntk_format_cifar;
/* What none of the others is: opening it fails, with what the file is, as far as its first bytes
 * tell, and what makes a .npy of it. */
extern const ntk_reader_format ntk_format_foreign;

/* From now on files are also of these formats, which are looked at first; NULL ends them. They are
 * static, and the same in each call. Safe in any thread. */
NTK_SIBLING void ntk_reader_register(const ntk_reader_format *const *formats);
/* The formats that are read, as a message names them. */
enum { NTK_ACCEPTED = 160 };
void ntk_reader_accepted(char text[NTK_ACCEPTED]);

/* What is asked of a file. */
typedef struct ntk_reader_wish {
  ntk_context *context;     /* as of ntk_reader */
  int accepted;             /* as of ntk_reader */
  const char *label_column; /* of text: which column is no datum and has labels, by its name in the
                               heading or its number, from 1 (-1: the last); NULL: none has */
  bool for_labels;          /* the labels that lie in the file, a vector, and not its numbers; of a
                               file in which none do, what it has, and words of a text's one column */
} ntk_reader_wish;
NTK_SIBLING ntk_status ntk_reader_open_wish(const char *path, const ntk_reader_wish *wish,
                                            ntk_reader *reader);
/* Opens path by the format that recognises it. accepted: as in ntk_reader.
 * "FILE:KEY" is an array of FILE, where that is a file and the whole is none. On failure
 * nothing is left open. NTK_ERR_FILE, NTK_ERR_FORMAT, NTK_ERR_SHAPE, NTK_ERR_LIMIT. */
NTK_SIBLING ntk_status ntk_reader_open(const char *path, int accepted, ntk_reader *reader);
/* Rows first .. first + count - 1 into out, count x cols. NTK_ERR_SHAPE for rows that are not
 * there, NTK_ERR_NOT_FINITE, NTK_ERR_FILE. */
NTK_SIBLING ntk_status ntk_reader_rows(const ntk_reader *reader, size_t first, size_t count,
                                       double *out);
NTK_SIBLING void ntk_reader_close(ntk_reader *reader);
/* Whether all ranks of the context can read what each has opened; `own` is how that went here.
 * NTK_ERR_RANKS where they see other numbers of rows or columns, or have seen something else. */
ntk_status ntk_reader_agree(ntk_context *context, ntk_status own, const ntk_reader *reader);

/* ---- For formats ---- */

/* Opens the file, and looks at none of its bytes. */
NTK_SIBLING ntk_status ntk_reader_open_file(const char *path, ntk_reader *reader);
/* Opens what is read, the file or what a source unpacks, by the format that recognises it. */
NTK_SIBLING ntk_status ntk_reader_open_format(ntk_reader *reader);
/* Opens it as a .npy, and as nothing else. */
NTK_SIBLING ntk_status ntk_reader_open_npy(ntk_reader *reader);
/* Whether the caller, who does not accept any, accepts this rank. */
NTK_SIBLING bool ntk_reader_accepts(const ntk_reader *reader, int rank);
/* Refuses what the caller does not accept, and arrays of nothing. shape: `rank` extents, the first
 * NTK_READER_RANK at the most; text: all of them, for messages. */
NTK_SIBLING ntk_status ntk_reader_set_shape(ntk_reader *reader, int rank, const size_t *shape,
                                            const char *text);
/* The next n bytes of a file that is known to be long enough, unless it changes under our feet. */
NTK_SIBLING ntk_status ntk_reader_bytes(const ntk_reader *reader, void *bytes, size_t n);
/* The next n bytes, or as many as there are. */
NTK_SIBLING ntk_status ntk_reader_some(const ntk_reader *reader, void *bytes, size_t n,
                                       size_t *found);
/* n bytes from that offset on, or as many as there are; several threads may ask at once,
 * unless a source unpacks them. */
ntk_status ntk_reader_at(const ntk_reader *reader, off_t offset, void *bytes, size_t n,
                         size_t *found);
/* Asks whether to stop, in the caller's thread; fraction: of the file or the rows. */
ntk_status ntk_reader_poll(const ntk_reader *reader, double fraction);
NTK_SIBLING ntk_status ntk_reader_seek(const ntk_reader *reader, off_t offset);
/* Opens "FILE,FILE,...", where that is no file's own name; closes what is open on failure. */
ntk_status ntk_several_open(const char *path, const ntk_reader_wish *wish, ntk_reader *reader);
/* Whether a file is IDX of just the size that its header promises. */
bool ntk_idx_is_whole(const unsigned char *start, size_t count, size_t file_size);
/* Whether a file is CIFAR's records and a part of one; record: bytes of one, rest: of the part. */
bool ntk_cifar_is_torn(const ntk_reader *reader, size_t *record, size_t *rest);
/* `rows` of a format whose numbers lie plain in the file. */
NTK_SIBLING ntk_status ntk_plain_rows(const ntk_reader *reader, size_t first, size_t count,
                                      double *out);
/* Refuses a value of rows 0 .. that is not finite, by its place; element counts row-major. */
NTK_SIBLING ntk_status ntk_plain_refuse(const ntk_reader *reader, double value, size_t element);

#endif
