/* Training (19). At the top of the loop theta_t stands with its loss; the loop records
 * it, measures what is tracked, asks whether to stop, and makes the next step:
 *
 *   theta_t, loss_t  ->  track  ->  stop?  ->  progress, checkpoint  ->  step  ->  theta_{t+1}
 *
 * A first-order step costs one forward and one backward pass and is the backend's (descent.h);
 * Levenberg-Marquardt's is lm.c, and an epoch of steps on a few samples each batch.c. */
#include "fit/train/training.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "fit/train/batch.h"
#include "fit/train/checkpoint.h"
#include "fit/train/floor.h"
#include "fit/train/lm.h"
#include "fit/train/question.h"
#include "fit/train/rates.h"
#include "fit/train/track.h"
#include "net/sizes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char PHASE[] = "training";
static const double REPORT_EVERY = 0.1; /* seconds */

/* ---- Set-up ---------------------------------------------------------------------------------- */

/* Loss (and, of a first-order method, gradient) of the present theta. */
static ntk_status evaluate(ntk_training *t) {
  double sum = 0.0;
  if (t->lm != NULL)
    sum = t->lm->sum;
  else
    NTK_TRY(ntk_descent_gradient(t->descent, &sum));
  t->loss[t->epoch] = ntk_training_loss(t, sum);
  return NTK_OK;
}

/* In float theta_0 is what the weights were rounded to; those given are kept, for a failure. */
static ntk_status round_first(ntk_training *t) {
  if (t->precision == NTK_PRECISION_DOUBLE)
    return NTK_OK;
  double *first;
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "the first weights", &first));
  t->first = first;
  ntk_training_sync(t);
  memcpy(t->first, t->network->theta, t->P * sizeof(double));
  return NTK_OK;
}

static double sum_of_squares(size_t n, const double *y) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += y[i] * y[i];
  return sum;
}

static double largest(size_t n, const double *x) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++)
    most = fmax(most, fabs(x[i]));
  return most;
}

/* Refuses numbers so large that loss or gradient of theta_0 overflow, rather than blame the first
 * step for it. */
static ntk_status check_start(ntk_training *t) {
  const char *what = isfinite(t->loss[0]) ? NULL : "loss";
  if (what == NULL && t->descent != NULL) {
    double *gradient = t->network->theta; /* for a moment */
    ntk_descent_read(t->descent, NTK_SLOT_GRADIENT, gradient);
    for (size_t i = 0; i < t->P && what == NULL; i++)
      what = isfinite(gradient[i]) ? NULL : "gradient";
    ntk_training_sync(t);
  }
  if (what == NULL)
    return NTK_OK;
  const size_t here = ntk_share_count(&t->data->share, t->data->share.rank) * t->data->d;
  const double most = -ntk_ranks_least(t->context, -largest(here, t->data->X));
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "the %s at the start is past the largest %s: the data reach %.3g, the labels "
                  "%.3g, the weights %.3g; accepted: smaller numbers%s",
                  what, ntk_precision_name(t->precision), most, largest(t->R, t->Y),
                  largest(t->P, t->network->theta),
                  t->precision == NTK_PRECISION_DOUBLE ? "" : ", or precision double");
}

/* Refuses a gradient that is 0 for its numbers being too small, which no epoch would change. */
static ntk_status check_underflow(ntk_training *t) {
  const double least = t->precision == NTK_PRECISION_DOUBLE ? -400.0 : -60.0;
  const ntk_held held = ntk_dataset_held(t->data);
  ntk_sizes sizes;
  double *gradient = t->network->theta; /* for a moment */
  ntk_descent_read(t->descent, NTK_SLOT_GRADIENT, gradient);
  const bool none = largest(t->P, gradient) == 0.0;
  ntk_training_sync(t);
  if (!none || t->loss[0] == 0.0)
    return NTK_OK;
  NTK_TRY(ntk_sizes_create(t->network, &sizes));
  const ntk_status status = ntk_sizes_add(t->network, ntk_held_count(&held), held.X, &sizes);
  double most = -INFINITY; /* of J's entries */
  for (size_t k = 0; k < t->L; k++)
    most = fmax(most, sizes.f[k] + sizes.b[k + 1]);
  ntk_sizes_destroy(t->network, &sizes);
  NTK_TRY(ntk_training_agree(t, status, "sizes"));
  most = -ntk_ranks_least(t->context, -most);
  return most == -INFINITY || most > least
             ? NTK_OK
             : ntk_fail(NTK_ERR_NOT_FINITE,
                        "the gradient at the start underflows %s: the largest derivative of an "
                        "output is near 2^%.0f; accepted: larger weights or data",
                        ntk_precision_name(t->precision), most);
}

