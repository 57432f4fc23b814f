/* Data for a saved network, scaled as its own data were: how, is never guessed. Rows that are in
 * the folder's X.npy, which holds these data as they were scaled, are not scaled again. */
#include "base/memory.h"
#include "data/dataset.h"
#include "io/folder.h"
#include "io/model.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- How the network's data were scaled ------------------------------------------------------ */

static ntk_status find_scaling(const ntk_model *model, const char *given, ntk_scaling *scaling) {
  const char *saved = model->scaling, *directory = model->folder->directory;
  if (given == NULL && saved == NULL)
    return ntk_fail_about(ntk_fail(NTK_ERR_ARGUMENT,
                                   "the scaling must be given: %s has no result.json that says how "
                                   "the network's data were "
                                   "scaled; expected none, center, standardize or sphere",
                                   directory),
                          (ntk_error){.option = "scale"});
  if (given != NULL && saved != NULL && strcmp(given, saved) != 0 && strcmp(given, "none") != 0)
    return ntk_fail_about(
        ntk_fail(NTK_ERR_ARGUMENT,
                 "'%s', and the data of the network in %s had %s; expected that, none (for "
                 "rows that are scaled already), or nothing",
                 given, directory, saved),
        (ntk_error){.option = "scale"});
  if (ntk_scaling_parse(given != NULL ? given : saved, scaling) == NTK_OK)
    return NTK_OK;
  char why[256];
  snprintf(why, sizeof why, "%s", ntk_error_message());
  return ntk_fail(NTK_ERR_FORMAT, "%s/result.json: %s", directory, why);
}

/* What can be seen to be wrong with means and deviations. */
static ntk_status check_means(const ntk_model *model, ntk_scaling scaling) {
  const char *directory = model->folder->directory;
  if (scaling != NTK_SCALE_CENTER && scaling != NTK_SCALE_STANDARDIZE)
    return NTK_OK;
  if (model->folder->means == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s/scaling.npy cannot be read: there is none", directory);
  const size_t d = ntk_dataset_dim(model->folder->means);
  const double *deviations = ntk_dataset_values(model->folder->means) + d;
  for (size_t j = 0; j < d && scaling == NTK_SCALE_CENTER; j++)
    if (deviations[j] != 1.0)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s/scaling.npy has the deviation %g in column %zu (from 1), and scaling "
                      "center leaves them at 1: it is of another run",
                      directory, deviations[j], j + 1);
  return NTK_OK;
}

/* ---- Scaling once ---------------------------------------------------------------------------- */

static ntk_status scale(const ntk_model *model, ntk_scaling scaling, ntk_dataset *data) {
  if (scaling == NTK_SCALE_SPHERE)
    return ntk_fail_about(ntk_dataset_scale(data, scaling, "the data"),
                          (ntk_error){.option = "data"});
  const ntk_status status =
      ntk_dataset_apply_scaling(data, ntk_dataset_values(model->folder->means));
  if (status != NTK_ERR_ARGUMENT)
    return ntk_fail_about(status, (ntk_error){.option = "data"});
  char why[256];
  snprintf(why, sizeof why, "%s", ntk_error_message());
  return ntk_fail(NTK_ERR_FORMAT, "%s/scaling.npy: %s", model->folder->directory, why);
}

/* What rows are seen to be: scaled where a row stands in X.npy, and would not if it were scaled;
 * raw where it does not; either where it does both ways. Where scaling changes nothing, none. */
typedef struct census {
  size_t scaled, raw, either;
} census;

