#include "cli/run/job.h"

#include "cli/run/sha256.h"
#include "cli/shell/meeting.h"
#include "cli/shell/options.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The initialisation (18), which alone has a gamma. */
static const char ANTISYMMETRIC[] = "antisymmetric";

/* --label-column is of the file of --labels where that is another one. */
static bool column_in_data(const cli_settings *settings) {
  return settings->labels == NULL || !ntk_labels_in_file(settings->labels) ||
         (settings->data != NULL && strcmp(settings->labels, settings->data) == 0);
}

ntk_rows job_rows(const cli_settings *settings) {
  return (ntk_rows){.label_column = column_in_data(settings) ? settings->label_column : NULL,
                    .skip = (size_t)settings->skip,
                    .count = settings->samples,
                    .limit = settings->limit,
                    .subsample = settings->subsample,
                    .hold_out = settings->hold_out,
                    .shuffle = settings->shuffle,
                    .seed = settings->seed};
}

const char *job_rows_option(const cli_settings *settings) {
  return job_rows(settings).label_column != NULL ? "label-column"
         : settings->skip > 0                    ? "skip"
         : settings->limit > 0                   ? "limit"
         : settings->subsample > 0               ? "subsample"
         : settings->shuffle                     ? "shuffle"
                                                 : NULL;
}

exit_status job_check_drawn(const cli_settings *settings) {
  const char *option = job_rows_option(settings);
  if (option == NULL)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--%s: is for files only; %s data are drawn, as many as "
                      "--samples says",
                      option, settings->data);
}

static exit_status check_data(const cli_settings *settings, bool from_file) {
  if (from_file)
    return EXIT_DONE;
  if (settings->samples == 0)
    return report_error(EXIT_INPUT, "--samples is needed with --data %s: a whole number from 1",
                        settings->data);
  if (settings->dim == 0 && settings->load == NULL)
    return report_error(EXIT_INPUT, "--dim is needed with --data %s: a whole number from 1",
                        settings->data);
  if (strcmp(settings->scale, "none") != 0)
    return report_error(EXIT_INPUT,
                        "--scale: '%s' is for files only; %s data have mean 0 and variance 1 by "
                        "themselves",
                        settings->scale, settings->data);
  return job_check_drawn(settings);
}

static exit_status check_beta(const cli_settings *settings) {
  if (settings->load != NULL)
    return EXIT_DONE;
  const size_t depth = settings->widths.count + 1, count = settings->beta.count;
  if (count == 1 || count == depth)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--beta: %zu values for a network of depth L = %zu; expected 1, or %zu: "
                      "b_1,...,b_L",
                      count, depth, depth);
}

static exit_status check_activation(const cli_settings *settings) {
  ntk_activation_info first;
  return report_library(ntk_activation_of(settings->activation, settings->widths.count, 1, &first),
                        "activation");
}

static exit_status check_gamma(const cli_settings *settings) {
  if (settings->load != NULL)
    return EXIT_DONE;
  if (settings->gamma > 0 && strcmp(settings->init, ANTISYMMETRIC) != 0)
    return report_error(EXIT_INPUT,
                        "--gamma needs --init %s; of --init %s, --beta scales the weights",
                        ANTISYMMETRIC, settings->init);
  return EXIT_DONE;
}

static exit_status make_spec(cli_job *job) {
  const cli_settings *settings = job->settings;
  const size_t depth = settings->widths.count + 1;
  job->width = calloc(depth, sizeof *job->width);
  job->beta = calloc(depth, sizeof *job->beta);
  job->bias = calloc(depth, sizeof *job->bias);
  if (job->width == NULL || job->beta == NULL || job->bias == NULL)
    return report_error(EXIT_FAILED, "no memory for a network of depth %zu", depth);
  job->width[0] = settings->dim;
  memcpy(job->width + 1, settings->widths.values, (depth - 1) * sizeof *job->width);
  for (size_t l = 0; l < depth; l++)
    job->beta[l] = settings->beta.values[settings->beta.count == 1 ? 0 : l];
  for (size_t l = 0; l < depth; l++)
    job->bias[l] = settings->bias != NULL;
  job->spec = (ntk_network_spec){
      .depth = depth,
      .width = job->width,
      .activation = settings->activation,
      .init = settings->init,
      .beta = job->beta,
      .seed = settings->seed,
      .outputs = settings->outputs,
      .bias = settings->bias != NULL ? job->bias : NULL,
      .bias_deviation = settings->bias != NULL ? strtod(settings->bias, NULL) : 0.0,
      .parameterization = settings->parameterization,
  };
  return EXIT_DONE;
}

