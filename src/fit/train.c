/* Full-batch training (19). At the top of the loop theta_t stands with its loss; the loop records
 * it, measures what is tracked, asks whether to stop, and makes the next step:
 *
 *   theta_t, loss_t  ->  track  ->  stop?  ->  progress, checkpoint  ->  step  ->  theta_{t+1}
 *
 * A first-order step costs one forward and one backward pass and is the backend's (descent.h);
 * Levenberg-Marquardt's is lm.c. */
#include "fit/train.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "fit/checkpoint.h"
#include "fit/lm.h"
#include "fit/track.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_EPOCHS = 10000 };
static const double DIVERGED = 1e3;                              /* times the first loss */
static const double REPORT_EVERY = 0.1, CHECKPOINT_EVERY = 30.0; /* seconds */
static const double ADAM_BETA1 = 0.9, ADAM_BETA2 = 0.999, ADAM_EPSILON = 1e-8;

const char *ntk_train_stop_name(ntk_train_stop stop) {
  static const char *const names[] = {
      [NTK_STOP_EPOCHS] = "epochs",   [NTK_STOP_TARGET] = "target",
      [NTK_STOP_PLATEAU] = "plateau", [NTK_STOP_TIME] = "time",
      [NTK_STOP_STALLED] = "stalled", [NTK_STOP_DIVERGED] = "diverged",
  };
  const size_t count = sizeof names / sizeof names[0];
  return (size_t)stop < count ? names[stop] : "unknown";
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static ntk_status check_numbers(const ntk_training *t) {
  const ntk_train_options *o = &t->options;
  if (!(o->lr >= 0.0) || isinf(o->lr))
    return ntk_fail(NTK_ERR_ARGUMENT, "the step size is %g; accepted: above 0, or a rule", o->lr);
  if (o->lr > 0.0 && t->optimizer->second_order)
    return ntk_fail(NTK_ERR_ARGUMENT, "lm takes no step size: its damping adapts by itself");
  if (!(o->momentum >= 0.0 && o->momentum < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the momentum is %g; accepted: above 0, below 1",
                    o->momentum);
  if (o->momentum > 0.0 && !t->optimizer->has_momentum)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s has no momentum; accepted with: momentum, nesterov",
                    o->optimizer);
  if (!(o->target >= 0.0) || isinf(o->target))
    return ntk_fail(NTK_ERR_ARGUMENT, "the target is %g; accepted: above 0, or 0 for none",
                    o->target);
  if (!(o->seconds >= 0.0) || !(o->checkpoint_every >= 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "a time is negative; accepted: seconds above 0, or 0");
  if (t->single && t->optimizer->second_order)
    return ntk_fail(NTK_ERR_ARGUMENT, "lm solves systems in double precision alone");
  for (size_t i = 0; i < t->N; i++)
    if (!isfinite(t->Y[i]))
      return ntk_fail(NTK_ERR_NOT_FINITE, "label %zu (from 1) is not finite", i + 1);
  return NTK_OK;
}

/* Names to what they mean, and what stands for not giving an option. */
static ntk_status resolve(ntk_training *t) {
  ntk_train_options *o = &t->options;
  o->optimizer = o->optimizer != NULL ? o->optimizer : "gd";
  o->loss = o->loss != NULL ? o->loss : "half-sum";
  o->lr_rule = o->lr_rule != NULL ? o->lr_rule : "auto";
  o->precision = o->precision != NULL ? o->precision : "double";
  o->epochs = o->epochs > 0 ? o->epochs : DEFAULT_EPOCHS;
  o->checkpoint_every = o->checkpoint_every != 0.0 ? o->checkpoint_every : CHECKPOINT_EVERY;
  NTK_TRY(ntk_optimizer_find(o->optimizer, &t->optimizer));
  NTK_TRY(ntk_loss_find(o->loss, &t->mean));
  NTK_TRY(ntk_lr_find(o->lr_rule, &t->theory));
  t->single = strcmp(o->precision, "float") == 0;
  if (!t->single && strcmp(o->precision, "double") != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "unknown precision '%.60s'; known: double, float",
                    o->precision);
  t->scale = t->mean ? 2.0 / (double)t->N : 1.0;
  return check_numbers(t);
}

ntk_status ntk_training_room(ntk_training *t, size_t count) {
  if (count <= t->capacity)
    return NTK_OK;
  const size_t capacity = 2 * count + 1024;
  double *loss;
  NTK_TRY(ntk_alloc_doubles(t->context, capacity, "losses", &loss));
  if (t->capacity > 0)
    memcpy(loss, t->loss, t->capacity * sizeof(double));
  ntk_free(t->context, t->loss);
  t->loss = loss;
  t->capacity = capacity;
  return NTK_OK;
}

void ntk_training_sync(ntk_training *t) {
  if (t->descent != NULL)
    ntk_descent_read(t->descent, NTK_SLOT_THETA, t->network->theta);
}

/* Loss (and, of a first-order method, gradient) of the present theta. */
static double evaluate(ntk_training *t) {
  double sum = 0.0;
  if (t->lm != NULL)
    sum = t->lm->sum;
  else
    ntk_descent_gradient(t->descent, &sum);
  return ntk_training_loss(t, sum);
}

/* In float theta_0 is what the weights were rounded to; those given are kept, for a failure. */
static ntk_status round_first(ntk_training *t) {
  if (!t->single)
    return NTK_OK;
  double *first;
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "the first weights", &first));
  t->first = first;
  ntk_training_sync(t);
  memcpy(t->first, t->network->theta, t->P * sizeof(double));
  return NTK_OK;
}

