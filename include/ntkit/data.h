/* data.h - arrays of numbers in files: what they are, without loading them, and their rows; and
 * what users write, read strictly, so that every program answers as ntkit does.
 *
 *   ntk_array_info info;
 *   if (ntk_array_shape("X.npy", &info) == NTK_OK &&
 *       (values = malloc(info.rows * info.cols * sizeof *values)) != NULL &&
 *       ntk_array_load("X.npy", 0, info.rows, values) == NTK_OK)
 *     ...                                       // rows x cols, row-major
 *
 * A file is told by its content: .npy (floats, integers, booleans; either byte and memory order;
 * one dimension or two), IDX (as MNIST's; the first extent counts the rows), CIFAR's binary files,
 * libsvm, or text, a row of decimal numbers a line (CSV and its kin); after ntk_io_formats
 * (ntkit/io.h) also .npz, .safetensors, HDF5 and what gzip packed. docs/data.md has the rules of
 * each. "FILE,FILE,..." is their rows as one set. Conventions are those of ntkit.h.
 * NTK_ERR_FILE is what cannot be read, _FORMAT what is damaged or of no format, _SHAPE what has
 * another shape, _LIMIT sizes beyond the address space. */
#ifndef NTKIT_DATA_H
#define NTKIT_DATA_H

#include "ntkit/ntkit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ntk_array_info {
  const char *format; /* "npy", "idx", "cifar", "libsvm", "text", "npz", ...; static, as type */
  const char *type;   /* of the numbers in the file, as NumPy calls it: float64, int32, bool, ... */
  int rank;           /* 1 or 2 */
  size_t rows, cols;  /* both >= 1; cols is 1 for rank 1 */
  bool labels;        /* the format has labels in the file, beside these: libsvm, CIFAR */
} ntk_array_info;

/* Shape and type of the array in a file, from its header; text and libsvm are read whole, for the
 * number of rows. NTK_ERR_FILE, _FORMAT, _SHAPE, _LIMIT; of libsvm _NOT_FINITE. */
NTK_API ntk_status ntk_array_shape(const char *path, ntk_array_info *info);
/* Rows first .. first + count - 1 (from 0) of it into values, count x cols, which are the caller's
 * and half filled on failure; of rank 1, entries. Integers beyond 2^53 are rounded. Reads no other
 * rows. NTK_ERR_NOT_FINITE for a NaN or an infinity, by position; _FILE, _FORMAT, _LIMIT,
 * and _SHAPE, for rows that it does not have too. */
NTK_API ntk_status ntk_array_load(const char *path, size_t first, size_t count, double *values);

/* Writes a double array of the given rank (1 or 2) as .npy, row-major, little-endian: to a
 * temporary name, synced, renamed: never half a file. NTK_ERR_FILE, _LIMIT, _ARGUMENT. */
NTK_API ntk_status ntk_npy_save(const char *path, const double *values, int rank,
                                const size_t *shape);

/* Makes directory path if it is not there and checks that files can be created in it. Creates no
 * file that stays. NTK_ERR_FILE, _ARGUMENT. */
NTK_API ntk_status ntk_directory_prepare(const char *path);

/* Which rows of a file: after the first `skip`, of all that follow, or of exactly `count`, or of at
 * most `limit` (one of the two), `subsample` drawn without replacement (0: all), of which hold_out
 * are drawn to be kept apart (0: none): all but these, or with held_out these alone; in the file's
 * order, or shuffled. All zeros: every row. Which rows and what order depend on seed and the rows'
 * own numbers alone, whatever the threads: row i has three random keys, words 0 to 2 of Philox-4x64
 * at key (seed, 9), counter (0, i, 0, 0); drawn are those with the smallest first key, so that a
 * smaller subsample is part of a larger one; shuffled is the order of the second; held out are
 * those with the smallest third.
 * label_column: the column of a text that has labels and is no datum, by its name in the heading or
 * its number, from 1 (-1: the last); of CIFAR-100, "coarse" or "fine"; NULL: none, or the usual. */
