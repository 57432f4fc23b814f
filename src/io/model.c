/* A folder of --save, or weights alone, read back as networks that can be applied. */
#include "io/model.h"

#include "base/text.h"
#include "data/dataset.h"
#include "io/folder.h"
#include "io/saving.h"
#include "io/weights.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- result.json ----------------------------------------------------------------------------- */

static const char *text_of(const ntk_model *model, const char *object, const char *key) {
  return json_string_value(json_object_get(json_object_get(model->folder->result, object), key));
}

/* result.json as it is now. Without one, the files may be of two runs, if one was stopped while it
 * moved its own there. */
static ntk_status look_at_result(const struct ntk_model_folder *folder, struct stat *about) {
  char *path = NULL, *earlier = NULL;
  ntk_status status = ntk_folder_path(folder->directory, NTK_RESULT, &path);
  if (status == NTK_OK)
    status = ntk_folder_path(folder->directory, NTK_STAGE "/" NTK_EARLIER, &earlier);
  if (status == NTK_OK && stat(path, about) != 0) {
    *about = (struct stat){0};
    if (access(earlier, F_OK) == 0)
      status = ntk_fail(NTK_ERR_FILE,
                        "%s has no " NTK_RESULT ", and %s says that a run is moving its files "
                        "there or was stopped then: they may be of two runs; expected that the "
                        "same command has come to its end, if need be again",
                        folder->directory, earlier);
  }
  free(path);
  free(earlier);
  return status;
}

/* What was read is of one run if result.json, which goes first and comes last, is still the same.
 */
static ntk_status check_still(const struct ntk_model_folder *folder) {
  struct stat now;
  NTK_TRY(look_at_result(folder, &now));
  if (now.st_ino == folder->about.st_ino && now.st_mtime == folder->about.st_mtime)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE,
                  "%s was written into while it was read; expected to be called again",
                  folder->directory);
}

static ntk_status read_result(struct ntk_model_folder *folder) {
  char *path = NULL;
  NTK_TRY(ntk_folder_path(folder->directory, "result.json", &path));
  ntk_status status = NTK_OK;
  if (access(path, F_OK) == 0) {
    json_error_t error;
    folder->result = json_load_file(path, 0, &error);
    if (folder->result == NULL)
      status = ntk_fail(NTK_ERR_FORMAT, "%s: line %d: %s; expected what --save writes", path,
                        error.line, error.text);
  }
  free(path);
  return status;
}

/* The number at object[key]; 0 where there is none, which makes *whole false. */
static double number_of(const json_t *object, const char *key, bool *whole) {
  const json_t *value = json_object_get(object, key);
  *whole = *whole && json_is_number(value);
  return json_number_value(value);
}

static void find_certificate(ntk_model *model) {
  const json_t *from = json_object_get(model->folder->result, "certificate");
  bool whole = true;
  const ntk_fit_error error = {.relative = (double)NAN, /* which no certificate says */
                               .largest = number_of(from, "max_error", &whole),
                               .rounding = number_of(from, "rounding", &whole),
                               .bound = number_of(from, "bound", &whole)};
  model->certified = whole;
  model->certificate = whole ? error : (ntk_fit_error){0};
}

/* ---- Classes --------------------------------------------------------------------------------- */

static bool is_whole(const json_t *class) {
  return json_is_number(class) && json_number_value(class) == floor(json_number_value(class));
}

/* list: of objects {class, name}, each with its network, or of numbers, whose names are `names`. */
static ntk_status classes_of_result(ntk_model *model, const json_t *list, const json_t *names) {
  const size_t count = json_array_size(list);
  model->classes = calloc(count, sizeof *model->classes);
  model->class_names = calloc(count, sizeof *model->class_names);
  if (model->classes == NULL || model->class_names == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu classes", count);
  size_t named = 0;
  for (size_t c = 0; c < count; c++) {
    const json_t *entry = json_array_get(list, c), *object = json_object_get(entry, "class");
    const json_t *class = json_is_object(entry) ? object : entry;
    if (!is_whole(class) || (c > 0 && json_number_value(class) <= model->classes[c - 1]))
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s/result.json: class %zu has no number; expected whole ones, ascending",
                      model->folder->directory, c + 1);
    model->classes[c] = json_number_value(class);
    model->class_names[c] = json_string_value(json_is_object(entry) ? json_object_get(entry, "name")
                                                                    : json_array_get(names, c));
    named += model->class_names[c] != NULL;
  }
  if (named < count) {
    free(model->class_names);
    model->class_names = NULL;
  }
  model->class_count = count;
  return NTK_OK;
}