/* With a margin M the loss is that of squares to 5/4 M Y_i, of the samples that are short of it:
 * what goes down along its gradient comes near such a target and never there, but past M. */
static ntk_status make_targets(ntk_training *t) {
  if (t->options.margin == 0.0)
    return NTK_OK;
  NTK_TRY(ntk_training_check_sides(t));
  NTK_TRY(ntk_alloc_doubles(t->context, t->R, "labels", &t->targets));
  for (size_t i = 0; i < t->R; i++)
    t->targets[i] = (1.0 + NTK_MARGIN_GAP) * t->options.margin * t->Y[i];
  t->Y = t->targets;
  return NTK_OK;
}

static ntk_status prepare(ntk_training *t) {
  NTK_TRY(ntk_training_agree(t, ntk_training_make_rounds(t), "clients"));
  NTK_TRY(make_targets(t));
  if (t->options.checkpoint != NULL)
    NTK_TRY(ntk_checkpoint_begin(t));
  NTK_TRY(ntk_training_room(t, 2));
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "the first weights", &t->first));
  memcpy(t->first, t->network->theta, t->P * sizeof(double));
  t->given = t->first;
  if (t->optimizer->second_order)
    NTK_TRY(ntk_lm_create(t, &t->lm));
  else
    NTK_TRY(ntk_descent_create(t->network, t->data, t->Y, t->precision, t->scale, &t->descent));
  if (t->descent != NULL)
    t->descent->one_sided = t->options.margin > 0.0;
  if (t->options.batch > 0)
    NTK_TRY(ntk_batches_create(t, &t->batches));
  NTK_TRY(round_first(t));
  NTK_TRY(evaluate(t));
  t->loss_of_zero = ntk_training_loss(t, sum_of_squares(t->R, t->Y));
  NTK_TRY(check_start(t));
  if (t->descent != NULL)
    NTK_TRY(check_underflow(t));
  const double start = ntk_clock();
  NTK_TRY(ntk_tracker_create(t, &t->tracker));
  t->measure_seconds = ntk_clock() - start; /* of K_0 */
  if (t->rounds != NULL && t->tracker->K != NULL)
    NTK_TRY(ntk_law_create(t->rounds, t->tracker->K, t->network->width[t->L], &t->law));
  NTK_TRY(ntk_training_agree(t, ntk_schedule(t, &t->tracker->at_start), "step size"));
  ntk_ranks_hand(t->context, 0, sizeof t->lr, &t->lr);
  ntk_ranks_hand(t->context, 0, sizeof t->momentum, &t->momentum);
  if (t->options.question)
    NTK_TRY(ntk_question_ask(t));
  if (t->options.checkpoint == NULL)
    return ntk_training_finish_law(t);
  NTK_TRY(ntk_checkpoint_restore(t));
  NTK_TRY(ntk_training_finish_law(t));
  for (size_t i = 0; i < t->tracker->count; i++) /* which follow from what is stored */
    ntk_rates_of_point(t, t->tracker->point, i);
  return t->resumed > 0 ? evaluate(t) : NTK_OK; /* the same again, and its gradient */
}

/* ---- The loop -------------------------------------------------------------------------------- */

static ntk_status report(const ntk_training *t) {
  t->context->phase.fraction = (double)t->epoch / (double)t->options.epochs;
  if (t->options.progress == NULL)
    return ntk_progress_report(t->context, PHASE, t->context->phase.fraction);
  const double now = ntk_clock() - t->start;
  const size_t made = t->epoch - t->resumed;
  const ntk_train_progress p = {
      .epoch = t->epoch,
      .epochs = t->options.epochs,
      .loss = t->loss[t->epoch],
      .loss_initial = t->loss[0],
      .rate = ntk_training_recent_rate(t),
      .elapsed = now,
      .left = made > 0 ? now / (double)made * (double)(t->options.epochs - t->epoch) : NAN,
  };
  return t->options.progress(&p, t->options.progress_user) ? NTK_OK : ntk_training_interrupted(t);
}

