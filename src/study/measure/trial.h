/* A point of the grid, and what the trials of every measure start from: its data and its network,
 * drawn from the trial's seed. */
#ifndef NTK_STUDY_TRIAL_H
#define NTK_STUDY_TRIAL_H

#include "study/files.h"

#include "ntkit/data.h"
#include "ntkit/fit.h"

enum { NTK_MOST_DEPTH = 64 };

/* How the network of a point trains. */
typedef struct ntk_point_training {
  ntk_train_options options; /* without the seed */
  const char *labels;        /* a kind, or a file */
  bool labels_from_file;
  ntk_file_identity labels_file;
  const char *split; /* a file, NULL: by options */
  ntk_file_identity split_file;
} ntk_point_training;

/* A point of the grid, resolved. Strings are borrowed from the study. */
typedef struct ntk_point {
  size_t N, depth;
  size_t width[NTK_MOST_DEPTH]; /* d, n_1, ..., n_{L-1} */
  double beta[NTK_MOST_DEPTH];
  const char *activation, *init;
  double gamma; /* of init antisymmetric; else 0 */
  bool biased;  /* every layer has a bias */
  bool bias[NTK_MOST_DEPTH];
  double bias_deviation;
  size_t outputs, output; /* n_L; and the one that is measured, if one is selected: */
  bool selected;
  ntk_outputs outputs_of;       /* else of which outputs the kernel is */
  const char *parameterization; /* NULL: standard */
  const char *weights, *layout; /* where they are; NULL: they are drawn, or it is not said */
  ntk_file_identity weights_file;
  const char *source; /* distribution or file */
  bool from_file;
  ntk_file_identity file; /* of source, when it is one */
  ntk_scaling scaling;
  ntk_rows rows;               /* of a file: N of them; seed: the trial's */
  ntk_point_training training; /* zero in a study that does not train */
  size_t population;           /* of the ledger; 0: its default */
  const char *precision;       /* of spectra; NULL: their default */
} ntk_point;

/* The network that is measured, of one output where one is selected. Borrows the point's arrays. */
ntk_network_spec ntk_trial_spec(const ntk_point *point, uint64_t seed);

/* The network at path, as of ntk_weights_network of io.h, or, where that is not there, of
 * ntk_network_load. */
ntk_status ntk_trial_load(ntk_context *context, const char *path, const char *layout,
                          const char *activation, ntk_network **network);

ntk_status ntk_trial_data(ntk_context *context, const ntk_point *point, uint64_t seed,
                          ntk_dataset **data);
/* How many numbers a sample has as its label: n_L, or 1 where one output is selected. */
size_t ntk_trial_outputs(const ntk_point *point);
/* Labels of the point's training, N x so many, to be freed; where it has none, Gaussian. */
ntk_status ntk_trial_labels(ntk_context *context, const ntk_point *point, uint64_t seed,
                            const ntk_dataset *data, double **Y);

/* Data and network; both are to be destroyed whatever the status, and NULL where they are not
 * there. */
ntk_status ntk_trial_begin(ntk_context *context, const ntk_point *point, uint64_t seed,
                           ntk_dataset **data, ntk_network **network);

#endif
