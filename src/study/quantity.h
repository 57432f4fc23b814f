/* What a study measures. A new quantity is a row of the table in quantity.c; one that needs another
 * computation than the spectrum brings its ntk_measure. */
#ifndef NTK_STUDY_QUANTITY_H
#define NTK_STUDY_QUANTITY_H

#include "base/status.h"

#include "ntkit/study.h"

enum { NTK_MOST_QUANTITIES = 8, NTK_MOST_DEPTH = 64, NTK_MOST_VALUES = 256 };

/* Which file it is, as it was when the study was made. */
typedef struct ntk_file_identity {
  uint64_t device, inode, size;
  int64_t seconds, nanoseconds; /* of its last change */
} ntk_file_identity;

/* A point of the grid, resolved. Strings are borrowed from the study. */
typedef struct ntk_point {
  size_t N, depth;
  size_t width[NTK_MOST_DEPTH]; /* d, n_1, ..., n_{L-1} */
  double beta[NTK_MOST_DEPTH];
  const char *activation, *init;
  const char *source; /* distribution or file */
  bool from_file;
  ntk_file_identity file; /* of source, when it is one */
  ntk_scaling scaling;
  size_t population; /* of the ledger; 0: its default */
} ntk_point;

/* NTK_ERR_FILE when path is no plain file. */
ntk_status ntk_file_identify(const char *path, ntk_file_identity *identity);

/* The data of a point: drawn by seed, or from its file, which must be what it was. */
ntk_status ntk_point_data(ntk_context *context, const ntk_point *point, uint64_t seed,
                          ntk_dataset **data);
/* Its network, borrowing the point's arrays. */
ntk_network_spec ntk_point_network(const ntk_point *point, uint64_t seed);

/* One number that a trial found. */
typedef struct ntk_value {
  char quantity[32];
  double value; /* NaN unless resolved */
  ntk_verdict verdict;
} ntk_value;

/* What a trial found, or why it did not; plain memory, for it goes through a pipe. */
typedef struct ntk_outcome {
  ntk_status status;
  char error[256]; /* "" when status is NTK_OK */
  double seconds;
  size_t count;
  ntk_value value[NTK_MOST_VALUES];
} ntk_outcome;

typedef struct ntk_quantity ntk_quantity;

/* A computation that gives one or more quantities. */
typedef struct ntk_measure {
  /* Flops, roughly; memory in bytes, or the status that says why it cannot be. */
  double (*flops)(const ntk_point *point, const ntk_quantity *const *quantity, size_t count);
  ntk_status (*bytes)(ntk_context *context, const ntk_point *point,
                      const ntk_quantity *const *quantity, size_t count, size_t *bytes);
  /* Fills count and value of the outcome for these quantities, all of this measure. */
  ntk_status (*run)(ntk_context *context, const ntk_point *point, uint64_t seed,
                    const ntk_quantity *const *quantity, size_t count, ntk_outcome *outcome);
} ntk_measure;

struct ntk_quantity {
  ntk_quantity_info info;
  const ntk_measure *measure;
  /* What of the measure's result it is; the measure knows the type. */
  void (*take)(const void *result, ntk_outcome *outcome); /* NULL: all of it, by run */
  const char *per_layer; /* one value a layer k, named "this_k"; NULL: one, named as the quantity */
};

/* quantity_ledger.c: every row of ntk_verify, under its key, and its order as "key.order"; an
 * inequality is 1 where it holds and 0 where it fails. */
extern const ntk_measure ntk_measure_ledger;

/* Appends a value; NaN where it is not resolved. */
void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value, ntk_verdict verdict);

/* NULL when there is none of this name. */
const ntk_quantity *ntk_quantity_find(const char *name);

/* The quantities, out of `count`, that quantity q's measure gives, into own; how many they are: 0
 * when an earlier quantity has the same measure, so that each measure comes up once. */
size_t ntk_quantity_group(const ntk_quantity *const *quantity, size_t count, size_t q,
                          const ntk_quantity *own[NTK_MOST_QUANTITIES]);

/* Appends a value, NaN and named but otherwise empty, for each that these quantities give. */
void ntk_outcome_name_values(ntk_outcome *outcome, const ntk_quantity *const *quantity,
                             size_t count, size_t depth);

#endif
