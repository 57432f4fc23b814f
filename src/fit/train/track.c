/* Measurements beside the training. K(theta_t) is built and taken apart by itself at tracked
 * epochs; the linear model, r <- r - eta scale K_0 (...), is stepped with the network, at one
 * product with K_0 an epoch: its loss is that of the exact discrete steps, not of a flow. */
#include "fit/train/track.h"

#include "base/blas.h"
#include "base/memory.h"
#include "fit/distance.h"
#include "fit/train/rates.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- Start ----------------------------------------------------------------------------------- */

/* The largest of all samples' sums of K_ii; norms as of ntk_features_take_norms. */
static double norm_largest(const ntk_training *t, const double *norms) {
  const size_t outputs = t->network->width[t->L];
  double most = 0.0;
  for (size_t i = 0; i < t->N; i++) {
    double sum = 0.0;
    for (size_t row = i * outputs; row < (i + 1) * outputs; row++)
      for (size_t k = 0; k < t->L; k++)
        sum +=
            ntk_diagonal_part(t->network, k, norms[k * t->R + row], norms[(t->L + k) * t->R + row]);
    most = fmax(most, sum);
  }
  return most;
}

/* What is to be known of the features' norms: k->norm_largest, and k->floor, the sum of the losses
 * that rounding of F_L alone makes: |dF_i| is about eps ||W_L|| ||f_{L-1}(x_i)||. */
static ntk_status look_at_norms(const ntk_training *t, const ntk_features *features,
                                ntk_tracker *k) {
  const size_t L = t->L;
  const double eps = ntk_precision_epsilon(t->precision);
  double *norms = NULL;
  NTK_TRY(ntk_features_take_norms(features, &norms));
  double sum = 0.0;
  for (size_t i = 0; i < t->R; i++)
    sum += norms[(L - 1) * t->R + i];
  sum /= (double)t->network->width[L]; /* a sample has so many rows */
  if (t->batches != NULL)
    k->norm_largest = norm_largest(t, norms);
  ntk_free(t->context, norms);
  const double last = eps * ntk_dnrm2(ntk_training_last_weights(t), t->network->W[L]);
  k->floor = ntk_training_loss(t, sum * last * last);
  return NTK_OK;
}

/* theta_0 and what belongs to it, for later epochs to be compared with. */
static ntk_status keep_start(const ntk_training *t, ntk_tracker *k) {
  NTK_TRY(ntk_network_copy(t->network, &k->network));
  return ntk_features_create_of(k->network, t->data, NTK_OUTPUTS_ALL, &k->features);
}

static ntk_status follow_linear_model(const ntk_training *t, ntk_tracker *k) {
  NTK_TRY(ntk_alloc_doubles(t->context, 5 * t->R, "linear model", &k->r));
  k->m = k->r + t->R;
  k->direction = k->m + t->R;
  k->Kd = k->direction + t->R;
  k->before = k->Kd + t->R;
  memset(k->m, 0, t->R * sizeof(double));
  NTK_TRY(ntk_features_output(k->features, k->r));
  for (size_t i = 0; i < t->R; i++)
    k->r[i] -= t->Y[i];
  return NTK_OK;
}

static ntk_status ends(ntk_training *t, ntk_features *features, ntk_extremes *e,
                       ntk_kernel **kept) {
  NTK_TRY(ntk_ends_find(features, t->way, t->options.seed, e, kept));
  if (e->verdict != NTK_VERDICT_RANK_DEFICIENT) /* which needs no factor */
    ntk_training_note(t, e->why);
  return NTK_OK;
}

/* Of K_0 without --track: what step size and rate of (20) need. That an eigenvalue is not found
 * matters to the step size alone. */