typedef struct ntk_rows {
  const char *label_column;
  size_t skip, count, limit, subsample, hold_out;
  bool held_out, shuffle;
  uint64_t seed;
} ntk_rows;
/* How many these are of total; source names what has them in messages. NTK_ERR_SHAPE for more than
 * there are, or all of them held out, NTK_ERR_ARGUMENT for count and limit. */
NTK_API ntk_status ntk_rows_count(const ntk_rows *rows, size_t total, const char *source,
                                  size_t *count);
/* Their numbers, from 0, in their order, into row, which has room for as many. Also NTK_ERR_LIMIT,
 * _MEMORY. O(total log total). */
NTK_API ntk_status ntk_rows_choose(ntk_context *context, const ntk_rows *rows, size_t total,
                                   size_t *row);

/* As ntk_array_load, these rows in their order: count x cols. Also NTK_ERR_ARGUMENT, _MEMORY,
 * _CANCELLED. */
NTK_API ntk_status ntk_array_select(ntk_context *context, const char *path, const ntk_rows *rows,
                                    double *values);

/* As ntk_dataset_load, these rows alone: the file is gone through once, and memory is for them.
 * Labels that are loaded for the data (ntk_labels_load) are those of their rows. NTK_ERR_ARGUMENT,
 * _FILE, _FORMAT, _LIMIT, _MEMORY, _NOT_FINITE, _SHAPE, _CANCELLED. */
NTK_API ntk_status ntk_dataset_select(ntk_context *context, const char *path, const ntk_rows *rows,
                                      size_t d, ntk_scaling scaling, ntk_dataset **data);
/* N and d that it would have, by the file's header alone; d as below. NTK_ERR_ARGUMENT, _FILE,
 * _FORMAT, _LIMIT, _SHAPE. */
NTK_API ntk_status ntk_dataset_select_shape(const char *path, const ntk_rows *rows, size_t *N,
                                            size_t *d);

/* What ntk_dataset_load would give, without loading it, to ask for memory first. N and d: what is
 * asked for (0: what the file has), then what the data set would have. NTK_ERR_FILE, _FORMAT,
 * _SHAPE, _LIMIT. */
NTK_API ntk_status ntk_dataset_shape(const char *path, size_t *N, size_t *d);

/* How many characters of a path name the file: all, or those before the ':' of "FILE:KEY", an array
 * of a file that has several, where FILE is a file and the whole is none. */
NTK_API size_t ntk_file_length(const char *path);

/* ---- What is in a file ----------------------------------------------------------------------- */

/* Of Assumption 2.1, as averages over the rows; NaN: not measured. Infinite, or 0, beyond the range
 * of double. */
typedef struct ntk_data_moments {
  double norm;     /* item 1: E||x||_2 / sqrt d */
  double square;   /* item 2: E||x||_2^2 / d */
  double spread;   /* item 3: E||x - E x||_2^2 / d */
  char danger[24]; /* "2, 3": items that are outside [1/100, 100], or 3 under 1/100 of 2; else "" */
} ntk_data_moments;

/* Rows i < k that are alike in some way. */
typedef struct ntk_data_pair {
  size_t searched;      /* rows among which they were sought: all, or so many that were drawn */
  size_t found;         /* rows k with such an i before them */
  size_t first, second; /* the first i and its first k, in the file, from 0; where found is not 0 */
  double value;         /* equal: 1; multiples: c of x_k = c x_i; nearest: ||x_k - x_i||_2 */
} ntk_data_pair;

typedef struct ntk_data_class {
  double value;
  size_t count;  /* samples of it */
  char name[64]; /* where the labels are words; else "" */
} ntk_data_class;

/* Something that a user would want to know. */
typedef struct ntk_data_remark {
  const char *name; /* "denormal", "features", "missing", "bytes", "target", "conflict"; static */
  char text[240];   /* one line */
} ntk_data_remark;

typedef struct ntk_inspect_options {
  ntk_rows rows;      /* which; their order does not matter */
  const char *labels; /* a file of them, one or more numbers for each row, or words; NULL: those in
                         the file itself (rows.label_column, libsvm, CIFAR), if any */
  const char *label_column; /* of the file of labels, as of ntk_rows; NULL: none */
  ntk_scaling scaling;      /* what the moments would be after this; NTK_SCALE_NONE: not asked */
} ntk_inspect_options;

