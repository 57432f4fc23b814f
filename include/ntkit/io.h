/* io.h - fitted networks in folders, library libntkit_io: what --save of ntkit memorize, train and
 * spectrum writes. Conventions are those of ntkit.h. */
#ifndef NTKIT_IO_H
#define NTKIT_IO_H

#include "ntkit/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Formats of files ------------------------------------------------------------------------ */

/* From now on every function that reads a file of numbers also reads .npz (stored, deflated,
 * zip64), .safetensors, and what gzip packed. "FILE:KEY" is an array of a file that has several;
 * without a key it is the only one that fits. Studies (network.load) load what ntk_weights_open
 * reads. To be called once, before; again does nothing. Any thread. */
NTK_API void ntk_io_formats(void);

/* ---- Saving into a folder that knows what it wrote ------------------------------------------- */

/* All files are made in the stage, DIR/.ntkit.saving, which one saving alone holds, and are moved
 * into DIR once all are there: what stops it before that leaves DIR as it was. result.json, moved
 * last, names the command and lists its files. These the same command replaces when it comes again,
 * and no others. In order: open, and claim before a long computation; array, ..., finish; close. Of
 * several ranks one opens; for the others, whose saving is NULL, all of these do nothing, but
 * ntk_saving_data is to be called by all. */
typedef struct ntk_saving ntk_saving;

typedef struct ntk_saving_options {
  const char *command;       /* who saves: what it saved before is replaced */
  const char *data, *labels; /* files that it reads, which are never replaced; NULL: none */
  bool overwrite;            /* replace other plain files of the same names too */
} ntk_saving_options;

/* Makes the directory and its stage, and claims what the command saved before. NTK_ERR_FILE where
 * that cannot be or another saving holds it, _ARGUMENT for an input in its place, _MEMORY. */
NTK_API ntk_status ntk_saving_open(const char *directory, const ntk_saving_options *options,
                                   ntk_saving **saving);
/* Whether DIR/name, there or not, or a network in place ("" or a folder of DIR) may be written, and
 * no matrix there would be read as its next one: NTK_ERR_FILE, _ARGUMENT, _MEMORY. */
NTK_API ntk_status ntk_saving_claim(const ntk_saving *saving, const char *name);
NTK_API ntk_status ntk_saving_claim_network(const ntk_saving *saving, const char *place,
                                            size_t depth);
/* The stage, for files that are made by others, and the name of one of these: NTK_ERR_MEMORY. */
NTK_API const char *ntk_saving_stage(const ntk_saving *saving);
NTK_API ntk_status ntk_saving_add(ntk_saving *saving, const char *name);
/* Writes name: rows x columns numbers, columns 0: a vector; X.npy, and scaling.npy (2 x d: means
 * and deviations) of data that have them; W1.npy to WL.npy and, where
 * there are biases, b1.npy to bL.npy in place. NTK_ERR_FILE, _MEMORY,
 * _ARGUMENT. */
NTK_API ntk_status ntk_saving_array(ntk_saving *saving, const char *name, const double *values,
                                    size_t rows, size_t columns);
NTK_API ntk_status ntk_saving_data(ntk_saving *saving, const ntk_dataset *data);
NTK_API ntk_status ntk_saving_network(ntk_saving *saving, const char *place,
                                      const ntk_network *network);
/* Writes result to result.json, moves all into DIR and removes what else the command left there. A
 * JSON object: "command"; "saved", the list of files, result.json last; "network", {"activation"}
 * and "data", {"scale"}, for ntk_model_load. NTK_ERR_FILE, _ARGUMENT, _MEMORY. */
NTK_API ntk_status ntk_saving_finish(ntk_saving *saving, const char *result);
/* Name i of the files, result.json last, and path i of those that were removed; NULL: no more. */
NTK_API const char *ntk_saving_file(const ntk_saving *saving, size_t i);
NTK_API const char *ntk_saving_removed(const ntk_saving *saving, size_t i);
/* What has not been moved is no more; a DIR that was made and holds nothing neither. */
NTK_API void ntk_saving_close(ntk_saving *saving);

/* All of that in one call: X.npy, the network and a result.json. scaling: of the data that it fits.
 * As ntk_saving_open and what follows; NTK_ERR_SHAPE for data of another d. */