static ntk_status eigenvalues_at_start(ntk_training *t, ntk_tracker *k) {
  bool need_max, need_min;
  ntk_schedule_needs(t, &need_max, &need_min);
  const bool keep = (t->options.question && ntk_training_is_linear(t)) ||
                    (t->options.clients > 0 && ntk_training_follows(t));
  need_max = need_max || keep;
  /* Of gd (20), or the rate of batches; not of rounds without their operator. */
  const bool told = t->optimizer->theorem && t->options.clients == 0;
  if (!need_max && !told)
    return NTK_OK;
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(t->network, t->data, NTK_OUTPUTS_ALL, &features));
  ntk_status status = look_at_norms(t, features, k);
  if (status == NTK_OK && t->R <= NTK_KERNEL_AT_START)
    status = ends(t, features, &k->at_start, keep ? &k->K : NULL);
  else if (status == NTK_OK && need_max)
    status = ntk_extremes_largest(features, t->options.seed, &k->at_start.lambda_max);
  ntk_features_destroy(features);
  return status == NTK_ERR_NUMERIC && !need_max ? NTK_OK : status;
}

static ntk_status spectrum_at_start(ntk_training *t, ntk_tracker *k) {
  if (!ntk_epochs_tracked(&t->options))
    return eigenvalues_at_start(t, k);
  return ends(t, k->features, &k->at_start, ntk_training_follows(t) ? &k->K : NULL);
}

ntk_status ntk_tracker_create(ntk_training *t, ntk_tracker **tracker) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, 1, sizeof **tracker, "tracking", &pointer));
  ntk_tracker *k = pointer;
  *k = (ntk_tracker){
      .context = t->context,
      .norm_largest = NAN,
      .at_start = {.lambda_min = NAN, .lambda_max = NAN, .deficiency = NTK_NO_DEFICIENCY}};
  ntk_status status = NTK_OK;
  if (ntk_epochs_tracked(&t->options)) {
    status = keep_start(t, k);
    if (status == NTK_OK)
      status = look_at_norms(t, k->features, k);
    if (status == NTK_OK && ntk_training_follows(t))
      status = follow_linear_model(t, k);
  }
  if (status == NTK_OK)
    status = spectrum_at_start(t, k);
  if (status == NTK_OK)
    *tracker = k;
  else
    ntk_tracker_destroy(k);
  return status;
}

void ntk_track_points_free(ntk_context *context, ntk_track_point *point, size_t count) {
  for (size_t i = 0; i < count && point != NULL; i++)
    ntk_free(context, point[i].theta);
  ntk_free(context, point);
}

void ntk_tracker_destroy(ntk_tracker *k) {
  if (k == NULL)
    return;
  ntk_kernel_destroy(k->K);
  ntk_features_destroy(k->features);
  ntk_network_destroy(k->network);
  ntk_free(k->context, k->r);
  ntk_track_points_free(k->context, k->point, k->count);
  ntk_free(k->context, k);
}

/* ---- On the way ------------------------------------------------------------------------------ */

static ntk_status make_room(ntk_tracker *k) {
  if (k->count < k->capacity)
    return NTK_OK;
  const size_t capacity = 2 * k->capacity + 64;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(k->context, capacity, sizeof *k->point, "tracking", &pointer));
  if (k->count > 0)
    memcpy(pointer, k->point, k->count * sizeof *k->point);
  ntk_free(k->context, k->point);
  k->point = pointer;
  k->capacity = capacity;
  return NTK_OK;
}

/* Of scaled blocks in the metric of the steps: a block of scale 0 does not move. */
static double distance(const ntk_training *t) {
  const double *theta = t->network->theta, *first = t->first;
  double sum = 0.0;
  for (size_t l = 1; l <= t->L; l++)
    for (size_t bias = 0; bias < 1 + (size_t)(t->network->b[l] != NULL); bias++) {
      const double scale = t->network->scale[2 * l - 2 + bias];
      const size_t entries = t->network->width[l] * (bias ? 1 : t->network->width[l - 1]);
      for (size_t p = 0; p < entries && scale > 0.0; p++) {
        const double moved = theta[p] - first[p];
        sum += moved * moved / scale;
      }
      theta += entries;
      first += entries;
    }
  return sqrt(sum);
}

