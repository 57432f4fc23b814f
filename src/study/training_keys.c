/* The keys train.* of study files, checked when the study is made, and read at a point. */
#include "study/training.h"

#include "study/keys.h"

#include "data/npy.h"

#include <stdio.h>
#include <string.h>

#define REFUSE(study, s, ...) \
  ntk_study_refuse(study, s, (ntk_fail_message(__VA_ARGS__), NTK_ERR_ARGUMENT))

/* A list of names of fit.h. */
typedef const ntk_name_info *(*name_list)(size_t *count);

static bool is_listed(const char *name, name_list names) {
  size_t count = 0;
  const ntk_name_info *list = names(&count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].name, name) == 0)
      return true;
  return false;
}

static ntk_status check_name(const char *name, name_list names, const char *also) {
  if (is_listed(name, names))
    return NTK_OK;
  char known[200] = "";
  size_t count = 0, used = 0;
  const ntk_name_info *list = names(&count);
  for (size_t i = 0; i < count && used < sizeof known; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                             list[i].name);
  return ntk_fail(NTK_ERR_ARGUMENT, "'%s' is not known; accepted: %s%s", name, known, also);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* A .npy file of labels: as many rows as it has, and its fingerprint among the settings. */
static ntk_status open_labels(ntk_study *study, const char *path) {
  ntk_npy array;
  char hash[NTK_FINGERPRINT];
  NTK_TRY(ntk_file_identify(path, &study->labels_file));
  NTK_TRY(ntk_file_fingerprint(path, hash));
  if (ntk_npy_open(path, 1, &array) != NTK_OK) {
    NTK_TRY(ntk_npy_open(path, 2, &array));
    const size_t columns = array.cols;
    if (columns != 1) {
      ntk_npy_close(&array);
      return ntk_fail(NTK_ERR_SHAPE, "%s has %zu columns; accepted: one label for each sample",
                      path, columns);
    }
  }
  study->labels_rows = array.rows;
  ntk_npy_close(&array);
  const ntk_setting *known = ntk_settings_find(&study->settings, "train.fingerprint");
  if (known != NULL && strcmp(known->value[0], hash) != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s is not the file that the study was made for", path);
  return ntk_settings_default(&study->settings, "train.fingerprint", hash);
}

/* What a study that trains asks for besides: labels that are a file, and a loss to be reached. */
ntk_status ntk_training_check(ntk_study *study) {
  const ntk_setting *labels = ntk_settings_find(&study->settings, "train.labels");
  const ntk_setting *fingerprint = ntk_settings_find(&study->settings, "train.fingerprint");
  const char *text = labels->value[0];
  const bool named =
      ntk_grid_find(&study->grid, text) < study->grid.count || is_listed(text, ntk_labels_list);
  for (size_t q = 0; q < study->quantities; q++)
    if (strcmp(study->quantity[q]->info.name, "epochs_to") == 0 &&
        ntk_settings_find(&study->settings, "train.target") == NULL)
      return REFUSE(study, ntk_settings_find(&study->settings, "quantity"),
                    "epochs_to needs train.target, the loss to be reached");
  if (named || !ntk_file_is_meant(text))
    return fingerprint == NULL ? NTK_OK
                               : REFUSE(study, fingerprint, "train.labels '%s' is no file", text);
  if (study->file_dim == 0)
    return REFUSE(study, labels,
                  "'%s' is a file, and the data are drawn; accepted for them: gaussian, sign, "
                  "teacher",
                  text);
  const ntk_status status = open_labels(study, text);
  return status == NTK_OK ? status : ntk_study_refuse(study, labels, status);
}

/* ---- A point --------------------------------------------------------------------------------- */

/* Whether the setting gives a value of its own at a point where the optimizer takes none: it is
 * refused, unless the optimizer varies and another one takes it. */
static ntk_status check_taken(const ntk_study *study, const char *what, const char *optimizer) {
  if (strcmp(ntk_keys_text(study, "train.optimizer"), optimizer) != 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "the optimizer %s takes no %s", optimizer, what);
}

static ntk_status read_labels(const ntk_study *study, ntk_training *training,
                              const ntk_point *point) {
  if (study->labels_rows == 0)
    return check_name(training->labels, ntk_labels_list, study->file_dim > 0 ? ", a file" : "");
  training->labels_from_file = true;
  training->labels_file = study->labels_file;
  if (study->labels_rows != study->file_rows && study->labels_rows != point->N)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s has %zu labels, and %s has %zu rows, of which N = %zu are "
                    "used; accepted: a label for each",
                    training->labels, study->labels_rows, point->source, study->file_rows,
                    point->N);
  return NTK_OK;
}

static ntk_status read_lr(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                          ntk_train_options *options) {
  const char *text = ntk_point_name(study, "train.lr", i);
  const bool lm = strcmp(options->optimizer, "lm") == 0;
  if (is_listed(text, ntk_lr_list)) {
    options->lr_rule = text;
    return lm && strcmp(text, "auto") != 0 ? check_taken(study, "step size", "lm") : NTK_OK;
  }
  NTK_TRY(ntk_point_evaluate(scope, text, &options->lr));
  if (!(options->lr > 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the step size is %g; accepted: above 0, auto, theory",
                    options->lr);
  if (!lm)
    return NTK_OK;
  options->lr = 0.0;
  return check_taken(study, "step size", "lm");
}

static ntk_status read_momentum(const ntk_study *study, const ntk_point_scope *scope,
                                ntk_train_options *options) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "train.momentum");
  if (s == NULL)
    return NTK_OK;
  NTK_TRY(ntk_point_evaluate(scope, s->value[0], &options->momentum));
  if (!(options->momentum > 0.0 && options->momentum < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the momentum is %g; accepted: above 0 and below 1",
                    options->momentum);
  if (strcmp(options->optimizer, "momentum") == 0 || strcmp(options->optimizer, "nesterov") == 0)
    return NTK_OK;
  options->momentum = 0.0;
  return check_taken(study, "momentum", options->optimizer);
}

static ntk_status read_target(const ntk_study *study, const ntk_point_scope *scope,
                              ntk_train_options *options) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "train.target");
  if (s == NULL)
    return NTK_OK;
  NTK_TRY(ntk_point_evaluate(scope, s->value[0], &options->target));
  if (!(options->target > 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the target is %g; accepted: a loss above 0",
                    options->target);
  return NTK_OK;
}