static ntk_status count_rows(const ntk_dataset *rows, const ntk_dataset *scaled,
                             const ntk_dataset *own, census *found) {
  const size_t N = ntk_dataset_samples(rows);
  size_t *at = calloc(N, 2 * sizeof *at);
  if (at == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu rows", N);
  size_t *then = at + N;
  ntk_status status = ntk_dataset_find_rows(rows, own, at);
  if (status == NTK_OK)
    status = ntk_dataset_find_rows(scaled, own, then);
  *found = (census){0};
  for (size_t i = 0; i < N && status == NTK_OK; i++) {
    found->raw += at[i] == SIZE_MAX;
    found->scaled += at[i] != SIZE_MAX && then[i] == SIZE_MAX;
    found->either += at[i] != SIZE_MAX && then[i] != SIZE_MAX && at[i] != then[i];
  }
  free(at);
  return status;
}

/* Against the folder's X.npy; without one all rows are new. */
static ntk_status take_census(const ntk_model *model, const ntk_dataset *rows,
                              const ntk_dataset *scaled, census *found) {
  ntk_dataset *own = NULL;
  char *path = NULL;
  *found = (census){.raw = ntk_dataset_samples(rows)};
  NTK_TRY(ntk_folder_path(model->folder->directory, "X.npy", &path));
  ntk_status status = NTK_OK;
  if (access(path, F_OK) == 0) {
    status = ntk_dataset_load(model->folder->context, path, 0, ntk_dataset_dim(rows),
                              NTK_SCALE_NONE, &own);
    if (status == NTK_OK)
      status = count_rows(rows, scaled, own, found);
  }
  ntk_dataset_destroy(own);
  free(path);
  return status;
}

/* *own: the rows are of X.npy, as they are. */
static ntk_status judge(const ntk_model *model, const ntk_dataset *rows, const ntk_dataset *scaled,
                        bool *own) {
  const char *directory = model->folder->directory;
  census found;
  NTK_TRY(take_census(model, rows, scaled, &found));
  *own = found.raw == 0;
  if (found.scaled > 0 && found.raw > 0)
    return ntk_fail_about(
        ntk_fail(NTK_ERR_ARGUMENT,
                 "%zu of the %zu rows are in %s/X.npy and so scaled already, the others "
                 "are not; expected rows of one kind, or --scale: %s scales them all, none "
                 "takes them as they are",
                 found.scaled, ntk_dataset_samples(rows), directory, model->scaling),
        (ntk_error){.option = "data"});
  if (found.either > 0 && *own && found.scaled == 0)
    return ntk_fail_about(
        ntk_fail(NTK_ERR_ARGUMENT,
                 "the rows are in %s/X.npy both as they are and when scaled; expected "
                 "--scale: %s scales them, none takes them as they are",
                 directory, model->scaling),
        (ntk_error){.option = "data"});
  return NTK_OK;
}

/* What was subtracted and divided by is the rows' own from now on, as of ntk_dataset_scale. */
static ntk_status keep_means(const ntk_model *model, ntk_dataset *made) {
  const size_t d = ntk_dataset_dim(made);
  NTK_TRY(ntk_alloc_doubles(made->context, 2 * d, "column means", &made->columns));
  memcpy(made->columns, ntk_dataset_values(model->folder->means), 2 * d * sizeof(double));
  return NTK_OK;
}

static size_t count_constant(const ntk_dataset *means) {
  const size_t d = ntk_dataset_dim(means);
  size_t constant = 0;
  for (size_t j = 0; j < d; j++)
    constant += ntk_dataset_values(means)[d + j] == 0.0;
  return constant;
}

ntk_status ntk_model_scale(const ntk_model *model, const ntk_dataset *rows, const char *scaling,
                           ntk_dataset **scaled, ntk_model_scaling *done) {
  const size_t N = ntk_dataset_samples(rows), d = ntk_dataset_dim(rows);
  ntk_scaling how = NTK_SCALE_NONE;
  ntk_dataset *made = NULL;
  ntk_model_scaling what = {0};
  const ntk_held held = ntk_dataset_held(rows);
  NTK_TRY(ntk_held_whole(&held, "a network's own scaling"));
  NTK_TRY(find_scaling(model, scaling, &how));
  NTK_TRY(check_means(model, how));
  if (how == NTK_SCALE_NONE) {
    *scaled = NULL;
    *done = what;
    return NTK_OK;
  }
  NTK_TRY(ntk_dataset_from_array(model->folder->context, ntk_dataset_values(rows), N, d, &made));
  made->file_rows = rows->file_rows; /* labels are still those of these rows */
  made->rows = rows->rows;
  made->names = rows->names;
  memcpy(made->like, rows->like, sizeof made->like);
  ntk_status status = scale(model, how, made);
  if (status == NTK_OK && scaling == NULL)
    status = judge(model, rows, made, &what.own);
  what.by_means = !what.own && how != NTK_SCALE_SPHERE;
  if (status == NTK_OK && what.by_means)
    status = keep_means(model, made);
  if (status != NTK_OK || what.own) {
    ntk_dataset_destroy(made);
    made = NULL;
  }
  if (status != NTK_OK)
    return status;
  what.constant = what.by_means ? count_constant(model->folder->means) : 0;
  *scaled = made;
  *done = what;
  return NTK_OK;
}

/* ---- Outputs --------------------------------------------------------------------------------- */

ntk_status ntk_model_predict(const ntk_model *model, const ntk_dataset *data, double *outputs,
                             double *chosen) {
  const size_t N = ntk_dataset_samples(data), n = ntk_model_outputs(model);
  for (size_t c = 0; c < model->count; c++) {
    double *F = outputs + c * N; /* of a network for each class, n = 1 */
    NTK_TRY(
        ntk_progress_report(model->folder->context, "outputs", (double)c / (double)model->count));
    NTK_TRY(ntk_network_output(model->networks[c], data, F));
    for (size_t i = 0; i < N * n; i++)
      if (!isfinite(F[i]))
        return ntk_fail(NTK_ERR_NUMERIC,
                        "the output for sample %zu (from 1) is %g: its numbers or the weights are "
                        "too large for double precision",
                        i / n + 1, F[i]);
  }
  if (chosen == NULL || model->classes == NULL)
    return NTK_OK;
  if (model->encoding == NULL)
    ntk_classes_choose(outputs, N, model->count, model->classes, chosen);
  else
    ntk_classes_decode(outputs, N, model->class_count, model->classes, ntk_model_outputs(model),
                       strcmp(model->encoding, "signs") == 0 ? -1.0 : 0.0, chosen);
  return NTK_OK;
}

const char *ntk_model_class_name(const ntk_model *model, double class_number) {
  size_t c = 0;
  while (c + 1 < model->class_count && model->classes[c] != class_number)
    c++;
  return model->class_names[c];
}

size_t ntk_model_right(const ntk_model *model, const double *chosen, size_t N, const double *label,
                       const ntk_class_names *names) {
  const bool words = names->count > 0;
  size_t right = 0;
  if (words != (model->class_names != NULL))
    return 0;
  for (size_t i = 0; i < N; i++)
    right +=
        words ? strcmp(names->name[(size_t)label[i]], ntk_model_class_name(model, chosen[i])) == 0
              : chosen[i] == label[i];
  return right;
}