/* Of the first layer that there is something to say of. */
static void warn_activation(const cli_job *job) {
  const size_t layers = job->spec.depth - 1;
  for (size_t l = 1; l <= layers; l++) {
    ntk_activation_info phi = {.nonlinear = true};
    (void)ntk_activation_of(job->spec.activation, layers, l, &phi); /* checked */
    if (phi.nonlinear && isfinite(phi.lipschitz) && isfinite(phi.lipschitz_grad))
      continue;
    report_warning(job->settings,
                   "activation %s %s: outside Assumption 2.3, Theorem 3.1 does not cover it",
                   phi.name,
                   !phi.nonlinear         ? "is linear"
                   : isinf(phi.lipschitz) ? "is not Lipschitz (M infinite)"
                                          : "has a derivative that is not Lipschitz (M' infinite)");
    return;
  }
}

exit_status job_context(const cli_settings *settings, ntk_context **context) {
  const ntk_context_options options = {
      .threads = settings->threads,
      .memory_limit = settings->memory,
      .backend = ranks_backend(),
      .progress = progress_report,
  };
  const exit_status met = meeting_end(EXIT_DONE);
  if (met != EXIT_DONE)
    return met;
  const ntk_status status = ntk_context_create(&options, context);
  if (status != NTK_OK)
    return report_library(status, status == NTK_ERR_ARGUMENT ? "threads" : NULL);
  progress_start(settings->quiet);
  return EXIT_DONE;
}

const char *job_inside(const cli_settings *settings) {
  ntk_array_info info = {0};
  if (!ntk_dataset_in_file(settings->data))
    return NULL;
  if (settings->label_column != NULL) /* a file that cannot be read is refused later */
    return settings->data;
  return ntk_array_shape(settings->data, &info) == NTK_OK && info.labels ? settings->data : NULL;
}

/* What stands for --labels when it is not given. */
static const char *usual_labels(const cli_settings *settings) {
  const char *inside = job_inside(settings);
  return inside != NULL ? inside : "gaussian";
}

/* Checks what must agree, makes the context and the spec (d is 0 until a file is looked at). */
static exit_status begin(const cli_settings *settings, cli_job *job) {
  *job = (cli_job){.settings = settings, .from_file = ntk_dataset_in_file(settings->data)};
  exit_status status = check_data(settings, job->from_file);
  if (status == EXIT_DONE)
    status = check_beta(settings);
  if (status == EXIT_DONE)
    status = check_activation(settings);
  if (status == EXIT_DONE)
    status = check_gamma(settings);
  if (status == EXIT_DONE && settings->load == NULL)
    status = make_spec(job);
  if (status == EXIT_DONE)
    status = job_context(settings, &job->context);
  if (status == EXIT_DONE && settings->load != NULL)
    status = job_load(job);
  return status;
}

static exit_status note_file(cli_job *job, const char *path) {
  char hash[SHA256_TEXT];
  if (!sha256_file(path, hash))
    return report_error(EXIT_INPUT, "%s cannot be read to its end", path);
  json_t *input = json_object();
  json_put(&input, "path", json_text(path));
  json_put(&input, "sha256", json_text(hash));
  if (job->inputs == NULL)
    job->inputs = json_array();
  if (json_array_append_new(job->inputs, input) == 0)
    return EXIT_DONE;
  return report_error(EXIT_FAILED, "no memory for the list of files that are read");
}