static ntk_status check_precision(const ntk_train_options *options) {
  if (strcmp(options->precision, "float") != 0 && strcmp(options->precision, "double") != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s' is not known; accepted: double, float",
                    options->precision);
  if (strcmp(options->precision, "float") == 0 && strcmp(options->optimizer, "lm") == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "lm works in double precision alone");
  return NTK_OK;
}

ntk_status ntk_training_read(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                             ntk_point *point, const char **key) {
  ntk_training *training = &point->training;
  ntk_train_options *options = &training->options;
  *training = (ntk_training){.labels = ntk_point_name(study, "train.labels", i)};
  options->optimizer = ntk_point_name(study, "train.optimizer", i);
  options->loss = ntk_point_name(study, "train.loss", i);
  options->precision = ntk_point_name(study, "train.precision", i);
  *key = "train.optimizer";
  NTK_TRY(check_name(options->optimizer, ntk_optimizer_list, ""));
  *key = "train.loss";
  NTK_TRY(check_name(options->loss, ntk_loss_list, ""));
  *key = "train.precision";
  NTK_TRY(check_precision(options));
  *key = "train.labels";
  NTK_TRY(read_labels(study, training, point));
  *key = "train.lr";
  NTK_TRY(read_lr(study, scope, i, options));
  *key = "train.momentum";
  NTK_TRY(read_momentum(study, scope, options));
  *key = "train.epochs";
  NTK_TRY(ntk_point_whole(scope, ntk_keys_text(study, *key), "the number", 1, &options->epochs));
  *key = "train.plateau";
  NTK_TRY(ntk_point_whole(scope, ntk_keys_text(study, *key), "the window", 0, &options->plateau));
  *key = "train.target";
  return read_target(study, scope, options);
}
