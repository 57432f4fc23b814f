/* ntkit train. Everything that can be refused is refused before anything large is allocated and
 * before anything is written. What an earlier run saved is replaced only by a run that came to an
 * end: an interrupted one leaves its checkpoint, a diverged one nothing. */
#include "cli/train/train.h"

#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/page.h"
#include "cli/show/present.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Progress -------------------------------------------------------------------------------- */

/* An ntk_train_progress_fn. */
static bool report(const ntk_train_progress *p, void *user) {
  train_run *run = user;
  run->epoch = p->epoch;
  run->loss = p->loss;
  run->stopped = progress_interrupted();
  if (run->stopped)
    return false;
  char text[160], rate[48] = "", left[32];
  if (!isnan(p->rate))
    snprintf(rate, sizeof rate, ", x %.6g an epoch", p->rate);
  progress_duration(p->left, sizeof left, left);
  snprintf(text, sizeof text, "epoch %zu of %zu, loss %.3e%s, at most %s left", p->epoch, p->epochs,
           p->loss, rate, left);
  progress_line(text);
  return true;
}

/* ---- Before the computation ------------------------------------------------------------------ */

static bool split_is_name(const char *text) {
  size_t count = 0;
  const ntk_name_info *list = ntk_split_list(&count);
  for (size_t i = 0; text != NULL && i < count; i++)
    if (strcmp(list[i].name, text) == 0)
      return true;
  return false;
}

static exit_status make_options(void *what) {
  train_run *run = what;
  const train_settings *settings = run->settings;
  if (settings->checkpoint != NULL || settings->common.save != NULL) {
    run->checkpoint = settings->checkpoint != NULL
                          ? strdup(settings->checkpoint)
                          : saved_path(settings->common.save, "checkpoint.ntk");
    if (run->checkpoint == NULL)
      return report_error(EXIT_FAILED, "no memory for the checkpoint's name");
    progress_keep(run->checkpoint);
  }
  run->options = (ntk_train_options){
      .optimizer = settings->optimizer,
      .loss = settings->loss,
      .lr = settings->lr.value,
      .lr_rule = settings->lr.name,
      .momentum = settings->momentum,
      .precision = settings->common.precision,
      .kernel_precision = settings->kernel_precision,
      .epochs = settings->epochs,
      .target = settings->target,
      .margin = settings->margin,
      .plateau = settings->plateau,
      .batch = settings->batch,
      .clients = settings->clients,
      .local_steps = settings->local_steps,
      .client_weights = settings->client_weights,
      .split = split_is_name(settings->split) ? settings->split : NULL,
      .seconds = settings->seconds,
      .track_epochs = settings->track,
      .track_weights = settings->save_track != NULL,
      .question = settings->question,
      .checkpoint = run->checkpoint,
      .progress = report,
      .progress_user = run,
      .seed = settings->common.seed,
  };
  const char *member = NULL;
  const ntk_status status = ntk_train_options_check(&run->options, &member);
  return report_library(status, member);
}

static exit_status check_memory(const void *what, size_t N) {
  const train_run *run = what;
  size_t bytes = 0;
  const ntk_network_spec *spec = &run->job.spec;
  return job_fits(&run->job, spec,
                  ntk_train_memory(run->job.context, spec, N, &run->options, &bytes),
                  &(ntk_plan_options){.question = "train", .train = run->options});
}

static const char *split_name(size_t i) {
  size_t count;
  const ntk_name_info *info = ntk_split_list(&count);
  return i < count ? info[i].name : NULL;
}

/* The line for what is neither a name nor a file. */
static exit_status refuse_split(const char *text) {
  const char *nearest = report_nearest(text, split_name);
  char known[128];
  report_names(split_name, sizeof known, known);
  return report_error(EXIT_INPUT,
                      "--split: '%.200s' is not known, and no such file is there%s%s%s known: %s, "
                      "or a file of N numbers from 0 to C - 1",
                      text, nearest != NULL ? "; did you mean '" : "",
                      nearest != NULL ? nearest : "", nearest != NULL ? "'?" : ";", known);
}

/* Whose the samples are, where a file of N numbers says so. */
static exit_status load_split(train_run *run) {
  const char *path = run->settings->split;
  if (path == NULL || split_is_name(path))
    return EXIT_DONE;
  if (access(path, F_OK) != 0)
    return refuse_split(path);
  run->client = calloc(ntk_dataset_samples(run->job.data), sizeof *run->client);
  if (run->client == NULL)
    return report_error(EXIT_FAILED, "no memory for the split");
  run->options.client = run->client;
  const ntk_status loaded = ntk_labels_load(run->job.context, path, run->job.data, run->client);
  return loaded == NTK_OK ? job_note_input(&run->job, path) : report_library(loaded, "split");
}

static exit_status check_margin(const train_run *run) {
  const train_settings *settings = run->settings;
  if (settings->margin == 0.0)
    return EXIT_DONE;
  if (settings->classes != NULL && strcmp(settings->classes, "one-hot") == 0)
    return report_error(EXIT_INPUT, "--margin takes labels 1 and -1; expected --classes signs");
  return labels_check_margin(&run->job);
}

