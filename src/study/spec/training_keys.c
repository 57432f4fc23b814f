/* The keys train.* of study files, checked when the study is made, and read at a point. */
#include "study/spec/training_keys.h"

#include "study/spec/keys.h"

#include "base/names.h"
#include "fit/federated/split.h"
#include "fit/train/batch.h"
#include "fit/train/optimizer.h"

#include "ntkit/data.h"

#include <string.h>

static ntk_status check_labels(const char *name) {
  size_t count = 0, row = 0;
  const ntk_name_info *list = ntk_labels_list(&count);
  return NTK_NAME_FIND("labels", name, list, count, &row);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* A file of labels: as many rows as it has, and its fingerprint among the settings. */
static ntk_status open_labels(ntk_study *study, const char *path) {
  ntk_reader file;
  const ntk_file_key key = {.name = "train.fingerprint"};
  NTK_TRY(ntk_keys_open_file(study, &key, path, &study->labels_file, &file));
  study->labels_rows = file.rows;
  study->labels_cols = file.cols;
  return NTK_OK;
}

/* The same of whose the samples are, where that is no name; one without a file is refused as a name
 * at the points. */
static ntk_status check_split(ntk_study *study) {
  const ntk_setting *split = ntk_settings_find(&study->settings, "train.split");
  size_t row = 0;
  const ntk_setting *known = ntk_settings_find(&study->settings, "train.split_fingerprint");
  if (split == NULL || ntk_split_find(split->value[0], &row) == NTK_OK ||
      !ntk_keys_means_file(study, split->value[0]))
    return known == NULL ? NTK_OK : NTK_REFUSE(&study->settings, known, "train.split is no file");
  ntk_reader file;
  const ntk_file_key key = {.name = "train.split_fingerprint"};
  const ntk_status status =
      ntk_keys_open_file(study, &key, split->value[0], &study->split_file, &file);
  if (status != NTK_OK) /* settings may have been added */
    return ntk_setting_refuse(&study->settings, ntk_settings_find(&study->settings, "train.split"),
                              status);
  study->split_rows = file.rows;
  return NTK_OK;
}

static bool asks_for(const ntk_study *study, const char *quantity) {
  for (size_t q = 0; q < study->quantities; q++)
    if (strcmp(study->quantity[q]->info.name, quantity) == 0)
      return true;
  return false;
}

static ntk_status check_drift(const ntk_study *study) {
  if (ntk_settings_find(&study->settings, "train.clients") != NULL || !asks_for(study, "drift"))
    return NTK_OK;
  return NTK_REFUSE(&study->settings, ntk_settings_find(&study->settings, "quantity"),
                    "drift needs train.clients, how many there are");
}

/* epochs_to counts the epochs to a loss, which is to be given. */
static ntk_status check_target(const ntk_study *study) {
  if (ntk_settings_find(&study->settings, "train.target") != NULL || !asks_for(study, "epochs_to"))
    return NTK_OK;
  return NTK_REFUSE(&study->settings, ntk_settings_find(&study->settings, "quantity"),
                    "epochs_to needs train.target, the loss to be reached");
}

/* Labels 1 and -1, a quantity of a margin's own, and none of squares alone. */
static ntk_status check_margin(const ntk_study *study) {
  const ntk_setting *margin = ntk_settings_find(&study->settings, "train.margin");
  const ntk_setting *labels = ntk_settings_find(&study->settings, "train.labels");
  const ntk_setting *quantity = ntk_settings_find(&study->settings, "quantity");
  if (margin == NULL)
    return asks_for(study, "epochs_to_margin")
               ? NTK_REFUSE(&study->settings, quantity,
                            "epochs_to_margin needs train.margin, the margin to be reached")
               : NTK_OK;
  if (!ntk_labels_in_file(labels->value[0]) && strcmp(labels->value[0], "sign") != 0)
    return NTK_REFUSE(
        &study->settings, margin,
        "a margin takes labels 1 and -1; accepted with train.labels: sign, or a file");
  if (asks_for(study, "linear_rate") || asks_for(study, "linear_gap"))
    return NTK_REFUSE(&study->settings, margin,
                      "a margin's loss is not the sum of squares that linear_rate and linear_gap "
                      "are about; accepted without these quantities");
  return NTK_OK;
}

ntk_status ntk_study_check_training(ntk_study *study) {
  const ntk_setting *labels = ntk_settings_find(&study->settings, "train.labels");
  const ntk_setting *fingerprint = ntk_settings_find(&study->settings, "train.fingerprint");
  const char *text = labels->value[0];
  NTK_TRY(check_target(study));
  NTK_TRY(check_drift(study));
  NTK_TRY(check_margin(study));
  NTK_TRY(check_split(study));
  if (!ntk_labels_in_file(text) || !ntk_keys_means_file(study, text))
    return fingerprint == NULL
               ? NTK_OK
               : NTK_REFUSE(&study->settings, fingerprint, "train.labels '%s' is no file", text);
  if (study->draws)
    return NTK_REFUSE(&study->settings, labels,
                      "'%s' is a file, and the data are drawn; accepted for drawn data: gaussian, "
                      "sign, teacher",
                      text);
  const ntk_status status = open_labels(study, text);
  labels = ntk_settings_find(&study->settings, "train.labels"); /* settings were added */
  return status == NTK_OK ? status : ntk_setting_refuse(&study->settings, labels, status);
}

/* ---- A point --------------------------------------------------------------------------------- */

/* Of an optimizer that is a variable of the grid: what it does not take is for the others. */
static ntk_status spare_others(const ntk_study *study, ntk_train_options *options) {
  const ntk_optimizer *optimizer = NULL;
  const char *text = ntk_keys_text(study, "train.optimizer");
  if (ntk_grid_find(&study->grid, text) == study->grid.count)
    return NTK_OK;
  NTK_TRY(ntk_optimizer_find(options->optimizer, &optimizer));
  if (optimizer->second_order) {
    options->lr = 0.0;
    options->lr_rule = NULL;
  }
  if (!optimizer->has_momentum)
    options->momentum = 0.0;
  return NTK_OK;
}

/* A key's number; what names it in messages. 0 would be as if it were not given. */
static ntk_status read_positive(const ntk_point_scope *scope, const char *text, const char *what,
                                double *value) {
  NTK_TRY(ntk_point_evaluate(scope, text, value));
  if (*value > 0.0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "%s is %g; accepted: above 0", what, *value);
}

/* Of a file: a label for each sample that is used, or for each row of the data's file; a number for
 * each output. */
static ntk_status read_labels(const ntk_study *study, ntk_point_training *training,
                              const ntk_point *point) {
  if (study->labels_rows == 0)
    return check_labels(training->labels);
  training->labels_from_file = true;
  training->labels_file = study->labels_file;
  const size_t rows = ntk_study_file_of(study, point->source)->rows;
  const size_t outputs = ntk_trial_outputs(point);
  if (study->labels_cols != outputs)
    return ntk_fail(NTK_ERR_SHAPE, "%s has %zu columns; accepted: %zu, a label for each output",
                    training->labels, study->labels_cols, outputs);
  const bool first = study->skip == 0 && !study->rows_vary;
  if (study->labels_rows == rows || (first && study->labels_rows == point->N))
    return NTK_OK;
  if (!first)
    return ntk_fail(NTK_ERR_SHAPE, "%s has %zu labels; accepted: %zu, one for each row of %s",
                    training->labels, study->labels_rows, rows, point->source);
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s has %zu labels; accepted: %zu, one for each row of %s, or N = %zu",
                  training->labels, study->labels_rows, rows, point->source, point->N);
}

