/* What each point of the grid is: sizes, network, data, seed. */
#include "study/spec/keys.h"
#include "study/spec/network_keys.h"
#include "study/spec/training_keys.h"
#include "study/spec/weights_keys.h"

#include "base/hash.h"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_name(ntk_point_scope *scope, const char *name, double value) {
  scope->name[scope->count] = name;
  scope->value[scope->count++] = value;
}

/* ---- Sizes and network ----------------------------------------------------------------------- */

static ntk_status read_depth(const ntk_study *study, const ntk_point_scope *scope,
                             ntk_point *point) {
  const ntk_setting *widths = ntk_settings_find(&study->settings, "network.widths");
  const ntk_setting *depth = ntk_settings_find(&study->settings, "network.depth");
  point->depth = widths->count + 1;
  if (depth != NULL) {
    NTK_TRY(ntk_point_whole(scope, depth->value[0], "network.depth", 1, &point->depth));
    if (widths->count > 1 && widths->count + 1 != point->depth)
      return ntk_fail(NTK_ERR_SHAPE,
                      "%zu widths for a depth of %zu; accepted: one expression for "
                      "every layer l, or %zu",
                      widths->count, point->depth, point->depth - 1);
  }
  if (point->depth < 2 || point->depth > NTK_MOST_DEPTH)
    return ntk_fail(NTK_ERR_ARGUMENT, "a depth of %zu; accepted: 2 to %d", point->depth,
                    NTK_MOST_DEPTH);
  return NTK_OK;
}

/* n_1..n_{L-1}: as many expressions, or, with network.depth, one for each layer l. */
static ntk_status read_widths(const ntk_study *study, ntk_point_scope *scope, ntk_point *point) {
  const ntk_setting *widths = ntk_settings_find(&study->settings, "network.widths");
  add_name(scope, "L", (double)point->depth);
  add_name(scope, "l", NAN);
  for (size_t l = 1; l < point->depth; l++) {
    char what[32];
    snprintf(what, sizeof what, "width n_%zu", l);
    scope->value[scope->count - 1] = (double)l;
    const char *text = widths->value[widths->count > 1 ? l - 1 : 0];
    NTK_TRY(ntk_point_whole(scope, text, what, 1, &point->width[l]));
  }
  scope->count -= 1;
  return NTK_OK;
}

static ntk_status read_beta(const ntk_study *study, const ntk_point_scope *scope,
                            ntk_point *point) {
  const ntk_setting *beta = ntk_settings_find(&study->settings, "network.beta");
  if (beta->count > 1 && beta->count != point->depth)
    return ntk_fail(NTK_ERR_SHAPE, "%zu values for %zu layers; accepted: 1 or %zu", beta->count,
                    point->depth, point->depth);
  for (size_t l = 0; l < point->depth; l++) {
    NTK_TRY(ntk_point_evaluate(scope, beta->value[beta->count > 1 ? l : 0], &point->beta[l]));
    if (!(point->beta[l] > 0.0))
      return ntk_fail(NTK_ERR_ARGUMENT, "beta_%zu is %g; accepted: above 0", l + 1, point->beta[l]);
  }
  return NTK_OK;
}

