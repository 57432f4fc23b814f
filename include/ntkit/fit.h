/* fit.h - networks fitted to labels: training (19), with Theorem 4.2 measured beside it.
 *
 *   double Y[1000];  ntk_train_result result;
 *   const ntk_train_options options = {.optimizer = "gd", .epochs = 500, .track = 50};
 *   if (ntk_labels_generate(context, "gaussian", NULL, data, 1, Y) == NTK_OK &&
 *       ntk_train(context, network, data, Y, &options, &result) == NTK_OK)
 *     printf("%g after %zu epochs\n", result.loss_final, result.epochs);
 *   // ntk_train_clear(&result); the network now has the weights found
 *
 * Conventions are those of ntkit.h; how each number is found, docs/algorithm.md. */
#ifndef NTKIT_FIT_H
#define NTKIT_FIT_H

#include "ntkit/ntkit.h"
#include "ntkit/rates.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Labels ---------------------------------------------------------------------------------- */

/* A row of one of the tables of names below. */
typedef struct ntk_name_info {
  const char *name;    /* as options take it */
  const char *summary; /* one line */
} ntk_name_info;

/* gaussian: N(0, 1); sign: -1 or 1; teacher: the outputs of another network of the same
 * architecture, scaled to a mean square of 1. In all three ||Y||_2 = Theta(sqrt N), as Theorem 4.2
 * asks. */
NTK_API const ntk_name_info *ntk_labels_list(size_t *count);

/* Labels into Y, N x n_L as spec, the network to be trained, says; without a teacher it may be
 * NULL: n_L = 1. Y_ic depends on (kind, seed, i, c) alone (teacher: on spec and data as well).
 * NTK_ERR_ARGUMENT; of a teacher also those of ntk_network_create, _SHAPE where data and spec
 * differ in d, _NUMERIC for outputs that are 0 or not finite. */
NTK_API ntk_status ntk_labels_generate(ntk_context *context, const char *kind,
                                       const ntk_network_spec *spec, const ntk_dataset *data,
                                       uint64_t seed, double *Y);

/* N labels from a file (data.h) of N numbers, rank 1 or N x 1; of data loaded in part, a label for
 * each row of its file will do, and must be there where the rows are not the first ones
 * (ntk_rows). NTK_ERR_SHAPE for another length, NTK_ERR_NOT_FINITE for a NaN or an infinity, by
 * position. Also NTK_ERR_FILE, _FORMAT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_labels_load(ntk_context *context, const char *path, const ntk_dataset *data,
                                   double *Y);
/* The same of `outputs` >= 1 numbers a sample: Y is N x outputs, row-major. NTK_ERR_SHAPE and the
 * others as above. */
NTK_API ntk_status ntk_labels_load_outputs(ntk_context *context, const char *path,
                                           const ntk_dataset *data, size_t outputs, double *Y);

/* Names of classes, whose labels are 0, 1, ..., count - 1, in the order of their bytes. */
typedef struct ntk_class_names {
  size_t count; /* 0: the labels are numbers */
  char **name;  /* owned: ntk_class_names_clear */
} ntk_class_names;
NTK_API void ntk_class_names_clear(ntk_class_names *names);
/* N labels that lie in a file beside its data, the file of the data too: of libsvm, of CIFAR, or a
 * column of a text (label_column as of ntk_rows; NULL: of a text of one column, that one). Those of
 * a text may be words, which are classes; names is set on success. NTK_ERR_ARGUMENT for a column
 * not there; as ntk_labels_load: NTK_ERR_SHAPE, _NOT_FINITE, _FILE, _FORMAT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_labels_load_classes(ntk_context *context, const char *path,
                                           const char *label_column, const ntk_dataset *data,
                                           double *Y, ntk_class_names *names);

/* ---- Training -------------------------------------------------------------------------------- */

/* gd, momentum (heavy ball), nesterov, adam, lm (Levenberg-Marquardt on the N x N system). */
NTK_API const ntk_name_info *ntk_optimizer_list(size_t *count);
/* half-sum: (19), 1/2 sum_i r_i^2 with r = F_L - Y; mean: 1/N sum_i r_i^2, as in the authors'
 * script; of several outputs r_i^2 is the sum over them. */
NTK_API const ntk_name_info *ntk_loss_list(size_t *count);
/* Rules for the step size: auto, from the eigenvalues of K at the start (adam: the authors'
 * 1 / (10 sqrt N)); theory, Theorem 4.2's 1 / (gamma N d n_{L-1}); best, the fastest of the linear
 * model, momentum too: rates.h's lr_best. */
