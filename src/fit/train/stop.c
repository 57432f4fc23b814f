/* When a training stops, and the line that says why. */
#include "fit/train/track.h"

#include "base/ranks/ranks.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double DIVERGED = 1e3; /* times the loss at the start */

const char *ntk_train_stop_name(ntk_train_stop stop) {
  static const char *const names[] = {
      [NTK_STOP_EPOCHS] = "epochs",   [NTK_STOP_TARGET] = "target",
      [NTK_STOP_PLATEAU] = "plateau", [NTK_STOP_TIME] = "time",
      [NTK_STOP_STALLED] = "stalled", [NTK_STOP_DIVERGED] = "diverged",
      [NTK_STOP_MARGIN] = "margin",
  };
  const size_t count = sizeof names / sizeof names[0];
  return (size_t)stop < count ? names[stop] : "unknown";
}

double ntk_training_elapsed(const ntk_training *t) {
  return t->before + ntk_clock() - t->start;
}

static double sum_of(const double *loss, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++)
    sum += loss[i];
  return sum;
}

/* Past the last whole window of `plateau` losses: windows begin at 0, plateau, 2 plateau, ... */
static const double *windows_end(const ntk_training *t) {
  return t->loss + t->epoch - t->epoch % t->options.plateau;
}

/* Whether the losses of the last whole window together are more than those of the one before. */
static bool has_risen(const ntk_training *t) {
  const size_t window = t->options.plateau;
  if (t->epoch / 2 < window)
    return false;
  const double *end = windows_end(t);
  return sum_of(end - window, window) > sum_of(end - 2 * window, window);
}

/* The authors' rule, asked at the end of every window. */
static bool plateau(const ntk_training *t) {
  const size_t window = t->options.plateau;
  return window != 0 && t->epoch % window == 0 && has_risen(t);
}

double ntk_training_plateau_loss(const ntk_training *t) {
  const size_t window = t->options.plateau;
  if (window == 0 || t->epoch < window)
    return NAN;
  const double *from = windows_end(t) - (has_risen(t) ? 2 : 1) * window;
  return 2.0 * sum_of(from, window) / (double)window;
}

bool ntk_training_above_start(const ntk_training *t) {
  return !(t->loss[t->epoch] <= fmax(t->loss[0], t->loss_of_zero));
}

double ntk_training_recent_rate(const ntk_training *t) {
  size_t back = t->epoch / 10 > 100 ? t->epoch / 10 : 100;
  back = back < t->epoch ? back : t->epoch;
  return back > 0 ? pow(t->loss[t->epoch] / t->loss[t->epoch - back], 1.0 / (double)back) : NAN;
}

/* A run that starts near the labels may go up to where one from 0 starts. */
static bool diverged(const ntk_training *t, double loss) {
  return !isfinite(loss) || loss > DIVERGED * fmax(t->loss[0], t->loss_of_zero);
}

bool ntk_training_tracks(const ntk_training *t) {
  return t->epoch == t->track_next;
}

/* Whether going on would end past the time: a step, and K at this epoch and at the last one where
 * those are measured, are taken to last as long as they did before. K_0 is known. */
static bool out_of_time(const ntk_training *t) {
  const double kernels = ntk_epochs_tracked(&t->options) + (ntk_training_tracks(t) && t->epoch > 0);
  const bool over = ntk_training_elapsed(t) + t->step_seconds + kernels * t->measure_seconds >=
                    t->options.seconds;
  return t->options.seconds > 0.0 && ntk_ranks_least(t->context, over ? 0.0 : 1.0) == 0.0;
}

/* None of the squares is more than their sum: then every Y_i F_L(x_i) is the margin or more, but
 * for rounding, which in float may be more than the gap: the outputs are asked in double. */
ntk_status ntk_training_look_at_margin(ntk_training *t) {
  const double gap = NTK_MARGIN_GAP * t->options.margin;
  ntk_fit_error error;
  t->margin_held = false;
  if (t->options.margin == 0.0 || !(t->loss[t->epoch] <= ntk_training_loss(t, gap * gap)))
    return NTK_OK;
  ntk_training_sync(t);
  NTK_TRY(ntk_fit_measure(t->network, t->data, t->labels, &error));
  t->margin_held = error.margin >= t->options.margin;
  return NTK_OK;
}