/* Of the initialisation (18), with an even last hidden width. */
static ntk_status read_gamma(const ntk_study *study, const ntk_point_scope *scope, ntk_point *point,
                             const char **key) {
  const size_t last = point->width[point->depth - 1];
  if (strcmp(point->init, "antisymmetric") != 0)
    return NTK_OK;
  *key = "network.widths";
  if (last % 2 != 0)
    return ntk_fail(NTK_ERR_SHAPE,
                    "the last hidden width is %zu; antisymmetric pairs its units: accepted: an "
                    "even one",
                    last);
  *key = "network.gamma";
  NTK_TRY(ntk_point_evaluate(scope, ntk_keys_text(study, *key), &point->gamma));
  if (!(point->gamma > 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "gamma is %g; accepted: above 0", point->gamma);
  return NTK_OK;
}

/* At most as many samples as the file has. */
static ntk_status read_samples(const ntk_study *study, const ntk_point_scope *scope,
                               ntk_point *point) {
  NTK_TRY(ntk_point_whole(scope, "N", "N", 1, &point->N));
  const ntk_study_file *file = ntk_study_file_of(study, point->source);
  point->rows = (ntk_rows){.skip = study->skip,
                           .count = study->rows_vary ? 0 : point->N,
                           .subsample = study->rows_vary ? point->N : 0};
  if (file != NULL && study->skip >= file->rows)
    return ntk_fail(NTK_ERR_SHAPE, "data.skip is %zu, and %s has %zu rows", study->skip,
                    point->source, file->rows);
  if (file != NULL && point->N > file->rows - study->skip)
    return ntk_fail(NTK_ERR_SHAPE, "N is %zu, and %s has %zu rows%s", point->N, point->source,
                    file->rows - study->skip, study->skip > 0 ? " after those of data.skip" : "");
  return NTK_OK;
}

/* d: the file's, which the grid may repeat. */
static ntk_status read_dim(const ntk_study *study, const ntk_point_scope *scope, ntk_point *point) {
  const size_t first = point->width[0];
  NTK_TRY(ntk_point_whole(scope, "d", "d", 1, &point->width[0]));
  if (point->weights != NULL && point->width[0] != first)
    return ntk_fail(NTK_ERR_SHAPE, "d is %zu, and the network of %s takes %zu numbers",
                    point->width[0], point->weights, first);
  const ntk_study_file *file = ntk_study_file_of(study, point->source);
  if (file != NULL && point->width[0] != file->dim)
    return ntk_fail(NTK_ERR_SHAPE, "d is %zu, and the rows of %s have %zu numbers", point->width[0],
                    point->source, file->dim);
  return NTK_OK;
}

/* Sizes and law of weights that are drawn. */
static ntk_status read_drawn(const ntk_study *study, ntk_point_scope *scope, ntk_point *point,
                             const char **key) {
  const bool depth = ntk_settings_find(&study->settings, "network.depth") != NULL;
  *key = depth ? "network.depth" : "network.widths";
  NTK_TRY(read_depth(study, scope, point));
  *key = "network.widths";
  NTK_TRY(read_widths(study, scope, point));
  *key = "network.beta";
  NTK_TRY(read_beta(study, scope, point));
  return read_gamma(study, scope, point, key);
}

/* *key: the setting that is being read. */
static ntk_status read_point(const ntk_study *study, ntk_point_scope *scope, size_t i,
                             ntk_point *point, const char **key) {
  *key = "grid.N";
  NTK_TRY(read_samples(study, scope, point));
  *key = "grid.d";
  NTK_TRY(read_dim(study, scope, point));
  if (point->weights == NULL)
    NTK_TRY(read_drawn(study, scope, point, key));
  NTK_TRY(ntk_point_read_general(study, scope, i, point, key));
  return study->trains ? ntk_point_read_training(study, scope, i, point, key) : NTK_OK;
}

ntk_status ntk_study_point(const ntk_study *study, size_t i, ntk_point *point) {
  ntk_point_scope scope = {.count = study->grid.count};
  memcpy(scope.name, study->grid.name, study->grid.count * sizeof scope.name[0]);
  NTK_TRY(ntk_grid_values(&study->grid, i, scope.value));
  *point = (ntk_point){.activation = ntk_point_name(study, "network.activation", i),
                       .init = ntk_study_loads(study) ? "paper"
                                                      : ntk_point_name(study, "network.init", i),
                       .source = ntk_point_name(study, "data.source", i),
                       .scaling = study->scaling,
                       .population = study->population};
  NTK_TRY(ntk_point_read_weights(study, i, point));
  const ntk_study_file *file = ntk_study_file_of(study, point->source);
  point->from_file = file != NULL;
  if (file != NULL)
    point->file = file->identity;
  else
    point->scaling = NTK_SCALE_NONE;
  if (ntk_grid_find(&study->grid, "d") == study->grid.count &&
      (file != NULL || point->weights != NULL))
    add_name(&scope, "d", (double)(file != NULL ? file->dim : point->width[0]));
  const char *key = NULL;
  const ntk_status status = read_point(study, &scope, i, point, &key);
  return status == NTK_OK
             ? status
             : ntk_study_refuse_point(study, ntk_settings_find(&study->settings, key), i, status);
}

/* ---- Seeds ----------------------------------------------------------------------------------- */

/* The finaliser of MurmurHash3. FNV's hashes of small whole numbers are nearly linear in their
 * bytes: two of them, added up as they are, often make the same sum. */
static uint64_t mix(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

uint64_t ntk_variable_hash(const char *name, double value, const char *text) {
  const double number = value + 0.0; /* -0 is 0 */
  const uint64_t hash = ntk_hash_bytes(NTK_HASH_START, name, strlen(name) + 1);
  return mix(text != NULL ? ntk_hash_bytes(hash, text, strlen(text) + 1)
                          : ntk_hash_bytes(hash, &number, sizeof number));
}

uint64_t ntk_trial_seed(uint64_t seed, uint64_t variables, size_t trial) {
  uint64_t words[4];
  ntk_random_words((ntk_random){seed, NTK_STREAM_TRIALS, variables}, trial, 0, words);
  return words[0] >> 11;
}

uint64_t ntk_study_seed(const ntk_study *study, size_t i, size_t trial) {
  double value[NTK_MOST_VARIABLES];
  uint64_t sum = 0;
  if (ntk_grid_values(&study->grid, i, value) != NTK_OK)
    return 0; /* every point was checked when the study was made */
  for (size_t v = 0; v < study->grid.count; v++)
    sum += ntk_variable_hash(study->grid.name[v], value[v], ntk_grid_text(&study->grid, v, i));
  return ntk_trial_seed(study->seed, sum, trial);
}
