/* The keys train.* of study files, checked when the study is made, and read at a point. */
#include "study/spec/training_keys.h"

#include "study/spec/keys.h"

#include "base/names.h"
#include "fit/federated/split.h"
#include "fit/train/batch.h"
#include "fit/train/optimizer.h"

#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>

static ntk_status check_labels(const char *name) {
  size_t count = 0, row = 0;
  const ntk_name_info *list = ntk_labels_list(&count);
  return NTK_NAME_FIND("labels", name, list, count, &row);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* A key whose values are known names or files. */
typedef struct names_or_files {
  const char *key, *fingerprint;
  bool (*is_file)(const char *text);
} names_or_files;

static bool split_in_file(const char *text) {
  size_t row = 0;
  return ntk_split_find(text, &row) != NTK_OK;
}

static const names_or_files labels_key = {"train.labels", "train.fingerprint", ntk_labels_in_file};
static const names_or_files split_key = {"train.split", "train.split_fingerprint", split_in_file};

/* As many rows as it has, and its fingerprint among the settings. */
static ntk_status open_one(ntk_study *study, const ntk_file_key *key, const char *path,
                           ntk_study_files *files) {
  ntk_study_file *made = &files->file[files->count];
  ntk_reader file;
  *made = (ntk_study_file){.path = path};
  NTK_TRY(ntk_keys_open_file(study, key, path, &made->identity, &file));
  made->rows = file.rows;
  made->dim = file.cols;
  files->count++;
  return NTK_OK;
}

/* The files that a key, or the variable that it names, has; a name that is neither known nor a file
 * is refused at the points. */
static ntk_status open_files(ntk_study *study, const names_or_files *of, ntk_study_files *files) {
  const ntk_key_texts all = ntk_keys_texts(study, of->key);
  const ntk_file_key key = {.name = of->fingerprint, .many = all.many};
  const ntk_setting *known = ntk_settings_find(&study->settings, of->fingerprint);
  ntk_status status = NTK_OK;
  if (known != NULL && !all.many && known->count != 1)
    return NTK_REFUSE(&study->settings, known, "%zu values; accepted: one", known->count);
  files->file = calloc(all.count, sizeof *files->file);
  if (files->file == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a study's files");
  for (size_t i = 0; i < all.count && status == NTK_OK; i++)
    if (of->is_file(all.text[i]) && ntk_keys_means_file(study, all.text[i]))
      status = open_one(study, &key, all.text[i], files);
  if (status != NTK_OK) /* settings may have been added */
    return ntk_setting_refuse(&study->settings, ntk_settings_find(&study->settings, of->key),
                              status);
  return known == NULL || files->count > 0
             ? NTK_OK
             : NTK_REFUSE(&study->settings, known, "%s '%s' is no file", of->key, all.text[0]);
}

static const ntk_study_file *file_of(const ntk_study_files *files, const char *path) {
  for (size_t i = 0; i < files->count; i++)
    if (strcmp(files->file[i].path, path) == 0)
      return &files->file[i];
  return NULL;
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
  const ntk_key_texts labels = ntk_keys_texts(study, "train.labels");
  const ntk_setting *quantity = ntk_settings_find(&study->settings, "quantity");
  if (margin == NULL)
    return asks_for(study, "epochs_to_margin")
               ? NTK_REFUSE(&study->settings, quantity,
                            "epochs_to_margin needs train.margin, the margin to be reached")
               : NTK_OK;
  for (size_t i = 0; i < labels.count; i++)
    if (!ntk_labels_in_file(labels.text[i]) && strcmp(labels.text[i], "sign") != 0)
      return NTK_REFUSE(
          &study->settings, margin,
          "a margin takes labels 1 and -1; accepted with train.labels: sign, or a file");
  if (asks_for(study, "linear_rate") || asks_for(study, "linear_gap"))
    return NTK_REFUSE(&study->settings, margin,
                      "a margin's loss is not the sum of squares that linear_rate and linear_gap "
                      "are about; accepted without these quantities");
  return NTK_OK;
}

/* Of whose the samples are none may be said. */
static ntk_status check_split(ntk_study *study) {
  const ntk_setting *known = ntk_settings_find(&study->settings, split_key.fingerprint);
  if (ntk_settings_find(&study->settings, split_key.key) != NULL)
    return open_files(study, &split_key, &study->splits);
  return known == NULL ? NTK_OK : NTK_REFUSE(&study->settings, known, "train.split is no file");
}

/* Labels in a file are of the rows of one. */
static ntk_status check_labels_drawn(const ntk_study *study) {
  const ntk_key_texts all = ntk_keys_texts(study, labels_key.key);
  for (size_t i = 0; i < all.count && study->draws; i++)
    if (ntk_labels_in_file(all.text[i]) && ntk_keys_means_file(study, all.text[i]))
      return NTK_REFUSE(&study->settings, ntk_settings_find(&study->settings, labels_key.key),
                        "'%s' is a file, and the data are drawn; accepted for drawn data: "
                        "gaussian, sign, teacher",
                        all.text[i]);
  return NTK_OK;
}

ntk_status ntk_study_check_training(ntk_study *study) {
  NTK_TRY(check_target(study));
  NTK_TRY(check_drift(study));
  NTK_TRY(check_margin(study));
  NTK_TRY(check_split(study));
  NTK_TRY(check_labels_drawn(study));
  return open_files(study, &labels_key, &study->labels);
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
  const ntk_study_file *file = file_of(&study->labels, training->labels);
  if (file == NULL)
    return check_labels(training->labels);
  training->labels_from_file = true;
  training->labels_file = file->identity;
  const size_t rows = ntk_study_file_of(study, point->source)->rows;
  const size_t outputs = ntk_trial_outputs(point);
  if (file->dim != outputs)
    return ntk_fail(NTK_ERR_SHAPE, "%s has %zu columns; accepted: %zu, a label for each output",
                    training->labels, file->dim, outputs);
  const bool first = study->skip == 0 && !study->rows_vary;
  if (file->rows == rows || (first && file->rows == point->N))
    return NTK_OK;
  if (!first)
    return ntk_fail(NTK_ERR_SHAPE, "%s has %zu labels; accepted: %zu, one for each row of %s",
                    training->labels, file->rows, rows, point->source);
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s has %zu labels; accepted: %zu, one for each row of %s, or N = %zu",
                  training->labels, file->rows, rows, point->source, point->N);
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
static ntk_status read_split(const ntk_study *study, const ntk_study_file *file, ntk_point *point) {
  ntk_point_training *training = &point->training;
  training->split = file->path;
  training->split_file = file->identity;
  const size_t rows = point->from_file ? ntk_study_file_of(study, point->source)->rows : point->N;
  const bool first = study->skip == 0 && !study->rows_vary;
  if (training->options.clients == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "this is of federated training; accepted with clients");
  if (file->rows == rows || (first && file->rows == point->N))
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "%s has %zu numbers; accepted: %zu, one for each %s",
                  training->split, file->rows, rows,
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
  NTK_TRY(ntk_split_check(options->clients, point->N));
  *key = "train.local_steps";
  if (steps != NULL)
    NTK_TRY(ntk_point_whole(scope, steps->value[0], "the number", 1, &options->local_steps));
  *key = "train.client_weights";
  if (ntk_settings_find(&study->settings, *key) != NULL)
    options->client_weights = ntk_point_name(study, *key, i);
  *key = "train.split";
  if (ntk_settings_find(&study->settings, *key) == NULL)
    return NTK_OK;
  const char *split = ntk_point_name(study, *key, i);
  const ntk_study_file *file = file_of(&study->splits, split);
  if (file != NULL)
    return read_split(study, file, point);
  options->split = split;
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
