/* The state of a training, which its parts share and this header owns: train.c has the loop,
 * train_options.c what it is asked for, stop.c when it ends, schedule.c the step size, lm.c the
 * second-order step, track.c what is measured on the way, question.c whether and when the labels
 * will be fitted, checkpoint.c how it is kept. */
#ifndef NTK_FIT_TRAINING_H
#define NTK_FIT_TRAINING_H

#include "fit/federated/law.h"
#include "fit/train/optimizer.h"
#include "kernel/ends/ends.h"
#include "kernel/epochs.h"

typedef struct ntk_lm ntk_lm;           /* lm.h */
typedef struct ntk_tracker ntk_tracker; /* track.h */
typedef struct ntk_batches ntk_batches; /* batch.h */

typedef struct ntk_training {
  ntk_context *context;
  ntk_network *network; /* the caller's; theta of the epoch where that is needed */
  const ntk_dataset *data;
  const double *Y;           /* N x n_L; with options.margin 5/4 of that times the caller's, */
  double *targets;           /* owned; else NULL */
  const double *labels;      /* with options.margin the caller's Y */
  bool margin_held;          /* at the present epoch, as computed in double */
  ntk_train_options options; /* defaults resolved */
  const ntk_optimizer *optimizer;
  bool mean;
  ntk_lr_rule rule;
  ntk_precision precision;
  ntk_mode mode;             /* of kernels and factors, */
  ntk_way way;               /* what it comes to, */
  bool mixed;                /* whether a factor in single has sufficed, */
  const char *kernel_reason; /* and why one has not, first; "" */
  size_t N, R, P, L;         /* R = N n_L: residuals, rows of J, sample by sample */
  double scale;              /* the gradient is scale J^T r */
  double *given, *first;     /* P: the caller's weights; theta_0. One array, but for float */
  double lr, momentum;
  char lr_source[120];

  ntk_descent *descent; /* the state of a first-order optimizer; NULL for lm */
  ntk_lm *lm;           /* of lm; else NULL */
  ntk_tracker *tracker; /* always there */
  ntk_batches *batches; /* with options.batch; else NULL */
  ntk_clients *rounds;  /* with options.clients; else NULL, */
  ntk_law *law;         /* as this is where K_0 is too large, or on several ranks */

  size_t epoch, resumed;
  size_t track_next; /* the first epoch to track from the present one on */
  double *loss;      /* loss[0..epoch]; room for `capacity` */
  double *drift;     /* the same with clients; else NULL */
  size_t capacity;
  double loss_of_zero;  /* that outputs of 0 would have */
  double start, before; /* clock at the start of this call; seconds of earlier ones */
  double tracking;      /* seconds, of earlier ones too */
  double step_seconds, measure_seconds; /* of the last step, and of K when it was last measured */
  char unsaved[240];                    /* why the last checkpoint could not be written */
  uint64_t data_hash;                   /* of all samples, for it */
  ntk_train_answer answer;              /* as far as it is known before the first step */
  char floor_reason[160];               /* whose labels no weights fit */
} ntk_training;

/* Of a margin: what targets are above it. */
#define NTK_MARGIN_GAP 0.25

/* The loss of this sum of squares, of all outputs; the mean is over samples. */
static inline double ntk_training_loss(const ntk_training *t, double sum) {
  return t->mean ? sum / (double)t->N : 0.5 * sum;
}

/* Epochs at most, where none are given. */
size_t ntk_training_epochs(const ntk_train_options *options, bool second_order);
/* t->way: what options.kernel_precision and memory leave. */
void ntk_training_choose(ntk_training *t);
/* Takes note of how something of K was found: why not in mixed precision, where that was tried. */
void ntk_training_note(ntk_training *t, const char *why);
/* Options checked, names looked up, defaults filled in. */
ntk_status ntk_training_resolve(ntk_training *t);

/* Entries of W_L; and whether the paper speaks of such networks: one output, no bias, no scales. */
size_t ntk_training_last_weights(const ntk_training *t);
bool ntk_training_is_plain(const ntk_training *t);

/* The update of step `step`, from 1. */
ntk_update ntk_training_update(const ntk_training *t, size_t step);
/* Whether its steps are gradient descent's on all samples, which Theorem 4.2 is about. */
bool ntk_training_is_theorem(const ntk_training *t);
/* Whether the residual of its linear model can be told at any epoch from K's spectrum. */
bool ntk_training_is_linear(const ntk_training *t);
/* Whether a linear model is stepped beside it where it is tracked. */
bool ntk_training_follows(const ntk_training *t);
/* The largest stable step size at this momentum; NaN: not known. */
double ntk_training_largest_lr(const ntk_training *t, double lambda_max, double momentum);

/* Seconds, of earlier calls too. */
double ntk_training_elapsed(const ntk_training *t);
/* Whether the loss is more than at the start: it may be on its way to infinity. */
bool ntk_training_above_start(const ntk_training *t);
/* Whether the present epoch is one that is to be measured whatever comes. */
bool ntk_training_tracks(const ntk_training *t);
/* Whether the present epoch is the last, and why. */
bool ntk_training_stops(const ntk_training *t, ntk_train_stop *stop);
/* With options.margin: t->margin_held, where the loss lets it be; over ranks all call it. And the
 * result's two, of the last weights. */
ntk_status ntk_training_look_at_margin(ntk_training *t);
ntk_status ntk_training_find_margin(const ntk_training *t, ntk_train_result *result);
/* result->loss_plateau. */
double ntk_training_plateau_loss(const ntk_training *t);
/* result->reason; for a run that diverged the largest stable step too, theta becoming theta_0. */
void ntk_training_explain(ntk_training *t, ntk_train_result *result);

/* Factor of the loss per epoch over the last tenth of the run, or its last 100 epochs; NaN at
 * the start. */
double ntk_training_recent_rate(const ntk_training *t);

/* NTK_ERR_CANCELLED, with where the run was. */
ntk_status ntk_training_interrupted(const ntk_training *t);

/* Brings the network's weights to theta of the present epoch. */
void ntk_training_sync(ntk_training *t);

/* How all ranks are at this place (base/ranks/ranks.h), `own` being how this one is. */
ntk_status ntk_training_agree(const ntk_training *t, ntk_status own, const char *place);
ntk_status ntk_training_agree_first(const ntk_training *t, ntk_status own, const char *place);

/* Room for so many losses, and drifts. */
ntk_status ntk_training_room(ntk_training *t, size_t count);

/* With options.clients, else they do nothing: t->rounds, at the start; t->law's D, once the step
 * size is known for good; and the result's. clients.c. */
ntk_status ntk_training_make_rounds(ntk_training *t);
ntk_status ntk_training_finish_law(ntk_training *t);
/* max_c s_c lambda_max(K_cc) at theta_0, without the operator of a round. Over ranks all call it.
 * As much as lambda_max of K twice. */
ntk_status ntk_training_find_curvature(const ntk_training *t, double *curvature);
ntk_federated_rate ntk_training_federated(const ntk_training *t);

/* lr, momentum and lr_source from options and, by the rule auto, the eigenvalues of K_0. */
ntk_status ntk_schedule(ntk_training *t, const ntk_extremes *at_start);
/* Whether ntk_schedule needs lambda_max, or lambda_min, of K_0. */
void ntk_schedule_needs(const ntk_training *t, bool *lambda_max, bool *lambda_min);

#endif