/* Each file of a list with commas. */
static exit_status note_list(cli_job *job, const char *list) {
  exit_status status = EXIT_DONE;
  for (const char *c = list; status == EXIT_DONE && *c != '\0'; c += *c == ',') {
    char *name = strndup(c, strcspn(c, ","));
    status = name != NULL ? note_file(job, name)
                          : report_error(EXIT_FAILED, "no memory for the name of a file");
    free(name);
    c += strcspn(c, ",");
  }
  return status;
}

exit_status job_note_input(cli_job *job, const char *path) {
  if (!ranks_speaks() || (!job->settings->json && job->settings->save == NULL))
    return EXIT_DONE;
  return strchr(path, ',') != NULL && access(path, F_OK) != 0 ? note_list(job, path)
                                                              : note_file(job, path);
}

exit_status job_refuse_width(const cli_settings *settings, size_t d, size_t width) {
  const bool one_more = d == width + 1 && settings->label_column == NULL;
  return report_error(EXIT_INPUT,
                      "--data: the rows of %s have %zu numbers, and the network in %s takes %zu%s",
                      settings->data, d, settings->load, width,
                      one_more ? "; --label-column leaves a column of labels out" : "");
}

/* N and d, of a file by its header alone, and what depends on them: gamma. */
static exit_status find_sizes(cli_job *job) {
  const cli_settings *settings = job->settings;
  job->N = settings->samples;
  if (job->from_file) {
    const ntk_rows rows = job_rows(settings);
    size_t d = settings->dim;
    const ntk_status status = ntk_dataset_select_shape(settings->data, &rows, &job->N, &d);
    if (status != NTK_OK)
      return report_fault(status, "data");
    if (settings->load != NULL && d != job->width[0])
      return job_refuse_width(settings, d, job->width[0]);
    job->width[0] = d;
  }
  if (settings->load == NULL && strcmp(settings->init, ANTISYMMETRIC) == 0) {
    const double d = (double)job->width[0], N = (double)job->N;
    job->spec.gamma = settings->gamma > 0 ? settings->gamma : d * d * d * N * N; /* Theorem 4.2 */
  }
  return EXIT_DONE;
}

/* Draws or loads the data, of the sizes found. */
static exit_status make_data(cli_job *job) {
  const cli_settings *settings = job->settings;
  const ntk_rows rows = job_rows(settings);
  ntk_scaling scaling = NTK_SCALE_NONE;
  ntk_status status = ntk_scaling_parse(settings->scale, &scaling);
  if (status != NTK_OK)
    return report_library(status, "scale");
  status = job->from_file ? ntk_dataset_select(job->context, settings->data, &rows, job->width[0],
                                               scaling, &job->data)
                          : ntk_dataset_generate(job->context, settings->data, job->N,
                                                 job->width[0], settings->seed, &job->data);
  if (status != NTK_OK)
    return report_library(status, "data");
  return job->from_file ? job_note_input(job, settings->data) : EXIT_DONE;
}

/* A column of labels that nobody has named. */
static void note_labels(const cli_job *job) {
  const char *like = ntk_dataset_label_like(job->data);
  if (like[0] != '\0' && column_in_data(job->settings))
    report_note(job->settings,
                "--data: column '%s' is taken as data, though it is called as labels are; "
                "--label-column %s takes it for these",
                like, like);
}

void job_warn(const cli_job *job, bool theory) {
  if (theory)
    warn_activation(job);
  note_labels(job);
  const size_t constant = ntk_dataset_constant_columns(job->data);
  if (constant > 0)
    report_warning(job->settings, "--scale: %zu constant column%s of %zu set to 0", constant,
                   constant == 1 ? "" : "s", job->width[0]);
}

static exit_status draw_weights(cli_job *job, bool theory) {
  const exit_status status = job_make_network(job, &job->network);
  if (status != EXIT_DONE)
    return status;
  job->spec.activation = ntk_network_activation(job->network, 0);
  job_warn(job, theory);
  return EXIT_DONE;
}

