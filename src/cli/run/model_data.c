/* Data for a saved network, scaled as its own data were: how, is never guessed. Rows that are in
 * the directory's X.npy, which holds these data as they were scaled, are not scaled again. */
#include "cli/run/job.h"
#include "cli/run/model.h"
#include "cli/run/saved.h"
#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- How the network's data were scaled ------------------------------------------------------ */

/* *name: of the scaling to be done. */
static exit_status find_scaling(const cli_model *model, const cli_settings *settings,
                                const char **name) {
  const char *saved = model_text(model, "data", "scale"), *given = settings->scale;
  *name = given != NULL ? given : saved;
  if (*name == NULL)
    return report_error(EXIT_INPUT,
                        "--scale is needed: %s has no result.json that says how the network's data "
                        "were scaled; expected none, center, standardize or sphere",
                        model->directory);
  if (given != NULL && saved != NULL && strcmp(given, saved) != 0 && strcmp(given, "none") != 0)
    return report_error(EXIT_INPUT,
                        "--scale: '%s', and the data of the network in %s had %s; expected that, "
                        "none (for rows that are scaled already), or nothing",
                        given, model->directory, saved);
  return EXIT_DONE;
}

/* What can be seen to be wrong with means and deviations in a file. */
static exit_status check_columns(const cli_model *model, const char *path) {
  const size_t d = ntk_dataset_dim(model->columns);
  if (ntk_dataset_samples(model->columns) != 2)
    return report_error(EXIT_INPUT, "--load: %s has %zu rows; expected 2: means and deviations",
                        path, ntk_dataset_samples(model->columns));
  const double *deviations = ntk_dataset_values(model->columns) + d;
  for (size_t j = 0; j < d && model->scaling == NTK_SCALE_CENTER; j++)
    if (deviations[j] != 1.0)
      return report_error(EXIT_INPUT,
                          "--load: %s has the deviation %g in column %zu (from 1), and scaling "
                          "center leaves them at 1: it is of another run",
                          path, deviations[j], j + 1);
  return EXIT_DONE;
}

static exit_status load_columns(cli_model *model) {
  char *path = saved_path(model->directory, "scaling.npy");
  if (path == NULL)
    return EXIT_FAILED;
  const ntk_status loaded =
      ntk_dataset_load(model->context, path, 0, ntk_network_width(model->networks[0], 0),
                       NTK_SCALE_NONE, &model->columns);
  const exit_status status =
      loaded == NTK_OK ? check_columns(model, path) : report_library(loaded, "load");
  free(path);
  return status;
}

static exit_status load_scaling(cli_model *model, const cli_settings *settings) {
  const char *name = NULL;
  const exit_status status = find_scaling(model, settings, &name);
  if (status != EXIT_DONE)
    return status;
  if (ntk_scaling_parse(name, &model->scaling) != NTK_OK)
    return report_error(EXIT_INPUT, "--load: %s/result.json: %s", model->directory,
                        ntk_error_message());
  return model->scaling == NTK_SCALE_CENTER || model->scaling == NTK_SCALE_STANDARDIZE
             ? load_columns(model)
             : EXIT_DONE;
}

/* ---- Scaling once ---------------------------------------------------------------------------- */

/* The data of a file in both ways, until it is known which is meant. */
typedef struct candidates {
  ntk_dataset *as_is, *scaled;
} candidates;

static exit_status apply_scaling(const cli_model *model, ntk_dataset *data) {
  const ntk_status status = ntk_dataset_apply_scaling(data, ntk_dataset_values(model->columns));
  if (status == NTK_ERR_ARGUMENT)
    return report_error(EXIT_INPUT, "--load: %s, scaling.npy: %s", model->directory,
                        ntk_error_message());
  return report_library(status, "data");
}

static void warn_constant(const cli_model *model, const cli_settings *settings) {
  const size_t d = ntk_dataset_dim(model->columns);
  size_t constant = 0;
  for (size_t j = 0; j < d; j++)
    constant += ntk_dataset_values(model->columns)[d + j] == 0.0;
  if (constant > 0)
    report_warning(settings,
                   "--data: %zu column%s of %zu, constant in the network's data, set to 0",
                   constant, constant == 1 ? "" : "s", d);
}

static exit_status scale(const cli_model *model, const cli_settings *settings, candidates *data) {
  const bool columns = model->columns != NULL;
  const ntk_status status =
      ntk_dataset_load(model->context, settings->data, ntk_dataset_samples(data->as_is), 0,
                       columns ? NTK_SCALE_NONE : model->scaling, &data->scaled);
  if (status != NTK_OK)
    return report_library(status, "data");
  return columns ? apply_scaling(model, data->scaled) : EXIT_DONE;
}

/* What rows are seen to be: scaled where a row stands in X.npy, and would not if it were scaled;
 * raw where it does not; either where it does both ways. Where scaling changes nothing, none. */
typedef struct census {
  size_t scaled, raw, either;
} census;

