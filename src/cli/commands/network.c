/* ntkit network inspect: what is understood of a file of weights. ntkit network convert: the same
 * weights into another file. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/view.h"
#include "ntkit/io.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct network_settings {
  cli_settings common;
  const char *to; /* layout of what is written; NULL: our own names */
} network_settings;

typedef struct inspection {
  const char *path;
  ntk_weights weights;
} inspection;

static exit_status open_weights(const cli_settings *settings, ntk_context **context,
                                inspection *found) {
  found->path = settings->operand[0];
  const exit_status status = job_context(settings, context);
  if (status != EXIT_DONE)
    return status;
  return report_fault(ntk_weights_open(*context, found->path, settings->layout, &found->weights),
                      NULL);
}

/* ---- inspect --------------------------------------------------------------------------------- */

typedef struct inspected {
  const char *path, *format, *activation, *parameterization;
  size_t depth, dim, outputs, parameters;
  bool by_shapes;
} inspected;

#define ROW inspected
static const ntk_field inspected_fields[] = {
    VIEW_FIELD(TEXT, "path", path, "of the file or directory"),
    VIEW_FIELD(TEXT, "format", format, "npz, safetensors, hdf5 or directory"),
    VIEW_FIELD(WHOLE, "depth", depth, "L"),
    VIEW_FIELD(WHOLE, "dim", dim, "n_0 = d"),
    VIEW_FIELD(WHOLE, "outputs", outputs, "n_L"),
    VIEW_FIELD(WHOLE, "parameters", parameters, "P"),
    VIEW_FIELD(TEXT, "activation", activation, "by a result.json; null: not told"),
    VIEW_FIELD(TEXT, "parameterization", parameterization,
               "of the scales of K's blocks, by a result.json; null: standard, or not told"),
    VIEW_FIELD(FLAG, "order_by_shapes", by_shapes, "the shapes tell the order, not the names"),
};
static const ntk_description inspected_table = VIEW_TABLE(inspected_fields);
#undef ROW

#define ROW ntk_weights_layer
static const ntk_field layer_fields[] = {
    VIEW_FIELD(TEXT, "weight", weight, "its name in the file"),
    VIEW_FIELD(TEXT, "bias", bias, "its name in the file; null: none"),
    VIEW_FIELD(TEXT, "type", type, "of the weight's numbers"),
    VIEW_FIELD(WHOLE, "in", in, "n_{l-1}"),
    VIEW_FIELD(WHOLE, "out", out, "n_l"),
    VIEW_FIELD(FLAG, "transposed", transposed, "the weight lies as n_l x n_{l-1}"),
    VIEW_FIELD(TEXT, "told_by", told_by, "what tells how it lies"),
};
static const ntk_description layer_table = VIEW_TABLE(layer_fields);
#undef ROW

static void tell_weights(const void *what, result_view *v) {
  const inspection *found = what;
  const ntk_weights *weights = &found->weights;
  const inspected facts = {.path = found->path,
                           .format = weights->format,
                           .activation = weights->activation,
                           .parameterization = weights->parameterization,
                           .depth = weights->depth,
                           .dim = weights->layer[0].in,
                           .outputs = weights->layer[weights->depth - 1].out,
                           .parameters = weights->parameters,
                           .by_shapes = weights->by_shapes};
  view_fields(v, NULL, &inspected_table, &facts, NULL, NULL);
  view_json(v, "layers", json_list_of(&layer_table, weights->layer, weights->depth));
  json_t *left = json_array();
  for (size_t i = 0; i < weights->left; i++)
    json_append(&left, json_text(weights->left_out[i]));
  view_json(v, "left_out", left);
}

static int longest(const ntk_weights *weights) {
  size_t most = strlen("weight");
  for (size_t l = 0; l < weights->depth; l++) {
    const ntk_weights_layer *layer = &weights->layer[l];
    const size_t own = strlen(layer->weight), bias = layer->bias != NULL ? strlen(layer->bias) : 0;
    most = own > most ? own : most;
    most = bias > most ? bias : most;
  }
  return (int)most;
}

static void print_weights(const inspection *found) {
  const ntk_weights *weights = &found->weights;
  const int wide = longest(weights);
  printf("network     %s, %s: L = %zu, d = %zu, n_L = %zu, P = %zu parameters\n", found->path,
         weights->format, weights->depth, weights->layer[0].in,
         weights->layer[weights->depth - 1].out, weights->parameters);
  printf("activation  %s\n",
         weights->activation != NULL ? weights->activation : "not told: give --activation");
  if (weights->parameterization != NULL)
    printf("scales      %s\n", weights->parameterization);
  printf("order       by %s\n\n", weights->by_shapes ? "the shapes" : "the names");
  printf("layer  %-*s  %-*s  %-9s  %-15s  %-14s  told by\n", wide, "weight", wide, "bias", "type",
         "n_{l-1} -> n_l", "lies as");
  for (size_t l = 0; l < weights->depth; l++) {
    const ntk_weights_layer *layer = &weights->layer[l];
    char sizes[64];
    snprintf(sizes, sizeof sizes, "%zu -> %zu", layer->in, layer->out);
    printf("%5zu  %-*s  %-*s  %-9s  %-15s  %-14s  %s\n", l + 1, wide, layer->weight, wide,
           layer->bias != NULL ? layer->bias : "-", layer->type, sizes,
           layer->transposed ? "[n_l, n_{l-1}]" : "[n_{l-1}, n_l]", layer->told_by);
  }
  for (size_t i = 0; i < weights->left; i++)
    printf("%s%s\n", i == 0 ? "\nleft out    " : "            ", weights->left_out[i]);
}

