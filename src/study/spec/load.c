/* ntk_study_load: a study file is read, and every point of its grid checked, before anything is
 * computed. */
#include "study/spec/data_keys.h"
#include "study/spec/keys.h"
#include "study/spec/training_keys.h"
#include "study/spec/weights_keys.h"
#include "study/spec/yaml.h"

#include "base/names.h"
#include "data/dataset.h"

#include "ntkit/data.h"
#include "ntkit/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 100000000 };

static ntk_status read_quantities(ntk_study *study) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "quantity");
  if (s->count > NTK_MOST_QUANTITIES)
    return NTK_REFUSE(&study->settings, s, "%zu quantities; accepted: up to %d", s->count,
                      NTK_MOST_QUANTITIES);
  for (size_t i = 0; i < s->count; i++) {
    const ntk_quantity *q = NULL;
    const ntk_status status = ntk_quantity_find(s->value[i], &q);
    if (status != NTK_OK)
      return ntk_setting_refuse(&study->settings, s, status);
    for (size_t k = 0; k < study->quantities; k++)
      if (study->quantity[k] == q)
        return NTK_REFUSE(&study->settings, s, "'%s' stands there twice", s->value[i]);
    study->quantity[study->quantities++] = q;
    study->trains |= ntk_quantity_trains(q);
  }
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
  const char *key = "network.activation";
  ntk_activation_info phi;
  const ntk_distribution *distribution = NULL;
  size_t count = 0, row = 0;
  const ntk_init_info *list = ntk_init_list(&count);
  ntk_status status = ntk_activation_of(point->activation, point->depth - 1, 1, &phi);
  if (status == NTK_OK && !point->from_file) {
    key = "data.source";
    status = ntk_distribution_find(point->source, &distribution);
  }
  if (status == NTK_OK) {
    key = "network.init";
    status = NTK_NAME_FIND("initialisation", point->init, list, count, &row);
  }
  return status == NTK_OK ? status
                          : ntk_setting_refuse(&study->settings,
                                               ntk_settings_find(&study->settings, key), status);
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
  NTK_TRY(ntk_study_read_data(study));
  NTK_TRY(ntk_study_read_weights(study));
  if (study->trains)
    NTK_TRY(ntk_study_check_training(study));
  NTK_TRY(check_variable(study, "N"));
  if (study->draws && !ntk_study_loads(study))
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
  free(study->file);
  free(study->labels.file);
  free(study->splits.file);
  free(study->weights);
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