NTK_API const ntk_name_info *ntk_lr_list(size_t *count);
/* Splits of samples among clients: iid, by-label; what a client counts in a mean: equal, size. */
NTK_API const ntk_name_info *ntk_split_list(size_t *count);
NTK_API const ntk_name_info *ntk_client_weights_list(size_t *count);
/* Of weights and steps: double, float. */
NTK_API const ntk_name_info *ntk_precision_list(size_t *count);
/* How eigenvalues of K are found, to the same digits: auto, double, mixed. */
NTK_API const ntk_name_info *ntk_mode_list(size_t *count);

/* What is measured of the kernel at one epoch. NaN: not known, or not asked for. */
typedef struct ntk_track_point {
  size_t epoch;
  double loss;
  double bound;                  /* (20) with the measured c; gd alone */
  double prediction;             /* the loss if K stayed K_0, for the exact discrete steps */
  double lambda_min, lambda_max; /* of K(theta_t): sigma_min(J)^2 and ||J||^2 of (21) */
  double jacobian_change;        /* ||J(theta_t) - J(theta_0)|| of (21) */
  double distance;    /* ||theta_t - theta_0||; of scaled blocks ||C^{-1/2} (theta_t - theta_0)|| */
  double rate;        /* of the loss, an epoch, since the tracked one before */
  double rate_linear; /* the same in the end were K this one: ntk_linear_rate.rate at its ends */
  double drift;       /* of clients, in the round before (ntk_federated_rate); 0 at first */
  size_t parameters;  /* P, with options.track_weights; else 0 */
  double *theta;      /* theta_t, P, in that case; else NULL */
} ntk_track_point;

/* Called at each tracked epoch, when it has been measured, from the calling thread. theta: theta_t,
 * P entries in the order of [W_1; b_1], ..., [W_L; b_L], the network's own: to be read until it
 * returns, copied to be kept; there is no need for track_weights. Anything else may be made and
 * computed with the context meanwhile. Return false to stop as by ntk_train_progress_fn. A run that
 * is resumed does not tell again what its checkpoint has (result.track has all points); of one that
 * was killed, what came after its last checkpoint is told twice. */
typedef bool (*ntk_track_fn)(const ntk_track_point *point, const double *theta, void *user);

/* Conditions of Theorem 4.2 in the form of (21), with constants from K_0 (docs/algorithm.md):
 * alpha = 4/5 sigma_min(J_0), beta = max(2 alpha, ||J_0|| + alpha / 4). Then
 * ||J(theta) - J_0|| <= alpha^2 / (2 beta) on the ball of radius R implies the rest. */
typedef struct ntk_convergence {
  double lambda_min, lambda_max; /* of K_0; 0: known to be; NaN: not resolved, or not computed */
  char reason[256];              /* why lambda_min is 0 or not resolved: one line; else "" */
  ntk_deficiency deficiency;     /* of K_0, where lambda_min was asked for */
  double alpha, beta;            /* as above */
  double change_allowed;         /* alpha^2 / (2 beta) */
  double radius;                 /* R = 4 ||F(theta_0) - Y|| / alpha */
  double lr_largest;             /* stable for the linearised steps; NaN for adam and lm */
  double c;                      /* of (20): rate_bound = 1 - c eta gamma n_{L-2} n_{L-1} */
  double change_largest;         /* of the tracked ||J_t - J_0||; NaN: none tracked */
  double distance_largest;       /* of the tracked ||theta_t - theta_0|| */
  double laziness;     /* largest tracked ||J_t - J_0|| / ||J_0||: 0 where F is linear in theta */
  size_t bound_broken; /* the first epoch at which (20) did not hold, where it did not */
  bool bound_known, bound_held;         /* (20), at every epoch where rounding lets it be seen */
  bool condition_known, condition_held; /* (21), at every tracked epoch */
} ntk_convergence;

/* Can gradient descent fit these labels, and when? Epochs are counted from theta_0; INFINITY:
 * never, NaN: not known, or not for this optimizer. docs/training.md, "The plain question". */
typedef enum ntk_answer { NTK_ANSWER_OPEN, NTK_ANSWER_YES, NTK_ANSWER_NO } ntk_answer;
NTK_API const char *ntk_answer_name(ntk_answer answer); /* "open", "yes", "no" */