static ntk_status measure_kernel(ntk_training *t, ntk_track_point *point) {
  const ntk_tracker *k = t->tracker;
  const uint64_t seed = t->options.seed;
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(t->network, t->data, NTK_OUTPUTS_ALL, &features));
  ntk_extremes now = {.lambda_min = NAN, .lambda_max = NAN};
  point->jacobian_change = NAN;
  ntk_status status = ends(t, features, &now, NULL);
  if (status == NTK_OK)
    status =
        ntk_jacobian_distance(features, k->features, now.lambda_max, seed, &point->jacobian_change);
  ntk_features_destroy(features);
  if (status == NTK_ERR_NUMERIC) /* an eigensolver gave up: what it was to find is not known */
    status = NTK_OK;
  point->lambda_min = now.lambda_min;
  point->lambda_max = now.lambda_max;
  return status;
}

/* theta_t, which the network holds. */
static ntk_status keep_weights(const ntk_training *t, ntk_track_point *point) {
  if (!t->options.track_weights)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "tracked weights", &point->theta));
  memcpy(point->theta, t->network->theta, t->P * sizeof(double));
  point->parameters = t->P;
  return NTK_OK;
}

/* The last point to the caller, with theta_t, which the network holds: at the start too. */
static ntk_status tell(ntk_training *t) {
  const ntk_train_options *o = &t->options;
  if (o->track_each == NULL)
    return NTK_OK;
  const double start = ntk_clock();
  const ntk_track_point *point = &t->tracker->point[t->tracker->count - 1];
  const bool go_on = o->track_each(point, t->network->theta, o->track_user);
  t->measure_seconds += ntk_clock() - start; /* so will the next one */
  return go_on ? NTK_OK : ntk_training_interrupted(t);
}

ntk_status ntk_tracker_measure(ntk_training *t) {
  ntk_tracker *k = t->tracker;
  if (k->count > 0 && k->point[k->count - 1].epoch == t->epoch)
    return NTK_OK;
  NTK_TRY(make_room(k));
  ntk_track_point point = {.epoch = t->epoch,
                           .loss = t->loss[t->epoch],
                           .bound = NAN,
                           .prediction = NAN,
                           .lambda_min = k->at_start.lambda_min,
                           .lambda_max = k->at_start.lambda_max};
  const double start = ntk_clock();
  ntk_convergence constants;
  double rate = NAN;
  ntk_tracker_theorem(t, &constants, &rate);
  if (isfinite(rate))
    point.bound = pow(rate, (double)t->epoch) * t->loss[0];
  if (k->r != NULL) {
    const double norm = ntk_dnrm2(t->R, k->r);
    const double loss = ntk_training_loss(t, norm * norm);
    point.prediction = isfinite(loss) ? loss : NAN; /* it grows past the largest number */
  }
  if (t->epoch > 0) {
    ntk_training_sync(t);
    point.distance = distance(t);
    NTK_TRY(measure_kernel(t, &point));
    t->measure_seconds = ntk_clock() - start;
  }
  NTK_TRY(keep_weights(t, &point));
  t->tracking += ntk_clock() - start;
  k->point[k->count++] = point;
  ntk_rates_of_point(t, k->point, k->count - 1);
  return tell(t);
}

void ntk_tracker_leave(ntk_training *t) {
  ntk_tracker *k = t->tracker;
  if (k->count > 0 && k->point[k->count - 1].epoch == t->epoch && !ntk_training_tracks(t))
    ntk_free(k->context, k->point[--k->count].theta);
}

/* ---- The theorem ----------------------------------------------------------------------------- */