static ntk_status prepare(ntk_training *t) {
  if (t->options.checkpoint != NULL)
    NTK_TRY(ntk_checkpoint_check(t));
  NTK_TRY(ntk_training_room(t, 2));
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "the first weights", &t->first));
  memcpy(t->first, t->network->theta, t->P * sizeof(double));
  t->given = t->first;
  if (t->optimizer->second_order)
    NTK_TRY(ntk_lm_create(t, &t->lm));
  else
    NTK_TRY(ntk_descent_create(t->network, t->data, t->Y, t->single, t->scale, &t->descent));
  NTK_TRY(round_first(t));
  t->loss[0] = evaluate(t);
  if (!isfinite(t->loss[0]))
    return ntk_fail(NTK_ERR_NOT_FINITE, "the loss at the start is not finite");
  NTK_TRY(ntk_tracker_create(t, &t->tracker));
  NTK_TRY(ntk_schedule(t, &t->tracker->at_start));
  if (t->options.checkpoint == NULL)
    return NTK_OK;
  NTK_TRY(ntk_checkpoint_restore(t));
  if (t->resumed > 0)
    t->loss[t->epoch] = evaluate(t); /* the same again, and its gradient */
  return NTK_OK;
}

/* ---- When to stop ---------------------------------------------------------------------------- */

static double elapsed(const ntk_training *t) {
  return t->before + ntk_clock() - t->start;
}

static double sum_of(const double *loss, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++)
    sum += loss[i];
  return sum;
}

/* The authors' rule: the last `window` losses together are more than the `window` before. */
static bool plateau(const ntk_training *t) {
  const size_t window = t->options.plateau;
  if (window == 0 || t->epoch % window != 0 || t->epoch < 2 * window)
    return false;
  const double *end = t->loss + t->epoch;
  return sum_of(end - window, window) > sum_of(end - 2 * window, window);
}

static bool diverged(const ntk_training *t, double loss) {
  return !isfinite(loss) || loss > DIVERGED * t->loss[0];
}