typedef struct ntk_train_answer {
  bool asked;          /* options.question; else nothing below is known */
  ntk_answer answer;   /* whether the loss comes down to the target */
  char reason[280];    /* one line on what decides it, or what an open answer leans on */
  double target;       /* options.target; where that is 0 the loss of ||F_L - Y|| = ||Y|| / 1000 */
  double floor;        /* no weights have a smaller loss: labels of samples that are one */
  double epochs_bound; /* (20) with the measured c is at the target from here; gd alone */
  double linear_least; /* the linear model first reaches the target between these, one number */
  double linear_most;  /* where K_0 allows; proved for gd but for rounding; gd and momentum alone */
  double linear_limit; /* the linear model's loss stays above: labels outside of K_0's range */
  double rate_recent;  /* of the loss, an epoch, lately */
  double epochs_recent; /* the target is reached at that rate, or was reached */
} ntk_train_answer;

/* Why a training ended. */
typedef enum ntk_train_stop {
  NTK_STOP_EPOCHS,   /* as many as asked for */
  NTK_STOP_TARGET,   /* the loss is at most the target */
  NTK_STOP_PLATEAU,  /* the sum of losses over a window has grown */
  NTK_STOP_TIME,     /* the time is up */
  NTK_STOP_STALLED,  /* lm: no step makes the loss smaller */
  NTK_STOP_DIVERGED, /* the loss is not finite, or 1000 x both the first and that of outputs 0 */
  NTK_STOP_MARGIN    /* every Y_i F_L(x_i) is options.margin or more */
} ntk_train_stop;
NTK_API const char *ntk_train_stop_name(ntk_train_stop stop); /* "epochs", "target", ... */

typedef struct ntk_train_progress {
  size_t epoch, epochs;      /* done, and at most */
  double loss, loss_initial; /* now, and at the start */
  double rate;               /* factor of the loss per epoch lately; NaN: not known yet */
  double elapsed;            /* seconds of this run */
  double left;               /* seconds at most; NaN: not known yet */
} ntk_train_progress;
/* Called a few times a second, from the calling thread. Return false to stop: the checkpoint, where
 * there is one, is written, and NTK_ERR_CANCELLED returned. */
typedef bool (*ntk_train_progress_fn)(const ntk_train_progress *progress, void *user);

typedef struct ntk_train_options {
  const char *optimizer; /* NULL: "gd" */
  const char *loss;      /* NULL: "half-sum" */
  double margin; /* M, of labels +-1: the loss is that of max(0, 5/4 M - Y_i F_L(x_i)), squared, and
                    a sum of (M / 4)^2 ends the run: every Y_i F_L(x_i) is M or more. 0: none. Not
                    with lm, question, track, clients, or an lr_rule but auto */
  double lr;     /* step size eta; 0: by the rule. lm takes none */
  const char *lr_rule;   /* NULL: "auto" */
  double momentum;       /* of momentum and nesterov, below 1; 0: by the rule auto, else 0.9 */
  const char *precision; /* of steps and weights, "double" or "float" (not lm); NULL: "double" */
  const char *kernel_precision; /* of K's factors, ntk_mode_list; NULL: "auto" */
  size_t epochs;                /* at most; 0: 10000, of lm 100, with question none */
  size_t batch;       /* samples of a step, to N, shuffled anew each epoch; 0: all. Not lm */
  size_t clients;     /* federated: an epoch is a round of local gd and averaging; 0: not */
  size_t local_steps; /* of a client in a round; 0: 1 */
  const char *client_weights; /* ntk_client_weights_list; NULL: "equal" */
  const char *split;          /* which samples are whose: ntk_split_list; NULL: "iid" */
  const double *client;       /* N: the client of each sample, from 0; borrowed; NULL: by split */
  double target;              /* stop at a loss of at most this; 0: no such stop */
  size_t plateau; /* every so many epochs, stop when the sum of the losses of so many is larger
                     than that of so many before (the authors: 100); 0: no such stop */
  double seconds; /* stop before it takes longer, as far as the last step and the last measurement
                     of K tell; resumed runs' time included; 0: no such stop */
  size_t track;   /* measure the kernel every so many epochs, first and last; 0: never */
  const char *track_epochs; /* these besides, ascending: "0,1,3,10"; "log": 1, 2, 5, 10, 20, 50,
                               ...; "100": as track; NULL: none */
  bool track_weights;       /* keep theta_t of tracked epochs: 8 P bytes each, also on disk */
  ntk_track_fn track_each; /* with track or track_epochs; its time is part of seconds; NULL: none */
  void *track_user;        /* passed through */
  bool question;           /* fill in result.answer: at most 512 products with K_0 before the first
                              step */
  const char *checkpoint;  /* a file: resumed when it is there, written now and then, on
                              cancellation and at the end; NULL: none */
  double checkpoint_every; /* seconds; 0: 30 */
  ntk_train_progress_fn progress; /* NULL: the context's */
  void *progress_user;            /* passed through */
  uint64_t seed;                  /* of batches, of clients iid, of the eigensolver's start */
} ntk_train_options;

