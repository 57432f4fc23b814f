/* How long Figure 2 will take: the study's flops, at the rate of `ntkit plan`. */
#include "cli/reproduce/reproduce_time.h"

#include "cli/shell/progress.h"
#include "ntkit/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A size that half of the preset's flops are above. */
static const struct sample {
  const char *preset;
  size_t N, d;
} samples[] = {{"tiny", 80, 10}, {"quick", 1200, 40}, {"small", 3200, 63}, {"paper", 8800, 105}};

/* Flops a second of training on one thread, as `ntkit plan` has them. */
static ntk_status plan_rate(ntk_context *context, const struct sample *s, double *rate) {
  const size_t width[] = {s->d, s->d, s->d, s->d};
  const ntk_network_spec spec = {.depth = 4, .width = width, .activation = "relu"};
  const ntk_plan_options options = {
      .question = "train", .train = {.optimizer = "adam", .loss = "mean", .precision = "float"}};
  ntk_plan plan = {0};
  const ntk_status status = ntk_plan_make(context, &spec, s->N, &options, &plan);
  if (status == NTK_OK)
    *rate = plan.method[0].flops / plan.method[0].seconds;
  ntk_plan_clear(&plan);
  return status;
}

/* Workers that --workers asks for. */
static ntk_status count_workers(const reproduce_settings *settings, double *workers) {
  ntk_context *context = NULL;
  const ntk_status made = ntk_context_create(NULL, &context);
  if (made == NTK_OK)
    *workers = settings->study.workers > 0 ? settings->study.workers
                                           : ntk_context_environment(context).threads;
  ntk_context_destroy(context);
  return made;
}

/* Flops of the trials that the database, if there is one, does not hold yet. */
static double flops_left(double all, const char *database) {
  ntk_study_status before = {0};
  if (ntk_study_status_read(database, &before) == NTK_OK)
    all -= before.fraction * before.flops;
  ntk_study_status_clear(&before);
  return fmax(all, 0.0);
}

void reproduce_time(const reproduce_settings *settings, const ntk_study *study,
                    const char *database) {
  double flops = 0.0, rate = 0.0, workers = 0.0;
  ntk_context *context = NULL;
  const struct sample *s = samples;
  while (strcmp(s->preset, settings->preset) != 0)
    s++;
  ntk_status status = ntk_study_flops(study, &flops);
  const double left = status == NTK_OK ? flops_left(flops, database) : 0.0;
  if (!(left > 1e-9 * flops)) /* sums in another order differ by rounding */
    return;
  status = count_workers(settings, &workers);
  if (status == NTK_OK)
    status = ntk_context_create(&(ntk_context_options){.threads = 1}, &context);
  if (status == NTK_OK)
    status = plan_rate(context, s, &rate);
  ntk_context_destroy(context);
  if (status != NTK_OK)
    return;
  char duration[32];
  progress_duration(left / (rate * workers), sizeof duration, duration);
  printf(
      "figure2: %zu trials, %s%s with %.0f worker%s at %.3g GFLOP/s each (planned at N = %zu, "
      "d = %zu)\n"
      "  a prediction: trainings stop when their loss no longer falls, most of them after 300 to\n"
      "  2700 epochs; 1500 are counted\n",
      ntk_study_points(study) * ntk_study_trials(study), duration,
      left < flops ? " for what is left" : "", workers, workers > 1.0 ? "s" : "", 1e-9 * rate, s->N,
      s->d);
  (void)fflush(stdout);
}