/* theta_{t+1} and its loss. */
static ntk_status step(ntk_training *t, bool *stalled) {
  double sum = 0.0;
  ntk_status status = NTK_OK;
  if (t->lm != NULL) {
    NTK_TRY(ntk_lm_step(t->lm, &sum, stalled));
    if (*stalled)
      return NTK_OK;
  } else if (t->rounds != NULL) {
    double drift = 0.0;
    NTK_TRY(ntk_clients_make(t->rounds, t->descent, t->lr, &drift));
    status = ntk_tracker_advance(t, NULL);
    if (status != NTK_OK) { /* interrupted: the round has not been made */
      ntk_descent_write(t->descent, NTK_SLOT_THETA, t->rounds->theta);
      return status;
    }
    t->drift[t->epoch + 1] = drift;
    status = ntk_descent_loss(t->descent, &sum);
  } else if (t->batches != NULL) {
    NTK_TRY(ntk_batches_epoch(t));
    status = ntk_descent_loss(t->descent, &sum);
  } else {
    const ntk_update update = ntk_training_update(t, t->epoch + 1);
    NTK_TRY(ntk_tracker_advance(t, NULL));
    ntk_descent_update(t->descent, &update);
    status = ntk_descent_gradient(t->descent, &sum);
  }
  t->epoch++; /* interrupted too: the loss is found when the run is resumed */
  t->loss[t->epoch] = status == NTK_OK ? ntk_training_loss(t, sum) : NAN;
  return status;
}

/* A checkpoint. That it cannot be written is no reason to lose the run: it is told at the end. */
static void save(ntk_training *t) {
  t->unsaved[0] = '\0';
  if (ntk_checkpoint_save(t) != NTK_OK)
    snprintf(t->unsaved, sizeof t->unsaved, "%s", ntk_error_message());
}

/* Room for the next loss; progress and checkpoint, each when it is time. */
static ntk_status look_up(ntk_training *t, double *reported, double *saved) {
  const double now = ntk_clock();
  NTK_TRY(ntk_training_room(t, t->epoch + 2));
  if (now - *reported >= REPORT_EVERY) {
    *reported = now;
    NTK_TRY(report(t));
  }
  if (t->options.checkpoint != NULL && now - *saved >= t->options.checkpoint_every &&
      !ntk_training_above_start(t)) {
    save(t);
    *saved = ntk_clock();
  }
  return NTK_OK;
}

static ntk_status loop(ntk_training *t, ntk_train_result *r) {
  double reported = ntk_clock(), saved = reported;
  bool stalled = false;
  while (!stalled) {
    t->track_next = ntk_epochs_next(&t->options, t->epoch);
    NTK_TRY(ntk_training_look_at_margin(t));
    const bool stop = ntk_training_stops(t, &r->stopped);
    if (stop && r->stopped == NTK_STOP_DIVERGED)
      return NTK_OK;
    if (ntk_training_tracks(t) || (stop && ntk_epochs_tracked(&t->options)))
      NTK_TRY(ntk_tracker_measure(t));
    if (stop)
      return NTK_OK;
    ntk_tracker_leave(t);
    const double start = ntk_clock();
    NTK_TRY(look_up(t, &reported, &saved)); /* a failure meets the others in their step */
    NTK_TRY(step(t, &stalled));
    t->step_seconds = ntk_clock() - start;
  }
  r->stopped = NTK_STOP_STALLED;
  return ntk_epochs_tracked(&t->options) ? ntk_tracker_measure(t) : NTK_OK;
}

/* ---- The end --------------------------------------------------------------------------------- */