static bool stops(const ntk_training *t, ntk_train_result *r) {
  const double loss = t->loss[t->epoch];
  if (diverged(t, loss))
    r->stopped = NTK_STOP_DIVERGED;
  else if (t->options.target > 0.0 && loss <= t->options.target)
    r->stopped = NTK_STOP_TARGET;
  else if (t->epoch >= t->options.epochs)
    r->stopped = NTK_STOP_EPOCHS;
  else if (plateau(t))
    r->stopped = NTK_STOP_PLATEAU;
  else if (t->options.seconds > 0.0 && elapsed(t) >= t->options.seconds)
    r->stopped = NTK_STOP_TIME;
  else
    return false;
  return true;
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* Factor of the loss per epoch over the last tenth of the run, or its last 100 epochs. */
static double recent_rate(const ntk_training *t) {
  size_t back = t->epoch / 10 > 100 ? t->epoch / 10 : 100;
  back = back < t->epoch ? back : t->epoch;
  return back > 0 ? pow(t->loss[t->epoch] / t->loss[t->epoch - back], 1.0 / (double)back) : NAN;
}

static ntk_status report(const ntk_training *t) {
  if (t->options.progress == NULL)
    return ntk_progress_report(t->context, "training",
                               (double)t->epoch / (double)t->options.epochs);
  const double now = ntk_clock() - t->start;
  const size_t made = t->epoch - t->resumed;
  const ntk_train_progress p = {
      .epoch = t->epoch,
      .epochs = t->options.epochs,
      .loss = t->loss[t->epoch],
      .loss_initial = t->loss[0],
      .rate = recent_rate(t),
      .elapsed = now,
      .left = made > 0 ? now / (double)made * (double)(t->options.epochs - t->epoch) : NAN,
  };
  if (t->options.progress(&p, t->options.progress_user))
    return NTK_OK;
  return ntk_fail(NTK_ERR_CANCELLED, "interrupted after %zu epochs, at a loss of %.6g", t->epoch,
                  t->loss[t->epoch]);
}

/* theta_{t+1} and its loss. */
static ntk_status step(ntk_training *t, bool *stalled) {
  double sum = 0.0;
  if (t->lm != NULL) {
    NTK_TRY(ntk_lm_step(t->lm, &sum, stalled));
    if (*stalled)
      return NTK_OK;
  } else {
    const bool adam = t->optimizer->rule == NTK_RULE_ADAM;
    const ntk_update update = {.rule = t->optimizer->rule,
                               .lr = t->lr,
                               .beta1 = adam ? ADAM_BETA1 : t->momentum,
                               .beta2 = ADAM_BETA2,
                               .epsilon = ADAM_EPSILON,
                               .step = t->epoch + 1};
    ntk_tracker_advance(t);
    ntk_descent_update(t->descent, &update);
    ntk_descent_gradient(t->descent, &sum);
  }
  t->epoch++;
  t->loss[t->epoch] = ntk_training_loss(t, sum);
  return NTK_OK;
}

static bool tracked(const ntk_training *t) {
  return t->options.track > 0 && t->epoch % t->options.track == 0;
}

/* Progress and checkpoint, each when it is time. */
static ntk_status look_up(ntk_training *t, double *reported, double *saved) {
  const double now = ntk_clock();
  if (now - *reported >= REPORT_EVERY) {
    *reported = now;
    NTK_TRY(report(t));
  }
  if (t->options.checkpoint != NULL && now - *saved >= t->options.checkpoint_every) {
    NTK_TRY(ntk_checkpoint_save(t));
    *saved = ntk_clock();
  }
  return NTK_OK;
}

static ntk_status loop(ntk_training *t, ntk_train_result *r) {
  double reported = ntk_clock(), saved = reported;
  bool stalled = false;
  while (!stalled) {
    NTK_TRY(ntk_training_room(t, t->epoch + 2));
    const bool stop = stops(t, r);
    if (stop && r->stopped == NTK_STOP_DIVERGED)
      return NTK_OK;
    if (tracked(t) || (stop && t->options.track > 0))
      NTK_TRY(ntk_tracker_measure(t));
    if (stop)
      return NTK_OK;
    ntk_tracker_leave(t);
    NTK_TRY(look_up(t, &reported, &saved));
    NTK_TRY(step(t, &stalled));
  }
  r->stopped = NTK_STOP_STALLED;
  return t->options.track > 0 ? ntk_tracker_measure(t) : NTK_OK;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* The largest stable step, for a run that diverged. */
static void find_largest_lr(ntk_training *t, ntk_convergence *c) {
  ntk_extremes *e = &t->tracker->at_start;
  ntk_features *features = NULL;
  if (!t->optimizer->linear || isfinite(e->lambda_max))
    return;
  memcpy(t->network->theta, t->first, t->P * sizeof(double));
  if (ntk_features_create(t->network, t->data, &features) == NTK_OK &&
      ntk_extremes_largest(features, t->options.seed, &e->lambda_max) == NTK_OK)
    c->lr_largest = ntk_optimizer_largest_lr(t->optimizer, t->scale * e->lambda_max, t->momentum);
  ntk_features_destroy(features);
}

static void explain(const ntk_training *t, ntk_train_result *r) {
  const size_t room = sizeof r->reason;
  switch (r->stopped) {
  case NTK_STOP_EPOCHS:
    snprintf(r->reason, room, "%zu epochs were asked for", t->options.epochs);
    break;
  case NTK_STOP_TARGET:
    snprintf(r->reason, room, "the loss is at most the target %g", t->options.target);
    break;
  case NTK_STOP_PLATEAU:
    snprintf(r->reason, room, "the last %zu losses sum to more than the %zu before them",
             t->options.plateau, t->options.plateau);
    break;
  case NTK_STOP_TIME:
    snprintf(r->reason, room, "%g seconds are over", t->options.seconds);
    break;
  case NTK_STOP_STALLED:
    snprintf(r->reason, room, "no step makes the loss smaller: it is a minimum to rounding");
    break;
  case NTK_STOP_DIVERGED:
    if (isfinite(r->convergence.lr_largest))
      snprintf(r->reason, room,
               "the loss went from %.4g to %.4g in %zu epochs with the step size %.4g; the largest "
               "stable one at the start is %.4g",
               r->loss_initial, r->loss_final, r->epochs, r->lr, r->convergence.lr_largest);
    else
      snprintf(r->reason, room,
               "the loss went from %.4g to %.4g in %zu epochs with the step size %.4g: take a "
               "smaller one",
               r->loss_initial, r->loss_final, r->epochs, r->lr);
  }
}

static void fill(ntk_training *t, ntk_train_result *r) {
  r->context = t->context;
  r->epochs = t->epoch;
  r->resumed = t->resumed;
  r->loss_initial = t->loss[0];
  r->loss_final = t->loss[t->epoch];
  r->lr = t->lr;
  r->momentum = t->momentum;
  memcpy(r->lr_source, t->lr_source, sizeof r->lr_source);
  r->rate_measured =
      t->epoch > 0 ? pow(r->loss_final / r->loss_initial, 1.0 / (double)t->epoch) : NAN;
  ntk_tracker_theorem(t, &r->convergence, &r->rate_bound);
  ntk_tracker_conclude(t, r->rate_bound, &r->convergence);
  if (r->stopped == NTK_STOP_DIVERGED)
    find_largest_lr(t, &r->convergence);
  explain(t, r);
  r->seconds = elapsed(t);
  r->seconds_tracking = t->tracking;
  r->loss = t->loss;
  r->tracked = t->tracker->count;
  r->track = t->tracker->point;
  t->loss = NULL; /* the result's now */
  t->tracker->point = NULL;
}

static void release(ntk_training *t) {
  ntk_tracker_destroy(t->tracker);
  ntk_descent_destroy(t->descent);
  ntk_lm_destroy(t->lm);
  if (t->first != t->given)
    ntk_free(t->context, t->first);
  ntk_free(t->context, t->given);
  ntk_free(t->context, t->loss);
}

/* A checkpoint of what has been done, unless that is of no use. The message of the failure that
 * ended the run, if one did, stays. */
static ntk_status last_checkpoint(ntk_training *t, ntk_status status, const ntk_train_result *r) {
  const bool worth =
      status == NTK_ERR_CANCELLED || (status == NTK_OK && r->stopped != NTK_STOP_DIVERGED);
  if (t->options.checkpoint == NULL || t->tracker == NULL || !worth)
    return status;
  if (status == NTK_OK)
    return ntk_checkpoint_save(t);
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
                    .options = options != NULL ? *options : defaults,
                    .N = data->N,
                    .P = network->parameters,
                    .L = network->depth,
                    .start = ntk_clock()};
  ntk_train_result made = {.stopped = NTK_STOP_EPOCHS};
  NTK_TRY(resolve(&t));
  ntk_status status = prepare(&t);
  if (status == NTK_OK) {
    status = loop(&t, &made);
    status = last_checkpoint(&t, status, &made);
  }
  if (status == NTK_OK) {
    ntk_training_sync(&t);
    fill(&t, &made);
    *result = made;
  }
  if (t.given != NULL && (status != NTK_OK || made.stopped == NTK_STOP_DIVERGED))
    memcpy(network->theta, t.given, t.P * sizeof(double));
  release(&t);
  return status;
}

void ntk_train_clear(ntk_train_result *result) {
  if (result->context == NULL)
    return;
  ntk_free(result->context, result->loss);
  ntk_free(result->context, result->track);
  *result = (ntk_train_result){0};
}