/* "targets": the classes are what one network puts out. */
static ntk_status targets_of_result(ntk_model *model, const json_t *targets) {
  const json_t *list = json_object_get(targets, "classes");
  model->count = 1;
  model->encoding = json_string_value(json_object_get(targets, "encoding"));
  const bool known = model->encoding != NULL && (strcmp(model->encoding, "signs") == 0 ||
                                                 strcmp(model->encoding, "one-hot") == 0);
  if (!known || json_array_size(list) < 2)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s/result.json: targets are of %zu classes, as '%s'; expected 2 and more, as "
                    "signs or one-hot",
                    model->folder->directory, json_array_size(list),
                    model->encoding != NULL ? model->encoding : "");
  return classes_of_result(model, list, json_object_get(model->folder->result, "class_names"));
}

/* By result.json, or else by what there is: W1.npy, or folders of classes. */
static ntk_status find_classes(ntk_model *model) {
  const json_t *list = json_object_get(model->folder->result, "classes");
  const json_t *targets = json_object_get(model->folder->result, "targets");
  if (json_array_size(list) > 0) {
    model->count = json_array_size(list);
    return classes_of_result(model, list, NULL);
  }
  if (targets != NULL)
    return targets_of_result(model, targets);
  model->count = 1;
  char *first = NULL;
  NTK_TRY(ntk_folder_path(model->folder->directory, "W1.npy", &first));
  const bool one = model->folder->result != NULL || access(first, F_OK) == 0;
  free(first);
  if (one)
    return NTK_OK;
  size_t count = 0;
  NTK_TRY(ntk_class_folders(model->folder->directory, &count, &model->classes));
  model->count = count > 0 ? count : 1;
  model->class_count = count;
  return NTK_OK;
}

/* ---- Networks -------------------------------------------------------------------------------- */

size_t ntk_model_outputs(const ntk_model *model) {
  return ntk_network_width(model->networks[0], ntk_network_depth(model->networks[0]));
}

/* Against the classes. */
static ntk_status check_outputs(const ntk_model *model, const ntk_network *network) {
  const size_t outputs = ntk_network_width(network, ntk_network_depth(network));
  const size_t classes = model->class_count;
  if (classes == 0 || (model->encoding == NULL && outputs == 1) ||
      (model->encoding != NULL && (outputs == classes || (outputs == 1 && classes == 2))))
    return NTK_OK;
  if (model->encoding == NULL)
    return ntk_fail(NTK_ERR_SHAPE, "a class in %s has a network of %zu outputs; expected one",
                    model->folder->directory, outputs);
  return ntk_fail(NTK_ERR_SHAPE,
                  "the network in %s has %zu output%s, and its result.json tells of %zu classes",
                  model->folder->directory, outputs, outputs == 1 ? "" : "s", classes);
}

/* Networks of different inputs are not of one model; neither is what result.json does not
 * describe. */
static ntk_status check_shape(const ntk_model *model, const ntk_network *network) {
  const json_t *about = json_object_get(model->folder->result, "network");
  const json_t *widths = json_object_get(about, "widths"), *dim = json_object_get(about, "dim");
  const size_t depth = ntk_network_depth(network), d = ntk_network_width(network, 0);
  const size_t first = ntk_network_width(model->networks[0], 0);
  NTK_TRY(check_outputs(model, network));
  if (d != first)
    return ntk_fail(NTK_ERR_SHAPE, "the classes in %s have networks of d = %zu and %zu",
                    model->folder->directory, first, d);
  if (!json_is_array(widths) || !json_is_integer(dim))
    return NTK_OK;
  bool same = json_array_size(widths) + 1 == depth && (size_t)json_integer_value(dim) == d;
  for (size_t l = 1; l < depth && same; l++)
    same =
        (size_t)json_integer_value(json_array_get(widths, l - 1)) == ntk_network_width(network, l);
  if (same)
    return NTK_OK;
  return ntk_fail(
      NTK_ERR_SHAPE,
      "the shapes of W1.npy, ... in %s are not those of its result.json: some files are "
      "missing or of another run",
      model->folder->directory);
}

