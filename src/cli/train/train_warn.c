/* What ntkit train warns of. */
#include "cli/shell/report.h"
#include "cli/train/train.h"
#include "ntkit/data.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is(const char *a, const char *b) {
  return strcmp(a, b) == 0;
}

/* Theorem 4.2, its step size and a quadratic model all take phi' to be Lipschitz. */
static void warn_smoothness(const train_run *run) {
  const train_settings *settings = run->settings;
  const size_t layers = run->job.spec.depth - 1;
  const char *what = is(settings->optimizer, "lm") ? "--optimizer lm"
                     : settings->lr.name != NULL && is(settings->lr.name, "theory") ? "--lr theory"
                     : settings->track != NULL                                      ? "--track"
                                                                                    : NULL;
  for (size_t l = 1; l <= layers && what != NULL; l++) {
    ntk_activation_info phi = {0};
    (void)ntk_activation_of(run->job.spec.activation, layers, l, &phi); /* checked */
    if (isfinite(phi.lipschitz_grad))
      continue;
    report_warning(&settings->common,
                   "%s rests on a smooth activation, and the derivative of %s jumps: its "
                   "Jacobian may change a great deal in a small step",
                   what, phi.name);
    return;
  }
}

/* (18) makes F_L a difference of numbers of size sqrt(gamma): the sum of n_{L-1} terms
 * phi(g) w with w ~ N(0, beta_L^2 gamma), rounded to a part in 2^24 each, errs by about
 * 2^-24 beta_L sqrt(gamma n_{L-1}) where phi(g) is near 1. */
static void warn_float(const train_run *run) {
  const train_settings *settings = run->settings;
  const ntk_network_spec *spec = &run->job.spec;
  if (!is(settings->common.precision, "float") || !(spec->gamma > 0))
    return;
  const size_t L = spec->depth;
  const double terms = (double)spec->width[L - 1], N = (double)ntk_dataset_samples(run->job.data);
  const double error = FLT_EPSILON / 2 * spec->beta[L - 1] * sqrt(spec->gamma * terms);
  const double floor = error * error * (is(settings->loss, "mean") ? 1.0 : N / 2.0);
  report_warning(&settings->common,
                 "--precision float: outputs are differences of numbers near sqrt(gamma) = %.2g, "
                 "known to about %.1g: the loss cannot be followed below %.1g, and steps may stop "
                 "moving the weights before; double goes far beyond",
                 sqrt(spec->gamma), error, floor);
}

/* In flops; K and the cross kernel cost 2 N^2 sum_k n_k each at least, their eigenvalues N^3 / 3
 * for a factor. Below a minute of work nobody minds. */
static void warn_cost(const train_run *run) {
  static const double WORTH_A_LINE = 2e12;
  const cli_job *job = &run->job;
  const char *text = run->settings->track;
  uint64_t track = 0;
  const double epochs = run->options.epochs > 0 ? (double)run->options.epochs : 1e4;
  if (text == NULL || ntk_text_whole(text, strlen(text), 1, SIZE_MAX, &track) != NULL ||
      (run->options.question && run->options.epochs == 0))
    return;
  const double N = (double)ntk_dataset_samples(job->data);
  const double P = (double)ntk_network_parameters(job->network);
  double widths = 0;
  for (size_t l = 0; l < job->spec.depth; l++)
    widths += (double)job->spec.width[l];
  const double points = 2.0 + floor((epochs - 1.0) / (double)track);
  const double rows = N * (double)ntk_network_width(job->network, job->spec.depth); /* of K */
  const double tracking = points * (rows * rows * rows / 3.0 + 8.0 * rows * rows * widths);
  const double training = epochs * 6.0 * N * P;
  if (tracking > WORTH_A_LINE && tracking > training)
    report_warning(job->settings,
                   "--track %s: up to %.0f kernels of %.0f rows cost about %.0f times what the "
                   "epochs do; a larger EVERY costs less",
                   text, points, rows, ceil(tracking / training));
}

/* Theorem 4.2 is about gradient descent. */
static void warn_rule(const train_settings *settings) {
  if (settings->lr.name != NULL && is(settings->lr.name, "theory") &&
      (!is(settings->optimizer, "gd") || settings->batch > 0 || settings->clients > 0))
    report_warning(&settings->common,
                   "--lr theory is Theorem 4.2's step for gradient descent, not for %s",
                   settings->batch > 0     ? "batches"
                   : settings->clients > 0 ? "clients"
                                           : settings->optimizer);
}

void train_warn(const train_run *run) {
  warn_rule(run->settings);
  warn_smoothness(run);
  warn_float(run);
  warn_cost(run);
}