typedef struct ntk_inspect_result {
  ntk_context *context;      /* that owns the arrays below; NULL in a cleared result */
  const char *format, *type; /* as in ntk_array_info */
  size_t file_rows;          /* of which these are */
  size_t samples, dim;       /* N, d */
  double least, most;        /* of all numbers */
  double smallest;           /* of |x| > 0; NaN: all are 0 */
  double zeros;              /* part of the numbers that is 0 */
  bool whole;                /* every number is a whole one */
  size_t constant_columns;   /* of one number alone */
  ntk_data_moments moments;  /* of the rows as they are */
  ntk_data_moments scaled;   /* after options.scaling */
  double effective_rank;   /* (tr C)^2 / tr(C^2), C their covariance: 1 of a line, d of C = I; NaN:
                              all rows are one, or N d min(N, d) > 1e12, or too large for memory */
  ntk_data_pair equal;     /* to the last bit */
  ntk_data_pair multiples; /* c other than 0 and 1, to the last bit */
  ntk_data_pair nearest;   /* the nearest two that differ; a draw of n where n^2 d > 4e10 */
  size_t label_columns;    /* 0: no labels */
  double label_least, label_most;
  size_t classes;              /* different labels, where they look like classes; else 0 */
  ntk_data_class *class_count; /* by value */
  size_t remarks;
  ntk_data_remark *remark;
} ntk_inspect_result;

/* Looks at the rows of a file: ranges, moments of Assumption 2.1, effective rank, rows that are
 * alike, labels, and what is known to go wrong. Rows that do not fit into half of the memory there
 * is are read three times, a piece at a time; what needs them side by side then takes a draw of
 * them, and a scaling is refused. O(N d min(N, d)), and up to 2e10 steps for the nearest rows. The
 * result is cleared by ntk_inspect_clear; on failure it is empty. NTK_ERR_ARGUMENT, _FILE, _FORMAT,
 * _SHAPE, _LIMIT, _MEMORY, _NOT_FINITE, _CANCELLED. */
NTK_API ntk_status ntk_data_inspect(ntk_context *context, const char *path,
                                    const ntk_inspect_options *options, ntk_inspect_result *result);
NTK_API void ntk_inspect_clear(ntk_inspect_result *result);

/* Whether path is there and is what input, "FILE", "FILE:KEY" or "FILE,FILE,...", reads, by
 * whatever name. */
NTK_API bool ntk_file_reads(const char *input, const char *path);

/* Whether a text names no distribution (ntk_labels_list's kind of labels), and so a file. */
NTK_API bool ntk_dataset_in_file(const char *source);
NTK_API bool ntk_labels_in_file(const char *labels);
/* Whether such a text means a file, and is no misspelt name: it has a '/', or an ending as .npy is
 * one, or is there. */
NTK_API bool ntk_file_is_meant(const char *text);

/* text[0..length) as a whole number from least to most: digits, or digits and a power of ten as in
 * 1e3. NULL: *value is read; else why not, as a phrase: "is empty", "is not a whole number", ... */
NTK_API const char *ntk_text_whole(const char *text, size_t length, uint64_t least, uint64_t most,
                                   uint64_t *value);

/* x 2^exponent, exponent whole, as a decimal of so many digits (1 to 17), "2.0e-437", into text,
 * which it returns: to nearest, or not below it (towards 1), or not above it (-1). */
enum { NTK_DECIMAL = 48 };
NTK_API const char *ntk_text_decimal(double x, double exponent, int digits, int towards,
                                     char text[NTK_DECIMAL]);

/* The name that is nearest to a word, by letters added, left out, replaced or swapped and whatever
 * their case; NULL when none is near. Called with i = 0, 1, ... until name(i, user) is NULL. */
NTK_API const char *ntk_text_nearest(const char *word,
                                     const char *(*name)(size_t i, const void *user),
                                     const void *user);

#ifdef __cplusplus
}
#endif
#endif
