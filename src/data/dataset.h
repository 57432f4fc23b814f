/* Data sets: N samples in R^d, one a row. */
#ifndef NTK_DATA_DATASET_H
#define NTK_DATA_DATASET_H

#include "base/context.h"
#include "base/random.h"
#include "data/held.h"
#include "data/label_list.h"
#include "ntkit/data.h"

struct ntk_dataset {
  ntk_context *context;
  size_t N, d;     /* of all samples */
  ntk_share share; /* which of them are in X */
  const double *X; /* ntk_share_count(&share, share.rank) x d, row-major */
  double *own;     /* X where it is the data set's own memory; NULL: borrowed */
  double *columns; /* 2 x d: means and deviations that center or standardize took; NULL: none */
  size_t constant_columns;
  size_t file_rows;    /* of the file it was read from, in part or whole; 0: of none */
  ntk_rows rows;       /* which of them these are */
  uint64_t names;      /* ntk_lines's, of a text with a heading; 0: of none */
  char like[NTK_LIKE]; /* a column of them with a name that labels have; "": none has */
};

/* Its rows, as they are held here. */
static inline ntk_held ntk_dataset_held(const ntk_dataset *data) {
  return (ntk_held){.share = data->share, .d = data->d, .X = data->X};
}

/* Its first N samples: a view, which is not destroyed. */
static inline ntk_dataset ntk_dataset_leading(const ntk_dataset *data, size_t N) {
  ntk_dataset first = *data;
  first.N = N;
  first.share = ntk_share_leading(data->share, N);
  return first;
}

/* A data set of its own memory, whole and not filled in yet. NTK_ERR_ARGUMENT when N or d is 0,
 * NTK_ERR_LIMIT when one is more than BLAS can index. */
ntk_status ntk_dataset_allocate(ntk_context *context, size_t N, size_t d, ntk_dataset **data);
/* The same where each of the context's ranks has room for its share of the rows. */
ntk_status ntk_dataset_deal(ntk_context *context, size_t N, size_t d, ntk_dataset **data);

/* Those rows of a data set, by their numbers, as a data set of its own: dealt, if it is. All ranks
 * call it then. */
ntk_status ntk_dataset_take(ntk_context *context, const ntk_dataset *data, const size_t *rows,
                            size_t count, ntk_dataset **taken);

/* NTK_ERR_SHAPE unless data has the input width n_0 of the network. */
ntk_status ntk_dim_check(const ntk_dataset *data, size_t input_width);
/* NTK_ERR_NOT_FINITE unless all of Y, `count` label vectors of N, is finite. */
ntk_status ntk_labels_check(const double *Y, size_t N, size_t count);
/* The same of N x outputs, sample by sample. */
ntk_status ntk_targets_check(const double *Y, size_t N, size_t outputs);

/* Transforms X in place; source names the data in messages. What it means for Assumption 2.1
 * (1: E||x|| = Theta(sqrt d), 2: E||x||^2 = Theta(d), 3: E||x - E x||^2 = Omega(d)), read as
 * averages over the rows:
 *  none         whatever the data have.
 *  center       the column means become 0, so items 2 and 3 read the same sum.
 *  standardize  also the average of ||x||^2 is d - c exactly, c the number of constant columns:
 *               items 2 and 3 hold with the constant (d - c) / d.
 *  sphere       ||x|| = sqrt d for every row: items 1 and 2 hold exactly; item 3 fails when the
 *               data crowd around one direction.
 * center and standardize: 4 to 5 passes over X, 3 d numbers of scratch. sphere: NTK_ERR_ARGUMENT
 * for a row of zeros. On failure X is partly transformed: destroy it. Of a dealt data set all ranks
 * call it, and rows come to the bits that one process gives them. */
NTK_SIBLING ntk_status ntk_dataset_scale(ntk_dataset *data, ntk_scaling scaling,
                                         const char *source);

/* The row of ntk_distribution_list with this name; NTK_ERR_ARGUMENT, listing the known ones. */
NTK_SIBLING ntk_status ntk_distribution_find(const char *name,
                                             const ntk_distribution **distribution);

/* Samples first .. first + count - 1 of a source of randomness into X (count x d). Sample i depends
 * on (distribution, source, d, i) alone, so that samples made in pieces, or by any number of
 * threads, are the same. source.sub must be under 2^63. NTK_ERR_CANCELLED. */
ntk_status ntk_distribution_fill(ntk_context *context, const ntk_distribution *distribution,
                                 ntk_random source, size_t first, size_t count, size_t d,
                                 double *X);

#endif