NTK_API ntk_status ntk_model_save(const ntk_network *network, const ntk_dataset *data,
                                  ntk_scaling scaling, const char *directory,
                                  const ntk_saving_options *options);

/* Whether the file `path`, there or not, is of the folder: listed in its result.json, or what would
 * be read from it as of a network. */
NTK_API bool ntk_saved_has(const char *directory, const char *path);

/* The certificate of a saved fit: what its files do. Reads X.npy and Y.npy from the directory, and
 * W1.npy, ..., WL.npy, or, with count classes, those of each class in its folder class<number>,
 * which are to put out 1 for this class and -1 for the others; of a network of several outputs
 * Y.npy is N x n_L, and the error that of all; error[c] is ntk_fit_measure of each. classes NULL:
 * count is 1, and NTK_ERR_SHAPE where Y.npy is not of its outputs. computed, unless NULL, has what
 * the weights in memory did (count): NTK_ERR_NUMERIC where files do worse than that by more than
 * rounding. Else the statuses of ntk_dataset_load and ntk_network_load. */
NTK_API ntk_status ntk_saved_certify(ntk_context *context, const char *directory,
                                     const char *activation, size_t count, const double *classes,
                                     const ntk_memorize_result *computed, ntk_fit_error *error);

/* ---- Weights in files of any kind ------------------------------------------------------------ */

typedef struct ntk_weights_layer {
  const char *weight, *bias; /* names in the file; bias NULL: none */
  const char *type;          /* of the weight's numbers there: "float32" */
  size_t in, out;            /* n_{l-1}, n_l */
  bool transposed;           /* the weight lies there as n_l x n_{l-1} */
  const char *told_by;       /* what tells how it lies */
} ntk_weights_layer;

/* What was understood of a file. Texts and arrays live as long as it. */
typedef struct ntk_weights {
  const char *format;           /* "npz", "safetensors", "hdf5", "directory" */
  const char *activation;       /* by a result.json beside the files; NULL: not told */
  const char *parameterization; /* of the scales, by a result.json; NULL: standard, or not told */
  size_t depth;                 /* L */
  ntk_weights_layer *layer;     /* W_1, ..., W_L at 0, ..., L - 1 */
  size_t parameters;            /* P */
  bool by_shapes;               /* the order of layers is told by their shapes, not by numbers */
  size_t left;           /* arrays that are no part of the network, as an optimizer's state: */
  const char **left_out; /* their names */
  struct ntk_weights_file *file; /* owned */
} ntk_weights;

/* Looks at a file of named arrays (.npz, .safetensors, HDF5), or at a directory of .npy, and finds
 * the dense layers in it by their names, as PyTorch, Flax, Keras and others write them, and by the
 * chain of shapes (docs/networks.md); reads no numbers. layout: "torch" (all weights lie as n_l x
 * n_{l-1}) or "flax" (n_{l-1} x n_l) where neither names nor shapes tell, or instead of what they
 * tell; NULL. NTK_ERR_ARGUMENT for what must be given, _FORMAT for arrays that are of no dense
 * layer, by name, _SHAPE for layers that do not follow each other; _FILE, _LIMIT, _MEMORY. Clear it
 * before the context is destroyed. */
NTK_API ntk_status ntk_weights_open(ntk_context *context, const char *path, const char *layout,
                                    ntk_weights *weights);
/* Reads them into a network. spec: the activation (NULL: the file's own, which is refused to
 * differ) and the scales of the blocks (NULL both: the file's own); the rest is the file's.
 * NTK_ERR_ARGUMENT, _NOT_FINITE by name and place, _FILE, _FORMAT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_weights_network(const ntk_weights *weights, const ntk_network_spec *spec,
                                       ntk_network **network);
/* Writes them, as float64, into a file that is named by its ending, .npz or .safetensors, or a
 * directory of .npy. layout: NULL: W1, b1, W2, ..., W_l n_{l-1} x n_l; "torch": 0.weight, 0.bias,
 * 2.weight, ..., n_l x n_{l-1}, as torch.nn.Sequential takes them; "flax": params/Dense_0/kernel,
 * params/Dense_0/bias, ... options: of a directory, as of ntk_saving_open. NTK_ERR_ARGUMENT for
 * another name or layout, _LIMIT for an .npz of 4 GB; the statuses of ntk_weights_network and
 * ntk_saving_open. */