/* Whether options (NULL: defaults) are known and go together, as ntk_train asks first; else it is
 * NTK_ERR_ARGUMENT, and *member the one at fault ("lr" of lr_rule too; static), on NTK_OK NULL. */
NTK_API ntk_status ntk_train_options_check(const ntk_train_options *options, const char **member);

typedef struct ntk_train_result {
  ntk_context *context; /* that owns the arrays below; NULL in a cleared result */
  double loss_initial, loss_final;
  double loss_smallest; /* of all epochs; the weights are those of loss_final */
  size_t epoch_smallest;
  double margin, margin_bound; /* with options.margin, as ntk_fit_error's; else NaN */
  double loss_plateau; /* what the authors plot: twice the mean loss of the last whole window of
                          options.plateau epochs, or of the one before where its sum has risen; it
                          may have at any stop. NaN: no window was given, or none was whole */
  size_t epochs;       /* steps made, resumed ones included */
  size_t resumed;      /* of these, before this call */
  ntk_train_stop stopped;
  char reason[240];     /* one line on why it stopped */
  char unsaved[240];    /* why the last checkpoint could not be written; "" when it was */
  double lr, momentum;  /* as used; NaN where the optimizer has none */
  char lr_source[120];  /* where lr is from, one line */
  double rate_measured; /* (loss_final / loss_initial)^(1 / epochs); NaN for no epoch */
  double rate_bound; /* what (20) allows; NaN but for gd on all samples, or where K_0 is singular */
  ntk_linear_rate linear;           /* of gd, momentum, nesterov on all samples */
  ntk_federated_rate federated;     /* with options.clients */
  double *drift;                    /* epochs + 1, 0 at first, by round; NULL without clients */
  ntk_batch_rate batches;           /* with options.batch */
  const char *kernel_precision;     /* of K's factors: "double", "mixed"; why double where mixed */
  const char *kernel_reason;        /* was wanted, or tried in vain (the first time), else "" */
  double seconds, seconds_tracking; /* all; of these for K and its eigenvalues */
  double *loss;                     /* epochs + 1: before each step and after the last */
  size_t tracked;
  ntk_track_point *track; /* by epoch */
  ntk_convergence convergence;
  ntk_train_answer answer;
} ntk_train_result;

/* Minimises the loss over theta from the network's weights on, in place: on NTK_OK the network has
 * the weights after the last step (unless stopped is NTK_STOP_DIVERGED: then those before the
 * first). Bits do not depend on the number of threads; a run that was interrupted and resumed from
 * its checkpoint gives those of an uninterrupted one. Nothing is drawn but batches and clients, by
 * the seed. Whatever needs features that were made before is refused then with NTK_ERR_ARGUMENT. Y:
 * N x n_L labels, finite. Steps are multiplied by the scales of their blocks (network.h); K is the
 * whole kernel of N n_L rows. Theorem 4.2 speaks of one output and no bias: of others what it
 * speaks of is measured all the same, but for c. An epoch costs about 6 N sum_l n_{l-1} n_l flops,
 * in batches 8 N, with the loss of all samples after it;
 * of lm, and a tracked epoch, one ntk_spectrum. NTK_ERR_ARGUMENT for another run's checkpoint;
 * NTK_ERR_SHAPE, _LIMIT, _MEMORY, _CANCELLED, _NOT_FINITE, _NUMERIC, of a checkpoint _FILE,
 * _FORMAT. */
NTK_API ntk_status ntk_train(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                             const double *Y, const ntk_train_options *options,
                             ntk_train_result *result);
NTK_API void ntk_train_clear(ntk_train_result *result);

/* Bytes that ntk_train will hold at its peak (data and weights included), and whether they fit, as
 * ntk_spectrum_memory. NTK_ERR_ARGUMENT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_train_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                    const ntk_train_options *options, size_t *bytes);

/* ---- Fitted networks ------------------------------------------------------------------------- */

