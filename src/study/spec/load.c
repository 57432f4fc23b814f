/* ntk_study_load: a study file is read, and every point of its grid checked, before anything is
 * computed. */
#include "study/spec/keys.h"
#include "study/spec/training_keys.h"
#include "study/spec/yaml.h"

#include "data/dataset.h"
#include "data/npy.h"
#include "net/activation.h"

#include "ntkit/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 100000000 };

#define REFUSE(study, s, ...) \
  ntk_study_refuse(study, s, (ntk_fail_message(__VA_ARGS__), NTK_ERR_ARGUMENT))

static ntk_status read_quantities(ntk_study *study) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "quantity");
  if (s->count > NTK_MOST_QUANTITIES)
    return REFUSE(study, s, "%zu quantities; accepted: up to %d", s->count, NTK_MOST_QUANTITIES);
  for (size_t i = 0; i < s->count; i++) {
    const ntk_quantity *q = NULL;
    const ntk_status status = ntk_quantity_find(s->value[i], &q);
    if (status != NTK_OK)
      return ntk_study_refuse(study, s, status);
    for (size_t k = 0; k < study->quantities; k++)
      if (study->quantity[k] == q)
        return REFUSE(study, s, "'%s' stands there twice", s->value[i]);
    study->quantity[study->quantities++] = q;
    study->trains |= ntk_quantity_trains(q);
  }
  return NTK_OK;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static bool is_distribution(const char *name) {
  const ntk_distribution *distribution = NULL;
  return ntk_distribution_find(name, &distribution) == NTK_OK;
}

/* Shape of a data file, and its fingerprint among the settings. */
static ntk_status open_file(ntk_study *study, const char *path) {
  ntk_npy array;
  char hash[NTK_FINGERPRINT];
  NTK_TRY(ntk_file_identify(path, &study->file));
  NTK_TRY(ntk_file_fingerprint(path, hash));
  NTK_TRY(ntk_npy_open(path, 2, &array));
  study->file_rows = array.rows;
  study->file_dim = array.cols;
  ntk_npy_close(&array);
  const ntk_setting *known = ntk_settings_find(&study->settings, "data.fingerprint");
  if (known != NULL && strcmp(known->value[0], hash) != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s is not the file that the study was made for", path);
  char dim[24];
  snprintf(dim, sizeof dim, "%zu", study->file_dim);
  const ntk_setting *width = ntk_settings_find(&study->settings, "data.dim");
  if (width != NULL && strcmp(width->value[0], dim) != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the rows of %s have %s numbers, and data.dim is %s", path,
                    dim, width->value[0]);
  NTK_TRY(ntk_settings_default(&study->settings, "data.dim", dim));
  return ntk_settings_default(&study->settings, "data.fingerprint", hash);
}

static ntk_status read_data(ntk_study *study) {
  const ntk_setting *source = ntk_settings_find(&study->settings, "data.source");
  const char *text = source->value[0];
  const ntk_setting *scale = ntk_settings_find(&study->settings, "data.scale");
  const ntk_status status = ntk_scaling_parse(scale->value[0], &study->scaling);
  if (status != NTK_OK)
    return ntk_study_refuse(study, scale, status);
  if (ntk_grid_find(&study->grid, text) == study->grid.count && !is_distribution(text) &&
      ntk_file_is_meant(text)) {
    const ntk_status opened = open_file(study, text);
    return opened == NTK_OK ? opened : ntk_study_refuse(study, source, opened);
  }
  static const char *const of_files[] = {"data.fingerprint", "data.dim"};
  for (size_t i = 0; i < sizeof of_files / sizeof of_files[0]; i++) {
    const ntk_setting *s = ntk_settings_find(&study->settings, of_files[i]);
    if (s != NULL)
      return REFUSE(study, s, "'%s' is no file", text);
  }
  if (study->scaling != NTK_SCALE_NONE)
    return REFUSE(study, scale, "'%s' is for files; distributions are scaled already",
                  scale->value[0]);
  return NTK_OK;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status check_variable(const ntk_study *study, const char *name) {
  const size_t v = ntk_grid_find(&study->grid, name);
  if (v == study->grid.count)
    return ntk_fail(NTK_ERR_FORMAT, "%s: grid.%s is missing, %s", study->settings.source, name,
                    strcmp(name, "N") == 0 ? "the number of samples" : "the input dimension");
  return NTK_OK;
}

static ntk_status check_names(const ntk_study *study, const ntk_point *point) {
  ntk_activation activation;
  ntk_status status = ntk_activation_find(point->activation, &activation);
  if (status != NTK_OK)
    return ntk_study_refuse(study, ntk_settings_find(&study->settings, "network.activation"),
                            status);
  const ntk_distribution *distribution = NULL;
  status = point->from_file ? NTK_OK : ntk_distribution_find(point->source, &distribution);
  if (status != NTK_OK)
    return ntk_study_refuse(study, ntk_settings_find(&study->settings, "data.source"), status);
  size_t count = 0;
  const ntk_init_info *list = ntk_init_list(&count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].name, point->init) == 0)
      return NTK_OK;
  return REFUSE(study, ntk_settings_find(&study->settings, "network.init"),
                "'%s' is not known; 'ntkit info' lists the initialisations", point->init);
}

