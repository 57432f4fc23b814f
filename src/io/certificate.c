/* What saved networks do: data, labels and weights are read back and measured. */
#include "io/folder.h"
#include "ntkit/data.h"
#include "ntkit/io.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Data and targets as the files have them. */
typedef struct read_back {
  ntk_context *context;
  const char *directory, *activation;
  ntk_dataset *data;
  size_t outputs; /* numbers of a label */
  double *Y;      /* N labels, or N x outputs */
  double *target; /* N: what one network is to put out */
} read_back;

static ntk_status read_labels(read_back *b, const char *path) {
  const size_t N = ntk_dataset_samples(b->data);
  ntk_array_info info;
  NTK_TRY(ntk_array_shape(path, &info));
  b->outputs = info.cols;
  b->Y = b->outputs <= SIZE_MAX / sizeof *b->Y / N ? calloc(N * b->outputs, sizeof *b->Y) : NULL;
  b->target = calloc(N, sizeof *b->target);
  if (b->Y == NULL || b->target == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu labels", N);
  return ntk_labels_load_outputs(b->context, path, b->data, b->outputs, b->Y);
}

static ntk_status read_inputs(read_back *b) {
  char *X = NULL, *Y = NULL;
  ntk_status status = ntk_folder_path(b->directory, "X.npy", &X);
  if (status == NTK_OK)
    status = ntk_folder_path(b->directory, "Y.npy", &Y);
  if (status == NTK_OK)
    status = ntk_dataset_load(b->context, X, 0, 0, NTK_SCALE_NONE, &b->data);
  if (status == NTK_OK)
    status = read_labels(b, Y);
  free(X);
  free(Y);
  return status;
}

static ntk_status check_outputs(const read_back *b, const char *place, const ntk_network *network) {
  const size_t outputs = ntk_network_width(network, ntk_network_depth(network));
  if (outputs == b->outputs)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE,
                  "the network in %s has %zu output%s, and Y.npy %zu number%s a sample; accepted: "
                  "as many",
                  place, outputs, outputs == 1 ? "" : "s", b->outputs, b->outputs == 1 ? "" : "s");
}

/* The files must do what the weights in memory did, but for rounding. */
static ntk_status check_error(const char *place, const ntk_memorize_result *computed,
                              const ntk_fit_error *error) {
  if (isnan(computed->max_error) ||
      error->largest <= computed->max_error + computed->rounding + error->rounding)
    return NTK_OK;
  return ntk_fail(NTK_ERR_NUMERIC,
                  "the weights in %s, read back, miss the labels by up to %.3g, and before it was "
                  "%.3g: the files are not what was written",
                  place, error->largest, computed->max_error);
}

static ntk_status measure(const read_back *b, const char *name, const double *target,
                          const ntk_memorize_result *computed, ntk_fit_error *error) {
  char *place = NULL;
  ntk_network *network = NULL;
  NTK_TRY(ntk_folder_path(b->directory, name, &place));
  ntk_status status = ntk_network_load(b->context, place, b->activation, &network);
  if (status == NTK_OK)
    status = check_outputs(b, place, network);
  if (status == NTK_OK)
    status = ntk_fit_measure(network, b->data, target, error);
  if (status == NTK_OK && computed != NULL)
    status = check_error(place, computed, error);
  ntk_network_destroy(network);
  free(place);
  return status;
}

/* Of several ranks the one that has written the files reads them, and is alone in that. */
static ntk_status find_context(ntk_context *context, ntk_context **alone) {
  const ntk_environment e = ntk_context_environment(context);
  *alone = NULL;
  if (e.ranks == 1)
    return NTK_OK;
  return ntk_context_create(
      &(ntk_context_options){.threads = e.threads, .memory_limit = ntk_memory_available(context)},
      alone);
}

ntk_status ntk_saved_certify(ntk_context *context, const char *directory, const char *activation,
                             size_t count, const double *classes,
                             const ntk_memorize_result *computed, ntk_fit_error *error) {
  ntk_context *alone = NULL;
  read_back b = {.directory = directory, .activation = activation};
  char name[NTK_CLASS_NAME] = "";
  ntk_status status = find_context(context, &alone);
  b.context = alone != NULL ? alone : context;
  if (status == NTK_OK)
    status = read_inputs(&b);
  for (size_t c = 0; c < count && status == NTK_OK; c++) {
    if (classes != NULL) {
      ntk_class_folder(classes[c], name);
      ntk_classes_targets(b.Y, ntk_dataset_samples(b.data), 1, &classes[c], b.target);
    }
    status = measure(&b, name, classes != NULL ? b.target : b.Y,
                     computed != NULL ? &computed[c] : NULL, &error[c]);
  }
  free(b.target);
  free(b.Y);
  ntk_dataset_destroy(b.data);
  ntk_context_destroy(alone);
  return status;
}