static ntk_status load_network(const ntk_model *model, const char *path, const char *layout,
                               ntk_network **network) {
  const ntk_network_spec spec = {.activation = model->activation};
  ntk_weights weights;
  NTK_TRY(ntk_weights_open(model->folder->context, path, layout, &weights));
  weights.activation = NULL; /* of a class's folder, none; else it is known already */
  const ntk_status status = ntk_weights_network(&weights, &spec, network);
  ntk_weights_clear(&weights);
  return status;
}

static ntk_status load_networks(ntk_model *model, const char *layout) {
  model->networks = calloc(model->count, sizeof(ntk_network *));
  if (model->networks == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu networks", model->count);
  for (size_t c = 0; c < model->count; c++) {
    char name[NTK_CLASS_NAME] = "", *place = NULL;
    if (model->classes != NULL && model->encoding == NULL)
      ntk_class_folder(model->classes[c], name);
    NTK_TRY(ntk_folder_path(model->folder->directory, name, &place));
    const ntk_status status = load_network(model, place, layout, &model->networks[c]);
    free(place);
    if (status != NTK_OK)
      return status;
    NTK_TRY(check_shape(model, model->networks[c]));
  }
  return NTK_OK;
}

/* Means and deviations, unless result.json says that there are none. */
static ntk_status load_means(const ntk_model *model) {
  struct ntk_model_folder *folder = model->folder;
  const char *scaling = model->scaling;
  if (scaling != NULL && strcmp(scaling, "center") != 0 && strcmp(scaling, "standardize") != 0)
    return NTK_OK;
  char *path = NULL;
  NTK_TRY(ntk_folder_path(folder->directory, "scaling.npy", &path));
  ntk_status status = NTK_OK;
  if (access(path, F_OK) == 0)
    status = ntk_dataset_load(folder->context, path, 0, ntk_network_width(model->networks[0], 0),
                              NTK_SCALE_NONE, &folder->means);
  if (status == NTK_OK && folder->means != NULL) {
    const ntk_held held = ntk_dataset_held(folder->means);
    status = ntk_held_whole(&held, "a network's own scaling");
  }
  if (status == NTK_OK && folder->means != NULL && ntk_dataset_samples(folder->means) != 2)
    status = ntk_fail(NTK_ERR_SHAPE, "%s has %zu rows; expected 2: means and deviations", path,
                      ntk_dataset_samples(folder->means));
  free(path);
  return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status load(ntk_model *model, const char *activation, const char *layout) {
  struct ntk_model_folder *folder = model->folder;
  if (folder->directory == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a directory's name");
  if (access(folder->directory, R_OK) != 0)
    return ntk_fail(NTK_ERR_FILE,
                    "'%s' cannot be read: %s; expected a directory that --save wrote, or a file of "
                    "weights",
                    folder->directory, strerror(errno));
  NTK_TRY(look_at_result(folder, &folder->about));
  NTK_TRY(read_result(folder));
  model->command = json_string_value(json_object_get(folder->result, "command"));
  model->scaling = text_of(model, "data", "scale");
  NTK_TRY(ntk_weights_activation(folder->directory, activation,
                                 text_of(model, "network", "activation"), &model->activation));
  NTK_TRY(find_classes(model));
  find_certificate(model);
  NTK_TRY(load_networks(model, layout));
  model->activation = ntk_network_activation(model->networks[0], 0); /* Swish is silu */
  NTK_TRY(load_means(model));
  return check_still(folder);
}

ntk_status ntk_model_load(ntk_context *context, const char *path, const char *activation,
                          const char *layout, ntk_model *model) {
  ntk_model made = {.folder = calloc(1, sizeof *made.folder)};
  if (made.folder == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a network");
  made.folder->context = context;
  made.folder->directory = strdup(path);
  const ntk_status status = load(&made, activation, layout);
  if (status == NTK_OK)
    *model = made;
  else
    ntk_model_clear(&made);
  return status;
}

void ntk_model_clear(ntk_model *model) {
  for (size_t c = 0; c < model->count && model->networks != NULL; c++)
    ntk_network_destroy(model->networks[c]);
  free(model->networks);
  free(model->classes);
  free(model->class_names);
  if (model->folder != NULL) {
    ntk_dataset_destroy(model->folder->means);
    json_decref(model->folder->result);
    free(model->folder->directory);
  }
  free(model->folder);
  *model = (ntk_model){0};
}