static ntk_status outline(ntk_study *study) {
  uint64_t trials = 0;
  NTK_TRY(ntk_keys_check(study));
  study->name = ntk_keys_text(study, "name");
  NTK_TRY(read_quantities(study));
  NTK_TRY(ntk_keys_check_training(study));
  NTK_TRY(ntk_keys_whole(study, "trials", 1, MOST_TRIALS, &trials));
  NTK_TRY(ntk_keys_whole(study, "seed", 0, UINT64_MAX, &study->seed));
  study->trials = (size_t)trials;
  return ntk_grid_make(&study->settings, &study->grid);
}

static ntk_status resolve(ntk_study *study) {
  uint64_t population = 0;
  NTK_TRY(outline(study));
  if (ntk_settings_find(&study->settings, "ledger.population") != NULL)
    NTK_TRY(
        ntk_keys_whole(study, "ledger.population", NTK_LEAST_POPULATION, MOST_TRIALS, &population));
  study->population = (size_t)population;
  NTK_TRY(ntk_keys_check_gamma(study));
  NTK_TRY(read_data(study));
  if (study->trains)
    NTK_TRY(ntk_study_check_training(study));
  NTK_TRY(check_variable(study, "N"));
  if (study->file_dim == 0)
    NTK_TRY(check_variable(study, "d"));
  if (study->grid.points > MOST_TRIALS / study->trials)
    return ntk_fail(NTK_ERR_LIMIT, "%s: %zu points of %zu trials; accepted: up to %d trials in all",
                    study->settings.source, study->grid.points, study->trials, MOST_TRIALS);
  for (size_t i = 0; i < study->grid.points; i++) {
    ntk_point point;
    NTK_TRY(ntk_study_point(study, i, &point));
    NTK_TRY(check_names(study, &point));
  }
  return NTK_OK;
}

/* Takes the settings over, whatever the status. */
static ntk_status make(ntk_settings *settings, const char *const *overrides, size_t count,
                       ntk_status (*read)(ntk_study *study), ntk_study **study) {
  ntk_study *made = calloc(1, sizeof *made);
  ntk_status status = NTK_OK;
  if (made == NULL) {
    ntk_settings_clear(settings);
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a study");
  }
  made->settings = *settings;
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    status = ntk_settings_override(&made->settings, overrides[i]);
  if (status == NTK_OK)
    status = read(made);
  if (status == NTK_OK)
    *study = made;
  else
    ntk_study_destroy(made);
  return status;
}

ntk_status ntk_study_make(ntk_settings *settings, ntk_study **study) {
  return make(settings, NULL, 0, resolve, study);
}

ntk_status ntk_study_parse(const char *text, const char *name, const char *const *overrides,
                           size_t count, ntk_study **study) {
  ntk_settings settings;
  NTK_TRY(ntk_settings_parse(text, strlen(text), name, &settings));
  return make(&settings, overrides, count, resolve, study);
}

ntk_status ntk_study_outline(const char *text, const char *name, ntk_study **study) {
  ntk_settings settings;
  NTK_TRY(ntk_settings_parse(text, strlen(text), name, &settings));
  return make(&settings, NULL, 0, outline, study);
}

ntk_status ntk_study_load(const char *path, const char *const *overrides, size_t count,
                          ntk_study **study) {
  ntk_settings settings;
  NTK_TRY(ntk_settings_load(path, &settings));
  return make(&settings, overrides, count, resolve, study);
}

void ntk_study_destroy(ntk_study *study) {
  if (study == NULL)
    return;
  ntk_grid_clear(&study->grid);
  ntk_settings_clear(&study->settings);
  free(study);
}

const char *ntk_study_name(const ntk_study *study) {
  return study->name;
}

size_t ntk_study_points(const ntk_study *study) {
  return study->grid.points;
}

size_t ntk_study_trials(const ntk_study *study) {
  return study->trials;
}
