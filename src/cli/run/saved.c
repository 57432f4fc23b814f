#include "cli/run/saved.h"
#include "ntkit/data.h"

#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"

#include <stdio.h>
#include <stdlib.h>

exit_status saved_add(saved_folder *folder, const char *name) {
  if (json_object_set_new(folder->files, name, json_true()) == 0)
    return EXIT_DONE;
  return report_error(EXIT_FAILED, "no memory for the list of files");
}

exit_status saved_announce(saved_folder *folder) {
  const exit_status status = saved_add(folder, SAVED_RESULT);
  folder->listed = status == EXIT_DONE;
  return status;
}

exit_status saved_array(saved_folder *folder, const char *name, const double *values, size_t rows,
                        size_t columns) {
  if (progress_interrupted())
    return folder->checkpoint == NULL
               ? report_error(EXIT_INTERRUPTED, "interrupted while saving; nothing was saved")
               : report_error(EXIT_INTERRUPTED,
                              "interrupted while saving; the same command finishes from %s",
                              folder->checkpoint);
  char *path = saved_staged(folder, name);
  if (path == NULL)
    return EXIT_FAILED;
  const size_t shape[2] = {rows, columns};
  const ntk_status status = ntk_npy_save(path, values, columns == 0 ? 1 : 2, shape);
  free(path);
  return status == NTK_OK ? saved_add(folder, name) : report_library(status, "save");
}

exit_status saved_data(saved_folder *folder, const ntk_dataset *data) {
  const size_t d = ntk_dataset_dim(data);
  const double *columns = ntk_dataset_scaling(data);
  const exit_status status =
      saved_array(folder, "X.npy", ntk_dataset_values(data), ntk_dataset_samples(data), d);
  return status == EXIT_DONE && columns != NULL ? saved_array(folder, "scaling.npy", columns, 2, d)
                                                : status;
}

static exit_status make_place(const saved_folder *folder, const char *place) {
  char *path = saved_staged(folder, place);
  if (path == NULL)
    return EXIT_FAILED;
  const ntk_status made = ntk_directory_prepare(path);
  free(path);
  return report_library(made, "save");
}

exit_status saved_weights(saved_folder *folder, const char *place, const ntk_network *network) {
  const size_t depth = ntk_network_depth(network);
  exit_status status = place[0] != '\0' ? make_place(folder, place) : EXIT_DONE;
  for (size_t l = 1; l <= depth && status == EXIT_DONE; l++) {
    char name[2 * SAVED_NAME];
    snprintf(name, sizeof name, "%sW%zu.npy", place, l);
    status = saved_array(folder, name, ntk_network_weights(network, l),
                         ntk_network_width(network, l - 1), ntk_network_width(network, l));
  }
  return status;
}

/* ---- What is told ---------------------------------------------------------------------------- */

json_t *saved_json(const saved_folder *folder) {
  json_t *array = json_array();
  for (void *i = folder->listed ? json_object_iter(folder->files) : NULL;
       i != NULL && array != NULL; i = json_object_iter_next(folder->files, i)) {
    char *path = saved_path(folder->settings->save, json_object_iter_key(i));
    if (path == NULL || json_array_append_new(array, json_text(path)) != 0) {
      json_decref(array);
      array = NULL;
    }
    free(path);
  }
  return array;
}

void saved_print_files(const saved_folder *folder) {
  const char *label = "saved";
  for (void *i = folder->listed ? json_object_iter(folder->files) : NULL; i != NULL;
       i = json_object_iter_next(folder->files, i)) {
    char *path = saved_path(folder->settings->save, json_object_iter_key(i));
    printf("%-11s %s\n", label, path != NULL ? path : "");
    free(path);
    label = "";
  }
}

void saved_print(const saved_folder *folder) {
  if (folder->listed)
    printf("saved       %zu files in %s, listed in result.json there\n",
           json_object_size(folder->files), folder->settings->save);
}