/* How well a network fits labels. */
typedef struct ntk_fit_error {
  double relative; /* ||F_L - Y||_2 / ||Y||_2, as computed (Y = 0: the norm itself) */
  double largest;  /* max_i |F_L(x_i) - Y_i|, as computed */
  double rounding; /* every computed F_L(x_i) is this near to exact arithmetic's on the stored X and
                      W: a bound where the activation function is as accurate as it says */
  double bound; /* max_i |F_L(x_i) - Y_i| in exact arithmetic is at most this: largest + rounding */
  double margin, margin_bound; /* of labels 1 and -1, else NaN: min_i Y_i F_L(x_i), as computed; in
                                  exact arithmetic it is at least margin_bound */
} ntk_fit_error;

/* Y: N labels, of several outputs N x n_L, and the errors of all these. Two forward passes. What is
 * not finite in outputs makes errors infinite. NTK_ERR_SHAPE, _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_fit_measure(const ntk_network *network, const ntk_dataset *data,
                                   const double *Y, ntk_fit_error *error);

/* Labels that are classes, whole numbers: the *count different ones, ascending, at the start of
 * value, which has room for N >= 1. NTK_ERR_ARGUMENT for one class, and for no whole number. */
NTK_API ntk_status ntk_classes_find(const double *Y, size_t N, size_t *count, double *value);
/* One against the rest: vector c, at Z + c N, is 1 where Y is value[c] and -1 elsewhere. */
NTK_API void ntk_classes_targets(const double *Y, size_t N, size_t count, const double *value,
                                 double *Z);
/* For one network of n_L = outputs: Z, N x outputs, is 1 at the output of a sample's class and
 * `other` (-1, or 0 for one-hot) elsewhere; of one output and two classes, 1 for the second one and
 * `other` for the first. NTK_ERR_SHAPE where outputs and classes do not match. */
NTK_API ntk_status ntk_classes_encode(const double *Y, size_t N, size_t count, const double *value,
                                      size_t outputs, double other, double *Z);
/* Back from its outputs F, N x outputs: the class of the largest, the first of equal ones, or of
 * one output the class whose number is nearer, likewise; NaN where one is not finite. */
NTK_API void ntk_classes_decode(const double *F, size_t N, size_t count, const double *value,
                                size_t outputs, double other, double *chosen);
/* Back from outputs F, count x N: chosen[i] is the class of the largest, the first of equal ones;
 * NaN where one is not finite. */
NTK_API void ntk_classes_choose(const double *F, size_t N, size_t count, const double *value,
                                double *chosen);

/* The network whose weights are W1.npy, ..., WL.npy in a directory, each n_{l-1} x n_l, and whose
 * biases, where there are any, b1.npy, ..., bL.npy, n_l each: L and the widths are those of the
 * files. (Other files and names: io.h.) NTK_ERR_SHAPE where they do not follow each other, _FORMAT
 * for a bias without its weight, _FILE where one is missing, _NOT_FINITE for a NaN or an infinity,
 * by position. activation: NULL: "sigmoid". Also _ARGUMENT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_network_load(ntk_context *context, const char *directory,
                                    const char *activation, ntk_network **network);

/* Whether new data are samples that a network was fitted to: row[i] (N of data) is the first row of
 * `among` that equals row i of data, or SIZE_MAX. Numbers that are one number as floats are equal,
 * so that a copy in single precision is found too. NTK_ERR_SHAPE where d differs.
 * O((N + N') (d + log N')) for the N' rows of `among`. Also NTK_ERR_LIMIT, _MEMORY. */
NTK_API ntk_status ntk_dataset_find_rows(const ntk_dataset *data, const ntk_dataset *among,
                                         size_t *row);

/* ---- Memorisation (Corollary 4.1): weights for any labels, without training ------------------ */

typedef struct ntk_memorize_options {
  double eps;               /* wanted ||F_L - Y||_2 / ||Y||_2; 0: 1e-10 */
  bool absolute;            /* eps is for ||F_L - Y||_2 itself, as in (17) */
  double margin;            /* in place of eps: Y_i F_L(x_i) >= margin, Y_i = +-1; 0: equations */
  bool iterative;           /* conjugate gradients instead of a factorised kernel: O(N n) memory */
  const char *precision;    /* of the factor, to the same eps: ntk_mode_list; NULL: "auto" */
  size_t corrections;       /* at most; 0: 30 */
  uint64_t seed;            /* of the eigensolver's start vectors */
  const ntk_network *below; /* of spec's widths and biases, borrowed: its layers up to L-2, and the
                               first half of W_{L-1}'s columns, for drawn ones; NULL: drawn */
} ntk_memorize_options;