static exit_status make_labels(void *what) {
  train_run *run = what;
  if (check_margin(run) != EXIT_DONE)
    return EXIT_INPUT;
  const exit_status split = load_split(run);
  if (split != EXIT_DONE)
    return split;
  if (run->settings->classes != NULL)
    return labels_encode(&run->job, run->settings->classes, &run->classes, &run->Y);
  const exit_status status = labels_make(&run->job, true, &run->Y);
  if (status != EXIT_DONE || run->job.names.count == 0)
    return status;
  return report_error(EXIT_INPUT,
                      "--labels: those of %s are words, the names of %zu classes; --classes fits "
                      "them",
                      run->job.labels, run->job.names.count);
}

static exit_status claim(const void *run) {
  return train_claim(run);
}

/* ---- After it -------------------------------------------------------------------------------- */

/* Programs get the object all the same, and readers the page: they say what would have been stable.
 */
static exit_status diverged(const train_run *run) {
  if (!progress_settle())
    return EXIT_INTERRUPTED;
  if (run->job.settings->json)
    (void)json_print(view_object(train_fields, run), EXIT_DONE);
  if (run->job.settings->report != NULL && ranks_speaks())
    (void)page_save(run->job.settings, train_page, run);
  return report_error(EXIT_FAILED, "--lr: diverged: %s; nothing was saved", run->result.reason);
}

/* While the kernel is measured nobody tells of epochs: the last one told of may be some ago. */
static exit_status interrupted(const train_run *run) {
  char done[96] = "";
  if (run->stopped)
    snprintf(done, sizeof done, " at epoch %zu, loss %.6g", run->epoch, run->loss);
  else if (run->epoch > 0)
    snprintf(done, sizeof done, " past epoch %zu", run->epoch);
  if (run->checkpoint == NULL)
    return report_error(EXIT_INTERRUPTED,
                        "interrupted%s; nothing was saved: with --checkpoint FILE the same command "
                        "could go on from there",
                        done);
  if (access(run->checkpoint, F_OK) != 0)
    return report_error(EXIT_INTERRUPTED, "interrupted%s, before the first checkpoint", done);
  return report_error(EXIT_INTERRUPTED, "interrupted%s; the same command goes on from there, by %s",
                      done, run->checkpoint);
}

/* NULL: what failed is no option's. */
static const char *option_at_fault(const train_run *run) {
  const char *option = ntk_error_last().option;
  const bool file = option != NULL && strcmp(option, "checkpoint") == 0;
  return file && run->settings->checkpoint == NULL ? "save" : option;
}

static exit_status compute(train_run *run) {
  static const present_ways ways = {train_save, train_page, train_fields, train_print};
  ntk_train_result *result = &run->result;
  const ntk_train_options *o = &run->options;
  job_expect(&run->job, &(ntk_plan_options){.question = "train", .train = *o});
  const ntk_status computed =
      ntk_train(run->job.context, run->job.network, run->job.data, run->Y, &run->options, result);
  if (computed == NTK_ERR_CANCELLED)
    return interrupted(run);
  if (computed != NTK_OK)
    return report_library(computed, option_at_fault(run));
  exit_status status =
      run->classes.encoding != NULL ? labels_count_right(&run->job, &run->classes) : EXIT_DONE;
  if (status == EXIT_DONE)
    status = result->stopped == NTK_STOP_DIVERGED ? diverged(run)
                                                  : present_result(run->job.settings, &ways, run);
  const double wanted = run->options.seconds;
  if (wanted > 0.0 && result->seconds > 1.05 * wanted + 0.1)
    report_warning(run->job.settings,
                   "--time %g: it took %.3g s: what comes before the first step, and a step that "
                   "has begun, go to their end",
                   wanted, result->seconds);
  if (status == EXIT_DONE && result->unsaved[0] != '\0')
    status =
        report_error(EXIT_FAILED, "the last checkpoint could not be written: %s", result->unsaved);
  ntk_train_clear(result);
  return status;
}

exit_status command_train(const void *given) {
  const train_settings *settings = given;
  train_run run = {.settings = settings, .job = {.settings = &settings->common}};
  const job_steps steps = {.begun = make_options,
                           .memory = check_memory,
                           .labels = make_labels,
                           .claim = claim,
                           .other = settings->checkpoint};
  exit_status status = EXIT_DONE;
  if (settings->plot && settings->common.save == NULL)
    status = report_error(EXIT_INPUT, "--plot needs --save DIR, the directory to draw into");
  if (settings->save_track != NULL && (settings->common.save == NULL || settings->track == NULL))
    status = report_error(EXIT_INPUT, "--save-track needs --save DIR, the directory to write into, "
                                      "and --track, which epochs");
  const char *of_clients = settings->split != NULL            ? "split"
                           : settings->client_weights != NULL ? "client-weights"
                           : settings->local_steps > 0        ? "local-steps"
                                                              : NULL;
  if (settings->clients == 0 && of_clients != NULL)
    status = report_error(EXIT_INPUT, "--%s needs --clients C, how many there are", of_clients);
  if (status == EXIT_DONE)
    status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE) {
    train_warn(&run);
    status = compute(&run);
  }
  status = job_end(&run.job, status);
  free(run.Y);
  free(run.client);
  labels_clear(&run.classes);
  progress_keep(NULL);
  free(run.checkpoint);
  return status;
}
