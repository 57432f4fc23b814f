#include "study/spec/data_keys.h"

#include "study/spec/keys.h"

#include "ntkit/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for a study's files");
}

const ntk_study_file *ntk_study_file_of(const ntk_study *study, const char *source) {
  for (size_t i = 0; i < study->files; i++)
    if (strcmp(study->file[i].path, source) == 0)
      return &study->file[i];
  return NULL;
}

/* Shape of a data file, and its fingerprint among the settings. */
static ntk_status open_file(ntk_study *study, const char *path, bool many) {
  static const ntk_file_key keys[] = {{"data.fingerprint", 2, false},
                                      {"data.fingerprint", 2, true}};
  ntk_study_file *made = &study->file[study->files];
  ntk_reader file;
  char dim[24];
  bool same = true;
  *made = (ntk_study_file){.path = path};
  NTK_TRY(ntk_keys_open_file(study, &keys[many], path, &made->identity, &file));
  made->rows = file.rows;
  made->dim = file.cols;
  study->files++;
  snprintf(dim, sizeof dim, "%zu", file.cols);
  NTK_TRY(ntk_keys_remember(study, "data.dim", many ? path : NULL, dim, &same));
  return same ? NTK_OK
              : ntk_fail(NTK_ERR_ARGUMENT, "the rows of %s have %s numbers, and data.dim is %s",
                         path, dim, ntk_keys_text(study, "data.dim"));
}

static const char *const of_files[] = {"data.fingerprint", "data.dim", "data.skip", "data.rows"};
enum { OF_FILES = sizeof of_files / sizeof of_files[0] };

/* Which rows of a file the N of a trial are. */
static ntk_status read_rows(ntk_study *study) {
  const ntk_setting *rows = ntk_settings_find(&study->settings, "data.rows");
  uint64_t skip = 0;
  if (ntk_settings_find(&study->settings, "data.skip") != NULL)
    NTK_TRY(ntk_keys_whole(study, "data.skip", 0, SIZE_MAX, &skip));
  study->skip = (size_t)skip;
  if (rows == NULL || strcmp(rows->value[0], "first") == 0)
    return NTK_OK;
  study->rows_vary = strcmp(rows->value[0], "drawn") == 0;
  return study->rows_vary ? NTK_OK
                          : NTK_REFUSE(&study->settings, rows,
                                       "'%s'; accepted: first, or drawn: a trial draws its rows",
                                       rows->value[0]);
}

/* Of one file they say one thing. */
static ntk_status check_one(const ntk_study *study) {
  for (size_t i = 0; i < OF_FILES; i++) {
    const ntk_setting *s = ntk_settings_find(&study->settings, of_files[i]);
    if (s != NULL && s->count != 1)
      return NTK_REFUSE(&study->settings, s, "%zu values; accepted: one", s->count);
  }
  return NTK_OK;
}

/* What is said of files where there are none. */
static ntk_status check_drawn(ntk_study *study) {
  const char *text = ntk_keys_text(study, "data.source");
  for (size_t i = 0; i < OF_FILES; i++) {
    const ntk_setting *s = ntk_settings_find(&study->settings, of_files[i]);
    if (s != NULL)
      return NTK_REFUSE(&study->settings, s, "'%s' is no file", text);
  }
  const ntk_setting *scale = ntk_settings_find(&study->settings, "data.scale");
  if (study->scaling != NTK_SCALE_NONE)
    return NTK_REFUSE(&study->settings, scale,
                      "'%s' is for files; distributions are scaled already", scale->value[0]);
  return NTK_OK;
}

ntk_status ntk_study_read_data(ntk_study *study) {
  const ntk_setting *scale = ntk_settings_find(&study->settings, "data.scale");
  const ntk_key_texts all = ntk_keys_texts(study, "data.source");
  ntk_status status = ntk_scaling_parse(scale->value[0], &study->scaling);
  if (status != NTK_OK)
    return ntk_setting_refuse(&study->settings, scale, status);
  if (!all.many)
    NTK_TRY(check_one(study));
  NTK_TRY(read_rows(study));
  study->file = calloc(all.count, sizeof *study->file);
  if (study->file == NULL)
    return no_memory();
  for (size_t i = 0; i < all.count && status == NTK_OK; i++) {
    const bool file = ntk_dataset_in_file(all.text[i]) && ntk_keys_means_file(study, all.text[i]);
    study->draws |= !file;
    if (file)
      status = open_file(study, all.text[i], all.many);
  }
  if (status != NTK_OK) /* settings were added */
    return ntk_setting_refuse(&study->settings, ntk_settings_find(&study->settings, "data.source"),
                              status);
  return study->files > 0 ? NTK_OK : check_drawn(study);
}

/* ---- What a database remembers --------------------------------------------------------------- */

ntk_status ntk_study_recall_files(ntk_study *study) {
  const ntk_setting *dims = ntk_settings_find(&study->settings, "data.dim");
  const ntk_key_texts all = ntk_keys_texts(study, "data.source");
  study->file = dims != NULL ? calloc(all.count, sizeof *study->file) : NULL;
  if (dims != NULL && study->file == NULL)
    return no_memory();
  for (size_t i = 0; i < all.count && dims != NULL; i++) {
    const char *dim = ntk_keys_recall(study, "data.dim", all.many ? all.text[i] : NULL);
    if (dim != NULL)
      study->file[study->files++] =
          (ntk_study_file){all.text[i], .rows = SIZE_MAX, .dim = strtoull(dim, NULL, 10)};
  }
  return NTK_OK;
}

size_t ntk_study_file_dim(const ntk_study *study) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "data.dim");
  for (size_t i = 1; s != NULL && i < s->count; i++)
    if (strcmp(ntk_entry_value(s->value[i]), ntk_entry_value(s->value[0])) != 0)
      return 0;
  return s != NULL ? (size_t)strtoull(ntk_entry_value(s->value[0]), NULL, 10) : 0;
}