static exit_status command_inspect(const void *given) {
  const cli_settings *settings = given;
  ntk_context *context = NULL;
  inspection found = {0};
  exit_status status = open_weights(settings, &context, &found);
  if (status == EXIT_DONE && settings->json)
    status = json_print(view_object(tell_weights, &found), EXIT_DONE);
  else if (status == EXIT_DONE)
    print_weights(&found);
  ntk_weights_clear(&found.weights);
  ntk_context_destroy(context);
  return status;
}

/* ---- convert --------------------------------------------------------------------------------- */

static exit_status convert(const network_settings *settings, const ntk_weights *weights) {
  const char *from = settings->common.operand[0], *to = settings->common.operand[1];
  if (file_same(from, to))
    return report_error(EXIT_INPUT, "'%s' is what is read; choose another name", to);
  if (ntk_arrays_known(to) && access(to, F_OK) == 0 && !settings->common.overwrite)
    return report_error(EXIT_INPUT, "'%s' is there already; choose another name, or --overwrite it",
                        to);
  const ntk_saving_options options = {.command = settings->common.origin.command,
                                      .overwrite = settings->common.overwrite};
  const exit_status status =
      report_fault(ntk_weights_save(weights, to, settings->to, &options), NULL);
  if (status != EXIT_DONE)
    return status;
  job_note_left(&settings->common, from, weights);
  printf("%zu layer%s, %zu parameters written to %s as float64\n", weights->depth,
         weights->depth == 1 ? "" : "s", weights->parameters, to);
  return EXIT_DONE;
}

static exit_status command_convert(const void *given) {
  const network_settings *settings = given;
  ntk_context *context = NULL;
  inspection found = {0};
  exit_status status = open_weights(&settings->common, &context, &found);
  if (status == EXIT_DONE)
    status = convert(settings, &found.weights);
  ntk_weights_clear(&found.weights);
  ntk_context_destroy(context);
  return status;
}

/* ---- Their options --------------------------------------------------------------------------- */

static const option_row own[] = {
    {.name = "overwrite",
     .kind = KIND_FLAG,
     .field = offsetof(network_settings, common.overwrite),
     .help =
         "Replace TO when it is there; in a directory the files of the same names, whoever made "
         "them. When not given: in a directory those that its result.json lists as written by "
         "this command."},
    {.name = "to",
     .kind = KIND_CHOICE,
     .field = offsetof(network_settings, to),
     .argument = "NAME",
     .choice = option_layout,
     .help =
         "Names and layout of what is written. torch: 0.weight, 0.bias, 2.weight, ..., n_l x "
         "n_{l-1}, as torch.nn.Sequential takes them; flax: params/Dense_0/kernel, ..., n_{l-1} "
         "x n_l. When not given: W1, b1, W2, ..., n_{l-1} x n_l, as --save writes them."},
};

const cli_command network_inspect_command = {
    .name = "network inspect",
    .summary = "what is understood of a file of weights",
    .about = "Finds the dense layers in a file of named arrays (.npz, .safetensors, HDF5) or a "
             "directory of .npy, by the names that PyTorch, Flax, Keras, Haiku, Equinox and "
             "scikit-learn give and by the chain of shapes, and prints which array is which "
             "layer's, how it lies and what tells so. No numbers are read.",
    .example = "ntkit network inspect fitted",
    .operands = "FILE|DIR",
    .least = 1,
    .most = 1,
    .options = (const option_part[]){SHARED(LAYOUT, LAYOUT), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_inspect,
};

const cli_command network_convert_command = {
    .name = "network convert",
    .summary = "weights from one file into another",
    .about = "Reads weights as --load does and writes them as float64 into .npz, .safetensors or a "
             "directory of .npy, which the name of what is written tells.",
    .example = "ntkit network convert fitted model.safetensors --to torch",
    .operands = "FROM TO",
    .least = 2,
    .most = 2,
    .options = (const option_part[]){SHARED(LAYOUT, LAYOUT),
                                     OPTION_PART(own),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(QUIET, HELP),
                                     {NULL, 0}},
    .size = sizeof(network_settings),
    .run = command_convert,
};