exit_status job_prepare(cli_job *job, const job_steps *steps, void *run) {
  const cli_settings *settings = job->settings;
  exit_status status = begin(settings, job);
  if (status == EXIT_DONE && ranks_speaks())
    status = page_check(settings, steps->other);
  if (status == EXIT_DONE && steps->labels != NULL)
    job->labels = settings->labels != NULL ? settings->labels : usual_labels(settings);
  if (status == EXIT_DONE && steps->begun != NULL)
    status = steps->begun(run);
  if (status == EXIT_DONE)
    status = find_sizes(job);
  if (status == EXIT_DONE)
    status = steps->memory(run, job->N);
  if (steps->sizes_only)
    return status;
  if (status == EXIT_DONE)
    status = make_data(job);
  const size_t outputs = job->spec.outputs;
  if (status == EXIT_DONE && steps->labels != NULL)
    status = steps->labels(run);
  if (status == EXIT_DONE && job->spec.outputs != outputs) /* as many as there are classes */
    status = steps->memory(run, job->N);
  if (status == EXIT_DONE && !steps->no_network)
    status = draw_weights(job, !steps->no_theorem);
  if (status == EXIT_DONE)
    status = saved_open(settings, job->context, &job->folder);
  if (status == EXIT_DONE && settings->save != NULL)
    status = steps->claim(run);
  return status;
}

void job_expect(const cli_job *job, const ntk_plan_options *options) {
  static const double WORTH_MEASURING = 2e12; /* flops: beside so many a calibration is short */
  ntk_plan_options o = *options;
  o.calibration = NTK_CALIBRATE_KEPT;
  for (int try = 0; try < 2 && progress_wanted(); try++) {
    ntk_plan plan = {0};
    if (ntk_plan_make(job->context, &job->spec, job->N, &o, &plan) != NTK_OK)
      return;
    const ntk_plan_method *m = plan.method; /* what is going to be done */
    for (size_t i = 0; i < plan.methods && plan.chosen != NULL; i++)
      m = strcmp(plan.method[i].name, plan.chosen) == 0 ? &plan.method[i] : m;
    progress_expect(m->phase, isnan(m->seconds) || !m->fits ? 0 : m->phases);
    const bool again = isnan(m->seconds) && m->flops > WORTH_MEASURING;
    ntk_plan_clear(&plan);
    o.calibration = NTK_CALIBRATE;
    if (!again)
      return;
  }
}

exit_status job_fits(const cli_job *job, const ntk_network_spec *spec, ntk_status status,
                     const ntk_plan_options *options) {
  ntk_plan_options o = *options;
  ntk_plan plan = {0};
  char why[500], fits[64] = "no N fits";
  if (status != NTK_ERR_MEMORY)
    return report_library(status, ntk_error_last().option);
  snprintf(why, sizeof why, "%s", ntk_error_message());
  o.calibration = NTK_CALIBRATE_KEPT;
  const bool told = ntk_plan_make(job->context, spec, job->N, &o, &plan) == NTK_OK;
  const bool counted = told && plan.chosen == NULL; /* else it is beyond what the plan counts */
  size_t largest = 0;
  for (size_t i = 0; i < plan.methods && counted; i++)
    largest = plan.method[i].largest > largest ? plan.method[i].largest : largest;
  if (largest > 0)
    snprintf(fits, sizeof fits, "the largest N that fits is %zu", largest);
  const exit_status refused =
      counted && plan.ranks > 1 /* of which the library's line says what each needs and has */
          ? report_error(EXIT_INPUT, "%s; %s", why, fits)
          : report_error(EXIT_INPUT, "%s", counted ? plan.reason : why);
  ntk_plan_clear(&plan);
  return refused;
}

exit_status job_end(cli_job *job, exit_status status) {
  progress_clear();
  status = report_agreed(job->context, status);
  progress_over();
  saved_close(&job->folder);
  ntk_network_destroy(job->network);
  ntk_weights_clear(&job->weights);
  ntk_dataset_destroy(job->data);
  ntk_context_destroy(job->context);
  free(job->width);
  free(job->beta);
  free(job->bias);
  json_decref(job->inputs);
  ntk_class_names_clear(&job->names);
  *job = (cli_job){0};
  return status;
}
