/* ntkit memorize. Everything that can be refused is refused before anything large is allocated and
 * before anything is written. Labels that were not reached are no error of the user's: the best
 * weights are saved, the result is printed, and the exit status is 1. */
#include "cli/memorize/memorize.h"

#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Before the computation ------------------------------------------------------------------ */

static exit_status check_drawn(const memorize_settings *settings) {
  const size_t last = settings->common.widths.values[settings->common.widths.count - 1];
  const size_t outputs = settings->common.outputs > 0 ? settings->common.outputs : 1;
  if (outputs == 1 && last % 2 != 0)
    return report_error(EXIT_INPUT,
                        "--widths: the last is %zu, and the construction pairs its units; expected "
                        "an even number",
                        last);
  if (outputs > last / 2 || last % (2 * outputs) != 0)
    return report_error(
        EXIT_INPUT,
        "--widths: the last is %zu, and each of %zu outputs has pairs of its units; "
        "expected a multiple of 2 n_L",
        last, outputs);
  if (strcmp(settings->common.init, "antisymmetric") == 0)
    return report_error(EXIT_INPUT, "--init antisymmetric is for training: the construction pairs "
                                    "units by itself; expected paper, standard, he or lecun");
  return EXIT_DONE;
}

static exit_status check_margin(const memorize_run *run) {
  const memorize_settings *settings = run->settings;
  if (settings->margin == 0.0)
    return EXIT_DONE;
  if (settings->iterative || strcmp(settings->common.precision, "mixed") == 0)
    return report_error(EXIT_INPUT, "--margin takes factors in double; expected no %s",
                        settings->iterative ? "--iterative" : "--precision mixed");
  if (settings->absolute)
    return report_error(EXIT_INPUT, "--margin takes no --eps, and so no --absolute");
  return labels_check_margin(&run->job);
}

static exit_status check_labels(void *what) {
  const memorize_run *run = what;
  if (run->settings->classes && !ntk_labels_in_file(run->job.labels))
    return report_error(EXIT_INPUT,
                        "--classes needs --labels FILE, with the class of each sample; it is %s "
                        "here",
                        run->job.labels);
  return check_margin(run);
}

/* Before the labels are there, their classes are not known: at least one network is fitted. */
static exit_status check_memory(const void *what, size_t N) {
  const memorize_run *run = what;
  const size_t count = run->count > 0 ? run->count : 1;
  size_t bytes = 0;
  const ntk_network_spec *spec = &run->job.spec;
  return job_fits(&run->job, spec,
                  ntk_memorize_memory(run->job.context, spec, N, count, &run->options, &bytes),
                  &(ntk_plan_options){.question = "memorize", .memorize = run->options});
}

