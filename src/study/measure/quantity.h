/* What a study measures. A new quantity is a row of the table in quantity.c; one that needs another
 * computation than those of measures.h brings its ntk_measure. */
#ifndef NTK_STUDY_QUANTITY_H
#define NTK_STUDY_QUANTITY_H

#include "study/files.h"

#include "ntkit/fit.h"
#include "ntkit/study.h"

enum { NTK_MOST_QUANTITIES = 16, NTK_MOST_DEPTH = 64, NTK_MOST_VALUES = 256 };

/* How the network of a point trains. */
typedef struct ntk_point_training {
  ntk_train_options options; /* without the seed */
  const char *labels;        /* a kind, or a file */
  bool labels_from_file;
  ntk_file_identity labels_file;
} ntk_point_training;

/* A point of the grid, resolved. Strings are borrowed from the study. */
typedef struct ntk_point {
  size_t N, depth;
  size_t width[NTK_MOST_DEPTH]; /* d, n_1, ..., n_{L-1} */
  double beta[NTK_MOST_DEPTH];
  const char *activation, *init;
  double gamma;       /* of init antisymmetric; else 0 */
  const char *source; /* distribution or file */
  bool from_file;
  ntk_file_identity file; /* of source, when it is one */
  ntk_scaling scaling;
  ntk_point_training training; /* zero in a study that does not train */
  size_t population;           /* of the ledger; 0: its default */
} ntk_point;

/* What there is to say of a value; by its name it stands in the database. */
typedef enum ntk_value_status {
  NTK_VALUE_OK,
  NTK_VALUE_RANK_DEFICIENT,
  NTK_VALUE_BELOW_RESOLUTION, /* this one and those that follow: there is no value */
  NTK_VALUE_DIVERGED,
  NTK_VALUE_NOT_REACHED,
  NTK_VALUE_NO_STEP,
  NTK_VALUE_NOT_CERTIFIED,
  NTK_VALUE_STATUSES /* how many there are */
} ntk_value_status;
const char *ntk_value_status_name(ntk_value_status status);
/* False when there is none of this name. */
bool ntk_value_status_find(const char *name, ntk_value_status *status);

/* One number that a trial found. */
typedef struct ntk_value {
  char quantity[32];
  double value; /* NaN when there is none */
  ntk_value_status status;
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
  ntk_quantity_info info; /* begins with the name */
  const ntk_measure *measure;
  /* What of the measure's result it is; the measure knows the type. */
  void (*take)(const void *result, ntk_outcome *outcome);
  const char *per_layer; /* one value a layer k, named "this_k"; NULL: one, named as the quantity */
};

ntk_status ntk_quantity_find(const char *name, const ntk_quantity **quantity);
/* Whether a value of this name is of this quantity. */
bool ntk_quantity_gives(const ntk_quantity *quantity, const char *name);
/* Whether a trial trains for it. */
bool ntk_quantity_trains(const ntk_quantity *quantity);

/* The quantities, out of `count`, that quantity q's measure gives, into own; how many they are: 0
 * when an earlier quantity has the same measure, so that each measure comes up once. */
size_t ntk_quantity_group(const ntk_quantity *const *quantity, size_t count, size_t q,
                          const ntk_quantity *own[NTK_MOST_QUANTITIES]);

/* Appends a value. */
void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value, ntk_value_status status);
/* The same, named "stem_k". */
void ntk_outcome_put_layer(ntk_outcome *outcome, const char *stem, size_t k, double value,
                           ntk_value_status status);

/* Appends a value, NaN and named but otherwise empty, for each that these quantities give. */
void ntk_outcome_name_values(ntk_outcome *outcome, const ntk_quantity *const *quantity,
                             size_t count, size_t depth);

#endif
