#include "cli/run/model.h"

#include "cli/run/saved.h"
#include "cli/shell/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- result.json ----------------------------------------------------------------------------- */

const char *model_text(const cli_model *model, const char *object, const char *key) {
  return json_string_value(json_object_get(json_object_get(model->result, object), key));
}

static exit_status read_result(cli_model *model) {
  char *path = saved_path(model->directory, "result.json");
  if (path == NULL)
    return EXIT_FAILED;
  exit_status status = EXIT_DONE;
  if (access(path, F_OK) == 0) {
    json_error_t error;
    model->result = json_load_file(path, 0, &error);
    if (model->result == NULL)
      status = report_error(EXIT_INPUT, "--load: %s: line %d: %s; expected what --save writes",
                            path, error.line, error.text);
  }
  free(path);
  return status;
}

static exit_status find_activation(cli_model *model, const cli_settings *settings) {
  const char *saved = model_text(model, "network", "activation"), *given = settings->activation;
  model->activation = saved != NULL ? saved : given;
  if (model->activation == NULL)
    return report_error(EXIT_INPUT, "--activation is needed: %s has no result.json that names it",
                        model->directory);
  if (saved != NULL && given != NULL && strcmp(saved, given) != 0)
    return report_error(EXIT_INPUT,
                        "--activation: '%s', and the network in %s has %s; expected that, or "
                        "nothing",
                        given, model->directory, saved);
  return EXIT_DONE;
}

/* ---- Networks -------------------------------------------------------------------------------- */

static exit_status classes_of_result(cli_model *model, const json_t *list) {
  const size_t count = json_array_size(list);
  model->classes = calloc(count + 1, sizeof *model->classes);
  if (model->classes == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu classes", count);
  model->count = count;
  for (size_t c = 0; c < count; c++) {
    const json_t *class = json_object_get(json_array_get(list, c), "class");
    if (!json_is_integer(class))
      return report_error(EXIT_INPUT, "--load: %s/result.json: class %zu has no number",
                          model->directory, c + 1);
    model->classes[c] = (double)json_integer_value(class);
  }
  return EXIT_DONE;
}

/* By result.json, or else by what there is: W1.npy, or folders of classes. */
static exit_status find_classes(cli_model *model) {
  const json_t *list = json_object_get(model->result, "classes");
  if (json_array_size(list) > 0)
    return classes_of_result(model, list);
  model->count = 1;
  char *first = saved_path(model->directory, "W1.npy");
  if (first == NULL)
    return EXIT_FAILED;
  const bool one = model->result != NULL || access(first, F_OK) == 0;
  free(first);
  if (one)
    return EXIT_DONE;
  size_t count = 0;
  const exit_status status = saved_classes(model->directory, &count, &model->classes);
  if (status == EXIT_DONE && count > 0)
    model->count = count;
  return status;
}

/* Networks of different inputs are not of one model; neither is what result.json does not
 * describe. */
static exit_status check_shape(const cli_model *model, const ntk_network *network) {
  const json_t *about = json_object_get(model->result, "network");
  const json_t *widths = json_object_get(about, "widths"), *dim = json_object_get(about, "dim");
  const size_t depth = ntk_network_depth(network), d = ntk_network_width(network, 0);
  if (d != ntk_network_width(model->networks[0], 0))
    return report_error(EXIT_INPUT, "--load: the classes in %s have networks of d = %zu and %zu",
                        model->directory, ntk_network_width(model->networks[0], 0), d);
  if (!json_is_array(widths) || !json_is_integer(dim))
    return EXIT_DONE;
  bool same = json_array_size(widths) + 1 == depth && (size_t)json_integer_value(dim) == d;
  for (size_t l = 1; l < depth && same; l++)
    same =
        (size_t)json_integer_value(json_array_get(widths, l - 1)) == ntk_network_width(network, l);
  if (same)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--load: the shapes of W1.npy, ... in %s are not those of its result.json: "
                      "some files are missing or of another run",
                      model->directory);
}

static exit_status load_networks(cli_model *model) {
  model->networks = calloc(model->count, sizeof(ntk_network *));
  if (model->networks == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu networks", model->count);
  exit_status status = EXIT_DONE;
  for (size_t c = 0; c < model->count && status == EXIT_DONE; c++) {
    char name[SAVED_NAME] = "";
    if (model->classes != NULL)
      saved_class_name(model->classes[c], name);
    char *place = saved_path(model->directory, name);
    if (place == NULL)
      return EXIT_FAILED;
    place[strlen(place) - (place[strlen(place) - 1] == '/' ? 1 : 0)] = '\0';
    const ntk_status loaded =
        ntk_network_load(model->context, place, model->activation, &model->networks[c]);
    free(place);
    status =
        loaded == NTK_OK ? check_shape(model, model->networks[c]) : report_library(loaded, "load");
  }
  return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

exit_status model_load(ntk_context *context, const char *directory, const cli_settings *settings,
                       cli_model *model) {
  *model = (cli_model){.context = context, .directory = directory};
  if (access(model->directory, X_OK) != 0)
    return report_error(EXIT_INPUT,
                        "--load: '%s' is no directory that can be read; expected one "
                        "that --save wrote",
                        model->directory);
  exit_status status = read_result(model);
  if (status == EXIT_DONE)
    status = find_activation(model, settings);
  if (status == EXIT_DONE)
    status = find_classes(model);
  if (status == EXIT_DONE)
    status = load_networks(model);
  return status;
}

void model_release(cli_model *model) {
  for (size_t c = 0; c < model->count && model->networks != NULL; c++)
    ntk_network_destroy(model->networks[c]);
  ntk_dataset_destroy(model->columns);
  free(model->networks);
  free(model->classes);
  json_decref(model->result);
  *model = (cli_model){0};
}