static ntk_status read_lr(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                          ntk_train_options *options) {
  const char *text = ntk_point_name(study, "train.lr", i);
  ntk_lr_rule rule = NTK_LR_AUTO;
  if (ntk_lr_find(text, &rule) != NTK_OK)
    return read_positive(scope, text, "the step size", &options->lr);
  options->lr_rule = text;
  return NTK_OK;
}

/* A key that may be missing. */
static ntk_status read_optional(const ntk_study *study, const ntk_point_scope *scope,
                                const char *key, const char *what, double *value) {
  const ntk_setting *s = ntk_settings_find(&study->settings, key);
  return s == NULL ? NTK_OK : read_positive(scope, s->value[0], what, value);
}

/* plateau_loss is of whole windows: one at least is to fit into the epochs. */
static ntk_status read_plateau(const ntk_study *study, const ntk_point_scope *scope,
                               ntk_train_options *options) {
  NTK_TRY(ntk_point_whole(scope, ntk_keys_text(study, "train.plateau"), "the window", 0,
                          &options->plateau));
  const bool whole = options->plateau > 0 && options->plateau <= options->epochs;
  if (whole || !asks_for(study, "plateau_loss"))
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "the window is %zu; accepted with plateau_loss: from 1 to train.epochs, %zu",
                  options->plateau, options->epochs);
}

