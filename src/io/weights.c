/* Weights in a file of named arrays or a directory of .npy, understood and read. */
#include "io/weights.h"

#include "base/memory.h"
#include "io/folder.h"
#include "net/activation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ntk_status ntk_weights_read(void *user, size_t array, double *values) {
  return ntk_archive_read(user, array, values);
}

static bool is_folder(const struct ntk_weights_file *file) {
  return strcmp(ntk_archive_format(file->archive), "directory") == 0;
}

static const ntk_tensor *tensor_of(const struct ntk_weights_file *file, size_t i) {
  return ntk_archive_tensor(file->archive, i);
}

/* ---- What the file has ----------------------------------------------------------------------- */

ntk_status ntk_weights_layout(const char *name, ntk_layout *layout) {
  *layout = NTK_LAYOUT_OPEN;
  if (name == NULL)
    return NTK_OK;
  *layout = strcmp(name, "torch") == 0 ? NTK_LAYOUT_TORCH : NTK_LAYOUT_FLAX;
  if (*layout == NTK_LAYOUT_TORCH || strcmp(name, "flax") == 0)
    return NTK_OK;
  return ntk_fail_about(
      ntk_fail(NTK_ERR_ARGUMENT,
               "unknown layout '%s'; accepted: torch (weights are n_l x n_{l-1}), "
               "flax (n_{l-1} x n_l)",
               name),
      (ntk_error){.option = "layout"});
}

static ntk_status read_result(struct ntk_weights_file *file) {
  char *path = NULL;
  if (!is_folder(file))
    return NTK_OK;
  NTK_TRY(ntk_folder_path(file->path, "result.json", &path));
  json_error_t error;
  ntk_status status = NTK_OK;
  if (access(path, F_OK) == 0 && (file->result = json_load_file(path, 0, &error)) == NULL)
    status = ntk_fail(NTK_ERR_FORMAT, "%s: line %d: %s; expected what --save writes", path,
                      error.line, error.text);
  free(path);
  return status;
}

/* Weights are floating-point numbers; whole ones are codes of a quantised network. */
static ntk_status check_type(const struct ntk_weights_file *file, size_t i) {
  const ntk_tensor *tensor = tensor_of(file, i);
  if (strstr(tensor->type, "float") != NULL)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: %s has numbers of type %s; accepted: floating-point numbers, as weights and "
                  "biases are before they are quantised",
                  file->path, tensor->name, tensor->type);
}

static ntk_status check_types(const struct ntk_weights_file *file) {
  for (size_t l = 0; l < file->layers.count; l++) {
    const ntk_layer *layer = &file->layers.layer[l];
    NTK_TRY(check_type(file, layer->weight));
    if (layer->bias != SIZE_MAX)
      NTK_TRY(check_type(file, layer->bias));
  }
  return NTK_OK;
}

/* An array that cannot be read, and whose shape is not known, is a failure where it may be of the
 * network. */
static ntk_status list_arrays(const struct ntk_weights_file *file, ntk_named_array *array) {
  for (size_t i = 0; i < ntk_archive_count(file->archive); i++) {
    const ntk_tensor *tensor = tensor_of(file, i);
    if (tensor->refusal != NULL && !ntk_layers_ignore(tensor->name, is_folder(file)))
      return ntk_fail(NTK_ERR_FORMAT, "%s", tensor->refusal);
    array[i] = (ntk_named_array){
        .name = tensor->name, .rank = (size_t)tensor->rank, .shape = tensor->shape};
  }
  return NTK_OK;
}

static ntk_status find_layers(struct ntk_weights_file *file, ntk_layout layout) {
  ntk_named_arrays from = {
      .path = file->path, .count = ntk_archive_count(file->archive), .folder = is_folder(file)};
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(file->context, from.count, sizeof *from.array, "names", &pointer));
  from.array = pointer;
  ntk_status status = list_arrays(file, pointer);
  if (status == NTK_OK)
    status = ntk_layers_find(file->context, &from, layout, &file->layers);
  ntk_free(file->context, pointer);
  return status == NTK_OK ? check_types(file) : status;
}

/* ---- What is told of it ---------------------------------------------------------------------- */

