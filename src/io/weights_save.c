/* Weights of one file into another, under the names and the right way round for who is to read it.
 */
#include "base/memory.h"
#include "base/text.h"
#include "io/archive/write.h"
#include "io/saving.h"
#include "io/weights.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_NAME = 64 };

/* An array to be written: a layer's weight, or its bias. */
typedef struct target {
  char name[MOST_NAME];
  size_t layer; /* 0, ... */
  bool bias;
} target;

typedef struct save {
  const ntk_weights *weights;
  const char *path;
  ntk_layout layout; /* of the weights there; NTK_LAYOUT_OPEN: our own names */
  size_t count, largest;
  target *target;
  ntk_packed *array; /* count, as they are written */
  double *read, *turned;
} save;

/* W2, b2; of torch what a torch.nn.Sequential with activations in between has; of flax what
 * flax.traverse_util.unflatten_dict takes apart. */
static void name_target(ntk_layout layout, bool folder, target *t) {
  static const char *const own[] = {"W", "b"}, *const torch[] = {"weight", "bias"},
                           *const flax[] = {"kernel", "bias"};
  const char mark = folder ? '.' : '/'; /* which no file's name has */
  if (layout == NTK_LAYOUT_TORCH)
    (void)ntk_format(t->name, MOST_NAME, "%zu.%s", 2 * t->layer, torch[t->bias]);
  else if (layout == NTK_LAYOUT_FLAX)
    (void)ntk_format(t->name, MOST_NAME, "params%cDense_%zu%c%s", mark, t->layer, mark,
                     flax[t->bias]);
  else
    (void)ntk_format(t->name, MOST_NAME, "%s%zu", own[t->bias], t->layer + 1);
}

static ntk_status list_targets(save *s, bool folder) {
  const ntk_weights *weights = s->weights;
  s->target = calloc(2 * weights->depth, sizeof *s->target);
  s->array = calloc(2 * weights->depth, sizeof *s->array);
  if (s->target == NULL || s->array == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu layers", weights->depth);
  for (size_t i = 0; i < 2 * weights->depth; i++) {
    const ntk_weights_layer *layer = &weights->layer[i / 2];
    const bool bias = i % 2 == 1, turned = s->layout == NTK_LAYOUT_TORCH;
    if (bias && layer->bias == NULL)
      continue;
    target *t = &s->target[s->count];
    *t = (target){.layer = i / 2, .bias = bias};
    name_target(s->layout, folder, t);
    ntk_packed *array = &s->array[s->count++];
    *array = (ntk_packed){.name = t->name, .rank = bias ? 1 : 2};
    array->shape[0] = turned || bias ? layer->out : layer->in;
    array->shape[1] = bias ? 0 : turned ? layer->in : layer->out;
    const size_t entries = bias ? layer->out : layer->in * layer->out;
    s->largest = entries > s->largest ? entries : s->largest;
  }
  return NTK_OK;
}

/* The numbers of array i, as they are to lie there. */
static ntk_status numbers(save *s, size_t i, const double **values) {
  const struct ntk_weights_file *file = s->weights->file;
  const target *t = &s->target[i];
  const ntk_layer *layer = &file->layers.layer[t->layer];
  *values = s->read;
  if (t->bias)
    return ntk_weights_read(file->archive, layer->bias, s->read);
  NTK_TRY(ntk_layers_weight(&file->layers, t->layer + 1, ntk_weights_read, file->archive, s->read));
  if (s->layout != NTK_LAYOUT_TORCH)
    return NTK_OK;
  ntk_layers_turn(s->read, layer->in, layer->out, s->turned);
  *values = s->turned;
  return NTK_OK;
}

/* ---- Into a file ----------------------------------------------------------------------------- */

static ntk_status pack(save *s) {
  ntk_packing packing;
  const double *values = NULL;
  NTK_TRY(ntk_packing_open(&packing, s->path, s->count, s->array));
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < s->count && status == NTK_OK; i++) {
    status = numbers(s, i, &values);
    if (status == NTK_OK)
      status = ntk_packing_append(&packing, values);
  }
  if (status == NTK_OK)
    return ntk_packing_commit(&packing);
  ntk_packing_abort(&packing);
  return status;
}

/* ---- Into a directory ------------------------------------------------------------------------ */

static ntk_status write_result(ntk_saving *saving, const ntk_weights *weights) {
  json_t *files = json_array(), *network = json_object();
  int code = files == NULL || network == NULL;
  for (size_t i = 0; ntk_saving_file(saving, i) != NULL; i++)
    code |= json_array_append_new(files, json_string(ntk_saving_file(saving, i)));
  if (weights->activation != NULL)
    code |= json_object_set_new(network, "activation", json_string(weights->activation));
  if (weights->parameterization != NULL)
    code |=
        json_object_set_new(network, "parameterization", json_string(weights->parameterization));
  json_t *result =
      json_pack("{s:s, s:o, s:o}", "command", saving->command, "network", network, "saved", files);
  if (code != 0) {
    json_decref(result);
    result = NULL;
  }
  return ntk_saving_finish_object(saving, result);
}

static ntk_status fill(save *s, ntk_saving *saving) {
  char name[MOST_NAME + 8];
  const double *values = NULL;
  for (size_t i = 0; i < s->count; i++) {
    (void)ntk_format(name, sizeof name, "%s.npy", s->target[i].name);
    NTK_TRY(ntk_saving_claim(saving, name));
  }
  if (s->layout == NTK_LAYOUT_OPEN) /* and no W or b lies there that would be read with these */
    NTK_TRY(ntk_saving_claim_network(saving, "", s->weights->depth));
  for (size_t i = 0; i < s->count; i++) {
    (void)ntk_format(name, sizeof name, "%s.npy", s->target[i].name);
    NTK_TRY(numbers(s, i, &values));
    NTK_TRY(ntk_saving_array(saving, name, values, s->array[i].shape[0], s->array[i].shape[1]));
  }
  return write_result(saving, s->weights);
}

static ntk_status save_folder(save *s, const ntk_saving_options *options) {
  ntk_saving *saving = NULL;
  NTK_TRY(ntk_saving_open(s->path, options, &saving));
  const ntk_status status = fill(s, saving);
  ntk_saving_close(saving);
  return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status write_all(save *s, const ntk_saving_options *options) {
  const bool file = ntk_packing_knows(s->path);
  const char *name = strrchr(s->path, '/') != NULL ? strrchr(s->path, '/') + 1 : s->path;
  struct stat about;
  if (!file && strchr(name, '.') != NULL && stat(s->path, &about) != 0)
    return ntk_fail(
        NTK_ERR_ARGUMENT,
        "'%s': weights are written as .npz, .safetensors or into a directory; accepted: "
        "a name that ends so, or one without a point",
        s->path);
  NTK_TRY(list_targets(s, !file));
  ntk_context *context = s->weights->file->context;
  NTK_TRY(ntk_alloc_doubles(context, s->largest, "a weight", &s->read));
  if (s->layout == NTK_LAYOUT_TORCH)
    NTK_TRY(ntk_alloc_doubles(context, s->largest, "a weight", &s->turned));
  return file ? pack(s) : save_folder(s, options);
}

ntk_status ntk_weights_save(const ntk_weights *weights, const char *path, const char *layout,
                            const ntk_saving_options *options) {
  save s = {.weights = weights, .path = path};
  NTK_TRY(ntk_weights_layout(layout, &s.layout));
  const ntk_status status = write_all(&s, options);
  ntk_context *context = weights->file->context;
  ntk_free(context, s.read);
  ntk_free(context, s.turned);
  free(s.target);
  free(s.array);
  return status;
}