static void fill(ntk_training *t, ntk_train_result *r) {
  r->context = t->context;
  r->epochs = t->epoch;
  r->resumed = t->resumed;
  r->loss_initial = t->loss[0];
  r->loss_final = t->loss[t->epoch];
  r->epoch_smallest = 0;
  for (size_t e = 1; e <= t->epoch; e++)
    if (t->loss[e] < t->loss[r->epoch_smallest])
      r->epoch_smallest = e;
  r->loss_smallest = t->loss[r->epoch_smallest];
  r->loss_plateau = ntk_training_plateau_loss(t);
  r->lr = t->lr;
  r->momentum = t->momentum;
  memcpy(r->lr_source, t->lr_source, sizeof r->lr_source);
  memcpy(r->unsaved, t->unsaved, sizeof r->unsaved);
  r->rate_measured =
      t->epoch > 0 ? pow(r->loss_final / r->loss_initial, 1.0 / (double)t->epoch) : NAN;
  ntk_tracker_theorem(t, &r->convergence, &r->rate_bound);
  ntk_tracker_conclude(t, r->rate_bound, &r->convergence);
  r->linear = ntk_linear_rate_of(t, &t->tracker->at_start);
  r->batches = ntk_batch_rate_of(t);
  r->federated = ntk_training_federated(t);
  r->drift = t->drift;
  ntk_training_explain(t, r);
  ntk_question_conclude(t, r);
  r->kernel_precision = ntk_mode_name(t->mixed ? NTK_MODE_MIXED : NTK_MODE_DOUBLE);
  r->kernel_reason = t->kernel_reason;
  r->seconds = ntk_training_elapsed(t);
  r->seconds_tracking = t->tracking;
  r->loss = t->loss;
  r->tracked = t->tracker->count;
  r->track = t->tracker->point;
  t->loss = t->drift = NULL; /* the result's now */
  t->tracker->point = NULL;
}

static void release(ntk_training *t) {
  ntk_tracker_destroy(t->tracker);
  ntk_batches_destroy(t->batches);
  ntk_law_destroy(t->law);
  ntk_clients_destroy(t->rounds);
  ntk_free(t->context, t->drift);
  ntk_descent_destroy(t->descent);
  ntk_lm_destroy(t->lm);
  if (t->first != t->given)
    ntk_free(t->context, t->first);
  ntk_free(t->context, t->given);
  ntk_free(t->context, t->loss);
  ntk_free(t->context, t->targets);
}

/* A checkpoint of what has been done, unless that is of no use. The message of the failure that
 * ended the run, if one did, stays. */
static ntk_status last_checkpoint(ntk_training *t, ntk_status status, const ntk_train_result *r) {
  const bool worth =
      status == NTK_ERR_CANCELLED || (status == NTK_OK && r->stopped != NTK_STOP_DIVERGED);
  if (t->options.checkpoint == NULL || t->tracker == NULL || !worth)
    return status;
  if (status == NTK_OK) {
    save(t);
    return NTK_OK;
  }
  char message[240];
  snprintf(message, sizeof message, "%s", ntk_error_message());
  const ntk_status saved = ntk_checkpoint_save(t);
  if (saved != NTK_OK)
    return saved;
  return ntk_fail(status, "%s", message);
}

ntk_status ntk_train(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                     const double *Y, const ntk_train_options *options, ntk_train_result *result) {
  static const ntk_train_options defaults;
  ntk_training t = {.context = context,
                    .network = network,
                    .data = data,
                    .Y = Y,
                    .labels = Y,
                    .options = options != NULL ? *options : defaults,
                    .N = data->N,
                    .R = data->N * network->width[network->depth],
                    .P = network->parameters,
                    .L = network->depth,
                    .start = ntk_clock()};
  ntk_train_result made = {.stopped = NTK_STOP_EPOCHS};
  const size_t version = network->version;
  NTK_TRY(ntk_training_resolve(&t));
  /* By the limit they talk at each epoch: all of them, or none. */
  ntk_status status = ntk_training_agree(
      &t, prepare(&t), t.options.seconds > 0.0 ? "a training with a time limit" : "a training");
  if (status == NTK_OK) {
    const ntk_phase before = ntk_phase_enter(context, PHASE);
    status = ntk_training_agree(&t, loop(&t, &made), "end");
    ntk_phase_leave(context, before);
    status = last_checkpoint(&t, status, &made);
  }
  if (status == NTK_OK) {
    ntk_training_sync(&t);
    status = ntk_training_find_margin(&t, &made);
  }
  if (status == NTK_OK) {
    fill(&t, &made);
    *result = made;
  }
  if (t.given != NULL && (status != NTK_OK || made.stopped == NTK_STOP_DIVERGED))
    ntk_network_set_back(network, t.given, version); /* features made before are of these weights */
  release(&t);
  return status;
}

void ntk_train_clear(ntk_train_result *result) {
  if (result->context == NULL)
    return;
  ntk_free(result->context, result->loss);
  ntk_free(result->context, result->drift);
  ntk_track_points_free(result->context, result->track, result->tracked);
  *result = (ntk_train_result){0};
}