/* A batch of more samples than there are is refused before any trial. */
static ntk_status read_batch(const ntk_study *study, const ntk_point_scope *scope,
                             const ntk_point *point, ntk_train_options *options) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "train.batch");
  if (s == NULL)
    return NTK_OK;
  NTK_TRY(ntk_point_whole(scope, s->value[0], "the batch", 1, &options->batch));
  return ntk_batch_check(options, point->N);
}

/* A file of whose the samples are: a number for each that is used, or for each row of the data's
 * file. */
static ntk_status read_split(const ntk_study *study, ntk_point *point) {
  ntk_point_training *training = &point->training;
  training->split = ntk_keys_text(study, "train.split");
  training->split_file = study->split_file;
  const size_t rows = point->from_file ? ntk_study_file_of(study, point->source)->rows : point->N;
  const bool first = study->skip == 0 && !study->rows_vary;
  if (training->options.clients == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "this is of federated training; accepted with clients");
  if (study->split_rows == rows || (first && study->split_rows == point->N))
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "%s has %zu numbers; accepted: %zu, one for each %s",
                  training->split, study->split_rows, rows,
                  point->from_file ? "row of the data's file" : "sample");
}

/* Federated training: C, E and, by their names, weights and split. */
static ntk_status read_clients(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                               ntk_point *point, ntk_train_options *options, const char **key) {
  const ntk_setting *clients = ntk_settings_find(&study->settings, "train.clients");
  const ntk_setting *steps = ntk_settings_find(&study->settings, "train.local_steps");
  *key = "train.clients";
  if (clients != NULL)
    NTK_TRY(ntk_point_whole(scope, clients->value[0], "the number", 1, &options->clients));
  if (options->clients > point->N)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "there are to be %zu clients, and there are %zu samples: some would have none; "
                    "accepted: from 1 to %zu",
                    options->clients, point->N, point->N);
  *key = "train.local_steps";
  if (steps != NULL)
    NTK_TRY(ntk_point_whole(scope, steps->value[0], "the number", 1, &options->local_steps));
  *key = "train.client_weights";
  if (ntk_settings_find(&study->settings, *key) != NULL)
    options->client_weights = ntk_point_name(study, *key, i);
  *key = "train.split";
  if (study->split_rows > 0)
    return read_split(study, point);
  if (ntk_settings_find(&study->settings, "train.split") != NULL)
    options->split = ntk_point_name(study, "train.split", i);
  return NTK_OK;
}

/* As ntk_train will; *key: that of the option at fault. */
static ntk_status check_options(const ntk_train_options *options, const char **key) {
  static const char *const keys[] = {"train.optimizer", "train.loss",           "train.precision",
                                     "train.lr",        "train.momentum",       "train.target",
                                     "train.batch",     "train.clients",        "train.local_steps",
                                     "train.split",     "train.client_weights", "train.margin"};
  const char *member = NULL;
  const ntk_status status = ntk_train_options_check(options, &member);
  for (size_t k = 0; status != NTK_OK && k < sizeof keys / sizeof keys[0]; k++)
    if (strcmp(keys[k] + strlen("train."), member) == 0)
      *key = keys[k];
  return status;
}

ntk_status ntk_point_read_training(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                                   ntk_point *point, const char **key) {
  ntk_point_training *training = &point->training;
  ntk_train_options *options = &training->options;
  *training = (ntk_point_training){.labels = ntk_point_name(study, "train.labels", i)};
  options->optimizer = ntk_point_name(study, "train.optimizer", i);
  options->loss = ntk_point_name(study, "train.loss", i);
  options->precision = ntk_point_name(study, "train.precision", i);
  *key = "train.labels";
  NTK_TRY(read_labels(study, training, point));
  *key = "train.lr";
  NTK_TRY(read_lr(study, scope, i, options));
  *key = "train.momentum";
  NTK_TRY(read_optional(study, scope, *key, "the momentum", &options->momentum));
  *key = "train.epochs";
  NTK_TRY(ntk_point_whole(scope, ntk_keys_text(study, *key), "the number", 1, &options->epochs));
  *key = "train.batch";
  NTK_TRY(read_batch(study, scope, point, options));
  NTK_TRY(read_clients(study, scope, i, point, options, key));
  *key = "train.plateau";
  NTK_TRY(read_plateau(study, scope, options));
  *key = "train.target";
  NTK_TRY(read_optional(study, scope, *key, "the target", &options->target));
  *key = "train.margin";
  NTK_TRY(read_optional(study, scope, *key, "the margin", &options->margin));
  *key = "train.optimizer";
  NTK_TRY(spare_others(study, options));
  return check_options(options, key);
}