NTK_API ntk_status ntk_weights_save(const ntk_weights *weights, const char *path,
                                    const char *layout, const ntk_saving_options *options);
NTK_API void ntk_weights_clear(ntk_weights *weights);

/* ---- Networks, one or one for each class, read back and applied ------------------------------ */

/* Texts and arrays live as long as the model. What is not told by the folder is NULL. */
typedef struct ntk_model {
  size_t count;                    /* networks */
  ntk_network **networks;          /* count */
  size_t class_count;              /* classes; 0: there are none */
  double *classes;                 /* class_count, ascending; NULL: none */
  const char **class_names;        /* of labels that were words; NULL: they were numbers */
  const char *encoding;            /* "signs", "one-hot": the classes are the outputs of one network
                                      (ntk_classes_encode); NULL: each has a network of one output */
  const char *activation;          /* its name */
  const char *scaling;             /* how its data were scaled: of ntk_scaling_list */
  const char *command;             /* that fitted it: "memorize" */
  bool certified;                  /* a certificate was saved: */
  ntk_fit_error certificate;       /* of all networks, the worst; relative: NaN */
  struct ntk_model_folder *folder; /* owned */
} ntk_model;

/* Loads a folder of --save, or weights alone, as ntk_weights_open reads them: a file, or a folder.
 * activation: needed where no result.json names it, and refused where that names another; borrowed;
 * NULL: none. layout: as of ntk_weights_open. NTK_ERR_FILE, _FORMAT, _SHAPE, _LIMIT, _NOT_FINITE
 * for what is there, _ARGUMENT for the activation or layout, _MEMORY. Clear it before the context
 * is destroyed. */
NTK_API ntk_status ntk_model_load(ntk_context *context, const char *path, const char *activation,
                                  const char *layout, ntk_model *model);
NTK_API void ntk_model_clear(ntk_model *model);

typedef struct ntk_model_scaling {
  bool own;        /* the rows are in the folder's X.npy, and so scaled already */
  bool by_means;   /* scaled by the means and deviations of the model's data */
  size_t constant; /* columns that were constant in these, set to 0 */
} ntk_model_scaling;

/* Scales rows as the model's own data were: *scaled is a new data set, or NULL where they are to be
 * taken as they are. scaling: "none", or how the model's data were, which it is refused to differ
 * from; NULL: by result.json, but rows that are in X.npy are scaled already. NTK_ERR_ARGUMENT also
 * for rows of both kinds and that may be either; _FILE, _FORMAT, _SHAPE, _NOT_FINITE, _MEMORY. */
NTK_API ntk_status ntk_model_scale(const ntk_model *model, const ntk_dataset *rows,
                                   const char *scaling, ntk_dataset **scaled,
                                   ntk_model_scaling *done);

/* Outputs, count x N of a network for each class, or of one network N x n_L, half filled on
 * failure, and, unless NULL, the N classes chosen by them, of a model that has classes.
 * NTK_ERR_SHAPE, _NUMERIC: not finite, _CANCELLED, _MEMORY. */
NTK_API ntk_status ntk_model_predict(const ntk_model *model, const ntk_dataset *data,
                                     double *outputs, double *chosen);
/* The name of a class of a model whose classes have names. */
NTK_API const char *ntk_model_class_name(const ntk_model *model, double class_number);
/* How many of N samples have chosen the class of their label; names: of labels that are words, as
 * ntk_labels_load_classes gives them. A word that is none of the model's is nobody's class. */
NTK_API size_t ntk_model_right(const ntk_model *model, const double *chosen, size_t N,
                               const double *label, const ntk_class_names *names);

/* ---- Named arrays ---------------------------------------------------------------------------- */

typedef struct ntk_array_entry {
  const char *name;
  int rank; /* 1 or 2 */
  size_t shape[2];
  const double *values; /* row-major */
} ntk_array_entry;
/* Whether the path ends as a file of named arrays that is written: .npz, .safetensors. */
NTK_API bool ntk_arrays_known(const char *path);
/* Writes them, as float64, into such a file, whole or not at all. NTK_ERR_ARGUMENT for another
 * ending, _FILE, _LIMIT (an .npz of 4 GB), _MEMORY. */
NTK_API ntk_status ntk_arrays_save(const char *path, size_t count, const ntk_array_entry *array);

#ifdef __cplusplus
}
#endif
#endif