/* Of wall clock; 0: not made. */
typedef struct ntk_memorize_seconds {
  double kernel, factor, condition; /* shared by all label vectors */
  double solve, evaluate;           /* of this one */
  double total;                     /* of this one, and what is shared */
} ntk_memorize_seconds;

typedef struct ntk_memorize_result {
  bool reached;
  char reason[400];      /* one line: why not, or "" */
  double relative_error; /* ||F_L - Y||_2 / ||Y||_2 of the weights returned, recomputed; of several
                            outputs, of all N n_L numbers, and the other errors, too */
  double max_error;      /* max_i |F_L(x_i) - Y_i| */
  double rounding;       /* the computed F_L(x_i) differ from exact arithmetic's by at most this: an
                            estimate as ntk_certificate's, for it trusts the activations' accuracy */
  double margin;         /* min_i Y_i F_L(x_i) of labels 1 and -1, else NaN */
  double separation; /* margin of J_{L-2}'s rows, D of norm 1, over the longest; NaN: not asked */
  double separation_bound; /* no D has more */
  double combination; /* least ||sum c_i Y_i J_i|| / sum c_i ||J_i|| found, c_i >= 0: up to 1e-13 it
                         is 0 to rounding of the rows, and no D separates */
  size_t support, steps; /* rows in that combination, or that hold the margin; Newton steps */
  double t;              /* the step of the construction; 0: W_L = 0, nothing better was found */
  size_t corrections;    /* chord-Newton corrections made */
  double condition;      /* of K_{L-2}, to a few per cent; NaN: not resolved. Where it is singular
                            and labels agree with that, of the samples that determine the others */
  size_t samples;        /* different ones: rows that are equal count once */
  ntk_deficiency deficiency; /* of K_{L-2} of all samples, in the construction's terms; labels that
                                follow are fitted all the same */
  const char *precision;     /* of the factor: "double", "mixed"; and one line */
  const char *precision_reason; /* where mixed was tried in vain, else "" */
  ntk_memorize_seconds seconds; /* where the time went */
} ntk_memorize_result;

/* Weights with F_L(x_i) = Y_i for `count` label sets at once: Y is count x N x n_L, set c at
 * Y + c N n_L; networks and results have count entries. spec: the network wanted, its last hidden
 * width a multiple of 2 n_L (each output has its own units of it); b_L is 0, its layers below are
 * drawn by spec->init, beta and seed, and are the same for all count networks. With the last hidden
 * layer's halves [W + t D, W - t D] and W_L = [a, -a] / (2 t), F_L = sum_j a_j phi'(g_j) <D_j,
 * f_{L-2}> + O(t^2): D = F^T diag(c) B from K_{L-2} c = Y, then a few corrections with the same
 * factor (docs/algorithm.md). NTK_OK also when eps was not reached: the best weights are returned,
 * with the reason. With options.margin all labels are 1 or -1, and D separates the samples (dual:
 * a support vector machine in the rows of J_{L-2}): more samples fit, about twice n_{L-2} m of
 * random labels. NTK_ERR_ARGUMENT for equal samples with different labels, which are named. Cost:
 * one kernel block and N^3 / 3, for each label vector a few solves and forward passes (of a margin
 * that for each Newton step); memory 4 N^2 bytes and features. Also NTK_ERR_SHAPE, _LIMIT, _MEMORY,
 * _CANCELLED, _NOT_FINITE, _NUMERIC. */
NTK_API ntk_status ntk_memorize(ntk_context *context, const ntk_network_spec *spec,
                                const ntk_dataset *data, const double *Y, size_t count,
                                const ntk_memorize_options *options, ntk_network **networks,
                                ntk_memorize_result *results);

/* log of 2^{1-N} sum_{k < P} C(N-1, k) to about 1e-15 of N log N: the probability that a hyperplane
 * through 0 separates N random labels of points in general position in R^P (Cover 1965). */
NTK_API double ntk_cover_log_probability(size_t N, size_t P);

/* Bytes that ntk_memorize will hold at its peak, and whether they fit, as ntk_spectrum_memory.
 * NTK_ERR_ARGUMENT, _SHAPE, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_memorize_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                       size_t count, const ntk_memorize_options *options,
                                       size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