static exit_status make_targets(memorize_run *run) {
  const size_t N = ntk_dataset_samples(run->job.data);
  const bool coded = run->settings->classes && labels_outputs(&run->job) > 1;
  exit_status status = coded ? labels_encode(&run->job, labels_encoding(0), &run->coded, &run->Y)
                             : labels_make(&run->job, !run->settings->classes, &run->Y);
  if (coded || status != EXIT_DONE || !(run->settings->classes || run->job.names.count > 0)) {
    run->targets = run->Y;
    run->count = 1;
    return status;
  }
  run->classes = calloc(N, sizeof *run->classes);
  if (run->classes == NULL)
    return report_error(EXIT_FAILED, "no memory for the classes of %zu labels", N);
  status = report_library(ntk_classes_find(run->Y, N, &run->count, run->classes), "classes");
  if (status == EXIT_DONE)
    status = check_memory(run, N);
  if (status != EXIT_DONE)
    return status;
  run->targets = run->count <= SIZE_MAX / N ? calloc(run->count * N, sizeof(double)) : NULL;
  if (run->targets == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu classes of %zu labels", run->count, N);
  ntk_classes_targets(run->Y, N, run->count, run->classes, run->targets);
  return EXIT_DONE;
}

static exit_status make_labels(void *what) {
  memorize_run *run = what;
  const exit_status status = make_targets(run);
  if (status != EXIT_DONE)
    return status;
  run->networks = calloc(run->count, sizeof(ntk_network *));
  run->results = calloc(run->count, sizeof *run->results);
  if (run->networks == NULL || run->results == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu networks", run->count);
  return EXIT_DONE;
}

static exit_status claim(const void *run) {
  return memorize_claim(run);
}

/* ---- After it -------------------------------------------------------------------------------- */

/* NaN loses against every number, and so must not come first. */
static double worse(double a, double b) {
  return isnan(a) || b > a ? b : a;
}

ntk_memorize_result memorize_overall(const memorize_run *run) {
  ntk_memorize_result all = run->results[0];
  for (size_t c = 1; c < run->count; c++) {
    const ntk_memorize_result *r = &run->results[c];
    if (all.reached && !r->reached) { /* the first reason is told */
      all.reached = false;
      memcpy(all.reason, r->reason, sizeof all.reason);
    }
    all.relative_error = worse(all.relative_error, r->relative_error);
    all.max_error = worse(all.max_error, r->max_error);
    all.rounding = worse(all.rounding, r->rounding);
    all.margin = fmin(all.margin, r->margin);
    all.separation = fmin(all.separation, r->separation);
    all.separation_bound = fmin(all.separation_bound, r->separation_bound);
    all.combination = fmin(all.combination, r->combination);
    all.support += r->support;
    all.steps += r->steps;
    all.t = fmin(all.t, r->t);
    all.corrections += r->corrections;
    all.seconds.solve += r->seconds.solve;
    all.seconds.evaluate += r->seconds.evaluate;
  }
  all.seconds.total = run->seconds;
  return all;
}

double memorize_absolute(const memorize_run *run, size_t c) {
  const size_t count = ntk_dataset_samples(run->job.data) * labels_outputs(&run->job);
  const double *Y = run->targets + c * count, relative = run->results[c].relative_error;
  double largest = 0, sum = 0;
  for (size_t i = 0; i < count; i++)
    largest = fmax(largest, fabs(Y[i]));
  if (!(largest > 0.0)) /* the error is not relative to labels 0 */
    return relative;
  for (size_t i = 0; i < count; i++)
    sum += (Y[i] / largest) * (Y[i] / largest);
  return relative * largest * sqrt(sum);
}

double memorize_absolute_worst(const memorize_run *run) {
  double all = memorize_absolute(run, 0);
  for (size_t c = 1; c < run->count; c++)
    all = worse(all, memorize_absolute(run, c));
  return all;
}

ntk_fit_error memorize_certificate(const memorize_run *run) {
  ntk_fit_error all = run->certificate[0];
  for (size_t c = 1; c < run->count; c++) {
    const ntk_fit_error *e = &run->certificate[c];
    all.relative = worse(all.relative, e->relative);
    all.largest = worse(all.largest, e->largest);
    all.rounding = worse(all.rounding, e->rounding);
    all.bound = worse(all.bound, e->bound);
    all.margin = fmin(all.margin, e->margin);
    all.margin_bound = fmin(all.margin_bound, e->margin_bound);
  }
  return all;
}

/* The errors of each output; where labels are all 0 the relative one is that of the difference. */
static exit_status find_outputs(memorize_run *run) {
  const size_t N = ntk_dataset_samples(run->job.data), n = labels_outputs(&run->job);
  double *F = calloc(N * n, sizeof *F);
  run->output = calloc(n, sizeof *run->output);
  exit_status status = EXIT_DONE;
  if (F == NULL || run->output == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for %zu outputs", n);
    status = EXIT_FAILED; /* said twice, for analysers */
  }
  if (status == EXIT_DONE)
    status = report_library(ntk_network_output(run->networks[0], run->job.data, F), NULL);
  for (size_t c = 0; c < n && status == EXIT_DONE; c++) {
    memorize_output *of = &run->output[c];
    double size = 0.0, off = 0.0; /* norms, by hypot: of huge labels they are doubles still */
    of->margin = run->options.margin > 0.0 ? INFINITY : NAN;
    for (size_t i = c; i < N * n; i += n) {
      size = hypot(size, run->Y[i]);
      off = hypot(off, F[i] - run->Y[i]);
      of->max_error = fmax(of->max_error, fabs(F[i] - run->Y[i]));
      if (run->options.margin > 0.0)
        of->margin = fmin(of->margin, F[i] * run->Y[i]);
    }
    of->relative_error = size > 0.0 ? off / size : off;
  }
  free(F);
  return status;
}

/* Samples that are put into their class. */
static exit_status find_accuracy(memorize_run *run) {
  const size_t N = ntk_dataset_samples(run->job.data), count = run->count;
  double *F = calloc(count * N, sizeof *F), *chosen = calloc(N, sizeof *chosen);
  exit_status status = EXIT_DONE;
  if (F == NULL || chosen == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for %zu outputs", N);
    status = EXIT_FAILED; /* said twice, for analysers */
  }
  for (size_t c = 0; c < count && status == EXIT_DONE; c++)
    status = report_library(ntk_network_output(run->networks[c], run->job.data, F + c * N), NULL);
  if (status == EXIT_DONE) {
    ntk_classes_choose(F, N, count, run->classes, chosen);
    for (size_t i = 0; i < N; i++)
      run->right += run->Y[i] == chosen[i];
    run->accuracy = (double)run->right / (double)N;
  }
  free(chosen);
  free(F);
  return status;
}

static exit_status present(memorize_run *run) {
  static const present_ways ways = {memorize_save, memorize_page, memorize_fields, memorize_print};
  const ntk_memorize_result all = memorize_overall(run);
  exit_status status = present_result(run->job.settings, &ways, run);
  if (status == EXIT_DONE && !all.reached)
    status = report_error(EXIT_FAILED, "not reached: %s", all.reason);
  return status;
}

/* To the library, classes are labels 1 and -1; the user knows them by their numbers. */
static exit_status report_computed(const memorize_run *run, ntk_status computed) {
  const ntk_error error = ntk_error_last();
  const size_t i = error.sample[0], j = error.sample[1];
  const double *class = run->classes != NULL ? run->Y : run->coded.label;
  char one[LABELS_CLASS], other[LABELS_CLASS];
  if (class != NULL && i != j)
    return report_error(EXIT_INPUT,
                        "samples %zu and %zu (from 1) are equal and of the classes %s and %s: no "
                        "weights fit both",
                        i + 1, j + 1, labels_class(&run->job.names, class[i], one),
                        labels_class(&run->job.names, class[j], other));
  return report_library(computed, error.option);
}

static exit_status compute(memorize_run *run) {
  cli_job *job = &run->job;
  const double start = progress_seconds();
  ntk_network *below = NULL;
  if (job->settings->load != NULL && job_make_network(job, &below) != EXIT_DONE)
    return EXIT_INPUT;
  run->options.below = below;
  if (!run->options.iterative && run->options.margin == 0.0)
    job_expect(job, &(ntk_plan_options){.question = "memorize", .memorize = run->options});
  const ntk_status computed = ntk_memorize(job->context, &job->spec, job->data, run->targets,
                                           run->count, &run->options, run->networks, run->results);
  ntk_network_destroy(below);
  if (computed != NTK_OK)
    return report_computed(run, computed);
  run->seconds = progress_seconds() - start;
  job->network = run->networks[0];
  job_warn(job, true);
  exit_status status = EXIT_DONE;
  if (labels_outputs(job) > 1)
    status = find_outputs(run);
  if (run->classes != NULL)
    status = find_accuracy(run);
  if (status == EXIT_DONE && run->coded.encoding != NULL) {
    status = labels_count_right(job, &run->coded);
    run->right = run->coded.right;
    run->accuracy = (double)run->right / (double)ntk_dataset_samples(job->data);
  }
  return status == EXIT_DONE ? present(run) : status;
}

static exit_status release(memorize_run *run, exit_status status) {
  for (size_t c = 1; c < run->count && run->networks != NULL; c++) /* the first is the job's */
    ntk_network_destroy(run->networks[c]);
  status = job_end(&run->job, status);
  if (run->targets != run->Y)
    free(run->targets);
  free(run->Y);
  free(run->classes);
  free(run->networks);
  free(run->results);
  free(run->certificate);
  free(run->output);
  labels_clear(&run->coded);
  return status;
}

exit_status command_memorize(const void *given) {
  const memorize_settings *settings = given;
  memorize_run run = {
      .settings = settings,
      .job = {.settings = &settings->common},
      .options = {.eps = settings->eps,
                  .absolute = settings->absolute,
                  .margin = settings->margin,
                  .iterative = settings->iterative,
                  .precision = settings->common.precision,
                  .seed = settings->common.seed},
      .accuracy = NAN,
  };
  const job_steps steps = {.begun = check_labels,
                           .memory = check_memory,
                           .labels = make_labels,
                           .no_network = true,
                           .claim = claim};
  exit_status status = settings->common.load == NULL ? check_drawn(settings) : EXIT_DONE;
  if (status == EXIT_DONE)
    status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE)
    status = compute(&run);
  return release(&run, status);
}