void ntk_tracker_theorem(const ntk_training *t, ntk_convergence *c, double *rate_bound) {
  const ntk_extremes *e = &t->tracker->at_start;
  const double none = NAN, first = t->loss[0];
  *c = (ntk_convergence){.lambda_min = e->lambda_min,
                         .lambda_max = e->lambda_max,
                         .alpha = none,
                         .beta = none,
                         .change_allowed = none,
                         .radius = none,
                         .c = none,
                         .change_largest = none,
                         .distance_largest = none,
                         .laziness = none};
  *rate_bound = NAN;
  memcpy(c->reason, e->reason, sizeof c->reason);
  c->deficiency = e->deficiency;
  c->lr_largest = ntk_training_largest_lr(t, e->lambda_max, t->momentum);
  if (!(e->lambda_min > 0.0))
    return;
  c->alpha = 0.8 * sqrt(e->lambda_min);
  c->beta = fmax(2.0 * c->alpha, sqrt(e->lambda_max) + 0.25 * c->alpha);
  c->change_allowed = c->alpha * c->alpha / (2.0 * c->beta);
  const double sum = t->mean ? first * (double)t->N : 2.0 * first;
  c->radius = 4.0 * sqrt(sum) / c->alpha;
  const double step = t->lr * t->scale * c->alpha * c->alpha; /* eta alpha^2 */
  if (!ntk_training_is_theorem(t) || !(step <= 1.0))
    return;
  *rate_bound = (1.0 - 0.5 * step) * (1.0 - 0.5 * step);
  if (!ntk_training_is_plain(t)) /* the paper does not say what gamma n_{L-1} is there */
    return;
  const double last =
      ntk_dnrm2(t->network->width[t->L - 1], t->first + t->P - t->network->width[t->L - 1]);
  c->c = step * (1.0 - 0.25 * step) /
         (t->lr * t->scale * last * last * (double)t->network->width[t->L - 2]);
}

/* (21) at one tracked epoch, for the pair (theta_t, theta_0). */
static bool holds(const ntk_track_point *p, const ntk_convergence *c) {
  return sqrt(p->lambda_min) >= c->alpha && sqrt(p->lambda_max) <= c->beta &&
         p->jacobian_change <= c->change_allowed && p->distance <= c->radius;
}

/* Losses that rounding alone can hold up. A step moves nothing once eta |g| is under half an ulp of
 * theta: with ||g|| >= alpha ||r|| that is ||r|| = u ||theta|| / (eta alpha). theta without W_L,
 * whose size gamma makes a matter of choice and which moves least then. */
static double stall_floor(const ntk_training *t, const ntk_convergence *c) {
  const double u = ntk_precision_epsilon(t->precision) / 2.0;
  const double norm = ntk_dnrm2(ntk_layer_offset(t->network, t->L), t->first);
  const double r = 4.0 * u * norm / (t->lr * t->scale * c->alpha);
  return fmax(t->tracker->floor, ntk_training_loss(t, r * r));
}

/* (20), at the epochs where rounding leaves it to be seen. */
static void conclude_bound(const ntk_training *t, double rate_bound, ntk_convergence *c) {
  const double floor = stall_floor(t, c);
  c->bound_known = isfinite(rate_bound) && floor < t->loss[0];
  c->bound_held = c->bound_known;
  for (size_t e = 0; e <= t->epoch && c->bound_known; e++) {
    const double bound = pow(rate_bound, (double)e) * t->loss[0];
    if (bound <= floor)
      break;
    if (c->bound_held && !(t->loss[e] <= bound * (1.0 + 1e-9))) {
      c->bound_held = false;
      c->bound_broken = e;
    }
  }
}

/* (21), at the tracked epochs. */
static void conclude_condition(const ntk_training *t, ntk_convergence *c) {
  const ntk_tracker *k = t->tracker;
  const double step = t->lr * t->scale * c->beta * c->beta; /* eta beta^2 */
  bool known = c->alpha > 0.0;
  bool held = !ntk_training_is_theorem(t) || step <= 1.5 - c->alpha / c->beta;
  c->change_largest = c->distance_largest = 0.0;
  for (size_t i = 0; i < k->count; i++) {
    const ntk_track_point *p = &k->point[i];
    c->change_largest = fmax(c->change_largest, p->jacobian_change); /* NaN is passed over */
    c->distance_largest = fmax(c->distance_largest, p->distance);
    if (isnan(p->lambda_min) || isnan(p->lambda_max) || isnan(p->jacobian_change))
      known = false;
    else
      held &= holds(p, c);
  }
  c->condition_known = c->alpha > 0.0 && (known || !held);
  c->condition_held = known && held;
  c->laziness = c->change_largest / sqrt(c->lambda_max);
}

void ntk_tracker_conclude(const ntk_training *t, double rate_bound, ntk_convergence *c) {
  conclude_bound(t, rate_bound, c);
  if (t->tracker->count > 0)
    conclude_condition(t, c);
}