ntk_status ntk_training_find_margin(const ntk_training *t, ntk_train_result *r) {
  ntk_fit_error error;
  r->margin = r->margin_bound = NAN;
  if (t->options.margin == 0.0)
    return NTK_OK;
  NTK_TRY(ntk_fit_measure(t->network, t->data, t->labels, &error));
  r->margin = error.margin;
  r->margin_bound = error.margin_bound;
  return NTK_OK;
}

bool ntk_training_stops(const ntk_training *t, ntk_train_stop *stop) {
  const double loss = t->loss[t->epoch];
  if (diverged(t, loss))
    *stop = NTK_STOP_DIVERGED;
  else if (t->options.target > 0.0 && loss <= t->options.target)
    *stop = NTK_STOP_TARGET;
  else if (t->margin_held)
    *stop = NTK_STOP_MARGIN;
  else if (t->epoch >= t->options.epochs)
    *stop = NTK_STOP_EPOCHS;
  else if (plateau(t))
    *stop = NTK_STOP_PLATEAU;
  else if (out_of_time(t))
    *stop = NTK_STOP_TIME;
  else
    return false;
  return true;
}

/* The largest stable step, for a run that diverged. */
static void find_largest_lr(ntk_training *t, ntk_convergence *c) {
  ntk_extremes *e = &t->tracker->at_start;
  ntk_features *features = NULL;
  if (!ntk_training_is_linear(t) || isfinite(e->lambda_max))
    return;
  ntk_network_set(t->network, t->first);
  if (ntk_features_create_of(t->network, t->data, NTK_OUTPUTS_ALL, &features) == NTK_OK &&
      ntk_extremes_largest(features, t->options.seed, &e->lambda_max) == NTK_OK)
    c->lr_largest = ntk_training_largest_lr(t, e->lambda_max, t->momentum);
  ntk_features_destroy(features);
}

static void explain_divergence(const ntk_training *t, ntk_train_result *r) {
  const char *line = ntk_training_is_linear(t) ? "; the largest stable one at the start is %.4g"
                                               : "; at the start every one below %.4g is stable";

  char last[40] = "past the largest number", remedy[80] = ": take a smaller one";
  if (isfinite(r->loss_final))
    ntk_format(last, sizeof last, "to %.4g", r->loss_final);
  if (isfinite(r->convergence.lr_largest))
    ntk_format(remedy, sizeof remedy, line, r->convergence.lr_largest);
  ntk_format(r->reason, sizeof r->reason,
             "the loss went from %.4g %s by epoch %zu with the step size %.4g%s", r->loss_initial,
             last, r->epochs, r->lr, remedy);
}

void ntk_training_explain(ntk_training *t, ntk_train_result *r) {
  if (r->stopped == NTK_STOP_DIVERGED)
    find_largest_lr(t, &r->convergence);
  const size_t room = sizeof r->reason;
  switch (r->stopped) {
  case NTK_STOP_EPOCHS:
    if (t->epoch > t->options.epochs)
      snprintf(r->reason, room, "the checkpoint has %zu epochs already, and %zu were asked for",
               t->epoch, t->options.epochs);
    else
      snprintf(r->reason, room, "%zu epochs were asked for", t->options.epochs);
    break;
  case NTK_STOP_TARGET:
    ntk_format(r->reason, room, "the loss is at most the target %g", t->options.target);
    break;
  case NTK_STOP_PLATEAU:
    snprintf(r->reason, room, "the last %zu losses sum to more than the %zu before them",
             t->options.plateau, t->options.plateau);
    break;
  case NTK_STOP_TIME:
    ntk_format(r->reason, room, "%g seconds are over, or would be with one more step%s",
               t->options.seconds, ntk_epochs_tracked(&t->options) ? " and K after it" : "");
    break;
  case NTK_STOP_STALLED:
    snprintf(r->reason, room, "no step makes the loss smaller: it is a minimum to rounding");
    break;
  case NTK_STOP_MARGIN:
    ntk_format(r->reason, room, "every y_i f_L(x_i) is %g or more%s", t->options.margin,
               r->margin_bound >= t->options.margin ? "" : ", as computed in double");
    break;
  case NTK_STOP_DIVERGED:
    explain_divergence(t, r);
  }
}