static exit_status count_rows(const candidates *data, const ntk_dataset *own, census *rows) {
  const size_t N = ntk_dataset_samples(data->as_is);
  size_t *at = calloc(2 * N, sizeof *at), *then = at + N;
  if (at == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu rows", N);
  ntk_status status = ntk_dataset_find_rows(data->as_is, own, at);
  if (status == NTK_OK)
    status = ntk_dataset_find_rows(data->scaled, own, then);
  *rows = (census){0};
  for (size_t i = 0; i < N && status == NTK_OK; i++) {
    rows->raw += at[i] == SIZE_MAX;
    rows->scaled += at[i] != SIZE_MAX && then[i] == SIZE_MAX;
    rows->either += at[i] != SIZE_MAX && then[i] != SIZE_MAX && at[i] != then[i];
  }
  free(at);
  return report_library(status, "data");
}

/* Against the directory's X.npy; without one all rows are new. */
static exit_status take_census(const cli_model *model, const candidates *data, census *rows) {
  ntk_dataset *own = NULL;
  *rows = (census){.raw = ntk_dataset_samples(data->as_is)};
  char *path = saved_path(model->directory, "X.npy");
  if (path == NULL)
    return EXIT_FAILED;
  exit_status status = EXIT_DONE;
  if (access(path, F_OK) == 0) {
    const ntk_status loaded = ntk_dataset_load(model->context, path, 0,
                                               ntk_dataset_dim(data->as_is), NTK_SCALE_NONE, &own);
    status = loaded == NTK_OK ? count_rows(data, own, rows) : report_library(loaded, "load");
  }
  ntk_dataset_destroy(own);
  free(path);
  return status;
}

static exit_status judge(const cli_model *model, const cli_settings *settings,
                         const candidates *data, bool *scaled) {
  const char *name = model_text(model, "data", "scale");
  census rows;
  exit_status status = take_census(model, data, &rows);
  if (status != EXIT_DONE)
    return status;
  *scaled = rows.raw == 0;
  if (rows.scaled > 0 && rows.raw > 0)
    status = report_error(
        EXIT_INPUT,
        "--data: %zu of the %zu rows of %s are in %s/X.npy and so scaled already, "
        "the others are not; expected rows of one kind, or --scale: %s scales "
        "them all, none takes them as they are",
        rows.scaled, ntk_dataset_samples(data->as_is), settings->data, model->directory, name);
  else if (rows.either > 0 && *scaled && rows.scaled == 0)
    status =
        report_error(EXIT_INPUT,
                     "--data: the rows of %s are in %s/X.npy both as they are and when scaled; "
                     "expected --scale: %s scales them, none takes them as they are",
                     settings->data, model->directory, name);
  else if (*scaled)
    report_note(settings, "--data: %s has samples of %s, which are scaled: not scaled again",
                settings->data, model->directory);
  else if (model->columns != NULL)
    report_note(settings,
                "--data: %s is scaled by the means and deviations of %s; --scale none takes what "
                "is scaled already as it is",
                settings->data, model->directory);
  return status;
}

/* ---- The data -------------------------------------------------------------------------------- */

/* By the file's header first: rows that do not fit, the network or the memory, are not read. */
static exit_status load_rows(const cli_model *model, const cli_settings *settings,
                             ntk_dataset **data) {
  const size_t width = ntk_network_width(model->networks[0], 0);
  size_t N = settings->samples, d = 0;
  const ntk_status status = ntk_dataset_shape(settings->data, &N, &d);
  if (status != NTK_OK)
    return report_library(status, "data");
  if (d != width)
    return report_error(EXIT_INPUT,
                        "--data: the rows of %s have %zu numbers, and the network in %s takes %zu",
                        settings->data, d, model->directory, width);
  const double copies = model->scaling == NTK_SCALE_NONE ? 1.0 : 2.0; /* as they are, and scaled */
  const double bytes = 8.0 * (double)N * (copies * (double)d + (double)model->count);
  const double available = (double)ntk_memory_available(model->context);
  if (bytes > available)
    return report_error(EXIT_INPUT,
                        "--data: %zu rows of %s need %.3g GB of memory, and %.3g GB are available; "
                        "expected fewer, by --samples",
                        N, settings->data, 1e-9 * bytes, 1e-9 * available);
  return report_library(
      ntk_dataset_load(model->context, settings->data, N, d, NTK_SCALE_NONE, data), "data");
}

static exit_status load_data(cli_model *model, const cli_settings *settings, ntk_dataset **data) {
  candidates found = {0};
  bool scaled = true;
  exit_status status = load_scaling(model, settings);
  if (status == EXIT_DONE)
    status = load_rows(model, settings, &found.as_is);
  if (status == EXIT_DONE && model->scaling != NTK_SCALE_NONE) {
    scaled = false;
    status = scale(model, settings, &found);
    if (status == EXIT_DONE && settings->scale == NULL)
      status = judge(model, settings, &found, &scaled);
  }
  if (status == EXIT_DONE && !scaled && model->columns != NULL)
    warn_constant(model, settings);
  *data = scaled ? found.as_is : found.scaled;
  ntk_dataset_destroy(scaled ? found.scaled : found.as_is);
  return status;
}

exit_status model_data(cli_model *model, const cli_settings *settings, ntk_dataset **data) {
  if (ntk_dataset_in_file(settings->data))
    return load_data(model, settings, data);
  if (settings->samples == 0 && strcmp(settings->data, "gaussian") == 0) /* as when not given */
    return report_error(EXIT_INPUT, "--data is needed: a .npy file with one sample a row (or "
                                    "--samples N, of drawn data)");
  if (settings->samples == 0)
    return report_error(EXIT_INPUT, "--samples is needed with --data %s: a whole number from 1",
                        settings->data);
  const ntk_status status =
      ntk_dataset_generate(model->context, settings->data, settings->samples,
                           ntk_network_width(model->networks[0], 0), settings->seed, data);
  return report_library(status, "data");
}