static ntk_status tell(ntk_weights *weights) {
  const struct ntk_weights_file *file = weights->file;
  const ntk_layers *layers = &file->layers;
  const json_t *network = json_object_get(file->result, "network");
  weights->format = ntk_archive_format(file->archive);
  weights->activation = json_string_value(json_object_get(network, "activation"));
  const char *scales = json_string_value(json_object_get(network, "parameterization"));
  weights->parameterization = scales != NULL && strcmp(scales, "standard") != 0 ? scales : NULL;
  weights->depth = layers->count;
  weights->by_shapes = layers->by_shapes;
  weights->left = layers->left;
  weights->layer = calloc(layers->count, sizeof *weights->layer);
  weights->left_out = calloc(layers->left + 1, sizeof *weights->left_out);
  if (weights->layer == NULL || weights->left_out == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu layers", layers->count);
  for (size_t l = 0; l < layers->count; l++) {
    const ntk_layer *layer = &layers->layer[l];
    const bool bias = layer->bias != SIZE_MAX;
    weights->layer[l] =
        (ntk_weights_layer){.weight = tensor_of(file, layer->weight)->name,
                            .bias = bias ? tensor_of(file, layer->bias)->name : NULL,
                            .type = tensor_of(file, layer->weight)->type,
                            .in = layer->in,
                            .out = layer->out,
                            .transposed = layer->transposed,
                            .told_by = layer->why};
    weights->parameters += (layer->in + (bias ? 1 : 0)) * layer->out;
  }
  for (size_t i = 0; i < layers->left; i++)
    weights->left_out[i] = tensor_of(file, layers->left_out[i])->name;
  return NTK_OK;
}

static ntk_status open_file(ntk_weights *weights, const char *layout) {
  struct ntk_weights_file *file = weights->file;
  ntk_layout given = NTK_LAYOUT_OPEN;
  if (file->path == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a file name");
  NTK_TRY(ntk_weights_layout(layout, &given));
  NTK_TRY(ntk_archive_open(file->path, &file->archive));
  NTK_TRY(read_result(file));
  NTK_TRY(find_layers(file, given));
  return tell(weights);
}

ntk_status ntk_weights_open(ntk_context *context, const char *path, const char *layout,
                            ntk_weights *weights) {
  ntk_weights made = {.file = calloc(1, sizeof *made.file)};
  if (made.file == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for weights");
  made.file->context = context;
  made.file->path = strdup(path);
  const ntk_status status = open_file(&made, layout);
  if (status == NTK_OK)
    *weights = made;
  else
    ntk_weights_clear(&made);
  return status;
}

void ntk_weights_clear(ntk_weights *weights) {
  struct ntk_weights_file *file = weights->file;
  free(weights->layer);
  free(weights->left_out);
  if (file != NULL) {
    if (file->layers.context != NULL)
      ntk_layers_clear(&file->layers);
    ntk_archive_close(file->archive);
    json_decref(file->result);
    free(file->path);
  }
  free(file);
  *weights = (ntk_weights){0};
}

/* ---- The network ----------------------------------------------------------------------------- */

ntk_status ntk_weights_activation(const char *path, const char *given, const char *told,
                                  const char **activation) {
  if (given == NULL && told == NULL)
    return ntk_fail_about(
        ntk_fail(NTK_ERR_ARGUMENT,
                 "the activation must be given: %s does not name it (files of weights have none; a "
                 "result.json of --save does)",
                 path),
        (ntk_error){.option = "activation"});
  if (told != NULL && given != NULL && !ntk_activation_same(told, given))
    return ntk_fail_about(ntk_fail(NTK_ERR_ARGUMENT,
                                   "'%s', and the network in %s has %s; expected that, or nothing",
                                   given, path, told),
                          (ntk_error){.option = "activation"});
  *activation = told != NULL ? told : given;
  return NTK_OK;
}

ntk_status ntk_weights_network(const ntk_weights *weights, const ntk_network_spec *spec,
                               ntk_network **network) {
  const struct ntk_weights_file *file = weights->file;
  ntk_network_spec whole = *spec;
  NTK_TRY(
      ntk_weights_activation(file->path, spec->activation, weights->activation, &whole.activation));
  if (spec->parameterization == NULL && spec->scale == NULL)
    whole.parameterization = weights->parameterization;
  return ntk_layers_network(&file->layers, &whole, ntk_weights_read, file->archive, network);
}
