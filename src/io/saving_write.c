/* A run's files, into the stage. */
#include "base/text.h"
#include "base/writer.h"
#include "data/dataset.h"
#include "data/json_text.h"
#include "io/archive/write.h"
#include "io/folder.h"
#include "io/saving.h"
#include "ntkit/data.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ntk_status ntk_saving_add(ntk_saving *saving, const char *name) {
  if (saving == NULL || json_object_set_new(saving->files, name, json_true()) == 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the list of files");
}

const char *ntk_saving_stage(const ntk_saving *saving) {
  return saving != NULL ? saving->stage : "";
}

/* Key i of a set; NULL: it has none. */
static const char *key_of(json_t *set, size_t i) {
  void *at = json_object_iter(set);
  for (; at != NULL && i > 0; i--)
    at = json_object_iter_next(set, at);
  return json_object_iter_key(at);
}

const char *ntk_saving_file(const ntk_saving *saving, size_t i) {
  if (saving == NULL)
    return NULL;
  return !saving->finished && i == json_object_size(saving->files) ? NTK_RESULT
                                                                   : key_of(saving->files, i);
}

const char *ntk_saving_removed(const ntk_saving *saving, size_t i) {
  return saving != NULL ? key_of(saving->removed, i) : NULL;
}

/* The folder of a network in the stage. */
static ntk_status make_place(const ntk_saving *saving, const char *place) {
  char *path = NULL;
  NTK_TRY(ntk_folder_path(saving->stage, place, &path));
  const ntk_status status = ntk_directory_prepare(path);
  free(path);
  return status;
}

ntk_status ntk_saving_array(ntk_saving *saving, const char *name, const double *values, size_t rows,
                            size_t columns) {
  char *path = NULL;
  if (saving == NULL)
    return NTK_OK;
  NTK_TRY(ntk_saving_add(saving, name)); /* before it is there, so that it can be taken away */
  NTK_TRY(ntk_folder_path(saving->stage, name, &path));
  const size_t shape[2] = {rows, columns};
  const ntk_status status = ntk_npy_save(path, values, columns == 0 ? 1 : 2, shape);
  free(path);
  return status;
}

ntk_status ntk_saving_data(ntk_saving *saving, const ntk_dataset *data) {
  static const char name[] = "X.npy";
  const double *columns = ntk_dataset_scaling(data);
  const ntk_held held = ntk_dataset_held(data);
  char *path = NULL;
  if (saving != NULL)
    NTK_TRY(ntk_folder_path(saving->stage, name, &path));
  const ntk_status status = ntk_held_save(data->context, &held, path);
  free(path);
  if (status != NTK_OK || saving == NULL)
    return status;
  NTK_TRY(ntk_saving_add(saving, name));
  return columns != NULL ? ntk_saving_array(saving, "scaling.npy", columns, 2, held.d) : NTK_OK;
}

/* A bias that lies there and that neither this run nor the removal of what the last one wrote takes
 * away would be read as this network's. */
static ntk_status check_none(const ntk_saving *saving, const char *name) {
  char *path = NULL;
  NTK_TRY(ntk_folder_path(saving->directory, name, &path));
  ntk_status status = NTK_OK;
  if (access(path, F_OK) == 0 && json_object_get(saving->owned, name) == NULL)
    status = ntk_fail(NTK_ERR_FILE,
                      "'%s' is there, and would be read as a bias of the network, which has none "
                      "there; expected another directory",
                      path);
  free(path);
  return status;
}

ntk_status ntk_saving_network(ntk_saving *saving, const char *place, const ntk_network *network) {
  char name[2 * NTK_CLASS_NAME];
  const char *slash = place[0] != '\0' ? "/" : "";
  if (saving == NULL)
    return NTK_OK;
  if (place[0] != '\0')
    NTK_TRY(make_place(saving, place));
  for (size_t l = 1; l <= ntk_network_depth(network); l++) {
    const size_t in = ntk_network_width(network, l - 1), out = ntk_network_width(network, l);
    (void)ntk_format(name, sizeof name, "%s%sW%zu.npy", place, slash, l);
    NTK_TRY(ntk_saving_array(saving, name, ntk_network_weights(network, l), in, out));
    (void)ntk_format(name, sizeof name, "%s%sb%zu.npy", place, slash, l);
    if (ntk_network_has_bias(network, l))
      NTK_TRY(ntk_saving_array(saving, name, ntk_network_bias(network, l), out, 0));
    else
      NTK_TRY(check_none(saving, name));
  }
  return NTK_OK;
}

ntk_status ntk_saving_text(const ntk_saving *saving, const char *name, const char *text) {
  char *path = NULL;
  ntk_writer writer;
  NTK_TRY(ntk_folder_path(saving->stage, name, &path));
  ntk_status status = ntk_writer_open(&writer, path, strlen(text) + 1);
  free(path);
  if (status != NTK_OK)
    return status;
  status = ntk_writer_append(&writer, text, strlen(text));
  if (status == NTK_OK)
    status = ntk_writer_append(&writer, "\n", 1);
  if (status == NTK_OK)
    return ntk_writer_commit(&writer);
  ntk_writer_abort(&writer);
  return status;
}

/* It must be found to be this command's when that comes again. */
static ntk_status check_result(const ntk_saving *saving, const char *text) {
  json_t *result = json_loads(text, 0, NULL);
  const json_t *list = json_object_get(result, "saved");
  const char *command = json_string_value(json_object_get(result, "command"));
  const char *last = json_string_value(json_array_get(list, json_array_size(list) - 1));
  const size_t length = last != NULL ? strlen(last) : 0, own = strlen(NTK_RESULT);
  const bool good = command != NULL && strcmp(command, saving->command) == 0 && last != NULL &&
                    length >= own && strcmp(last + length - own, NTK_RESULT) == 0;
  json_decref(result);
  return good ? NTK_OK
              : ntk_fail(NTK_ERR_ARGUMENT,
                         "the text for result.json is not one; accepted: a JSON object in which "
                         "\"command\" is \"%s\" and \"saved\" a list of the files that ends with "
                         "\"result.json\"",
                         saving->command);
}

ntk_status ntk_saving_finish(ntk_saving *saving, const char *result) {
  if (saving == NULL)
    return NTK_OK;
  NTK_TRY(check_result(saving, result));
  NTK_TRY(ntk_saving_text(saving, NTK_RESULT, result));
  NTK_TRY(ntk_saving_add(saving, NTK_RESULT));
  const ntk_status status = ntk_saving_move(saving);
  saving->finished = status == NTK_OK;
  return status;
}

ntk_status ntk_saving_finish_object(ntk_saving *saving, json_t *result) {
  char *text = result != NULL ? ntk_json_text(result, JSON_INDENT(2)) : NULL;
  ntk_status status = NTK_OK;
  if (text != NULL)
    status = ntk_saving_finish(saving, text);
  else
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for the text of result.json");
  free(text);
  json_decref(result);
  return status;
}
