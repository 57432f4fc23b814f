#include "cli/run/saved.h"

#include "cli/shell/file.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "ntkit/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *saved_path(const char *directory, const char *name) {
  const size_t length = strlen(directory), size = length + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL)
    (void)report_error(EXIT_FAILED, "no memory for a file name");
  else
    snprintf(path, size, "%s%s%s", directory,
             length == 0 || directory[length - 1] == '/' ? "" : "/", name);
  return path;
}

char *saved_staged(const saved_folder *folder, const char *name) {
  return saved_path(ntk_saving_stage(folder->saving), name);
}

/* ---- Before the computation ------------------------------------------------------------------ */

exit_status saved_open(const cli_settings *settings, ntk_context *context, saved_folder *folder) {
  *folder = (saved_folder){0};
  if (settings->save == NULL)
    return EXIT_DONE;
  folder->settings = settings;
  folder->context = context;
  if (!ranks_speaks()) /* another rank has the folder */
    return EXIT_DONE;
  if (settings->load != NULL && file_same(settings->load, settings->save))
    return report_error(EXIT_INPUT,
                        "--save: '%s' has the network of --load; choose another directory",
                        settings->save);
  const bool labels = settings->labels != NULL && ntk_labels_in_file(settings->labels);
  const ntk_saving_options options = {
      .command = settings->origin.command,
      .data = ntk_dataset_in_file(settings->data) ? settings->data : NULL,
      .labels = labels ? settings->labels : NULL,
      .overwrite = settings->overwrite,
  };
  return report_library(ntk_saving_open(settings->save, &options, &folder->saving), "save");
}

exit_status saved_claim(const saved_folder *folder, const char *name) {
  return report_library(ntk_saving_claim(folder->saving, name), "save");
}

exit_status saved_claim_data(const saved_folder *folder) {
  const char *scale = folder->settings->scale;
  const exit_status status = saved_claim(folder, "X.npy");
  const bool means = strcmp(scale, "center") == 0 || strcmp(scale, "standardize") == 0;
  return status == EXIT_DONE && means ? saved_claim(folder, "scaling.npy") : status;
}

exit_status saved_claim_network(const saved_folder *folder, const char *place, size_t depth) {
  return report_library(ntk_saving_claim_network(folder->saving, place, depth), "save");
}

/* ---- After it -------------------------------------------------------------------------------- */

static exit_status check_interrupted(const saved_folder *folder) {
  if (!progress_interrupted())
    return EXIT_DONE;
  if (folder->checkpoint == NULL)
    return report_error(EXIT_INTERRUPTED, "interrupted while saving; nothing was saved");
  return report_error(EXIT_INTERRUPTED,
                      "interrupted while saving; the same command finishes from %s",
                      folder->checkpoint);
}

exit_status saved_add(saved_folder *folder, const char *name) {
  return report_library(ntk_saving_add(folder->saving, name), "save");
}

exit_status saved_array(saved_folder *folder, const char *name, const double *values, size_t rows,
                        size_t columns) {
  const exit_status status = check_interrupted(folder);
  if (status != EXIT_DONE)
    return status;
  return report_library(ntk_saving_array(folder->saving, name, values, rows, columns), "save");
}

exit_status saved_data(saved_folder *folder, const ntk_dataset *data) {
  const exit_status status = check_interrupted(folder);
  return status == EXIT_DONE ? report_library(ntk_saving_data(folder->saving, data), "save")
                             : status;
}

exit_status saved_weights(saved_folder *folder, const char *place, const ntk_network *network) {
  const exit_status status = check_interrupted(folder);
  return status == EXIT_DONE
             ? report_library(ntk_saving_network(folder->saving, place, network), "save")
             : status;
}

void saved_announce(saved_folder *folder) {
  folder->listed = true;
}

exit_status saved_finish(saved_folder *folder, json_t *object) {
  char *text = json_written(object);
  exit_status status = text != NULL ? check_interrupted(folder) : EXIT_FAILED;
  status = report_agreed(folder->context, status); /* from here on nobody turns back */
  if (status == EXIT_DONE && ranks_speaks() && !progress_settle())
    status = EXIT_INTERRUPTED;
  if (status == EXIT_DONE)
    status = report_library(ntk_saving_finish(folder->saving, text), "save");
  free(text);
  const char *path;
  for (size_t i = 0; (path = ntk_saving_removed(folder->saving, i)) != NULL; i++)
    report_note(folder->settings, "--save: removed %s, of the earlier run", path);
  folder->listed = status == EXIT_DONE;
  return status;
}

void saved_close(saved_folder *folder) {
  ntk_saving_close(folder->saving);
  *folder = (saved_folder){0};
}

/* ---- What is told ---------------------------------------------------------------------------- */

/* Name i of those that are saved; NULL: there are no more. */
static const char *listed_name(const saved_folder *folder, size_t i) {
  return folder->listed ? ntk_saving_file(folder->saving, i) : NULL;
}

json_t *saved_json(const saved_folder *folder) {
  json_t *array = json_array();
  const char *name;
  for (size_t i = 0; (name = listed_name(folder, i)) != NULL; i++) {
    char *path = saved_path(folder->settings->save, name);
    json_append(&array, path != NULL ? json_text(path) : NULL);
    free(path);
  }
  return array;
}

void saved_print_files(const saved_folder *folder) {
  const char *name;
  for (size_t i = 0; (name = listed_name(folder, i)) != NULL; i++) {
    char *path = saved_path(folder->settings->save, name);
    printf("%-11s %s\n", i == 0 ? "saved" : "", path != NULL ? path : "");
    free(path);
  }
}

void saved_print(const saved_folder *folder) {
  size_t count = 0;
  while (listed_name(folder, count) != NULL)
    count++;
  if (count > 0)
    printf("saved       %zu files in %s, listed in result.json there\n", count,
           folder->settings->save);
}
